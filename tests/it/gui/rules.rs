//! Pipeline control: rules that are replayed, brought together and put back, and the journal as a list, as steps and as a file.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command};
use minerva_console::platform::domain::generate::Generate;
use minerva_console::platform::host;
use minerva_console::wire::config::{PipelineConfig, ProcessingRules};
use minerva_console::wire::rules::Category;

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, fixed_now};
use crate::support::platform::{self, Options};
use crate::support::pointer;
use crate::support::scripted::{Act, Scripted, answer};

fn options() -> Options {
    Options { clock: TestClock::at(fixed_now()), ..Options::default().without_workers() }
}

fn show(console: &mut Console, tab: &str) {
    console.go_to(AreaId::PipelineControl);
    console.wait_for("Draft saved");
    console.click(tab);
}

fn config(console: &Console) -> PipelineConfig {
    let client = console.client();
    console.block_on(client.config()).expect("config")
}

/// Somebody else changes some of the rules.
fn others(console: &Console, edit: impl FnOnce(&mut ProcessingRules)) {
    let client = console.client();
    let PipelineConfig { revision, mut rules, .. } = config(console);
    edit(&mut rules);
    console.block_on(client.set_processing_rules(revision, &rules)).expect("set");
}

/// Types into a number's field, without leaving it: what is typed must be seen in it.
fn begin_number(console: &mut Console, field: &str, number: &str) {
    console.harness.get_by(|node| node.label().as_deref() == Some(field) && node.role() == egui::accesskit::Role::SpinButton).focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::A);
    console.type_text(number);
    console.wait_until(&format!("{field} shows {number}"), |console| typed_in(console, field).as_deref() == Some(number));
}

/// What stands in a number's field while it is typed into.
fn typed_in(console: &Console, field: &str) -> Option<String> {
    let mut fields = console.harness.query_all_by(|node| node.label().as_deref() == Some(field) && node.value().is_some());
    fields.find_map(|node| node.accesskit_node().value())
}

/// Types a number into a field of the form.
fn type_number(console: &mut Console, field: &str, number: &str) {
    begin_number(console, field, number);
    console.press(Modifiers::NONE, Key::Enter);
    until_number(console, field, number.parse().expect("a number"));
}

/// Steps until a field that nobody types into holds a number.
fn until_number(console: &mut Console, field: &str, wanted: f64) {
    console.wait_until(&format!("{field} becomes {wanted}"), |console| {
        let is_field = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
            node.label().as_deref() == Some(field) && node.role() == egui::accesskit::Role::SpinButton
        };
        let mut fields = console.harness.query_all_by(is_field);
        fields.any(|node| node.accesskit_node().numeric_value().is_some_and(|value| (value - wanted).abs() < 1e-6))
    });
}

/// A console on an invented history.
fn with_history(look: Look) -> Console {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir_all(&data).expect("made");
    let options = options();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let clock = Arc::clone(&options.clock);
    let asked = Generate { results: 3_000, seed: 11 };
    runtime.block_on(host::generate(&data.join(host::DATABASE_FILE), clock, &asked, |_| {})).expect("generated");
    Console::open_in(folder, options, look)
}

#[test]
fn a_threshold_that_is_moved_shows_at_once_how_many_photos_move_and_which() {
    let mut console = with_history(Look { size: [1440.0, 900.0], ..Look::default() });
    show(&mut console, "Rules");
    console.wait_for("would have been decided as they were");
    assert!(console.says("No ground truth yet"));
    console.harness.get_by_role_and_label(egui::Role::Slider, "Accept from").focus();
    console.steps();
    for _ in 0..15 {
        console.press(Modifiers::NONE, Key::ArrowRight);
    }
    console.wait_for("With these rules, ");
    console.wait_for("would have been decided otherwise");
    console.wait_for("75 % and more is accepted");
    let cell = |console: &Console| console.harness.query_by_label_contains("Accepted to review: ").and_then(|node| node.accesskit_node().label());
    console.wait_until("photos move", |console| cell(console).is_some_and(|label| !label.ends_with(": 0")));
    pointer::click_label_contains(&mut console.harness, "Accepted to review: ");
    console.steps();
    console.wait_for("Accepted → review");
    console.wait_until("they are listed", |console| console.says(".jpg"));
    console.click("Discard");
    console.wait_for("would have been decided as they were");
    assert_eq!(config(&console).rules.accept_threshold, 0.6, "nothing was saved");
}

