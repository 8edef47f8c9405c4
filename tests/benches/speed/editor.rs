//! What a keystroke costs in a prompt of 100 kB, down to triangles: in the editor alone, as most people use it, and in the whole window
//! with its accessibility tree, which a screen reader asks for.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use egui::{Context, Event, FullOutput, Id, Key, Modifiers, RawInput, Rect, pos2, vec2};
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::ctx::AreaId;
use minerva_console::gui::theme;
use minerva_console::gui::widgets::prompt_editor::history::Selection;
use minerva_console::gui::widgets::prompt_editor::typed::TypedText;
use minerva_console::gui::widgets::prompt_editor::{Options as Shown, PromptEditor};
use minerva_console::wire::prompt::UpdatePrompt;

use crate::support::console::Console;
use crate::support::platform::Options;
use crate::{percentile_ms, report};

const BYTES: usize = 100_000;
const KEYSTROKES: usize = 300;

pub fn keystroke_to_painted() {
    let mut editor = Editor::new(&long_prompt());
    for (what, at) in [("at the end", editor.text.chars().count()), ("in the middle", editor.text.chars().count() / 2), ("at the top", 0)] {
        editor.go_to(at);
        let length = editor.text.len();
        let mut times: Vec<Duration> =
            (0..KEYSTROKES).map(|at| editor.frame(&[Event::Text(if at % 6 == 5 { " " } else { "a" }.to_owned())])).collect();
        assert_eq!(editor.text.len(), length + KEYSTROKES, "every keystroke is in the text");
        report(&format!("Keystroke to painted, 100 kB, {what}, p50"), percentile_ms(&mut times, 0.5), "ms");
        report("    p99", percentile_ms(&mut times, 0.99), "ms");
    }
    let mut undone: Vec<Duration> = (0..50).map(|_| editor.frame(&[key(Key::Z)])).collect();
    report("Undo to painted, 100 kB, p50", percentile_ms(&mut undone, 0.5), "ms");
    let mut idle: Vec<Duration> = (0..KEYSTROKES).map(|_| editor.frame(&[])).collect();
    report("Frame in which nothing is typed, 100 kB, p50", percentile_ms(&mut idle, 0.5), "ms");
    window();
}

/// The same in the real window on a real platform.
fn window() {
    let mut console = Console::open(Options::default().without_workers());
    let client = console.client();
    console.block_on(async {
        let prompt = client.prompts().await.expect("prompts").items.remove(0);
        let update = UpdatePrompt { draft: Some(long_prompt()), ..UpdatePrompt::default() };
        client.update_prompt(prompt.id, prompt.revision, &update).await.expect("updated");
    });
    console.go_to(AreaId::PipelineControl);
    console.wait_for("Draft saved");
    console.harness.get_by_label("Prompt").focus();
    console.steps();
    console.press(Modifiers::COMMAND, Key::End);
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            console.harness.event(Event::Text("a".to_owned()));
            let begun = Instant::now();
            console.harness.step();
            let output = console.harness.output();
            let triangles = console.harness.ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
            assert!(!triangles.is_empty(), "something is drawn");
            begun.elapsed()
        })
        .collect();
    report("Keystroke to painted in the window, 100 kB, read aloud, p50", percentile_ms(&mut times, 0.5), "ms");
    report("    p99", percentile_ms(&mut times, 0.99), "ms");
}

fn key(key: Key) -> Event {
    Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::COMMAND }
}

/// The editor in a window of its own.
struct Editor {
    ctx: Context,
    shown: PromptEditor,
    text: TypedText,
    time: f64,
}

impl Editor {
    fn new(text: &str) -> Self {
        let ctx = Context::default();
        theme::apply(&ctx);
        let mut editor = Self { ctx, shown: PromptEditor::default(), text: TypedText::new(text), time: 0.0 };
        for _ in 0..4 {
            editor.frame(&[]);
        }
        editor
    }

    fn go_to(&mut self, letter: usize) {
        self.text.select(Selection::at(letter));
        for _ in 0..3 {
            self.frame(&[]);
        }
    }

    /// One frame, down to triangles.
    fn frame(&mut self, events: &[Event]) -> Duration {
        self.time += 1.0 / 60.0;
        let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(700.0, 900.0));
        let input = RawInput { screen_rect: Some(screen), time: Some(self.time), events: events.to_vec(), focused: true, ..RawInput::default() };
        let begun = Instant::now();
        let output = self.ctx.run_ui(input, |ui| {
            let options = Shown { name: "Prompt", focus: true, ..Shown::default() };
            self.shown.ui(ui, Id::unique("measured"), &mut self.text, &options);
        });
        let triangles = self.ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
        let took = begun.elapsed();
        assert!(!triangles.is_empty(), "something is drawn");
        self.text.take_keystrokes();
        drop_output(output);
        took
    }
}

fn drop_output(output: FullOutput) {
    output.drop_without_applying_deltas();
}

/// A prompt like those that people write, only long: headings, lists, template constructs, examples in JSON.
fn long_prompt() -> String {
    let mut text = String::with_capacity(BYTES + 400);
    let mut at = 0;
    while text.len() < BYTES {
        at += 1;
        let _ = write!(
            text,
            "## Part {at}\nLook at the **main subject** of `{{{{ file_name }}}}` first, then at what is around it; say *only* what can be seen.\n\
             {{% if width > {at} %}}\nThe photo is {{{{ width }}}} × {{{{ height }}}} pixels.\n{{% endif %}}\n- lower-case nouns\n- at most {at} of them\n\n\
             ```json\n{{\"tags\": [{{\"name\": \"tag {at}\", \"confidence\": 0.5}}]}}\n```\n\n"
        );
    }
    text
}
