//! How the testing lab looks: the grid, the matrix, two and three panes; both themes, small and enlarged.
//!
//! Photos and prompts come from a real platform. The answers are written here and told as events, since real latencies
//! differ from run to run and pictures must not.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::{Command, Route};
use minerva_console::gui::testing_lab::TestingLab;
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::PhotoId;
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::result::{Answer, ConfidenceKind, Fault, FaultKind, Tag, Usage};
use minerva_console::wire::run::{Cell, CellNow, CellState, Run, RunCounts, RunPrompt, RunState, SpendLimit, StartRun};

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::platform::{self, Options, TestPlatform};
use crate::support::pointer;
use crate::support::scripted::Scripted;

type Lab = Harness<'static, AreaState<TestingLab>>;

/// The photos of the run, in its order, and what the two columns find in each: name, confidence, box.
type Found = (&'static str, f32, Option<[f32; 4]>);
const CAT_A: [Found; 8] = [
    ("cat", 0.97, Some([0.02, 0.02, 0.98, 0.98])),
    ("tabby", 0.91, None),
    ("whiskers", 0.84, None),
    ("green eyes", 0.72, Some([0.28, 0.2, 0.74, 0.46])),
    ("pet", 0.66, None),
    ("fur", 0.58, None),
    ("indoor", 0.31, None),
    ("portrait", 0.27, None),
];
const CAT_B: [Found; 6] = [
    ("cat", 0.88, Some([0.04, 0.03, 0.97, 0.97])),
    ("tabby cat", 0.79, None),
    ("pet", 0.74, None),
    ("whiskers", 0.4, None),
    ("animal", 0.38, None),
    ("egyptian cat", 0.22, None),
];
const OTHERS: [[&str; 6]; 5] = [
    ["dog", "window", "curtain", "puppy", "waiting", "house"],
    ["bird of prey", "osprey", "branch", "feather", "sky", "wildlife"],
    ["coffee", "cup", "saucer", "table", "espresso", "spoon"],
    ["building", "amphitheatre", "ruin", "arch", "sky", "tourism"],
    ["boat", "harbour", "black and white", "water", "mast", "historic"],
];
const NAMES: [&str; 6] = ["cat.jpg", "dogs_window.jpg", "osprey.jpg", "coffee.jpg", "colosseum.jpg", "boats_1865.jpg"];

struct Story {
    lab: Lab,
    run: Run,
    _platform: TestPlatform,
    _runtime: tokio::runtime::Runtime,
}

fn now() -> DateTime<Utc> {
    "2026-03-14T09:26:53Z".parse().expect("a moment")
}

fn answer(found: &[Found], caption: Option<&str>, kind: ConfidenceKind) -> Answer {
    let is_paid = kind == ConfidenceKind::SelfReported;
    Answer {
        caption: caption.map(str::to_owned),
        tags: found
            .iter()
            .map(|(name, confidence, bounds)| Tag { name: (*name).to_owned(), confidence: Some(*confidence), bounds: *bounds })
            .collect(),
        confidence_kind: kind,
        usage: if is_paid { Usage { input_tokens: Some(1_204), output_tokens: Some(96), ..Usage::default() } } else { Usage::default() },
        cost_usd: Some(UsdMicros(if is_paid { 842 } else { 0 })),
        retries: 0,
        notes: Vec::new(),
    }
}

/// What the column finds in the photo of this row.
fn answer_of(row: usize, column: u32) -> Answer {
    let (kind, caption) = if column == 1 { (ConfidenceKind::ModelScore, None) } else { (ConfidenceKind::SelfReported, Some(())) };
    if row == 0 {
        let words = match column {
            2 => "A grey tabby cat with green eyes looks into the camera, whiskers sharp against a dark background.",
            _ => "A tabby cat with green eyes looks straight into the camera, its whiskers sharp against the dark.",
        };
        let found = if column == 1 { &CAT_B[..] } else { &CAT_A[..] };
        return answer(found, caption.map(|()| words), kind);
    }
    let words = OTHERS[(row - 1) % OTHERS.len()];
    let kept = words.iter().enumerate().filter(|(at, _)| column == 0 || !(at + row + column as usize).is_multiple_of(4));
    let found: Vec<Found> = kept.map(|(at, name)| (*name, 0.95 - 0.13 * at as f32 - 0.06 * column as f32, None)).collect();
    answer(&found, caption.map(|()| "A photo that is told in one sentence."), kind)
}

fn cell(run: &Run, row: usize, column: u32) -> Cell {
    let latency = if column == 1 { 118 + 7 * row as u64 } else { 1_240 + 130 * row as u64 + 90 * u64::from(column) };
    let cell = Cell {
        id: minerva_console::wire::ids::CellId::fresh(),
        run_id: run.id,
        photo_id: run.photo_ids[row],
        column,
        repeat: 0,
        state: CellState::Completed,
        answer: Some(answer_of(row, column)),
        fault: None,
        latency_ms: Some(latency),
        trace: Vec::new(),
        reused: None,
    };
    match (row, column) {
        (3, 0) => {
            let fault =
                Fault::new(FaultKind::RateLimited, "Gemini asks to wait 32 s: the free tier allows 10 requests a minute. Resume the run later");
            Cell { state: CellState::Failed, answer: None, latency_ms: None, fault: Some(fault), ..cell }
        }
        (4, 2) => Cell { state: CellState::Running, answer: None, latency_ms: None, ..cell },
        (5, 0 | 2) => Cell { state: CellState::Waiting, answer: None, latency_ms: None, ..cell },
        _ => cell,
    }
}

/// The lab on the bundled photos, with a run of six of them in three columns that the platform knows and these answers.
fn story(window: Window) -> Story {
    story_of(window, 1)
}

/// The same, each photo asked so often.
fn story_of(window: Window, repeats: u32) -> Story {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let scripted = Scripted::held();
    let options = Options::with_providers(vec![Arc::clone(&scripted) as _]).seeded().without_workers();
    let platform = runtime.block_on(platform::start(options));
    let client = platform.client.clone();
    let photos = runtime.block_on(async {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(90);
        loop {
            let photos = client.photos(None, 100).await.expect("photos").items;
            if photos.len() == 24 {
                return photos;
            }
            assert!(std::time::Instant::now() < deadline, "the bundled photos have not come");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    let id_of = |name: &str| -> PhotoId { photos.iter().find(|photo: &&Photo| photo.file_name == name).expect("bundled").id };
    let prompts = ["Photo tags v4", "Photo tags v4 again", "Photo tags v5 draft"];
    let inline = |name: &&str| RunPrompt::inline(*name, format!("Tag this photo, {name}."));
    let start = StartRun {
        name: String::new(),
        photo_ids: NAMES.iter().map(|name| id_of(name)).collect(),
        prompts: prompts.iter().map(inline).collect(),
        photo_set: None,
        models: vec!["on-device".to_owned()],
        repeats,
        concurrency: 1,
        ask_again: false,
    };
    let mut run = runtime.block_on(client.start_run(&start)).expect("a run");
    run = runtime.block_on(client.cancel_run(run.id)).expect("cancelled");
    for (column, model) in run.columns.iter_mut().zip(["gemini/gemini-3.8-flash", "on-device", "gemini/gemini-3.8-flash"]) {
        model.clone_into(&mut column.model);
        column.prompt_name = column.prompt_name.replace(" again", "");
    }
    run.state = RunState::Running;
    run.counts = RunCounts { waiting: 2, running: 1, completed: 14, failed: 1 };
    run.cost_usd = UsdMicros(7_578);
    run.started_at = now() - TimeDelta::seconds(21);
    // So many at once that too few have ended to say how long it takes: that would count by itself.
    run.concurrency = 64;
    let lab = area::show(TestingLab::default(), &client, &runtime, now(), window);
    Story { lab, run, _platform: platform, _runtime: runtime }
}

impl Story {
    /// Opens the run and waits until the platform's own cells are in; then they are replaced by the ones written here.
    fn open_run(&mut self) {
        self.lab.state_mut().go_to(Route::Run(self.run.id));
        wait_until(&mut self.lab, "the run is there", |lab| has(lab, "cat.jpg, ") && !has(lab, "not read yet"));
        self.lab.state_mut().happen(Happened::RunChanged(self.run.clone()));
        for row in 0..NAMES.len() {
            for column in 0..3 {
                let cell = cell(&self.run, row, column);
                self.lab.state_mut().happen(Happened::CellChanged(cell));
            }
        }
        wait_until(&mut self.lab, "the columns are summed up", |lab| has(lab, "4 answered · 1 failed"));
        self.settle();
    }

    /// Until the photos have come.
    fn settle(&mut self) {
        for _ in 0..60 {
            std::thread::sleep(std::time::Duration::from_millis(20));
            self.lab.step();
        }
    }

    fn picture(&mut self, name: &str) {
        self.lab.remove_cursor();
        self.lab.run_steps(8);
        self.lab.snapshot(name);
    }
}

fn has(lab: &Harness<'_, AreaState<TestingLab>>, words: &str) -> bool {
    lab.query_all_by_label_contains(words).next().is_some()
}

const ALL: [&str; 5] = ["choose", "matrix", "side_by_side", "three_panes", "turned"];

/// Walks through the room; `pictures` names the steps whose picture is compared (each weighs half a megabyte).
fn look_at(look: &str, window: Window, pictures: &[&str]) {
    let mut story = story(window);
    let picture = |story: &mut Story, step: &str| {
        if pictures.contains(&step) {
            story.picture(&format!("lab_{step}_{look}"));
        }
    };
    wait_until(&mut story.lab, "the setup is there", |lab| has(lab, "24 of 24 selected") && has(lab, "24 calls") && has(lab, "Past runs (1)"));
    story.settle();
    picture(&mut story, "choose");
    story.open_run();
    picture(&mut story, "matrix");
    story.lab.key_press_modifiers(Modifiers::NONE, Key::Enter);
    story.lab.run_steps(3);
    assert!(has(&story.lab, "In both: cat, A 97 %, B 88 %, −9 pt"));
    story.settle();
    picture(&mut story, "side_by_side");
    pointer::click_label(&mut story.lab, "Add a pane");
    story.lab.run_steps(3);
    assert!(has(&story.lab, "In all: cat"));
    story.settle();
    picture(&mut story, "three_panes");
    story.lab.key_press_modifiers(Modifiers::NONE, Key::R);
    story.settle();
    picture(&mut story, "turned");
}

/// The panes that are drawn.
fn panes(lab: &Lab) -> Vec<&'static str> {
    ["A", "B", "C"].into_iter().filter(|letter| lab.query_by_label(&format!("Pane {letter}: cat.jpg")).is_some()).collect()
}

#[test]
fn answers_blink_in_one_place_and_are_told_by_their_words() {
    let mut story = story(Window { size: [1180.0, 800.0], theme: Theme::Dark, pixels_per_point: 1.0 });
    story.open_run();
    let press = |story: &mut Story, key: Key| {
        story.lab.key_press_modifiers(Modifiers::NONE, key);
        story.lab.run_steps(3);
    };
    press(&mut story, Key::Enter);
    assert!(has(&story.lab, "Only in A: tabby, 91 %, the same as tabby cat in B") || has(&story.lab, "tabby, A 91 %, the same as tabby cat in B"));
    pointer::click_label(&mut story.lab, "Add a pane");
    story.lab.run_steps(3);
    assert_eq!(panes(&story.lab), ["A", "B", "C"]);
    press(&mut story, Key::X);
    press(&mut story, Key::Space);
    let first = panes(&story.lab);
    assert_eq!(first.len(), 1, "one has all the room");
    let after: Vec<_> = (0..3)
        .map(|_| {
            press(&mut story, Key::Space);
            panes(&story.lab)[0]
        })
        .collect();
    assert!(after[2] == first[0] && after[0] != after[1] && after[1] != after[2], "each in its turn: {first:?}, {after:?}");
    press(&mut story, Key::X);
    assert_eq!(panes(&story.lab).len(), 3);
}

#[test]
fn the_room_in_the_dark() {
    look_at("dark", Window { size: [1180.0, 800.0], theme: Theme::Dark, pixels_per_point: 1.0 }, &ALL);
}

#[test]
fn the_room_in_the_light() {
    look_at("light", Window { size: [1180.0, 800.0], theme: Theme::Light, pixels_per_point: 1.0 }, &ALL);
}

#[test]
fn the_room_in_a_small_window() {
    look_at("small", Window { size: [844.0, 640.0], theme: Theme::Dark, pixels_per_point: 1.0 }, &["choose", "matrix"]);
}

#[test]
fn the_room_enlarged_by_half() {
    look_at("enlarged", Window { size: [844.0, 640.0], theme: Theme::Light, pixels_per_point: 1.5 }, &["side_by_side", "three_panes"]);
}

impl Story {
    /// A cell that is being asked, and what is heard of it.
    fn ask(&mut self, row: usize, column: u32, news: Option<CellNow>) -> Cell {
        let asked = Cell { state: CellState::Running, answer: None, latency_ms: None, ..cell(&self.run, row, column) };
        let state = self.lab.state_mut();
        // News may overtake the event that the cell is asked.
        if let Some(news) = news {
            state.happen(Happened::CellNews { run_id: self.run.id, cell_id: asked.id, news });
        }
        state.happen(Happened::CellChanged(asked.clone()));
        asked
    }

    /// When the window is drawn again by itself.
    fn drawn_again_after(&mut self) -> std::time::Duration {
        self.settle();
        self.lab.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
    }
}

/// A long text, a wait before another try, a wait for a turn and a cell that nothing is heard of, then their ends.
fn asked_cells(theme: Theme) {
    let mut story = story(Window { size: [1000.0, 620.0], theme, pixels_per_point: 1.0 });
    story.open_run();
    let text = r#"…rp against the dark.", "tags": [{"tag": "cat", "confidence": 0.97}, {"tag": "tabby", "confidence": 0.91},
        {"tag": "whiskers", "confidence": 0.84}, {"tag": "green eyes", "confidence": 0.72}, {"tag": "pet", "confidence": 0.66},
        {"tag": "fur", "confidence": 0.58}, {"tag": "indoor", "confidence": 0.31}, {"tag": "portrait", "confi"#;
    let answering = story.ask(0, 0, Some(CellNow::Text { text: text.to_owned() }));
    let retrying = story.ask(0, 2, Some(CellNow::Retrying { wait_ms: 7_000, kind: FaultKind::RateLimited }));
    story.ask(1, 0, Some(CellNow::Waiting));
    story.ask(1, 2, None);
    let failed = story.ask(3, 0, Some(CellNow::Asking));
    let again = story.drawn_again_after();
    assert!(again.as_millis() > 500 && again.as_millis() <= 1_000, "the wait counts down: {again:?}");
    assert!(has(&story.lab, "cat.jpg, Photo tags v4 · gemini/gemini-3.8-flash: answering, …rp against the dark."));
    assert!(has(&story.lab, "Retrying in 7 s: rate limited") && has(&story.lab, "Waiting for its turn"));
    assert!(has(&story.lab, "dogs_window.jpg, Photo tags v5 draft · gemini/gemini-3.8-flash: asking"));
    assert!(has(&story.lab, "Asking again… Failed before, rate limited") && has(&story.lab, "Photos: Failed 1"), "an error stands until its answer");
    story.lab.state_mut().now += TimeDelta::seconds(3);
    story.lab.run_steps(2);
    assert!(has(&story.lab, "Retrying in 4 s: rate limited"));
    if theme == Theme::Dark {
        story.picture("lab_asked_cells_dark");
    }

    story.lab.key_press_modifiers(Modifiers::NONE, Key::Enter);
    story.lab.run_steps(3);
    pointer::click_label(&mut story.lab, "Add a pane");
    story.lab.run_steps(3);
    assert!(has(&story.lab, "Answering…") && has(&story.lab, "Retrying in 4 s: rate limited"));
    assert!(has(&story.lab, "…rp against the dark."), "the pane says what is written so far");
    if theme == Theme::Light {
        story.settle();
        story.picture("lab_asked_panes_light");
    }

    // Their ends; asked once more, nothing of the time before is left.
    let answered = Cell { state: CellState::Completed, answer: Some(answer_of(3, 0)), fault: None, ..failed };
    story.lab.state_mut().happen(Happened::CellChanged(answered));
    for ended in [answering, retrying] {
        let row = Cell { state: CellState::Completed, answer: Some(answer_of(0, ended.column)), latency_ms: Some(1_240), ..ended.clone() };
        story.lab.state_mut().happen(Happened::CellChanged(row));
        story.lab.run_steps(2);
        story.lab.state_mut().happen(Happened::CellChanged(ended));
    }
    story.lab.key_press_modifiers(Modifiers::NONE, Key::Escape);
    assert!(story.drawn_again_after().as_millis() > 1_000, "nothing counts any more");
    assert!(!has(&story.lab, "answering, ") && !has(&story.lab, "Retrying in"));
    assert!(has(&story.lab, "cat.jpg, Photo tags v4 · gemini/gemini-3.8-flash: asking"));
    assert!(has(&story.lab, "Photos: Failed 0") && !has(&story.lab, "Failed before"));
}

#[test]
fn cells_that_are_asked_in_the_dark() {
    asked_cells(Theme::Dark);
}

#[test]
fn cells_that_are_asked_in_the_light() {
    asked_cells(Theme::Light);
}

/// One cell tells that its provider's key is refused; the others of that provider say why they were not asked.
fn held_back(look: &str, window: Window) {
    let mut story = story(window);
    story.open_run();
    let message = "Gemini says: API key not valid. Enter a valid Gemini key in Pipeline control";
    let refused = Fault { provider: Some("gemini".to_owned()), ..Fault::new(FaultKind::Auth, message) };
    for row in 2..NAMES.len() {
        for column in [0, 2] {
            let waiting = Cell { state: CellState::Waiting, answer: None, fault: None, latency_ms: None, ..cell(&story.run, row, column) };
            let told = Cell { state: CellState::Failed, fault: Some(refused.clone()), ..waiting.clone() };
            story.lab.state_mut().happen(Happened::CellChanged(if (row, column) == (2, 0) { told } else { waiting }));
        }
    }
    let counts = RunCounts { waiting: 7, running: 0, completed: 10, failed: 1 };
    story.lab.state_mut().happen(Happened::RunChanged(Run { state: RunState::Interrupted, counts, ..story.run.clone() }));
    let why = "Calls to Google Gemini are held back: key not accepted. 7 cells were not asked";
    wait_until(&mut story.lab, "the header says why", |lab| has(lab, why) && has(lab, "10 of 18 answered, 1 failed, 7 not asked"));
    assert!(has(
        &story.lab,
        "osprey.jpg, Photo tags v5 draft · gemini/gemini-3.8-flash: Not asked: calls to Google Gemini are held back: key not accepted"
    ));
    story.settle();
    story.picture(&format!("lab_held_back_{look}"));
    pointer::click_label(&mut story.lab, "Open Google Gemini");
    assert!(story.lab.state().sent.contains(&Command::GoTo(Route::Provider("gemini".to_owned()))), "{:?}", story.lab.state().sent);
    for _ in 0..3 {
        story.lab.key_press_modifiers(Modifiers::NONE, Key::ArrowDown);
        story.lab.run_steps(1);
    }
    story.lab.key_press_modifiers(Modifiers::NONE, Key::Enter);
    story.lab.run_steps(3);
    assert!(has(&story.lab, "Not asked: calls to Google Gemini are held back: key not accepted"), "the pane says it too");
}

#[test]
fn a_provider_that_holds_calls_back_in_the_dark() {
    held_back("dark", Window { size: [1180.0, 800.0], theme: Theme::Dark, pixels_per_point: 1.0 });
}

#[test]
fn a_provider_that_holds_calls_back_in_a_small_light_window() {
    held_back("small", Window { size: [844.0, 640.0], theme: Theme::Light, pixels_per_point: 1.0 });
}

/// Nothing in the strip above the matrix lies on another thing, or outside the window.
fn assert_apart(lab: &Lab, labels: &[&str]) {
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, lab.ctx.content_rect().size());
    let rects: Vec<_> = labels.iter().map(|label| (*label, lab.get_by_label(label).rect())).collect();
    for (at, (label, rect)) in rects.iter().enumerate() {
        assert!(window.contains_rect(*rect), "{label} is cut: {rect:?}");
        for (other, beside) in &rects[at + 1..] {
            assert!(!rect.shrink(1.0).intersects(*beside), "{label} lies on {other}: {rect:?}, {beside:?}");
        }
    }
}

const REPEATS: [&str; 3] = ["Repeat before", "Repeat 1 of 3", "Next repeat"];

/// A run with repeats, a limit and a set while it goes on, and when it has come to its limit; at 1024 and 1280 points.
fn strip(look: &str, window: Window) {
    let mut story = story_of(window, 3);
    story.run.limit = Some(SpendLimit { most_usd: UsdMicros(8_000), call_usd: UsdMicros(700), column_usd: Vec::new() });
    story.run.reused = 12;
    story.open_run();
    let cost = "Cost $0.007578 of at most $0.008000, show prices";
    wait_until(&mut story.lab, "the run goes on", |lab| has(lab, "14 of 18 answered") && has(lab, "14 answered, 1 failed of 18") && has(lab, cost));
    assert_apart(&story.lab, &[&REPEATS[..], &["Cancel", "Pause", "Figures", "Export the run", cost, "12 known already"]].concat());
    story.picture(&format!("lab_strip_{look}"));
    pointer::click_label(&mut story.lab, "Next repeat");
    story.lab.run_steps(3);
    assert!(has(&story.lab, "Repeat 2 of 3"));
    pointer::click_label(&mut story.lab, "Repeat before");
    story.lab.run_steps(3);

    let counts = RunCounts { waiting: 39, running: 0, completed: 14, failed: 1 };
    story.lab.state_mut().happen(Happened::RunChanged(Run { state: RunState::Interrupted, stopped_at_limit: true, counts, ..story.run.clone() }));
    wait_until(&mut story.lab, "the run says why it stopped", |lab| has(lab, "Stopped at its limit of $0.008000"));
    assert_apart(&story.lab, &[&REPEATS[..], &["Figures", "Export the run", cost, "12 known already", "Go on"]].concat());
    assert!(story.lab.query_by_label("Resume").is_none(), "as it is it would stop at once");
    story.picture(&format!("lab_at_limit_{look}"));
}

#[test]
fn the_strip_of_a_run_at_1024_points() {
    strip("small", Window { size: [844.0, 640.0], theme: Theme::Dark, pixels_per_point: 1.0 });
}

#[test]
fn the_strip_of_a_run_at_1280_points() {
    strip("light", Window { size: [1100.0, 720.0], theme: Theme::Light, pixels_per_point: 1.0 });
}

/// Six panes of three columns and three repeats: each can be told from the others, and its photo is worth looking at.
fn six_panes(look: &str, window: Window, least: f32) {
    let mut story = story_of(window, 3);
    story.open_run();
    story.lab.key_press_modifiers(Modifiers::NONE, Key::Enter);
    story.lab.run_steps(3);
    for _ in 0..4 {
        pointer::click_label(&mut story.lab, "Add a pane");
        story.lab.run_steps(3);
    }
    story.settle();
    let photo = |lab: &Lab, letter: char| lab.get_by_label(&format!("Pane {letter}: cat.jpg")).rect();
    let before = photo(&story.lab, 'F');
    assert!(before.width().min(before.height()) >= least, "{before:?}");
    story.picture(&format!("lab_six_panes_{look}"));
    // The line between the photos and the tags is moved, and put back.
    story.lab.get_by_label("Room of the photos and of the tags").focus();
    story.lab.run_steps(2);
    story.lab.key_press(Key::ArrowUp);
    story.lab.run_steps(3);
    assert!(photo(&story.lab, 'F').height() < before.height(), "the tags have more room");
    story.lab.key_press(Key::ArrowDown);
    story.lab.run_steps(3);
    assert!((photo(&story.lab, 'F').height() - before.height()).abs() < 0.5);
}

#[test]
fn six_panes_in_a_small_window() {
    six_panes("small", Window { size: [844.0, 640.0], theme: Theme::Dark, pixels_per_point: 1.0 }, 120.0);
}

#[test]
fn six_panes_in_the_light() {
    six_panes("light", Window { size: [1100.0, 720.0], theme: Theme::Light, pixels_per_point: 1.0 }, 140.0);
}
