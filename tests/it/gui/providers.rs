//! The page of a provider: its key, address, limits and models, and servers that are added by hand.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, ProviderSettings, Providers};
use minerva_console::wire::provider::{ProviderLimits, ProviderSetting};

use super::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::{self, Options, lasting_prices};
use crate::support::pointer;
use crate::support::provider_stub::{ProviderStub, Wire};

/// Real providers; Gemini is at `base` where it is given.
fn options(base: Option<&str>, keys: &Keys) -> Options {
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    let told = base.map(|base| Endpoint { name: "gemini".to_owned(), base: Some(base.parse().expect("a URL")), limits: Limits::default() });
    let settings = ProviderSettings { endpoints: told.into_iter().collect(), on_device_threads: 1, book: lasting_prices() };
    let providers = Providers::new(&settings, keys);
    Options { providers, keys: keys.clone(), clock, ..Options::default().without_workers() }
}

fn without_keys() -> Keys {
    Keys::new(HashMap::new(), false)
}

/// A console that shows Gemini's page.
fn open_looking(options: Options, look: Look) -> Console {
    let mut console = Console::open_looking(options, look);
    console.command(Command::GoTo(Route::Providers));
    console.wait_until("the list of providers", |console| console.harness.query_by_label_contains("Google Gemini, ").is_some());
    pointer::click_label_contains(&mut console.harness, "Google Gemini, ");
    console.wait_for("Models on offer");
    console.wait_for("Gemini 3.8 Flash");
    console
}

fn open(options: Options) -> Console {
    open_looking(options, Look { size: [1440.0, 900.0], ..Look::default() })
}

#[test]
fn a_key_is_entered_tested_and_removed_and_never_shown() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let mut console = open(options(Some(stub.base(Wire::Gemini).as_str()), &without_keys()));
    console.wait_for("There is no key for Google Gemini yet. Enter one here, or set GEMINI_API_KEY");
    console.click("Test key");
    console.wait_for("This can't be done now");
    assert!(!console.says("in Pipeline control"), "nobody is sent to the page that they look at");
    assert!(console.says("A key that is entered here is held in memory alone") && !console.says("It goes into this computer's keyring"));
    console.fill("Key for Google Gemini", Wire::Gemini.key());
    console.press(Modifiers::NONE, Key::Enter);
    // This console has no keyring: why, the session, and the variable are told.
    console.wait_for("Keep the key for this session only");
    assert!(console.says("GEMINI_API_KEY"));
    console.click("Keep for this session only");
    console.wait_for("····91c2");
    console.wait_for("kept until the program ends");
    console.wait_for("The key in use is held in memory alone and is gone when the program ends");
    assert!(!console.says(Wire::Gemini.key()) && !console.says("MARKER"), "the key is never shown");
    console.click("Test key");
    console.wait_for("Works");
    console.wait_for("last worked");
    console.wait_until("the list says so", |console| console.harness.query_by_label("Google Gemini, ready").is_some());

    console.fill("Key for Google Gemini", "a-key-that-is-refused");
    console.click("Replace key");
    console.wait_for("Keep for this session only");
    console.click("Keep for this session only");
    console.wait_for("····used");
    console.click("Test key");
    console.wait_until("the list says so", |console| {
        ["failed", "held back"].iter().any(|word| console.harness.query_by_label(&format!("Google Gemini, {word}")).is_some())
    });
    console.click("Remove…");
    console.wait_for("Forget the key for Google Gemini?");
    console.click("Remove key");
    console.wait_for("There is no key for Google Gemini yet");
    console.wait_until("what another key did is not said of none", |console| !console.says("Failed") && !console.says("Works"));
}

/// The question is a dialog: it hides nothing, is closed with Escape, and does not stay behind.
#[test]
fn a_key_is_kept_with_escape_and_the_question_fits_a_small_window() {
    let size = [1280.0, 800.0];
    let mut console = open_looking(options(None, &without_keys()), Look { size, ..Look::default() });
    console.fill("Key for Google Gemini", "AIza-for-an-hour-1357");
    console.wait_until("it can be used", |console| !console.harness.get_by_label("Use for this session only").accesskit_node().is_disabled());
    console.click("Use for this session only");
    console.wait_for("····1357");
    console.click("Remove…");
    console.wait_for("Forget the key for Google Gemini?");
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
    for label in ["Remove key", "Keep it"] {
        let button = console.harness.get_by_label(label).rect();
        assert!(window.contains_rect(button), "{label} is out of sight: {button:?}");
    }
    console.press(Modifiers::NONE, Key::Escape);
    console.wait_until("the question is gone", |console| !console.says("Forget the key for Google Gemini?"));
    assert!(console.says("····1357"), "the key is kept");
}

