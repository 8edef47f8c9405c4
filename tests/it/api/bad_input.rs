//! Bad files and bad requests: each is answered in words, the rest goes on, nothing is half done.

use bytes::Bytes;
use secrecy::ExposeSecret;

use crate::support::platform::{self, Options, TestPlatform, jpeg};

fn bad_files() -> Vec<(String, Bytes)> {
    let good = jpeg(400, 300, 7);
    vec![
        ("empty.jpg".to_owned(), Bytes::new()),
        ("cut.jpg".to_owned(), good.slice(..good.len() / 2)),
        ("words.jpg".to_owned(), Bytes::from_static(b"these are words and no pixels at all")),
    ]
}

#[tokio::test]
async fn bad_files_are_refused_one_by_one_and_the_good_ones_stay() {
    let platform = platform::start(Options::default().without_workers()).await;
    let mut files = bad_files();
    files.insert(1, ("good.jpg".to_owned(), jpeg(400, 300, 7)));
    files.push(("../../escape.jpg".to_owned(), jpeg(40, 30, 8)));
    let added = platform.client.add_photos(files, true).await.expect("answered");
    let names: Vec<&str> = added.added.iter().map(|photo| photo.file_name.as_str()).collect();
    assert_eq!(names, ["good.jpg", "escape.jpg"]);
    let refused: Vec<&str> = added.refused.iter().map(|refused| refused.file_name.as_str()).collect();
    assert_eq!(refused, ["empty.jpg", "cut.jpg", "words.jpg"]);
    for refused in &added.refused {
        assert!(!refused.code.is_empty() && refused.message.len() > 10, "{refused:?}");
    }
    assert_eq!(platform.jobs().await.len(), 2);
    assert!(unfinished(&platform).is_empty(), "nothing half written");
}

fn unfinished(platform: &TestPlatform) -> Vec<std::path::PathBuf> {
    let photos = platform.folder.path().join("data/photos");
    let folders = std::fs::read_dir(photos).expect("folder").map(|entry| entry.expect("entry").path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()));
    files.filter(|path| path.to_string_lossy().contains("unfinished")).collect()
}

