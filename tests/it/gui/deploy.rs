//! Deploying through the window: the page before it, the blast radius, staging, history and the way back.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command, Toast, ToastKind};
use minerva_console::keys::Keys;
use minerva_console::providers::Provider;
use minerva_console::wire::deployment::{DeployPrompt, Environment, Validation};
use minerva_console::wire::ids::PromptVersionId;
use minerva_console::wire::job::{JobQuery, JobState};
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::prompt::SavePromptVersion;
use minerva_console::wire::result::{Fault, FaultKind};

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::{Options, jpeg};
use crate::support::scripted::{Act, Scripted, answer};

/// A console whose pipeline has answered so many photos, with a second version of the shipped prompt.
fn open(scripted: &Arc<Scripted>, photos: u8, look: Look) -> (Console, PromptVersionId) {
    open_on(scripted, "on-device", photos, look)
}

/// The same with another live model.
fn open_on(scripted: &Arc<Scripted>, model: &str, photos: u8, look: Look) -> (Console, PromptVersionId) {
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key-for-nobody".into())]), false);
    let mut providers: Vec<Arc<dyn Provider>> = vec![scripted.clone()];
    if model != "on-device" {
        providers.push(scripted.on_the_net("gemini", "gemini-3.8-flash"));
    }
    let options = Options { keys, clock, ..Options::with_providers(providers) };
    let mut console = Console::open_looking(options, look);
    let client = console.client();
    let version = console.block_on(async {
        if model != "on-device" {
            client.activate_model(&ActivateModel { name: model.to_owned() }).await.expect("live");
        }
        // Which of them is answered how is chance: they look alike.
        let files = (0..photos).map(|number| ("harbour.jpg".to_owned(), copy(number))).collect();
        client.add_photos(files, true).await.expect("added");
        let prompt = client.prompts().await.expect("prompts").items.remove(0);
        let note = "Colours before things".to_owned();
        let version = SavePromptVersion { content: "Name colours".to_owned(), note, ..SavePromptVersion::default() };
        client.save_prompt_version(prompt.id, &version).await.expect("saved").id
    });
    console.wait_until("the photos are answered", |console| {
        let client = console.client();
        let query = JobQuery { state: Some(JobState::Completed), ..JobQuery::default() };
        console.block_on(client.jobs(&query)).expect("jobs").total == Some(u64::from(photos))
    });
    console.go_to(AreaId::PipelineControl);
    console.wait_until("the new version is in the list", |console| console.harness.query_by_label("Version 2").is_some());
    (console, version)
}

/// The same photo in other bytes: what stands behind the end of a JPEG is not looked at.
fn copy(number: u8) -> bytes::Bytes {
    let mut bytes = jpeg(96, 72, 100).to_vec();
    bytes.push(number);
    bytes.into()
}

fn wide() -> Look {
    Look { size: [1440.0, 900.0], ..Look::default() }
}

fn is_enabled(console: &Console, label: &str) -> bool {
    console.harness.query_by_label(label).is_some_and(|node| !node.accesskit_node().is_disabled())
}

#[test]
fn a_free_version_is_measured_by_itself_and_deployed_with_two_clicks_and_rolled_back_with_one() {
    let scripted = Scripted::new();
    let (mut console, _) = open(&scripted, 3, wide());
    scripted.then(Act::Answer(answer(&[("cat", 0.9), ("sofa", 0.7), ("rug", 0.8)])));
    console.click("Deploy…");
    console.wait_for("1 of all 3 photos that production answered would change tags");
    console.wait_until("it may be deployed", |console| is_enabled(console, "Deploy to production"));
    console.wait_for("gains rug");
    console.wait_for("Passed: Photos whose tags change");
    console.click("Deploy to production");
    console.wait_for("Photo tags v2 is live");
    console.wait_until("the page is closed", |console| !console.says("Deploy Photo tags v2"));

    console.click("Deploy");
    console.wait_for("Instead of Photo tags v1");
    console.wait_for("1 of 3 photos change tags");
    console.click("Roll back to Photo tags v1");
    console.wait_for("Rolled back by you");
    let client = console.client();
    assert_eq!(console.block_on(client.config()).expect("config").live_prompt, "Photo tags v1");
    let history = console.block_on(client.deployments(None)).expect("history").items;
    assert_eq!((history.len(), history[1].validation), (2, Validation::Warned), "the text says nothing of the answer's form");
}

#[test]
fn a_version_that_fails_photos_wants_a_reason_which_the_history_shows() {
    let scripted = Scripted::new();
    let (mut console, _) = open(&scripted, 2, wide());
    scripted.then(Act::Fail(Fault::new(FaultKind::BadAnswer, "The answer is no JSON")));
    console.command(Command::DeployPrompt(Environment::Production));
    console.wait_for("1 of 2 photos would get no answer that can be used");
    console.wait_for("The answer is no JSON");
    assert!(!is_enabled(&console, "Deploy to production"), "without a reason it is not deployed");
    console.fill("Reason", "The archive waits for it");
    console.fill("Note", "Colours first");
    console.click("Deploy to production");
    console.wait_for("Photo tags v2 is live");
    console.click("Deploy");
    console.wait_for("Checks failed, deployed all the same: The archive waits for it");
    console.wait_for("“Colours first”");
}