/// Every area knows at once whether there is a key.
#[test]
fn a_key_that_comes_or_goes_is_known_in_the_lab_at_once() {
    let mut console = open(options(None, &without_keys()));
    console.go_to(AreaId::TestingLab);
    console.wait_for("No key for Google Gemini");
    console.command(Command::GoTo(Route::Provider("gemini".to_owned())));
    console.wait_for("Models on offer");
    console.fill("Key for Google Gemini", "AIza-for-an-hour-1357");
    console.wait_until("it can be used", |console| !console.harness.get_by_label("Use for this session only").accesskit_node().is_disabled());
    console.click("Use for this session only");
    console.wait_for("····1357");
    console.go_to(AreaId::TestingLab);
    console.wait_until("the lab knows the key", |console| !console.says("No key for Google Gemini"));
    console.command(Command::GoTo(Route::Provider("gemini".to_owned())));
    console.wait_for("····1357");
    console.click("Remove…");
    console.wait_for("Forget the key for Google Gemini?");
    console.click("Remove key");
    console.wait_for("There is no key for Google Gemini yet");
    console.go_to(AreaId::TestingLab);
    console.wait_for("No key for Google Gemini");
}

/// Whoever does not want a key in the keyring need not wait for the keyring to fail.
#[test]
fn a_key_is_used_for_this_session_only_without_asking_the_keyring() {
    let mut console = open(options(None, &without_keys()));
    console.fill("Key for Google Gemini", "AIza-for-an-hour-1357");
    console.wait_until("it can be used", |console| !console.harness.get_by_label("Use for this session only").accesskit_node().is_disabled());
    console.click("Use for this session only");
    console.wait_for("····1357");
    console.wait_for("kept until the program ends");
    assert!(!console.says("Keep the key for this session only"), "it was not tried");
}

/// A word beside the name and a word beside the test never speak of different tests.
#[test]
fn the_newest_test_counts_wherever_it_was_made() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false);
    let mut console = open(options(Some("http://127.0.0.1:9/"), &keys));
    console.click("Test key");
    console.wait_for("Failed");
    console.wait_until("the list says so", |console| console.harness.query_by_label("Google Gemini, failed").is_some());
    // Somebody else mends it and tests it.
    let client = console.client();
    let setting = ProviderSetting { base_url: Some(stub.base(Wire::Gemini).to_string()), ..ProviderSetting::default() };
    let revision = console.block_on(client.config()).expect("config").revision;
    console.block_on(client.set_provider(revision, "gemini", &setting)).expect("set");
    console.block_on(client.check_provider("gemini")).expect("tested");
    console.command(Command::Reload);
    console.wait_until("the list says so", |console| console.harness.query_by_label("Google Gemini, ready").is_some());
    console.wait_for("Works");
    assert!(!console.says("Failed"));
}

#[test]
fn a_key_on_an_open_way_is_warned_of() {
    let mut console = open(options(Some("http://192.0.2.7/"), &without_keys()));
    console.wait_for("The key and the photos travel to 192.0.2.7 unencrypted");
}

#[test]
fn an_address_and_limits_are_set_refused_at_their_field_and_undone() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let mut console = open(options(None, &Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false)));
    assert!(console.says("The provider's own address"));
    assert!(!console.says("not applied yet"));
    console.fill("Base URL", "http://me:pw@example.com/");
    console.wait_for("Not applied yet: a test of the key tests what is in use");
    console.click("Apply");
    console.wait_for("must not hold a user name");
    console.fill("Base URL", "http://example.com/");
    console.click("Apply");
    console.wait_for("readable for everybody between");
    console.fill("Base URL", stub.base(Wire::Gemini).as_str());
    console.fill("Requests a minute", "many");
    console.click("Apply");
    console.wait_for("Requests a minute must be a whole number");
    console.fill("Requests a minute", "30");
    console.fill("Time in all", "9000");
    console.click("Apply");
    console.wait_for("The time in all must be from 1 to 7200");
    console.fill("Time in all", "240");
    console.click("Apply");
    console.wait_for("The settings of Google Gemini are applied");
    console.wait_for("Set here");
    console.click("Test key");
    console.wait_for("Works");
    let client = console.client();
    let setting = console.block_on(client.config()).expect("config").providers["gemini"].clone();
    assert_eq!((setting.limits.requests_per_minute, setting.base_url), (Some(30), Some(stub.base(Wire::Gemini).to_string())));
    assert_eq!(setting.limits.total_s, Some(240));

    pointer::click_label(&mut console.harness, "Refresh");
    console.wait_for("As the provider listed them");

    pointer::click_label(&mut console.harness, "Undo");
    console.wait_for("The provider's own address");
    assert!(console.block_on(client.config()).expect("config").providers.is_empty());
}