#[test]
fn thresholds_typed_out_of_order_stay_as_typed_and_say_what_is_wrong() {
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 900.0], ..Look::default() });
    show(&mut console, "Rules");
    console.wait_for("No photo was processed in this time");
    type_number(&mut console, "Accept from", "10");
    console.wait_for("10 % is less than “Reject below” (20 %)");
    console.wait_for("20 % is more than “Accept from” (10 %)");
    console.wait_for("Told as soon as the thresholds are in order");
    assert!(console.harness.get_by_label("Apply").accesskit_node().is_disabled(), "nothing is saved");
    type_number(&mut console, "Accept from", "150");
    console.wait_for("150 % is not from 0 to 100 %");
    type_number(&mut console, "Reject below", "5");
    type_number(&mut console, "Accept from", "10");
    console.wait_for("10 % and more is accepted, 5 % to 10 % is kept for review");
    console.click("Apply");
    console.wait_for("The rules are applied");
    let rules = config(&console).rules;
    assert_eq!((rules.accept_threshold, rules.reject_threshold), (0.1, 0.05));
}

#[test]
fn a_category_is_made_edited_applied_and_removed_from_the_keyboard() {
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 900.0], ..Look::default() });
    show(&mut console, "Rules");
    console.click("Add category…");
    console.type_text("Pets");
    console.fill("Its tags, apart by commas", "Dog, cat , dog");
    console.click("Add category");
    console.wait_for("accept 60 %, reject 20 %: dog, cat");
    console.click("Apply");
    console.wait_for("The rules are applied");
    assert_eq!(config(&console).rules.categories["Pets"].tags, ["dog", "cat"]);
    // A tag belongs to one category only: said where it is typed.
    console.click("Add category…");
    console.type_text("Zoo");
    console.fill("Its tags, apart by commas", "lion, cat");
    console.wait_for("'cat' is in Pets already");
    assert!(console.harness.get_by_label("Add category").accesskit_node().is_disabled());
    console.click("Cancel");
    console.click("Remove category Pets");
    console.click("Apply");
    console.wait_until("it is gone", |console| config(console).rules.categories.is_empty());
    // The last change is undone and done again without a look at the journal.
    console.press(Modifiers::COMMAND, Key::Z);
    console.wait_for("Undone. Category Pets added");
    assert_eq!(config(&console).rules.categories.len(), 1);
    console.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    console.wait_for("Done again. Category Pets removed");
    assert!(config(&console).rules.categories.is_empty());
    console.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    console.wait_for("There is no change of configuration to do again");
}

#[test]
fn a_field_keeps_the_keyboard_and_what_is_typed_while_news_come_in_above_it() {
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 900.0], ..Look::default() });
    show(&mut console, "Rules");
    console.wait_for("No photo was processed in this time");
    type_number(&mut console, "Tries of a job", "4");
    begin_number(&mut console, "Workers", "1");
    // What both changed comes above the field, and so does what the rules would have done.
    others(&console, |rules| (rules.max_attempts, rules.accept_threshold) = (7, 0.7));
    console.wait_for("The same rules were changed from another window meanwhile");
    console.type_text("2");
    console.wait_until("both figures are there", |console| typed_in(console, "Workers").as_deref() == Some("12"));
    console.press(Modifiers::NONE, Key::Enter);
    until_number(&mut console, "Workers", 12.0);
}

#[test]
fn two_people_change_the_same_rules_and_nobodys_change_is_lost() {
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 900.0], ..Look::default() });
    show(&mut console, "Rules");
    type_number(&mut console, "Workers", "5");
    type_number(&mut console, "Tries of a job", "4");
    // Another console on the same platform changes one of them, and something else.
    let (base, token) = {
        let client = console.client();
        (client.base().clone(), console.token())
    };
    let mut other = Console::reaching(base, token, Look { size: [1440.0, 900.0], ..Look::default() });
    other.wait_until("it is heard", |other| other.says("Connected"));
    show(&mut other, "Rules");
    type_number(&mut other, "Workers", "9");
    type_number(&mut other, "JPEG quality", "70");
    other.click("Apply");
    other.wait_for("The rules are applied");

    console.wait_for("The same rules were changed from another window meanwhile");
    assert!(console.says("was 2") && console.says("Mine: 5") && console.says("Theirs: 9"));
    assert!(!console.says("Mine: 4"), "what only one changed is no question");
    assert!(console.harness.get_by_label("Apply").accesskit_node().is_disabled(), "first it is chosen");
    console.click("Workers, Theirs: 9");
    console.click("Apply");
    console.wait_for("The rules are applied");
    let rules = config(&console).rules;
    assert_eq!((rules.workers, rules.max_attempts, rules.image_quality), (9, 4, Some(70)), "both are in it");
}

