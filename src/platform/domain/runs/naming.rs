//! The name of a run that nobody named: what is compared, then on which photos.

use crate::platform::domain::{Core, costs};
use crate::providers::ON_DEVICE;
use crate::wire::photo_set::SetUsed;
use crate::wire::run::RunColumn;

/// Letters; a name stands in lists, and at the front of a file's name.
const MOST: usize = 60;

/// Such as `a v1, b v1 × Gemini 3.8 Flash, 24 photos`.
#[must_use]
pub fn of(core: &Core, set: Option<&SetUsed>, photos: usize, columns: &[RunColumn]) -> String {
    let book = costs::book(core);
    let model_name = |model: &str| match model.split_once('/') {
        None if model == ON_DEVICE => "On-device".to_owned(),
        None => model.to_owned(),
        Some((provider, id)) => book.model(provider, id).map_or_else(|| id.to_owned(), |model| model.name.clone()),
    };
    let counted = || if photos == 1 { "1 photo".to_owned() } else { format!("{photos} photos") };
    let prompts = each_once(columns.iter().map(|column| column.prompt_name.clone()));
    let models = each_once(columns.iter().map(|column| model_name(&column.model)));
    named(&prompts, &models, &set.map_or_else(counted, SetUsed::label))
}

fn each_once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

/// As many of the names as there is room for, and how many more there are.
fn named(prompts: &[String], models: &[String], photos: &str) -> String {
    let list = |names: &[String], most: usize| {
        let more = names.len().saturating_sub(most);
        let shown = names.iter().take(most).map(String::as_str).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{shown} +{more}") } else { shown }
    };
    let whole = |most: usize| format!("{} × {}, {photos}", list(prompts, most), list(models, most));
    let fits = |name: &String| name.chars().count() <= MOST;
    let longest = prompts.len().max(models.len());
    if let Some(name) = (1..=longest).rev().map(whole).find(fits) {
        return name;
    }
    // One of each is too long already: their beginnings tell most.
    let (of_prompts, of_models) = (list(prompts, 1), list(models, 1));
    let room = MOST.saturating_sub(photos.chars().count() + 5).max(20);
    let (left, right) = (of_prompts.chars().count(), of_models.chars().count());
    let for_models = right.min((room / 2).max(room.saturating_sub(left)));
    format!("{} × {}, {photos}", cut(&of_prompts, room - for_models), cut(&of_models, for_models))
}

fn cut(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    let begin: String = words.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", begin.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(prompts: &[&str], models: &[&str], photos: &str) -> String {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        named(&owned(prompts), &owned(models), photos)
    }

    #[test]
    fn a_run_is_named_after_what_it_compares() {
        assert_eq!(name(&["a v1", "b v1"], &["Gemini 3.8 Flash"], "24 photos"), "a v1, b v1 × Gemini 3.8 Flash, 24 photos");
        let models = ["Gemini 3.8 Flash", "GPT-6 Luna", "Claude Haiku 5.5"];
        assert_eq!(name(&["Photo tags v1"], &models, "24 photos"), "Photo tags v1 × Gemini 3.8 Flash, GPT-6 Luna +1, 24 photos");
        assert_eq!(name(&["Photo tags v1"], &["On-device"], "1 photo"), "Photo tags v1 × On-device, 1 photo");
    }

    #[test]
    fn a_name_stays_short_however_long_its_parts_are() {
        let long = "Everything that can be seen in a photo of a museum v12";
        let found = name(&[long, "b v1"], &["Some model of a very long name indeed"], "Wildlife v3");
        assert!(found.chars().count() <= MOST && found.starts_with("Everything that") && found.ends_with(", Wildlife v3"), "{found}");
        assert!(name(&[long], &["On-device"], "24 photos").contains("× On-device, 24 photos"));
    }
}
