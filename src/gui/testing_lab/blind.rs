//! Blind mode of side by side: the names of the columns are hidden, the panes stand in another order on every photo, and a person
//! says which answer is best.

use std::hash::{DefaultHasher, Hash, Hasher};

use egui::{Event, Frame, Key, Label, Margin, Panel, RichText, ScrollArea, Ui};

use super::side_by_side::Pane;
use super::side_pane::LETTERS;
use super::votes::Votes;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::number;
use crate::gui::widgets::toolbar::Tool;
use crate::wire::ids::{PhotoId, RunId};
use crate::wire::run::{Run, RunColumn};
use crate::wire::vote::{CastVote, Choice, Ranked, RunVotes};

const DIGITS: [Key; 6] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];

/// What a person said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    Cast(CastVote),
    /// Take the last vote back.
    Undo,
}

/// The panes in the order of this photo: by chance, and always the same.
#[must_use]
pub fn order(run: RunId, photo: PhotoId, panes: &[Pane]) -> Vec<Pane> {
    let mut hasher = DefaultHasher::new();
    (run, photo).hash(&mut hasher);
    let mut shuffled = panes.to_vec();
    fastrand::Rng::with_seed(hasher.finish()).shuffle(&mut shuffled);
    shuffled
}

/// The columns that the panes show; `None` where they are not two at least, each once.
fn columns(panes: &[Pane]) -> Option<Vec<u32>> {
    let columns: Vec<u32> = panes.iter().map(|pane| pane.column as u32).collect();
    let once: std::collections::HashSet<u32> = columns.iter().copied().collect();
    (once.len() == columns.len() && columns.len() > 1).then_some(columns)
}

/// 1–6 choose an answer, T says that all are equally good, N that none is; Backspace takes the last vote back, S shows the names,
/// G the ranking.
const KEYS: [Key; 11] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::T, Key::N, Key::Backspace, Key::S, Key::G];

/// The keys of blind mode that were pressed, in their order: a slow frame may have brought several, and each is a vote.
pub fn pressed(ui: &Ui) -> Vec<Key> {
    ui.input_mut(|input| {
        let mut keys = Vec::new();
        input.events.retain(|event| match event {
            Event::Key { key, pressed: true, modifiers, repeat: false, .. } if modifiers.is_none() && KEYS.contains(key) => {
                keys.push(*key);
                false
            }
            _ => true,
        });
        keys
    })
}

/// What a key says of a photo whose panes stand in this order.
pub fn said(key: Key, votes: &mut Votes, panes: &[Pane]) -> Option<Said> {
    match key {
        Key::S => votes.shows_names = !votes.shows_names,
        Key::G => votes.shows_ranking = !votes.shows_ranking,
        Key::Backspace if votes.can_undo() => return Some(Said::Undo),
        _ => {}
    }
    // Who sees the names does not vote blind.
    let columns = columns(panes).filter(|_| !votes.shows_names)?;
    let digit = DIGITS.into_iter().take(columns.len()).position(|digit| digit == key).map(|at| Choice::Best { column: columns[at] });
    let choice = match key {
        Key::T => Some(Choice::Tie),
        Key::N => Some(Choice::NoneGood),
        _ => digit,
    };
    Some(Said::Cast(CastVote { choice: Some(choice?), columns }))
}

