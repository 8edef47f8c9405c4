//! Jobs as a person sees and steers them. How they are worked on stands in `pipeline`.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use super::{Change, Core, DomainError, Result, page, past};
use crate::platform::store;
use crate::platform::store::jobs::changes::Choice;
use crate::platform::store::jobs::filter::{After, Paging, Wanted};
use crate::wire::event::Happened;
use crate::wire::ids::{JobChangeId, JobId, PhotoId};
use crate::wire::job::{EnqueueJobs, EnqueuedJobs, Job, JobAction, JobDetails, JobQuery, JobState, JobsActed, JobsAction, JobsLeft};
use crate::wire::job_filter::JobFilter;
use crate::wire::page::Page;

/// More changed jobs than this are told as one event.
const TOLD_SINGLY_MOST: usize = 200;
const PRIORITY_MOST: i32 = 100;
/// How long what was done to jobs can be undone.
const UNDO_KEPT: TimeDelta = TimeDelta::days(7);

/// Queues photos. One that has a job which is not finished keeps it and gets no second one.
pub async fn enqueue(core: &Core, asked: &EnqueueJobs) -> Result<EnqueuedJobs> {
    check_priority(asked.priority)?;
    let mut change = core.change().await?;
    let known = store::photos::existing(&mut change.tx, core.org, &asked.photo_ids).await?;
    if let Some(missing) = asked.photo_ids.iter().find(|id| !known.contains(id)) {
        let message = format!("There is no photo {missing}; nothing was queued. Reload the list of photos");
        return Err(DomainError::Invalid { code: "unknown_photo", message });
    }
    let jobs = enqueue_in(&mut change, &asked.photo_ids, asked.priority).await?;
    change.commit().await?;
    core.work.notify_one();
    Ok(EnqueuedJobs { jobs })
}

/// Queues photos in a change that is under way, and tells it.
pub(super) async fn enqueue_in(change: &mut Change<'_>, photos: &[PhotoId], priority: i32) -> Result<Vec<Job>> {
    let core = change.core;
    let mut seen = HashSet::new();
    let (mut all, mut fresh) = (Vec::with_capacity(photos.len()), Vec::with_capacity(photos.len()));
    for &photo in photos.iter().filter(|photo| seen.insert(**photo)) {
        if let Some(open) = store::jobs::open_job(&mut change.tx, photo).await? {
            all.push(open);
            continue;
        }
        let id = JobId::fresh();
        store::jobs::insert(&mut change.tx, core.org, id, photo, priority, core.now()).await?;
        all.push(id);
        fresh.push(id);
    }
    store::jobs::settle_photos(&mut change.tx, &fresh).await?;
    tell(change, &fresh).await?;
    Ok(store::jobs::get_many(&mut change.tx, core.org, &all).await?)
}

/// Records how jobs are that changed, and tells of them: the one way from every change of a job to its past and to the window.
pub(super) async fn tell(change: &mut Change<'_>, ids: &[JobId]) -> Result<()> {
    store::past::record(&mut change.tx, ids, change.core.now()).await?;
    if ids.len() > TOLD_SINGLY_MOST {
        return change.tell(&Happened::JobsChanged { changed: ids.len() as u64, is_undo: false }).await;
    }
    for job in store::jobs::get_many(&mut change.tx, change.core.org, ids).await? {
        change.tell(&Happened::JobChanged(job)).await?;
    }
    Ok(())
}

/// Ends the tries of jobs that are in work in this process; what they would say is no longer wanted.
pub(super) fn end_work(core: &Core, ids: &[JobId]) {
    core.at_work.cancel(ids);
}

/// Jobs in the order asked for.
pub async fn list(core: &Core, query: &JobQuery) -> Result<Page<Job>> {
    let at = past::asked(core, query.at).await?;
    let wanted = wanted(core, query.state, query.q.as_deref(), at)?;
    let after = query.cursor.as_deref().map(read_cursor).transpose()?;
    let paging = Paging { sort: query.sort, ascending: query.ascending, after, limit: page::limit(query.limit) };
    let (items, next) = store::jobs::filter::list(&core.db, core.org, &wanted, &paging).await?;
    let counts = query.count.unwrap_or(true);
    let total = if counts { Some(store::jobs::filter::count(&core.db, core.org, &wanted).await?) } else { None };
    let next_cursor = next.map(|next| store::to_json(&next)).transpose()?.map(|json| URL_SAFE_NO_PAD.encode(json));
    Ok(Page { items, next_cursor, total })
}

