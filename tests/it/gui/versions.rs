//! Versions in the window: two held against each other, labelled, searched, sent to the lab, and prompts as files.

use std::collections::HashMap;

use chrono::TimeDelta;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command};
use minerva_console::keys::Keys;
use minerva_console::providers::{ProviderSettings, Providers};
use minerva_console::wire::prompt::{CreatePrompt, Prompt, SavePromptVersion, UpdatePrompt};
use minerva_console::wire::prompt_label::ChangeLabels;
use minerva_console::wire::prompt_parts::{Parameters, PromptParts};

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::{Options, lasting_prices};
use crate::support::pointer;

/// The second version of the shipped prompt: a line moved, words changed, lines added.
const SECOND: &str = "\
You describe photos for a search index of a city archive.

Look at the photo and answer with JSON only:

{\"caption\": \"one plain sentence\", \"tags\": [{\"name\": \"tag\", \"confidence\": 0.0}]}

- Name only what can be seen. Don't guess names of people.
- Give up to 12 tags: the main subject first, then the place, the light and the mood.
- Tags are lower-case English nouns or short noun phrases in the singular: \"dog\", \"sandy beach\".
- Name streets and buildings that you are sure of.
- Confidence is a number from 0 to 1: how sure you are that a careful person would agree.
";

fn options() -> Options {
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    let keys = Keys::new(HashMap::new(), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: lasting_prices() }, &keys);
    Options { providers, keys, clock, ..Options::default().without_workers() }
}

/// A console in the area; the shipped prompt has two versions, a second prompt has one.
fn open_looking(look: Look) -> Console {
    open_on(options(), look)
}

fn open_on(options: Options, look: Look) -> Console {
    let mut console = Console::open_looking(options, look);
    let client = console.client();
    console.block_on(async {
        let first = client.prompts().await.expect("prompts").items.remove(0);
        let note = "For the archive".to_owned();
        let parts = PromptParts { parameters: Parameters { temperature: Some(0.2), ..Parameters::default() }, ..PromptParts::default() };
        let second = SavePromptVersion { content: SECOND.to_owned(), parts, note, author: String::new() };
        client.save_prompt_version(first.id, &second).await.expect("saved");
        let streets = CreatePrompt {
            name: "Street scenes".to_owned(),
            content: Some("# Streets\n\nName the streets of the old town, and their shops.".to_owned()),
            ..CreatePrompt::default()
        };
        client.create_prompt(&streets).await.expect("created");
    });
    console.go_to(AreaId::PipelineControl);
    console.wait_for("Draft saved");
    console.wait_until("both versions are listed", |console| row(console, "Version 2") && row(console, "Version 1, live"));
    console
}

fn open() -> Console {
    open_looking(Look { size: [1440.0, 900.0], ..Look::default() })
}

fn row(console: &Console, name: &str) -> bool {
    console.harness.query_by_role_and_label(egui::Role::Button, name).is_some()
}

/// The shipped prompt, as the platform holds it.
fn prompt(console: &Console) -> Prompt {
    let client = console.client();
    let prompts = console.block_on(client.prompts()).expect("prompts").items;
    prompts.into_iter().find(|prompt| prompt.name == "Photo tags").expect("shipped")
}

fn labels(console: &Console, version: usize) -> Vec<String> {
    let (client, id) = (console.client(), prompt(console).id);
    let mut versions = console.block_on(client.prompt_versions(id)).expect("versions").items;
    versions.reverse();
    versions.swap_remove(version - 1).labels
}

fn put_label(console: &Console, version: u32, label: &str) {
    let (client, id) = (console.client(), prompt(console).id);
    let change = ChangeLabels { add: vec![label.to_owned()], remove: Vec::new() };
    console.block_on(client.change_prompt_labels(id, version, &change)).expect("labelled");
}

fn choose_from_menu(console: &mut Console, version: u32, item: &str) {
    console.click(&format!("More for version {version}"));
    console.wait_for(item);
    console.click(item);
}

/// Searches through all versions for these words.
fn search(console: &mut Console, words: &str) {
    console.harness.get_by_label("Search all versions").focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::A);
    console.press(Modifiers::NONE, Key::Delete);
    if !words.is_empty() {
        console.type_text(words);
    }
}

/// Writes a file into the console's own folder and drops it on the window.
fn drop_file(console: &mut Console, name: &str, bytes: &[u8]) {
    let path = console.folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    console.drop_files(&[path]);
}

