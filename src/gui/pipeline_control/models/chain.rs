//! The chain of models that stand in for the live one: put in order, with the faults after which each is asked, and applied as one
//! change.

use egui::{Align, Button, Checkbox, Label, Layout, Popup, PopupCloseBehavior, RichText, Ui, WidgetInfo};

use super::words;
use crate::gui::pipeline_control::Wish;
use crate::gui::theme::{self, Tokens, icons};
use crate::gui::widgets::section;
use crate::gui::widgets::toolbar::Tool;
use crate::wire::config::PipelineConfig;
use crate::wire::fallback::{FALLBACKS_MOST, Fallback, TRIGGERS, USUAL_TRIGGERS};
use crate::wire::health::HealthState;
use crate::wire::model::{KeyState, ModelInfo};

/// Where what is said of a model of the chain begins: under its name.
const INDENT: f32 = 8.0;

/// The chain as a person is putting it together; nothing where it stands as it is applied.
#[derive(Default)]
pub struct ChainEditor {
    edited: Option<Vec<Fallback>>,
    /// What was applied when the editing began.
    based_on: Vec<Fallback>,
}

impl ChainEditor {
    /// The chain as it is shown.
    fn shown<'c>(&'c self, config: &'c PipelineConfig) -> &'c [Fallback] {
        self.edited.as_deref().unwrap_or(&config.fallbacks)
    }

    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.edited.is_some()
    }

    #[must_use]
    pub fn place_of(&self, model: &str, config: &PipelineConfig) -> Option<usize> {
        self.shown(config).iter().position(|fallback| fallback.model == model)
    }

    /// The chain as it was put together, where it is not applied and can be.
    #[must_use]
    pub fn to_apply(&self) -> Option<&[Fallback]> {
        self.edited.as_deref().filter(|chain| chain.iter().all(|fallback| !fallback.on.is_empty()))
    }

    #[must_use]
    pub fn can_add(&self, config: &PipelineConfig) -> bool {
        self.shown(config).len() < FALLBACKS_MOST
    }

    pub fn add(&mut self, model: &str, config: &PipelineConfig) {
        self.edit(config, |chain| chain.push(Fallback::usual(model)));
    }

    fn edit(&mut self, config: &PipelineConfig, change: impl FnOnce(&mut Vec<Fallback>)) {
        if self.edited.is_none() {
            self.based_on.clone_from(&config.fallbacks);
        }
        let mut chain = self.shown(config).to_vec();
        change(&mut chain);
        self.edited = Some(chain).filter(|chain| *chain != config.fallbacks);
    }

    /// The chain is applied, here or elsewhere: what was the same is no edit any more.
    pub fn follow(&mut self, config: &PipelineConfig) {
        if self.edited.as_ref().is_some_and(|edited| *edited == config.fallbacks) {
            self.edited = None;
        }
    }
}

/// What surrounds the chain.
pub struct Around<'a> {
    pub config: &'a PipelineConfig,
    pub models: &'a [ModelInfo],
    pub today: chrono::NaiveDate,
    pub is_busy: bool,
    pub tokens: &'a Tokens,
}

impl Around<'_> {
    fn model(&self, name: &str) -> Option<&ModelInfo> {
        self.models.iter().find(|model| model.name == name)
    }
}

/// What is wanted of a row.
enum Move {
    Up,
    Down,
    Remove,
    Faults(Fallback),
}

/// Draws the chain with the live model at its head.
pub fn ui(ui: &mut Ui, editor: &mut ChainEditor, around: &Around<'_>, wishes: &mut Vec<Wish>) {
    let Around { config, tokens, is_busy, .. } = *around;
    section::heading(ui, "When the live model fails");
    let chain = editor.shown(config).to_vec();
    if chain.is_empty() {
        let words = "No other model is asked: a photo waits, or fails. Add one below, from a model's details";
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.muted)).wrap());
    }
    let mut wanted = None;
    for (at, fallback) in chain.iter().enumerate() {
        ui.push_id(&fallback.model, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.spacing_mut().interact_size.y = 18.0;
            if let Some(what) = row_ui(ui, (at, chain.len()), fallback, around) {
                wanted = Some((at, what));
            }
        });
    }
    if let Some((at, what)) = wanted {
        editor.edit(config, |chain| match what {
            Move::Up => chain.swap(at, at - 1),
            Move::Down => chain.swap(at, at + 1),
            Move::Remove => drop(chain.remove(at)),
            Move::Faults(fallback) => chain[at] = fallback,
        });
    }
    let Some(edited) = editor.edited.clone() else { return };
    if editor.based_on != config.fallbacks {
        let words = "The chain was changed elsewhere meanwhile. Discard yours to see it, or apply yours in its place";
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.warn)).wrap());
    }
    let faultless = edited.iter().find(|fallback| fallback.on.is_empty());
    if let Some(fallback) = faultless {
        let name = words::called_by_name(&fallback.model, around.models);
        let words = format!("{name} is asked after no fault at all. Choose one, or take it out");
        ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(tokens.bad)).wrap());
    }
    ui.horizontal(|ui| {
        let can = !is_busy && faultless.is_none();
        if ui.add_enabled(can, Button::new("Apply chain")).on_hover_text("From the next photo on; it can be undone").clicked() {
            wishes.push(Wish::SetFallbacks(edited.clone()));
        }
        let discard = ui.button("Discard");
        discard.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Discard the edited chain"));
        if discard.on_hover_text("Back to the chain that is applied").clicked() {
            editor.edited = None;
        }
    });
}