#[test]
fn two_people_set_the_same_provider_and_nobodys_change_is_lost() {
    let mut console = open(options(None, &without_keys()));
    console.fill("Requests a minute", "30");
    console.fill("Calls at once", "4");
    // Somebody else sets one of them otherwise, and another one.
    let client = console.client();
    let others = |console: &Console, limits: ProviderLimits| {
        console.block_on(async {
            let revision = client.config().await.expect("config").revision;
            client.set_provider(revision, "gemini", &ProviderSetting { limits, ..ProviderSetting::default() }).await.expect("set");
        });
    };
    let set = ProviderLimits { requests_per_minute: Some(60), timeout_s: Some(45), ..ProviderLimits::default() };
    others(&console, set);
    console.wait_for("The same settings were changed from another window meanwhile");
    assert!(console.says("was the default") && console.says("Mine: 30") && console.says("Theirs: 60"));
    assert!(!console.says("Mine: 4"), "what only one changed is no question");
    assert!(console.harness.get_by_label("Apply").accesskit_node().is_disabled(), "first it is chosen");
    console.click("Requests a minute, Theirs: 60");
    console.wait_until("it can be applied", |console| !console.harness.get_by_label("Apply").accesskit_node().is_disabled());
    console.click("Apply");
    console.wait_for("The settings of Google Gemini are applied");
    let limits = console.block_on(client.config()).expect("config").providers["gemini"].limits;
    assert_eq!(limits, ProviderLimits { concurrency: Some(4), ..set }, "both are in it");

    // What somebody else sets while nothing is typed is simply shown; mine can be kept as well.
    console.fill("Calls at once", "9");
    others(&console, ProviderLimits { concurrency: Some(2), ..set });
    console.wait_for("Theirs: 2");
    console.click("Calls at once, Mine: 9");
    console.wait_until("it can be applied", |console| !console.harness.get_by_label("Apply").accesskit_node().is_disabled());
    console.click("Apply");
    console.wait_until("mine holds", |console| console.block_on(client.config()).expect("config").providers["gemini"].limits.concurrency == Some(9));
}

#[test]
fn a_server_is_added_and_goes_again_with_undo() {
    let mut console = open(options(None, &without_keys()));
    pointer::click_label(&mut console.harness, "Add a compatible server…");
    console.wait_for("Any server that speaks OpenAI's chat format");
    console.type_text("Not A Name");
    console.fill("Address", "http://localhost:1234/v1");
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("A name has 1 to 32 of the letters");
    console.click("LM Studio");
    pointer::click(&mut console.harness, |shown| shown.query_by_role_and_label(egui::Role::Button, "Add server").map(|node| node.rect()));
    console.steps();
    console.wait_for("lmstudio is added");
    let client = console.client();
    assert!(console.block_on(client.config()).expect("config").providers.contains_key("lmstudio"));
    console.click("Undo");
    console.wait_for("Undone. lmstudio: removed");
    assert!(!console.block_on(client.config()).expect("config").providers.contains_key("lmstudio"));
}

#[test]
fn a_model_that_waits_for_its_key_goes_live_with_it() {
    let mut console = open(options(None, &without_keys()));
    console.command(Command::GoTo(Route::Models));
    console.wait_until("the models", |console| console.harness.query_by_label("Make Gemini 3.8 Flash live").is_some());
    pointer::click_label(&mut console.harness, "Make Gemini 3.8 Flash live");
    console.wait_until("the field has the keyboard", |console| {
        console.harness.query_by_label("Key for Google Gemini").is_some_and(|field| field.is_focused())
    });
    console.type_text("AIza-not-a-real-key-5678");
    console.click("Store and make live");
    console.wait_for("Keep for this session only");
    console.click("Keep for this session only");
    console.wait_for("Gemini 3.8 Flash is live");
    let client = console.client();
    assert_eq!(console.block_on(client.config()).expect("config").live_model, "gemini/gemini-3.8-flash");
}

