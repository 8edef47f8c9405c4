//! Versions of prompts: held against each other, labelled, searched.

use minerva_console::client::event::StreamItem;
use minerva_console::wire::event::Happened;
use minerva_console::wire::prompt::{CreatePrompt, Prompt, PromptVersion, SavePromptVersion, UpdatePrompt};
use minerva_console::wire::prompt_diff::PromptPart;
use minerva_console::wire::prompt_label::ChangeLabels;
use minerva_console::wire::prompt_parts::{Parameters, PromptParts, Variable};
use minerva_console::wire::prompt_search::VersionQuery;

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::Scripted;

async fn start() -> TestPlatform {
    platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await
}

async fn create(platform: &TestPlatform, name: &str, texts: &[&str]) -> (Prompt, Vec<PromptVersion>) {
    let asked = CreatePrompt { name: name.to_owned(), content: Some(texts[0].to_owned()), ..CreatePrompt::default() };
    let prompt = platform.client.create_prompt(&asked).await.expect("made");
    for text in &texts[1..] {
        let save = SavePromptVersion {
            content: (*text).to_owned(),
            note: format!("about {text}"),
            author: "Ada".to_owned(),
            ..SavePromptVersion::default()
        };
        platform.client.save_prompt_version(prompt.id, &save).await.expect("saved");
    }
    let mut versions = platform.client.prompt_versions(prompt.id).await.expect("versions").items;
    versions.reverse();
    (prompt, versions)
}

fn labels(add: &[&str], remove: &[&str]) -> ChangeLabels {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    ChangeLabels { add: owned(add), remove: owned(remove) }
}

#[tokio::test]
async fn any_two_versions_the_draft_and_what_is_live_are_compared() {
    let platform = start().await;
    let (prompt, versions) = create(&platform, "Colours", &["Name the colours\nBe brief", "Name three colours\nBe brief"]).await;
    let diff = platform.client.prompt_diff(prompt.id, "1", "2").await.expect("compared");
    assert_eq!((diff.left.label().as_str(), diff.right.label().as_str()), ("Colours v1", "Colours v2"));
    assert_eq!((diff.counts().added, diff.counts().removed, diff.parts.len()), (1, 1, 1));
    assert_eq!((diff.parts[0].left.as_str(), diff.parts[0].hunks.len()), ("Name the colours\nBe brief", 1));
    let back = platform.client.prompt_diff(prompt.id, "2", &versions[0].id.to_string()).await.expect("compared");
    assert_eq!((back.left, back.right), (diff.right, diff.left));

    // Without a draft the editor holds the newest version.
    assert!(platform.client.prompt_diff(prompt.id, "2", "draft").await.expect("compared").is_same());
    let draft = UpdatePrompt { draft: Some("Name three colours\nBe very brief".to_owned()), ..UpdatePrompt::default() };
    let prompt = platform.client.prompts().await.expect("prompts").items.into_iter().find(|known| known.id == prompt.id).expect("listed");
    platform.client.update_prompt(prompt.id, prompt.revision, &draft).await.expect("kept");
    let drafted = platform.client.prompt_diff(prompt.id, "2", "draft").await.expect("compared");
    assert_eq!((drafted.right.version, drafted.counts().added, drafted.counts().removed), (None, 1, 0));

    let live = platform.client.prompt_diff(prompt.id, "live", "2").await.expect("compared");
    assert_eq!((live.left.prompt_name.as_str(), live.left.is_live), ("Photo tags", true));
    for (left, right) in [("3", "1"), ("1", "0"), ("one", "2"), ("1", "00000000-0000-0000-0000-000000000000")] {
        let refused = platform.client.prompt_diff(prompt.id, left, right).await.expect_err("refused");
        assert_eq!(refused.code(), Some("not_found"), "{left} {right}");
    }
}

#[tokio::test]
async fn every_part_that_one_of_them_has_is_compared() {
    let platform = start().await;
    let (prompt, _) = create(&platform, "Colours", &["Name the colours"]).await;
    let parts = PromptParts {
        system: "Be brief".to_owned(),
        parameters: Parameters { temperature: Some(0.5), ..Parameters::default() },
        variables: vec![Variable { name: "city".to_owned(), value: "Rome".to_owned() }],
        ..PromptParts::default()
    };
    let save =
        |parts: &PromptParts| SavePromptVersion { content: "Name the colours".to_owned(), parts: parts.clone(), ..SavePromptVersion::default() };
    platform.client.save_prompt_version(prompt.id, &save(&parts)).await.expect("saved");
    let warmer = PromptParts { parameters: Parameters { temperature: Some(0.7), ..Parameters::default() }, ..parts };
    platform.client.save_prompt_version(prompt.id, &save(&warmer)).await.expect("saved");
    let diff = platform.client.prompt_diff(prompt.id, "1", "2").await.expect("compared");
    let changed: Vec<_> = diff.parts.iter().map(|part| (part.part, part.hunks.len())).collect();
    assert_eq!(changed, [(PromptPart::User, 0), (PromptPart::System, 1), (PromptPart::Parameters, 1), (PromptPart::Variables, 1)]);
    let diff = platform.client.prompt_diff(prompt.id, "2", "3").await.expect("compared");
    let parameters = &diff.parts[2];
    let row = &parameters.hunks[0].rows[0];
    assert_eq!((parameters.right.as_str(), row.right), ("{\n  \"temperature\": 0.7\n}", Some(2)));
    assert_eq!((diff.counts().added, diff.counts().removed), (1, 1), "{diff:?}");
}

