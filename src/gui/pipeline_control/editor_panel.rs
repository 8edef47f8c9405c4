//! The middle: the open prompt's text with its toolbar above and its figures below, or a version read-only.

use egui::{Align, Frame, Label, Layout, Margin, RichText, Ui};

use super::document::settings::Settings;
use super::draft::{Draft, NotSaved, Progress};
use super::merging::Merging;
use super::template_check::Facts;
use super::{Side, Wish};
use crate::gui::ctx::Command;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::prompt_editor::completion::Variable;
use crate::gui::widgets::prompt_editor::marks::Mark;
use crate::gui::widgets::prompt_editor::{Edit, Options, PromptEditor};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{number, relative_time};
use crate::wire::author;
use crate::wire::deployment::Environment;
use crate::wire::prompt::{Prompt, PromptVersion, TEMPLATE_VARIABLES};
use crate::wire::prompt_parts::Variable as OwnVariable;

/// Height of what stands below the text.
pub const FOOTER_HEIGHT: f32 = 52.0;
/// Below this width the buttons are icons.
const NARROW: f32 = 470.0;

/// Draws name and buttons. `holds`: what the text is, such as `v3` or `draft`.
pub fn toolbar_ui(ui: &mut Ui, prompt: &Prompt, viewing: Option<&PromptVersion>, holds: &str, is_live: bool, is_busy: bool) -> Option<Command> {
    let tokens = theme::tokens(ui.ctx());
    let is_narrow = ui.available_width() < NARROW;
    let mut chosen = None;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (live, save) = (Command::DeployPrompt(Environment::Production), Command::SavePromptVersion);
            let sized = |tool: Tool<'static>| if is_narrow { tool.icon_only() } else { tool };
            let live_words = live.tooltip();
            let tool = Tool::new(icons::ICON_ROCKET_LAUNCH, "Deploy…").shortcut(live.shortcut()).enabled(!is_live && !is_busy);
            let response = sized(tool).ui(ui);
            if response.on_hover_text(&live_words).on_disabled_hover_text("It is in production already").clicked() {
                chosen = Some(live);
            }
            if viewing.is_none() {
                let tool = Tool::new(icons::ICON_SAVE, "Save as version…").primary().shortcut(save.shortcut()).enabled(!is_busy);
                if sized(tool).ui(ui).clicked() {
                    chosen = Some(save);
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                // What stands behind the name keeps its room.
                let width = (ui.available_width() - if is_live { 96.0 } else { 44.0 }).max(40.0);
                ui.scope(|ui| {
                    ui.set_max_width(width);
                    ui.add(Label::new(RichText::new(&prompt.name).font(theme::semibold(theme::TEXT_STRONG))).truncate());
                });
                ui.label(RichText::new(holds).color(tokens.muted));
                if is_live {
                    ui.label(RichText::new(icons::ICON_CHECK_CIRCLE.codepoint).color(tokens.good));
                    ui.label(RichText::new("Live").size(theme::TEXT_SMALL).color(tokens.good));
                }
            });
        });
    });
    chosen
}

/// Draws the text that is typed, with what stands above and below it. Returns what happened in it.
pub fn draft_ui(
    ui: &mut Ui,
    editor: &mut PromptEditor,
    draft: &mut Draft,
    (facts, system, marks): (&Facts, &Facts, &[Mark]),
    (focus, go_to_line, cursor): (bool, Option<u32>, Option<(u32, u32)>),
    wishes: &mut Vec<Wish>,
) -> Edit {
    let id = draft.editor_id();
    let room = ui.available_size();
    let edit = ui
        .allocate_ui(egui::vec2(room.x, (room.y - FOOTER_HEIGHT).max(80.0)), |ui| {
            let options = Options {
                name: "Prompt",
                hint: "Say what the model should look for in a photo, and how it should answer",
                unknown: &facts.unknown,
                trouble: facts.trouble.as_ref().map(|(line, why)| (*line, why.as_str())),
                go_to_line,
                focus,
                variables: &variables(&Settings::read(&draft.settings.typed).variables, &system.unknown),
                marks,
            };
            editor.ui(ui, id, &mut draft.kept.typed, &options)
        })
        .inner;
    footer_ui(ui, Some(draft.progress()), facts, cursor, wishes);
    edit
}

/// What a prompt may use: of every photo, of the author's own, and what its other text uses without a value so far.
pub fn variables(own: &[OwnVariable], used_elsewhere: &[String]) -> Vec<Variable> {
    let about = |name: &str| match name {
        "file_name" => "The photo's file name",
        "width" => "Its width in pixels",
        "height" => "Its height in pixels",
        _ => "A figure of the photo",
    };
    let built_in = TEMPLATE_VARIABLES.iter().map(|name| Variable { name: (*name).to_owned(), about: about(name).to_owned() });
    let own = own.iter().filter(|own| !own.name.is_empty());
    let start = |value: &str| value.chars().take(40).collect::<String>();
    let own = own.map(|own| Variable { name: own.name.clone(), about: format!("Yours: {}", start(&own.value)) });
    let about = "Used in the other text, has no value yet";
    let others = used_elsewhere.iter().map(|name| Variable { name: name.clone(), about: about.to_owned() });
    built_in.chain(own).chain(others).collect()
}