#[test]
fn each_rule_tells_its_history_and_goes_back() {
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 900.0], ..Look::default() });
    others(&console, |rules| rules.workers = 6);
    others(&console, |rules| rules.workers = 12);
    show(&mut console, "Rules");
    console.click("History of workers");
    console.wait_for("6 → 12");
    assert!(console.says("2 → 6"));
    console.click("Put back 6");
    console.wait_until("it can be applied", |console| !console.harness.get_by_label("Apply").accesskit_node().is_disabled());
    console.click("Apply");
    console.wait_for("The rules are applied");
    assert_eq!(config(&console).rules.workers, 6);
}

#[test]
fn a_limit_below_what_is_spent_is_confirmed_with_the_number_in_sight() {
    let scripted = Scripted::new();
    scripted.then(Act::Answer(answer(&[("cat", 0.9)])));
    let metered = Options::with_providers(vec![scripted.renamed("metered"), Scripted::new()]);
    let mut console = Console::open_looking(metered, Look { size: [1440.0, 900.0], ..Look::default() });
    let client = console.client();
    console.block_on(async {
        client.activate_model(&minerva_console::wire::model::ActivateModel { name: "metered".to_owned() }).await.expect("live");
        client.add_photos(vec![("a.jpg".to_owned(), platform::jpeg(64, 48, 1))], true).await.expect("added");
    });
    console.wait_until("it is paid", |console| console.block_on(client.live_status()).is_ok_and(|status| status.spend_today_usd.0 > 0));
    show(&mut console, "Rules");
    type_number(&mut console, "Limit a day", "0.0001");
    console.wait_for("is spent today already");
    console.click("Apply");
    console.wait_for("Apply all the same");
    assert_eq!(console.harness.query_all_by_label_contains("is spent today already").count(), 2, "at the field too");
    assert_eq!(config(&console).rules.daily_limit_usd, None, "not yet");
    console.click("Apply all the same");
    console.wait_for("The rules are applied");
    assert!(config(&console).rules.daily_limit_usd.is_some());
}

#[test]
fn the_journal_is_searched_opened_undone_and_done_again_also_after_a_restart() {
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 900.0], ..Look::default() });
    others(&console, |rules| rules.workers = 6);
    others(&console, |rules| {
        let category = Category { tags: vec!["dog".to_owned()], accept_threshold: 0.9, reject_threshold: 0.5 };
        rules.categories.insert("Pets".to_owned(), category);
    });
    show(&mut console, "Changes");
    console.wait_for("Workers: 2 → 6");
    console.fill("Search the changes", "pets");
    console.wait_until("only that", |console| console.says("Category Pets added") && !console.says("Workers: 2 → 6"));
    console.click("Open: Category Pets added: 0.90/0.50 for dog");
    console.wait_for("+ accept 90 %, reject 50 %: dog");
    assert!(console.says("− not set"));
    console.fill("Search the changes", "nothing like it");
    console.wait_for("No change has these words");
    console.click("Show all");
    console.wait_for("Workers: 2 → 6");
    let folder = console.close();

    let mut console = Console::open_in(folder, options(), Look { size: [1440.0, 900.0], ..Look::default() });
    show(&mut console, "Changes");
    console.wait_for("Workers: 2 → 6");
    console.wait_until("it can be undone", |console| !console.harness.get_by_label("Undo").accesskit_node().is_disabled());
    console.click("Undo");
    console.wait_for("Undone. Category Pets removed");
    console.command(Command::UndoConfigChange);
    console.wait_for("Undone. Workers: 6 → 2");
    assert_eq!(config(&console).rules, ProcessingRules::default());
    console.command(Command::RedoConfigChange);
    console.wait_for("Done again. Workers: 2 → 6");
    assert_eq!(config(&console).rules.workers, 6);
}

