//! The log: what the platform's process says about itself, followed like the end of a file.

mod lines;

use std::time::{Duration, Instant};

use egui::text::LayoutJob;
use egui::{Align, Color32, FontId, Label, RichText, ScrollArea, Sense, TextEdit, TextFormat, Ui, WidgetInfo, vec2};

use crate::gui::ctx::{AreaCtx, LinkState, Remote, ToastKind};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{elided, empty_state, error_state, number, skeleton, time_axis};
use crate::wire::log::{LogEntry, LogLevel, LogPage, LogQuery};
use lines::{LINES_MOST, Lines};

/// Asked for this often while it is looked at and followed.
const EVERY: Duration = Duration::from_secs(1);
/// Lines of one question.
const PAGE: u32 = 5_000;
const ROW_HEIGHT: f32 = 20.0;
/// Levels that one can choose, with what they show.
const LEVELS: [(LogLevel, &str); 4] =
    [(LogLevel::Error, "Errors"), (LogLevel::Warn, "Warnings"), (LogLevel::Info, "Information"), (LogLevel::Trace, "Everything")];

/// The state of the view.
#[derive(Default)]
pub struct LogView {
    lines: Lines,
    page: Remote<LogPage>,
    newest: Option<u64>,
    folder: Option<String>,
    asked_at: Option<Instant>,
    search: String,
    is_paused: bool,
}

impl LogView {
    /// Asks from the beginning; the lines there are stay until the answer says that it begins anew.
    pub fn reload(&mut self) {
        self.page = Remote::default();
        self.asked_at = None;
    }

    pub fn ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        self.ask(ui, ctx);
        self.controls_ui(ui, ctx);
        ui.add_space(theme::GAP_4);
        if let Some(failure) = self.page.failure()
            && error_state::ui(ui, "The log could not be read", &failure.to_string())
        {
            self.reload();
        }
        if self.newest.is_none() {
            if self.page.failure().is_none() {
                skeleton::lines(ui, 8);
            }
        } else if self.lines.shown() > 0 {
            self.lines_ui(ui, ctx.tokens());
        } else if self.lines.known() == 0 {
            empty_state::ui(ui, "Nothing has been logged yet", None);
        } else if empty_state::ui(ui, "No line matches", Some("Show all lines")) {
            self.search.clear();
            self.lines.filter(LogLevel::Trace, "");
        }
    }

    fn ask(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        if self.page.poll()
            && let Some(page) = self.page.take()
        {
            self.newest = Some(page.newest);
            self.folder.clone_from(&page.folder);
            self.lines.take_in(page);
        }
        let is_lost = matches!(ctx.link, LinkState::Lost { .. });
        if self.is_paused || is_lost || self.page.is_pending() || self.page.failure().is_some() {
            return;
        }
        let left = self.asked_at.map_or(Duration::ZERO, |at| EVERY.saturating_sub(at.elapsed()));
        if left.is_zero() {
            self.asked_at = Some(Instant::now());
            let query = LogQuery { after: self.newest, limit: Some(PAGE), ..LogQuery::default() };
            ctx.ask(&mut self.page, move |client| async move { client.logs(&query).await });
        } else {
            ui.ctx().request_repaint_after(left);
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.horizontal_wrapped(|ui| {
            let mut level = self.lines.level;
            for (choice, label) in LEVELS {
                let is_chosen = level == choice;
                let response = ui.selectable_label(is_chosen, label);
                response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_chosen, format!("Log: {label}")));
                if response.clicked() {
                    level = choice;
                }
            }
            ui.add_space(theme::GAP_8);
            let search = ui.add(TextEdit::singleline(&mut self.search).hint_text("Search the log").desired_width(170.0));
            search.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Search the log"));
            if search.changed() || level != self.lines.level {
                self.lines.filter(level, &self.search);
            }
            let (icon, label, hint) = if self.is_paused {
                (icons::ICON_PLAY_ARROW, "Go on", "Show what came meanwhile, and what comes")
            } else {
                (icons::ICON_PAUSE, "Pause the log", "Ask for nothing newer; the platform goes on")
            };
            if Tool::new(icon, label).icon_only().tooltip(hint).ui(ui).clicked() {
                self.is_paused = !self.is_paused;
            }
            let copy = Tool::new(icons::ICON_CONTENT_COPY, "Copy the lines").icon_only().tooltip("Copy every line that is shown");
            if copy.enabled(self.lines.shown() > 0).ui(ui).clicked() {
                ui.ctx().copy_text(self.lines.text());
                ctx.commands.toast(ToastKind::Good, format!("Copied {}", lines_in_words(self.lines.shown())));
            }
            if let Some(folder) = &self.folder {
                let open = Tool::new(icons::ICON_FOLDER_OPEN, "Open the log folder").icon_only();
                let hint = format!("Open {folder}, where the log is kept in files");
                if ctx.embedded && open.tooltip(&hint).ui(ui).clicked() {
                    ui.ctx().open_url(egui::OpenUrl::new_tab(format!("file://{folder}")));
                }
            }
            let words = match self.lines.known() {
                known if known == self.lines.shown() => lines_in_words(known),
                known => format!("{} of {}", number::count(self.lines.shown() as u64), lines_in_words(known)),
            };
            let hint = format!("The newest {} lines are kept here. Those from before the platform was started are grey, with their day. Times are of this computer's clock", number::count(LINES_MOST as u64));
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).truncate()).on_hover_text(hint);
        });
    }

    fn lines_ui(&mut self, ui: &mut Ui, tokens: &Tokens) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let scroll = ScrollArea::vertical().id_salt("log").auto_shrink(false).stick_to_bottom(true);
        let mut copied = None;
        scroll.show_rows(ui, ROW_HEIGHT, self.lines.shown(), |ui, range| {
            for at in range {
                let begins = at > 0 && self.lines.line(at - 1).is_some_and(|entry| entry.before_start);
                if let Some(entry) = self.lines.line(at)
                    && line_ui(ui, entry, begins && !entry.before_start, tokens)
                {
                    copied = Some(entry.to_string());
                }
            }
        });
        if let Some(line) = copied {
            ui.ctx().copy_text(line);
        }
    }
}

