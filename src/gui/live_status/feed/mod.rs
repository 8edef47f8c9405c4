//! The feed: everything that happens, newest on top, each row a way to what it is about.

mod list;
mod words;

use std::time::Duration;

use egui::{Align, Label, Layout, RichText, ScrollArea, TextEdit, Ui, WidgetInfo};

use crate::gui::ctx::{AreaCtx, Command, LinkState, Remote};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{empty_state, error_state, list_row, number, relative_time, skeleton};
use crate::wire::event::{Event, EventTopic, EventsPage, EventsQuery, Happened};
use list::{FeedList, ROWS_MOST, Row};

/// Rows before the loaded end at which older ones are asked for.
const ASK_OLDER_BEFORE: usize = 60;

/// The state of the feed.
#[derive(Default)]
pub struct Feed {
    list: FeedList,
    search: String,
    is_paused: bool,
    older: Remote<EventsPage>,
    scroll_to_top: bool,
}

impl Feed {
    pub fn on_event(&mut self, event: &Event) {
        if event.what == Happened::Resync {
            self.reload();
        } else if self.list.is_loaded() || self.older.is_pending() {
            // What happens while the first page is on its way is not in it.
            self.list.push(event);
        }
    }

    /// Reads everything anew, if it was read at all.
    pub fn reload(&mut self) {
        if self.list.is_loaded() || self.older.failure().is_some() {
            self.list.forget();
            self.older = Remote::default();
        }
    }

    /// Draws the feed, and asks for what it lacks.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        self.take_in();
        self.controls_ui(ui, ctx);
        ui.add_space(theme::GAP_4);
        if let Some(failure) = self.older.failure()
            && error_state::ui(ui, "The events could not be read", &failure.to_string())
        {
            self.older = Remote::default();
        }
        if !self.list.is_loaded() {
            self.ask_older(ctx);
            if self.older.failure().is_none() {
                skeleton::lines(ui, 8);
            }
        } else if self.list.shown() == 0 && !self.list.has_older() {
            self.empty_ui(ui);
        } else {
            self.rows_ui(ui, ctx);
        }
    }

    fn take_in(&mut self) {
        if self.older.poll()
            && let Some(page) = self.older.take()
        {
            self.list.take_older(page);
        }
    }

    fn ask_older(&mut self, ctx: &AreaCtx<'_>) {
        if self.older.is_pending() || self.older.failure().is_some() {
            return;
        }
        let Some(before) = self.list.wants_before() else { return };
        let query = EventsQuery { before: Some(before), topic: self.list.topic(), ..EventsQuery::default() };
        ctx.ask(&mut self.older, move |client| async move { client.events(&query).await });
    }

    fn controls_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        ui.horizontal_wrapped(|ui| {
            self.topics_ui(ui);
            ui.add_space(theme::GAP_8);
            let search = ui.add(TextEdit::singleline(&mut self.search).hint_text("Search events").desired_width(150.0));
            search.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Search events"));
            if search.changed() {
                self.list.search(&self.search);
                self.scroll_to_top = true;
            }
            self.pause_ui(ui);
            state_ui(ui, self.is_paused, ctx);
        });
    }

    fn topics_ui(&mut self, ui: &mut Ui) {
        let mut chosen = self.list.topic();
        for topic in std::iter::once(None).chain(EventTopic::ALL.into_iter().map(Some)) {
            let label = topic.map_or("All", EventTopic::label);
            let response = ui.selectable_label(chosen == topic, label);
            response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, chosen == topic, format!("Events: {label}")));
            if response.clicked() {
                chosen = topic;
            }
        }
        if chosen != self.list.topic() {
            self.list.show(chosen);
            self.older = Remote::default();
            self.scroll_to_top = true;
        }
    }

    fn pause_ui(&mut self, ui: &mut Ui) {
        let waiting = self.list.waiting();
        if self.is_paused {
            let label = if waiting == 0 { "Go on".to_owned() } else { format!("Go on with {} more", number::count(waiting as u64)) };
            if Tool::new(icons::ICON_PLAY_ARROW, &label).tooltip("Show what came meanwhile, and what comes").ui(ui).clicked() {
                self.is_paused = false;
                self.list.release();
                self.scroll_to_top = true;
            }
            return;
        }
        let pause = Tool::new(icons::ICON_PAUSE, "Pause the feed").tooltip("Show nothing newer; what comes meanwhile waits. The pipeline goes on");
        if pause.ui(ui).clicked() {
            self.is_paused = true;
            self.list.hold();
        } else if waiting > 0 {
            let words = if waiting == 1 { "1 new event".to_owned() } else { format!("{} new events", number::count(waiting as u64)) };
            if Tool::new(icons::ICON_ARROW_UPWARD, &words).tooltip("Go to the newest").ui(ui).clicked() {
                self.scroll_to_top = true;
            }
        }
    }

    fn empty_ui(&mut self, ui: &mut Ui) {
        if self.search.is_empty() && self.list.topic().is_none() {
            empty_state::ui(ui, "Nothing has happened within the last day", None);
        } else if empty_state::ui(ui, "No event of the last day matches", Some("Show all events")) {
            self.search.clear();
            self.list.search("");
            self.list.show(None);
            self.older = Remote::default();
        }
    }

    fn rows_ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let shown = self.list.shown();
        let mut scroll = ScrollArea::vertical().id_salt("events").auto_shrink(false);
        if std::mem::take(&mut self.scroll_to_top) {
            scroll = scroll.vertical_scroll_offset(0.0);
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut last_drawn = 0;
        // One row more says what lies below the last.
        let output = scroll.show_rows(ui, theme::ROW_HEIGHT, shown + 1, |ui, range| {
            last_drawn = range.end;
            for n in range {
                match self.list.row(n) {
                    Some(row) => row_ui(ui, row, ctx),
                    None => self.end_ui(ui, ctx),
                }
            }
        });
        // What someone reads does not move away under the pointer.
        let is_at_top = output.state.clamped_offset().y < 1.0;
        if !self.is_paused && is_at_top {
            self.list.release();
        } else {
            self.list.hold();
        }
        if last_drawn + ASK_OLDER_BEFORE > shown {
            self.ask_older(ctx);
        }
        if let Some(newest) = self.list.row(0) {
            // Ages count on while nothing else happens.
            let is_young = (ctx.now - newest.at).num_seconds() < 60;
            ui.request_repaint_after(Duration::from_secs(if is_young { 5 } else { 60 }));
        }
    }

    fn end_ui(&self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        let words = match () {
            () if self.older.is_pending() => "Reading older events…".to_owned(),
            () if self.list.is_full() => format!("These are the last {} events. Choose a topic to see older ones", number::count(ROWS_MOST as u64)),
            () if self.list.has_older() => "Older events follow".to_owned(),
            () => "No older events: they are kept for a day".to_owned(),
        };
        ui.horizontal(|ui| {
            ui.set_height(theme::ROW_HEIGHT);
            ui.add_space(theme::GAP_8);
            ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(ctx.tokens().muted));
        });
    }
}