fn read_cursor(cursor: &str) -> Result<After> {
    let read = || store::from_json(std::str::from_utf8(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?).ok();
    let message = "The cursor is not one that this list gave; ask for the first page again";
    read().ok_or_else(|| DomainError::Invalid { code: "bad_cursor", message: message.to_owned() })
}

fn wanted(core: &Core, state: Option<JobState>, typed: Option<&str>, at: Option<DateTime<Utc>>) -> Result<Wanted> {
    let filter =
        JobFilter::parse(typed.unwrap_or_default()).map_err(|problem| DomainError::Invalid { code: "bad_filter", message: problem.to_string() })?;
    Ok(Wanted { state, filter, now: at.unwrap_or_else(|| core.now()), is_past: at.is_some() })
}

/// A job with its results.
pub async fn get(core: &Core, id: JobId) -> Result<JobDetails> {
    let job = store::jobs::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "job" })?;
    let results = store::results::of_job(&core.db, core.org, id).await?;
    Ok(JobDetails { job, results })
}

/// Does something to jobs, or counts to how many it would be done. Those in a state that the action does not apply to stay as they are.
pub async fn act(core: &Core, asked: &JobsAction) -> Result<JobsActed> {
    if let JobAction::Reprioritise(priority) = asked.action {
        check_priority(priority)?;
    }
    let now = core.now();
    let wanted = match &asked.matching {
        Some(_) if !asked.ids.is_empty() => {
            let message = "Name jobs, or say what they match, not both".to_owned();
            return Err(DomainError::Invalid { code: "ids_and_matching", message });
        }
        Some(matching) => Some(wanted(core, matching.state, matching.q.as_deref(), None)?),
        None => None,
    };
    // From here on nobody else writes: what is counted is what is changed.
    let mut change = core.change().await?;
    let matched = match &wanted {
        Some(wanted) => store::jobs::filter::count(&core.db, core.org, wanted).await?,
        None => asked.ids.len() as u64,
    };
    let id = JobChangeId::fresh();
    let choice = wanted.as_ref().map_or(Choice::These(&asked.ids), Choice::All);
    let mut left =
        JobsLeft { twice: store::jobs::changes::begin(&mut change.tx, core.org, id, asked.action, &choice, now).await?, ..JobsLeft::default() };
    let jobs = store::jobs::changes::jobs_of(&mut change.tx, id).await?;
    let changed = jobs.len() as u64;
    if matched > changed + left.twice {
        store::jobs::changes::count_left(&mut change.tx, core.org, asked.action, &choice, &mut left).await?;
    }
    if asked.dry_run || jobs.is_empty() {
        // Nothing is kept of it.
        return Ok(JobsActed { matched, changed, left, change: None });
    }
    store::jobs::changes::apply(&mut change.tx, id, asked.action, now).await?;
    store::jobs::changes::forget(&mut change.tx, now - UNDO_KEPT).await?;
    store::jobs::settle_photos(&mut change.tx, &jobs).await?;
    tell(&mut change, &jobs).await?;
    change.commit().await?;
    if asked.action == JobAction::Cancel {
        end_work(core, &jobs);
    }
    core.work.notify_one();
    Ok(JobsActed { matched, changed, left, change: Some(id) })
}

/// Puts jobs back as they were before a change; those that have moved on since stay as they are.
pub async fn undo(core: &Core, id: JobChangeId) -> Result<JobsActed> {
    let now = core.now();
    let mut change = core.change().await?;
    let made = store::jobs::changes::get(&mut change.tx, core.org, id).await?.ok_or(DomainError::NotFound { what: "change of jobs" })?;
    if made.is_undone {
        return Err(DomainError::Conflict { code: "undone", message: "This is undone already".to_owned() });
    }
    let matched = store::jobs::changes::jobs_of(&mut change.tx, id).await?.len() as u64;
    let jobs = store::jobs::changes::undo(&mut change.tx, id, &made, now).await?;
    store::jobs::settle_photos(&mut change.tx, &jobs).await?;
    store::past::record(&mut change.tx, &jobs, now).await?;
    let changed = jobs.len() as u64;
    if changed > 0 {
        // Not one by one: a job that is failed again has not failed again.
        change.tell(&Happened::JobsChanged { changed, is_undo: true }).await?;
    }
    change.commit().await?;
    core.work.notify_one();
    Ok(JobsActed { matched, changed, left: JobsLeft::default(), change: None })
}

fn check_priority(priority: i32) -> Result<()> {
    if (-PRIORITY_MOST..=PRIORITY_MOST).contains(&priority) {
        return Ok(());
    }
    let message = format!("A priority is a number from −{PRIORITY_MOST} to {PRIORITY_MOST}; {priority} is not");
    Err(DomainError::Invalid { code: "bad_priority", message })
}
