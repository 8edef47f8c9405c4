//! Prompts leave and come as files: out and in again they are the same, and what can't be read leaves nothing behind.

use minerva_console::client::ApiError;
use minerva_console::wire::prompt::{CreatePrompt, PromptVersion, SavePromptVersion};
use minerva_console::wire::prompt_file::{FileFormat, ImportChoice, ImportInto, ImportOutcome, ImportPrompts, Imported};
use minerva_console::wire::prompt_label::ChangeLabels;
use minerva_console::wire::prompt_parts::{Effort, Parameters, PromptParts, Variable};

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::Scripted;

async fn start() -> TestPlatform {
    platform::start(Options::with_providers(vec![Scripted::new()]).without_workers()).await
}

async fn look(platform: &TestPlatform, name: &str, text: &str) -> Result<Imported, ApiError> {
    platform.client.import_prompts(&ImportPrompts::new(name, text.as_bytes()), true).await
}

async fn import(platform: &TestPlatform, name: &str, text: &str) -> Imported {
    platform.client.import_prompts(&ImportPrompts::new(name, text.as_bytes()), false).await.expect("imported")
}

/// Names of all prompts, each with the number of its newest version.
async fn prompts(platform: &TestPlatform) -> Vec<(String, u32)> {
    platform.client.prompts().await.expect("prompts").items.into_iter().map(|prompt| (prompt.name, prompt.latest_version)).collect()
}

fn parts() -> PromptParts {
    PromptParts {
        system: "You tag photos.\n\nBe brief: always\n".to_owned(),
        schema: r#"{"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}}, "required": ["tags"]}"#.to_owned(),
        parameters: Parameters { temperature: Some(0.2), effort: Some(Effort::Low), ..Parameters::default() },
        variables: vec![Variable { name: "city".to_owned(), value: "Rome".to_owned() }],
    }
}

async fn rich(platform: &TestPlatform) -> PromptVersion {
    let asked = CreatePrompt { name: "Street scenes".to_owned(), content: Some("First".to_owned()), ..CreatePrompt::default() };
    let prompt = platform.client.create_prompt(&asked).await.expect("made");
    let content = "---\n# Task in {{ city }}\n\nLook at {{ file_name }}.\n---\n".to_owned();
    let save = SavePromptVersion { content, parts: parts(), note: "Both: sides".to_owned(), author: "Ada".to_owned() };
    platform.client.save_prompt_version(prompt.id, &save).await.expect("saved");
    let labels = ChangeLabels { add: vec!["good for food".to_owned(), "candidate".to_owned()], remove: Vec::new() };
    platform.client.change_prompt_labels(prompt.id, 2, &labels).await.expect("labelled");
    platform.client.prompt_versions(prompt.id).await.expect("versions").items.remove(0)
}

