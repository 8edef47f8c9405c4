//! Pipeline control: prompts, drafts, versions, models, keys, rules.

use std::collections::HashMap;

use chrono::TimeDelta;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command, PipelineView, Route};
use minerva_console::keys::Keys;
use minerva_console::providers::{ProviderSettings, Providers};
use minerva_console::wire::prompt::{CreatePrompt, Prompt, SavePromptVersion, UpdatePrompt};

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::{Options, lasting_prices};
use crate::support::pointer;

/// A prompt with everything that the editor marks.
const RICH: &str = "\
# Task
You describe photos for a **search index** of a *city archive*.

{# The archive's own words come first. #}
{% if width > height %}
The photo `{{ file_name }}` is {{ width }} × {{ height }} pixels and wide, so look at both sides of it before you decide what its main subject is.
{% endif %}

## Answer
Answer with JSON only:

```json
{\"caption\": \"one plain sentence\", \"tags\": [{\"name\": \"tag\", \"confidence\": 0.0}]}
```

- Up to 15 tags: the main subject first
- Lower-case nouns in the singular
1. People
2. Places

> Name only what can be seen.
";

fn options() -> Options {
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    let keys = Keys::new(HashMap::new(), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: lasting_prices() }, &keys);
    Options { providers, keys, clock, ..Options::default().without_workers() }
}

/// A console in the area, with the shipped prompt open.
fn open_looking(look: Look) -> Console {
    let mut console = Console::open_looking(options(), look);
    show(&mut console);
    console
}

fn open() -> Console {
    open_looking(Look { size: [1440.0, 900.0], ..Look::default() })
}

fn show(console: &mut Console) {
    console.go_to(AreaId::PipelineControl);
    console.wait_for("Draft saved");
}

/// The prompt that the console opens first, as the platform holds it.
fn prompt(console: &Console) -> Prompt {
    let client = console.client();
    console.block_on(async { client.prompts().await.expect("prompts").items.remove(0) })
}

/// Whether a list has a row of this name.
fn row(console: &Console, name: &str) -> bool {
    console.harness.query_by_role_and_label(egui::Role::Button, name).is_some()
}

/// Puts the cursor at the end of the editor and types.
fn type_at_the_end(console: &mut Console, text: &str) {
    console.harness.get_by_label("Prompt").focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::End);
    console.type_text(text);
}

#[test]
fn what_is_typed_survives_a_restart() {
    let mut console = open();
    type_at_the_end(&mut console, "Prefer short tags.");
    console.wait_for("Saving…");
    console.wait_for("Draft saved");
    assert!(prompt(&console).draft.is_some_and(|draft| draft.ends_with("Prefer short tags.")));
    console.wait_until("the list marks the draft", |console| console.harness.query_by_label("Photo tags, v1 is live, has a draft").is_some());

    // Typed just before the window closes: too late for the autosave.
    console.type_text(" And no verbs.");
    let folder = console.close();
    let mut console = Console::open_in(folder, options(), Look::default());
    show(&mut console);
    console.wait_for("Prefer short tags. And no verbs.");
}

#[test]
fn a_text_becomes_a_version_goes_live_and_back() {
    let mut console = open();
    type_at_the_end(&mut console, "Prefer short tags.");
    console.press(Modifiers::COMMAND, Key::S);
    console.wait_for("Save as Photo tags v2");
    console.press(Modifiers::COMMAND, Key::Enter);
    assert_eq!(console.harness.state().shown(), AreaId::PipelineControl, "no comparison begins beneath the dialog");
    console.type_text("Shorter");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Photo tags v2 is saved");
    console.wait_until("the list has it", |console| console.harness.query_by_label("Version 2").is_some() && console.says("Shorter"));
    assert_eq!((prompt(&console).draft, prompt(&console).live_version), (None, Some(1)));

    console.command(Command::MakePromptLive);
    console.wait_for("Photo tags v2 is live");
    console.wait_until("it is marked", |console| console.harness.query_by_label("Version 2, live").is_some());
    assert_eq!(prompt(&console).live_version, Some(2));

    console.click("Changes");
    console.wait_until("the journal", |console| console.harness.query_by_label_contains("Undo: Live prompt").is_some());
    pointer::click_label_contains(&mut console.harness, "Undo: Live prompt");
    console.wait_for("Undone");
    console.click("Versions");
    console.wait_until("the first is live again", |console| console.harness.query_by_label("Version 1, live").is_some());
    assert_eq!(prompt(&console).live_version, Some(1));
}