#[test]
fn what_the_newest_version_changes_in_what_is_live_is_one_click_away() {
    let mut console = open();
    console.click("Compare versions");
    console.wait_for("words added");
    assert!(console.says("From version: v1 · live") && console.says("To version: v2"));
    assert!(
        console.says("Before: You describe photos for a search index.")
            && console.says("After: You describe photos for a search index of a city archive.")
    );
    assert!(console.says("Moved, line 7 on the other side: - Name only what can be seen. Don't guess names of people."));
    assert!(console.says("Added: - Name streets and buildings that you are sure of."));
    assert!(console.says("\"temperature\": 0.2"), "all parts are compared");

    // Through the changes by keyboard, round and round.
    console.press(Modifiers::NONE, Key::F7);
    console.wait_for("1 of ");
    console.press(Modifiers::NONE, Key::F7);
    console.wait_for("2 of ");
    console.press(Modifiers::SHIFT, Key::F7);
    console.press(Modifiers::SHIFT, Key::F7);
    assert!(!console.says("2 of ") && !console.says("1 of "), "before the first comes the last");

    console.click("Inline");
    console.wait_for("Changed: You describe photos for a search index of a city archive.");
    console.click("Swap the sides");
    console.wait_for("Removed: - Name streets and buildings that you are sure of.");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("Draft saved");
    assert!(!console.says("words added"));
}

#[test]
fn two_versions_are_chosen_with_ctrl_click_and_a_draft_is_compared_as_it_is_typed() {
    let mut console = open();
    pointer::click_with(&mut console.harness, Modifiers::COMMAND, |shown| shown.query_by_label("Version 2").map(|node| node.rect()));
    console.wait_for("v2 is chosen");
    pointer::click_with(&mut console.harness, Modifiers::COMMAND, |shown| shown.query_by_label("Version 1, live").map(|node| node.rect()));
    console.wait_for("words added");
    assert!(console.says("From version: v1 · live") && console.says("To version: v2"), "the older one first");
    // A version that is clicked is shown instead.
    console.click("Version 1, live");
    console.wait_for("can't be changed");
    assert!(!console.says("words added"));

    let client = console.client();
    let write = |console: &Console, text: String| {
        let known = prompt(console);
        let draft = UpdatePrompt { draft: Some(text), ..UpdatePrompt::default() };
        console.block_on(client.update_prompt(known.id, known.revision, &draft)).expect("kept");
    };
    write(&console, format!("{SECOND}- A last line.\n"));
    console.wait_until("there is a draft", |console| row(console, "Draft"));
    choose_from_menu(&mut console, 2, "Compare with the draft");
    console.wait_for("Added: - A last line.");
    assert!(console.says("To version: Draft"));
    write(&console, format!("{SECOND}- Another last line.\n"));
    console.wait_for("Added: - Another last line.");
}

#[test]
fn what_is_the_same_is_folded_until_it_is_wanted() {
    let mut console = open();
    let (client, known) = (console.client(), prompt(&console));
    let lines: Vec<String> = (1..=120).map(|line| format!("Line {line} of a long prompt\n")).collect();
    let long = lines.concat();
    for text in [long.clone(), long.replace("Line 60 of a long", "Line 60 of a very long")] {
        let save = SavePromptVersion { content: text, ..SavePromptVersion::default() };
        console.block_on(client.save_prompt_version(known.id, &save)).expect("saved");
    }
    console.wait_until("it is listed", |console| row(console, "Version 4"));
    choose_from_menu(&mut console, 4, "Compare with the one before");
    console.wait_for("Show 56 lines that are the same");
    assert!(console.says("After: Line 60 of a very long prompt") && !console.says("Line 20 of a long prompt"));
    console.click("Show 56 lines that are the same");
    console.wait_for("Line 2 of a long prompt");
    console.click("Show all lines");
    console.wait_until("nothing is folded", |console| !console.says("lines that are the same"));
}

