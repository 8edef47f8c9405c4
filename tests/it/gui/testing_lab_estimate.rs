//! What a run will cost stands above the button that spends it, and beside what it has cost afterwards.

use std::collections::HashMap;

use egui::{Key, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use minerva_console::client::Client;
use minerva_console::gui::ctx::Command;
use minerva_console::gui::testing_lab::TestingLab;
use minerva_console::keys::Keys;
use minerva_console::platform::domain::Clock as _;
use minerva_console::providers::{ProviderSettings, Providers};
use minerva_console::wire::event::Happened;
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::clock::TestClock;
use crate::support::platform::{self, Options, TestPlatform, lasting_prices};
use crate::support::pointer;
use crate::support::scripted::Scripted;

type Lab = Harness<'static, AreaState<TestingLab>>;

const PRO: &str = "gemini-3.1-pro-preview";

struct Story {
    lab: Lab,
    client: Client,
    _platform: TestPlatform,
    runtime: tokio::runtime::Runtime,
}

/// The lab on the bundled photos, on a day in March, with a free model, a priced one and one of unknown price.
fn story(window: Window) -> Story {
    let scripted = Scripted::new();
    let keys = Keys::new(HashMap::from([("gemini".to_owned(), "k".to_owned().into())]), false);
    let list = vec![scripted.clone() as _, scripted.on_the_net("gemini", PRO), scripted.renamed("metered")];
    story_with(Options { keys, ..Options::with_providers(list) }, window)
}

fn story_with(options: Options, window: Window) -> Story {
    let (runtime, clock) = (tokio::runtime::Runtime::new().expect("a runtime"), TestClock::at_noon());
    let options = Options { clock: clock.clone(), ..options }.seeded().without_workers();
    let platform = runtime.block_on(platform::start(options));
    let client = platform.client.clone();
    runtime.block_on(platform::until("the bundled photos", || async {
        (client.photos(None, 100).await.expect("photos").items.len() == 24).then_some(())
    }));
    let mut lab = area::show(TestingLab::default(), &client, &runtime, clock.now(), window);
    wait_until(&mut lab, "the setup is there", |lab| says(lab, "24 of 24 selected") && says(lab, "24 calls"));
    wait_until(&mut lab, "the free model is estimated", |lab| says(lab, "Costs nothing: the photos stay on this machine"));
    Story { lab, client, _platform: platform, runtime }
}

fn says(lab: &Harness<'_, AreaState<TestingLab>>, words: &str) -> bool {
    lab.query_all_by_label_contains(words).next().is_some()
}

impl Story {
    /// The sum that the platform expects of all photos and the live prompt on these models.
    fn expected(&self, models: &[&str]) -> String {
        self.runtime.block_on(async {
            let photos = self.client.photos(None, 100).await.expect("photos").items;
            let live = self.client.config().await.expect("config").live_prompt_version_id;
            let asked = StartRun {
                name: String::new(),
                photo_ids: photos.iter().map(|photo| photo.id).collect(),
                prompts: vec![RunPrompt::Version { id: live }],
                photo_set: None,
                models: models.iter().map(|model| (*model).to_owned()).collect(),
                repeats: 1,
                concurrency: 4,
                ask_again: false,
            };
            self.client.estimate_run(&asked).await.expect("an estimate").total.cost.to_string()
        })
    }

    fn choose(&mut self, model: &str) {
        pointer::click_label(&mut self.lab, model);
        self.lab.run_steps(2);
    }

    fn picture(&mut self, name: &str) {
        for _ in 0..60 {
            std::thread::sleep(std::time::Duration::from_millis(20));
            self.lab.step();
        }
        self.lab.remove_cursor();
        self.lab.run_steps(8);
        self.lab.snapshot(name);
    }
}

#[test]
fn the_cost_is_shown_before_it_is_spent_and_stays_beside_what_was_spent() {
    let mut story = story(Window::default());
    story.choose(PRO);
    let expected = story.expected(&["on-device", "gemini/gemini-3.1-pro-preview"]);
    assert!(expected.starts_with("≈ $"), "{expected}");
    wait_until(&mut story.lab, "the priced model is estimated", |lab| says(lab, &expected) && !says(lab, "unknown price"));
    story.choose("metered");
    wait_until(&mut story.lab, "what is unknown is said", |lab| says(lab, &format!("{expected} + 24 calls of unknown price")));
    pointer::click_label(&mut story.lab, "Cost by column");
    wait_until(&mut story.lab, "it is told by column", |lab| {
        says(lab, "Price unknown") && says(lab, "150 out (assumed)") && says(lab, "Not counted in tokens")
    });
    story.lab.run_steps(8);
    let rect = |label: &str| story.lab.get_by_label(label).rect();
    let (limit, run) = (rect("Spend at most, in USD"), rect("Run the comparison"));
    assert!(limit.height() > 10.0 && limit.bottom() <= run.top(), "the limit is whole and above the button: {limit:?}, {run:?}");
    let estimate = rect("Cost by column");
    assert!(estimate.bottom() < limit.top(), "{estimate:?}, {limit:?}");

    story.lab.state_mut().command(Command::RunComparison);
    wait_until(&mut story.lab, "the run is open", |lab| says(lab, "answered"));
    let ended = story.runtime.block_on(platform::until("the run to end", || async {
        let run = story.client.runs().await.expect("runs").items.into_iter().next()?;
        (run.state == RunState::Completed).then_some(run)
    }));
    assert_eq!(ended.cost_unknown_cells, 0);
    // The lab's own question may have been answered while the run was under way: the end is told until it is seen.
    let spent = format!("Cost $0.0140 of {expected}, show prices");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !says(&story.lab, &spent) {
        assert!(std::time::Instant::now() < deadline, "waited in vain for '{spent}'");
        story.lab.state_mut().happen(Happened::RunChanged(ended.clone()));
        std::thread::sleep(std::time::Duration::from_millis(5));
        story.lab.run_steps(2);
    }
    pointer::click(&mut story.lab, |shown| shown.query_all_by_label_contains("show prices").next().map(|node| node.rect()));
    wait_until(&mut story.lab, "the prices of the run", |lab| says(lab, "$2.00 in, $12.00 out, $0.20 cached per million tokens, since 2026-02-19"));
    assert!(says(&story.lab, "24 calls of unknown price") && says(&story.lab, "Price unknown") && says(&story.lab, "Costs nothing"));
}

/// By hand: 24 photos at 1.50 and at 2.25 USD per thousand are 0.036 and 0.054 USD.
#[test]
fn cloud_vision_is_told_by_the_photo_and_that_it_follows_no_prompt() {
    let keys = Keys::new(HashMap::from([("vision".to_owned(), "k".to_owned().into())]), false);
    let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: lasting_prices() }, &keys);
    let mut story = story_with(Options { providers, keys, ..Options::default() }, Window::default());
    assert!(says(&story.lab, "Google Cloud Vision · $1.50 per 1,000 photos · follows no prompt"));
    story.choose("Labels");
    story.choose("Objects");
    wait_until(&mut story.lab, "both are estimated", |lab| says(lab, "≈ $0.0900") && !says(lab, "unknown price"));
    assert!(says(&story.lab, "Free units of the month and volume discounts of Cloud Vision are not subtracted"));
    pointer::click_label(&mut story.lab, "Cost by column");
    wait_until(&mut story.lab, "it is told by column", |lab| says(lab, "≈ $0.0360") && says(lab, "≈ $0.0540") && says(lab, "Not counted in tokens"));
    story.lab.get_by_label("Spend at most, in USD").focus();
    story.lab.run_steps(2);
    story.lab.get_by_label("Spend at most, in USD").type_text("0.08");
    wait_until(&mut story.lab, "the limit is too low", |lab| says(lab, "This may cost up to $0.0900 and would stop before its end"));
    assert!(story.lab.get_by_label("Run the comparison").accesskit_node().is_disabled());
    story.lab.state_mut().command(Command::RunComparison);
    story.lab.run_steps(3);
    assert!(story.runtime.block_on(story.client.runs()).expect("runs").items.is_empty(), "nothing is begun");
    story.lab.key_press(Key::Backspace);
    story.lab.run_steps(2);
    story.lab.get_by_label("Spend at most, in USD").type_text("9");
    wait_until(&mut story.lab, "it is enough", |lab| !says(lab, "would stop before its end"));
    assert!(!story.lab.get_by_label("Run the comparison").accesskit_node().is_disabled());
    assert!(says(&story.lab, "No key for OpenAI"), "providers have the names that people call them");
}

/// Everything chosen, told by column.
fn look_at(look: &str, window: Window) {
    let mut story = story(window);
    story.choose(PRO);
    story.choose("metered");
    wait_until(&mut story.lab, "the estimate is there", |lab| says(lab, "24 calls of unknown price"));
    pointer::click_label(&mut story.lab, "Cost by column");
    story.lab.run_steps(20);
    story.picture(&format!("lab_estimate_{look}"));
}

#[test]
fn the_estimate_in_the_dark() {
    look_at("dark", Window { size: [1180.0, 800.0], theme: Theme::Dark, pixels_per_point: 1.0 });
}

#[test]
fn the_estimate_in_a_small_window() {
    look_at("small", Window { size: [844.0, 640.0], theme: Theme::Dark, pixels_per_point: 1.0 });
}

#[test]
fn the_estimate_enlarged_by_half() {
    look_at("150", Window { size: [844.0, 640.0], theme: Theme::Light, pixels_per_point: 1.5 });
}
