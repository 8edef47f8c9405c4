//! Above the table: state filter with counts, search by file name, the selection and what can be done to it.

use egui::{Button, Id, Key, Label, RichText, TextEdit, Ui};

use super::actions::{Applicable, jobs_in_words};
use super::job_list::{Filter, JobList};
use super::saved_filters::SavedFilters;
use super::{filter_completion, job_state};
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::number;
use crate::wire::job::{JobAction, JobState};
use crate::wire::status::LiveStatus;

/// Priorities that can be chosen, with their words.
const PRIORITIES: [(&str, i32); 4] = [("Highest", 100), ("High", 50), ("Normal", 0), ("Low", -50)];

/// Draws the filter; returns another one when it was changed.
pub fn ui(ui: &mut Ui, list: &JobList, saved: &mut SavedFilters, status: Option<&LiveStatus>, focus_search: bool, tokens: &Tokens) -> Option<Filter> {
    let mut filter = list.filter().clone();
    ui.horizontal_wrapped(|ui| {
        // Beside the details there is just room for the states.
        let width = if ui.available_width() < 1_000.0 { 150.0 } else { 260.0 };
        let id = Id::unique("find jobs");
        let offers = if ui.memory(|memory| memory.has_focus(id)) { filter_completion::offers(&filter.search, list.rows()) } else { Vec::new() };
        filter_completion::keys(ui, id, &mut filter.search, &offers);
        let search = TextEdit::singleline(&mut filter.search).id(id).hint_text("Find: beach, age>1h").desired_width(width);
        // Tab completes while there is something to complete.
        let response = ui.add(search.lock_focus(!offers.is_empty()));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find jobs"));
        filter_completion::ui(&response, &mut filter.search, &offers);
        if focus_search {
            response.request_focus();
        }
        // The field gives the keyboard back on Escape; it is emptied too.
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
            filter.search.clear();
        }
        saved.ui(ui, &mut filter, list.problem().is_none());
        ui.add_space(theme::GAP_4);
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding.x = theme::GAP_8 - 2.0;
        segment(ui, &mut filter.state, None, count_of(None, list, status), tokens);
        for state in JobState::ALL {
            segment(ui, &mut filter.state, Some(state), count_of(Some(state), list, status), tokens);
        }
    });
    if let Some(problem) = list.problem() {
        ui.add(Label::new(RichText::new(problem.to_string()).size(theme::TEXT_SMALL).color(tokens.bad)).wrap());
    }
    (filter != *list.filter()).then_some(filter)
}

/// How many jobs are in a state, where it is known without asking. Beside what is typed only the chosen one is counted.
fn count_of(state: Option<JobState>, list: &JobList, status: Option<&LiveStatus>) -> Option<u64> {
    let filter = list.filter();
    if filter.state == state && list.total().is_some() {
        return list.total();
    }
    if !filter.search.trim().is_empty() {
        return None;
    }
    let status = status?;
    // Of a moment in the past most jobs are done: they are what the others leave of all.
    let rest = || {
        let others = [status.pending, status.processing, status.retry_wait, status.failed_total, status.cancelled_total?];
        list.total_of_all()?.checked_sub(others.into_iter().sum())
    };
    match state? {
        JobState::Pending => Some(status.pending),
        JobState::Processing => Some(status.processing),
        JobState::RetryWait => Some(status.retry_wait),
        JobState::Failed => Some(status.failed_total),
        JobState::Completed => status.completed_total.or_else(rest),
        JobState::Cancelled => status.cancelled_total,
    }
}

fn segment(ui: &mut Ui, chosen: &mut Option<JobState>, state: Option<JobState>, count: Option<u64>, tokens: &Tokens) {
    let label = state.map_or("All", JobState::label);
    // All of them fit beside the search, with the details open.
    let word = if state == Some(JobState::RetryWait) { "To retry" } else { label };
    let is_chosen = *chosen == state;
    let count_words = count.map(number::count).unwrap_or_default();
    let weak = RichText::new(&count_words).color(tokens.muted);
    let button = match state.map(|state| job_state::mark(state, tokens)) {
        Some((icon, colour)) => Button::selectable(is_chosen, (RichText::from(icon).color(colour), word, weak)),
        None => Button::selectable(is_chosen, (word, weak)),
    };
    let response = ui.add(button);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, format!("{label} {count_words}").trim_end()));
    let response = if count.is_none() && !is_chosen { response.on_hover_text("Counted when it is chosen") } else { response };
    if response.clicked() {
        *chosen = state;
    }
}

/// What is wanted of the selected jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionAnswer {
    Act(JobAction),
    Clear,
}

/// What is selected and what can be done to it, in the line above the table.
pub fn selection_ui(
    ui: &mut Ui,
    selected: usize,
    selects_all: bool,
    can: Applicable,
    list: &JobList,
    busy: bool,
    ctx: &AreaCtx<'_>,
) -> Option<SelectionAnswer> {
    let tokens = ctx.tokens();
    let mut answer = None;
    ui.scope(|ui| {
        // Beyond what is loaded too: the platform counts to how many an action applies, before it is done.
        let is_everything = selects_all && list.has_more();
        if is_everything {
            let words = list.total().map_or_else(|| "All jobs that match are".to_owned(), |total| format!("All {}", jobs_in_words(total as usize)));
            ui.label(RichText::new(format!("{words} selected")).strong());
        } else {
            ui.label(RichText::new(format!("{} selected", jobs_in_words(selected))).strong());
        }
        for (action, word, count, hint) in [
            (JobAction::Retry, "Retry", can.retry, "Applies to jobs that failed, wait to retry or were cancelled"),
            (JobAction::Reprocess, "Reprocess", can.reprocess, "Asks about the photos of completed jobs once more"),
            (JobAction::Cancel, "Cancel", can.cancel, "Applies to jobs that wait or are worked on"),
        ] {
            let label = match count {
                _ if is_everything => format!("{word}…"),
                0 => word.to_owned(),
                count => format!("{word} {}{}", number::count(count as u64), if count > 1 { "…" } else { "" }),
            };
            let button = ui.add_enabled((count > 0 || is_everything) && !busy, Button::new(label));
            if button.on_hover_text(hint).on_disabled_hover_text(hint).clicked() {
                answer = Some(SelectionAnswer::Act(action));
            }
        }
        ui.add_enabled_ui((can.reprioritise > 0 || is_everything) && !busy, |ui| {
            ui.menu_button(("Priority", RichText::from(icons::ICON_ARROW_DROP_DOWN)), |ui| {
                let whose = if is_everything { "Of all that wait".to_owned() } else { format!("Of {} that wait", jobs_in_words(can.reprioritise)) };
                ui.label(RichText::new(whose).color(tokens.muted));
                for (word, priority) in PRIORITIES {
                    if ui.button(format!("{word} ({priority})").replace("(-", "(−")).clicked() {
                        answer = Some(SelectionAnswer::Act(JobAction::Reprioritise(priority)));
                    }
                }
            })
            .response
            .on_disabled_hover_text("Applies to jobs that wait");
        });
        if ui.button("Clear").on_hover_text("Select nothing (Esc)").clicked() {
            answer = Some(SelectionAnswer::Clear);
        }
    });
    answer
}

/// Where the keyboard stands, for `/` to lead to the search field.
#[must_use]
pub fn wants_search(ui: &Ui) -> bool {
    let nothing_is_typed: Option<Id> = ui.memory(egui::Memory::focused).filter(|_| ui.ctx().egui_wants_keyboard_input());
    nothing_is_typed.is_none() && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Slash))
}
