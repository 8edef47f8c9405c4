//! The page before a deployment: what it replaces, what was checked, how many photos it changes, and the button.

use egui::{Align, Button, Frame, Key, Label, Layout, Margin, Panel, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::super::Wish;
use super::difference::Difference;
use super::measure::Measure;
use super::{Asked, changed_photos, checks, radius_ui};
use crate::gui::ctx::kept_free::keep_free;
use crate::gui::ctx::{AreaCtx, Command, Remote};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{error_state, relative_time, section, skeleton};
use crate::wire::deployment::{CheckState, DeployPrompt, DeployReview, Environment, Validation};
use crate::wire::ids::PromptVersionId;
use crate::wire::run::{Run, RunKind, RunState};

/// Lines longer than this are hard to read.
const WIDTH_MOST: f32 = 720.0;

/// What a person says of a deployment.
#[derive(Clone, Default, PartialEq)]
pub struct Typed {
    note: String,
    reason: String,
}

/// The page of one version.
pub struct Review {
    pub version: PromptVersionId,
    pub environment: Environment,
    answer: Remote<DeployReview>,
    /// The environment of the answer.
    answered_for: Option<Environment>,
    is_behind: bool,
    measure: Measure,
    difference: Difference,
    shows_all: bool,
    pub typed: Typed,
    /// Why the platform did not deploy it.
    trouble: Option<String>,
    asks_for_reason: bool,
}

impl Review {
    #[must_use]
    pub fn new(version: PromptVersionId, environment: Environment, typed: Typed) -> Self {
        Self {
            version,
            environment,
            answer: Remote::default(),
            answered_for: None,
            is_behind: false,
            measure: Measure::of(version),
            difference: Difference::default(),
            shows_all: false,
            typed,
            trouble: None,
            asks_for_reason: false,
        }
    }

    pub fn on_run(&mut self, run: &Run) {
        self.measure.on_run(run);
        self.is_behind |= run.kind == RunKind::Validation && run.state != RunState::Running;
    }

    pub fn reload(&mut self) {
        self.is_behind = true;
        self.measure.reload();
    }

    pub fn refuse(&mut self, code: &str, why: &str) {
        self.trouble = Some(why.to_owned());
        self.asks_for_reason |= code == "override_needed";
        self.is_behind = true;
    }

    pub fn logic(&mut self, ctx: &AreaCtx<'_>) {
        if self.answer.poll() {
            let report = self.answer.value().and_then(|review| review.report_id);
            self.measure.show(report);
        }
        let wants_estimate = self.answer.value().is_some();
        self.is_behind |= self.measure.logic(wants_estimate, ctx);
        self.difference.logic(self.answer.value().filter(|review| review.environment == self.environment), ctx);
        self.begin_by_itself(ctx);
        let is_other = self.answered_for != Some(self.environment);
        if is_other || (self.is_behind && !self.answer.is_pending()) {
            (self.is_behind, self.answered_for) = (false, Some(self.environment));
            let (version, environment) = (self.version, self.environment);
            ctx.ask(&mut self.answer, |client| async move { client.deploy_review(version, environment).await });
        }
    }

    /// What costs nothing need not be asked for: the page is opened to know it.
    fn begin_by_itself(&mut self, ctx: &AreaCtx<'_>) {
        let Some(review) = self.answer.value().filter(|_| !self.answer.is_pending()) else { return };
        // Whether there is one already is known when it has come.
        let is_unknown = review.report_id.is_some() && self.measure.radius().is_none();
        if self.measure.began_by_itself || self.measure.is_running() || self.measure.is_done() || is_unknown {
            return;
        }
        if self.measure.estimate().is_some_and(crate::wire::deployment::BlastRadiusEstimate::is_free) {
            self.measure.began_by_itself = true;
            self.measure.begin(ctx);
        }
    }

    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, is_busy: bool, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        self.header_ui(ui, ctx, wishes);
        ui.add_space(theme::GAP_4);
        if let Some(failure) = self.answer.failure().map(ToString::to_string)
            && error_state::ui(ui, "What is known of this deployment could not be read", &failure)
        {
            self.reload();
        }
        let foot = Frame::new().inner_margin(Margin { left: 0, right: 0, top: 8, bottom: 0 });
        let foot = Panel::bottom("deploy").resizable(false).frame(foot).show(ui, |ui| self.foot_ui(ui, is_busy, ctx, wishes));
        keep_free(ui.ctx(), foot.response.rect);
        let left_a_field = foot.inner;
        ScrollArea::vertical().id_salt("deploy review").auto_shrink(false).show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(WIDTH_MOST));
            let Some(review) = self.answer.value() else {
                if self.answer.failure().is_none() {
                    skeleton::lines(ui, 8);
                }
                return;
            };
            section::heading(ui, "Checks");
            ui.add_space(theme::GAP_4);
            if let Some(finding) = checks::ui(ui, &review.checks, ctx.tokens()) {
                wishes.push(Wish::Deploy(Asked::ShowFinding(Box::new((review.version.clone(), finding.clone())))));
            }
            if review.checks.iter().any(|check| check.code == "gates" && check.state != CheckState::Pass) {
                let command = Command::ValidateVersion(Some(review.version.id));
                if ui.button("Validate…").on_hover_text(command.tooltip()).clicked() {
                    ctx.send(command);
                }
            }
            ui.add_space(theme::GAP_12);
            radius_ui::ui(ui, &mut self.measure, ctx);
            if let Some(radius) = self.measure.radius() {
                ui.add_space(theme::GAP_8);
                let changes = radius.changes.clone();
                changed_photos::ui(ui, &changes, &mut self.shows_all, ctx);
            }
            ui.add_space(theme::GAP_12);
            self.difference.ui(ui, ctx.tokens());
        });
        // Escape leaves a field first, and only then the page. A question on it has taken the key already.
        let is_typing = ui.egui_wants_keyboard_input() || left_a_field;
        if !is_typing && ui.input(|input| input.key_pressed(Key::Escape)) {
            wishes.push(Wish::Deploy(Asked::Close));
        }
    }

    fn label(&self) -> String {
        self.answer.value().map_or_else(|| "this version".to_owned(), |review| review.version.label())
    }

    fn header_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
        let tokens = ctx.tokens();
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if Tool::new(icons::ICON_CLOSE, "Back to the prompt").tooltip("Back to the prompt").icon_only().ui(ui).clicked() {
                    wishes.push(Wish::Deploy(Asked::Close));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let title = RichText::new(format!("Deploy {}", self.label())).font(theme::semibold(theme::TEXT_HEADING));
                    ui.add(Label::new(title).truncate());
                });
            });
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP_4;
            for environment in Environment::ALL {
                let chosen = self.environment == environment;
                let button = ui.add(Button::selectable(chosen, environment.label()).min_size(vec2(0.0, theme::CONTROL_HEIGHT)));
                if button.on_hover_text(what_for(environment)).clicked() && !chosen {
                    self.environment = environment;
                    self.trouble = None;
                }
            }
            ui.add_space(theme::GAP_8);
            let words = self.answer.value().filter(|review| review.environment == self.environment).map(|review| match &review.replaces {
                Some(replaced) if replaced.id == self.version => format!("It is in {} already", self.environment.word()),
                Some(replaced) => {
                    let since = review.replaces_since.map(|at| format!(", there since {}", relative_time::words(at, ctx.now))).unwrap_or_default();
                    format!("Replaces {}{since}", replaced.label())
                }
                None => format!("Nothing is in {} yet", self.environment.word()),
            });
            ui.add(Label::new(RichText::new(words.unwrap_or_default()).color(tokens.muted)).truncate());
        });
    }

    /// Note, reason where one is needed, and the button. Returns whether a field has just been left.
    fn foot_ui(&mut self, ui: &mut Ui, is_busy: bool, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) -> bool {
        let tokens = ctx.tokens();
        let review = self.answer.value().filter(|review| review.environment == self.environment);
        let validation = review.map(|review| review.validation);
        let is_blocked = review.is_some_and(|review| review.checks.iter().any(|check| check.blocks));
        let is_there = review.is_some_and(|review| review.replaces.as_ref().is_some_and(|replaced| replaced.id == self.version));
        let replaces = review.and_then(|review| review.replaces.as_ref().map(|version| version.id));
        let is_production = self.environment == Environment::Production;
        let needs_reason = is_production && !is_blocked && !is_there && validation.is_some_and(Validation::needs_override);
        if let Some(trouble) = &self.trouble {
            ui.add(Label::new(RichText::new(trouble).color(tokens.bad)).wrap());
        }
        let label_width = 52.0;
        let field = |ui: &mut Ui, name: &str, hint: &str, words: &mut String| {
            ui.horizontal(|ui| {
                let room = vec2(label_width, theme::CONTROL_HEIGHT);
                let label = ui
                    .allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
                        ui.set_min_width(label_width);
                        ui.label(RichText::new(name).color(tokens.muted))
                    })
                    .inner;
                let edit = TextEdit::singleline(words).id_salt(name).hint_text(hint).char_limit(500).desired_width(f32::INFINITY);
                ui.add(edit).labelled_by(label.id)
            })
            .inner
        };
        let mut left_a_field = field(ui, "Note", "What is different, and why (optional)", &mut self.typed.note).lost_focus();
        if needs_reason {
            let hint = if self.measure.is_running() {
                "Why it can't wait for the measurement; kept in the history"
            } else {
                "Why it goes live all the same; kept in the history"
            };
            let reason = field(ui, "Reason", hint, &mut self.typed.reason);
            left_a_field |= reason.lost_focus();
            if std::mem::take(&mut self.asks_for_reason) {
                reason.request_focus();
            }
        }
        ui.add_space(theme::GAP_4);
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            let can = !is_busy && review.is_some() && !is_blocked && !is_there && (!needs_reason || !self.typed.reason.trim().is_empty());
            let words = format!("Deploy to {}", self.environment.word());
            let tool = Tool::new(icons::ICON_ROCKET_LAUNCH, &words).primary().enabled(can);
            let why_not = match () {
                () if is_there => "It is there already",
                () if is_blocked => "No photo could be asked about with it: mend the text first",
                () if needs_reason => "Give a reason: a check failed, or was not measured",
                () => "The platform is still working on it",
            };
            let button = tool.ui(ui).on_hover_text(what_for(self.environment)).on_disabled_hover_text(why_not);
            if button.clicked() {
                self.trouble = None;
                wishes.push(Wish::Deploy(Asked::Deploy(DeployPrompt {
                    note: self.typed.note.trim().to_owned(),
                    override_reason: needs_reason.then(|| self.typed.reason.trim().to_owned()),
                    report_id: self.measure.radius().map(|radius| radius.run_id),
                    replaces,
                    ..DeployPrompt::new(self.environment, self.version)
                })));
            }
            let lab = Command::TestVersions(replaces.into_iter().chain([self.version]).collect());
            if ui.button("Test in the lab").on_hover_text(lab.tooltip()).clicked() {
                ctx.send(lab);
            }
            if is_busy {
                ui.spinner();
            }
            if let Some(validation) = validation {
                let (icon, colour) = checks::look_of_all(validation, tokens);
                ui.label(RichText::new(icon.codepoint).color(colour));
                ui.add(Label::new(RichText::new(validation.label()).color(colour)).truncate());
            }
        });
        left_a_field
    }
}

/// What an environment is for.
pub fn what_for(environment: Environment) -> &'static str {
    match environment {
        Environment::Staging => {
            "Tried beside production: on a paired sample of the last photos, and in the Testing lab. The pipeline does not use it"
        }
        Environment::Production => "The pipeline asks with it about every photo from now on; can be rolled back in one action",
    }
}