fn row_ui(ui: &mut Ui, row: &Row, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let told = &row.told;
    let age = relative_time::words(row.at, ctx.now);
    let name = if told.more.is_empty() { format!("{}, {age}", told.words) } else { format!("{}: {}, {age}", told.words, told.more) };
    let response = list_row::ui(ui, &name, false, theme::ROW_HEIGHT, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::from(told.icon).size(theme::TEXT_STRONG).color(told.tone.colour(ui.ctx())));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(age).size(theme::TEXT_SMALL).color(tokens.muted));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(&told.words).truncate().show_tooltip_when_elided(false));
                    let more = RichText::new(&told.more).size(theme::TEXT_SMALL).color(tokens.muted);
                    ui.add(Label::new(more).truncate().show_tooltip_when_elided(false));
                });
            });
        });
    });
    let response = response.on_hover_ui(|ui| {
        ui.label(&told.words);
        if !told.more.is_empty() {
            ui.label(RichText::new(&told.more).color(tokens.muted));
        }
        ui.label(RichText::new(relative_time::absolute(row.at)).size(theme::TEXT_SMALL).color(tokens.muted));
    });
    if let Some(route) = &told.route
        && response.clicked()
    {
        ctx.send(Command::GoTo(route.clone()));
    }
}

/// Whether what is shown is live, in a word.
fn state_ui(ui: &mut Ui, is_paused: bool, ctx: &AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let (icon, colour, word) = match ctx.link {
        LinkState::Lost { .. } => (icons::ICON_CLOUD_OFF, tokens.warn, "Stale"),
        _ if is_paused => (icons::ICON_PAUSE_CIRCLE, tokens.warn, "Paused"),
        LinkState::Connecting => (icons::ICON_SYNC, tokens.muted, "Connecting"),
        LinkState::Polling { .. } => (icons::ICON_SYNC, tokens.warn, "Polling"),
        LinkState::Live { .. } => (icons::ICON_CLOUD_DONE, tokens.good, "Live"),
    };
    // One label, so that the icon and its word stay together.
    let mut said = egui::text::LayoutJob::default();
    let style = ui.style();
    RichText::from(icon).color(colour).append_to(&mut said, style, egui::FontSelection::Default, Align::Center);
    RichText::new(format!(" {word}")).color(colour).append_to(&mut said, style, egui::FontSelection::Default, Align::Center);
    let label = ui.label(said);
    label.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, word));
}
