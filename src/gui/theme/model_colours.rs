//! One fixed colour per model: by a stable hash of its name, moved on only where two that are shown together collide.

use std::collections::HashMap;

use egui::Color32;

use super::Tokens;

/// Which series colour each model has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelColours {
    slots: HashMap<String, usize>,
}

impl ModelColours {
    /// Colours for the models that are shown together. The order of the names does not matter.
    #[must_use]
    pub fn new<'n>(models: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<&str> = models.into_iter().collect();
        // The model of this computer is always there: it keeps its colour, and the others move.
        names.sort_unstable_by_key(|name| (name.contains('/'), *name));
        names.dedup();
        let mut slots: HashMap<String, usize> = HashMap::new();
        let mut taken = [false; 8];
        for name in names {
            let wish = slot_of(name);
            // With more models than colours, colours repeat: the names stand beside them.
            let slot = (0..taken.len()).map(|step| (wish + step) % taken.len()).find(|slot| !taken[*slot]).unwrap_or(wish);
            taken[slot] = true;
            slots.insert(name.to_owned(), slot);
        }
        Self { slots }
    }

    #[must_use]
    pub fn get(&self, model: &str, tokens: &Tokens) -> Color32 {
        let slot = self.slots.get(model).copied().unwrap_or_else(|| slot_of(model));
        tokens.series[slot % tokens.series.len()]
    }
}

/// FNV-1a: the same on every machine and in every version.
fn slot_of(name: &str) -> usize {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash % 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_shown_together_have_different_colours_whatever_their_order() {
        let names: Vec<String> = (0..8).map(|n| format!("gemini/model-{n}")).collect();
        let forwards = ModelColours::new(names.iter().map(String::as_str));
        let backwards = ModelColours::new(names.iter().rev().map(String::as_str));
        assert_eq!(forwards, backwards);
        let mut colours: Vec<_> = names.iter().map(|name| forwards.get(name, super::super::of(egui::Theme::Dark)).to_array()).collect();
        colours.sort_unstable();
        colours.dedup();
        assert_eq!(colours.len(), 8);
    }

    #[test]
    fn a_model_alone_has_the_colour_that_it_has_anywhere() {
        let tokens = super::super::of(egui::Theme::Light);
        assert_eq!(ModelColours::new(["on-device"]).get("on-device", tokens), ModelColours::default().get("on-device", tokens));
    }
}
