//! What stands below the tabs: the system text, the answer, the settings or the preview, of a draft or of a version.

use egui::{Label, RichText, Ui, vec2};

use super::super::Wish;
use super::super::draft::{Contents, Draft};
use super::super::editor_panel;
use super::super::template_check::Facts;
use super::preview::GoTo;
use super::settings::{Around, Settings, ready};
use super::{Document, Part, settings};
use crate::gui::ctx::AreaCtx;
use crate::gui::theme;
use crate::gui::widgets::prompt_editor::Options;
use crate::gui::widgets::prompt_editor::marks::Mark;
use crate::wire::model::ModelInfo;
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_parts::variable_problems;

/// Height of the line that says how far the draft is.
const STATE_HEIGHT: f32 = 24.0;

/// What is known around the parts.
pub struct Known<'a> {
    pub user: &'a Facts,
    pub system: &'a Facts,
    pub models: &'a [ModelInfo],
    pub live_model: Option<&'a str>,
    /// What is marked in the system text and in the schema.
    pub marks: [&'a [Mark]; 2],
}

/// What became of a frame.
#[derive(Default)]
pub struct Outcome {
    pub changed: bool,
    pub lost_focus: bool,
    pub go_to: Option<GoTo>,
}

/// The parts in which something is wrong.
pub fn faulty(document: &mut Document, draft: &Draft, settings: &Settings, user: &Facts, system: &Facts) -> Vec<Part> {
    let has_bad_schema = !document.answer.problems(&draft.schema.typed).is_empty();
    let has_bad_settings = !variable_problems(&settings.variables).is_empty() || !settings.parameters.problems().is_empty();
    let all = [
        (Part::Prompt, user.trouble.is_some()),
        (Part::System, system.trouble.is_some()),
        (Part::Answer, has_bad_schema),
        (Part::Settings, has_bad_settings),
    ];
    all.into_iter().filter(|(_, is_faulty)| *is_faulty).map(|(part, _)| part).collect()
}

/// The parts that say something of their own.
#[must_use]
pub fn filled(system: &str, schema: &str, settings: &Settings) -> Vec<Part> {
    let all =
        [(Part::System, !system.trim().is_empty()), (Part::Answer, !schema.trim().is_empty()), (Part::Settings, *settings != Settings::default())];
    all.into_iter().filter(|(_, is_filled)| *is_filled).map(|(part, _)| part).collect()
}

/// Draws a part of a draft; not the user text.
pub fn draft_ui(
    ui: &mut Ui,
    ctx: &mut AreaCtx<'_>,
    document: &mut Document,
    draft: &mut Draft,
    known: &Known<'_>,
    wishes: &mut Vec<Wish>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let id = draft.editor_id();
    let room = ui.available_size();
    match document.part {
        Part::Prompt => {}
        Part::System => {
            let variables = editor_panel::variables(&Settings::read(&draft.settings.typed).variables, &known.user.unknown);
            let edit = ui
                .allocate_ui(vec2(room.x, (room.y - editor_panel::FOOTER_HEIGHT).max(80.0)), |ui| {
                    let options = Options {
                        name: "System text",
                        hint: "Instructions that go before the prompt, such as who the model is and what it must never do. Empty: none",
                        unknown: &known.system.unknown,
                        trouble: known.system.trouble.as_ref().map(|(line, why)| (*line, why.as_str())),
                        go_to_line: document.system_line.take(),
                        variables: &variables,
                        marks: known.marks[0],
                        focus: document.takes_focus,
                    };
                    document.system.ui(ui, id.with("system"), &mut draft.system.typed, &options)
                })
                .inner;
            (outcome.changed, outcome.lost_focus) = (edit.changed, edit.lost_focus);
            if let Some(line) = editor_panel::part_footer_ui(ui, draft.progress(), known.system, edit.cursor, wishes) {
                document.system_line = Some(line);
            }
        }
        Part::Answer => {
            ui.allocate_ui(vec2(room.x, (room.y - STATE_HEIGHT).max(80.0)), |ui| {
                outcome.changed = document.answer.ui(ui, id.with("schema"), &mut draft.schema.typed, known.marks[1], document.takes_focus);
            });
            editor_panel::progress_line_ui(ui, draft.progress(), wishes);
        }
        Part::Settings => {
            ui.allocate_ui(vec2(room.x, (room.y - STATE_HEIGHT).max(80.0)), |ui| {
                let stands = Settings::read(&draft.settings.typed);
                if settings::history_ui(ui, &mut draft.settings.typed) {
                    outcome.changed = true;
                    return;
                }
                let shown = document.shows_setting.take();
                let around = Around { shown: shown.as_ref(), ..around(known, false) };
                if let Some(edited) = settings::ui(ui, &stands, &mut document.preview_values, &around) {
                    draft.settings.typed.replace_in(&edited.write(), settings::field_in_use(ui), ui.input(|input| input.time));
                    outcome.changed = true;
                }
            });
            editor_panel::progress_line_ui(ui, draft.progress(), wishes);
        }
        Part::Preview => {
            let contents = draft.contents();
            let previewed = document.previewed(&contents.parts());
            document.preview.ask(ctx, &contents.user, previewed, known.live_model, known.models);
            outcome.go_to = document.preview.ui(ui, ctx, known.models);
        }
    }
    outcome
}

fn around<'a>(known: &Known<'a>, is_fixed: bool) -> Around<'a> {
    Around {
        models: ready(known.models),
        used: [("Prompt", known.user.used.as_slice()), ("System", known.system.used.as_slice())],
        is_fixed,
        shown: None,
    }
}

/// Draws a part of a version, which can't be changed; not the user text.
pub fn version_ui(ui: &mut Ui, ctx: &mut AreaCtx<'_>, document: &mut Document, version: &PromptVersion, known: &Known<'_>) {
    let id = egui::Id::unique(("prompt version", version.id));
    let muted = |words: &str| RichText::new(words).color(theme::tokens(ui.ctx()).muted);
    let nothing = muted("This version has no system text");
    match document.part {
        Part::Prompt => {}
        Part::System if version.parts.system.is_empty() => drop(ui.add(Label::new(nothing).wrap())),
        Part::System => {
            let go_to_line = document.version_line.take();
            let options = Options { name: "System text of this version", go_to_line, ..Options::default() };
            document.system_version.view_ui(ui, id.with("system"), &version.parts.system, &options);
        }
        Part::Answer => document.answer_version.view_ui(ui, id.with("schema"), &version.parts.schema),
        Part::Settings => {
            let shown = Settings { parameters: version.parts.parameters, variables: version.parts.variables.clone() };
            settings::ui(ui, &shown, &mut document.preview_values, &around(known, true));
        }
        Part::Preview => {
            let contents = Contents::of(&version.content, &version.parts);
            document.preview.ask(ctx, &contents.user, contents.parts(), known.live_model, known.models);
            document.preview.ui(ui, ctx, known.models);
        }
    }
}
