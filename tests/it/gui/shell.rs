//! The window around the areas: navigation, palette, dialogs, messages, the line to the platform.

use std::collections::HashMap;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use minerva_console::client::Client;
use minerva_console::gui::ctx::{AreaId, Command, LiveView, PhotoTexture, PhotoTextures, Route, Toast, ToastKind};
use minerva_console::keys::Keys;
use minerva_console::wire::alert::{Alert, AlertMetric, Severity};
use minerva_console::wire::config::{PipelineState, ProcessingRules, SetPipelineState};
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::{AlertId, PhotoId};
use minerva_console::wire::job::JobState;
use minerva_console::wire::model::ActivateModel;
use minerva_console::wire::money::UsdMicros;
use secrecy::ExposeSecret;

use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, THEMES, fixed_now};
use crate::support::platform::{self, Options};
use crate::support::scripted::Scripted;

const IN_USE: &str = "Another Minerva uses the data folder /home/ada/minerva. Close it, or choose another folder with --data-dir";

#[test]
fn ctrl_and_a_digit_lead_to_an_area() {
    let mut console = Console::open(Options::default());
    for (key, area) in [Key::Num3, Key::Num2, Key::Num4, Key::Num1].into_iter().zip([
        AreaId::TestingLab,
        AreaId::PipelineControl,
        AreaId::Analytics,
        AreaId::LiveStatus,
    ]) {
        console.press(Modifiers::COMMAND, key);
        assert_eq!(console.harness.state().shown(), area);
    }
    console.click("Analytics");
    assert_eq!(console.harness.state().shown(), AreaId::Analytics);
}

#[test]
fn the_palette_needs_no_mouse() {
    let mut console = Console::open(Options::default());
    console.press(Modifiers::COMMAND, Key::K);
    console.type_text("go to");
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::ArrowDown);
    console.press(Modifiers::NONE, Key::Enter);
    assert_eq!(console.harness.state().shown(), AreaId::TestingLab);
    assert!(!console.says("Type what you want to do"), "the palette closes");
    console.press(Modifiers::COMMAND, Key::K);
    console.press(Modifiers::NONE, Key::Escape);
    assert!(!console.says("Find a command"));
    assert_eq!(console.harness.state().shown(), AreaId::TestingLab, "Escape runs nothing");
}

#[test]
fn a_command_of_another_area_is_done_from_anywhere() {
    let mut console = Console::open(Options::default().without_workers());
    console.go_to(AreaId::Analytics);
    console.press(Modifiers::COMMAND, Key::K);
    console.type_text("pause");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Pipeline paused");
    let config = console.block_on(console.client().config()).expect("config");
    assert_eq!(config.state, PipelineState::Paused);
    assert_eq!(console.harness.state().shown(), AreaId::Analytics, "what needs no sight of its area does not lead there");
}

#[test]
fn a_change_of_configuration_is_undone_from_the_palette() {
    let mut console = Console::open(Options::default().without_workers());
    let client = console.client();
    console.block_on(client.set_pipeline_state(SetPipelineState { state: PipelineState::Paused })).expect("paused");
    console.wait_for("Pipeline paused");
    console.command(Command::UndoConfigChange);
    console.wait_for("Pipeline running");
    console.wait_for("Undone.");
    console.command(Command::UndoConfigChange);
    console.wait_until("an undo that is undone, or nothing left", |console| console.says("Pipeline paused") || console.says("There is no change"));
}

#[test]
fn faults_stay_until_closed_and_a_message_has_its_button() {
    let mut console = Console::open(Options::default());
    console.command(Command::ShowToast(Toast::new(ToastKind::Bad, "The disk is full. Make room, then try again")));
    console.command(Command::ShowToast(
        Toast::new(ToastKind::Good, "Model changed").with_action("Go back", Command::GoTo(minerva_console::gui::ctx::Route::Models)),
    ));
    assert!(console.says("The disk is full") && console.says("Model changed"));
    console.click("Go back");
    console.steps();
    assert_eq!(console.harness.state().shown(), AreaId::PipelineControl);
    assert!(!console.says("Model changed"), "a message goes with its button");
    assert!(console.says("The disk is full"));
    console.click("Close the message");
    assert!(!console.says("The disk is full"));
}

#[test]
fn a_platform_that_does_not_start_says_why_and_is_tried_again() {
    let mut console = Console::failing(&[IN_USE, "The disk is full"], Look::default());
    console.wait_for(IN_USE);
    assert!(console.says("No platform"));
    console.click("Try again");
    console.wait_for("The disk is full");
}

