//! The chosen prompts and models, kept over a restart.

use std::collections::BTreeSet;

use egui::{Context, Id};

use super::setup::PromptChoice;
use crate::gui::ctx::kept;

type Choice = (BTreeSet<PromptChoice>, BTreeSet<String>);

/// What was kept last.
#[derive(Debug, Default)]
pub struct KeptChoice {
    is_loaded: bool,
    stored: Choice,
    /// What was chosen by itself: it is chosen anew each time, since another prompt may be live then.
    default: Choice,
}

impl KeptChoice {
    fn id() -> Id {
        Id::unique("prompts and models of a comparison")
    }

    /// What was chosen before; `None`: nothing was, or it was asked for already.
    pub fn load(&mut self, egui: &Context) -> Option<Choice> {
        if std::mem::replace(&mut self.is_loaded, true) {
            return None;
        }
        self.stored = egui.data_mut(|data| data.get_persisted::<Choice>(Self::id()))?;
        Some(self.stored.clone())
    }

    /// These were chosen by itself.
    pub fn prompts_by_default(&mut self, prompts: &BTreeSet<PromptChoice>) {
        self.default.0.clone_from(prompts);
    }

    pub fn models_by_default(&mut self, models: &BTreeSet<String>) {
        self.default.1.clone_from(models);
    }

    pub fn store(&mut self, prompts: &BTreeSet<PromptChoice>, models: &BTreeSet<String>, egui: &Context) {
        let prompts = if *prompts == self.default.0 { &BTreeSet::new() } else { prompts };
        let models = if *models == self.default.1 { &BTreeSet::new() } else { models };
        if (prompts, models) != (&self.stored.0, &self.stored.1) {
            self.stored = (prompts.clone(), models.clone());
            kept::keep(egui, Self::id(), self.stored.clone());
        }
    }
}
