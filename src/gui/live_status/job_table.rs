//! The job table: virtual rows, as many columns as there is room for, selection by mouse and keyboard.

use chrono::{DateTime, Utc};
use egui::{Align, Event as InputEvent, Key, Label, Layout, Modifiers, Rect, RichText, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column, TableBuilder};

use super::job_cells::{self, RowInk};
use super::job_columns::{ChosenColumns, JobColumn};
use super::job_list::JobList;
use super::selection::{Choose, Selection};
use crate::gui::ctx::PhotoTextures;
use crate::gui::theme::{self, Tokens, icons};
use crate::wire::ids::JobId;
use crate::wire::job::JobSort;

/// Rows before the loaded end at which the next page is asked for.
const ASK_MORE_BEFORE: usize = 60;

/// What the reader did in the table.
#[derive(Debug, Default)]
pub struct TableAnswer {
    pub open: Option<JobId>,
    /// The column whose header was clicked.
    pub sort: Option<JobSort>,
    pub wants_more: bool,
    /// When the newest of the rows in sight was queued.
    pub youngest: Option<DateTime<Utc>>,
    pub selection_changed: bool,
    /// Everything was selected at once.
    pub selected_all: bool,
}

/// What the table remembers from frame to frame.
#[derive(Debug, Default)]
pub struct JobTable {
    scroll_to: Option<(usize, Option<Align>)>,
    /// How far the rows are scrolled, in points.
    offset: f32,
    /// The first row in sight: where rows came or went above it, it stays where it is.
    first: Option<(usize, JobId)>,
    has_focus: bool,
    columns: ChosenColumns,
    /// Rows that fit, for Page Up and Page Down.
    page: usize,
}

impl JobTable {
    #[must_use]
    pub fn is_at_top(&self) -> bool {
        self.offset < 1.0
    }

    /// Whether the rows have the keyboard.
    #[must_use]
    pub fn has_focus(&self) -> bool {
        self.has_focus
    }

    pub fn scroll_to_top(&mut self) {
        self.scroll_to = Some((0, Some(Align::TOP)));
        self.offset = 0.0;
        self.first = None;
    }

