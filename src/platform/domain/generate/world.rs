//! The invented pipeline: when photos come, which model takes them, how long it takes, what it costs, how it fails.

use std::f64::consts::{PI, TAU};

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};
use fastrand::Rng;
use uuid::Uuid;

use crate::platform::store::generated::Batch;
use crate::platform::store::results::NewResult;
use crate::wire::ids::{JobId, PhotoId, PromptVersionId, ResultId};
use crate::wire::job::{Job, JobState};
use crate::wire::money::UsdMicros;
use crate::wire::photo::{Photo, PhotoSource, ProcessingStatus};
use crate::wire::prompt::PromptVersion;
use crate::wire::result::{Answer, ConfidenceKind, Decision, Fault, FaultKind, Outcome, PhotoResult, Tag, Usage};

use super::{DAYS, PROMPT_DAYS};

/// A model as it behaves here.
pub struct Model {
    pub name: &'static str,
    /// Milliseconds.
    median_ms: f64,
    /// Of the logarithm.
    spread: f64,
    confidence: f64,
    /// Share of tries that fail on an ordinary day.
    fault_share: f64,
    /// Micro-dollars for a thousand tokens in and out; `None`: the price is not known.
    price: Option<(f64, f64)>,
    kind: ConfidenceKind,
    /// Share of the jobs while it is not the live one.
    share: f64,
}

pub const MODELS: [Model; 5] = [
    model("openai/gpt-5.6-luna", 2_300.0, 0.45, 0.78, 0.03, Some((250.0, 2_000.0)), 0.10),
    model("gemini/gemini-3.8-flash", 1_400.0, 0.40, 0.81, 0.02, Some((300.0, 2_500.0)), 0.16),
    model("anthropic/claude-haiku-5", 2_900.0, 0.35, 0.84, 0.015, Some((1_000.0, 5_000.0)), 0.08),
    model("lab/qwen-vl", 5_200.0, 0.60, 0.72, 0.05, None, 0.03),
    Model { kind: ConfidenceKind::ModelScore, ..model("on-device", 310.0, 0.20, 0.61, 0.002, Some((0.0, 0.0)), 0.12) },
];

const fn model(name: &'static str, median_ms: f64, spread: f64, confidence: f64, fault_share: f64, price: Option<(f64, f64)>, share: f64) -> Model {
    Model { name, median_ms, spread, confidence, fault_share, price, kind: ConfidenceKind::SelfReported, share }
}

/// Which model is live from which day on.
const LIVE: [(i64, usize); 4] = [(0, 0), (31, 1), (58, 2), (66, 1)];
const TRIES_MOST: u32 = 3;
/// Share of jobs whose photo was analysed before.
const AGAIN: f64 = 0.2;
const TAGS: [&str; 24] = [
    "beach", "boat", "bridge", "building", "car", "cat", "city", "coffee", "dog", "flower", "food", "forest", "fruit", "harbour", "lake", "mountain",
    "night", "people", "portrait", "river", "sky", "snow", "street", "sunset",
];
/// What can be wrong, and whether trying again helps.
const FAULTS: [(FaultKind, &str); 5] = [
    (FaultKind::RateLimited, "The provider asks to wait"),
    (FaultKind::Overloaded, "The provider is overloaded"),
    (FaultKind::Timeout, "No answer came in time"),
    (FaultKind::Refused, "The model declined"),
    (FaultKind::BadAnswer, "The answer could not be read"),
];

pub struct World {
    rng: Rng,
    begin: DateTime<Utc>,
    now: DateTime<Utc>,
    /// With the words that jobs have for them.
    versions: [(PromptVersionId, String); 3],
    /// Share of all results until the end of each hour.
    shares: Vec<f64>,
    /// Model, from and to: when it fails mostly.
    outages: Vec<(usize, DateTime<Utc>, DateTime<Utc>)>,
}

