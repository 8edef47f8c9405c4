//! A diff on screen: both texts beside each other or in one, in step, with what is the same folded away. Only the rows that can be
//! seen are drawn.

use std::collections::HashSet;

use egui::{Align, FontId, Key, Label, Layout, Modifiers, RichText, ScrollArea, Ui};

use super::layout::{Content, Laid, Mode, Room, lay_out};
use super::rows::{self, ROW, Words};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{empty_state, number};
use crate::wire::prompt_diff::PromptDiff;

/// Narrower than this, both texts stand in one unless a person wants them beside each other.
const NARROW: f32 = 620.0;
/// Narrower than this, buttons are icons.
const TIGHT: f32 = 520.0;
/// Rows that stay above the change that is gone to.
const ROWS_ABOVE: usize = 4;

/// What is kept from frame to frame.
#[derive(Default)]
pub struct DiffView {
    /// What the person chose; else by the width.
    mode: Option<Mode>,
    shows_all: bool,
    opened: HashSet<(usize, u32)>,
    /// The change that was gone to.
    pub change: Option<usize>,
    scroll_to: Option<usize>,
    laid: Option<(u64, Laid)>,
    /// The diff that folds and place are of.
    of: u64,
}

impl DiffView {
    /// Draws the diff into all the room that is left. `number`: another one for another diff.
    pub fn ui(&mut self, ui: &mut Ui, diff: &PromptDiff, number: u64) {
        if self.of != number {
            *self = Self { mode: self.mode, shows_all: self.shows_all, of: number, scroll_to: Some(0), ..Self::default() };
        }
        let tokens = theme::tokens(ui.ctx());
        let mode = self.mode.unwrap_or(if ui.available_width() < NARROW { Mode::Inline } else { Mode::SideBySide });
        self.tools_ui(ui, diff, mode, tokens);
        ui.add_space(theme::GAP_4);
        if diff.is_same() {
            empty_state::ui(ui, "Both are the same, word for word", None);
            return;
        }
        self.rows_ui(ui, diff, mode, tokens);
    }

    fn changes(&self) -> usize {
        self.laid.as_ref().map_or(0, |(_, laid)| laid.changes.len())
    }

    /// Goes to the next change, or the one before; from the last on to the first.
    fn go(&mut self, forward: bool) {
        let count = self.changes();
        if count == 0 {
            return;
        }
        let change = match (self.change, forward) {
            (None, true) => 0,
            (None, false) => count - 1,
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
        };
        self.change = Some(change);
        let row = self.laid.as_ref().and_then(|(_, laid)| laid.changes.get(change).copied());
        self.scroll_to = row.map(|row| row.saturating_sub(ROWS_ABOVE));
    }

