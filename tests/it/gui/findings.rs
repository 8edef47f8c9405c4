//! Pipeline control: what the analysis of a prompt finds, how it is shown and mended, and what a photo takes.

use std::collections::HashMap;

use chrono::TimeDelta;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command};
use minerva_console::gui::shell::App;
use minerva_console::keys::Keys;
use minerva_console::providers::{ProviderSettings, Providers};
use minerva_console::wire::prompt::{SavePromptVersion, UpdatePrompt};
use minerva_console::wire::prompt_parts::{Parameters, PromptParts, Variable};

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::{Options, lasting_prices};
use crate::support::pointer;

/// One line with a mistake of each weight.
const MISTAKES: &str = "\
You tag photos for an archive. The file is {{ file_nam }}.

- Give exactly 5 tags.
- Name the place, etc.
- Write up to 15 tags, etc.
- Confidence goes from 0 to 1.

```json
{\"caption\": \"one sentence\", \"tags\": [{\"name\": \"dog\", \"confidence\": 0.5},]}
```
";

fn options() -> Options {
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    // A key makes a provider's models count; nothing is asked of it.
    let keys = Keys::new(HashMap::from([("openai".to_owned(), "sk-test-0000".to_owned().into())]), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: lasting_prices() }, &keys);
    Options { providers, keys, clock, ..Options::default().without_workers() }
}

/// A console whose prompt has this text as its draft, with the findings shown.
fn open_with(text: &str, look: Look) -> Console {
    let mut console = Console::open_looking(options(), look);
    set_draft(&console, text);
    show(&mut console);
    console
}

fn open(text: &str) -> Console {
    open_with(text, Look { size: [1440.0, 900.0], ..Look::default() })
}

fn set_draft(console: &Console, text: &str) {
    let client = console.client();
    console.block_on(async {
        let prompt = client.prompts().await.expect("prompts").items.remove(0);
        let update = UpdatePrompt { draft: Some(text.to_owned()), ..UpdatePrompt::default() };
        client.update_prompt(prompt.id, prompt.revision, &update).await.expect("kept");
    });
}

fn show(console: &mut Console) {
    console.go_to(AreaId::PipelineControl);
    console.wait_for("Draft saved");
    console.wait_until("the tab", |console| tab(console).is_some());
    // Its name changes as soon as something is found.
    pointer::click(&mut console.harness, |shown| tab_of(shown).map(|node| node.rect()));
    console.wait_for("Of the text as it is now");
}

/// What the tab says.
fn tab(console: &Console) -> Option<String> {
    tab_of(&console.harness).and_then(|node| node.accesskit_node().label())
}

fn tab_of<'h>(shown: &'h egui_kittest::Harness<'_, App>) -> Option<egui_kittest::Node<'h>> {
    let is_it = |label: String| label == "Findings" || label.starts_with("Findings: ");
    shown.query_all_by_role(egui::Role::Button).find(|node| node.accesskit_node().label().is_some_and(is_it))
}

/// Whether there is a button of this name.
fn button(console: &Console, name: &str) -> bool {
    console.harness.query_by_role_and_label(egui::Role::Button, name).is_some()
}

#[test]
fn findings_are_told_with_their_place_mended_with_one_click_and_taken_back_with_one_key() {
    let mut console = open(MISTAKES);
    console.wait_until("the tab counts them", |console| tab(console).as_deref() == Some("Findings: 1 error, 2 warnings, 4 hints"));
    for said in [
        "Line 1: “file_nam” is no variable; did you mean “file_name”?",
        "Line 5: “up to 15 tags” contradicts “exactly 5 tags” in line 3",
        "Line 9: A comma before a closing bracket is no JSON",
    ] {
        assert!(button(&console, said), "{said}");
    }
    console.click("Fix: Write “file_name”");
    console.wait_for("{{ file_name }}");
    console.wait_until("the error is gone", |console| tab(console).as_deref() == Some("Findings: 2 warnings, 4 hints"));
    assert!(console.harness.get_by_label("Prompt").is_focused());
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_for("{{ file_nam }}");

    console.click("Fix all 2 of this kind");
    console.wait_until("both are taken out", |console| !console.says("etc"));
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_until("one step brings both back", |console| console.says("Name the place, etc.") && console.says("up to 15 tags, etc."));
}