#[tokio::test]
async fn a_file_that_cannot_be_stored_is_refused_alone_and_may_come_again() {
    let platform = platform::start(Options::default().without_workers()).await;
    let (lucky, unlucky) = (jpeg(40, 30, 1), jpeg(40, 30, 2));
    let hash = |bytes: &Bytes| blake3::hash(bytes).to_hex().to_string();
    assert_ne!(hash(&lucky)[..2], hash(&unlucky)[..2], "they lie in different folders");
    let in_the_way = platform.folder.path().join("data/photos").join(&hash(&unlucky)[..2]);
    std::fs::write(&in_the_way, "a file where a folder should be").expect("written");
    let files = || vec![("unlucky.jpg".to_owned(), unlucky.clone()), ("lucky.jpg".to_owned(), lucky.clone())];
    let added = platform.client.add_photos(files(), true).await.expect("answered");
    assert_eq!((added.added.len(), added.refused[0].code.as_str()), (1, "not_stored"), "{added:?}");
    assert!(added.refused[0].message.contains("Check the rights"), "{}", added.refused[0].message);
    std::fs::remove_file(&in_the_way).expect("removed");
    let added = platform.client.add_photos(files(), true).await.expect("answered");
    assert_eq!((added.added.len(), added.known.len(), added.refused.len()), (1, 1, 0));
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_refused_and_the_next_one_is_taken() {
    let platform = platform::start(Options::default().without_workers()).await;
    let huge = Bytes::from(vec![0_u8; 65 * 1024 * 1024]);
    let files = vec![("huge.tif".to_owned(), huge), ("good.jpg".to_owned(), jpeg(40, 30, 1))];
    let added = platform.client.add_photos(files, false).await.expect("answered");
    assert_eq!((added.added.len(), added.refused[0].code.as_str()), (1, "too_large"));
}

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_code() {
    let platform = platform::start(Options::default().without_workers()).await;
    let http = reqwest::Client::new();
    let token = platform.host.token();
    let url = |path: &str| platform.host.base().join(path).expect("a URL");
    let requests = [
        (http.get(url("api/ai/no-such-thing")), 404, "unknown_path"),
        (http.get(url("api/ai/photos/not-an-id")), 404, "bad_path"),
        (http.get(url("api/ai/pipeline/jobs?state=tired")), 400, "bad_query"),
        (http.post(url("api/ai/pipeline/jobs")).header("content-type", "application/json").body("{"), 400, "bad_body"),
        (http.post(url("api/ai/pipeline/jobs")).body("x"), 415, "bad_body"),
        (http.post(url("api/ai/photos")).body("no multipart"), 400, "bad_upload"),
        (http.post(url("api/ai/photos")).header("content-type", "multipart/form-data; boundary=x").body("--x\r\nbroken"), 400, "bad_upload"),
    ];
    for (request, status, code) in requests {
        let request = request.bearer_auth(token.expose_secret()).build().expect("a request");
        let name = format!("{} {}", request.method(), request.url().path());
        let answer = http.execute(request).await.expect("answered");
        assert_eq!(answer.status(), status, "{name}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{name}");
        let problem: serde_json::Value = answer.json().await.expect("a problem");
        assert_eq!(problem["code"], code, "{name}: {problem}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
    }
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_refused_by_name_and_nothing_is_done() {
    let platform = platform::start(Options::default().without_workers()).await;
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let before = platform.client.config().await.expect("config");
    let rules = |extra: &str| {
        let mut rules = serde_json::to_value(&before.rules).expect("JSON");
        rules[extra] = serde_json::json!(5);
        rules
    };
    let inline = serde_json::json!({"kind": "inline", "name": "a", "content": "Look", "temperature": 0.2});
    let run = serde_json::json!({"prompts": [inline], "models": ["on-device"], "repeats": 1, "concurrency": 1});
    let version = serde_json::json!({"content": "Look", "temperature": 0.2});
    let made = serde_json::json!({"name": "Other", "contents": "Look"});
    let set = serde_json::json!({"name": "Set", "photos": []});
    let cases = [
        ("PUT", "api/ai/pipeline/processing-rules".to_owned(), rules("dayly_limit_usd"), "'dayly_limit_usd'", "'daily_limit_usd'"),
        ("POST", format!("api/ai/pipeline/prompts/{}/versions", prompt.id), version, "'temperature'", "'parameters.temperature'"),
        ("POST", "api/ai/pipeline/prompts".to_owned(), made, "'contents'", "'content'"),
        ("POST", "api/ai/testing/estimate".to_owned(), run, "'temperature'", "'parameters.temperature'"),
        ("POST", "api/ai/testing/photo-sets".to_owned(), set, "'photos'", ""),
    ];
    let http = reqwest::Client::new();
    for (method, path, body, field, meant) in cases {
        let request = http.request(method.parse().expect("a method"), platform.host.base().join(&path).expect("a URL"));
        let request = request.bearer_auth(platform.host.token().expose_secret()).header("if-match", format!("\"{}\"", before.revision)).json(&body);
        let answer = request.send().await.expect("answered");
        let status = answer.status();
        let problem: serde_json::Value = answer.json().await.expect("a problem");
        assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("unknown_field")), "{path}: {problem}");
        let (title, detail) = (problem["title"].as_str().expect("words"), problem["detail"].as_str().expect("words"));
        assert!(title.contains(field) && detail.contains(meant), "{path}: {problem}");
    }
    assert_eq!(platform.client.config().await.expect("config"), before);
    assert_eq!(platform.client.prompt_versions(prompt.id).await.expect("versions").items.len(), 1);
    assert_eq!(platform.client.prompts().await.expect("prompts").items.len(), 1);
}
