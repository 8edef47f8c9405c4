//! A person chooses smaller photos as well, sees before what that costs, and after the run what it saves and loses.

use std::collections::HashMap;
use std::time::Duration;

use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::keys::Keys;
use minerva_console::providers::{Endpoint, Limits, ProviderSettings, Providers};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::Answer;
use minerva_console::wire::run::{RunPrompt, RunState, StartRun};
use minerva_console::wire::sweep::{SentImage, StartSweep};
use minerva_console::wire::truth::SetTruth;

use crate::gui::pictured::pictured;
use crate::support::clock::TestClock;
use crate::support::console::{Console, Look, fixed_now};
use crate::support::platform::{Options, lasting_prices, until};
use crate::support::provider_stub::{ProviderStub, Wire};
use crate::support::scripted::{Act, Scripted, answer};

struct Story {
    console: Console,
    stub: ProviderStub,
    _runtime: tokio::runtime::Runtime,
}

fn story(look: Look) -> Story {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let stub = runtime.block_on(ProviderStub::start(Duration::ZERO));
    let keys = Keys::new(HashMap::from([("openai".to_owned(), Wire::OpenAi.key().into())]), false);
    let endpoint = Endpoint { name: "openai".to_owned(), base: Some(stub.base_as(Wire::OpenAi, "good")), limits: Limits::default() };
    let providers = Providers::new(&ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: lasting_prices() }, &keys);
    let options = Options { providers, keys, clock: TestClock::at(fixed_now()), ..Options::default() }.seeded().without_workers();
    let mut console = Console::open_looking(options, look);
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    Story { console, stub, _runtime: runtime }
}

/// Chooses, wherever in the panel it stands.
fn give(console: &mut Console, choice: &str) {
    console.wait_for(choice);
    console.harness.get_by_label(choice).scroll_to_me();
    console.steps();
    console.click(choice);
}

#[test]
fn sizes_are_chosen_beside_the_models_and_counted_before_anything_is_asked() {
    let Story { mut console, stub, _runtime } = story(Look::DARK);
    console.wait_for("24 photos × 1 prompt × 1 model = 24 calls");
    give(&mut console, "GPT-5.4 nano");
    console.wait_for("24 photos × 1 prompt × 2 models = 48 calls");
    give(&mut console, "Sizes and qualities");
    console.wait_for("Send at 512 px");
    give(&mut console, "Send at 512 px");
    console.wait_for("24 photos × 1 prompt × 3 models and sizes = 72 calls");
    give(&mut console, "Send in quality 60");
    give(&mut console, "Send in quality 85");
    console.wait_for("24 photos × 1 prompt × 4 models and sizes = 96 calls");
    give(&mut console, "Send at 512 px");
    give(&mut console, "Send in quality 60");
    give(&mut console, "Send in quality 85");
    console.wait_for("24 photos × 1 prompt × 2 models = 48 calls");

    // What is on this machine takes no parameters, and the other one takes no temperature.
    give(&mut console, "Parameters");
    give(&mut console, "Ask with thinking low");
    give(&mut console, "Ask with thinking high");
    console.wait_for("24 photos × 1 prompt × 3 models and parameters = 72 calls");
    give(&mut console, "Ask with temperature 0.2");
    console.wait_for("Parameters (2 in place of the prompt's)");
    console.wait_for("24 photos × 1 prompt × 3 models and parameters = 72 calls");
    assert_eq!(stub.traffic().all_questions(), 0);
}

const TAGS: [&str; 4] = ["animal", "outdoors", "portrait", "detail"];

/// What an answer to a photo in this column says and costs: smaller photos lose tags, and are cheaper.
fn answer_of(photo: usize, column: usize) -> Answer {
    let kept = match column {
        0 => 4,
        1 => 4 - usize::from(photo % 6 == 5),
        _ => 2,
    };
    let tags: Vec<(&str, f32)> = TAGS.iter().take(kept).enumerate().map(|(rank, tag)| (*tag, 0.95 - 0.1 * rank as f32)).collect();
    Answer { cost_usd: Some(UsdMicros([412, 180, 96][column] + (photo % 3) as i64 * 7)), ..answer(&tags) }
}

/// A run over twelve labelled photos as usual and in two sizes, with its figures on view.
fn swept(look: Look) -> Console {
    let scripted = Scripted::new();
    let options = Options { clock: TestClock::at(fixed_now()), ..Options::with_providers(vec![scripted.clone() as _]).seeded().without_workers() };
    let mut console = Console::open_looking(options, look);
    console.go_to(AreaId::TestingLab);
    console.wait_for("24 of 24 selected");
    // Asked by photo first.
    for (photo, column) in (0..12).flat_map(|photo| (0..3).map(move |column| (photo, column))) {
        scripted.then(Act::Answer(answer_of(photo, column)));
    }
    let client = console.client();
    let run = console.block_on(async {
        let mut photos = client.photos(None, 100).await.expect("photos").items;
        photos.sort_by(|one, other| one.file_name.cmp(&other.file_name));
        let photo_ids: Vec<_> = photos.iter().take(12).map(|photo| photo.id).collect();
        for id in &photo_ids {
            let tags = TAGS.iter().map(|tag| (*tag).to_owned()).collect();
            client.set_ground_truth(*id, &SetTruth { tags: Some(tags) }).await.expect("labelled");
        }
        let run = StartRun {
            name: "Three sizes".to_owned(),
            photo_ids,
            photo_set: None,
            prompts: vec![RunPrompt::inline("Photo tags v4", "Name what you see")],
            models: vec!["on-device".to_owned()],
            repeats: 1,
            concurrency: 1,
            ask_again: false,
        };
        let run = client
            .start_sweep(&StartSweep { run, images: SentImage::all(&[512, 256], &[60]), parameters: Vec::new(), max_cost_usd: None })
            .await
            .expect("begun");
        until("the run to end", || async { (client.run(run.id).await.expect("run").state == RunState::Completed).then_some(()) }).await;
        run.id
    });
    console.steady_times(-200);
    console.command(Command::Reload);
    console.command(Command::GoTo(Route::Run(run)));
    console.wait_for("36 of 36 answered");
    console.command(Command::ShowRunFigures);
    console.wait_for("Accuracy against cost");
    console
}

#[test]
fn a_sweep_tells_what_smaller_photos_save_and_what_they_lose() {
    let mut console = swept(Look::DARK);
    console.wait_for("As usual: 100 % (");
    // Two photos of twelve lose one tag of four: F1 is 2 · 46 / (46 + 48).
    console.wait_for("512 px, quality 60: 98 % (");
    // Two tags of four everywhere: 2 · 24 / (24 + 48).
    console.wait_for("256 px, quality 60: 67 %");
    console.wait_for("F1 against the labels of the photos");
    console.wait_for("512 px, quality 60 saves 55 % and is not shown to be worse: it loses at most ");
    console.wait_for("worse");
}

fn pictures(name: &str, look: Look) {
    let mut console = swept(look);
    console.wait_for("512 px, quality 60 saves 55 %");
    console.picture(&format!("lab_sweep_{name}"));
}

pictured!(pictures_dark "dark" DARK, pictures_of_a_small_window "small" SMALL_LIGHT);
