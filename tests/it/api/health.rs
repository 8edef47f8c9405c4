//! Health: open to all in one word, to who has the token in full.

use std::sync::Arc;

use minerva_console::wire::health::{Health, HealthState, ProviderHealth};
use minerva_console::wire::job::JobState;
use minerva_console::wire::result::{Fault, FaultKind};

use crate::support::platform::{self, Options, until};
use crate::support::scripted::{Act, Scripted};

#[tokio::test]
async fn a_stranger_hears_the_status_and_no_more() {
    let platform = platform::start(Options::with_providers(vec![Scripted::new()])).await;
    let health = until("the worker to run", || async {
        let health = platform.client.health().await.expect("health");
        (health.status == HealthState::Healthy).then_some(health)
    })
    .await;
    let names: Vec<&str> = health.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["database", "queue", "workers", "model", "disk"]);
    assert!(health.checks.iter().all(|check| !check.detail.is_empty()));

    let url = platform.host.base().join("api/health/ai-management").expect("a URL");
    let answer: Health = reqwest::get(url).await.expect("answered").json().await.expect("health");
    assert_eq!((answer.status, answer.checks.len()), (HealthState::Healthy, 0));
}

#[tokio::test]
async fn a_platform_without_workers_or_without_its_model_says_so() {
    let platform = platform::start(Options::with_providers(Vec::new()).without_workers()).await;
    let health = platform.client.health().await.expect("health");
    let of = |name: &str| health.checks.iter().find(|check| check.name == name).expect("a check");
    assert_eq!((of("workers").status, of("model").status, health.status), (HealthState::Degraded, HealthState::Down, HealthState::Down));
    assert!(of("model").detail.contains("choose another"), "{}", of("model").detail);
    let url = platform.host.base().join("api/health/ai-management").expect("a URL");
    assert_eq!(reqwest::get(url).await.expect("answered").status(), 503);
}

async fn only_provider(scripted: &Arc<Scripted>, acts: Vec<Act>) -> ProviderHealth {
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    let count = acts.len();
    for act in acts {
        scripted.then(act);
    }
    platform.add(4, true).await;
    platform.until_jobs(4 - count, JobState::Completed).await;
    platform.until_jobs(count, JobState::Failed).await;
    platform.client.provider_health().await.expect("health").items.remove(0)
}

#[tokio::test]
async fn a_provider_is_judged_by_its_own_faults() {
    let health = only_provider(&Scripted::new(), vec![Act::Fail(Fault::new(FaultKind::BadAnswer, "Not JSON"))]).await;
    assert_eq!((health.status, health.error_rate, health.error_details.as_deref()), (HealthState::Degraded, Some(0.25), Some("Not JSON")));
    assert!(health.response_time_ms.is_some());

    let health = only_provider(&Scripted::new(), vec![Act::Fail(Fault::new(FaultKind::Prompt, "No such variable"))]).await;
    assert_eq!((health.status, health.error_rate), (HealthState::Healthy, Some(0.0)));
}

#[tokio::test]
async fn a_check_asks_the_provider_and_is_kept() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()]).without_workers()).await;
    assert_eq!(platform.client.provider_health().await.expect("health").items[0].last_check, None);
    scripted.then(Act::Fail(Fault::new(FaultKind::Auth, "The key was not accepted")));
    let down = platform.client.check_providers().await.expect("checked").items.remove(0);
    assert_eq!((down.status, down.error_details.as_deref()), (HealthState::Down, Some("The key was not accepted")));
    assert_eq!(platform.client.provider_health().await.expect("health").items[0], down);
    let well = platform.client.check_providers().await.expect("checked").items.remove(0);
    assert_eq!((well.status, well.response_time_ms, well.error_details), (HealthState::Healthy, Some(12.0), None));
}
