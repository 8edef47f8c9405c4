//! The left panel: the four areas, and below them how things stand and where the settings are. As wide as a person
//! wants it, or a rail of icons.

use std::time::{Duration, Instant};

use egui::scroll_area::ScrollBarVisibility;
use egui::{
    Align, Button, Color32, Frame, Label, Layout, Margin, Panel, Response, RichText, ScrollArea, Sense, StrokeKind, ThemePreference, Ui, UiBuilder,
    WidgetInfo, vec2,
};
use egui_material_icons::MaterialIcon;

use crate::gui::ctx::{AreaId, Command, LinkState, LiveView, Route, pipeline_look};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::keycap;
use crate::gui::widgets::toolbar::Tool;
use crate::wire::config::PipelineConfig;

/// Points of the rail.
const RAIL: f32 = 52.0;
/// Below this height the foot is one line of what stands and one of icons, so that it does not lie on the areas.
const LOW: f32 = 520.0;

/// Where the window is with its platform.
pub enum Line<'a> {
    Starting,
    /// It did not start, or was not found; the middle of the window says why.
    None,
    Up(&'a LinkState),
}

/// Of a line below that of the line to the platform.
const LINK_LINE: f32 = 20.0;
/// Of a row that leads to an area.
const AREA_HEIGHT: f32 = 34.0;
/// Below this height a rail shows of its foot what leads to all the rest, and is scrolled.
const RAIL_LOW: f32 = 458.0;

/// What the panel shows besides the areas.
pub struct Standing<'a> {
    pub shown: AreaId,
    pub line: Line<'a>,
    pub config: Option<&'a PipelineConfig>,
    /// The pipeline runs, and nothing is begun all the same.
    pub is_held_back: bool,
    /// Alerts that nobody has taken on, and whether one of them is critical.
    pub alerts: (usize, bool),
    /// The platform's address when it is a team's.
    pub remote: Option<&'a str>,
    pub is_narrow: bool,
    /// Ages do not grow, see [`super::App::fix_now`].
    pub is_clock_fixed: bool,
}

impl Standing<'_> {
    fn is_lost(&self) -> bool {
        matches!(self.line, Line::Up(LinkState::Lost { .. }))
    }

    /// What is said below that of the line to the platform: whose it is, and when a lost one is tried again.
    fn more_lines(&self) -> usize {
        usize::from(self.remote.is_some()) + usize::from(self.is_lost())
    }
}

/// Draws the panel; returns what was chosen.
pub fn panel(ui: &mut Ui, standing: &Standing<'_>) -> Option<Command> {
    let tokens = theme::tokens(ui.ctx());
    let frame = Frame::new().fill(tokens.surface).inner_margin(Margin::symmetric(8, 8));
    let panel = if standing.is_narrow {
        Panel::left("navigation rail").resizable(false).exact_size(RAIL)
    } else {
        Panel::left("navigation").resizable(true).default_size(208.0).size_range(176.0..=320.0)
    };
    panel.frame(frame).show(ui, |ui| contents(ui, standing)).inner
}

fn contents(ui: &mut Ui, standing: &Standing<'_>) -> Option<Command> {
    let mut command = None;
    ui.spacing_mut().item_spacing.y = theme::GAP_4;
    if standing.is_narrow && ui.available_height() < RAIL_LOW {
        let rail = ScrollArea::vertical().id_salt("rail").scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden);
        // One that comes moves nothing under the pointer: in the rail it has the end, elsewhere a place that is always kept.
        rail.show(ui, |ui| command = areas_ui(ui, standing).or(foot(ui, standing, true)).or(alerts_row(ui, standing)));
        return command;
    }
    let below = Panel::bottom("navigation foot").resizable(false).show_separator_line(false).frame(Frame::NONE);
    let is_low = ui.available_height() < LOW + LINK_LINE * standing.more_lines() as f32;
    below.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = theme::GAP_4;
        command = foot(ui, standing, is_low && !standing.is_narrow);
    });
    // The foot stays as it is; where it leaves too little room, what is above it is scrolled.
    let middle = ScrollArea::vertical().id_salt("areas").auto_shrink(false).scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden);
    middle.show(ui, |ui| middle_ui(ui, standing, is_low)).inner.or(command)
}

