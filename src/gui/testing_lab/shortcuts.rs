//! The keys of the lab, for the sheet that lists them.

use super::Step;

const UNDO: (&str, &str) = ("Ctrl Z", "Outside a text: undo the last change of labels, photo sets or the baseline");

/// The keys that do something in a step, and what.
pub fn of(step: Step) -> Vec<(&'static str, &'static str)> {
    match step {
        Step::Choose => vec![
            ("/", "Search photos"),
            ("← ↑ ↓ →", "Walk the photos"),
            ("Space", "Choose the photo, or no more"),
            ("Shift+arrows", "Choose a range"),
            ("Ctrl A", "Choose all that are shown"),
            ("Ctrl V", "Add the photos of the clipboard"),
            ("Delete", "Delete what is chosen"),
            ("I", "Details of the photo, with what its camera wrote"),
            ("Esc", "Choose none"),
            UNDO,
        ],
        Step::Results => vec![
            ("← ↑ ↓ →", "Walk the answers"),
            ("/", "Find a tag or photo"),
            ("Enter", "Open the answer side by side"),
            ("P", "Pin the column as the baseline, or unpin it"),
            ("F", "Figures of every column, or the matrix"),
            ("Esc", "Back to the photos"),
            UNDO,
        ],
        Step::SideBySide => vec![
            ("J  K", "Next and previous photo"),
            ("Wheel  +  −", "Zoom all panes"),
            ("Drag  ← ↑ ↓ →", "Move all panes"),
            ("0  1", "Whole photo, true pixels"),
            ("R  Shift R", "Turn the photo right, left"),
            ("B", "Boxes on or off"),
            ("I", "Details of the photo, with what its camera wrote"),
            ("T", "What was sent and answered, step by step"),
            ("X", "Blink: one answer in the place of the other"),
            ("Space", "Blinking: the next answer"),
            ("L", "Say which tags are right"),
            ("V", "Hide which column an answer is of, and vote"),
            ("1 – 6", "Hidden: this answer is best"),
            ("T  N", "Hidden: all are equally good, none is good"),
            ("Backspace", "Hidden: take the last vote back"),
            ("S  G", "Hidden: show the names, the ranking"),
            ("Esc", "Back to the matrix"),
            UNDO,
        ],
        Step::GroundTruth => vec![
            ("Enter", "Keep the tag; in the empty field: next photo"),
            ("Tab  ↑ ↓", "Take or choose an offered tag"),
            ("Backspace", "In the empty field: take the last tag off"),
            ("Page down, up", "Next photo, photo before"),
            UNDO,
        ],
        Step::Traces => vec![("/", "Search traces"), ("Esc", "Back to the results, or to the photos")],
        Step::PastRuns | Step::Validations => Vec::new(),
    }
}
