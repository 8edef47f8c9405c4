//! Prompts: drafts that nobody loses, and versions that never change.

use minerva_console::client::event::StreamItem;
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::PromptId;
use minerva_console::wire::prompt::{CreatePrompt, Prompt, SavePromptVersion, UpdatePrompt};

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::Scripted;

async fn start() -> TestPlatform {
    platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await
}

async fn create(platform: &TestPlatform, name: &str, content: Option<&str>) -> Prompt {
    platform
        .client
        .create_prompt(&CreatePrompt { name: name.to_owned(), content: content.map(str::to_owned), ..CreatePrompt::default() })
        .await
        .expect("made")
}

fn draft(text: &str) -> UpdatePrompt {
    UpdatePrompt { draft: Some(text.to_owned()), ..UpdatePrompt::default() }
}

fn save(text: &str) -> SavePromptVersion {
    SavePromptVersion { content: text.to_owned(), note: " shorter ".to_owned(), ..SavePromptVersion::default() }
}

async fn find(platform: &TestPlatform, id: PromptId) -> Prompt {
    platform.client.prompts().await.expect("prompts").items.into_iter().find(|prompt| prompt.id == id).expect("listed")
}

#[tokio::test]
async fn a_prompt_goes_from_draft_to_version() {
    let platform = start().await;
    let prompt = create(&platform, "  Colours ", None).await;
    assert_eq!((prompt.name.as_str(), prompt.latest_version, prompt.live_version), ("Colours", 0, None));
    let prompt = platform.client.update_prompt(prompt.id, prompt.revision, &draft("Name the colours")).await.expect("kept");
    assert_eq!(find(&platform, prompt.id).await, prompt);

    let version = platform.client.save_prompt_version(prompt.id, &save("Name the colours")).await.expect("saved");
    assert_eq!((version.version, version.label().as_str(), version.note.as_str()), (1, "Colours v1", "shorter"));
    let prompt = find(&platform, prompt.id).await;
    assert_eq!((prompt.latest_version, prompt.draft.as_ref()), (1, None));

    let again = platform.client.save_prompt_version(prompt.id, &save("Name the colours")).await.expect("known");
    assert_eq!(again, version, "the same text is the same version");
    platform.client.save_prompt_version(prompt.id, &save("Name three colours")).await.expect("saved");
    let back = platform.client.save_prompt_version(prompt.id, &save("Name the colours")).await.expect("saved");
    assert_eq!(back.version, 3, "an older text saved again is a new version");
    let versions: Vec<u32> =
        platform.client.prompt_versions(prompt.id).await.expect("versions").items.iter().map(|version| version.version).collect();
    assert_eq!(versions, [3, 2, 1]);
}

#[tokio::test]
async fn a_draft_that_equals_the_newest_version_is_none() {
    let platform = start().await;
    let prompt = create(&platform, "Colours", Some("Name the colours")).await;
    assert_eq!(prompt.latest_version, 1);
    let prompt = platform.client.update_prompt(prompt.id, prompt.revision, &draft("Name the colou")).await.expect("kept");
    assert_eq!(prompt.draft.as_deref(), Some("Name the colou"));
    let prompt = platform.client.update_prompt(prompt.id, prompt.revision, &draft("{{ half a draft")).await.expect("a draft may be anything");
    let prompt = platform.client.update_prompt(prompt.id, prompt.revision, &draft("Name the colours")).await.expect("kept");
    assert_eq!(prompt.draft, None);
    let renamed = UpdatePrompt { name: Some("Hues".to_owned()), ..UpdatePrompt::default() };
    let prompt = platform.client.update_prompt(prompt.id, prompt.revision, &renamed).await.expect("renamed");
    let version = platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0);
    assert_eq!(version.label(), "Hues v1");
}

