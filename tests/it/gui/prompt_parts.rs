//! Pipeline control: the other parts of a prompt, typed, filled in as forms, and previewed.

use std::collections::HashMap;

use chrono::TimeDelta;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command};
use minerva_console::keys::Keys;
use minerva_console::providers::{ProviderSettings, Providers};
use minerva_console::wire::prompt::{Prompt, UpdatePrompt};
use minerva_console::wire::prompt_parts::{Effort, Parameters, PromptParts, Variable};
use secrecy::SecretString;

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::{Options, lasting_prices};
use crate::support::pointer;

fn options() -> Options {
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    let key = |name: &str| (name.to_owned(), SecretString::from(format!("{name}-key-of-a-test")));
    let keys = Keys::new(HashMap::from(["gemini", "openai", "anthropic"].map(key)), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: lasting_prices() }, &keys);
    Options { providers, keys, clock, ..Options::default().without_workers().seeded() }
}

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

fn parts(console: &Console) -> PromptParts {
    prompt(console).draft_parts.unwrap_or_default()
}

/// Steps until the platform's draft is so.
fn until_parts(console: &mut Console, what: &str, is_so: impl Fn(&PromptParts) -> bool) {
    console.wait_until(what, |console| is_so(&parts(console)));
}

fn save(console: &mut Console) {
    console.command(Command::SavePromptVersion);
    console.wait_for("Save as Photo tags v");
    console.press(Modifiers::NONE, Key::Enter);
}

#[test]
fn a_system_text_becomes_part_of_the_version_and_survives_a_restart() {
    let mut console = open();
    console.click("Part: System");
    console.fill("System text", "Be exact about {{ file_name }}");
    console.wait_for("Uses file_name");
    until_parts(&mut console, "the draft has it", |parts| parts.system == "Be exact about {{ file_name }}");
    let folder = console.close();

    let mut console = Console::open_in(folder, options(), Look::default());
    show(&mut console);
    console.click("Part: System");
    console.wait_for("Be exact about {{ file_name }}");
    save(&mut console);
    console.wait_for("Photo tags v2 is saved");
    let client = console.client();
    let id = prompt(&console).id;
    let newest = console.block_on(client.prompt_versions(id)).expect("versions").items.remove(0);
    assert_eq!((newest.version, newest.parts.system.as_str()), (2, "Be exact about {{ file_name }}"));
    assert_eq!(prompt(&console).draft_parts, None);

    // The first version has none; the tabs show its parts, read only.
    console.click("Version 1, live");
    console.wait_for("This version has no system text");
}

#[test]
fn the_answer_is_a_form_and_json_over_one_text() {
    let mut console = open();
    console.click("Part: Answer");
    console.click("Write a schema from the shipped one");
    console.wait_for("Tags: tags[].tag with tags[].confidence");
    console.click("Add a field");
    console.wait_until("the field", |console| console.harness.query_by_label("Name of field").is_some());
    console.fill("Name of field", "place");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_until("renamed", |console| console.harness.query_by_label("Name of place").is_some());
    console.fill("Most characters of place", "40");
    console.press(Modifiers::NONE, Key::Enter);
    until_parts(&mut console, "the limit is in the draft", |parts| parts.schema.contains("\"maxLength\": 40"));
    console.fill("Name of place", "tags");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("There is a field 'tags' already");

    console.click("JSON");
    console.wait_for("\"maxLength\": 40");
    console.click("Undo");
    until_parts(&mut console, "undone", |parts| !parts.schema.is_empty() && !parts.schema.contains("maxLength"));
    console.click("Redo");
    until_parts(&mut console, "done again", |parts| parts.schema.contains("maxLength"));
    console.click("Form");
    assert!(console.harness.query_by_label("Name of place").is_some());
    console.click("Take out place");
    until_parts(&mut console, "taken out", |parts| !parts.schema.contains("place"));
    save(&mut console);
    console.wait_for("Photo tags v2 is saved");
}

