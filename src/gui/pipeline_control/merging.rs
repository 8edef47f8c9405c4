//! A prompt that two people changed at the same time: what only one changed is taken over, and where both did a person chooses, piece
//! by piece.

use egui::{Button, Frame, Label, Margin, RichText, ScrollArea, Ui, WidgetInfo};

use super::draft::{Contents, Draft, TEXTS};
use super::three_way::{self, Dispute, Part};
use crate::gui::theme::{self, Tokens};

/// Letters of a piece that are shown.
const SHOWN: usize = 600;

/// Which of both texts a piece is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pick {
    Mine,
    Theirs,
    /// Mine, then theirs.
    Both,
}

/// What is chosen so far.
#[derive(Default)]
pub struct Merging {
    /// Of which prompt, and of which state of it.
    of: Option<(egui::Id, [u64; 4], u64)>,
    /// In the order of [`TEXTS`].
    texts: Vec<Vec<Piece>>,
}

/// A part of a text, and what is chosen where both changed it.
struct Piece {
    part: Part,
    pick: Option<Pick>,
}

impl Merging {
    /// Keeps in step with both texts; what was chosen of a piece that is still the same stays chosen.
    fn follow(&mut self, draft: &Draft) {
        let Some(theirs) = draft.theirs() else { return };
        let of = (draft.editor_id(), draft.stamp(), theirs.revision());
        if self.of == Some(of) {
            return;
        }
        let is_same_prompt = self.of.is_some_and(|(id, ..)| id == of.0);
        let before = if is_same_prompt { std::mem::take(&mut self.texts) } else { Vec::new() };
        let mine = draft.contents();
        let base = draft.base();
        self.texts = (0..TEXTS.len())
            .map(|text| {
                let of = |contents: &Contents| contents.texts()[text].to_owned();
                let parts = parts(text, base.map(of).as_deref(), &of(&mine), &of(&theirs.contents));
                parts.into_iter().map(|part| Piece { pick: chosen_before(&before, text, &part), part }).collect()
            })
            .collect();
        self.of = Some(of);
    }

    fn disputes(&self) -> impl Iterator<Item = &Piece> {
        self.texts.iter().flatten().filter(|piece| matches!(piece.part, Part::Disputed(_)))
    }

    /// All texts as chosen; `None` while something is left to choose.
    fn contents(&self) -> Option<Contents> {
        let mut texts = self.texts.iter().map(|pieces| {
            let lines: Option<Vec<Vec<String>>> = pieces.iter().map(Piece::lines).collect();
            Some(lines?.concat().join("\n"))
        });
        let mut next = || texts.next().flatten();
        Some(Contents { user: next()?, system: next()?, schema: next()?, settings: next()? })
    }

    /// Draws what is to be chosen. Returns the texts when all of it is and the person says so.
    pub fn ui(&mut self, ui: &mut Ui, draft: &Draft) -> Option<Contents> {
        self.follow(draft);
        let tokens = theme::tokens(ui.ctx());
        ScrollArea::vertical().id_salt("merging").max_height((ui.available_height() * 0.45).max(120.0)).auto_shrink([false, true]).show(ui, |ui| {
            for (text, pieces) in self.texts.iter_mut().enumerate() {
                for (number, piece) in pieces.iter_mut().enumerate() {
                    if let Part::Disputed(dispute) = &piece.part {
                        ui.push_id((text, number), |ui| dispute_ui(ui, TEXTS[text].1, dispute, &mut piece.pick, tokens));
                    }
                }
            }
        });
        let (all, chosen) = (self.disputes().count(), self.disputes().filter(|piece| piece.pick.is_some()).count());
        let merged = self.contents();
        let clicked = ui
            .horizontal_wrapped(|ui| {
                let button = ui.add_enabled(merged.is_some(), Button::new("Use what is chosen"));
                ui.label(RichText::new(format!("{chosen} of {all} chosen")).size(theme::TEXT_SMALL).color(tokens.muted));
                button
                    .on_hover_text("It becomes the draft; Ctrl-Z brings your text back")
                    .on_disabled_hover_text("Choose in every place first")
                    .clicked()
            })
            .inner;
        merged.filter(|_| clicked)
    }
}

