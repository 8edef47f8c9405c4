//! The labels of a version: put on, taken off, each with a way back.

use egui::{Button, Id, Key, Modal, RichText, TextEdit, Ui, WidgetInfo};

use super::Asked;
use crate::gui::ctx::modal;
use crate::gui::ctx::{ApiError, AreaCtx, Command, Remote, Toast, ToastKind};
use crate::gui::pipeline_control::Wish;
use crate::gui::pipeline_control::data::Data;
use crate::gui::theme::{self, icons};
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::page::Page;
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_label::{ChangeLabels, LABEL_MOST, LabelCount, VersionLabels};

/// Labels that are offered at once.
const OFFERED: usize = 8;

/// The dialog, and what is being written.
#[derive(Default)]
pub struct Labels {
    dialog: Option<Dialog>,
    writing: Option<Remote<VersionLabels>>,
    /// Those in use, for choosing.
    known: Remote<Page<LabelCount>>,
}

struct Dialog {
    prompt: PromptId,
    id: PromptVersionId,
    version: u32,
    /// Such as `Photo tags v3`.
    name: String,
    text: String,
    trouble: Option<String>,
    has_focus: bool,
}

impl Labels {
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.dialog.is_some()
    }

    pub fn open(&mut self, version: &PromptVersion, ctx: &AreaCtx<'_>) {
        self.dialog = Some(Dialog {
            prompt: version.prompt_id,
            id: version.id,
            version: version.version,
            name: version.label(),
            text: String::new(),
            trouble: None,
            has_focus: false,
        });
        ctx.ask(&mut self.known, |client| async move { client.prompt_labels().await });
    }

    pub fn change(&mut self, prompt: PromptId, version: u32, change: ChangeLabels, ctx: &AreaCtx<'_>) {
        if self.writing.is_some() {
            return;
        }
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.change_prompt_labels(prompt, version, &change).await });
        self.writing = Some(answer);
    }

    pub fn logic(&mut self, data: &mut Data, ctx: &AreaCtx<'_>) {
        self.known.poll();
        let Some(answer) = &mut self.writing else { return };
        if !answer.poll() {
            return;
        }
        let (failure, now) = (answer.take_failure(), answer.take());
        self.writing = None;
        match (failure, now) {
            (Some(failure), _) => {
                let why = if let ApiError::Problem(problem) = &failure { problem.detail.clone() } else { failure.to_string() };
                match &mut self.dialog {
                    Some(dialog) => {
                        dialog.trouble = Some(why);
                        dialog.has_focus = false;
                    }
                    None => ctx.commands.toast(ToastKind::Bad, format!("The labels did not change. {why}")),
                }
            }
            (None, Some(now)) => {
                tell(&now, ctx);
                data.set_labels(&now);
                if let Some(dialog) = &mut self.dialog {
                    dialog.text.clear();
                    dialog.trouble = None;
                    dialog.has_focus = false;
                }
            }
            (None, None) => {}
        }
    }

    pub fn ui(&mut self, ui: &Ui, data: &Data, wishes: &mut Vec<Wish>) {
        let Some(dialog) = &mut self.dialog else { return };
        let tokens = theme::tokens(ui.ctx());
        let is_busy = self.writing.is_some();
        let empty = Vec::new();
        let labels = data.version(dialog.prompt, dialog.id).map_or(&empty, |version| &version.labels);
        let mut asked: Option<ChangeLabels> = None;
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("labels dialog")), |ui| {
            ui.set_width(400.0);
            ui.label(RichText::new(format!("Labels of {}", dialog.name)).font(theme::semibold(theme::TEXT_STRONG)));
            ui.label(RichText::new("Words that say what a version is for; they can be searched and filtered by").color(tokens.muted));
            ui.add_space(theme::GAP_8);
            if labels.is_empty() {
                ui.label(RichText::new("No label yet").color(tokens.muted));
            }
            ui.horizontal_wrapped(|ui| {
                for label in labels {
                    if chip_ui(ui, label, icons::ICON_CLOSE, &format!("Take {label} off"), is_busy) {
                        asked = Some(ChangeLabels { add: Vec::new(), remove: vec![label.clone()] });
                    }
                }
            });
            ui.add_space(theme::GAP_8);
            let name = ui.label("Add a label");
            let mut add = false;
            ui.horizontal(|ui| {
                let edit = TextEdit::singleline(&mut dialog.text).hint_text("Such as candidate").char_limit(LABEL_MOST).desired_width(300.0);
                let field = ui.add(edit).labelled_by(name.id);
                if !std::mem::replace(&mut dialog.has_focus, true) {
                    field.request_focus();
                }
                if field.changed() {
                    dialog.trouble = None;
                }
                add = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                let can = !is_busy && !dialog.text.trim().is_empty();
                add |= ui.add_enabled(can, Button::new("Add")).clicked();
                add &= can;
            });
            if let Some(trouble) = &dialog.trouble {
                ui.label(RichText::new(trouble).color(tokens.bad));
            }
            if add {
                asked = Some(ChangeLabels { add: vec![dialog.text.trim().to_owned()], remove: Vec::new() });
            }
            let known = self.known.value().map_or(&[][..], |page| &page.items);
            let offered: Vec<&LabelCount> = known.iter().filter(|known| !labels.contains(&known.label)).take(OFFERED).collect();
            if !offered.is_empty() {
                ui.add_space(theme::GAP_4);
                ui.label(RichText::new("In use elsewhere").size(theme::TEXT_SMALL).color(tokens.muted));
                ui.horizontal_wrapped(|ui| {
                    for known in offered {
                        if chip_ui(ui, &known.label, icons::ICON_ADD, &format!("Put {} on", known.label), is_busy) {
                            asked = Some(ChangeLabels { add: vec![known.label.clone()], remove: Vec::new() });
                        }
                    }
                });
            }
            ui.add_space(theme::GAP_12);
            ui.button("Done").clicked()
        });
        if let Some(change) = asked {
            wishes.push(Wish::Versions(Asked::ChangeLabels(dialog.prompt, dialog.version, change)));
        }
        if shown.inner || shown.closes {
            self.dialog = None;
        }
    }
}

/// A label with what a click does to it.
fn chip_ui(ui: &mut Ui, label: &str, icon: egui_material_icons::MaterialIcon, name: &str, is_busy: bool) -> bool {
    let button = Button::new((RichText::new(label), RichText::new(icon.codepoint).size(14.0)));
    let response = ui.add_enabled(!is_busy, button);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, !is_busy, name));
    response.on_hover_text(name).clicked()
}

/// Says what changed, with a way back.
fn tell(now: &VersionLabels, ctx: &AreaCtx<'_>) {
    let version = format!("{} v{}", now.prompt_name, now.version);
    let words = match (now.changed.add.as_slice(), now.changed.remove.as_slice()) {
        ([], []) => {
            ctx.commands.toast(ToastKind::Info, format!("{version} has this label already"));
            return;
        }
        ([], removed) => format!("{} is taken off {version}", removed.join(", ")),
        (added, _) => format!("{version} is labelled {}", added.join(", ")),
    };
    let undo = Command::ChangeLabels { prompt: now.prompt_id, version: now.version, change: now.changed.clone().inverse() };
    ctx.send(Command::ShowToast(Toast::new(ToastKind::Good, words).with_action("Undo", undo)));
}
