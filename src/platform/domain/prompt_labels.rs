//! Labels of versions: what may be one, and how they change.

use super::prompt_journal::Deeds;
use super::{Change, Core, DomainError, Result};
use crate::platform::store;
use crate::wire::event::Happened;
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::page::Page;
use crate::wire::prompt_label::{ChangeLabels, LABEL_MOST, LABELS_MOST, LabelCount, VersionLabels};

/// Puts labels on a version and takes labels off it.
pub async fn change(core: &Core, prompt: PromptId, number: u32, asked: &ChangeLabels) -> Result<VersionLabels> {
    let add = clean_all(&asked.add)?;
    // What is no label stands on no version.
    let remove: Vec<String> = asked.remove.iter().map(|label| tidy(label)).filter(|label| !add.contains(label)).collect();
    let mut change = core.change().await?;
    let version = store::prompts::numbered(&core.db, core.org, prompt, number).await?.ok_or(DomainError::NotFound { what: "version" })?;
    let before = version.labels.clone();
    let label = version.label();
    let mut labels = version.labels;
    let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    let mut changed = ChangeLabels::default();
    for label in remove {
        if let Some(at) = labels.iter().position(|known| same(known, &label)) {
            let known = labels.remove(at);
            store::prompts::labels::remove(&mut change.tx, core.org, version.id, &known).await?;
            changed.remove.push(known);
        }
    }
    let added: Vec<String> = add.into_iter().filter(|label| !labels.iter().any(|known| same(known, label))).collect();
    check_count(labels.len() + added.len())?;
    insert(core, &mut change, version.id, &added).await?;
    labels.extend(added.iter().cloned());
    labels.sort();
    changed.add = added;
    let now = VersionLabels { prompt_id: prompt, prompt_name: version.prompt_name, version_id: version.id, version: number, labels, changed };
    if now.changed != ChangeLabels::default() {
        let mut deeds = Deeds::default();
        deeds.labels_changed(now.version_id, &before, &now.labels);
        deeds.write(core, &mut change, format!("Labels of {label}: {}", in_words(&now.changed))).await?;
        change.tell(&Happened::PromptLabelsChanged(now.clone())).await?;
        change.commit().await?;
    }
    Ok(now)
}

/// What was put on and taken off.
fn in_words(changed: &ChangeLabels) -> String {
    let said = |labels: &[String], word: &str| (!labels.is_empty()).then(|| format!("{} {word}", labels.join(", ")));
    let said: Vec<String> = [said(&changed.add, "put on"), said(&changed.remove, "taken off")].into_iter().flatten().collect();
    said.join("; ")
}

/// Puts labels on a version that was just made.
pub(super) async fn insert(core: &Core, change: &mut Change<'_>, version: PromptVersionId, labels: &[String]) -> Result<()> {
    for label in labels {
        store::prompts::labels::add(&mut change.tx, core.org, version, label, core.now()).await?;
    }
    Ok(())
}

/// Every label that is in use.
pub async fn list(core: &Core) -> Result<Page<LabelCount>> {
    let items = store::prompts::labels::counted(&core.db, core.org).await?;
    Ok(Page { total: Some(items.len() as u64), items, next_cursor: None })
}

/// Labels as they are kept, each once, in the order given.
pub(super) fn clean_all(labels: &[String]) -> Result<Vec<String>> {
    let mut clean: Vec<String> = Vec::with_capacity(labels.len());
    for label in labels {
        let label = tidy(label);
        check(&label)?;
        if !clean.iter().any(|known| known.to_lowercase() == label.to_lowercase()) {
            clean.push(label);
        }
    }
    check_count(clean.len())?;
    Ok(clean)
}

fn check_count(labels: usize) -> Result<()> {
    if labels > LABELS_MOST {
        let message = format!("A version has at most {LABELS_MOST} labels; take one off first");
        return Err(DomainError::Invalid { code: "too_many_labels", message });
    }
    Ok(())
}

/// Without blanks at its ends, and one between words.
fn tidy(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check(label: &str) -> Result<()> {
    let refuse = |message: String| Err(DomainError::Invalid { code: "label", message });
    if label.is_empty() {
        return refuse("A label is empty; write a word such as candidate".to_owned());
    }
    if label.chars().count() > LABEL_MOST {
        return refuse(format!("A label has at most {LABEL_MOST} characters; shorten it"));
    }
    if let Some(bad) = label.chars().find(|letter| letter.is_control() || matches!(letter, ',' | '"')) {
        return refuse(format!(
            "A label has no {}; write words",
            if bad.is_control() { "control characters".to_owned() } else { format!("'{bad}'") }
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_tidied_and_each_is_kept_once() {
        let labels = [" good  for food ", "candidate", "Candidate"].map(str::to_owned);
        assert_eq!(clean_all(&labels).expect("fine"), ["good for food", "candidate"]);
        for bad in ["", "  ", "a,b", "say \"x\"", "a\u{7}b", &"x".repeat(41)] {
            assert!(clean_all(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