fn middle_ui(ui: &mut Ui, standing: &Standing<'_>, is_low: bool) -> Option<Command> {
    if standing.is_narrow && is_low {
        // The areas need the room of the name.
    } else if standing.is_narrow {
        ui.add_space(theme::GAP_4);
        ui.vertical_centered(|ui| ui.label(RichText::new("M").font(theme::semibold(theme::TEXT_HEADING))));
    } else {
        ui.add_space(theme::GAP_4);
        ui.horizontal(|ui| {
            ui.add_space(10.0);
            ui.label(RichText::new("Minerva").font(theme::semibold(theme::TEXT_HEADING)));
        });
    }
    ui.add_space(theme::GAP_8);
    let command = areas_ui(ui, standing);
    let (place, _) = ui.allocate_exact_size(vec2(ui.available_width(), AREA_HEIGHT), Sense::hover());
    command.or(alerts_row(&mut ui.new_child(UiBuilder::new().max_rect(place)), standing))
}

fn alerts_row(ui: &mut Ui, standing: &Standing<'_>) -> Option<Command> {
    alerts_ui(ui, standing.alerts, standing.is_narrow).then_some(Command::GoTo(Route::Live(LiveView::Alerts)))
}

fn areas_ui(ui: &mut Ui, standing: &Standing<'_>) -> Option<Command> {
    let mut command = None;
    for area in AreaId::ALL {
        if area_ui(ui, area, area == standing.shown, standing.is_narrow).clicked() {
            command = Some(Command::GoTo(Route::Area(area)));
        }
    }
    command
}

fn foot(ui: &mut Ui, standing: &Standing<'_>, is_low: bool) -> Option<Command> {
    let mut command = None;
    if let Some(config) = standing.config
        && live_ui(ui, (config, standing.is_held_back), standing.is_narrow, is_low).clicked()
    {
        command = Some(Command::GoTo(Route::Models));
    }
    link_ui(ui, standing);
    ui.separator();
    if standing.is_narrow && is_low {
        for (icon, label, given) in
            [(icons::ICON_SEARCH, "Commands", Command::OpenPalette), (icons::ICON_SETTINGS, "Settings", Command::OpenSettings)]
        {
            if row(ui, icon, label, &given, true).clicked() {
                command = Some(given);
            }
        }
        return command;
    }
    let rows = [
        (icons::ICON_SEARCH, "Commands", Command::OpenPalette),
        (icons::ICON_KEYBOARD, "Shortcuts", Command::ShowShortcuts),
        (icons::ICON_SETTINGS, "Settings", Command::OpenSettings),
    ];
    if !is_low {
        for (icon, label, given) in rows.clone() {
            if row(ui, icon, label, &given, standing.is_narrow).clicked() {
                command = Some(given);
            }
        }
    }
    let (theme_icon, theme_words, next) = match ui.ctx().options(|options| options.theme_preference) {
        ThemePreference::System => (icons::ICON_CONTRAST, "Theme: as the system; change to light", ThemePreference::Light),
        ThemePreference::Light => (icons::ICON_LIGHT_MODE, "Theme: light; change to dark", ThemePreference::Dark),
        ThemePreference::Dark => (icons::ICON_DARK_MODE, "Theme: dark; change to the system's", ThemePreference::System),
    };
    let (fold_icon, fold_words) =
        if standing.is_narrow { (icons::ICON_LEFT_PANEL_OPEN, "Show the names") } else { (icons::ICON_LEFT_PANEL_CLOSE, "Show icons only") };
    let buttons = |ui: &mut Ui| {
        for (icon, label, given) in rows.into_iter().filter(|_| is_low) {
            if Tool::new(icon, label).icon_only().shortcut(given.shortcut()).ui(ui).clicked() {
                command = Some(given);
            }
        }
        if Tool::new(theme_icon, theme_words).icon_only().ui(ui).clicked() {
            command = Some(Command::SetTheme(next));
        }
        let fold = Command::ToggleNavigation;
        if Tool::new(fold_icon, fold_words).icon_only().shortcut(fold.shortcut()).ui(ui).clicked() {
            command = Some(fold);
        }
    };
    if standing.is_narrow {
        ui.vertical_centered(buttons);
    } else {
        ui.horizontal(|ui| {
            ui.add_space(2.0);
            buttons(ui);
        });
    }
    command
}