#[tokio::test]
async fn what_is_exported_comes_in_elsewhere_as_the_same_version() {
    let (here, there) = (start().await, start().await);
    let version = rich(&here).await;
    let file = here.client.export_prompt_version(version.prompt_id, 2).await.expect("exported");
    let text = String::from_utf8(file.to_vec()).expect("text");
    assert!(text.starts_with("---\nminerva_version: 1\nname: Street scenes\nversion: 2\n"), "{text}");
    assert!(text.ends_with("---\n---\n# Task in {{ city }}\n\nLook at {{ file_name }}.\n---\n"), "{text}");

    let seen = look(&there, &version.file_name(), &text).await.expect("looked at");
    assert_eq!((seen.format, seen.items.len(), seen.versions.len()), (FileFormat::Markdown, 1, 0));
    assert_eq!(seen.items[0].outcome, ImportOutcome::NewPrompt { name: "Street scenes".to_owned() });
    assert_eq!(seen.items[0].warnings, Vec::<String>::new());
    assert_eq!(prompts(&there).await.len(), 1, "looking makes nothing");

    let came = import(&there, &version.file_name(), &text).await.versions.remove(0);
    assert_eq!((&came.content, &came.parts, &came.note, &came.author), (&version.content, &version.parts, &version.note, &version.author));
    assert_eq!((came.version, &came.labels), (1, &version.labels));
    let listed = there.client.prompt_versions(came.prompt_id).await.expect("versions").items.remove(0);
    assert_eq!(listed, came, "as it was told");

    // Here it is the newest version already: nothing is made.
    let again = import(&here, &version.file_name(), &text).await;
    assert_eq!(again.items[0].outcome, ImportOutcome::Same { name: "Street scenes".to_owned(), version: 2 });
    assert!(again.versions.is_empty());
    // Out again from there it says the same, but for its number and moment.
    let out = there.client.export_prompt_version(came.prompt_id, 1).await.expect("exported");
    let rest = |text: &str| {
        text.lines().filter(|line| !line.starts_with("version:") && !line.starts_with("saved_at:")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rest(&String::from_utf8_lossy(&out)), rest(&text));
    assert_eq!(here.client.export_prompt_version(version.prompt_id, 9).await.expect_err("none").code(), Some("not_found"));
}

#[tokio::test]
async fn a_file_of_many_prompts_is_made_in_one_go_and_by_choice() {
    let platform = start().await;
    let file = r#"{"data": [
        {"name": "Photo tags", "type": "text", "version": 4, "prompt": "Tags for {{ subject }}", "labels": ["latest", "production"], "tags": [], "config": {"temperature": 0.4}},
        {"name": "animals", "type": "chat", "version": 2, "labels": [], "tags": ["zoo"], "config": {},
         "prompt": [{"role": "system", "content": "Be exact"}, {"role": "user", "content": "Name the animals, all of them"}]},
        {"name": "animals", "type": "text", "version": 1, "prompt": "Name the animals", "labels": [], "tags": [], "config": {}},
        {"name": "broken", "type": "text", "version": 1, "prompt": "{% if width %}", "labels": [], "tags": [], "config": {}}
    ]}"#;
    let seen = look(&platform, "langfuse.json", file).await.expect("looked at");
    let outcomes: Vec<_> = seen.items.iter().map(|item| (item.name.as_str(), item.version, item.outcome.clone())).collect();
    let shipped = platform.client.prompts().await.expect("prompts").items.remove(0);
    let version = |prompt_id, name: &str, version| ImportOutcome::NewVersion { prompt_id, name: name.to_owned(), version };
    assert_eq!(outcomes[0], ("Photo tags", Some(4), version(Some(shipped.id), "Photo tags", 2)));
    assert_eq!(outcomes[1], ("animals", Some(1), ImportOutcome::NewPrompt { name: "animals".to_owned() }));
    assert_eq!(outcomes[2], ("animals", Some(2), version(None, "animals", 2)));
    assert!(matches!(&outcomes[3].2, ImportOutcome::Refused { why } if why.contains("Line 1")), "{outcomes:?}");
    assert!(seen.items[0].warnings.iter().any(|words| words.contains("{{ subject }}")), "{:?}", seen.items[0].warnings);

    // Nothing of it while one of them can't be.
    let mut asked = ImportPrompts::new("langfuse.json", file.as_bytes());
    let refused = platform.client.import_prompts(&asked, false).await.expect_err("refused");
    assert!(refused.code() == Some("import_refused") && refused.to_string().contains("broken"), "{refused}");
    assert_eq!(prompts(&platform).await, [("Photo tags".to_owned(), 1)]);

    asked.choices =
        vec![ImportChoice { item: 0, into: ImportInto::Prompt { name: "Subjects".to_owned() } }, ImportChoice { item: 3, into: ImportInto::Skip }];
    let made = platform.client.import_prompts(&asked, false).await.expect("imported");
    assert_eq!(made.versions.iter().map(PromptVersion::label).collect::<Vec<_>>(), ["Subjects v1", "animals v1", "animals v2"]);
    assert_eq!((made.versions[0].labels.clone(), made.versions[2].parts.system.as_str()), (vec!["production".to_owned()], "Be exact"));
    let names = [("animals".to_owned(), 2), ("Photo tags".to_owned(), 1), ("Subjects".to_owned(), 1)];
    assert_eq!(prompts(&platform).await, names);
    assert_eq!(made.items[3].outcome, ImportOutcome::Skipped);

    // Once more: each version of the file is there already, the older one too.
    let again = platform.client.import_prompts(&asked, false).await.expect("imported");
    let same = |name: &str, version| ImportOutcome::Same { name: name.to_owned(), version };
    let outcomes: Vec<_> = again.items.iter().take(3).map(|item| item.outcome.clone()).collect();
    assert_eq!(outcomes, [same("Subjects", 1), same("animals", 1), same("animals", 2)]);
    assert_eq!((again.versions.len(), prompts(&platform).await), (0, names.to_vec()));
}