    /// Draws the rows into what is left of `ui`.
    pub fn ui(&mut self, ui: &mut Ui, list: &JobList, selection: &mut Selection, textures: &mut PhotoTextures, now: DateTime<Utc>) -> TableAnswer {
        let mut answer = TableAnswer::default();
        let tokens = theme::tokens(ui.ctx());
        let rect = ui.available_rect_before_wrap();
        let response = ui.interact(rect, ui.scope_id().with("jobs"), Sense::FOCUSABLE);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Table, true, "Jobs"));
        self.has_focus = response.has_focus();
        if response.has_focus() {
            let arrows = egui::EventFilter { vertical_arrows: true, escape: true, horizontal_arrows: false, tab: false };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        }
        self.keys(ui, &response, list, selection, &mut answer);
        let columns = self.columns.for_width(rect.width() - 12.0, ui);
        ui.spacing_mut().item_spacing.y = 0.0;
        // The lines between columns are there to be dragged, not to be looked at.
        ui.visuals_mut().widgets.noninteractive.bg_stroke.color = tokens.border.gamma_multiply(0.5);
        let mut table = TableBuilder::new(ui);
        if let Some(offset) = self.offset_of_first(list) {
            table = table.vertical_scroll_offset(offset);
        }
        let mut table = table
            .id_salt(("jobs", &columns))
            .striped(false)
            .sense(Sense::CLICK)
            .resizable(true)
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center));
        for column in &columns {
            table = table.column(match column {
                JobColumn::Thumbnail => Column::exact(column.width()),
                JobColumn::Trouble => Column::remainder().at_least(60.0).clip(true),
                _ => Column::initial(column.width()).at_least(40.0).clip(true),
            });
        }
        let order = (list.filter().sort, list.filter().ascending);
        let scroll_to = self.scroll_to.take();
        let mut clicked = None;
        let output = table
            .header(theme::ROW_HEIGHT, |mut header| {
                for column in &columns {
                    header.col(|ui| {
                        if *column == JobColumn::Trouble {
                            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                                self.columns.button_ui(ui, &columns);
                                ui.with_layout(Layout::left_to_right(Align::Center), |ui| header_ui(ui, *column, order, tokens));
                            });
                        } else {
                            answer.sort = answer.sort.or(header_ui(ui, *column, order, tokens));
                        }
                    });
                }
            })
            .body(|mut body| {
                let widths = body.widths().to_vec();
                let ui = body.ui_mut();
                let ink = RowInk::new(ui, tokens, now, &columns, &widths, ui.max_rect().left());
                clicked = rows_ui(ui, list, selection, &ink, scroll_to, textures, &mut answer);
            });
        self.offset = output.state.clamped_offset().y;
        let first = (self.offset / theme::ROW_HEIGHT) as usize;
        self.first = list.rows().get(first).map(|job| (first, job.id)).filter(|_| !self.is_at_top());
        self.page = (output.inner_rect.height() / theme::ROW_HEIGHT) as usize;
        if let Some(id) = clicked {
            let modifiers = ui.input(|input| input.modifiers);
            selection.choose(id, Choose::by(modifiers), |anchor| list.between(anchor, id));
            answer.selection_changed = true;
            response.request_focus();
        }
        if response.has_focus() {
            focus_ring(ui, rect, tokens);
        }
        answer
    }

    /// How far is to be scrolled so that the first row in sight stays, where it has another place now.
    fn offset_of_first(&self, list: &JobList) -> Option<f32> {
        let (was, id) = self.first.filter(|_| self.scroll_to.is_none())?;
        let is = list.position(id).filter(|is| *is != was)?;
        Some(self.offset + (is as f32 - was as f32) * theme::ROW_HEIGHT)
    }

    /// Arrows, Page Up and Down, Home, End, Space, Enter, Ctrl-A while the table has the keyboard.
    fn keys(&mut self, ui: &Ui, response: &egui::Response, list: &JobList, selection: &mut Selection, answer: &mut TableAnswer) {
        if !response.has_focus() || list.rows().is_empty() {
            return;
        }
        let last = list.rows().len() - 1;
        let at = selection.cursor().and_then(|id| list.position(id));
        let page = self.page.max(1);
        let pressed = ui.input_mut(|input| take_key(&mut input.events));
        let Some((key, modifiers)) = pressed else { return };
        let target = match key {
            Key::ArrowDown => at.map_or(0, |at| at + 1),
            Key::ArrowUp => at.map_or(0, |at| at.saturating_sub(1)),
            Key::PageDown => at.map_or(0, |at| at + page),
            Key::PageUp => at.map_or(0, |at| at.saturating_sub(page)),
            Key::Home => 0,
            Key::End => last,
            Key::A => {
                answer.selection_changed = true;
                answer.selected_all = true;
                return;
            }
            Key::Enter => {
                answer.open = selection.cursor();
                return;
            }
            _ => at.unwrap_or(0),
        }
        .min(last);
        let Some(job) = list.rows().get(target) else { return };
        let how = if key == Key::Space { Choose::Toggle } else { Choose::by(Modifiers { command: false, ..modifiers }) };
        selection.choose(job.id, how, |anchor| list.between(anchor, job.id));
        answer.selection_changed = true;
        self.scroll_to = Some((target, None));
    }
}

