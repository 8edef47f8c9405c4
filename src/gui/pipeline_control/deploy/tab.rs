//! The tab: what is a draft, what is in staging and in production, and since when; below it what was.

use egui::{Frame, Label, Margin, RichText, ScrollArea, Ui};

use super::super::Wish;
use super::{Asked, DeployPages, history, radius_ui, review};
use crate::gui::ctx::{AreaCtx, Command};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{error_state, number, relative_time, section, skeleton};
use crate::wire::config::PipelineConfig;
use crate::wire::deployment::Environment;
use crate::wire::run::RunState;

/// What the area knows that the tab shows.
pub struct Standing<'s> {
    pub config: Option<&'s PipelineConfig>,
    /// Why there is no configuration.
    pub trouble: Option<String>,
    /// Such as `Photo tags, unsaved changes`.
    pub draft: Option<String>,
    pub is_busy: bool,
}

/// Draws the tab.
pub fn ui(ui: &mut Ui, pages: &mut DeployPages, standing: &Standing<'_>, ctx: &mut AreaCtx<'_>, wishes: &mut Vec<Wish>) {
    let Some(config) = standing.config else {
        match &standing.trouble {
            Some(why) => {
                if error_state::ui(ui, "What is deployed could not be read", why) {
                    wishes.push(Wish::Reload);
                }
            }
            None => skeleton::lines(ui, 6),
        }
        return;
    };
    let tokens = ctx.tokens();
    ScrollArea::vertical().id_salt("deploy tab").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = theme::GAP_4;
        card_ui(ui, tokens, |ui| production_ui(ui, pages, config, standing.is_busy, ctx, wishes));
        card_ui(ui, tokens, |ui| staging_ui(ui, pages, config, standing.is_busy, ctx, wishes));
        if let Some(draft) = &standing.draft {
            card_ui(ui, tokens, |ui| draft_ui(ui, draft, ctx));
        }
        ui.add_space(theme::GAP_8);
        section::heading(ui, "History");
        history_ui(ui, pages, standing.is_busy, ctx, wishes);
    });
}

fn card_ui(ui: &mut Ui, tokens: &Tokens, content: impl FnOnce(&mut Ui)) {
    let frame = Frame::new().fill(tokens.surface).stroke((1.0, tokens.border)).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        content(ui);
    });
}

/// Name of the environment, and what it uses since when.
fn title_ui(ui: &mut Ui, pages: &DeployPages, environment: Environment, label: Option<&str>, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let name = ui.label(RichText::new(environment.label()).size(theme::TEXT_SMALL).color(tokens.muted));
    name.on_hover_text(review::what_for(environment));
    ui.horizontal(|ui| {
        let words = label.unwrap_or("Nothing yet");
        let ink = if label.is_some() { tokens.text } else { tokens.muted };
        ui.add(Label::new(RichText::new(words).font(theme::semibold(theme::TEXT_BODY)).color(ink)).truncate());
        let since = pages.newest(environment).filter(|newest| newest.to.as_ref().map(|to| to.label.as_str()) == label && label.is_some());
        if let Some(newest) = since {
            ui.scope(|ui| {
                ui.visuals_mut().override_text_color = Some(tokens.muted);
                ui.style_mut().override_font_id = Some(egui::FontId::proportional(theme::TEXT_SMALL));
                relative_time::ui(ui, newest.at, ctx.now);
            });
        }
    });
}

fn production_ui(ui: &mut Ui, pages: &DeployPages, config: &PipelineConfig, is_busy: bool, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
    title_ui(ui, pages, Environment::Production, Some(&config.live_prompt), ctx);
    let small = RichText::new(format!("Every photo is asked about with it. Model: {}", config.live_model)).size(theme::TEXT_SMALL);
    ui.add(Label::new(small.color(ctx.tokens().muted)).wrap());
    let newest = pages.newest(Environment::Production).filter(|newest| newest.rolled_back_by.is_none() && newest.rolls_back.is_none());
    if let Some(newest) = newest {
        let button = ui.add_enabled(!is_busy, egui::Button::new(format!("Roll back to {}", history::label(newest.from.as_ref()))).truncate());
        if button.on_hover_text("Put back what was there before, in one action").clicked() {
            wishes.push(Wish::Deploy(Asked::RollBack(newest.id)));
        }
    }
}

fn staging_ui(ui: &mut Ui, pages: &mut DeployPages, config: &PipelineConfig, is_busy: bool, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
    let tokens = ctx.tokens();
    title_ui(ui, pages, Environment::Staging, config.staged_prompt.as_deref(), ctx);
    let muted = |words: String| RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted);
    let Some(staged) = config.staged_prompt_version_id else {
        ui.add(Label::new(muted(review::what_for(Environment::Staging).to_owned())).wrap());
        let command = Command::DeployPrompt(Environment::Staging);
        if ui.add_enabled(!is_busy, egui::Button::new("Deploy to staging…")).on_hover_text(command.tooltip()).clicked() {
            ctx.send(command);
        }
        return;
    };
    let is_live = staged == config.live_prompt_version_id;
    let words = match pages.staged.radius() {
        _ if is_live => "The same as in production".to_owned(),
        Some(radius) if radius.state == RunState::Running => {
            format!("Measured on the last photos: {} of {}", radius.calls.finished(), number::count(radius.calls.total()))
        }
        Some(radius) => match &radius.outdated {
            Some(_) => format!("{} (outdated)", radius_ui::headline(radius)),
            None => radius_ui::headline(radius),
        },
        None => "Not measured on the last photos yet".to_owned(),
    };
    ui.add(Label::new(muted(words)).wrap());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(theme::GAP_4, theme::GAP_4);
        let lab = Command::TestVersions(vec![config.live_prompt_version_id, staged]);
        if ui.button("Test in the lab").on_hover_text(lab.tooltip()).clicked() {
            ctx.send(lab);
        }
        let button = ui.add_enabled(!is_busy && !is_live, egui::Button::new("To production…"));
        if button.on_hover_text("See what it would change, then deploy it to production").on_disabled_hover_text("It is there already").clicked() {
            wishes.push(Wish::Deploy(Asked::Review(staged, Environment::Production)));
        }
    });
}

fn draft_ui(ui: &mut Ui, draft: &str, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    ui.label(RichText::new("Draft").size(theme::TEXT_SMALL).color(tokens.muted));
    ui.horizontal(|ui| {
        ui.label(RichText::new(icons::ICON_EDIT.codepoint).size(14.0).color(tokens.warn));
        ui.add(Label::new(RichText::new(draft).font(theme::semibold(theme::TEXT_BODY))).truncate());
    });
    ui.add(Label::new(RichText::new("Save it as a version to deploy it").size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
}

fn history_ui(ui: &mut Ui, pages: &mut DeployPages, is_busy: bool, ctx: &AreaCtx<'_>, wishes: &mut Vec<Wish>) {
    let tokens = ctx.tokens();
    if let Some(failure) = pages.history.failure().map(ToString::to_string)
        && error_state::ui(ui, "The history could not be read", &failure)
    {
        pages.reload();
    }
    let Some(page) = pages.history.value() else {
        if pages.history.failure().is_none() {
            skeleton::lines(ui, 4);
        }
        return;
    };
    if page.items.is_empty() {
        ui.label(RichText::new("Nothing was deployed yet").color(tokens.muted));
    }
    for entry in &page.items {
        ui.push_id(entry.id.0, |ui| history::ui(ui, entry, is_busy, ctx, wishes));
        ui.separator();
    }
    let has_more = page.next_cursor.is_some();
    if has_more && ui.button("Show older").clicked() {
        pages.ask_more(ctx);
    }
}
