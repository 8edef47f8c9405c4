//! What becomes of a file's prompts: a new prompt, the next version of one that is there, or nothing. Looked at first, then made in
//! one go.

use std::collections::{BTreeSet, HashMap};

use minijinja::Environment;

use super::{FilePrompt, ReadFile, refusal};
use crate::platform::domain::prompt_journal::Deeds;
use crate::platform::domain::prompts::{self, PromptText};
use crate::platform::domain::{Change, Core, Result, author, prompt_labels};
use crate::platform::store;
use crate::wire::event::Happened;
use crate::wire::ids::PromptId;
use crate::wire::prompt::{Prompt, PromptVersion, SavePromptVersion};
use crate::wire::prompt_diff::PromptPart;
use crate::wire::prompt_file::{ImportChoice, ImportInto, ImportItem, ImportOutcome, Imported};
use crate::wire::prompt_parts::{PromptParts, variable_problems};

/// Characters of a note at most.
const NOTE_MOST: usize = 500;

/// A prompt as it stands, or will when what comes before in the file is made.
struct Known {
    prompt: Prompt,
    /// What of this file became its newest version.
    newest: Option<(String, PromptParts)>,
    is_of_file: bool,
    /// The highest number that a version of it ever had.
    highest: u32,
}

/// The prompts, by their names in small letters; each is looked up once.
struct Prompts<'c> {
    core: &'c Core,
    by_name: HashMap<String, Known>,
}

impl<'c> Prompts<'c> {
    async fn load(core: &'c Core) -> Result<Self> {
        let prompts = store::prompts::list(&core.db, core.org).await?;
        let numbers = store::prompts::standing::highest_numbers(&core.db, core.org).await?;
        let known = |prompt: Prompt| {
            let highest = numbers.get(&prompt.id).copied().unwrap_or(0);
            (prompt.name.to_lowercase(), Known { prompt, newest: None, is_of_file: false, highest })
        };
        Ok(Self { core, by_name: prompts.into_iter().map(known).collect() })
    }

    fn find(&self, name: &str) -> Option<&Known> {
        self.by_name.get(&name.to_lowercase())
    }

    /// The version that says just this: one that was there before, whichever, or the newest of this file. An older one of the
    /// file is none: what goes back to its text is a version of its own.
    async fn same(&self, known: &Known, content: &str, parts: &PromptParts) -> Result<Option<u32>> {
        if known.newest.as_ref().is_some_and(|(text, others)| text == content && others == parts) {
            return Ok(Some(known.highest));
        }
        // The look is at what stood before the file: nothing of it is written there yet.
        let found = store::prompts::version_that_says(&self.core.db, self.core.org, Some(known.prompt.id), content, parts).await?;
        Ok(found.map(|(_, number)| number))
    }
}

/// Makes what a file has; in a dry run only says what would be made.
pub async fn import(core: &Core, file: ReadFile, choices: &[ImportChoice], dry_run: bool) -> Result<Imported> {
    // The write is begun before the look: nobody can make a prompt of the same name in between.
    let mut change = if dry_run { None } else { Some(core.change().await?) };
    let mut prompts = Prompts::load(core).await?;
    let mut deeds = Deeds::default();
    let (mut items, mut versions): (Vec<ImportItem>, Vec<PromptVersion>) = (Vec::with_capacity(file.prompts.len()), Vec::new());
    for (at, given) in file.prompts.into_iter().enumerate() {
        let into = choices.iter().find(|choice| choice.item as usize == at).map(|choice| &choice.into);
        let item = plan(&prompts, given, into).await?;
        if let Some(change) = &mut change {
            if let ImportOutcome::Refused { why } = &item.0.outcome {
                return Err(refusal("import_refused", format!("{}: {why}. Nothing was imported; leave it out, or mend the file", item.0.name)));
            }
            versions.extend(make(core, change, &mut prompts, &mut deeds, &item).await?);
        } else if item.0.outcome.makes() {
            note(core, &mut prompts, &item);
        }
        items.push(item.0);
    }
    if let Some(mut change) = change
        && !versions.is_empty()
    {
        deeds.write(core, &mut change, summary(&versions)).await?;
        change.commit().await?;
    }
    Ok(Imported { format: file.format, warnings: file.warnings, items, versions })
}

/// What was imported, in words; of many the first ones by name.
fn summary(versions: &[PromptVersion]) -> String {
    const NAMED: usize = 3;
    let named: Vec<String> = versions.iter().take(NAMED).map(PromptVersion::label).collect();
    let more = versions.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("Imported: {}{rest}", named.join(", "))
}