/// In a small window nothing is pushed out of sight, and nothing lies under something else.
#[test]
fn the_page_of_cloud_vision_fits_a_small_window() {
    let keys = Keys::new(HashMap::from([("vision".to_owned(), Wire::Vision.key().into())]), false);
    let mut console = Console::open_looking(options(None, &keys), Look { size: [1024.0, 640.0], ..Look::default() });
    console.command(Command::GoTo(Route::Provider("vision".to_owned())));
    console.wait_for("Models on offer");
    console.wait_for("Safe search");
    let rect = |console: &Console, label: &str| console.harness.get_by_label(label).rect();
    let (state, close) = (rect(&console, "Not tested"), rect(&console, "Back to the prompt"));
    assert!(state.right() <= close.left(), "{state:?} lies under {close:?}");
    assert!(console.says("$1.50 per 1,000 photos") && console.says("$2.25 per 1,000 photos") && !console.says("Price unknown"));
    console.wait_for("the provider has no list to ask for");
    assert!(console.harness.query_by_label("Refresh").is_none(), "nothing would come of it");
    console.picture("providers_vision_small");
    console.command(Command::GoTo(Route::Provider("gemini".to_owned())));
    console.wait_for("Gemini 3.8 Flash");
    let (refresh, close) = (rect(&console, "Refresh"), rect(&console, "Back to the prompt"));
    assert!(refresh.right() <= close.right() + 16.0, "{refresh:?} is out of sight, right of {close:?}");
}

fn pictures(name: &str, look: Look) {
    let mut console = open_looking(options(None, &Keys::new(HashMap::from([("gemini".to_owned(), Wire::Gemini.key().into())]), false)), look);
    console.picture(&format!("providers_{name}"));
    console.fill("Base URL", "http://example.com/");
    console.fill("Requests a minute", "many");
    console.press(Modifiers::NONE, Key::Enter);
    console.steps();
    console.wait_for("whole number");
    console.press(Modifiers::NONE, Key::Escape);
    console.picture(&format!("providers_trouble_{name}"));
    pointer::click_label_contains(&mut console.harness, "On-device, ");
    console.wait_for("no photo leaves this computer");
    console.wait_for("Free");
    console.picture(&format!("providers_on_device_{name}"));
    pointer::click_label(&mut console.harness, "Add a compatible server…");
    console.wait_for("Any server that speaks");
    console.click("vLLM");
    console.picture(&format!("providers_add_{name}"));
}

pictured!(in every look);
#[test]
fn a_platform_elsewhere_gets_a_persons_own_key_only_with_what_they_start() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let server = runtime.block_on(platform::start(options(Some(stub.base(Wire::Gemini).as_str()), &without_keys())));
    // The server's token is known here, and a key of this computer's environment, which counts as the person's own.
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "a-key-of-a-variable".into())]), false);
    let look = Look { size: [1440.0, 900.0], ..Look::default() };
    let mut console = Console::reaching_with(server.host.base(), server.host.token(), keys, look);
    console.wait_until("the platform is heard", |console| console.says("Connected"));
    console.command(Command::GoTo(Route::Providers));
    console.wait_until("the list of providers", |console| console.harness.query_by_label_contains("Google Gemini, ").is_some());
    pointer::click_label_contains(&mut console.harness, "Google Gemini, ");
    console.wait_for("Your own key for tests");
    console.wait_for("your own, from this computer's variable GEMINI_API_KEY");
    console.wait_for("not tested yet");
    assert!(!console.says("can't be used"), "the server's keyring is not this computer's");
    console.fill("Key for Google Gemini", Wire::Gemini.key());
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("The keyring is not used here");
    console.click("Keep for this session only");
    console.wait_for("your own, held on this computer until the program ends");
    console.click("Test key");
    console.wait_for("Works");
    console.wait_for("Gemini 3.8 Flash");
    assert!(stub.traffic().misplaced_keys().is_empty(), "the key that was brought, where it belongs");
    // The server itself has none: it can't be made live by it.
    let refused = runtime.block_on(server.client.check_provider("gemini")).expect_err("no key");
    assert_eq!(refused.code(), Some("no_key"));
}