/// `1 line`, `12 lines`.
fn lines_in_words(count: usize) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{} lines", number::count(count as u64)) }
}

fn colour(level: LogLevel, tokens: &Tokens) -> Color32 {
    match level {
        LogLevel::Error => tokens.bad,
        LogLevel::Warn => tokens.warn,
        LogLevel::Info => tokens.info,
        LogLevel::Debug | LogLevel::Trace => tokens.muted,
    }
}

/// A query of the database, for one, has line breaks of its own.
fn on_one_line(words: &str) -> std::borrow::Cow<'_, str> {
    if words.contains(['\n', '\r', '\t']) { words.split_whitespace().collect::<Vec<_>>().join(" ").into() } else { words.into() }
}

/// One line, cut where it is too long; hovering shows the whole. `begins`: it is the first one of this start. Returns whether it is to
/// be copied.
fn line_ui(ui: &mut Ui, entry: &LogEntry, begins: bool, tokens: &Tokens) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let when = if entry.before_start { ", before this start" } else { "" };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{}: {}{when}", entry.level.as_str(), entry.message)));
    if !ui.is_rect_visible(rect) {
        return false;
    }
    if response.hovered() {
        ui.painter().rect_filled(rect, theme::RADIUS_4, tokens.raised);
    }
    if begins {
        ui.painter().hline(rect.x_range(), rect.top(), (1.0, tokens.border));
    }
    // What was before is told from what is by its day, and greyed.
    let (form, text) = if entry.before_start { ("%-d %b %H:%M:%S%.3f  ", tokens.muted) } else { ("%H:%M:%S%.3f  ", tokens.text) };
    let mono = FontId::monospace(theme::TEXT_SMALL);
    let small = FontId::proportional(theme::TEXT_SMALL);
    let mut job = LayoutJob::default();
    let mut put = |words: &str, font: &FontId, colour: Color32| {
        job.append(words, 0.0, TextFormat { valign: Align::Center, ..TextFormat::simple(font.clone(), colour) });
    };
    let at = time_axis::local(entry.at.timestamp_millis() as f64 / 1e3);
    put(&at.format(form).to_string(), &mono, tokens.muted);
    put(&format!("{:5}  ", entry.level.as_str().to_uppercase()), &mono, colour(entry.level, tokens));
    put(&on_one_line(&entry.message), &small, if entry.level <= LogLevel::Warn { colour(entry.level, tokens) } else { text });
    for (name, value) in &entry.fields {
        put(&format!("  {name} "), &small, tokens.muted);
        put(&on_one_line(value), &small, text);
    }
    let galley = elided::job(ui, job, rect.width() - theme::GAP_8);
    ui.painter().galley(rect.left_center() + vec2(4.0, -galley.size().y / 2.0), galley, tokens.text);
    let mut copy = false;
    response.context_menu(|ui| {
        if ui.button("Copy the line").clicked() {
            copy = true;
        }
    });
    response.on_hover_ui(|ui| {
        ui.set_max_width(560.0);
        ui.label(&entry.message);
        for (name, value) in &entry.fields {
            ui.label(RichText::new(format!("{name} = {value}")).size(theme::TEXT_SMALL));
        }
        let place = format!("{} · {}{when}", at.format("%Y-%m-%d %H:%M:%S%.3f"), entry.target);
        ui.label(RichText::new(place).size(theme::TEXT_SMALL).color(tokens.muted));
    });
    copy
}