/// Draws a version that can't be changed.
pub fn version_ui(
    ui: &mut Ui,
    editor: &mut PromptEditor,
    version: &PromptVersion,
    (facts, go_to_line): (&Facts, Option<u32>),
    now: chrono::DateTime<chrono::Utc>,
    wishes: &mut Vec<Wish>,
) {
    version_bar_ui(ui, version, now, wishes);
    let room = ui.available_size();
    ui.allocate_ui(egui::vec2(room.x, (room.y - FOOTER_HEIGHT).max(80.0)), |ui| {
        let options = Options { name: "Version", unknown: &facts.unknown, go_to_line, ..Options::default() };
        editor.view_ui(ui, egui::Id::unique(("prompt version", version.id)), &version.content, &options);
    });
    footer_ui(ui, None, facts, None, wishes);
}

/// Says that a version can't be changed, and what can be done with it.
pub fn version_bar_ui(ui: &mut Ui, version: &PromptVersion, now: chrono::DateTime<chrono::Utc>, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    bar_ui(ui, tokens.info, |ui| {
        let age = relative_time::words(version.created_at, now);
        ui.add(Label::new(format!("Version {}, saved {age}, can't be changed", version.version)).wrap());
        ui.horizontal_wrapped(|ui| {
            if ui.button("Restore into the editor").on_hover_text("Put this text into the editor; Ctrl-Z brings yours back").clicked() {
                wishes.push(Wish::Restore(version.id));
            }
            if ui.button("Back to the editor").clicked() {
                wishes.push(Wish::View(None));
            }
        });
    });
}

/// Somebody else changed the prompt while this was typed: where both did, both are shown, and one is chosen, or all at once.
pub fn conflict_ui(ui: &mut Ui, merging: &mut Merging, draft: &Draft, wishes: &mut Vec<Wish>) {
    let Some(theirs) = draft.theirs() else { return };
    let by = author::whence(&theirs.by);
    let tokens = theme::tokens(ui.ctx());
    bar_ui(ui, tokens.warn, |ui| {
        ui.add(
            Label::new(format!(
                "This prompt was changed {by} while you typed. Nothing is saved until you choose, in each place below or for all of it"
            ))
            .wrap(),
        );
        let tokens = theme::tokens(ui.ctx());
        let words = format!("Different: {}", draft.differing().join(", "));
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        ui.horizontal_wrapped(|ui| {
            if ui.button("Keep mine").on_hover_text("Your text replaces the other one").clicked() {
                wishes.push(Wish::Choose(Side::Mine));
            }
            if ui.button("Take the other").on_hover_text("The other text comes into the editor; Ctrl-Z brings yours back").clicked() {
                wishes.push(Wish::Choose(Side::Theirs));
            }
            if ui.button("Copy mine").clicked() {
                ui.ctx().copy_text(draft.text().to_owned());
            }
        });
    });
    if let Some(merged) = merging.ui(ui, draft) {
        wishes.push(Wish::Merge(Box::new(merged)));
    }
    ui.add_space(theme::GAP_8);
}

/// What is typed can't be kept on this computer: said above the text, as long as it is so.
pub fn not_kept_ui(ui: &mut Ui, draft: &Draft) {
    let Some(why) = draft.not_kept() else { return };
    let tokens = theme::tokens(ui.ctx());
    let is_nowhere = matches!(draft.progress(), Progress::NotSaved(_) | Progress::Conflict);
    bar_ui(ui, if is_nowhere { tokens.bad } else { tokens.warn }, |ui| {
        let words = format!("What you type is not being kept on this computer: {why}");
        ui.add(Label::new(words).wrap());
        let more = if is_nowhere {
            "The platform has not got it either, so it is only in this window. It is kept by itself as soon as that is possible"
        } else {
            "The draft is still saved on the platform; in a crash the last second of typing could be lost. It is tried again every few seconds"
        };
        ui.add(Label::new(RichText::new(more).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        if is_nowhere && ui.button("Copy text").clicked() {
            ui.ctx().copy_text(draft.unsaved_text());
        }
    });
}

/// A notice above the text, marked at its left edge.
fn bar_ui(ui: &mut Ui, colour: egui::Color32, content: impl FnOnce(&mut Ui)) {
    let frame = Frame::new().fill(colour.gamma_multiply(0.12)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(10, 6));
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        content(ui);
    });
    let rect = shown.response.rect;
    let edge = egui::Rect::from_min_size(rect.min, egui::vec2(3.0, rect.height()));
    ui.painter().rect_filled(edge, egui::CornerRadius { nw: theme::RADIUS_4, sw: theme::RADIUS_4, ne: 0, se: 0 }, colour);
    ui.add_space(theme::GAP_4);
}

