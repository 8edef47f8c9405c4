//! The workers of this process: which job each has, what it does with it, and how its try is ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::{Core, Result, config, status};
use crate::platform::store;
use crate::providers::CallNews;
use crate::wire::ids::JobId;
use crate::wire::job::Job;
use crate::wire::worker::{Doing, Worker, WorkerNow, Workers};

/// Workers told of at once.
const TOLD_MOST: u32 = 200;

/// The tries that are in work in this process, by their worker's number. Of one job there may be two: one that was cancelled and
/// can't be interrupted yet, and that of the job's retry.
#[derive(Default)]
pub struct AtWork(Mutex<BTreeMap<u32, Place>>);

struct Place {
    job: JobId,
    cancel: CancellationToken,
    /// The model that is asked.
    model: Option<String>,
    now: WorkerNow,
}

impl AtWork {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many workers have a job.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    #[must_use]
    pub fn jobs(&self) -> Vec<JobId> {
        self.lock().values().map(|place| place.job).collect()
    }

    /// The model that a job asks just now, once it has begun to.
    #[must_use]
    pub fn model_of(&self, id: JobId) -> Option<String> {
        of_job(&self.lock(), id).and_then(|(_, place)| place.model.clone())
    }

    /// Ends the tries of those of these jobs that are in work.
    pub fn cancel(&self, ids: &[JobId]) {
        for place in self.lock().values().filter(|place| ids.contains(&place.job)) {
            place.cancel.cancel();
        }
    }

    fn worker(&self, job: Job) -> Worker {
        match of_job(&self.lock(), job.id) {
            Some((number, place)) => Worker { number: Some(*number), job, model: place.model.clone(), now: Some(place.now) },
            None => Worker { number: None, job, model: None, now: None },
        }
    }
}

/// The try of a job that counts: not the one that was cancelled.
fn of_job(places: &BTreeMap<u32, Place>, id: JobId) -> Option<(&u32, &Place)> {
    places.iter().filter(|(_, place)| place.job == id).max_by_key(|(_, place)| !place.cancel.is_cancelled())
}

/// A worker's entry in the list, until its try has ended.
pub struct Listed {
    core: Arc<Core>,
    number: u32,
}

impl Listed {
    /// Takes the lowest number that is free.
    #[must_use]
    pub fn new(core: &Arc<Core>, job: JobId, cancel: CancellationToken) -> Self {
        let mut places = core.at_work.lock();
        let number = (1..=places.len() as u32 + 1).find(|number| !places.contains_key(number)).unwrap_or_default();
        places.insert(number, Place { job, cancel, model: None, now: WorkerNow { doing: Doing::Preparing, since: core.now() } });
        drop(places);
        Self { core: Arc::clone(core), number }
    }

    pub fn note(&self, doing: Doing) {
        note(&self.core, self.number, doing);
    }

    /// Another model is asked from now on.
    pub fn asks(&self, model: &str) {
        if let Some(place) = self.core.at_work.lock().get_mut(&self.number) {
            place.model = Some(model.to_owned());
        }
    }

    /// Takes down what a call tells of itself.
    #[must_use]
    pub fn listener(&self) -> Arc<dyn Fn(CallNews) + Send + Sync> {
        let (core, number) = (Arc::downgrade(&self.core), self.number);
        Arc::new(move |news| {
            let Some(core) = core.upgrade() else { return };
            match news {
                CallNews::Waiting => note(&core, number, Doing::WaitingForTurn),
                CallNews::Asking => note(&core, number, Doing::Asking),
                CallNews::Retrying { wait, kind } => {
                    let at = core.now() + chrono::TimeDelta::from_std(wait).unwrap_or_default();
                    note(&core, number, Doing::Retrying { at, kind });
                }
                CallNews::Text(_) => {}
            }
        })
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.core.at_work.lock().remove(&self.number);
    }
}

fn note(core: &Core, number: u32, doing: Doing) {
    let since = core.now();
    if let Some(place) = core.at_work.lock().get_mut(&number) {
        place.now = WorkerNow { doing, since };
    }
}

/// Every worker that has a job, those of other processes too.
pub async fn list(core: &Core) -> Result<Workers> {
    let config = config::current(core).await?;
    let pending = store::status::counts(&core.db, core.org).await?.pending as u64;
    let rows = store::jobs::in_work(&core.db, core.org, TOLD_MOST).await?;
    let mut at_work: Vec<Worker> = rows.into_iter().map(|job| core.at_work.worker(job)).collect();
    at_work.sort_by_key(|worker| (worker.number.is_none(), worker.number, worker.job.started_at));
    Ok(Workers {
        wanted: config.rules.workers,
        runs: core.worker_runs.load(std::sync::atomic::Ordering::Relaxed),
        state: config.state,
        held_back: status::held_back(core, &config),
        pending,
        at_work,
    })
}