/// Draws the rows that are in sight. Returns the job that was clicked.
fn rows_ui(
    ui: &mut Ui,
    list: &JobList,
    selection: &Selection,
    ink: &RowInk<'_>,
    scroll_to: Option<(usize, Option<Align>)>,
    textures: &mut PhotoTextures,
    answer: &mut TableAnswer,
) -> Option<JobId> {
    let rows = list.rows();
    let (whole, _) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_HEIGHT * rows.len() as f32), Sense::hover());
    let row_rect = |at: usize| {
        let top = whole.top() + theme::ROW_HEIGHT * at as f32;
        Rect::from_x_y_ranges(whole.x_range(), top..=top + theme::ROW_HEIGHT)
    };
    let seen = ui.clip_rect();
    let first = ((seen.top() - whole.top()) / theme::ROW_HEIGHT).max(0.0) as usize;
    let end = (((seen.bottom() - whole.top()) / theme::ROW_HEIGHT).ceil().max(0.0) as usize).min(rows.len());
    answer.wants_more = end + ASK_MORE_BEFORE >= rows.len();
    answer.youngest = rows.iter().take(end).skip(first).map(|job| job.enqueued_at).max();
    let mut clicked = None;
    for (at, job) in rows.iter().enumerate().take(end).skip(first) {
        let response = job_cells::ui(ui, ui.scope_id().with(job.id), row_rect(at), job, selection.contains(job.id), ink, textures);
        if response.double_clicked() {
            answer.open = Some(job.id);
        } else if response.clicked() {
            clicked = Some(job.id);
        }
    }
    if let Some((row, align)) = scroll_to {
        ui.scroll_to_rect(row_rect(row), align);
    }
    clicked
}

/// Takes the first key press that the table understands.
fn take_key(events: &mut Vec<InputEvent>) -> Option<(Key, Modifiers)> {
    let at = events.iter().position(|event| {
        let InputEvent::Key { key, pressed: true, modifiers, .. } = event else { return false };
        match key {
            Key::ArrowDown | Key::ArrowUp | Key::PageDown | Key::PageUp | Key::Home | Key::End | Key::Space => !modifiers.alt,
            Key::Enter => modifiers.is_none(),
            Key::A => modifiers.command,
            _ => false,
        }
    })?;
    match events.remove(at) {
        InputEvent::Key { key, modifiers, .. } => Some((key, modifiers)),
        _ => None,
    }
}

fn focus_ring(ui: &Ui, rect: Rect, tokens: &Tokens) {
    ui.painter().rect_stroke(rect.expand2(vec2(6.0, 2.0)), theme::RADIUS_4, (1.0, tokens.focus), egui::StrokeKind::Inside);
}

/// Draws a header; returns what is to be sorted by when it was clicked.
fn header_ui(ui: &mut Ui, column: JobColumn, (sorted, ascending): (JobSort, bool), tokens: &Tokens) -> Option<JobSort> {
    let text = |words: &str| RichText::new(words.to_owned()).size(theme::TEXT_SMALL).color(tokens.muted);
    let Some(sort) = column.sort() else {
        let response = ui.add(Label::new(text(column.header())).truncate().selectable(false));
        if !column.hint().is_empty() {
            response.on_hover_text(column.hint());
        }
        return None;
    };
    let is_sorted = sort == sorted;
    let arrow = if ascending { icons::ICON_ARROW_UPWARD } else { icons::ICON_ARROW_DOWNWARD };
    let arrow = RichText::from(arrow).size(theme::TEXT_SMALL).color(tokens.muted);
    let button = |ui: &mut Ui| {
        let button = if is_sorted { egui::Button::new((text(column.header()), arrow)) } else { egui::Button::new(text(column.header())) };
        ui.add(button.frame(false).truncate())
    };
    let response = if column.is_number() { ui.with_layout(Layout::right_to_left(Align::Center), button).inner } else { button(ui) };
    let order = match (is_sorted, sort, ascending) {
        (false, ..) => String::new(),
        (true, JobSort::Queued, true) => ", oldest first".to_owned(),
        (true, JobSort::Queued, false) => ", newest first".to_owned(),
        (true, _, true) => ", ascending".to_owned(),
        (true, _, false) => ", descending".to_owned(),
    };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{}{order}", column.header())));
    let hint = if column.hint().is_empty() { "Click to sort".to_owned() } else { format!("{}. Click to sort", column.hint()) };
    response.on_hover_text(hint).clicked().then_some(sort)
}