#[test]
fn a_prompt_that_was_renamed_gets_its_name_back_from_the_message() {
    let mut console = open();
    console.harness.get_by_role_and_label(egui::Role::Button, "Photo tags, v1 is live").focus();
    console.steps();
    console.press(Modifiers::NONE, Key::F2);
    console.wait_until("its name is a field", |console| console.harness.query_by_label("Name of the prompt").is_some_and(|field| field.is_focused()));
    console.fill("Name of the prompt", "Bird tags");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Photo tags is called Bird tags now");
    assert_eq!(prompt(&console).name, "Bird tags");
    console.wait_until("one message", |console| console.harness.query_all_by_label("Undo").count() == 1);
    console.click("Undo");
    console.wait_for("Bird tags is called Photo tags now");
    assert_eq!(prompt(&console).name, "Photo tags");
}

#[test]
fn at_150_percent_of_1280_by_800_pixels_nothing_is_cut_off() {
    let size = [1280.0 / 1.5, 800.0 / 1.5];
    let mut console = open_looking(Look { size, pixels_per_point: 1.5, ..Look::default() });
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
    let is_inside = |console: &Console, label: &str| {
        let mut nodes = console.harness.query_all_by_label(label).peekable();
        assert!(nodes.peek().is_some(), "{label} is there");
        for node in nodes {
            assert!(window.expand(0.5).contains_rect(node.rect()), "{label} lies at {:?}", node.rect());
        }
    };
    for label in ["Live status", "Analytics", "Commands", "Shortcuts", "Settings", "Save as version…", "Deploy…"] {
        is_inside(&console, label);
    }
    for (tab, shows) in [("Deploy", "Deploy to staging…"), ("Models", "Search the models"), ("Changes", "Search the changes"), ("Rules", "Apply")] {
        is_inside(&console, tab);
        console.click(tab);
        console.wait_until(shows, |console| console.harness.query_by_label(shows).is_some());
        is_inside(&console, shows);
    }
}

#[test]
fn each_tab_and_page_is_reached_by_a_command() {
    let mut console = open();
    for (view, says) in [
        (PipelineView::SystemText, "Part: System"),
        (PipelineView::Answer, "Part: Answer"),
        (PipelineView::PromptSettings, "Part: Settings"),
        (PipelineView::Preview, "Part: Preview"),
        (PipelineView::Prompts, "Part: Prompt"),
    ] {
        // Also from a page that lies over the prompt.
        console.command(Command::GoTo(Route::Providers));
        console.wait_until("the page", |console| console.harness.query_by_label(says).is_none());
        console.command(Command::GoTo(Route::Pipeline(view)));
        console.wait_until(says, |console| console.harness.query_by_label(says).is_some_and(|tab| is_chosen(&tab)));
    }
    for (route, tab) in [
        (Route::Pipeline(PipelineView::Findings), "Findings"),
        (Route::Pipeline(PipelineView::Versions), "Versions"),
        (Route::Pipeline(PipelineView::Changes), "Changes"),
        (Route::Deployments, "Deploy"),
        (Route::Models, "Models"),
        (Route::Rules, "Rules"),
    ] {
        console.command(Command::GoTo(route));
        console.wait_until(tab, |console| {
            console.harness.query_all_by(|node| node.label().is_some_and(|label| label.starts_with(tab))).any(|node| is_chosen(&node))
        });
    }
}

fn is_chosen(node: &egui_kittest::Node<'_>) -> bool {
    let node = node.accesskit_node();
    node.is_selected() == Some(true) || node.toggled() == Some(egui::accesskit::Toggled::True)
}

