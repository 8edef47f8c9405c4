//! `Idempotency-Key`: a write that is sent twice is done once.

use minerva_console::wire::config::{ConfigChanged, ConfigImport};
use minerva_console::wire::prompt::Prompt;
use reqwest::{Method, Response, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform, until};

/// A request as any other program sends it.
async fn send(platform: &TestPlatform, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Response {
    let url = platform.host.base().join(path).expect("a path");
    let mut request = reqwest::Client::new().request(method, url).bearer_auth(platform.host.token().expose_secret());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.header("content-type", "application/json").body(body).send().await.expect("an answer")
}

async fn start() -> (TestPlatform, std::sync::Arc<TestClock>) {
    let clock = TestClock::at_noon();
    (platform::start(Options { clock: clock.clone(), ..Options::default().without_workers() }).await, clock)
}

fn is_replayed(response: &Response) -> bool {
    response.headers().contains_key("idempotency-replayed")
}

const PROMPTS: &str = "api/ai/pipeline/prompts";

#[tokio::test]
async fn the_same_write_sent_again_gets_the_same_answer_and_is_done_once_also_after_a_restart() {
    let (platform, clock) = start().await;
    let body = json!({"name": "Clouds", "content": "Name clouds"}).to_string();
    let key = [("idempotency-key", "0199-a")];
    let first = send(&platform, Method::POST, PROMPTS, &key, body.clone()).await;
    assert_eq!((first.status(), is_replayed(&first)), (StatusCode::OK, false));
    let first: Prompt = first.json().await.expect("a prompt");
    let options = Options { clock: clock.clone(), ..Options::default().without_workers() };
    let platform = platform::start_in(platform.stop().await, options).await.expect("starts again");
    let again = send(&platform, Method::POST, PROMPTS, &key, body.clone()).await;
    assert_eq!((again.status(), is_replayed(&again)), (StatusCode::OK, true));
    assert_eq!(again.headers()["content-type"], "application/json");
    assert_eq!(again.json::<Prompt>().await.expect("a prompt"), first);
    assert_eq!(platform.client.prompts().await.expect("prompts").items.len(), 2);

    // Without a key, with another one, or a day later it is another write, which finds the name taken.
    assert_eq!(send(&platform, Method::POST, PROMPTS, &[], body.clone()).await.status(), StatusCode::CONFLICT);
    assert_eq!(send(&platform, Method::POST, PROMPTS, &[("idempotency-key", "0199-b")], body.clone()).await.status(), StatusCode::CONFLICT);
    clock.advance(chrono::TimeDelta::hours(25));
    assert_eq!(send(&platform, Method::POST, PROMPTS, &key, body).await.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_key_is_for_one_request_and_has_a_form() {
    let (platform, _) = start().await;
    let key = [("idempotency-key", "one")];
    let body = |name: &str| json!({"name": name}).to_string();
    assert_eq!(send(&platform, Method::POST, PROMPTS, &key, body("Clouds")).await.status(), StatusCode::OK);
    let other = send(&platform, Method::POST, PROMPTS, &key, body("Skies")).await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: serde_json::Value = other.json().await.expect("a problem");
    assert_eq!(problem["code"], "idempotency_reused");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("use a new one")), "{problem}");
    for bad in ["", "two words", &"x".repeat(201)] {
        let refused = send(&platform, Method::POST, PROMPTS, &[("idempotency-key", bad)], body("Skies")).await;
        assert_eq!(refused.json::<serde_json::Value>().await.expect("a problem")["code"], "idempotency_key", "{bad}");
    }
    let long = send(&platform, Method::POST, PROMPTS, &[("idempotency-key", "long")], "x".repeat(5 << 20)).await;
    assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // What was refused changed nothing: mended, it may be sent under the same key.
    let refused = send(&platform, Method::POST, PROMPTS, &[("idempotency-key", "retry")], body("")).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send(&platform, Method::POST, PROMPTS, &[("idempotency-key", "retry")], body("Skies")).await.status(), StatusCode::OK);
    assert_eq!(platform.client.prompts().await.expect("prompts").items.len(), 3);
}