fn area_ui(ui: &mut Ui, area: AreaId, is_shown: bool, is_narrow: bool) -> Response {
    let tokens = theme::tokens(ui.ctx());
    let icon = match area {
        AreaId::LiveStatus => icons::ICON_MONITORING,
        AreaId::PipelineControl => icons::ICON_TUNE,
        AreaId::TestingLab => icons::ICON_COMPARE,
        AreaId::Analytics => icons::ICON_BAR_CHART,
    };
    let keys = Command::GoTo(Route::Area(area)).shortcut().map(|shortcut| keycap::words(ui.ctx(), &shortcut)).unwrap_or_default();
    let icon = RichText::new(icon.codepoint).size(18.0).color(if is_shown { tokens.accent } else { tokens.muted });
    let size = vec2(ui.available_width(), AREA_HEIGHT);
    let button = if is_narrow {
        Button::selectable(is_shown, icon)
    } else {
        let label = RichText::new(area.label()).color(tokens.text);
        let label = if is_shown { label.font(theme::semibold(theme::TEXT_BODY)) } else { label };
        Button::selectable(is_shown, (icon, label)).right_text(RichText::new(&keys).size(theme::TEXT_SMALL).color(tokens.muted))
    };
    let response = ui.add(button.min_size(size));
    if is_shown {
        let bar = egui::Rect::from_min_size(response.rect.left_top() + vec2(0.0, 8.0), vec2(3.0, response.rect.height() - 16.0));
        ui.painter().rect_filled(bar, 2, tokens.accent);
    }
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_shown, area.label()));
    let hover = if is_narrow { format!("{} ({keys})\n{}", area.label(), area.question()) } else { area.question().to_owned() };
    response.on_hover_text(hover)
}

/// Says how many alerts fire, where one does; returns whether they are to be shown.
fn alerts_ui(ui: &mut Ui, (count, is_critical): (usize, bool), is_narrow: bool) -> bool {
    if count == 0 {
        return false;
    }
    if is_narrow {
        // Sign and number fit into the rail.
        ui.spacing_mut().button_padding.x = 2.0;
    }
    let tokens = theme::tokens(ui.ctx());
    let colour = if is_critical { tokens.bad } else { tokens.warn };
    let said = if count == 1 { "1 alert".to_owned() } else { format!("{count} alerts") };
    let icon = RichText::new(icons::ICON_NOTIFICATIONS_ACTIVE.codepoint).size(16.0).color(colour);
    let words = RichText::new(if is_narrow { count.to_string() } else { said.clone() }).size(theme::TEXT_SMALL).color(colour);
    let button = Button::new((icon, words)).fill(colour.gamma_multiply(0.12)).min_size(vec2(ui.available_width(), theme::CONTROL_HEIGHT));
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &said));
    let hover = if is_critical { "Something critical fires. Click to see what" } else { "Something fires. Click to see what" };
    response.on_hover_text(format!("{said}\n{hover}")).clicked()
}