#[test]
fn a_template_with_a_fault_is_told_at_its_line_and_not_saved() {
    let mut console = open();
    type_at_the_end(&mut console, "{{ colour }}");
    console.wait_for("Nothing gives {{ colour }} a value; known are file_name, width, height");
    console.command(Command::SavePromptVersion);
    console.wait_for("Save as Photo tags v2");
    console.press(Modifiers::NONE, Key::Enter);
    console.steps();
    assert!(console.says("Save as Photo tags v2"), "the dialog stays");
    assert_eq!(prompt(&console).latest_version, 1);
    pointer::click_label_contains(&mut console.harness, "Go to line ");
    console.steps();
    assert!(!console.says("Save as Photo tags v2"));
    assert!(console.harness.get_by_label("Prompt").is_focused());
}

#[test]
fn a_version_comes_back_into_the_editor_and_ctrl_z_takes_it_out_again() {
    let mut console = open();
    type_at_the_end(&mut console, "Prefer short tags.");
    console.wait_until("there is a draft", |console| row(console, "Draft"));
    console.click("Version 1, live");
    console.wait_for("can't be changed");
    assert!(!console.says("Prefer short tags."), "the version is shown, not the draft");
    console.click("Restore into the editor");
    console.wait_until("the text is the version's", |console| !row(console, "Draft"));
    assert!(!console.says("Prefer short tags."));
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_for("Prefer short tags.");
}

#[test]
fn tab_indents_and_escape_leaves_the_editor() {
    let mut console = open();
    type_at_the_end(&mut console, "- one");
    console.press(Modifiers::NONE, Key::Home);
    console.press(Modifiers::NONE, Key::Tab);
    console.wait_for("\n  - one");
    console.press(Modifiers::SHIFT, Key::Tab);
    console.wait_for("\n- one");
    assert!(console.harness.get_by_label("Prompt").is_focused());
    console.press(Modifiers::NONE, Key::Escape);
    assert!(!console.harness.get_by_label("Prompt").is_focused());
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_shown_beside_ones_own_and_nothing_is_lost() {
    let mut console = open();
    let client = console.client();
    let others = |console: &Console, text: &str| {
        let prompt = prompt(console);
        let update = UpdatePrompt { draft: Some(text.to_owned()), ..UpdatePrompt::default() };
        console.block_on(client.update_prompt(prompt.id, prompt.revision, &update)).expect("updated");
    };
    others(&console, "Quite another text.");
    console.wait_for("Photo tags was changed by you");
    console.wait_for("Quite another text.");

    // Typing and the other's write cross: whichever is first, both texts are there to choose from.
    type_at_the_end(&mut console, " Mine.");
    others(&console, "A third text.");
    console.wait_for("Nothing is saved until you choose");
    assert!(console.says("A third text.") && console.says("Quite another text. Mine."));
    console.click("Take the other");
    console.wait_until("the conflict is over", |console| !console.says("until you choose") && !console.says("Mine."));
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_for("Quite another text. Mine.");
    console.wait_for("Draft saved");
    assert_eq!(prompt(&console).draft.as_deref(), Some("Quite another text. Mine."));
}

#[test]
fn prompts_are_made_and_renamed_from_the_keyboard() {
    let mut console = open();
    console.press(Modifiers::COMMAND, Key::N);
    console.wait_for("Start with the text of Photo tags");
    console.type_text("Street scenes");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_until("it is in the list", |console| row(console, "Street scenes"));
    console.wait_until("its editor has the keyboard", |console| console.harness.query_by_label("Prompt").is_some_and(|node| node.is_focused()));
    console.type_text("Look at streets.");
    console.wait_for("Draft saved");
    console.press(Modifiers::NONE, Key::Escape);
    console.press(Modifiers::NONE, Key::F2);
    console.harness.get_by_label("Name of the prompt");
    console.press(Modifiers::COMMAND, Key::A);
    console.type_text("Squares");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_until("it has its new name", |console| console.harness.query_by_label("Squares, has a draft").is_some());
    assert!(console.says("Look at streets."));
}

#[test]
fn a_name_that_is_taken_is_said_at_the_field_and_what_was_typed_stays() {
    let mut console = open();
    let taken = "There is a prompt named 'Photo tags' already; choose another name";
    console.press(Modifiers::COMMAND, Key::N);
    console.wait_for("Start with the text of Photo tags");
    console.type_text("photo TAGS");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for(taken);
    console.wait_until("the field keeps the keyboard", |console| console.harness.get_by_label("Name").is_focused());
    console.type_text(" 2");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_until("it is made under the other name", |console| row(console, "photo TAGS 2"));
    assert!(!console.says(taken));

    console.wait_until("its editor has the keyboard", |console| console.harness.query_by_label("Prompt").is_some_and(|node| node.is_focused()));
    console.press(Modifiers::NONE, Key::Escape);
    console.press(Modifiers::NONE, Key::F2);
    console.wait_until("the name can be typed", |console| console.harness.query_by_label("Name of the prompt").is_some_and(|node| node.is_focused()));
    console.press(Modifiers::COMMAND, Key::A);
    console.type_text("Photo tags");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for(taken);
    console.wait_until("the field keeps the keyboard", |console| console.harness.get_by_label("Name of the prompt").is_focused());
    assert_eq!(console.harness.get_by_label("Name of the prompt").value().as_deref(), Some("Photo tags"));
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("the old name is back", |console| row(console, "photo TAGS 2"));
}

#[test]
fn rules_are_applied() {
    let mut console = open();
    console.click("Rules");
    console.wait_for("60 % and more is accepted");
    console.harness.get_by_label("Workers").focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::A);
    console.type_text("3");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_until("it can be applied", |console| !console.harness.get_by_label("Apply").accesskit_node().is_disabled());
    console.click("Apply");
    console.wait_for("The rules are applied");
    let client = console.client();
    assert_eq!(console.block_on(client.config()).expect("config").rules.workers, 3);
}

