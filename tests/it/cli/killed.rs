//! The platform is killed a hundred times in the middle of its work: no job is lost, and none is done twice.

use std::time::Duration;

use minerva_console::wire::config::ProcessingRules;
use minerva_console::wire::job::{JobQuery, JobState};
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::provider::ProviderSetting;
use minerva_console::wire::result::{FaultKind, Outcome, PhotoResult};

use crate::support::binary::{Served, until};
use crate::support::platform::jpeg;
use crate::support::provider_stub::{ProviderStub, Wire};

const KILLS: usize = 100;
const PHOTOS: usize = 500;
const PATIENCE: Duration = Duration::from_secs(60);

async fn completed(served: &Served) -> u64 {
    let query = JobQuery { state: Some(JobState::Completed), limit: Some(1), ..JobQuery::default() };
    served.client().jobs(&query).await.expect("jobs").total.expect("counted")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_times_in_mid_work_and_every_photo_has_its_one_result() {
    // Each answer takes long enough for a kill to hit it.
    let stub = ProviderStub::start(Duration::from_millis(50)).await;
    let home = tempfile::tempdir().expect("a folder");
    let data = home.path().join("data");
    let start = || Served::start_with(home.path(), &data, &["--no-bundled-photos"], &[("GEMINI_API_KEY", Wire::Gemini.key())]);
    let mut served = start();
    let client = served.client();
    let config = client.config().await.expect("config");
    let setting = ProviderSetting { base_url: Some(stub.base_as(Wire::Gemini, "good").to_string()), ..ProviderSetting::default() };
    client.set_provider(config.revision, "gemini", &setting).await.expect("set");
    client.activate_model(&ActivateModel { name: "gemini/gemini-3.5-flash-lite".to_owned() }).await.expect("live");
    let config = client.config().await.expect("config");
    client.set_processing_rules(config.revision, &ProcessingRules { workers: 3, ..config.rules }).await.expect("set");
    let file = |at: usize| (format!("{at}.jpg"), jpeg(16 + (at / 250) as u32, 16, (at % 250) as u8));
    for batch in (0..PHOTOS).collect::<Vec<_>>().chunks(100) {
        client.add_photos(batch.iter().map(|at| file(*at)).collect(), true).await.expect("added");
    }

    let mut cut_off = 0;
    for _ in 0..KILLS {
        let before = completed(&served).await;
        until("some work to be done", PATIENCE, || async { (completed(&served).await > before || before == PHOTOS as u64).then_some(()) }).await;
        let query = JobQuery { state: Some(JobState::Processing), ..JobQuery::default() };
        cut_off += served.client().jobs(&query).await.expect("jobs").items.len();
        let before = completed(&served).await;
        served.kill();
        served = start();
        assert!(completed(&served).await >= before, "what was done is done");
    }
    assert!(cut_off > KILLS / 2, "most kills hit jobs in work: {cut_off}");
    until("all jobs to be done", PATIENCE, || async { (completed(&served).await == PHOTOS as u64).then_some(()) }).await;
    let jobs = served.client().jobs(&JobQuery { limit: Some(1_000), ..JobQuery::default() }).await.expect("jobs");
    assert_eq!(jobs.total, Some(PHOTOS as u64), "no job is lost, none came twice");
    for job in &jobs.items {
        let results = served.client().job(job.id).await.expect("details").results;
        let answers = results.iter().filter(|result| matches!(result.outcome, Outcome::Completed(_))).count();
        assert_eq!(answers, 1, "{}", job.file_name);
        let is_cut_off = |result: &PhotoResult| matches!(&result.outcome, Outcome::Failed(fault) if fault.kind == FaultKind::Cancelled);
        assert_eq!(results.iter().filter(|result| is_cut_off(result)).count(), results.len() - 1, "{}: every try is there", job.file_name);
        assert_eq!(job.attempts as usize, results.len(), "{}", job.file_name);
    }
}