impl Piece {
    fn lines(&self) -> Option<Vec<String>> {
        match (&self.part, self.pick) {
            (Part::Agreed(lines), _) => Some(lines.clone()),
            (Part::Disputed(dispute), Some(Pick::Mine)) => Some(dispute.mine.clone()),
            (Part::Disputed(dispute), Some(Pick::Theirs)) => Some(dispute.theirs.clone()),
            (Part::Disputed(dispute), Some(Pick::Both)) => Some([dispute.mine.clone(), dispute.theirs.clone()].concat()),
            (Part::Disputed(_), None) => None,
        }
    }
}

/// Schema and settings are no texts of lines that stand for themselves: they are one piece.
fn parts(text: usize, base: Option<&str>, mine: &str, theirs: &str) -> Vec<Part> {
    if text < 2 {
        return three_way::parts(base, mine, theirs);
    }
    let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<String>>();
    vec![match base {
        _ if mine == theirs => Part::Agreed(lines(mine)),
        Some(base) if base == mine => Part::Agreed(lines(theirs)),
        Some(base) if base == theirs => Part::Agreed(lines(mine)),
        _ => Part::Disputed(Dispute { line: 1, mine: lines(mine), theirs: lines(theirs) }),
    }]
}

fn chosen_before(before: &[Vec<Piece>], text: usize, part: &Part) -> Option<Pick> {
    let Part::Disputed(dispute) = part else { return None };
    let same = |piece: &&Piece| matches!(&piece.part, Part::Disputed(old) if (&old.mine, &old.theirs) == (&dispute.mine, &dispute.theirs));
    before.get(text)?.iter().find(same)?.pick
}

fn dispute_ui(ui: &mut Ui, text: &str, dispute: &Dispute, pick: &mut Option<Pick>, tokens: &Tokens) {
    let place = format!("The {text}, line {}", dispute.line);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&place).font(theme::semibold(theme::TEXT_SMALL)));
        for (choice, name) in [(Pick::Mine, "Mine"), (Pick::Theirs, "The other"), (Pick::Both, "Both")] {
            // Two whole schemas behind each other are none.
            if choice == Pick::Both && text != TEXTS[0].1 && text != TEXTS[1].1 {
                continue;
            }
            let is_chosen = *pick == Some(choice);
            let button = ui.add(Button::selectable(is_chosen, name));
            button.widget_info(|| WidgetInfo::selected(egui::Role::RadioButton, true, is_chosen, format!("{name}: {place}")));
            if button.clicked() {
                *pick = Some(choice);
            }
        }
    });
    ui.columns(2, |columns| {
        let [left, right] = columns else { return };
        for (ui, lines, is_taken) in [
            (left, &dispute.mine, matches!(pick, Some(Pick::Mine | Pick::Both))),
            (right, &dispute.theirs, matches!(pick, Some(Pick::Theirs | Pick::Both))),
        ] {
            let stroke = if is_taken { (2.0, tokens.accent) } else { (1.0, tokens.border) };
            Frame::new().stroke(stroke).corner_radius(theme::RADIUS_4).inner_margin(Margin::same(6)).show(ui, |ui| {
                ui.set_width(ui.available_width());
                let words = lines.join("\n");
                let shown: String = words.chars().take(SHOWN).collect();
                let words = match words.is_empty() {
                    true => RichText::new("Taken out").color(tokens.muted),
                    false if shown.len() < words.len() => RichText::new(format!("{shown}…")).monospace(),
                    false => RichText::new(shown).monospace(),
                };
                ui.add(Label::new(words.size(theme::TEXT_SMALL)).wrap());
            });
        }
    });
    ui.add_space(theme::GAP_4);
}
