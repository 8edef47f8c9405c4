//! Two people changed the rules: they are brought together field by field.

use serde_json::{Map, Value};

use crate::gui::widgets::merge::{self, Conflict};
use crate::wire::config::ProcessingRules;
use crate::wire::rules::Category;

const CATEGORY: &str = "category:";

/// The rules field by field, a category each by itself.
#[must_use]
pub fn fields(rules: &ProcessingRules) -> Map<String, Value> {
    // By way of text, so that 0.6 does not become 0.6000000238418579.
    let text = serde_json::to_string(rules).unwrap_or_default();
    let mut fields: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
    if let Some(Value::Object(categories)) = fields.shift_remove("categories") {
        fields.extend(categories.into_iter().map(|(name, category)| (format!("{CATEGORY}{name}"), category)));
    }
    fields
}

/// The rules with one field set; `None` where the field can't hold that.
#[must_use]
pub fn with(rules: &ProcessingRules, field: &str, value: &Value) -> Option<ProcessingRules> {
    let mut rules = rules.clone();
    if let Some(name) = field.strip_prefix(CATEGORY) {
        match value {
            Value::Null => rules.categories.remove(name),
            value => rules.categories.insert(name.to_owned(), serde_json::from_value::<Category>(value.clone()).ok()?),
        };
        return Some(rules);
    }
    let mut all: Map<String, Value> = serde_json::from_str(&serde_json::to_string(&rules).ok()?).ok()?;
    all.insert(field.to_owned(), value.clone());
    serde_json::from_value(Value::Object(all)).ok()
}

/// Brings two edits of the same rules together: what only one of them changed is as that one says; what both changed
/// otherwise stays mine until somebody chooses.
#[must_use]
pub fn merge(base: &ProcessingRules, mine: &ProcessingRules, theirs: &ProcessingRules) -> (ProcessingRules, Vec<Conflict>) {
    let (merged, conflicts) = merge::three_way(&fields(base), &fields(mine), &fields(theirs));
    let rules = merged.iter().filter(|(field, value)| fields(theirs).get(*field) != Some(value));
    let rules = rules.fold(theirs.clone(), |rules, (field, value)| with(&rules, field, value).unwrap_or(rules));
    (rules, conflicts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(edit: impl FnOnce(&mut ProcessingRules)) -> ProcessingRules {
        let mut rules = ProcessingRules::default();
        edit(&mut rules);
        rules
    }

    fn pets(accept: f32) -> Category {
        Category { tags: vec!["dog".to_owned()], accept_threshold: accept, reject_threshold: 0.1 }
    }

    #[test]
    fn what_only_one_changed_is_as_that_one_says() {
        let base = ProcessingRules::default();
        let mine = rules(|rules| (rules.workers, rules.accept_threshold) = (5, 0.7));
        let theirs = rules(|rules| {
            rules.max_attempts = 7;
            rules.categories.insert("Pets".to_owned(), pets(0.8));
        });
        let (merged, conflicts) = merge(&base, &mine, &theirs);
        assert!(conflicts.is_empty(), "{conflicts:?}");
        assert_eq!((merged.workers, merged.accept_threshold, merged.max_attempts, merged.categories.len()), (5, 0.7, 7, 1));
    }

    #[test]
    fn what_both_changed_is_to_be_chosen_and_the_same_change_is_none() {
        let base = rules(|rules| drop(rules.categories.insert("Pets".to_owned(), pets(0.8))));
        let mut mine = base.clone();
        (mine.workers, mine.max_attempts) = (5, 9);
        mine.categories.insert("Pets".to_owned(), pets(0.9));
        let mut theirs = base.clone();
        (theirs.workers, theirs.max_attempts) = (6, 9);
        theirs.categories.clear();
        let (merged, conflicts) = merge(&base, &mine, &theirs);
        let fields: Vec<&str> = conflicts.iter().map(|conflict| conflict.field.as_str()).collect();
        assert_eq!(fields, ["category:Pets", "workers"]);
        assert_eq!((merged.workers, merged.max_attempts, merged.categories["Pets"].accept_threshold), (5, 9, 0.9), "mine until it is chosen");
        let taken = with(&merged, "category:Pets", &conflicts[0].theirs).expect("set");
        assert!(taken.categories.is_empty());
    }

    #[test]
    fn a_field_is_set_by_its_name() {
        let base = ProcessingRules::default();
        assert_eq!(with(&base, "accept_threshold", &serde_json::json!(0.65)).map(|rules| rules.accept_threshold), Some(0.65));
        assert_eq!(with(&base, "daily_limit_usd", &Value::Null), Some(base.clone()));
        assert_eq!(with(&base, "workers", &serde_json::json!("many")), None);
    }
}