#[test]
fn what_is_typed_into_a_form_is_kept_letter_by_letter_and_taken_back_in_one_step() {
    let mut console = open();
    console.click("Part: Answer");
    console.click("Write a schema from the shipped one");
    console.wait_until("the form", |console| console.harness.query_by_label("Description of caption").is_some());
    console.harness.get_by_label("Description of caption").focus();
    console.steps();
    console.type_text("One plain ");
    console.type_text("sentence");
    // The keyboard has not left the field: what stands there is kept all the same.
    until_parts(&mut console, "every letter has arrived", |parts| parts.schema.contains("\"description\": \"One plain sentence\""));
    console.click("Undo");
    until_parts(&mut console, "it went at once", |parts| !parts.schema.is_empty() && !parts.schema.contains("\"One"));
    console.click("Redo");
    until_parts(&mut console, "it is there again", |parts| parts.schema.contains("One plain sentence"));

    console.click("Part: Settings");
    console.click("Add a variable");
    console.wait_until("a variable", |console| console.harness.query_by_label("Value of subject").is_some());
    console.harness.get_by_label("Value of subject").focus();
    console.steps();
    for letter in ["b", "i", "r", "d", "s"] {
        console.type_text(letter);
    }
    until_parts(&mut console, "its value", |parts| parts.variables.first().is_some_and(|own| own.value == "birds"));
    console.click("Undo");
    until_parts(&mut console, "the word went at once", |parts| parts.variables.first().is_some_and(|own| own.value.is_empty()));
    console.click("Undo");
    until_parts(&mut console, "then the variable", |parts| parts.variables.is_empty());
}

#[test]
fn a_schema_that_cannot_be_is_told_at_its_line_and_not_saved() {
    let mut console = open();
    console.click("Part: Answer");
    console.click("JSON");
    console.fill("Schema of the answer", "{\n\"type\": \"object\",\n\"requierd\": []}");
    console.wait_for("Line 3: 'requierd' is no word of a schema; did you mean 'required'?");
    console.wait_until("the tab says so", |console| console.harness.query_by_label("Part: Answer, has a fault").is_some());
    save(&mut console);
    console.wait_for("Answer, line 3: 'requierd' is no word");
    assert_eq!(prompt(&console).latest_version, 1);
    console.press(Modifiers::NONE, Key::Escape);
    console.fill("Schema of the answer", "{\"type\": \"object\"}");
    console.wait_for("No tags can be found in such an answer");
}

#[test]
fn parameters_and_variables_are_set_undone_and_refused() {
    let mut console = open();
    console.click("Part: Settings");
    console.wait_for("not the live one");
    console.harness.get_by_role_and_label(Role::Button, "Reset temperature");
    let is_unset = |console: &Console| console.harness.query_by_role_and_label(Role::Button, "Temperature").is_some();
    assert!(is_unset(&console));
    pointer::click(&mut console.harness, |shown| shown.query_by_role_and_label(Role::Button, "Temperature").map(|node| node.rect()));
    console.steps();
    until_parts(&mut console, "the temperature is set", |parts| parts.parameters.temperature == Some(0.7));
    assert!(!is_unset(&console));
    console.wait_for("5 of 30 models");
    console.click("Reset temperature");
    until_parts(&mut console, "it is unset", |parts| parts.parameters.temperature.is_none());

    console.click("Add a variable");
    console.wait_until("a variable", |console| console.harness.query_by_label("Value of subject").is_some());
    assert!(console.says("not used"));
    console.fill("Value of subject", "birds");
    until_parts(&mut console, "its value", |parts| parts.variables == [Variable { name: "subject".to_owned(), value: "birds".to_owned() }]);
    console.fill("Name of variable 1", "width");
    console.wait_for("'width' is filled in from the photo");
    console.wait_until("the tab says so", |console| console.harness.query_by_label("Part: Settings, has a fault").is_some());
    save(&mut console);
    console.wait_for("filled in from the photo");
    assert_eq!(prompt(&console).latest_version, 1);
    console.press(Modifiers::NONE, Key::Escape);
    console.fill("Name of variable 1", "subject");

    // A prompt may use it, and the editor knows it.
    console.click("Part: Prompt");
    console.harness.get_by_label("Prompt").focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::End);
    console.type_text(" Look for {{ subject }} only");
    console.wait_for("Uses subject");
    assert!(!console.says("Nothing gives {{ subject }}"));
}