/// A look at the area, with two prompts, two versions and a draft.
fn pictures(name: &str, look: Look) {
    let mut console = Console::open_looking(options(), look);
    let client = console.client();
    let first = prompt(&console);
    console.block_on(async {
        let note = "Looks at both sides of wide photos".to_owned();
        let version = SavePromptVersion { content: RICH.to_owned(), note, ..SavePromptVersion::default() };
        client.save_prompt_version(first.id, &version).await.expect("saved");
        let street = CreatePrompt {
            name: "Street scenes of the old town and its harbour".to_owned(),
            content: Some("Hi".to_owned()),
            ..CreatePrompt::default()
        };
        let street = client.create_prompt(&street).await.expect("created");
        let draft = UpdatePrompt { draft: Some("Hello".to_owned()), ..UpdatePrompt::default() };
        client.update_prompt(street.id, street.revision, &draft).await.expect("updated");
    });
    show(&mut console);
    console.wait_for("city archive");
    console.wait_until("the text is analysed", |console| console.harness.query_by_label_contains("Findings: 2 hints").is_some());
    console.picture(&format!("pipeline_control_{name}"));
    console.click("Models");
    // The name of the provider stands in the list of providers too, before the models have come.
    console.wait_until("the models", |console| console.harness.query_by_label("Details of On-device").is_some());
    console.picture(&format!("pipeline_control_models_{name}"));
    console.click("Rules");
    console.picture(&format!("pipeline_control_rules_{name}"));
    console.click("Versions");
    console.click("Version 1, live");
    console.wait_for("can't be changed");
    console.picture(&format!("pipeline_control_version_{name}"));
    console.click("Back to the editor");
    type_at_the_end(&mut console, "{{ colour }}");
    console.wait_for("Photo tags, v1 is live, has a draft");
    console.wait_for("Draft saved");
    console.wait_until("the fault is found", |console| console.harness.query_by_label_contains("Findings: 1 error").is_some());
    console.picture(&format!("pipeline_control_fault_{name}"));
}

pictured!(in every look);