/// The line on which is voted.
pub fn bar_ui(ui: &mut Ui, votes: &mut Votes, run: &Run, photo: PhotoId, panes: &[Pane], tokens: &Tokens) -> Option<Said> {
    let mut said = None;
    let given = votes.of(photo).map(|vote| vote.choice);
    ui.horizontal(|ui| {
        let Some(columns) = columns(panes) else {
            ui.label(RichText::new("Show two columns at least to vote between them: Add a pane").color(tokens.warn));
            return;
        };
        if votes.shows_names {
            ui.label(RichText::new("Hide the names to vote (S)").color(tokens.warn));
        } else {
            ui.label(RichText::new("Which is best?").font(theme::semibold(theme::TEXT_BODY)));
        }
        let choices = columns.iter().enumerate().map(|(at, column)| {
            let about = format!("Answer {} is best ({})", LETTERS[at], at + 1);
            (Choice::Best { column: *column }, LETTERS[at], icons::ICON_THUMB_UP, about)
        });
        let others = [
            (Choice::Tie, "Tie", icons::ICON_DRAG_HANDLE, "All are equally good (T)".to_owned()),
            (Choice::NoneGood, "None good", icons::ICON_THUMB_DOWN, "None of them is good (N)".to_owned()),
        ];
        for (choice, word, icon, about) in choices.chain(others) {
            let tool = Tool::new(icon, word).tooltip(&about).selected(given == Some(choice)).enabled(!votes.shows_names);
            if tool.ui(ui).clicked() {
                said = Some(Said::Cast(CastVote { columns: columns.clone(), choice: Some(choice) }));
            }
        }
        ui.separator();
        let undo = Tool::new(icons::ICON_UNDO, "Undo the vote").tooltip("Take the last vote back (Backspace)").icon_only();
        if undo.enabled(votes.can_undo()).ui(ui).clicked() {
            said = Some(Said::Undo);
        }
        let (icon, words) = if votes.shows_names { (icons::ICON_VISIBILITY, "Hide names") } else { (icons::ICON_VISIBILITY_OFF, "Show names") };
        if Tool::new(icon, words).tooltip("Which column each answer is of (S)").selected(votes.shows_names).ui(ui).clicked() {
            votes.shows_names = !votes.shows_names;
        }
        let ranking = Tool::new(icons::ICON_LEADERBOARD, "Ranking")
            .tooltip("The columns by their votes, once all photos are voted on or the names are shown (G)");
        if ranking.selected(votes.shows_ranking).ui(ui).clicked() {
            votes.shows_ranking = !votes.shows_ranking;
        }
        let cast = votes.known().map_or(0, |known| known.votes.len());
        let words = format!("{} of {} voted", number::count(cast as u64), number::count(run.photo_ids.len() as u64));
        ui.add(Label::new(RichText::new(words).color(tokens.muted)).truncate());
    });
    if let Some(failure) = votes.failure() {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(format!("The votes could not be read: {failure}")).color(tokens.bad));
            if ui.button("Try again").clicked() {
                votes.reload();
            }
        });
    }
    said
}

/// The ranking beside the panes.
pub fn ranking_ui(ui: &mut Ui, votes: &Votes, run: &Run, tokens: &Tokens) {
    if !votes.shows_ranking {
        return;
    }
    let frame = Frame::new().fill(tokens.surface).corner_radius(theme::RADIUS_8).inner_margin(Margin::same(theme::GAP_12 as i8));
    let frame = frame.outer_margin(Margin { left: theme::GAP_8 as i8, ..Margin::ZERO });
    Panel::right("ranking of votes").resizable(true).show_separator_line(false).default_size(300.0).size_range(220.0..=460.0).frame(frame).show(
        ui,
        |ui| {
            ui.label(RichText::new("Ranking").font(theme::semibold(theme::TEXT_STRONG)));
            ScrollArea::vertical().id_salt("ranking").auto_shrink(false).show(ui, |ui| match votes.known() {
                None => drop(ui.label(RichText::new("Reading the votes…").color(tokens.muted))),
                Some(known) => match why_kept_back(votes, known, run) {
                    Some(why) => drop(ui.add(Label::new(RichText::new(why).color(tokens.muted)).wrap())),
                    None => known_ui(ui, known, run, tokens),
                },
            });
        },
    );
}

/// While people still vote without names, nobody is told which columns lead: who knows it votes another way. `None`: it may be told.
fn why_kept_back(votes: &Votes, known: &RunVotes, run: &Run) -> Option<String> {
    let (cast, all) = (known.votes.len(), run.photo_ids.len());
    if votes.shows_names || cast >= all {
        return None;
    }
    let counts = format!("{} of {} photos are voted on", number::count(cast as u64), number::count(all as u64));
    Some(format!(
        "{counts}. Which column leads is told when all are: knowing it would sway the votes that are left. To see it now, show the names (S)"
    ))
}