#[test]
fn a_lost_platform_is_shown_as_lost_and_counted_down() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let platform = runtime.block_on(platform::start(Options::default().without_workers()));
    // The lowest window whose left panel names all that it leads to.
    let look = Look { size: [1280.0, 570.0], ..Look::default() };
    let mut console = Console::reaching(platform.host.base(), platform.host.token(), look);
    console.wait_for("Connected");
    assert!(console.says("127.0.0.1"), "a team's platform is named");
    runtime.block_on(async {
        let mut change = platform.host.core().change().await.expect("a change");
        change.tell(&Happened::AlertChanged(alert())).await.expect("told");
        change.commit().await.expect("committed");
    });
    console.wait_for("1 alert");
    let _folder = runtime.block_on(platform.stop());
    console.wait_for("Connection lost");
    console.wait_for("next try in");
    console.steps();
    for label in ["1 alert", "Settings", "Theme: dark", "Show icons only"] {
        let rect = console.harness.get_by_label_contains(label).rect();
        assert!(rect.bottom() <= look.size[1], "{label} can be reached: {rect}");
    }
}

#[test]
fn a_wrong_token_is_said_before_anything_is_changed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let platform = runtime.block_on(platform::start(Options::default().without_workers()));
    let mut console = Console::open(Options::default().without_workers());
    console.press(Modifiers::COMMAND, Key::Comma);
    console.click("A team's platform");
    console.fill("Address", platform.host.base().as_str());
    console.fill("Token", "not the token");
    console.click("Connect");
    console.wait_until("an answer", |console| !console.says("Asking the platform"));
    assert!(console.says("Credits and licences"), "the dialog stays");
    assert!(console.says("token"), "the answer says what is wrong");
    assert_ne!(console.client().base(), &platform.host.base(), "the old platform is still there");
    console.fill("Address", "http://127.0.0.1:9/");
    console.fill("Token", "any");
    console.click("Test connection");
    console.wait_for("refused");
    console.fill("Address", platform.host.base().as_str());
    console.fill("Token", platform.host.token().expose_secret());
    console.click("Test connection");
    console.wait_for("The platform answers and takes the token");
    console.fill("Token", platform.host.token().expose_secret());
    console.click("Connect");
    console.wait_until("it is the team's platform now", |console| !console.says("Credits and licences") && console.says("Connected"));
    let reached = console.client();
    assert_eq!(reached.base(), &platform.host.base());
}

#[test]
fn dropped_photos_go_to_the_lab_from_an_area_that_does_not_take_them() {
    let mut console = Console::open(Options::default().without_workers());
    console.go_to(AreaId::Analytics);
    console.drop_files(&[concat!(env!("CARGO_MANIFEST_DIR"), "/assets/photos/cat.jpg").into()]);
    assert_eq!(console.harness.state().shown(), AreaId::TestingLab);
    console.wait_for("cat.jpg");
    let client = console.client();
    assert_eq!(console.block_on(client.photos(None, 10)).expect("photos").items.len(), 1);
}

#[test]
fn a_shortcut_does_nothing_behind_a_dialog() {
    let mut console = Console::open(Options::default());
    console.press(Modifiers::COMMAND, Key::Comma);
    assert!(console.says("Credits and licences"));
    console.press(Modifiers::COMMAND, Key::Num3);
    assert_eq!(console.harness.state().shown(), AreaId::LiveStatus);
    console.press(Modifiers::NONE, Key::Escape);
    assert!(!console.says("Credits and licences"));
}

#[test]
fn what_is_remembered_is_written_soon_and_not_only_at_the_end() {
    use eframe::App as _;
    struct Storage;
    impl eframe::Storage for Storage {
        fn get_string(&self, _key: &str) -> Option<String> {
            None
        }
        fn set_string(&mut self, _key: &str, _value: String) {}
        fn remove_string(&mut self, _key: &str) {}
        fn flush(&mut self) {}
    }
    let seconds = |console: &Console| console.harness.state().auto_save_interval().as_secs();
    let mut console = Console::open(Options::default());
    console.harness.state_mut().save(&mut Storage);
    console.steps();
    assert_eq!(seconds(&console), 30, "nothing has changed");
    for change in [Command::GoTo(Route::Area(AreaId::Analytics)), Command::SetTheme(egui::ThemePreference::Light), Command::ZoomIn] {
        console.command(change.clone());
        console.steps();
        assert_eq!(seconds(&console), 1, "{change:?}");
        console.harness.state_mut().save(&mut Storage);
        console.steps();
        assert_eq!(seconds(&console), 30, "{change:?} is written");
    }
    // What an area keeps for a person in egui's memory, such as a filter with its name.
    console.command(Command::GoTo(Route::Jobs(Some(JobState::Failed))));
    console.harness.state_mut().save(&mut Storage);
    console.steps();
    console.click("Saved filters");
    assert_eq!(seconds(&console), 30, "nothing is saved yet");
    console.fill("Name of this filter", "Broken");
    console.click("Save");
    assert_eq!(seconds(&console), 1, "the filter is to be written");
    console.harness.state_mut().save(&mut Storage);
    console.steps();
    assert_eq!(seconds(&console), 30, "it is written");
}