#[tokio::test]
async fn a_text_with_the_line_ends_of_another_system_is_the_same_text() {
    let platform = start().await;
    let prompt = create(&platform, "Streets", Some("One\nTwo\n")).await;
    let client = &platform.client;
    let same = client.save_prompt_version(prompt.id, &save("One\r\nTwo\r\n")).await.expect("saved");
    assert_eq!((same.version, same.content.as_str()), (1, "One\nTwo\n"), "there is nothing new to save");
    let revision = find(&platform, prompt.id).await.revision;
    let kept = client.update_prompt(prompt.id, revision, &draft("One\rTwo\r\n")).await.expect("kept");
    assert_eq!(kept.draft, None, "it is the newest version");
    let kept = client.update_prompt(prompt.id, kept.revision, &draft("One\r\nThree\r\n")).await.expect("kept");
    assert_eq!(kept.draft.as_deref(), Some("One\nThree\n"));
    client.save_prompt_version(prompt.id, &save("One\r\nThree\r\n")).await.expect("saved");
    let diff = client.prompt_diff(prompt.id, "1", "2").await.expect("compared");
    let counts = diff.counts();
    assert_eq!((counts.added, counts.removed), (1, 1), "one word is another, and no line end");
}

#[tokio::test]
async fn two_windows_cannot_overwrite_each_other() {
    let platform = start().await;
    let prompt = create(&platform, "Colours", None).await;
    platform.client.update_prompt(prompt.id, prompt.revision, &draft("from one window")).await.expect("kept");
    let stale = platform.client.update_prompt(prompt.id, prompt.revision, &draft("from another")).await.expect_err("stale");
    assert_eq!(stale.code(), Some("stale"));
    assert_eq!(find(&platform, prompt.id).await.draft.as_deref(), Some("from one window"));
}

#[tokio::test]
async fn what_is_no_prompt_is_refused_with_words() {
    let platform = start().await;
    let make = |name: &str, content: Option<&str>| {
        let (client, asked) =
            (platform.client.clone(), CreatePrompt { name: name.to_owned(), content: content.map(str::to_owned), ..CreatePrompt::default() });
        async move { client.create_prompt(&asked).await.expect_err("refused") }
    };
    assert_eq!(make(" \t ", None).await.code(), Some("prompt_name"));
    assert_eq!(make(&"x".repeat(201), None).await.code(), Some("prompt_name"));
    assert_eq!(make("PHOTO tags", None).await.code(), Some("name_taken"));
    assert_eq!(make("Long", Some(&"x".repeat(200_001))).await.code(), Some("prompt_too_long"));
    assert_eq!(make("Empty", Some("")).await.code(), Some("empty_prompt"));
    let broken = make("Broken", Some("One\nTwo\n{% if width %}")).await;
    assert_eq!(broken.code(), Some("template"));
    assert!(broken.to_string().contains("Line 3"), "{broken}");
    assert_eq!(platform.client.prompts().await.expect("prompts").items.len(), 1, "nothing of it is left");

    let prompt = create(&platform, &"ü".repeat(200), None).await;
    for (code, text) in [("empty_prompt", " \n".to_owned()), ("template", "{{ x".to_owned()), ("prompt_too_long", "x".repeat(200_001))] {
        let refused = platform.client.save_prompt_version(prompt.id, &save(&text)).await.expect_err("refused");
        assert_eq!(refused.code(), Some(code), "{refused}");
    }
    let taken = UpdatePrompt { name: Some("photo tags".to_owned()), ..UpdatePrompt::default() };
    assert_eq!(platform.client.update_prompt(prompt.id, 1, &taken).await.expect_err("refused").code(), Some("name_taken"));
    let missing = platform.client.prompt_versions(PromptId::fresh()).await.expect_err("refused");
    assert_eq!(missing.code(), Some("not_found"));
}

#[tokio::test]
async fn changes_of_prompts_are_told() {
    let platform = start().await;
    let mut stream = platform.client.follow_events(None, || {});
    assert!(matches!(stream.recv().await, Some(StreamItem::Connected)));
    let prompt = create(&platform, "Colours", Some("Name the colours")).await;
    let saved = platform.client.save_prompt_version(prompt.id, &save("Name two colours")).await.expect("saved");
    let mut told = Vec::new();
    while told.len() < 4 {
        if let Some(StreamItem::Event(event)) = stream.recv().await {
            told.push(event.what);
        }
    }
    assert!(matches!(&told[0], Happened::PromptVersionSaved(version) if version.version == 1), "{told:?}");
    assert_eq!(told[1], Happened::PromptChanged(prompt.clone()));
    assert_eq!(told[2], Happened::PromptVersionSaved(saved));
    assert_eq!(told[3], Happened::PromptChanged(find(&platform, prompt.id).await));
}