/// How far the text is, where the cursor is, how long the text is, what it uses.
fn footer_ui(ui: &mut Ui, progress: Option<Progress<'_>>, facts: &Facts, cursor: Option<(u32, u32)>, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted);
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.spacing_mut().interact_size.y = 20.0;
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        ui.set_min_height(20.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let place = cursor.map_or_else(String::new, |(line, column)| format!("Line {line}, column {column} · "));
            let lines = if facts.lines == 1 { "1 line".to_owned() } else { format!("{} lines", number::count(facts.lines as u64)) };
            let about = number::count(facts.about_tokens as u64);
            let words = format!("{place}{} characters · {lines} · ≈ {about} tokens", number::count(facts.letters as u64));
            let short = format!("{lines} · ≈ {about} tokens");
            let fits = ui.available_width() > NARROW - 20.0;
            ui.label(small(if fits { words.clone() } else { short })).on_hover_text(format!("{words}. A token is about four characters of English"));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some(progress) = progress {
                    progress_ui(ui, progress, tokens, wishes);
                }
            });
        });
    });
    ui.horizontal(|ui| {
        ui.set_min_height(20.0);
        if let Some((line, why)) = &facts.trouble {
            ui.label(RichText::new(icons::ICON_ERROR.codepoint).color(tokens.bad));
            let words = format!("Line {line}: {why}");
            let link = ui.add(egui::Button::new(RichText::new(&words).size(theme::TEXT_SMALL).color(tokens.bad)).frame(false).truncate());
            if link.on_hover_text(format!("{words}. Click to go there")).clicked() {
                wishes.push(Wish::GoToLine(*line));
            }
            return;
        }
        let words = if facts.used.is_empty() { "No variables".to_owned() } else { format!("Uses {}", facts.used.join(", ")) };
        let known = TEMPLATE_VARIABLES.map(|name| format!("{{{{ {name} }}}}")).join(", ");
        ui.add(Label::new(small(words)).truncate()).on_hover_text(format!("A prompt may use {known}, and variables of its own (see Settings)"));
    });
}

/// The footer of another text than the user's. Returns the line of a fault that was clicked.
pub fn part_footer_ui(ui: &mut Ui, progress: Progress<'_>, facts: &Facts, cursor: Option<(u32, u32)>, wishes: &mut Vec<Wish>) -> Option<u32> {
    let mut own = Vec::new();
    footer_ui(ui, Some(progress), facts, cursor, &mut own);
    let mut line = None;
    for wish in own {
        match wish {
            Wish::GoToLine(wanted) => line = Some(wanted),
            other => wishes.push(other),
        }
    }
    line
}

/// How far the draft is, in a line of its own.
pub fn progress_line_ui(ui: &mut Ui, progress: Progress<'_>, wishes: &mut Vec<Wish>) {
    let tokens = theme::tokens(ui.ctx());
    ui.horizontal(|ui| {
        ui.set_min_height(20.0);
        progress_ui(ui, progress, tokens, wishes);
    });
}

fn progress_ui(ui: &mut Ui, progress: Progress<'_>, tokens: &Tokens, wishes: &mut Vec<Wish>) {
    let (icon, words, colour) = match progress {
        Progress::Saved => (icons::ICON_CLOUD_DONE, "Draft saved".to_owned(), tokens.muted),
        Progress::Edited => (icons::ICON_EDIT, "Edited".to_owned(), tokens.muted),
        Progress::Saving => (icons::ICON_CLOUD_UPLOAD, "Saving…".to_owned(), tokens.muted),
        Progress::NotSaved(NotSaved { is_cut_off: true, .. }) => (icons::ICON_CLOUD_OFF, "Not saved: no connection".to_owned(), tokens.bad),
        Progress::NotSaved(NotSaved { why, .. }) => (icons::ICON_CLOUD_OFF, format!("Not saved: {why}"), tokens.bad),
        Progress::Conflict => (icons::ICON_WARNING, "Not saved: changed elsewhere".to_owned(), tokens.warn),
    };
    let may_retry = matches!(progress, Progress::NotSaved(_));
    ui.spacing_mut().item_spacing.x = theme::GAP_4;
    ui.label(RichText::new(icon.codepoint).size(14.0).color(colour));
    if may_retry && ui.small_button("Retry").clicked() {
        wishes.push(Wish::RetryDraft);
    }
    let label = ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).truncate());
    if let Progress::NotSaved(NotSaved { why, .. }) = progress {
        label.on_hover_text(why);
    }
}
