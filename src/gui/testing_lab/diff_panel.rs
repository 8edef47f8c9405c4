//! The tags of the panes in groups: only in A, in both, only in B; with more panes in all, in some, only in one.

use egui::{Align2, Color32, FontId, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::correcting;
use super::side_pane::LETTERS;
use super::tag_diff::{Related, TagDiff, TagRow};
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::{elided, number};
use crate::wire::run::{Cell, CellState};

const BAR_LINE: f32 = 13.0;
/// Below a tag: what it is kin to.
const KIN_LINE: f32 = 16.0;
const LETTER_WIDTH: f32 = 14.0;
/// Of the mark of a tag that is right.
const CHECK_WIDTH: f32 = 20.0;
const FIGURE_WIDTH: f32 = 42.0;
const DIFFERENCE_WIDTH: f32 = 52.0;

/// A group as a column: what it is called and its rows.
struct Group<'a> {
    title: String,
    rows: &'a [TagRow],
    /// Why there is nothing, where the rows alone don't tell.
    empty: &'a str,
}

/// What the rows are drawn with.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Of the bars, one a pane.
    pub colours: &'a [Color32],
    /// The labels of the photo, while tags are corrected.
    pub labels: Option<&'a [String]>,
    /// The labels are read: until then what a click said would take the place of all of them.
    pub can_correct: bool,
}

/// Draws the groups beside each other. Returns the tag that was said to be right, or wrong.
pub fn ui(ui: &mut Ui, diff: &TagDiff, cells: &[Option<&Cell>], look: Look<'_>) -> Option<String> {
    let tokens = theme::tokens(ui.ctx());
    let groups = groups(diff, cells);
    let mut clicked = None;
    ScrollArea::vertical().id_salt("tag differences").auto_shrink(false).show(ui, |ui| {
        ui.columns(groups.len().max(1), |columns| {
            for (ui, lane) in columns.iter_mut().zip(&groups) {
                for group in lane {
                    clicked = clicked.take().or(group_ui(ui, group, look, tokens));
                    ui.add_space(theme::GAP_12);
                }
            }
        });
    });
    clicked
}

/// The lanes from left to right, each with its groups from top to bottom.
fn groups<'a>(diff: &'a TagDiff, cells: &[Option<&Cell>]) -> Vec<Vec<Group<'a>>> {
    let only = |pane: usize| Group {
        title: format!("Only in {}", LETTERS[pane]),
        rows: &diff.only[pane],
        empty: if has_answer(cells, pane) { "Nothing" } else { "No answer yet" },
    };
    let panes = diff.only.len();
    if diff.answered < 2 {
        // One answer alone has nothing to be compared with.
        let lane = |pane: usize| Group { title: format!("Tags of {}", LETTERS[pane]), ..only(pane) };
        return (0..panes).map(|pane| vec![lane(pane)]).collect();
    }
    let all = |title: &str| Group { title: title.to_owned(), rows: &diff.in_all, empty: "Nothing in common" };
    if panes == 2 {
        return vec![vec![only(0)], vec![all("In both")], vec![only(1)]];
    }
    let some = Group { title: "In some".to_owned(), rows: &diff.in_some, empty: "Nothing" };
    vec![vec![all("In all")], vec![some], (0..panes).map(only).collect()]
}

fn has_answer(cells: &[Option<&Cell>], pane: usize) -> bool {
    cells.get(pane).copied().flatten().is_some_and(|cell| cell.state == CellState::Completed)
}

fn group_ui(ui: &mut Ui, group: &Group<'_>, look: Look<'_>, tokens: &Tokens) -> Option<String> {
    ui.horizontal(|ui| {
        let title = ui.label(RichText::new(&group.title).font(theme::semibold(theme::TEXT_BODY)));
        title.widget_info(|| WidgetInfo::labeled(egui::Role::Heading, true, format!("{}: {}", group.title, group.rows.len())));
        ui.label(RichText::new(group.rows.len().to_string()).size(theme::TEXT_SMALL).color(tokens.muted));
    });
    if group.rows.is_empty() {
        ui.label(RichText::new(group.empty).color(tokens.muted));
    }
    let mut clicked = None;
    for row in group.rows {
        if row_ui(ui, &group.title, row, look, tokens) {
            clicked = Some(row.name.clone());
        }
    }
    clicked
}

