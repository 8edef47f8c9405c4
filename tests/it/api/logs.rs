//! What the platform logs is read from afar, followed, and holds no key.

use minerva_console::platform::domain::Log;
use minerva_console::wire::log::{LogLevel, LogQuery};

use crate::support::platform::{self, Options};

#[tokio::test]
async fn the_log_is_read_followed_and_filtered() {
    let log = Log::default();
    let platform = platform::start(Options { log: log.clone(), ..Options::default().without_workers() }).await;
    let say =
        |level, message: &str| log.push(chrono::Utc::now(), level, "test", message.to_owned(), vec![("photo".to_owned(), "a b.jpg".to_owned())]);
    say(LogLevel::Info, "one");
    say(LogLevel::Error, "two & three");
    let first = platform.client.logs(&LogQuery::default()).await.expect("a page");
    assert_eq!(first.entries.iter().map(|entry| &entry.message[..]).collect::<Vec<_>>(), ["one", "two & three"]);
    assert_eq!((first.newest, first.missed, &first.folder), (2, false, &None));
    say(LogLevel::Debug, "four");
    let next = platform.client.logs(&LogQuery { after: Some(first.newest), ..LogQuery::default() }).await.expect("a page");
    assert_eq!(next.entries.iter().map(|entry| &entry.message[..]).collect::<Vec<_>>(), ["four"]);
    let graver = LogQuery { level: Some(LogLevel::Warn), q: Some("TWO & photo=a b".to_owned()), ..LogQuery::default() };
    assert_eq!(platform.client.logs(&graver).await.expect("a page").entries.len(), 0, "both words stand side by side or not at all");
    let graver = LogQuery { level: Some(LogLevel::Warn), q: Some("three photo=a b".to_owned()), ..LogQuery::default() };
    assert_eq!(platform.client.logs(&graver).await.expect("a page").entries.len(), 1);

    let url = platform.host.base().join("api/ai/logs").expect("a URL");
    let http = reqwest::Client::new();
    assert_eq!(http.get(url.clone()).send().await.expect("answered").status(), 401, "not for everybody");
    let token = secrecy::ExposeSecret::expose_secret(&platform.host.token()).to_owned();
    let odd = http.get(url).query(&[("level", "grave")]).bearer_auth(token).send().await.expect("answered");
    assert_eq!(odd.status(), 400);
}