#[tokio::test]
async fn import_and_dry_run_and_what_wants_a_revision_take_a_key() {
    let (platform, _) = start().await;
    let config = platform.client.config().await.expect("config");
    let revision = format!("\"{}\"", config.revision);
    let file = json!({"format": "minerva-config", "version": 1, "settings": {"workers": 6}}).to_string();
    let import = "api/ai/pipeline/config/import";
    let headers = [("idempotency-key", "import"), ("if-match", revision.as_str())];
    let first: ConfigImport = send(&platform, Method::POST, import, &headers, file.clone()).await.json().await.expect("imported");
    // The revision has grown meanwhile: without the key this would be a stale write.
    let again = send(&platform, Method::POST, import, &headers, file.clone()).await;
    assert!(is_replayed(&again));
    assert_eq!(again.json::<ConfigImport>().await.expect("imported"), first);
    let stale = send(&platform, Method::POST, import, &[("if-match", revision.as_str())], file.clone()).await;
    assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);
    assert_eq!(platform.client.config_changes().await.expect("journal").items.len(), 1, "done once");

    let dry = "api/ai/pipeline/config/import?dry_run=true";
    for replayed in [false, true] {
        let seen = send(&platform, Method::POST, dry, &[("idempotency-key", "dry")], file.clone()).await;
        assert_eq!((seen.status(), is_replayed(&seen)), (StatusCode::OK, replayed));
    }
    let rules = json!({"rules": config.rules, "days": 7}).to_string();
    let replay = "api/ai/pipeline/processing-rules/dry-run";
    for replayed in [false, true] {
        let seen = send(&platform, Method::POST, replay, &[("idempotency-key", "replay")], rules.clone()).await;
        assert_eq!((seen.status(), is_replayed(&seen)), (StatusCode::OK, replayed));
    }
    // A read has nothing to do twice: its key is passed over.
    for _ in 0..2 {
        let read = send(&platform, Method::GET, "api/ai/pipeline/config/export", &[("idempotency-key", "read")], String::new()).await;
        assert_eq!((read.status(), is_replayed(&read)), (StatusCode::OK, false));
    }
    let undo = "api/ai/pipeline/config/undo";
    let first: ConfigChanged =
        send(&platform, Method::POST, undo, &[("idempotency-key", "undo")], "null".to_owned()).await.json().await.expect("undone");
    let again = send(&platform, Method::POST, undo, &[("idempotency-key", "undo")], "null".to_owned()).await;
    assert_eq!(again.json::<ConfigChanged>().await.expect("undone"), first, "sent twice, it goes back one step");
}

#[tokio::test]
async fn of_two_at_once_one_is_done() {
    let (platform, _) = start().await;
    let body = json!({"name": "Clouds"}).to_string();
    let one = || send(&platform, Method::POST, PROMPTS, &[("idempotency-key", "at-once")], body.clone());
    let all = futures_util::future::join_all((0..8).map(|_| one())).await;
    let fine = all.iter().filter(|response| response.status() == StatusCode::OK).count();
    let waiting = all.iter().filter(|response| response.status() == StatusCode::CONFLICT).count();
    assert!(fine >= 1 && fine + waiting == 8, "{fine} and {waiting}");
    assert_eq!(platform.client.prompts().await.expect("prompts").items.len(), 2);
}

#[tokio::test]
async fn who_goes_away_before_the_answer_finds_it_when_coming_back() {
    let (platform, _) = start().await;
    let platform = std::sync::Arc::new(platform);
    let key = [("idempotency-key", "0199-gone")];
    let body = json!({"name": "Clouds", "content": "Name clouds"}).to_string();
    // Nothing can be written for now, so that the write is under way until this ends.
    let writer = platform.host.core().db.begin().await.expect("a transaction");
    let ask = || {
        let (platform, body) = (std::sync::Arc::clone(&platform), body.clone());
        tokio::spawn(async move { send(&platform, Method::POST, PROMPTS, &key, body).await.status() })
    };
    // A request that is refused whatever it says, and says whether the key is in use.
    let is_in_work = async || send(&platform, Method::POST, PROMPTS, &key, json!({"name": ""}).to_string()).await.status() == StatusCode::CONFLICT;
    let mut first = ask();
    let under_way = async {
        while !is_in_work().await {
            if first.is_finished() {
                first = ask();
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(90), under_way).await.expect("the write is under way");
    first.abort();
    for _ in 0..20 {
        assert!(is_in_work().await, "it goes on though nobody waits for it");
    }
    drop(writer);
    let again = until("the answer", async || {
        let again = send(&platform, Method::POST, PROMPTS, &key, body.clone()).await;
        (again.status() == StatusCode::OK).then_some(again)
    })
    .await;
    assert!(is_replayed(&again));
    assert_eq!(platform.client.prompts().await.expect("prompts").items.len(), 2);
}