/// What becomes of one prompt, with its parts.
async fn plan(prompts: &Prompts<'_>, given: FilePrompt, into: Option<&ImportInto>) -> Result<(ImportItem, PromptParts)> {
    let FilePrompt { name, version, note, author, labels, content, parts, mut warnings, trouble } = given;
    let (content, parts) = (prompts::plain_lines(&content), prompts::plain_parts(&parts));
    let note: String = note.trim().chars().take(NOTE_MOST).collect();
    let cleaned = prompt_labels::clean_all(&labels);
    let wanted = match into {
        Some(ImportInto::Prompt { name }) => name.trim().to_owned(),
        _ => name.trim().to_owned(),
    };
    let fault = trouble.or_else(|| {
        let fine = prompts::check_name(&wanted).and_then(|_| prompts::check(PromptText { content: &content, parts: &parts }));
        let fault = fine.err().map(|error| error.to_string()).or_else(|| cleaned.as_ref().err().map(ToString::to_string));
        fault.map(|words| words.trim_end_matches('.').to_owned())
    });
    let outcome = match (into, fault) {
        (Some(ImportInto::Skip), _) => ImportOutcome::Skipped,
        (_, Some(why)) => ImportOutcome::Refused { why },
        _ => match prompts.find(&wanted) {
            None => ImportOutcome::NewPrompt { name: wanted },
            Some(known) => match prompts.same(known, &content, &parts).await? {
                Some(version) => ImportOutcome::Same { name: known.prompt.name.clone(), version },
                None => ImportOutcome::NewVersion {
                    prompt_id: (!known.is_of_file).then_some(known.prompt.id),
                    name: known.prompt.name.clone(),
                    version: known.highest + 1,
                },
            },
        },
    };
    warnings.extend(unknown_variables(&content, &parts));
    let kept = |part: &PromptPart| match part {
        PromptPart::User => false,
        PromptPart::System => !parts.system.trim().is_empty(),
        PromptPart::Schema => !parts.schema.trim().is_empty(),
        PromptPart::Parameters => !parts.parameters.is_unset(),
        PromptPart::Variables => !parts.variables.is_empty(),
    };
    let item = ImportItem {
        name,
        version,
        note,
        author,
        labels: cleaned.unwrap_or_default(),
        content,
        parts: PromptPart::ALL.into_iter().filter(kept).collect(),
        outcome,
        warnings,
    };
    Ok((item, parts))
}

/// Makes what was planned.
async fn make(
    core: &Core,
    change: &mut Change<'_>,
    prompts: &mut Prompts<'_>,
    deeds: &mut Deeds,
    item: &(ImportItem, PromptParts),
) -> Result<Option<PromptVersion>> {
    let (item, parts) = item;
    let now = core.now();
    let (prompt, highest) = match &item.outcome {
        ImportOutcome::NewPrompt { name } => {
            let prompt = fresh(core, name);
            store::prompts::insert(&mut change.tx, core.org, prompt.id, name, now).await?;
            deeds.prompt_made(&prompt);
            (prompt, 0)
        }
        ImportOutcome::NewVersion { name, .. } => match prompts.find(name) {
            Some(known) => (
                Prompt { revision: known.prompt.revision + 1, updated_at: now, updated_by: author::current(), ..known.prompt.clone() },
                known.highest,
            ),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let asked = SavePromptVersion { content: item.content.clone(), parts: parts.clone(), note: item.note.clone(), author: item.author.clone() };
    let mut version = prompts::version_of(&prompt, highest + 1, &asked, now);
    store::prompts::insert_version(&mut change.tx, core.org, &version).await?;
    prompt_labels::insert(core, change, version.id, &item.labels).await?;
    version.labels.clone_from(&item.labels);
    version.labels.sort();
    deeds.version_saved(&version);
    // A draft that is there stays: it is somebody's work.
    let prompt = Prompt { latest_version: version.version, ..prompt };
    store::prompts::update(&mut change.tx, core.org, &prompt).await?;
    change.tell(&Happened::PromptVersionSaved(version.clone())).await?;
    change.tell(&Happened::PromptChanged(prompt.clone())).await?;
    let known = Known { newest: Some((item.content.clone(), parts.clone())), is_of_file: true, highest: version.version, prompt };
    prompts.by_name.insert(known.prompt.name.to_lowercase(), known);
    Ok(Some(version))
}

/// Counts what would be made, for what comes after it in the file.
fn note(core: &Core, prompts: &mut Prompts<'_>, item: &(ImportItem, PromptParts)) {
    let (ImportOutcome::NewPrompt { name } | ImportOutcome::NewVersion { name, .. }) = &item.0.outcome else { return };
    let known = prompts.by_name.entry(name.to_lowercase());
    let known = known.or_insert_with(|| Known { prompt: fresh(core, name), newest: None, is_of_file: true, highest: 0 });
    known.highest += 1;
    known.prompt.latest_version = known.highest;
    known.newest = Some((item.0.content.clone(), item.1.clone()));
}

fn fresh(core: &Core, name: &str) -> Prompt {
    let (name, updated_at) = (name.to_owned(), core.now());
    Prompt {
        id: PromptId::fresh(),
        name,
        draft: None,
        draft_parts: None,
        latest_version: 0,
        live_version: None,
        revision: 1,
        updated_at,
        updated_by: author::current(),
    }
}

/// Names that templates use and nothing in them sets, sorted.
pub(super) fn names_used(content: &str, system: &str) -> BTreeSet<String> {
    let environment = Environment::empty();
    let names = |text: &str| prompts::read_template(&environment, text).map(|template| template.undeclared_variables(false)).unwrap_or_default();
    names(content).into_iter().chain(names(system)).collect()
}

/// Names that nothing gives a value, each in a sentence.
fn unknown_variables(content: &str, parts: &PromptParts) -> Vec<String> {
    let known: Vec<&str> = parts.names().collect();
    let unknown: Vec<String> = names_used(content, &parts.system).into_iter().filter(|name| !known.contains(&name.as_str())).collect();
    let say = |name: &String| {
        let as_variable = [crate::wire::prompt_parts::Variable { name: name.clone(), value: String::new() }];
        if variable_problems(&as_variable).is_empty() {
            format!("Nothing gives {{{{ {name} }}}} a value: add a variable of this name under Settings before it goes live")
        } else {
            format!("Nothing gives {{{{ {name} }}}} a value, and no variable can be named so: rename it in the text before it goes live")
        }
    };
    unknown.iter().map(say).collect()
}
