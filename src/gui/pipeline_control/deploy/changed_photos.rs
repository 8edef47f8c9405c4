//! The photos that a version would answer otherwise, the worst first: the photo, what would be decided, which tags come and go.

use egui::{Align, Label, Layout, RichText, Sense, Ui, WidgetInfo, vec2};

use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::chip::Chip;
use crate::gui::widgets::thumbnail;
use crate::wire::deployment::PhotoChange;
use crate::wire::result::Decision;

/// Photos that are shown before the person asks for all.
const FEW: usize = 6;
const THUMBNAIL: f32 = 56.0;

/// Draws them; `shows_all` is what the person chose.
pub fn ui(ui: &mut Ui, changes: &[PhotoChange], shows_all: &mut bool, ctx: &mut AreaCtx<'_>) {
    let tokens = ctx.tokens();
    let shown = if *shows_all { changes.len() } else { FEW.min(changes.len()) };
    for change in &changes[..shown] {
        row_ui(ui, change, ctx, tokens);
        ui.add_space(theme::GAP_8);
    }
    if changes.len() > FEW {
        let words = if *shows_all { format!("Show the worst {FEW}") } else { format!("Show all {}", changes.len()) };
        if ui.button(words).clicked() {
            *shows_all = !*shows_all;
        }
    }
}

fn row_ui(ui: &mut Ui, change: &PhotoChange, ctx: &mut AreaCtx<'_>, tokens: &Tokens) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GAP_12;
        let (rect, photo) = ui.allocate_exact_size(vec2(THUMBNAIL, THUMBNAIL), Sense::hover());
        photo.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, in_words(change)));
        if ui.is_rect_visible(rect) {
            thumbnail::ui(ui, rect, ctx.textures.get(change.photo_id, 256).picture());
        }
        photo.on_hover_text(in_words(change));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = theme::GAP_4;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::GAP_8;
                ui.set_min_height(20.0);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    decision_ui(ui, change, tokens);
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add(Label::new(RichText::new(&change.file_name).size(theme::TEXT_SMALL).color(tokens.muted)).truncate());
                    });
                });
            });
            if let Some(fault) = &change.fault {
                ui.add(Label::new(RichText::new(fault).size(theme::TEXT_SMALL).color(tokens.bad)).wrap());
                return;
            }
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(theme::GAP_4, theme::GAP_4);
                for tag in &change.lost {
                    chip(&tag.name, tag.confidence).icon(icons::ICON_REMOVE).colour(tokens.bad).ui(ui).on_hover_text("Would go");
                }
                for tag in &change.gained {
                    chip(&tag.name, tag.confidence).icon(icons::ICON_ADD).colour(tokens.good).ui(ui).on_hover_text("Would come");
                }
                let kept = match change.kept {
                    0 => "no tag stays".to_owned(),
                    1 => "1 tag stays".to_owned(),
                    many => format!("{many} tags stay"),
                };
                ui.label(RichText::new(kept).size(theme::TEXT_SMALL).color(tokens.muted));
            });
        });
    });
}

fn chip(name: &str, confidence: Option<f32>) -> Chip<'_> {
    match confidence {
        Some(confidence) => Chip::new(name).confidence(confidence),
        None => Chip::new(name),
    }
}

/// Such as `Accepted → Review`, where that is another; the worse, the louder.
fn decision_ui(ui: &mut Ui, change: &PhotoChange, tokens: &Tokens) {
    let small = |words: String| RichText::new(words).size(theme::TEXT_SMALL);
    let before = word(change.decision_before);
    match change.decision_after {
        None => {
            ui.label(small("no answer".to_owned()).color(tokens.bad));
            ui.label(small(format!("{before} →")).color(tokens.muted));
        }
        Some(after) if after == change.decision_before => {
            ui.label(small(format!("stays {}", before.to_lowercase())).color(tokens.muted));
        }
        Some(after) => {
            let colour = match after {
                Decision::Accept => tokens.good,
                Decision::Review => tokens.warn,
                Decision::Reject => tokens.bad,
            };
            ui.label(small(word(after).to_owned()).color(colour));
            ui.label(small(format!("{before} →")).color(tokens.muted));
        }
    }
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Accept => "Accepted",
        Decision::Review => "For review",
        Decision::Reject => "Rejected",
    }
}

/// The whole row in one sentence.
fn in_words(change: &PhotoChange) -> String {
    let names = |tags: &[crate::wire::result::Tag]| tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut parts = vec![change.file_name.clone()];
    parts.push(match change.decision_after {
        None => format!("{}, would not be answered", word(change.decision_before).to_lowercase()),
        Some(after) if after == change.decision_before => format!("stays {}", word(after).to_lowercase()),
        Some(after) => format!("{} becomes {}", word(change.decision_before).to_lowercase(), word(after).to_lowercase()),
    });
    if !change.lost.is_empty() {
        parts.push(format!("loses {}", names(&change.lost)));
    }
    if !change.gained.is_empty() {
        parts.push(format!("gains {}", names(&change.gained)));
    }
    parts.join("; ")
}