#[test]
fn what_the_analysis_has_against_a_version_leads_to_its_place_in_the_editor_or_in_the_version() {
    let (mut console, _) = open(&Scripted::new(), 1, wide());
    let client = console.client();
    let save = |console: &mut Console, number: u32, content: &str| {
        console.block_on(async {
            let prompt = client.prompts().await.expect("prompts").items.remove(0);
            let version = SavePromptVersion { content: content.to_owned(), ..SavePromptVersion::default() };
            client.save_prompt_version(prompt.id, &version).await.expect("saved");
        });
        let row = format!("Version {number}");
        console.wait_until("the new version is in the list", |console| console.harness.query_by_label(&row).is_some());
    };
    save(&mut console, 3, "Name colours.\nThe file is {{ file_nam }}.");
    console.wait_for("The file is {{ file_nam }}.");
    let finding = "Line 2: “file_nam” is no variable; did you mean “file_name”?";
    console.command(Command::DeployPrompt(Environment::Production));
    console.wait_for("Failed: Findings of the analysis");
    console.click(finding);
    console.wait_until("back at the prompt", |console| !console.says("Deploy Photo tags v3"));
    console.wait_until("the editor has the keyboard", |console| console.harness.query_by_label("Prompt").is_some_and(|editor| editor.is_focused()));
    console.wait_until("it is selected", |console| console.says("Line 2, column 24"));
    console.type_text("file_name");
    console.wait_for("The file is {{ file_name }}.");

    // A version that is not in the editor is shown as it is.
    console.click("Versions");
    console.click("Version 3");
    console.wait_for("can't be changed");
    console.command(Command::DeployPrompt(Environment::Production));
    console.wait_for("Deploy Photo tags v3");
    console.wait_until("the finding", |console| console.harness.query_by_label(finding).is_some());
    console.click(finding);
    console.wait_until("the version", |console| console.says("can't be changed") && !console.says("Deploy Photo tags v3"));
    let editor = |console: &Console| console.harness.query_by_label("Version").is_some_and(|editor| editor.is_focused());
    console.wait_until("its line is shown", editor);
}

#[test]
fn make_live_deploys_at_once_where_nothing_stands_against_it_else_it_shows_why() {
    let scripted = Scripted::held();
    scripted.let_through(2);
    let (mut console, _) = open(&scripted, 2, wide());
    console.command(Command::MakePromptLive);
    console.wait_for("is not validated");
    console.wait_for("Deploy Photo tags v2");
    console.wait_for("0 of 2");
    // Out of the field in which a reason is asked for, then off the page.
    console.press(Modifiers::NONE, Key::Escape);
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("back at the prompt", |console| !console.says("Deploy Photo tags v2"));
    scripted.let_through(100);
    console.command(Command::DeployPrompt(Environment::Production));
    console.wait_for("0 of all 2 photos");
    console.press(Modifiers::NONE, Key::Escape);
    console.command(Command::MakePromptLive);
    console.wait_for("Photo tags v2 is live");
}

#[test]
fn staging_is_measured_and_tested_in_the_lab_with_one_click() {
    let scripted = Scripted::new();
    let (mut console, version) = open(&scripted, 3, wide());
    console.click("Deploy");
    console.wait_for("Nothing was deployed yet");
    console.click("Deploy to staging…");
    console.wait_until("the page", |console| is_enabled(console, "Deploy to staging"));
    console.click("Deploy to staging");
    console.wait_for("Photo tags v2 is in staging");
    console.wait_for("0 of all 3 photos that production answered would change tags");
    console.click("Test in the lab");
    console.wait_until("the lab", |console| console.harness.state().shown() == AreaId::TestingLab);
    console.wait_for("Run the comparison");
    console.command(Command::RunComparison);
    let client = console.client();
    console.wait_until("a run of both versions", |console| {
        let runs = console.block_on(client.runs()).expect("runs").items;
        runs.iter().any(|run| run.columns.len() == 2 && run.columns[1].prompt_version_id == Some(version) && !run.name.starts_with("Blast"))
    });
}

#[test]
fn what_somebody_else_deployed_meanwhile_is_said_and_nothing_is_overwritten() {
    let scripted = Scripted::new();
    let (mut console, _) = open(&scripted, 1, wide());
    console.command(Command::DeployPrompt(Environment::Production));
    console.wait_until("it may be deployed", |console| is_enabled(console, "Deploy to production"));
    let client = console.client();
    console.block_on(async {
        let prompt = client.prompts().await.expect("prompts").items.remove(0);
        let third = SavePromptVersion { content: "Name shapes".to_owned(), ..SavePromptVersion::default() };
        let third = client.save_prompt_version(prompt.id, &third).await.expect("saved").id;
        let body = DeployPrompt { override_reason: Some("In a hurry".to_owned()), ..DeployPrompt::to_production(third) };
        client.deploy_prompt(&body).await.expect("deployed");
    });
    console.wait_for("Replaces Photo tags v3");
    console.wait_for("It was measured against Photo tags v1, and production uses Photo tags v3 now");
    console.command(Command::RollBackProduction);
    console.wait_for("Rolled back. Live prompt: Photo tags v3 → Photo tags v1");
    console.wait_for("Replaces Photo tags v1");
}

