//! An invented history of a pipeline, for measurements and demonstrations: the same for the same seed and moment.

mod gauges;
mod world;

use chrono::{DateTime, Duration, Utc};

use super::{Core, DomainError, Result, config, past, prompts};
use crate::platform::store::decisions::Decisions;
use crate::platform::store::generated::Batch;
use crate::platform::store::rollups::{MINUTES_KEPT_MS, Rollups};
use crate::platform::store::{self, StoreError};
use crate::wire::config::{PipelineConfig, PipelineState};
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::job::JobState;
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_parts::PromptParts;
use gauges::Gauges;
use world::World;

/// How far back the history goes.
pub const DAYS: i64 = 90;
/// Results of one transaction.
const RESULTS_A_BATCH: usize = 5_000;
/// Of so many results one job still waits, up to a most.
const RESULTS_A_WAITING_JOB: u64 = 500;
const WAITING_MOST: u64 = 2_000;
/// When each version of the prompt went live, in days since the beginning.
const PROMPT_DAYS: [i64; 3] = [0, 24, 61];

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generate {
    pub results: u64,
    pub seed: u64,
}

/// What was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Generated {
    pub photos: u64,
    pub jobs: u64,
    pub results: u64,
}

/// Fills an empty database with a history that ends now. `on_progress` hears the number of results so far. The pipeline
/// is paused, because the photos have no files that a model could be asked about.
pub async fn generate(core: &Core, asked: &Generate, mut on_progress: impl FnMut(u64)) -> Result<Generated> {
    let now = core.now();
    let begin = now - Duration::days(DAYS);
    let versions = prepare(core, begin).await?;
    let mut world = World::new(asked.seed, begin, now, versions);
    let mut gauges = Gauges::new(now);
    let mut rollups = Rollups::new(now.timestamp_millis() - MINUTES_KEPT_MS);
    let mut decisions = Decisions::default();
    let mut made = Generated::default();
    let mut batch = Batch::default();
    for hour in 0..DAYS * 24 {
        let until = (asked.results as f64 * world.share_until(hour)).round() as u64;
        while made.results + (batch.results.len() as u64) < until {
            let left = until - made.results - batch.results.len() as u64;
            world.hour(hour, left, &mut batch, RESULTS_A_BATCH);
            if batch.results.len() >= RESULTS_A_BATCH {
                write(core, &mut batch, (&mut rollups, &mut decisions), &mut gauges, &mut made).await?;
                on_progress(made.results);
            }
        }
    }
    for _ in 0..(asked.results / RESULTS_A_WAITING_JOB).min(WAITING_MOST) {
        world.waiting(&mut batch);
    }
    write(core, &mut batch, (&mut rollups, &mut decisions), &mut gauges, &mut made).await?;
    let mut change = core.change().await?;
    rollups.write(&mut change.tx).await?;
    decisions.write(&mut change.tx).await?;
    for samples in gauges.samples().chunks(RESULTS_A_BATCH) {
        store::metrics::put(&mut change.tx, core.org, samples).await?;
    }
    change.commit().await?;
    store::generated::settle(&core.db).await?;
    on_progress(made.results);
    Ok(made)
}

async fn write(
    core: &Core,
    batch: &mut Batch,
    (rollups, decisions): (&mut Rollups, &mut Decisions),
    gauges: &mut Gauges,
    made: &mut Generated,
) -> Result<()> {
    gauges.count(batch);
    let mut tx = core.db.begin().await?;
    store::generated::insert(&mut tx, core.org, batch, rollups, decisions, core.now() - past::SPELLS_KEPT).await?;
    tx.commit().await.map_err(StoreError::from)?;
    made.photos += batch.photos.len() as u64;
    made.jobs += batch.jobs.len() as u64;
    made.results += batch.results.len() as u64;
    *batch = Batch::default();
    Ok(())
}

/// Marks the database and gives it an organisation, a prompt in three versions and a paused pipeline.
async fn prepare(core: &Core, begin: DateTime<Utc>) -> Result<[PromptVersion; 3]> {
    let prompt_id = PromptId::fresh();
    let versions = [1, 2, 3].map(|version: u32| PromptVersion {
        id: PromptVersionId::fresh(),
        prompt_id,
        prompt_name: prompts::DEFAULT_NAME.to_owned(),
        version,
        content: format!("{}\nThis is version {version} of generated data.\n", prompts::DEFAULT_CONTENT),
        parts: PromptParts::default(),
        note: "Generated".to_owned(),
        author: "Minerva".to_owned(),
        created_at: begin + Duration::days(PROMPT_DAYS[version as usize - 1]),
        is_live: version == 3,
        labels: Vec::new(),
        is_outline: false,
    });
    store::generated::prepare(&core.db).await?;
    let mut change = core.change().await?;
    store::generated::mark(&mut change.tx, core.now()).await?;
    store::past::begin(&mut change.tx, core.now() - past::SPELLS_KEPT).await?;
    store::organizations::ensure(&mut change.tx, core.org, "Generated data", begin).await?;
    // The bundled photos would be real ones.
    store::organizations::set_seeded(&mut change.tx, core.org, begin).await?;
    store::prompts::insert(&mut change.tx, core.org, prompt_id, prompts::DEFAULT_NAME, begin).await?;
    for version in &versions {
        store::prompts::insert_version(&mut change.tx, core.org, version).await?;
    }
    change.commit().await?;
    config::ensure_default(core).await?;
    let mut config = config::current(core).await?;
    config.live_prompt_version_id = versions[2].id;
    world::MODELS[1].name.clone_into(&mut config.live_model);
    let mut change = core.change().await?;
    store::config::update(&mut change.tx, core.org, &config).await?;
    change.commit().await?;
    // It ran until now, and is paused in the journal, so that a look back shows it running.
    let pause = |config: &mut PipelineConfig| {
        config.state = PipelineState::Paused;
        Ok(())
    };
    config::change_as(core, config::PLATFORM, None, config::Because::Asked, pause).await?;
    Ok(versions)
}

/// Refuses a number that is none.
pub fn check(asked: &Generate) -> Result<()> {
    if asked.results > 0 {
        return Ok(());
    }
    Err(DomainError::Invalid { code: "results", message: "At least one result is generated".to_owned() })
}

/// Whether a job waits to be claimed or tried again.
fn is_waiting(state: JobState) -> bool {
    matches!(state, JobState::Pending | JobState::RetryWait)
}