#[test]
fn a_variable_that_is_missing_is_told_once_and_added_with_one_click() {
    let mut console = open("Look at {{ camera }} and {{ camera }}. Answer as JSON: a list named tags. Confidence is a number from 0 to 1.");
    console.wait_until("it is told", |console| button(console, "Line 1: “camera” is no variable (used in 2 places)"));
    console.click("Fix: Add the variable");
    console.wait_until("its value is what is typed next", |console| {
        console.harness.query_by_label("Value of camera").is_some_and(|node| node.is_focused())
    });
    console.click("Undo");
    until_parts(&mut console, "one step takes it out", |parts| parts.variables.is_empty());
    console.wait_until("it is told again", |console| button(console, "Fix: Add the variable") && console.says("Of the text as it is now"));
    console.click("Fix: Add the variable");
    console.wait_until("its value is what is typed next", |console| {
        console.harness.query_by_label("Value of camera").is_some_and(|node| node.is_focused())
    });
    console.type_text("Leica");
    console.wait_until("nothing is missing", |console| !console.says("“camera” is no variable"));
    until_parts(&mut console, "the variable is kept", |parts| parts.variables == [Variable { name: "camera".to_owned(), value: "Leica".to_owned() }]);
    console.wait_until("it was looked at", |console| console.says("Of the text as it is now"));
}

#[test]
fn keys_go_from_finding_to_finding_and_select_them_in_the_text() {
    let mut console = open(MISTAKES);
    console.harness.get_by_label("Prompt").focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::Home);
    console.press(Modifiers::NONE, Key::F8);
    console.type_text("file_name");
    console.wait_for("{{ file_name }}");
    console.wait_until("it was looked at", |console| tab(console).as_deref() == Some("Findings: 2 warnings, 4 hints"));
    console.press(Modifiers::NONE, Key::F8);
    console.type_text("its street.");
    console.wait_for("Name the place, its street.");
    console.press(Modifiers::COMMAND, Key::Home);
    console.wait_until("it was looked at", |console| console.says("Of the text as it is now"));
    // Backwards from the start is the last one: the comma in the example.
    console.press(Modifiers::SHIFT, Key::F8);
    console.press(Modifiers::NONE, Key::Delete);
    console.wait_for("\"confidence\": 0.5}]}");
}

#[test]
fn what_is_ignored_is_not_told_again_until_it_is_shown_again() {
    let mut console = open("Give some tags as JSON: a list named tags. Confidence goes from 0 to 1.");
    console.wait_until("the hint", |console| console.says("“some” leaves it to the model"));
    let label = console.harness.get_by_label_contains("Ignore: “some”").accesskit_node().label().expect("a name");
    console.click(&label);
    console.wait_until("it is gone", |console| !console.says("“some” leaves it to the model") || console.says("Show 1 ignored"));
    console.wait_for("Show 1 ignored");
    let folder = console.close();
    let mut console = Console::open_in(folder, options(), Look::default());
    show(&mut console);
    console.wait_for("Show 1 ignored");
    console.click("Show 1 ignored");
    pointer::click_label_contains(&mut console.harness, "Show again: “some”");
    console.wait_until("it is told again", |console| console.harness.query_by_label_contains("Line 1: “some” leaves it").is_some());
}

#[test]
fn while_someone_types_the_findings_stay_and_say_that_they_are_old() {
    let mut console = open(MISTAKES);
    console.harness.get_by_label("Prompt").focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::End);
    console.type_text("Look twice.");
    assert!(console.says("Of an older text, looking again…"));
    assert!(button(&console, "Line 1: “file_nam” is no variable; did you mean “file_name”?"), "they stay meanwhile");
    console.wait_for("Of the text as it is now");
}