/// One model of the chain.
fn row_ui(ui: &mut Ui, (at, of): (usize, usize), fallback: &Fallback, around: &Around<'_>) -> Option<Move> {
    let tokens = around.tokens;
    let model = around.model(&fallback.model);
    let name = words::called_by_name(&fallback.model, around.models);
    let mut wanted = None;
    ui.horizontal(|ui| {
        ui.set_min_height(theme::CONTROL_HEIGHT);
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let mut tool = |ui: &mut Ui, icon, words: String, can: bool, what: Move| {
                if Tool::new(icon, &words).icon_only().enabled(can).ui(ui).clicked() {
                    wanted = Some(what);
                }
            };
            tool(ui, icons::ICON_CLOSE, format!("Take {name} out of the chain"), true, Move::Remove);
            tool(ui, icons::ICON_ARROW_DOWNWARD, format!("Ask {name} later"), at + 1 < of, Move::Down);
            tool(ui, icons::ICON_ARROW_UPWARD, format!("Ask {name} earlier"), at > 0, Move::Up);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                ui.label(RichText::new(format!("{}", at + 1)).size(theme::TEXT_SMALL).color(tokens.muted));
                ui.add(Label::new(RichText::new(&name)).truncate()).on_hover_text(format!("{name}\n{}", fallback.model));
            });
        });
    });
    ui.horizontal(|ui| {
        ui.add_space(INDENT);
        wanted = faults_ui(ui, &name, fallback, tokens).map(Move::Faults).or(wanted.take());
    });
    if let Some((words, is_bad)) = standing(fallback, model, around) {
        let colour = if is_bad { tokens.warn } else { tokens.muted };
        ui.horizontal(|ui| {
            ui.add_space(INDENT);
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(colour)).truncate());
        });
    }
    ui.add_space(theme::GAP_4);
    wanted
}

/// What a person should know of a model of the chain, and whether it is a trouble.
fn standing(fallback: &Fallback, model: Option<&ModelInfo>, around: &Around<'_>) -> Option<(String, bool)> {
    if fallback.model == around.config.live_model {
        return Some(("It is live now, so it is passed over".to_owned(), false));
    }
    let Some(model) = model else { return Some(("No provider has it".to_owned(), true)) };
    if let KeyState::Missing { .. } = model.key {
        return Some(("Its key is missing".to_owned(), true));
    }
    if let Some((words, _)) = words::retirement(model.retires, around.today) {
        return Some((words, true));
    }
    let is_down = model.health.as_ref().is_some_and(|health| health.status == HealthState::Down);
    is_down.then(|| ("Its provider is down".to_owned(), true))
}

/// The faults after which a model is asked, behind a button that tells them; returns it with others where they were changed.
fn faults_ui(ui: &mut Ui, name: &str, fallback: &Fallback, tokens: &Tokens) -> Option<Fallback> {
    let is_usual = fallback.words() == "usual faults";
    let shown = match fallback.on.len() {
        0 => "after no fault".to_owned(),
        _ if is_usual => "after the usual faults".to_owned(),
        1 => format!("after: {}", fallback.words()),
        many => format!("after {many} faults"),
    };
    let button = ui.add(Button::new((RichText::new(&shown).size(theme::TEXT_SMALL), RichText::from(icons::ICON_EXPAND_MORE))).small());
    button.widget_info(|| {
        let mut info = WidgetInfo::labeled(egui::Role::Button, true, format!("Faults after which {name} is asked"));
        info.current_text_value = Some(shown.clone());
        info
    });
    let button = button.on_hover_text(format!("After these faults of the model before it: {}", fallback.words_at_length()));
    let mut edited = fallback.clone();
    Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.label(RichText::new(format!("{name} is asked after")).size(theme::TEXT_SMALL).color(tokens.muted));
        for kind in TRIGGERS {
            let mut is_on = edited.on.contains(&kind);
            if ui.add(Checkbox::new(&mut is_on, sentence(kind.label()))).changed() {
                if is_on {
                    edited.on.insert(kind)
                } else {
                    edited.on.remove(&kind)
                };
            }
        }
        let usual = ui.add_enabled(!is_usual, Button::new("The usual ones"));
        if usual.on_hover_text("All where the provider gives no answer").clicked() {
            edited.on = USUAL_TRIGGERS.into();
        }
    });
    (edited != *fallback).then_some(edited)
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