#[test]
fn what_may_cost_money_is_asked_about_first_and_begins_only_when_it_may() {
    let scripted = Scripted::new();
    let look = Look { size: [1440.0, 1100.0], ..Look::themed(Theme::Light) };
    let (mut console, _) = open_on(&scripted, "gemini/gemini-3.8-flash", 2, look);
    let before = scripted.calls();
    console.command(Command::DeployPrompt(Environment::Production));
    console.wait_for("Not measured: Photos whose tags change");
    console.wait_until("the price", |console| is_enabled(console, "Measure…"));
    console.click("Measure…");
    console.wait_for("The price of the live model is not known. 2 calls will be made");
    console.wait_for(" added, ");
    console.picture("deploy_confirm_light");
    assert_eq!(scripted.calls(), before, "nothing was asked yet");
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("the question is closed, and only that", |console| !console.says("2 calls will be made"));
    assert!(console.says("Deploy Photo tags v2"), "the page behind it stays");
    console.click("Measure…");
    console.wait_for("2 calls will be made");
    console.click("Not now");
    console.wait_until("it is asked no more", |console| !console.says("2 calls will be made"));
    console.click("Measure…");
    console.click("Ask all the same");
    console.wait_for("0 of all 2 photos that production answered would change tags");
    console.wait_for("cost $0.000388");
    assert_eq!(scripted.calls() - before, 2);
}

#[test]
fn messages_lie_above_the_pages_buttons_and_escape_leaves_a_field_before_the_page() {
    for size in [[1440.0, 900.0], [1024.0, 640.0]] {
        let scripted = Scripted::held();
        scripted.let_through(1);
        let (mut console, _) = open(&scripted, 1, Look { size, ..Look::default() });
        console.command(Command::DeployPrompt(Environment::Production));
        console.wait_for("0 of 1");
        // A fault stays until it is closed.
        console.command(Command::ShowToast(Toast::new(ToastKind::Bad, "The disk is full")));
        console.wait_for("The disk is full");
        console.wait_until("the buttons", |console| console.harness.query_by_label("Deploy to production").is_some());
        console.steps();
        let message = console.harness.get_by_label("Close the message").rect();
        for button in ["Deploy to production", "Test in the lab", "Note"] {
            for node in console.harness.query_all_by_label(button) {
                assert!(message.bottom() < node.rect().top(), "{button} at {size:?}: {message:?} and {:?}", node.rect());
            }
        }
        console.fill("Note", "Colours first");
        console.press(Modifiers::NONE, Key::Escape);
        assert!(console.says("Deploy Photo tags v2") && console.says("Colours first"), "only the field is left");
        console.press(Modifiers::NONE, Key::Escape);
        console.wait_until("back at the prompt", |console| !console.says("Deploy Photo tags v2"));
        console.command(Command::DeployPrompt(Environment::Production));
        console.wait_until("what was typed is there again", |console| console.says("Deploy Photo tags v2") && console.says("Colours first"));
    }
}

/// The page with a blast radius that has something of everything, and the tab beside it.
fn pictures(name: &str, look: Look) {
    let scripted = Scripted::new();
    let (mut console, version) = open(&scripted, 8, look);
    scripted.then(Act::Answer(answer(&[("cat", 0.91), ("sofa", 0.72), ("rug", 0.8)])));
    scripted.then(Act::Fail(Fault::new(FaultKind::BadAnswer, "The answer is no JSON: it begins with “Sure! Here are”")));
    scripted.then(Act::Answer(answer(&[("tabby cat", 0.5), ("living room furniture of the seventies", 0.4), ("red", 0.3)])));
    scripted.then(Act::Answer(answer(&[("cat", 0.12)])));
    console.click("Deploy");
    console.command(Command::DeployPrompt(Environment::Production));
    console.wait_for("4 of all 8 photos that production answered would change tags");
    console.wait_for("Failed: Photos whose tags change");
    console.picture(&format!("deploy_review_{name}"));
    let client = console.client();
    console.block_on(async {
        client.deploy_prompt(&DeployPrompt::to_staging(version)).await.expect("staged");
        let reason = "The archive opens on Monday and asked for colours".to_owned();
        let note = "Colours before things".to_owned();
        let body = DeployPrompt { override_reason: Some(reason), note, ..DeployPrompt::to_production(version) };
        client.deploy_prompt(&body).await.expect("deployed");
        let newest = client.newest_deployment(Environment::Production).await.expect("history").expect("one");
        client.roll_back(newest.id).await.expect("rolled back");
    });
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_for("Rolled back by you");
    console.wait_until("the sample is read", |console| console.says("would change tags"));
    console.picture(&format!("deploy_tab_{name}"));
}

pictured!(in every look);