#[test]
fn a_good_prompt_has_nothing_said_about_it_and_what_a_photo_takes_is_told() {
    let mut console = open("Tags: dog, cat, car");
    console.wait_for("Nothing to say about this prompt");
    assert_eq!(tab(&console).as_deref(), Some("Findings"));
    console.wait_for("A photo of 4032 × 3024 pixels, assumed: the library is empty");
    assert!(console.says("On-device") && console.says("Not counted in tokens") && console.says("≈ 5 text"));
    assert!(console.says("Show all "), "more models than are shown at first");
    console.command(Command::NextFinding);
    console.wait_for("Nothing is found in this prompt");
}

/// What is wrong in each of the parts beside the prompt.
fn faulty_parts() -> PromptParts {
    PromptParts {
        system: "You are exact.\nThe file is {{ file_nam }}.".to_owned(),
        schema: "{\n\"type\": \"object\",\n}".to_owned(),
        parameters: Parameters { temperature: Some(0.5), ..Parameters::default() },
        variables: vec![Variable { name: "season".to_owned(), value: "autumn".to_owned() }],
    }
}

fn open_with_parts() -> Console {
    // So high that everything which is clicked is in sight.
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 1400.0], ..Look::default() });
    let client = console.client();
    console.block_on(async {
        let prompt = client.prompts().await.expect("prompts").items.remove(0);
        let draft = "Tags: dog, cat".to_owned();
        let update = UpdatePrompt { draft: Some(draft), draft_parts: Some(faulty_parts()), ..UpdatePrompt::default() };
        client.update_prompt(prompt.id, prompt.revision, &update).await.expect("kept");
    });
    show(&mut console);
    console
}

/// Steps until the platform's draft is so.
fn until_parts(console: &mut Console, what: &str, is_so: impl Fn(&PromptParts) -> bool) {
    console.wait_until(what, |console| {
        let client = console.client();
        let prompt = console.block_on(async { client.prompts().await.expect("prompts").items.remove(0) });
        is_so(&prompt.draft_parts.unwrap_or_default())
    });
}

const IN_SYSTEM: &str = "System, line 2: “file_nam” is no variable; did you mean “file_name”?";

#[test]
fn findings_of_the_system_text_lead_to_its_editor_and_are_mended_and_taken_back_there() {
    let mut console = open_with_parts();
    console.wait_until("the finding", |console| button(console, IN_SYSTEM));
    console.click(IN_SYSTEM);
    console
        .wait_until("its editor has the keyboard", |console| console.harness.query_by_label("System text").is_some_and(|editor| editor.is_focused()));
    // What is selected is typed over.
    console.type_text("width");
    console.wait_for("The file is {{ width }}.");
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_for("The file is {{ file_nam }}.");
    console.wait_until("the finding is of the text as it is now", |console| button(console, IN_SYSTEM) && console.says("Of the text as it is now"));
    console.click("Part: Prompt");
    console.click("Fix: Write “file_name”");
    console.wait_for("The file is {{ file_name }}.");
    console.wait_until("the finding is gone", |console| !button(console, IN_SYSTEM));
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_for("The file is {{ file_nam }}.");
}

