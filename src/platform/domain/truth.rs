//! What photos have, as people say: set by hand or by a file, one photo or many at once, undone through the journal.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::ground_truth::Truth;
use super::lab_journal::Deeds;
use super::{Core, DomainError, Result, photo_sets, spreadsheet};
use crate::platform::store;
use crate::wire::ids::{PhotoId, PhotoSetId};
use crate::wire::page::Page;
use crate::wire::tag::normal_name;
use crate::wire::truth::{IMPORT_MOST, ImportTruth, PhotoTruth, SetTruth, TAG_MOST, TAGS_MOST, TruthChanged, TruthFormat, TruthImport, TruthQuery};

const PAGE: u32 = 1_000;
/// Names that are told of those that no photo has, and of those that several have.
const NAMES_TOLD: usize = 20;

/// The labelled photos of the library, by id.
pub async fn list(core: &Core, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<PhotoTruth>> {
    let bad_cursor = |_| DomainError::Invalid {
        code: "bad_cursor",
        message: "The cursor is not one that this list gave; ask for the first page again".to_owned(),
    };
    let after = cursor.map(str::parse).transpose().map_err(bad_cursor)?;
    let limit = limit.unwrap_or(PAGE).clamp(1, PAGE);
    let items = store::truth::list(&core.db, core.org, after, limit).await?;
    let next_cursor = items.last().filter(|_| items.len() >= limit as usize).map(|last| last.photo_id.to_string());
    Ok(Page { items, next_cursor, total: None })
}

/// Says what one photo has.
pub async fn set(core: &Core, photo: PhotoId, asked: &SetTruth) -> Result<TruthChanged> {
    let tags = asked.tags.as_deref().map(clean).transpose()?;
    let name = store::photos::get(&core.db, core.org, photo).await?.ok_or(DomainError::NotFound { what: "photo" })?.file_name;
    let mut change = core.change().await?;
    let before = store::truth::get(&mut change.tx, core.org, photo).await?;
    if before.as_ref().map(|truth| &truth.tags) == tags.as_ref() {
        return Ok(TruthChanged { truth: before, change: None });
    }
    let truth = tags.map(|tags| PhotoTruth { photo_id: photo, tags, updated_at: core.now() });
    store::truth::set(&mut change.tx, core.org, photo, truth.as_ref()).await?;
    let mut deeds = Deeds::default();
    deeds.truth(photo, before.as_ref().map(|truth| truth.tags.as_slice()), truth.as_ref().map(|truth| truth.tags.as_slice()));
    let words = match truth.as_ref().map(|truth| truth.tags.as_slice()) {
        None => format!("Ground truth of {name} taken away"),
        Some([]) => format!("Ground truth of {name}: nothing to name"),
        Some(tags) => format!("Ground truth of {name}: {}", tags.join(", ")),
    };
    let entry = deeds.write(core, &mut change, words).await?;
    change.commit().await?;
    Ok(TruthChanged { truth, change: entry })
}

/// Reads a file of labels; all of it or nothing.
pub async fn import(core: &Core, asked: &ImportTruth) -> Result<TruthImport> {
    let is_json = TruthFormat::of_name(&asked.file_name) == TruthFormat::Json;
    let file = Truth::parse(&asked.content, is_json)
        .map_err(|(line, why)| DomainError::Invalid { code: "labels", message: format!("{}, line {line}: {why}", asked.file_name) })?;
    let within = match asked.photo_set {
        Some(id) => Some(photos_of(core, id).await?),
        None => None,
    };
    let mut change = core.change().await?;
    let library = store::truth::photos_by_name(&mut change.tx, core.org).await?;
    let aliases = store::truth::photos_by_alias(&mut change.tx, core.org).await?;
    let mut found = TruthImport::default();
    let mut wanted: Vec<(PhotoId, Vec<String>)> = Vec::new();
    let mut labelled: HashSet<PhotoId> = HashSet::new();
    // What photos are called by themselves counts before their other names.
    let (own, other): (Vec<&str>, Vec<&str>) = file.photos().partition(|name| library.contains_key(*name));
    for name in own.into_iter().chain(other) {
        let labels: Vec<String> = file.labels(name).into_iter().flatten().cloned().collect();
        let tags = clean(&labels)?;
        let is_meant = |id: &&PhotoId| within.as_ref().is_none_or(|within| within.contains(id));
        let called = |names: &HashMap<String, Vec<PhotoId>>| names.get(name).into_iter().flatten().filter(is_meant).copied().collect();
        let mut photos: Vec<PhotoId> = called(&library);
        // Another name of a photo is none of it where one is called so by itself.
        if photos.is_empty() {
            photos = called(&aliases);
        }
        if photos.len() > 1 {
            found.shared += 1;
            if found.shared_names.len() < NAMES_TOLD {
                found.shared_names.push(name.to_owned());
            }
        }
        if photos.is_empty() {
            found.unknown += 1;
            if found.unknown_names.len() < NAMES_TOLD {
                found.unknown_names.push(name.to_owned());
            }
        }
        let meant = photos.len();
        photos.retain(|photo| labelled.insert(*photo));
        if photos.len() < meant {
            found.again += 1;
            if found.again_names.len() < NAMES_TOLD {
                found.again_names.push(name.to_owned());
            }
        }
        found.photos += photos.len() as u64;
        found.tags += (photos.len() * tags.len()) as u64;
        wanted.extend(photos.into_iter().map(|id| (id, tags.clone())));
    }
    if wanted.len() > IMPORT_MOST {
        let message = format!("The file labels {} photos; at most {IMPORT_MOST} are taken at once. Make several files of it", wanted.len());
        return Err(DomainError::Invalid { code: "too_many_photos", message });
    }
    let mut deeds = Deeds::default();
    for (photo, tags) in wanted {
        let before = store::truth::get(&mut change.tx, core.org, photo).await?;
        if before.as_ref().is_some_and(|before| before.tags == tags) {
            continue;
        }
        found.changed += 1;
        if !asked.dry_run {
            let truth = PhotoTruth { photo_id: photo, tags, updated_at: core.now() };
            store::truth::set(&mut change.tx, core.org, photo, Some(&truth)).await?;
            deeds.truth(photo, before.as_ref().map(|truth| truth.tags.as_slice()), Some(&truth.tags));
        }
    }
    if asked.dry_run || found.changed == 0 {
        return Ok(found);
    }
    let photos = if found.changed == 1 { "1 photo".to_owned() } else { format!("{} photos", found.changed) };
    found.change = deeds.write(core, &mut change, format!("Ground truth of {photos} from {}", asked.file_name)).await?;
    change.commit().await?;
    Ok(found)
}

/// All labels as a file, by the photos' names; photos of one name have the labels of all of them.
pub async fn export(core: &Core, query: &TruthQuery) -> Result<(TruthFormat, String)> {
    let within = match query.photo_set {
        Some(id) => Some(photos_of(core, id).await?),
        None => None,
    };
    let mut change = core.change().await?;
    let library = store::truth::photos_by_name(&mut change.tx, core.org).await?;
    drop(change);
    let ids: Vec<PhotoId> = library.values().flatten().copied().filter(|id| within.as_ref().is_none_or(|within| within.contains(id))).collect();
    let truth = store::truth::of_photos(&core.db, core.org, &ids).await?;
    let mut labels: Labels<'_> = BTreeMap::new();
    for (name, photos) in &library {
        for tags in photos.iter().filter_map(|id| truth.get(id)) {
            labels.entry(name).or_default().extend(tags.iter().map(String::as_str));
        }
    }
    let format = query.format.unwrap_or_default();
    let unwritable = |error: String| DomainError::Files { message: format!("The labels could not be written: {error}") };
    let text = match format {
        TruthFormat::Json => serde_json::to_string_pretty(&labels).map_err(|error| unwritable(error.to_string()))? + "\n",
        TruthFormat::Csv => csv_of(&labels).map_err(unwritable)?,
    };
    Ok((format, text))
}

/// By name.
type Labels<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

fn csv_of(labels: &Labels<'_>) -> std::result::Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["photo", "tag"]).map_err(|error| error.to_string())?;
    for (name, tags) in labels {
        // Nothing to name is something that was said.
        let nothing = tags.is_empty().then_some("");
        for tag in tags.iter().copied().chain(nothing) {
            writer.write_record([spreadsheet::as_text(name), spreadsheet::as_text(tag)]).map_err(|error| error.to_string())?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// What is said of these photos, for measurements.
pub async fn labels(core: &Core, photos: &[PhotoId]) -> Result<HashMap<PhotoId, BTreeSet<String>>> {
    let truth = store::truth::of_photos(&core.db, core.org, photos).await?;
    Ok(truth.into_iter().map(|(photo, tags)| (photo, tags.into_iter().collect())).collect())
}

async fn photos_of(core: &Core, id: PhotoSetId) -> Result<HashSet<PhotoId>> {
    let set = photo_sets::get(core, id).await?;
    Ok(photo_sets::version(core, id, set.version).await?.photo_ids.into_iter().collect())
}

/// Tags in one spelling, each once, in order.
fn clean(tags: &[String]) -> Result<Vec<String>> {
    let clean: BTreeSet<String> = tags.iter().map(|tag| normal_name(tag)).filter(|tag| !tag.is_empty()).collect();
    let refuse = |message: String| Err(DomainError::Invalid { code: "truth_tags", message });
    if clean.len() > TAGS_MOST {
        return refuse(format!("A photo has at most {TAGS_MOST} tags, and this one would have {}", clean.len()));
    }
    if let Some(long) = clean.iter().find(|tag| tag.chars().count() > TAG_MOST || tag.chars().any(char::is_control)) {
        let begin: String = long.chars().filter(|letter| !letter.is_control()).take(30).collect();
        return refuse(format!("A tag has at most {TAG_MOST} letters and no control characters; '{begin}…' is none"));
    }
    Ok(clean.into_iter().collect())
}