#[tokio::test]
async fn labels_are_put_on_and_taken_off_and_everyone_is_told() {
    let platform = start().await;
    let (prompt, versions) = create(&platform, "Colours", &["One", "Two"]).await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(stream.recv().await, Some(StreamItem::Connected)));
    let put = platform.client.change_prompt_labels(prompt.id, 2, &labels(&["good  for food", "candidate"], &["never there"])).await.expect("put");
    assert_eq!(put.labels, ["candidate", "good for food"]);
    assert_eq!(put.changed, labels(&["good for food", "candidate"], &[]));
    let told = loop {
        if let Some(StreamItem::Event(event)) = stream.recv().await {
            break event.what;
        }
    };
    assert_eq!(told, Happened::PromptLabelsChanged(put.clone()));
    let again = platform.client.change_prompt_labels(prompt.id, 2, &labels(&["Candidate"], &[])).await.expect("there already");
    assert_eq!((again.labels.len(), again.changed), (2, ChangeLabels::default()));
    let listed = platform.client.prompt_versions(prompt.id).await.expect("versions").items;
    assert_eq!((listed[0].labels.clone(), listed[0].id, listed[1].labels.len()), (put.labels, versions[1].id, 0));

    // The inverse of what it took puts things back.
    let undone = platform.client.change_prompt_labels(prompt.id, 2, &put.changed.inverse()).await.expect("taken off");
    assert_eq!(undone.labels, Vec::<String>::new());
    for (asked, code) in [
        (labels(&[" "], &[]), "label"),
        (labels(&["a,b"], &[]), "label"),
        (labels(&[&"x".repeat(41)], &[]), "label"),
        (labels(&(0..13).map(|n| ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"][n]).collect::<Vec<_>>(), &[]), "too_many_labels"),
    ] {
        let refused = platform.client.change_prompt_labels(prompt.id, 1, &asked).await.expect_err("refused");
        assert_eq!(refused.code(), Some(code), "{refused}");
    }
    let missing = platform.client.change_prompt_labels(prompt.id, 9, &labels(&["x"], &[])).await.expect_err("refused");
    assert_eq!(missing.code(), Some("not_found"));
    assert!(platform.client.prompt_labels().await.expect("labels").items.is_empty(), "nothing half-saved");
}

#[tokio::test]
async fn versions_of_all_prompts_are_found_by_text_note_author_and_label() {
    let platform = start().await;
    let (colours, _) = create(&platform, "Colours", &["Name the colours", "Name the 50% grey tones", "Größe und Farbe"]).await;
    let (streets, _) = create(&platform, "Streets", &["Name the streets of the old town"]).await;
    let parts = PromptParts {
        system: "You know\nevery Kirchstraße".to_owned(),
        schema: r#"{"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}, "district": {"type": "string"}}, "required": ["tags"]}"#
            .to_owned(),
        ..PromptParts::default()
    };
    let quarter = SavePromptVersion { content: "Name the quarter".to_owned(), parts, ..SavePromptVersion::default() };
    platform.client.save_prompt_version(streets.id, &quarter).await.expect("saved");
    platform.client.change_prompt_labels(colours.id, 2, &labels(&["candidate"], &[])).await.expect("put");
    let find = |query: VersionQuery| {
        let client = platform.client.clone();
        async move {
            let page = client.find_prompt_versions(&query).await.expect("found");
            let items: Vec<String> = page.items.iter().map(|found| format!("{} v{}", found.prompt_name, found.version)).collect();
            assert_eq!(page.total, Some(items.len() as u64), "{query:?}");
            (items, page)
        }
    };
    let words = |q: &str| VersionQuery { q: Some(q.to_owned()), ..VersionQuery::default() };
    for (query, expected) in [
        (words("NAME colours"), &["Colours v2", "Colours v1"][..]),
        (words("\"old town\""), &["Streets v1"]),
        (words("town old streets"), &["Streets v1"]),
        (words("50%"), &["Colours v2"]),
        (words("5_%"), &[]),
        (words("ada"), &["Colours v3", "Colours v2"]),
        (words("Größe"), &["Colours v3"]),
        (words("KNOW quarter"), &["Streets v2"]),
        (words("Kirchstraße"), &["Streets v2"]),
        (words("district"), &["Streets v2"]),
        (words("candid"), &["Colours v2"]),
        (words("nothing of it"), &[]),
        (VersionQuery { label: Some("candidate".to_owned()), ..VersionQuery::default() }, &["Colours v2"]),
        (VersionQuery { label: Some("candidate".to_owned()), ..words("streets") }, &[]),
        (VersionQuery { prompt: Some(colours.id), ..words("name") }, &["Colours v2", "Colours v1"]),
    ] {
        assert_eq!(find(query.clone()).await.0, expected, "{query:?}");
    }
    let (_, page) = find(words("grey")).await;
    let found = &page.items[0];
    assert_eq!((found.excerpt.as_str(), found.labels.clone()), ("…the 50% grey tones", vec!["candidate".to_owned()]));
    assert_eq!(&found.excerpt[found.marks[0][0] as usize..found.marks[0][1] as usize], "grey");
    assert_eq!(find(words("every")).await.1.items[0].excerpt, "every Kirchstraße");
}

#[tokio::test]
async fn hundreds_of_versions_are_listed_and_searched_in_pages() {
    let platform = start().await;
    let (prompt, _) = create(&platform, "Colours", &["Name colour 0"]).await;
    for at in 1..300 {
        let save = SavePromptVersion { content: format!("Name colour {at}"), ..SavePromptVersion::default() };
        platform.client.save_prompt_version(prompt.id, &save).await.expect("saved");
    }
    let listed = platform.client.prompt_versions(prompt.id).await.expect("versions");
    assert_eq!((listed.items.len(), listed.items[0].version, listed.items[299].version), (300, 300, 1));
    let mut seen = Vec::new();
    let mut query = VersionQuery { q: Some("colour".to_owned()), prompt: Some(prompt.id), limit: Some(120), ..VersionQuery::default() };
    loop {
        let page = platform.client.find_prompt_versions(&query).await.expect("found");
        assert_eq!(page.total, Some(300));
        seen.extend(page.items.iter().map(|found| found.version));
        match page.next_cursor {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
    }
    let expected: Vec<u32> = (1..=300).rev().collect();
    assert_eq!(seen, expected, "each once, newest first");
    query.cursor = Some("elsewhere".to_owned());
    assert_eq!(platform.client.find_prompt_versions(&query).await.expect_err("refused").code(), Some("bad_cursor"));
}

#[tokio::test]
async fn a_long_list_of_long_versions_is_short_and_each_is_read_whole_by_its_number() {
    let platform = start().await;
    let text = |at: u32| format!("Name colour {at}\n{}", "a line about colours\n".repeat(500));
    let (prompt, _) = create(&platform, "Colours", &[&text(1)]).await;
    let parts = PromptParts { system: "You see colours".to_owned(), ..PromptParts::default() };
    for at in 2..=60 {
        let save = SavePromptVersion { content: text(at), parts: parts.clone(), ..SavePromptVersion::default() };
        platform.client.save_prompt_version(prompt.id, &save).await.expect("saved");
    }
    let labels = ChangeLabels { add: vec!["old".to_owned()], remove: Vec::new() };
    platform.client.change_prompt_labels(prompt.id, 7, &labels).await.expect("labelled");
    let listed = platform.client.prompt_version_outlines(prompt.id).await.expect("versions").items;
    assert_eq!((listed.len(), listed[0].version, listed[59].version), (60, 60, 1));
    assert!(!listed[0].is_outline && listed[0].content == text(60) && listed[0].parts == parts, "the newest is what the editor begins with");
    assert!(listed[1..].iter().all(|version| version.is_outline && version.parts.is_plain()));
    let sent: usize = listed[1..].iter().map(|version| version.content.len()).sum();
    assert!(sent <= 59 * 600, "{sent} bytes of text");
    let seventh = listed.iter().find(|version| version.version == 7).expect("listed");
    assert_eq!((seventh.content.lines().next(), seventh.labels.clone()), (Some("Name colour 7"), vec!["old".to_owned()]));

    let whole = platform.client.prompt_version(prompt.id, 7).await.expect("read");
    assert_eq!((whole.id, whole.is_outline, whole.content, whole.parts), (seventh.id, false, text(7), parts));
    assert_eq!(platform.client.prompt_version(prompt.id, 61).await.expect_err("missing").code(), Some("not_found"));
    let all = platform.client.prompt_versions(prompt.id).await.expect("versions").items;
    assert!(all.iter().all(|version| !version.is_outline && version.content == text(version.version)), "who asks for all gets all");
}