#[test]
fn a_question_mark_shows_the_keys_of_the_area() {
    let mut console = Console::open(Options::default());
    console.type_text("?");
    assert!(console.says("Keyboard shortcuts") && console.says("words of the file name"));
    console.press(Modifiers::NONE, Key::Escape);
    console.press(Modifiers::COMMAND, Key::K);
    console.type_text("?");
    assert!(!console.says("words of the file name"), "where text is typed it is a letter");
}

/// More photos than any screen shows are asked for at once: no frame waits, and few are under way at a time.
#[test]
fn a_tooltip_does_not_stay_above_a_dialog() {
    let mut console = Console::open(Options::default().without_workers());
    let tooltip = AreaId::Analytics.question();
    let place = console.harness.get_by_label("Analytics").rect().center();
    console.harness.event(egui::Event::PointerMoved(place));
    console.wait_for(tooltip);
    console.type_text("?");
    console.wait_for("Keyboard shortcuts");
    console.wait_until("the tooltip is gone", |console| !console.says(tooltip));
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("the dialog is closed", |console| !console.says("Keyboard shortcuts"));
    console.wait_for(tooltip);
}

#[test]
fn the_left_panel_and_the_header_tell_one_state_of_the_pipeline() {
    const MODEL: &str = "gemini/gemini-3.5-flash-lite";
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key-for-nobody".into())]), false);
    let list = vec![Scripted::new() as _, Scripted::new().on_the_net("gemini", "gemini-3.5-flash-lite")];
    let mut console = Console::open(Options { keys, ..Options::with_providers(list) });
    console.go_to(AreaId::Analytics);
    console.wait_for("Pipeline running");
    let client = console.client();
    console.block_on(async {
        client.activate_model(&ActivateModel { name: MODEL.to_owned() }).await.expect("live");
        let config = client.config().await.expect("config");
        let rules = ProcessingRules { daily_limit_usd: Some(UsdMicros(1)), ..config.rules };
        client.set_processing_rules(config.revision, &rules).await.expect("set");
        client.add_photos(vec![("a.jpg".to_owned(), platform::jpeg(64, 48, 1))], true).await.expect("added");
    });
    console.wait_for("Pipeline held back");
    assert!(!console.says("Pipeline running"));
    console.go_to(AreaId::LiveStatus);
    console.wait_until("the header says it too", |console| console.harness.query_by_label("Held back").is_some());
    assert!(console.says("Pipeline held back") && !console.says("Pipeline running"));
    let paused = SetPipelineState { state: PipelineState::Paused };
    console.block_on(client.set_pipeline_state(paused)).expect("paused");
    console.wait_until("both say that it is paused", |console| {
        console.says("Pipeline paused") && console.harness.query_by_label("Paused").is_some() && !console.says("eld back")
    });
}

#[test]
fn an_alert_that_comes_moves_no_area_under_the_pointer() {
    for size in [[1280.0, 800.0], [900.0, 600.0], [900.0, 400.0]] {
        let mut console = Console::open_looking(Options::default().without_workers(), Look { size, ..Look::default() });
        let names = ["Pipeline control", "Testing lab", "Analytics", "Commands", "Settings"];
        console.wait_for("Pipeline running");
        let places = |console: &Console| names.map(|name| console.harness.get_by_label(name).rect());
        console.steps();
        let before = places(&console);
        console.tell(Happened::AlertChanged(alert()));
        console.wait_for("1 alert");
        console.steps();
        assert_eq!(places(&console), before, "{size:?}");
    }
}

#[test]
fn an_alert_that_is_looked_at_is_not_told_once_more() {
    let mut console = Console::open(Options::default().without_workers());
    console.command(Command::GoTo(Route::Live(LiveView::Alerts)));
    console.wait_for("Nothing fires");
    console.tell(Happened::AlertChanged(alert()));
    console.wait_for("Queue depth is 1,204 jobs, above 1,000 jobs");
    assert!(!console.says("Critical: Queue depth"), "it stands in the list");
    console.go_to(AreaId::Analytics);
    console.tell(Happened::AlertChanged(alert()));
    console.wait_for("Critical: Queue depth");
}