impl World {
    pub fn new(seed: u64, begin: DateTime<Utc>, now: DateTime<Utc>, versions: [PromptVersion; 3]) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut sum = 0.0;
        let mut shares: Vec<f64> = (0..DAYS * 24)
            .map(|hour| {
                sum += weight(begin + Duration::hours(hour), hour);
                sum
            })
            .collect();
        for share in &mut shares {
            *share /= sum;
        }
        let outages = (0..8).map(|number| {
            let from = begin + Duration::minutes(rng.i64(0..DAYS * 24 * 60 - 300));
            (number % 4, from, from + Duration::minutes(rng.i64(20..240)))
        });
        let outages = outages.collect();
        let versions = versions.map(|version| (version.id, format!("{} v{}", version.prompt_name, version.version)));
        Self { rng, begin, now, versions, shares, outages }
    }

    /// Share of all results that there are at the end of an hour, 0–1.
    pub fn share_until(&self, hour: i64) -> f64 {
        self.shares.get(hour as usize).copied().unwrap_or(1.0)
    }

    /// Jobs of one hour with `left` more results, as many as fit into the batch.
    pub fn hour(&mut self, hour: i64, left: u64, batch: &mut Batch, results_most: usize) {
        let before = batch.results.len();
        let begin = self.begin + Duration::hours(hour);
        // What ended by now has begun a little earlier.
        let room_ms = 3_600_000.0 - if hour == DAYS * 24 - 1 { 300_000.0 } else { 0.0 };
        let wanted = (left as usize).min(results_most.saturating_sub(before).max(1));
        while batch.results.len() - before < wanted {
            let at = begin + ms(self.rng.f64() * room_ms);
            let most = (wanted - (batch.results.len() - before)) as u32;
            self.job(at, most.min(TRIES_MOST), batch);
        }
    }

    /// A job with all its tries, of which there may be so many.
    fn job(&mut self, at: DateTime<Utc>, tries_most: u32, batch: &mut Batch) {
        let day = (at - self.begin).num_days();
        let photo = self.photo(at, batch);
        let model = self.model(day);
        let version = PROMPT_DAYS.iter().rposition(|from| *from <= day).unwrap_or(0);
        let mut job = self.pending(at, batch.photos[photo].0.id);
        job.model = Some(MODELS[model].name.to_owned());
        job.prompt = Some(self.versions[version].1.clone());
        loop {
            job.attempts += 1;
            let wait = self.log_normal(900.0, 1.3).min(600_000.0);
            let started = (job.ready_at + ms(wait)).min(self.now);
            let latency = self.log_normal(MODELS[model].median_ms, MODELS[model].spread);
            let finished = (started + ms(latency + 40.0)).min(self.now);
            (job.started_at, job.finished_at) = (Some(started), Some(finished));
            let outcome = self.outcome(model, version, started);
            let tries_again = matches!(&outcome, Outcome::Failed(fault) if fault.kind.can_heal()) && job.attempts < tries_most;
            let result = self.result(&job, model, version, outcome, (wait, latency), finished);
            let (completed, id) = (matches!(result.result.outcome, Outcome::Completed(_)), result.result.id);
            if let Outcome::Completed(answer) = &result.result.outcome {
                job.confidence = answer.mean_confidence();
                batch.photos[photo].1 = Some(id);
            }
            if let Outcome::Failed(fault) = &result.result.outcome {
                job.fault = (!tries_again).then(|| fault.clone());
            }
            job.state = if completed { JobState::Completed } else { JobState::Failed };
            batch.results.push(result);
            if !tries_again {
                break;
            }
            job.ready_at = finished + ms(5_000.0 * f64::from(job.attempts) * (1.0 + self.rng.f64()));
        }
        let is_done = batch.photos[photo].1.is_some();
        batch.photos[photo].0.ai_processing_status = if is_done { ProcessingStatus::Completed } else { ProcessingStatus::Failed };
        batch.jobs.push(job);
    }

    /// A job that nobody has begun, of the last quarter of an hour.
    pub fn waiting(&mut self, batch: &mut Batch) {
        let at = self.now - ms(self.rng.f64() * 900_000.0);
        let photo = self.new_photo(at, batch);
        batch.photos[photo].0.ai_processing_status = ProcessingStatus::Pending;
        let job = self.pending(at, batch.photos[photo].0.id);
        batch.jobs.push(job);
    }

    fn pending(&mut self, at: DateTime<Utc>, photo_id: PhotoId) -> Job {
        Job {
            id: JobId(self.id(at)),
            photo_id,
            file_name: String::new(),
            state: JobState::Pending,
            priority: if self.rng.f64() < 0.05 { 10 } else { 0 },
            attempts: 0,
            model: None,
            prompt: None,
            enqueued_at: at,
            ready_at: at,
            started_at: None,
            finished_at: None,
            not_before: None,
            confidence: None,
            fault: None,
        }
    }

    /// A photo of this batch again, or a new one: its place in the batch.
    fn photo(&mut self, at: DateTime<Utc>, batch: &mut Batch) -> usize {
        if !batch.photos.is_empty() && self.rng.f64() < AGAIN {
            let photo = self.rng.usize(0..batch.photos.len());
            if batch.photos[photo].0.created_at <= at {
                return photo;
            }
        }
        self.new_photo(at, batch)
    }

    fn new_photo(&mut self, at: DateTime<Utc>, batch: &mut Batch) -> usize {
        let is_wide = self.rng.bool();
        let hash: [u128; 2] = [self.rng.u128(..), self.rng.u128(..)];
        let photo = Photo {
            id: PhotoId(self.id(at)),
            file_name: format!("{}_{:06}.jpg", at.format("%Y%m%d"), self.rng.u32(0..1_000_000)),
            other_names: Vec::new(),
            source: PhotoSource::Added,
            content_hash: format!("{:032x}{:032x}", hash[0], hash[1]),
            size_bytes: self.log_normal(2_600_000.0, 0.5) as u64,
            width_px: if is_wide { 4_032 } else { 3_024 },
            height_px: if is_wide { 3_024 } else { 4_032 },
            format: "jpeg".to_owned(),
            ai_processing_status: ProcessingStatus::None,
            caption: None,
            tags: Vec::new(),
            created_at: at,
        };
        batch.photos.push((photo, None));
        batch.photos.len() - 1
    }

    fn model(&mut self, day: i64) -> usize {
        let mut drawn = self.rng.f64();
        let live = LIVE.iter().rfind(|(from, _)| *from <= day).map_or(0, |(_, model)| *model);
        for (number, model) in MODELS.iter().enumerate().filter(|(number, _)| *number != live) {
            drawn -= model.share;
            if drawn < 0.0 {
                return number;
            }
        }
        live
    }

    fn outcome(&mut self, model: usize, version: usize, at: DateTime<Utc>) -> Outcome {
        let behaviour = &MODELS[model];
        let is_out = self.outages.iter().any(|(out, from, to)| *out == model && (*from..*to).contains(&at));
        let usage = self.usage();
        if self.rng.f64() < if is_out { 0.7 } else { behaviour.fault_share } {
            let (kind, words) = FAULTS[if is_out { 1 } else { self.rng.usize(0..FAULTS.len()) }];
            let mut fault = Fault::new(kind, words);
            fault.provider = behaviour.name.split('/').next().map(str::to_owned);
            if matches!(kind, FaultKind::Refused | FaultKind::BadAnswer) {
                fault.usage = usage;
                fault.cost_usd = cost(behaviour, usage);
            }
            return Outcome::Failed(fault);
        }
        // Each version of the prompt is a little better than the one before.
        let mean = behaviour.confidence + 0.02 * version as f64 + 0.11 * self.normal();
        let first = self.rng.usize(0..TAGS.len());
        let mut confidences: Vec<f32> =
            (0..self.rng.usize(2..7)).map(|_| ((mean + 0.08 * self.normal()).clamp(0.02, 0.99) * 100.0).round() as f32 / 100.0).collect();
        confidences.sort_by(|one, other| other.total_cmp(one));
        let tag = |(number, confidence): (usize, f32)| Tag {
            name: TAGS[(first + number * 5) % TAGS.len()].to_owned(),
            confidence: Some(confidence),
            bounds: None,
        };
        let tags: Vec<Tag> = confidences.into_iter().enumerate().map(tag).collect();
        let caption = Some(format!("A {} with {}", tags[0].name, tags[1].name));
        let cost_usd = cost(behaviour, usage);
        Outcome::Completed(Answer { caption, tags, confidence_kind: behaviour.kind, usage, cost_usd, retries: 0, notes: Vec::new() })
    }

    fn usage(&mut self) -> Usage {
        let image_tokens = self.rng.u64(258..1_600);
        Usage {
            input_tokens: Some(image_tokens + 240),
            output_tokens: Some(self.log_normal(110.0, 0.4) as u64),
            image_tokens: Some(image_tokens),
            ..Usage::default()
        }
    }

    /// `took`: how long it waited and how long the provider took, in milliseconds.
    fn result(&mut self, job: &Job, model: usize, version: usize, outcome: Outcome, took: (f64, f64), at: DateTime<Utc>) -> NewResult {
        let (cost, decision) = match &outcome {
            Outcome::Completed(answer) => {
                let mean = answer.mean_confidence().unwrap_or(0.0);
                let decision = if mean >= 0.6 {
                    Decision::Accept
                } else if mean >= 0.2 {
                    Decision::Review
                } else {
                    Decision::Reject
                };
                (answer.cost_usd, Some(decision))
            }
            Outcome::Failed(fault) if fault.kind == FaultKind::Timeout => (None, None),
            Outcome::Failed(fault) => (Some(fault.cost_usd.unwrap_or_default()).filter(|_| MODELS[model].price.is_some()), None),
        };
        let result = PhotoResult {
            id: ResultId(self.id(at)),
            photo_id: job.photo_id,
            job_id: Some(job.id),
            model: MODELS[model].name.to_owned(),
            prompt_version_id: Some(self.versions[version].0),
            outcome,
            decision,
            queue_wait_time_ms: took.0 as u64,
            provider_response_time_ms: took.1 as u64,
            total_processing_time_ms: took.1 as u64 + 40,
            retry_count: job.attempts - 1,
            trace: Vec::new(),
            created_at: at,
        };
        NewResult { result, cost }
    }

    /// An id that sorts by this time.
    fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let random = self.rng.u128(..).to_be_bytes();
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&random[..10]);
        uuid::Builder::from_unix_timestamp_millis(at.timestamp_millis().max(0) as u64, &bytes).into_uuid()
    }

    /// Box and Muller.
    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.rng.f64()).ln()).sqrt() * (TAU * self.rng.f64()).cos()
    }

    fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        median * (spread * self.normal()).exp()
    }
}

fn cost(model: &Model, usage: Usage) -> Option<UsdMicros> {
    let (input, output) = model.price?;
    let thousands = |tokens: Option<u64>| tokens.unwrap_or(0) as f64 / 1_000.0;
    Some(UsdMicros((thousands(usage.input_tokens) * input + thousands(usage.output_tokens) * output).round() as i64))
}

fn ms(milliseconds: f64) -> Duration {
    Duration::milliseconds(milliseconds as i64)
}

/// How much comes in an hour: most in the early afternoon, less at weekends, more as time goes on.
fn weight(at: DateTime<Utc>, hour: i64) -> f64 {
    let of_day = 0.15 + (PI * (f64::from(at.hour()) - 5.0) / 18.0).sin().max(0.0);
    let of_week = if at.weekday().number_from_monday() > 5 { 0.4 } else { 1.0 };
    of_day * of_week * (0.7 + 0.6 * hour as f64 / (DAYS * 24) as f64)
}