/// The tag, a bar for every answer that has it, and how far two answers are apart. Returns whether it was clicked.
fn row_ui(ui: &mut Ui, group: &str, row: &TagRow, look: Look<'_>, tokens: &Tokens) -> bool {
    let holders: Vec<(usize, Option<f32>)> = row.holders().collect();
    let kin_height = if row.kin.is_some() { KIN_LINE } else { 0.0 };
    let height = (holders.len() as f32 * BAR_LINE + 8.0).max(24.0) + kin_height;
    let sense = if look.labels.is_some() && look.can_correct { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), sense);
    let is_right = look.labels.map(|labels| correcting::is_right(labels, &row.name));
    response.widget_info(|| match is_right {
        Some(is_right) => WidgetInfo::selected(egui::Role::CheckBox, look.can_correct, is_right, format!("{} is right", row.name)),
        None => WidgetInfo::labeled(egui::Role::ListItem, true, in_words(group, row)),
    });
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let painter = ui.painter();
    if response.hovered() {
        painter.rect_filled(rect, theme::RADIUS_4, tokens.raised);
    }
    let small = FontId::proportional(theme::TEXT_SMALL);
    if response.has_focus() {
        painter.rect_stroke(rect, theme::RADIUS_4, ui.visuals().selection.stroke, egui::StrokeKind::Inside);
    }
    let (mut rect, below) = rect.split_top_bottom_at_y(rect.bottom() - kin_height);
    if let Some(is_right) = is_right {
        let (icon, colour) = if is_right { (icons::ICON_CHECK_BOX, tokens.good) } else { (icons::ICON_CHECK_BOX_OUTLINE_BLANK, tokens.muted) };
        painter.text(pos2(rect.left() + 2.0, rect.center().y), Align2::LEFT_CENTER, icon.codepoint, FontId::proportional(15.0), colour);
        rect.min.x += CHECK_WIDTH;
    }
    if let Some(related) = &row.kin {
        let words = elided::text(ui, &kin_words(related), small.clone(), below.width() - 12.0, tokens.muted);
        painter.galley(below.min + vec2(4.0, -2.0), words, tokens.muted);
    }
    let difference = row.difference();
    let right = rect.right() - 4.0 - if difference.is_some() { DIFFERENCE_WIDTH } else { 0.0 };
    let name_width = ((right - rect.left()) * 0.42).max(60.0);
    let name = elided::text(ui, &row.name, FontId::proportional(theme::TEXT_BODY), name_width - 8.0, tokens.text);
    painter.galley(pos2(rect.left() + 4.0, rect.center().y - name.size().y / 2.0), name, tokens.text);
    let top = rect.center().y - holders.len() as f32 * BAR_LINE / 2.0;
    for (line, (pane, confidence)) in holders.iter().enumerate() {
        let middle = top + (line as f32 + 0.5) * BAR_LINE;
        let mut left = rect.left() + name_width;
        if holders.len() > 1 {
            painter.text(pos2(left, middle), Align2::LEFT_CENTER, LETTERS[*pane], FontId::proportional(10.5), tokens.muted);
            left += LETTER_WIDTH;
        }
        let lane = Rect::from_min_max(pos2(left, middle - 3.0), pos2((right - FIGURE_WIDTH).max(left + 8.0), middle + 3.0));
        let filled = Rect::from_min_size(lane.min, vec2(lane.width() * confidence.unwrap_or(0.0).clamp(0.0, 1.0), lane.height()));
        painter.rect_filled(lane, 3, tokens.raised);
        painter.rect_filled(filled, 3, look.colours.get(*pane).copied().unwrap_or(tokens.accent));
        painter.text(pos2(right, middle), Align2::RIGHT_CENTER, number::confidence(*confidence), small.clone(), tokens.text);
    }
    if let Some(difference) = difference {
        let colour = if difference.abs() < 0.005 { tokens.muted } else { tokens.text };
        painter.text(pos2(rect.right() - 4.0, rect.center().y), Align2::RIGHT_CENTER, points(difference), small, colour);
    }
    response.on_hover_text(in_words(group, row)).clicked()
}

/// Such as `a kind of dog in B`.
fn kin_words(related: &Related) -> String {
    format!("{} {} in {}", related.kin.words(), related.name, LETTERS[related.pane])
}

/// A difference of confidences in percentage points, with its sign.
fn points(difference: f32) -> String {
    let points = (difference * 100.0).round() as i32;
    match points {
        0 => "same".to_owned(),
        1.. => format!("+{points} pt"),
        _ => format!("−{} pt", points.abs()),
    }
}

/// Such as `In both: cat, A 87 %, B 75 %, −12 pt`.
fn in_words(group: &str, row: &TagRow) -> String {
    let mut parts = vec![format!("{group}: {}", row.name)];
    parts.extend(row.holders().map(|(pane, confidence)| format!("{} {}", LETTERS[pane], number::confidence(confidence))));
    parts.extend(row.difference().map(points));
    parts.extend(row.kin.as_ref().map(kin_words));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::tag_diff::Held;
    use super::*;

    #[test]
    fn differences_are_told_in_points_with_their_sign() {
        assert_eq!([points(0.124), points(-0.3), points(0.001)], ["+12 pt", "−30 pt", "same"]);
        let row = TagRow { name: "cat".to_owned(), held: vec![Held::Yes(Some(0.87)), Held::Yes(Some(0.75))], kin: None };
        assert_eq!(in_words("In both", &row), "In both: cat, A 87 %, B 75 %, −12 pt");
    }

    #[test]
    fn one_answer_alone_is_a_list_not_a_difference() {
        let diff = TagDiff { only: vec![Vec::new(), Vec::new()], answered: 1, ..TagDiff::default() };
        let titles: Vec<String> = groups(&diff, &[None, None]).into_iter().flatten().map(|group| group.title).collect();
        assert_eq!(titles, ["Tags of A", "Tags of B"]);
        let diff = TagDiff { answered: 2, ..diff };
        let titles: Vec<String> = groups(&diff, &[None, None]).into_iter().flatten().map(|group| group.title).collect();
        assert_eq!(titles, ["Only in A", "In both", "Only in B"]);
    }
}