#[test]
fn findings_of_schema_and_settings_lead_there_and_their_fixes_are_one_step_each() {
    let mut console = open_with_parts();
    let in_schema = "Answer, line 3: This is not JSON: trailing comma (column 1)";
    console.wait_until("the finding", |console| button(console, in_schema));
    console.click(in_schema);
    console.wait_until("the JSON has the keyboard", |console| {
        console.harness.query_by_label("Schema of the answer").is_some_and(|editor| editor.is_focused())
    });
    console.click("Fix: Take the shipped schema");
    until_parts(&mut console, "the shipped one", |parts| parts.schema.is_empty());
    console.wait_until("it was looked at", |console| !button(console, in_schema) && console.says("Of the text as it is now"));
    console.press(Modifiers::COMMAND, Key::Z);
    until_parts(&mut console, "one step brings it back", |parts| parts.schema == faulty_parts().schema);

    let unused = "Settings: The variable “season” is defined and never used";
    console.wait_until("the finding", |console| button(console, unused));
    console.click(unused);
    console.wait_until("its field has the keyboard", |console| {
        console.harness.query_by_label("Name of variable 1").is_some_and(|field| field.is_focused())
    });
    console.click("Fix: Take “season” out");
    until_parts(&mut console, "it is out", |parts| parts.variables.is_empty() && parts.parameters.temperature.is_some());
    console.click("Undo");
    until_parts(&mut console, "it is back", |parts| parts.variables == faulty_parts().variables);
    console.wait_until("it was looked at", |console| button(console, "Fix: Leave it unset") && console.says("Of the text as it is now"));
    console.click("Fix: Leave it unset");
    until_parts(&mut console, "unset", |parts| parts.parameters.temperature.is_none() && parts.variables.len() == 1);
}

#[test]
fn a_variable_whose_name_is_none_is_found_at_its_line_and_renamed() {
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 1400.0], ..Look::default() });
    let client = console.client();
    let named = |name: &str| Variable { name: name.to_owned(), value: "autumn".to_owned() };
    console.block_on(async {
        let prompt = client.prompts().await.expect("prompts").items.remove(0);
        let parts = PromptParts { variables: vec![named("season"), named("Time of year")], ..PromptParts::default() };
        let draft = "Tags: dog, cat in {{ season }}".to_owned();
        let update = UpdatePrompt { draft: Some(draft), draft_parts: Some(parts), ..UpdatePrompt::default() };
        client.update_prompt(prompt.id, prompt.revision, &update).await.expect("kept");
    });
    show(&mut console);
    let found = "Settings, line 2: 'Time of year' is no name: it begins with a letter and has lower-case letters, digits and _ only";
    console.wait_until("the finding", |console| button(console, found));
    console.click(found);
    console.wait_until("its field has the keyboard", |console| {
        console.harness.query_by_label("Name of variable 2").is_some_and(|field| field.is_focused())
    });
    console.click("Fix: Rename it to “time_of_year”");
    until_parts(&mut console, "renamed", |parts| parts.variables == [named("season"), named("time_of_year")]);
    console.wait_until("it was looked at", |console| !button(console, found));
    console.click("Undo");
    until_parts(&mut console, "it is as it was", |parts| parts.variables == [named("season"), named("Time of year")]);
}

#[test]
fn keys_go_through_the_findings_of_all_parts() {
    let mut console = open_with_parts();
    console.wait_until("the finding", |console| button(console, IN_SYSTEM));
    console.press(Modifiers::SHIFT, Key::F8);
    console.wait_for("Add a variable");
    console.press(Modifiers::NONE, Key::F8);
    console.press(Modifiers::NONE, Key::F8);
    let is_in_system = |console: &Console| console.harness.query_by_label("System text").is_some_and(|editor| editor.is_focused());
    for _ in 0..8 {
        if is_in_system(&console) {
            return;
        }
        console.press(Modifiers::NONE, Key::F8);
    }
    panic!("the system text is never come by");
}

fn pictures(name: &str, look: Look) {
    let mut console = open_with(MISTAKES, look);
    console.wait_until("all is there", |console| button(console, "Line 1: “file_nam” is no variable; did you mean “file_name”?"));
    console.press(Modifiers::NONE, Key::F8);
    console.steps();
    console.picture(&format!("findings_{name}"));
    let client = console.client();
    console.block_on(async {
        let prompt = client.prompts().await.expect("prompts").items.remove(0);
        let version = SavePromptVersion { content: "Tags: dog, cat, car".to_owned(), ..SavePromptVersion::default() };
        client.save_prompt_version(prompt.id, &version).await.expect("saved");
    });
    console.wait_for("Nothing to say about this prompt");
    console.wait_for("Of the text as it is now");
    console.picture(&format!("findings_none_{name}"));
}

pictured!(in every look);