fn row(ui: &mut Ui, icon: MaterialIcon, label: &str, command: &Command, is_narrow: bool) -> Response {
    let tokens = theme::tokens(ui.ctx());
    let keys = command.shortcut().map_or_else(|| "?".to_owned(), |shortcut| keycap::words(ui.ctx(), &shortcut));
    let icon = RichText::new(icon.codepoint).size(16.0).color(tokens.muted);
    let button = if is_narrow {
        Button::new(icon)
    } else {
        let keys = RichText::new(&keys).size(theme::TEXT_SMALL).color(tokens.muted);
        Button::new((icon, RichText::new(label).color(tokens.muted))).right_text(keys)
    };
    let response = ui.add(button.frame_when_inactive(false).min_size(vec2(ui.available_width(), theme::CONTROL_HEIGHT)));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, label));
    if is_narrow { response.on_hover_text(format!("{label} ({keys})")) } else { response }
}

/// The live model and prompt, as one button that leads to where they are chosen.
fn live_ui(ui: &mut Ui, (config, is_held_back): (&PipelineConfig, bool), is_narrow: bool, is_low: bool) -> Response {
    let tokens = theme::tokens(ui.ctx());
    let (icon, colour, word) = pipeline_look::look(config.state, is_held_back, tokens);
    let state = &format!("Pipeline {}", word.to_lowercase());
    let said = format!("{state} with {} and {}", config.live_model, config.live_prompt);
    let hover = format!("{said}\nClick to change what is live");
    if is_narrow {
        let button = Button::new(RichText::new(icon.codepoint).size(18.0).color(colour)).frame_when_inactive(false);
        let response = ui.add(button.min_size(vec2(ui.available_width(), theme::CONTROL_HEIGHT)));
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &said));
        return response.on_hover_text(hover);
    }
    let scope = ui.scope_builder(UiBuilder::new().id_salt("live").sense(Sense::click()), |ui| {
        let response = ui.response();
        let fill = if response.hovered() || response.has_focus() { tokens.hovered } else { tokens.raised };
        Frame::new().fill(fill).corner_radius(theme::RADIUS_4).inner_margin(Margin::symmetric(10, 6)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing = vec2(6.0, 1.0);
            ui.spacing_mut().interact_size.y = 18.0;
            let small = |words: &str, colour: Color32| RichText::new(words).size(theme::TEXT_SMALL).color(colour);
            ui.horizontal(|ui| {
                ui.label(RichText::new(icon.codepoint).size(theme::TEXT_STRONG).color(colour));
                ui.label(small(state, tokens.muted));
            });
            for words in [&config.live_model, &config.live_prompt].into_iter().filter(|_| !is_low) {
                ui.add(Label::new(small(words, tokens.text)).truncate().show_tooltip_when_elided(false));
            }
        });
        if response.has_focus() {
            ui.painter().rect_stroke(ui.min_rect(), theme::RADIUS_4, (2.0, tokens.focus), StrokeKind::Inside);
        }
    });
    scope.response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &said));
    scope.response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(hover)
}

/// What the line to the platform says: icon, colour, words, the small words beside or below, and more on hover.
struct Said {
    icon: MaterialIcon,
    colour: Color32,
    words: &'static str,
    more: String,
    hover: String,
}

fn said(ui: &Ui, line: &Line<'_>, is_clock_fixed: bool) -> Said {
    let tokens = theme::tokens(ui.ctx());
    let now = Instant::now();
    let quiet = |icon, words| Said { icon, colour: tokens.muted, words, more: String::new(), hover: String::new() };
    match line {
        Line::Starting => quiet(icons::ICON_SYNC, "Starting…"),
        Line::None => Said { colour: tokens.bad, ..quiet(icons::ICON_CLOUD_OFF, "No platform") },
        Line::Up(LinkState::Connecting) => quiet(icons::ICON_SYNC, "Connecting…"),
        Line::Up(LinkState::Live { last_event }) => {
            let age = if is_clock_fixed { Duration::ZERO } else { last_event.age() };
            ui.ctx().request_repaint_after(until_next_age(age));
            let more = age_words(age);
            let hover =
                format!("Changes arrive by themselves; the last one came {more}. The platform gives a sign of life every 10 s, changes or not");
            Said { icon: icons::ICON_CLOUD_DONE, colour: tokens.good, words: "Connected", more, hover }
        }
        Line::Up(LinkState::Polling { last_event, why }) => {
            let age = last_event.age();
            ui.ctx().request_repaint_after(until_next_age(age));
            let hover = format!("Polling: changes are asked for, and shown a little later than usual. {why}. The stream is tried again every minute");
            Said { icon: icons::ICON_SYNC, colour: tokens.warn, words: "Polling", more: age_words(age), hover }
        }
        Line::Up(LinkState::Lost { why, is_refused, since, retry_at }) => {
            ui.ctx().request_repaint_after(Duration::from_millis(500));
            let wait = retry_at.saturating_duration_since(now).as_secs_f32().ceil();
            let next = if wait > 0.0 { format!("next try in {wait:.0} s") } else { "trying now".to_owned() };
            let more = format!("{}, {next}", age_words(since.age()));
            let words = if *is_refused { "Token not accepted" } else { "Connection lost" };
            Said { icon: icons::ICON_CLOUD_OFF, colour: tokens.bad, words, more, hover: why.clone() }
        }
    }
}