#[test]
fn the_preview_shows_what_is_sent_for_a_photo_and_leads_to_faults() {
    let mut console = open();
    let client = console.client();
    let first = prompt(&console);
    let parts = PromptParts { system: "You tag {{ file_name }}".to_owned(), ..PromptParts::default() };
    let update = UpdatePrompt { draft_parts: Some(parts), ..UpdatePrompt::default() };
    console.block_on(client.update_prompt(first.id, first.revision, &update)).expect("updated");
    console.click("Part: Preview");
    console.wait_for("Nothing leaves this computer");
    console.wait_for("You tag ");
    console.wait_for("Not sent, since On-device does not take it: the system text");
    let photo = |console: &Console| {
        let found = console.harness.query_by(|node| node.label().is_some_and(|label| label.starts_with("Photo ") && label.contains(" of ")));
        found.and_then(|node| node.accesskit_node().label()).expect("a photo")
    };
    let shown = photo(&console);
    console.press(Modifiers::NONE, Key::ArrowRight);
    console.wait_until("another photo", |console| photo(console) != shown);

    pointer::click_label_contains(&mut console.harness, "Model of the preview");
    console.steps();
    console.click("Gemini 3.8 Flash");
    console.wait_for("v1beta/models/gemini-3.8-flash:generateContent");
    console.wait_for("systemInstruction");
    console.wait_for("<the photo: JPEG, ");
    console.wait_for("560 tokens by this model's rule");
    assert!(!console.says("key-of-a-test"));

    console.click("Part: System");
    console.fill("System text", "One\n{{ colour }}");
    console.click("Part: Preview");
    console.wait_for("System text, line 2: 'colour' has no value");
    console.click("Go to line 2");
    console.wait_until("the system text", |console| console.harness.query_by_label("System text").is_some());
}

/// A prompt with all its parts.
fn rich() -> PromptParts {
    let mut schema = minerva_console::wire::answer_schema::shipped();
    schema["properties"]["place"] = serde_json::json!({"type": "string", "enum": ["indoors", "outdoors"], "description": "Where it was taken"});
    schema["required"] = serde_json::json!(["caption", "tags", "place"]);
    PromptParts {
        system: "You are the archivist of a **city archive**.\n\n- Be exact\n- Look for {{ subject }}\n- The file is `{{ file_name }}`".to_owned(),
        schema: format!("{schema:#}"),
        parameters: Parameters { temperature: Some(0.2), max_output_tokens: Some(600), effort: Some(Effort::Low), ..Parameters::default() },
        variables: vec![
            Variable { name: "subject".to_owned(), value: "boats, bridges and birds".to_owned() },
            Variable { name: "language".to_owned(), value: "English".to_owned() },
        ],
    }
}

fn pictures(name: &str, look: Look) {
    let mut console = Console::open_looking(options(), look);
    let client = console.client();
    let first = prompt(&console);
    let update = UpdatePrompt { draft_parts: Some(rich()), ..UpdatePrompt::default() };
    console.block_on(client.update_prompt(first.id, first.revision, &update)).expect("updated");
    show(&mut console);
    console.click("Part: System");
    console.wait_for("city archive");
    console.picture(&format!("prompt_system_{name}"));
    console.click("Part: Answer");
    console.wait_for("Tags: tags[].tag");
    console.picture(&format!("prompt_answer_form_{name}"));
    console.click("JSON");
    console.picture(&format!("prompt_answer_json_{name}"));
    console.click("Part: Settings");
    console.wait_for(" of 30 models");
    console.picture(&format!("prompt_settings_{name}"));
    console.click("Part: Preview");
    console.wait_until("the preview", |console| console.harness.query_by_label_contains("Model of the preview").is_some());
    pointer::click_label_contains(&mut console.harness, "Model of the preview");
    console.steps();
    console.click("Gemini 3.8 Flash");
    // No picture: which of the bundled photos is the newest is chance.
    console.wait_for("systemInstruction");
}

pictured!(in every look);