#[test]
fn labels_are_put_on_filtered_by_and_taken_back() {
    let mut console = open();
    choose_from_menu(&mut console, 2, "Labels…");
    console.wait_for("Labels of Photo tags v2");
    console.fill("Add a label", "a,b");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("A label has no ','");
    assert!(labels(&console, 2).is_empty());
    console.fill("Add a label", "good for food");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Photo tags v2 is labelled good for food");
    console.wait_for("Take good for food off");
    console.click("Done");
    assert_eq!(labels(&console, 2), ["good for food"]);

    console.click("Filter by label");
    console.wait_for("good for food (1)");
    console.click("good for food (1)");
    console.wait_until("it is found", |console| row(console, "Found Photo tags v2"));
    console.wait_for("1 version");
    console.click("No longer filter by good for food");
    console.wait_until("all are listed", |console| row(console, "Version 1, live"));

    console.click("Undo");
    console.wait_until("it is off again", |console| labels(console, 2).is_empty());
}

#[test]
fn versions_of_every_prompt_are_found_by_their_words() {
    let mut console = open();
    search(&mut console, "old town");
    console.wait_until("it is found", |console| row(console, "Found Street scenes v1"));
    assert!(console.says("old town, and their shops.") && !row(&console, "Version 2"));
    console.click("Found Street scenes v1");
    console.wait_for("can't be changed");
    search(&mut console, "no such words");
    console.wait_for("No version has these words");
    console.click("Show all versions");
    console.wait_until("its own are listed", |console| row(console, "Version 1") && !row(console, "Version 1, live"));
    // What is saved meanwhile is found too.
    search(&mut console, "harbour");
    console.wait_for("No version has these words");
    let (client, known) = (console.client(), prompt(&console));
    let save = SavePromptVersion { content: "Ships in the harbour".to_owned(), ..SavePromptVersion::default() };
    console.block_on(client.save_prompt_version(known.id, &save)).expect("saved");
    console.wait_until("it is found", |console| row(console, "Found Photo tags v3"));
}

#[test]
fn two_versions_go_to_the_lab_with_one_click() {
    let mut console = open_on(options().seeded(), Look { size: [1440.0, 900.0], ..Look::default() });
    console.click("Compare versions");
    console.wait_for("words added");
    console.click("Test both…");
    let is_chosen = |console: &Console, name: &str| {
        let chosen = console.harness.query_all_by_role_and_label(egui::Role::CheckBox, name);
        chosen.into_iter().any(|node| node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True))
    };
    console.wait_until("both are chosen", |console| is_chosen(console, "Photo tags v1") && is_chosen(console, "Photo tags v2"));
    assert!(!is_chosen(&console, "Street scenes v1"));
    console.wait_for("2 prompts × 1 model");
}

#[test]
fn a_file_is_looked_at_before_it_becomes_versions() {
    let mut console = open();
    let file = r#"[
        {"name": "Photo tags", "prompt": "Tags of {{ subject }}", "version": 7, "labels": ["production", "latest"]},
        {"name": "animals", "prompt": "Name the animals", "version": 1},
        {"name": "broken", "prompt": "{% if width %}", "version": 1}
    ]"#;
    drop_file(&mut console, "langfuse.json", file.as_bytes());
    console.wait_for("Import langfuse.json");
    assert!(console.says("Becomes v3") && console.says("New prompt") && console.says("Can't be imported"));
    assert!(console.says("The label latest is left out") && console.says("Nothing gives {{ subject }} a value"));
    assert_eq!(prompt(&console).latest_version, 2, "nothing is saved yet");
    console.wait_for("Import 2 versions");
    console.steps();
    console.click("Show the text of animals");
    console.wait_for("Name the animals");
    // The same prompt under another name.
    let field = console.harness.query_all_by_role_and_label(egui::Role::TextInput, "Into the prompt").next().expect("a field");
    field.focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::A);
    console.type_text("Subjects");
    console.wait_until("it would be new", |console| !console.says("Becomes v3"));
    console.click("Import animals (v1 there)");
    console.wait_until("one is left", |console| row(console, "Import 1 version"));
    console.wait_until("it can be imported", |console| !console.harness.get_by_label("Import 1 version").accesskit_node().is_disabled());
    console.click("Import 1 version");
    console.wait_for("Subjects v1 is imported");
    console.wait_until("it is open", |console| console.says("Tags of {{ subject }}") && row(console, "Version 1"));
    let client = console.client();
    let names: Vec<String> = console.block_on(client.prompts()).expect("prompts").items.into_iter().map(|prompt| prompt.name).collect();
    assert_eq!(names, ["Photo tags", "Street scenes", "Subjects"]);
}