fn link_ui(ui: &mut Ui, standing: &Standing<'_>) {
    let tokens = theme::tokens(ui.ctx());
    let Said { icon, colour, words, more, hover } = said(ui, &standing.line, standing.is_clock_fixed);
    let is_lost = standing.is_lost();
    let icon = RichText::new(icon.codepoint).size(16.0).color(colour);
    if standing.is_narrow {
        let response = ui.vertical_centered(|ui| ui.label(icon)).inner;
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, words));
        let whole = [words, &more, &hover].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
        response.on_hover_text(whole);
        return;
    }
    let small = |words: &str, colour: Color32| Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).truncate();
    let lines = ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
        ui.spacing_mut().interact_size.y = LINK_LINE;
        ui.horizontal(|ui| {
            ui.add_space(10.0);
            ui.label(icon);
            ui.add(small(words, if is_lost { colour } else { tokens.text }));
            if !is_lost && !more.is_empty() {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.add_space(8.0);
                    ui.add(small(&more, tokens.muted));
                });
            }
        });
        for line in standing.remote.into_iter().chain(is_lost.then_some(more.as_str())) {
            ui.horizontal(|ui| {
                ui.add_space(32.0);
                ui.add(small(line, tokens.muted));
            });
        }
    });
    if !hover.is_empty() {
        lines.response.on_hover_text(hover);
    }
}

fn age_words(age: Duration) -> String {
    match age.as_secs() {
        0..=14 => "just now".to_owned(),
        seconds @ 15..=59 => format!("{} s ago", seconds / 15 * 15),
        seconds @ 60..=3_599 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3_600),
    }
}

/// When the words change next.
fn until_next_age(age: Duration) -> Duration {
    let step = match age.as_secs() {
        0..=59 => 15,
        60..=3_599 => 60,
        _ => 3_600,
    };
    Duration::from_secs((age.as_secs() / step + 1) * step).saturating_sub(age)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::ctx::Moment;

    #[test]
    fn the_age_of_the_last_event_is_said_however_old_it_is() {
        for (seconds, says) in [(3, "just now"), (31, "30 s ago"), (200, "3 min ago"), (9_000, "2 h ago")] {
            let state = LinkState::Live { last_event: Moment::ago(Duration::from_secs(seconds)) };
            egui::__run_test_ui(|ui| {
                let said = said(ui, &Line::Up(&state), false);
                assert_eq!((said.words, said.more.as_str()), ("Connected", says));
            });
        }
    }

    #[test]
    fn the_age_is_drawn_again_just_when_its_words_change() {
        for milliseconds in [0, 14_999, 15_000, 59_100, 61_000, 3_599_900, 3_600_000, 9_000_500] {
            let age = Duration::from_millis(milliseconds);
            let next = age + until_next_age(age);
            assert_ne!(age_words(age), age_words(next), "{age:?}");
            assert_eq!(age_words(age), age_words(next.saturating_sub(Duration::from_millis(1))), "{age:?}");
        }
    }
}