    fn tools_ui(&mut self, ui: &mut Ui, diff: &PromptDiff, mode: Mode, tokens: &Tokens) {
        let is_tight = ui.available_width() < TIGHT;
        let (next, before) = ui.input_mut(|input| {
            let before = input.consume_key(Modifiers::SHIFT, Key::F7);
            (input.consume_key(Modifiers::NONE, Key::F7), before)
        });
        ui.horizontal(|ui| {
            ui.set_min_height(theme::CONTROL_HEIGHT);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                let (sides, inline) = (Tool::new(icons::ICON_VIEW_COLUMN, "Side by side"), Tool::new(icons::ICON_VIEW_AGENDA, "Inline"));
                for (tool, of, tooltip) in [
                    (inline, Mode::Inline, "Both texts in one: what went is struck through"),
                    (sides, Mode::SideBySide, "The texts beside each other"),
                ] {
                    let tool = tool.tooltip(tooltip).selected(mode == of);
                    if (if is_tight { tool.icon_only() } else { tool }).ui(ui).clicked() {
                        self.mode = Some(of);
                    }
                }
                let words = if self.shows_all { "Fold away what is the same" } else { "Show all lines" };
                let icon = if self.shows_all { icons::ICON_UNFOLD_LESS } else { icons::ICON_UNFOLD_MORE };
                if Tool::new(icon, words).icon_only().selected(self.shows_all).ui(ui).clicked() {
                    self.shows_all = !self.shows_all;
                    self.opened.clear();
                }
                ui.add_space(theme::GAP_8);
                let has_changes = !diff.is_same();
                let down = Tool::new(icons::ICON_KEYBOARD_ARROW_DOWN, "Next change").tooltip("Next change (F7)").icon_only().enabled(has_changes);
                if down.ui(ui).clicked() || next {
                    self.go(true);
                }
                let up = Tool::new(icons::ICON_KEYBOARD_ARROW_UP, "Previous change").tooltip("Previous change (Shift F7)").icon_only();
                if up.enabled(has_changes).ui(ui).clicked() || before {
                    self.go(false);
                }
                if let Some(at) = self.change {
                    let words = format!("{} of {}", at + 1, self.changes());
                    ui.label(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| counts_ui(ui, diff, tokens));
            });
        });
    }

    fn rows_ui(&mut self, ui: &mut Ui, diff: &PromptDiff, mode: Mode, tokens: &Tokens) {
        let font = FontId::monospace(theme::TEXT_BODY);
        let outer = ui.available_rect_before_wrap();
        ui.painter().rect_filled(outer, theme::RADIUS_4, tokens.surface);
        let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
        let words = Words::new(diff, mode, outer.width() - ui.spacing().scroll.allocated_width() - 2.0, digit);
        let key = egui::util::hash((mode, words.text_width.to_bits(), self.shows_all, self.opened.len(), ui.pixels_per_point().to_bits()));
        if self.laid.as_ref().is_none_or(|(made, _)| *made != key) {
            let room = Room { mode, width: words.text_width, opened: &self.opened, shows_all: self.shows_all };
            let laid = ui.fonts_mut(|fonts| {
                lay_out(diff, &room, &mut |letter| match letter {
                    '\t' => digit * 4.0,
                    ' '..='~' => digit,
                    other => fonts.glyph_width(&font, other),
                })
            });
            self.laid = Some((key, laid));
        }
        let Some((_, laid)) = &self.laid else { return };
        let mut area = ScrollArea::vertical().id_salt("diff rows").auto_shrink(false);
        if let Some(row) = self.scroll_to.take() {
            area = area.vertical_scroll_offset(row as f32 * ROW);
        }
        let mut opened = None;
        ui.scope_builder(egui::UiBuilder::new().max_rect(outer.shrink(1.0)), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            area.show_rows(ui, ROW, laid.rows.len(), |ui, visible| {
                for at in visible {
                    let Some(row) = laid.rows.get(at) else { break };
                    let is_current = row.change.is_some() && row.change == self.change;
                    let clicked = rows::ui(ui, &words, row, is_current, tokens);
                    if clicked && let Content::Fold { first, .. } = row.content {
                        opened = Some((row.part, first));
                    }
                }
            });
        });
        ui.painter().rect_stroke(outer, theme::RADIUS_4, (1.0, tokens.border), egui::StrokeKind::Inside);
        self.opened.extend(opened);
    }
}

/// `12 words added · 3 removed · 2 lines moved`, each with its sign and colour.
fn counts_ui(ui: &mut Ui, diff: &PromptDiff, tokens: &Tokens) {
    let counts = diff.counts();
    ui.spacing_mut().item_spacing.x = theme::GAP_8;
    let plural = |count: u32, word: &str| format!("{} {word}{}", number::count(u64::from(count)), if count == 1 { "" } else { "s" });
    let said = format!("{} added, {} removed, {} moved", plural(counts.added, "word"), plural(counts.removed, "word"), plural(counts.moved, "line"));
    let figures = [("+", counts.added, tokens.good), ("−", counts.removed, tokens.bad), ("↔", counts.moved, tokens.info)];
    for (sign, count, colour) in figures {
        if sign == "↔" && count == 0 {
            continue;
        }
        let words = RichText::new(format!("{sign}{}", number::count(u64::from(count)))).color(if count == 0 { tokens.muted } else { colour });
        let label = ui.add(Label::new(words.font(theme::semibold(theme::TEXT_BODY))));
        if sign == "+" {
            label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &said));
        }
        label.on_hover_text(&said);
    }
    if diff.parts.iter().any(|part| part.is_rough) {
        let rough = ui.label(RichText::new("roughly").size(theme::TEXT_SMALL).color(tokens.warn));
        rough.on_hover_text("The texts are so different that the search for the shortest way was cut off");
    }
}