fn alert() -> Alert {
    Alert {
        id: AlertId::fresh(),
        rule: "queue_depth".to_owned(),
        metric: AlertMetric::QueueDepth,
        severity: Severity::Critical,
        subject: None,
        threshold: 1_000.0,
        value: 1_204.0,
        fired_at: fixed_now(),
        acknowledged: None,
        snoozed_until: None,
        resolved_at: None,
    }
}

#[test]
fn a_thousand_photos_never_hold_up_a_frame() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let egui = egui::Context::default();
    // A port that takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}/", silent.local_addr().expect("an address")).parse().expect("a URL");
    let mut textures = PhotoTextures::new(Client::new(base, "token".into()).expect("a client"), runtime.handle().clone(), egui);
    let photos: Vec<PhotoId> = (0..1_000).map(|_| PhotoId::fresh()).collect();
    for _ in 0..20 {
        textures.begin_frame();
        for photo in &photos {
            assert!(matches!(textures.get(*photo, 256), PhotoTexture::Loading));
        }
        assert!(textures.fetching() <= 4, "{} at once", textures.fetching());
    }
    runtime.shutdown_background();
}

#[test]
fn how_the_window_looks() {
    let mut pictures = egui_kittest::SnapshotResults::new();
    for (theme, name) in THEMES {
        let mut console = Console::failing(&[IN_USE], Look::themed(theme));
        console.wait_for(IN_USE);
        console.picture(&format!("shell_not_started_{name}"));
        console.command(Command::OpenPalette);
        console.picture(&format!("shell_palette_{name}"));
        console.press(Modifiers::NONE, Key::Escape);
        console.command(Command::OpenSettings);
        console.picture(&format!("shell_settings_{name}"));
        console.press(Modifiers::NONE, Key::Escape);
        console.command(Command::ShowShortcuts);
        console.picture(&format!("shell_shortcuts_{name}"));
        console.press(Modifiers::NONE, Key::Escape);
        console.command(Command::ToggleNavigation);
        console.command(Command::ShowToast(Toast::new(
            ToastKind::Bad,
            "3 photos were not added: the folder can't be read. Change its rights, then add it again",
        )));
        let undo = Command::UndoConfigChange;
        console.command(Command::ShowToast(Toast::new(ToastKind::Good, "Live model: on-device → gemini/gemini-3.8-flash").with_action("Undo", undo)));
        console.picture(&format!("shell_messages_{name}"));
        pictures.extend_harness(&mut console.harness);
    }
}

#[test]
fn a_small_window_enlarged_twice_is_legible() {
    let look = Look { size: [512.0, 320.0], pixels_per_point: 2.0, ..Look::default() };
    let mut console = Console::failing(&[IN_USE], look);
    console.wait_for(IN_USE);
    console.picture("enlarged_not_started");
    let mut pictures = egui_kittest::SnapshotResults::new();
    pictures.extend_harness(&mut console.harness);
    let mut console = Console::open_looking(Options { clock: TestClock::at(fixed_now()), ..Options::default().without_workers() }, look);
    console.picture("enlarged_twice");
    pictures.extend_harness(&mut console.harness);
}

#[test]
fn a_small_window_enlarged_by_half_loses_nothing() {
    // 1024 × 640 pixels at 150 %.
    let look = Look { size: [1024.0 / 1.5, 640.0 / 1.5], pixels_per_point: 1.5, ..Look::default() };
    let mut console = Console::open_looking(Options { clock: TestClock::at(fixed_now()), ..Options::default().without_workers() }, look);
    console.wait_for("Pipeline running with on-device and Photo tags v1");
    for (area, name) in [
        (AreaId::LiveStatus, "enlarged_live_status"),
        (AreaId::PipelineControl, "enlarged_pipeline_control"),
        (AreaId::TestingLab, "enlarged_testing_lab"),
        (AreaId::Analytics, "enlarged_analytics"),
    ] {
        console.go_to(area);
        console.steps();
        // The left panel is a rail, and nothing in it lies on another.
        let mut places: Vec<egui::Rect> = ["Live status", "Pipeline control", "Testing lab", "Analytics", "Commands", "Settings"]
            .map(|label| console.harness.get_by_role_and_label(egui::Role::Button, label).rect())
            .to_vec();
        places.push(console.harness.get_by_role_and_label(egui::Role::Button, "Pipeline running with on-device and Photo tags v1").rect());
        for (at, place) in places.iter().enumerate() {
            assert!(places[at + 1..].iter().all(|other| !place.shrink(1.0).intersects(*other)), "{name}: {places:?}");
        }
        console.picture(name);
    }
}