#[tokio::test]
async fn a_version_that_goes_back_to_an_older_text_is_kept_once() {
    let platform = start().await;
    let entry = |version: u32, text: &str| {
        format!(r#"{{"name": "animals", "type": "text", "version": {version}, "prompt": "{text}", "labels": [], "tags": [], "config": {{}}}}"#)
    };
    let file = format!(r#"{{"data": [{}, {}, {}]}}"#, entry(1, "Name animals"), entry(2, "Name birds"), entry(3, "Name animals"));
    for (time, expected) in [3, 0].into_iter().enumerate() {
        let seen = look(&platform, "langfuse.json", &file).await.expect("looked at");
        assert_eq!(seen.items.iter().filter(|item| item.outcome.makes()).count(), expected, "time {time}");
        assert_eq!(import(&platform, "langfuse.json", &file).await.versions.len(), expected, "time {time}");
    }
    assert!(prompts(&platform).await.contains(&("animals".to_owned(), 3)));
}

#[tokio::test]
async fn promptfoo_is_read_with_its_messages_and_values() {
    let platform = start().await;
    let file =
        "prompts:\n  - 'Tags for {{city}}: {{ file_name }}'\n  - file://long.txt\ndefaultTest:\n  vars: {city: Rome}\nproviders: [openai:gpt-5]\n";
    let seen = look(&platform, "street_photos.yaml", file).await.expect("looked at");
    assert_eq!((seen.format, seen.items[0].name.as_str()), (FileFormat::Promptfoo, "street photos 1"));
    assert!(matches!(&seen.items[1].outcome, ImportOutcome::Refused { why } if why.contains("file://long.txt")), "{seen:?}");
    let mut asked = ImportPrompts::new("street_photos.yaml", file.as_bytes());
    asked.choices = vec![ImportChoice { item: 1, into: ImportInto::Skip }];
    let made = platform.client.import_prompts(&asked, false).await.expect("imported").versions.remove(0);
    assert_eq!(made.parts.variables, [Variable { name: "city".to_owned(), value: "Rome".to_owned() }]);
}

#[tokio::test]
async fn what_is_no_file_of_prompts_is_refused_with_words_and_leaves_nothing() {
    let platform = start().await;
    let before = platform.client.prompts().await.expect("prompts");
    let refuse = |name: &str, bytes: Vec<u8>| {
        let (client, asked) = (platform.client.clone(), ImportPrompts::new(name, &bytes));
        async move {
            let looked = client.import_prompts(&asked, true).await.map(|seen| seen.items.into_iter().map(|item| item.outcome).collect::<Vec<_>>());
            let made = client.import_prompts(&asked, false).await.expect_err("refused");
            (looked, made.code().unwrap_or_default().to_owned(), made.to_string())
        }
    };
    let newer = "---\nminerva_version: 9\nname: x\n---\nLook";
    let cases: [(&str, Vec<u8>, &str, &str); 9] = [
        ("cat.jpg", vec![0xff, 0xd8, 0xff, 0, 1], "not_text", "cat.jpg"),
        ("latin.md", b"caf\xe9".to_vec(), "not_utf8", "UTF-8"),
        ("empty.md", Vec::new(), "empty_file", "empty.md"),
        ("large.md", vec![b'x'; 2 * 1024 * 1024 + 1], "file_too_large", "2 MiB"),
        ("newer.md", newer.into(), "newer_file", "newer Minerva"),
        ("open.md", "---\nname: x\nLook".into(), "front_matter", "Line 1"),
        ("broken.yaml", "prompts: [a".into(), "not_yaml", "Line "),
        ("broken.json", "{\"prompts\":".into(), "not_json", "Line 1"),
        ("other.json", "{\"tests\": []}".into(), "unknown_form", "promptfoo"),
    ];
    for (name, bytes, code, words) in cases {
        let (looked, made, said) = refuse(name, bytes).await;
        assert!(looked.is_err() && made == code && said.contains(words), "{name}: {made} {said}");
    }
    // What can be read and is no version says why at its place.
    for (name, text, words) in [
        ("p.md", "---\nminerva_version: 1\nname: x\nparameters: {temperature: 7}\n---\nLook", "Temperature goes from 0 to 2"),
        ("p.md", "---\nminerva_version: 1\nname: x\nvariables: {width: 3}\n---\nLook", "'width'"),
        ("p.md", "---\nminerva_version: 1\nname: x\nschema: '{\"type\": 5}'\n---\nLook", "Answer, line 1"),
        ("p.md", "---\nminerva_version: 1\nname: x\nlabels: ['a,b']\n---\nLook", "','"),
        ("p.md", "---\nminerva_version: 1\nname: ''\n---\nLook", "name"),
        ("p.md", "---\nname: x\n---\n  \n", "empty"),
        ("p.txt", "{% for a in file_name %}", "Line 1"),
    ] {
        let (looked, code, said) = refuse(name, text.into()).await;
        assert!(matches!(looked.as_deref(), Ok([ImportOutcome::Refused { why }]) if why.contains(words)), "{text}: {looked:?}");
        assert!(code == "import_refused" && said.contains(words), "{text}: {said}");
    }
    let asked = ImportPrompts { file: "no base64!".to_owned(), ..ImportPrompts::new("p.md", b"x") };
    assert_eq!(platform.client.import_prompts(&asked, true).await.expect_err("refused").code(), Some("not_base64"));
    assert_eq!(platform.client.prompts().await.expect("prompts"), before);
}