fn known_ui(ui: &mut Ui, known: &RunVotes, run: &Run, tokens: &Tokens) {
    ui.add(Label::new(&known.words).wrap());
    ui.add_space(theme::GAP_8);
    for (at, ranked) in known.ranking.iter().enumerate() {
        let name = run.columns.get(ranked.column as usize).map_or_else(String::new, RunColumn::label);
        ui.add(Label::new(RichText::new(format!("{}. {name}", at + 1)).font(theme::semibold(theme::TEXT_BODY))).truncate());
        ui.add(Label::new(RichText::new(ranked_words(ranked)).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
        ui.add_space(theme::GAP_4);
    }
    if known.none_good > 0 {
        let photos = if known.none_good == 1 { "1 photo".to_owned() } else { format!("{} photos", known.none_good) };
        ui.label(RichText::new(format!("None was good on {photos}")).color(tokens.muted));
    }
    ui.add_space(theme::GAP_8);
    ui.add(Label::new(RichText::new(&known.method).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
}

/// `64 % of the choices (52–75 %) · best on 12 of 20, 1 tie`.
fn ranked_words(ranked: &Ranked) -> String {
    let ties = match ranked.ties {
        0 => String::new(),
        1 => ", 1 tie".to_owned(),
        many => format!(", {many} ties"),
    };
    let counted = format!("best on {} of {}{ties}", ranked.best, ranked.shown);
    let Some(strength) = ranked.strength else { return counted };
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    let interval = strength.interval().map(|(low, high)| format!(" ({}–{} %)", percent(low), percent(high))).unwrap_or_default();
    format!("{} % of the choices{interval} · {counted}", percent(strength.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::comparison::Figure;

    #[test]
    fn the_order_is_by_chance_and_stays() {
        let run = RunId::fresh();
        let panes: Vec<Pane> = (0..3).map(|column| Pane { column, repeat: 0 }).collect();
        let photos: Vec<PhotoId> = (0..60).map(|_| PhotoId::fresh()).collect();
        let first = |photo: &PhotoId| order(run, *photo, &panes)[0].column;
        for column in 0..3 {
            assert!(photos.iter().any(|photo| first(photo) == column), "{column} never stands first");
        }
        assert!(photos.iter().all(|photo| order(run, *photo, &panes) == order(run, *photo, &panes)));
    }

    #[test]
    fn every_key_that_a_slow_frame_brings_is_heard_in_its_order() {
        let event = |key, pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: egui::Modifiers::NONE };
        let keys = [Key::Num1, Key::Num1, Key::J, Key::T, Key::Num2];
        // A key that was not let go repeats itself.
        let events = keys.into_iter().flat_map(|key| [event(key, true), event(key, false)]).collect();
        let mut heard = Vec::new();
        let out = egui::Context::default().run_ui(egui::RawInput { events, ..egui::RawInput::default() }, |ui| heard.extend(pressed(ui)));
        out.drop_without_applying_deltas();
        assert_eq!(heard, [Key::Num1, Key::Num1, Key::T, Key::Num2]);
    }

    #[test]
    fn nobody_votes_while_the_names_are_shown() {
        let panes = [Pane { column: 0, repeat: 0 }, Pane { column: 1, repeat: 0 }];
        let mut votes = Votes::default();
        let heard: Vec<bool> = [Key::Num1, Key::S, Key::Num1, Key::T, Key::N, Key::S, Key::T]
            .map(|key| matches!(said(key, &mut votes, &panes), Some(Said::Cast(_))))
            .into();
        assert_eq!(heard, [true, false, false, false, false, false, true]);
    }

    #[test]
    fn the_ranking_tells_no_names_while_votes_are_still_given_without() {
        let photos: Vec<PhotoId> = (0..3).map(|_| PhotoId::fresh()).collect();
        let run = serde_json::json!({
            "id": RunId::fresh(), "name": "", "state": "completed", "photo_ids": photos, "columns": [], "repeats": 1, "concurrency": 1,
            "cost_usd": 0, "counts": {"waiting": 0, "running": 0, "completed": 0, "failed": 0}, "cost_unknown_cells": 0,
            "started_at": "2026-11-23T12:00:00Z", "finished_at": null,
        });
        let run: Run = serde_json::from_value(run).expect("a run");
        let vote =
            |photo: &PhotoId| serde_json::json!({"photo_id": photo, "columns": [0, 1], "choice": {"kind": "tie"}, "at": "2026-11-23T12:00:00Z"});
        let known = |count: usize| -> RunVotes {
            let votes: Vec<_> = photos.iter().take(count).map(vote).collect();
            let known =
                serde_json::json!({"run_id": run.id, "votes": votes, "ranking": [], "ties": count, "none_good": 0, "words": "", "method": ""});
            serde_json::from_value(known).expect("votes")
        };
        let mut votes = Votes::default();
        let told = why_kept_back(&votes, &known(2), &run).expect("kept back");
        assert!(told.starts_with("2 of 3 photos are voted on") && told.contains("show the names (S)"), "{told}");
        assert_eq!(why_kept_back(&votes, &known(3), &run), None, "the vote is over");
        votes.shows_names = true;
        assert_eq!(why_kept_back(&votes, &known(2), &run), None, "who sees the names does not vote");
    }

    #[test]
    fn a_vote_needs_two_columns_each_once() {
        let pane = |column, repeat| Pane { column, repeat };
        assert_eq!(columns(&[pane(1, 0), pane(0, 2)]), Some(vec![1, 0]));
        assert_eq!(columns(&[pane(1, 0), pane(1, 1)]), None);
        assert_eq!(columns(&[pane(1, 0)]), None);
    }

    #[test]
    fn a_rank_is_told_with_its_interval() {
        let strength = Some(Figure { value: 0.64, low: Some(0.52), high: Some(0.75) });
        let ranked = Ranked { column: 0, strength, shown: 20, best: 12, ties: 1 };
        assert_eq!(ranked_words(&ranked), "64 % of the choices (52–75 %) · best on 12 of 20, 1 tie");
        assert_eq!(ranked_words(&Ranked { strength: None, ties: 2, ..ranked }), "best on 12 of 20, 2 ties");
    }
}
