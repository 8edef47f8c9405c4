//! Jobs as a person sees and steers them. How they are worked on stands in `pipeline`.

use std::collections::HashSet;
use std::sync::PoisonError;

use super::{Change, Core, DomainError, Result, page};
use crate::platform::store;
use crate::platform::store::jobs::JobFilter;
use crate::wire::event::Happened;
use crate::wire::ids::{JobId, PhotoId};
use crate::wire::job::{EnqueueJobs, EnqueuedJobs, Job, JobAction, JobDetails, JobQuery, JobsActed, JobsAction};
use crate::wire::page::Page;

/// More changed jobs than this are told as one event.
const TOLD_SINGLY_MOST: usize = 200;
const PRIORITY_MOST: i32 = 100;

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
    Ok(store::jobs::get_many(&mut change.tx, core.org, &all).await?.into_iter().map(|row| row.job).collect())
}

/// Tells of jobs that changed.
pub(super) async fn tell(change: &mut Change<'_>, ids: &[JobId]) -> Result<()> {
    if ids.len() > TOLD_SINGLY_MOST {
        return change.tell(&Happened::JobsChanged { changed: ids.len() as u64 }).await;
    }
    for row in store::jobs::get_many(&mut change.tx, change.core.org, ids).await? {
        change.tell(&Happened::JobChanged(row.job)).await?;
    }
    Ok(())
}

/// Ends the tries of jobs that are in work in this process; what they would say is no longer wanted.
pub(super) fn end_work(core: &Core, ids: &[JobId]) {
    let in_work = core.in_work.lock().unwrap_or_else(PoisonError::into_inner);
    for cancel in ids.iter().filter_map(|id| in_work.get(id)) {
        cancel.cancel();
    }
}

/// Jobs by the time they were enqueued.
pub async fn list(core: &Core, query: &JobQuery) -> Result<Page<Job>> {
    let after = query.cursor.as_deref().map(page::read_cursor).transpose()?.map(|(at, id)| (at, JobId(id)));
    let limit = page::limit(query.limit);
    let name = query.q.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    let filter = JobFilter { state: query.state, name, sort: query.sort, after, limit };
    let items = store::jobs::list(&core.db, core.org, &filter).await?;
    let total = store::jobs::count(&core.db, core.org, &filter).await?;
    let next_cursor = page::next_cursor(&items, limit, |job| (job.enqueued_at, job.id.0));
    Ok(Page { items, next_cursor, total: Some(total) })
}

/// A job with its results.
pub async fn get(core: &Core, id: JobId) -> Result<JobDetails> {
    let job = store::jobs::get(&core.db, core.org, id).await?.ok_or(DomainError::NotFound { what: "job" })?;
    let results = store::results::of_job(&core.db, core.org, id).await?;
    Ok(JobDetails { job, results })
}

/// Retries, cancels or reprioritises jobs. Those in a state that the action does not apply to stay as they are.
pub async fn act(core: &Core, asked: &JobsAction) -> Result<JobsActed> {
    if let JobAction::Reprioritise(priority) = asked.action {
        check_priority(priority)?;
    }
    let now = core.now();
    let mut change = core.change().await?;
    let changed = match asked.action {
        JobAction::Retry => store::jobs::retry(&mut change.tx, core.org, &asked.ids, now).await?,
        JobAction::Cancel => store::jobs::cancel(&mut change.tx, core.org, &asked.ids, now).await?,
        JobAction::Reprioritise(priority) => store::jobs::reprioritise(&mut change.tx, core.org, &asked.ids, priority).await?,
    };
    store::jobs::settle_photos(&mut change.tx, &changed).await?;
    tell(&mut change, &changed).await?;
    change.commit().await?;
    if asked.action == JobAction::Cancel {
        end_work(core, &changed);
    }
    core.work.notify_one();
    Ok(JobsActed { changed: changed.len() as u64 })
}

fn check_priority(priority: i32) -> Result<()> {
    if (-PRIORITY_MOST..=PRIORITY_MOST).contains(&priority) {
        return Ok(());
    }
    let message = format!("A priority is a number from −{PRIORITY_MOST} to {PRIORITY_MOST}; {priority} is not");
    Err(DomainError::Invalid { code: "bad_priority", message })
}