#[test]
fn a_file_that_can_t_be_read_says_why_and_saves_nothing() {
    let mut console = open();
    let large = vec![b'x'; 2 * 1024 * 1024 + 1];
    for (name, bytes, words) in [
        ("cat.png", &[0x89, b'P', 0, 1][..], "cat.png is not a text"),
        ("newer.md", b"---\nminerva_version: 5\n---\nLook", "written by a newer Minerva"),
        ("broken.yaml", b"prompts: [a", "this is not YAML"),
        ("large.md", &large, "files of at most 2 MiB are read"),
    ] {
        drop_file(&mut console, name, bytes);
        console.wait_for(words);
    }
    let client = console.client();
    assert_eq!(console.block_on(client.prompts()).expect("prompts").items.len(), 2);
}

#[test]
fn a_version_is_exported_to_a_typed_path_and_comes_in_again_as_the_same() {
    let mut console = open();
    let path = console.folder.path().join("tags.md");
    choose_from_menu(&mut console, 2, "Export…");
    console.wait_for("Export Photo tags v2");
    console.fill("No file was chosen in a dialog of this system. Type the path of the file", "/no/such/folder/x.md");
    console.click("Save");
    console.wait_for("There is no folder /no/such/folder");
    console.fill("No file was chosen in a dialog of this system. Type the path of the file", &path.to_string_lossy());
    console.click("Save");
    console.wait_for("Exported to ");
    let text = std::fs::read_to_string(&path).expect("written");
    assert!(text.contains("note: For the archive") && text.contains("temperature: 0.2") && text.ends_with(SECOND), "{text}");
    console.drop_files(&[path]);
    console.wait_for("Import tags.md");
    assert!(console.says("Same as v2"));
    console.click("Cancel");
}

#[test]
fn hundreds_of_versions_are_a_short_list_at_any_moment() {
    let mut console = open();
    let (client, known) = (console.client(), prompt(&console));
    console.block_on(async {
        for at in 3..=400 {
            let save = SavePromptVersion { content: format!("Text {at}"), ..SavePromptVersion::default() };
            client.save_prompt_version(known.id, &save).await.expect("saved");
        }
    });
    console.wait_until("the newest is there", |console| row(console, "Version 400"));
    let drawn = console.harness.query_all_by(|node| node.label().is_some_and(|label| label.starts_with("Version "))).count();
    assert!(drawn < 60, "{drawn} rows are drawn");
}

/// Pictures of the comparison, of the list with labels, of a search and of an import.
fn pictures(name: &str, look: Look) {
    let mut console = open_looking(look);
    put_label(&console, 1, "production");
    put_label(&console, 2, "candidate");
    console.wait_until("both labels are shown", |console| console.says("candidate") && console.says("production"));
    console.click("Compare versions");
    console.wait_for("words added");
    console.click("Side by side");
    console.press(Modifiers::NONE, Key::F7);
    console.picture(&format!("versions_side_by_side_{name}"));
    console.click("Inline");
    console.picture(&format!("versions_inline_{name}"));
    console.press(Modifiers::NONE, Key::Escape);
    search(&mut console, "tags");
    console.wait_until("they are found", |console| row(console, "Found Photo tags v2"));
    console.picture(&format!("versions_search_{name}"));
    search(&mut console, "");
    choose_from_menu(&mut console, 2, "Labels…");
    console.wait_for("In use elsewhere");
    console.picture(&format!("versions_labels_{name}"));
    console.click("Done");
    let file = r#"[
        {"name": "Photo tags", "prompt": "Tags of {{ subject }}", "version": 7, "commitMessage": "Asks for one subject", "labels": ["production", "latest"], "config": {"model": "gpt-5", "temperature": 0.4}},
        {"name": "animals", "prompt": [{"role": "system", "content": "Be exact"}, {"role": "user", "content": "Name the animals"}], "version": 1},
        {"name": "broken", "prompt": "{% if width %}", "version": 1}
    ]"#;
    drop_file(&mut console, "langfuse.json", file.as_bytes());
    console.wait_for("Import langfuse.json");
    console.picture(&format!("versions_import_{name}"));
}

pictured!(in every look);
#[test]
fn the_palette_knows_comparing_importing_and_exporting() {
    let all = Command::palette();
    for command in [Command::CompareVersions, Command::ImportPrompts, Command::ExportPromptVersion] {
        assert!(all.contains(&command) && command.home() == Some(AreaId::PipelineControl), "{command:?}");
    }
}