#[test]
fn the_configuration_goes_into_a_file_and_comes_back_from_it() {
    let mut console = Console::open_looking(options(), Look { size: [1440.0, 900.0], ..Look::default() });
    others(&console, |rules| (rules.workers, rules.accept_threshold) = (7, 0.7));
    show(&mut console, "Changes");
    let path = console.folder.path().join("mine.json");
    console.command(Command::ExportConfig);
    console.fill("File", &path.display().to_string());
    console.click("Save the file");
    console.wait_for("The configuration is saved as");
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(text.contains("\"minerva-config\"") && text.contains("\"accept_threshold\": 0.7"), "{text}");

    others(&console, |rules| (rules.workers, rules.accept_threshold) = (3, 0.8));
    console.command(Command::ImportConfig);
    console.fill("File", &path.display().to_string());
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Apply 2 changes");
    assert!(console.says("− 3") && console.says("+ 7"));
    console.click("Apply 2 changes");
    console.wait_for("The file is imported");
    let rules = config(&console).rules;
    assert_eq!((rules.workers, rules.accept_threshold), (7, 0.7));

    // What a file may not say is told before anything is saved.
    for (content, says) in [
        (text.replace("\"workers\": 7", "\"workers\": 700"), "Workers must be from 1 to 64"),
        (text.replace("\"version\": 1", "\"version\": 9"), "Update Minerva"),
        ("{".to_owned(), "The file is no JSON"),
    ] {
        std::fs::write(&path, content).expect("written");
        console.command(Command::ImportConfig);
        console.fill("File", &path.display().to_string());
        console.click("Show what it changes");
        console.wait_for(says);
        console.click("Cancel");
        console.steps();
    }
    let missing = console.folder.path().join("missing.json");
    console.command(Command::ImportConfig);
    console.fill("File", &missing.display().to_string());
    console.click("Show what it changes");
    console.wait_for("could not be read");
    assert_eq!(config(&console).rules, rules);
}

/// A look at the rules and the journal, with categories, a conflict, a history and what would move.
fn pictures(name: &str, look: Look) {
    let mut console = with_history(look);
    others(&console, |rules| {
        let pets = Category { tags: vec!["dog".to_owned(), "cat".to_owned()], accept_threshold: 0.8, reject_threshold: 0.5 };
        let water = ["beach", "boat", "harbour", "lake", "river"].map(str::to_owned).to_vec();
        rules.categories.insert("Pets".to_owned(), pets);
        rules.categories.insert("At the water".to_owned(), Category { tags: water, accept_threshold: 0.5, reject_threshold: 0.2 });
        rules.daily_limit_usd = Some(minerva_console::wire::money::UsdMicros(900_000_000));
    });
    show(&mut console, "Rules");
    console.wait_for("would have been decided");
    console.click("The last 90 days");
    console.harness.get_by_role_and_label(egui::Role::Slider, "Accept from").focus();
    console.steps();
    for _ in 0..10 {
        console.press(Modifiers::NONE, Key::ArrowRight);
    }
    console.wait_for("With these rules, ");
    console.picture(&format!("rules_{name}"));
    console.harness.get_by_label_contains("Accepted to review: ").scroll_to_me();
    console.steps();
    pointer::click_label_contains(&mut console.harness, "Accepted to review: ");
    console.wait_until("they are listed", |console| console.says(".jpg"));
    console.harness.get_by_label("Show more").scroll_to_me();
    console.picture(&format!("rules_replay_{name}"));
    console.harness.get_by_label("Limit a month").scroll_to_me();
    console.picture(&format!("rules_limits_{name}"));
    others(&console, |rules| rules.accept_threshold = 0.55);
    console.wait_for("The same rules were changed from another window meanwhile");
    console.harness.get_by_label_contains("Accept from, Mine").scroll_to_me();
    console.picture(&format!("rules_merge_{name}"));
    console.click("Discard");
    console.click("Changes");
    console.wait_for("Accept threshold: 0.60 → 0.55");
    console.click("Open: Accept threshold: 0.60 → 0.55");
    console.picture(&format!("rules_changes_{name}"));
    // The same path each time, since it is in the picture.
    let path = std::path::Path::new("target/minerva.json");
    std::fs::create_dir_all("target").expect("a folder");
    std::fs::write(path, r#"{"format":"minerva-config","version":1,"settings":{"workers":90,"accept_threshold":0.7,"nonsense":1}}"#)
        .expect("written");
    console.command(Command::ImportConfig);
    console.fill("File", &path.display().to_string());
    console.click("Show what it changes");
    console.wait_for("1 to 64");
    console.picture(&format!("rules_import_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_light "light" LIGHT, pictures_of_a_small_window "small" SMALL);
