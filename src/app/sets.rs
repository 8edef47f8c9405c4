//! `minerva sets`: named sets of photos, through the same platform and the same API as the window.

use std::collections::HashMap;
use std::path::PathBuf;

use super::args::SetsCommand;
use super::compare::{self, inputs};
use super::config::Settings;
use super::{Failure, Result, local, logging, runtime, terminal};
use crate::client::Client;
use crate::wire::ids::PhotoId;
use crate::wire::photo::SameFile;
use crate::wire::photo_set::{ChangePhotoSet, CreatePhotoSet, PhotoSet, PhotoSetChanged, PhotosChange};
use local::failed;

pub fn run(settings: &Settings, command: &SetsCommand) -> Result<()> {
    logging::to_terminal(settings);
    runtime()?.block_on(local::with_platform(settings, async |client| obey(&client, command).await))
}

async fn obey(client: &Client, command: &SetsCommand) -> Result<()> {
    match command {
        SetsCommand::List => list(client).await,
        SetsCommand::Show { name } => show(client, name).await,
        SetsCommand::Create { name, paths } => {
            // Better one word now than after all photos were read and added.
            check_is_free(client, name).await?;
            let added = add(client, paths).await?;
            let create = CreatePhotoSet { name: name.clone(), photo_ids: added.photo_ids };
            tell(&client.create_photo_set(&create).await.map_err(|error| failed(&error))?)?;
            left_out(added.left_out)
        }
        SetsCommand::Add { name, paths } => {
            let set = named(client, name).await?;
            let added = add(client, paths).await?;
            change(client, &set, ChangePhotoSet::photos(PhotosChange::Add { photo_ids: added.photo_ids })).await?;
            left_out(added.left_out)
        }
        SetsCommand::Rename { name, to } => {
            let set = named(client, name).await?;
            change(client, &set, ChangePhotoSet::renamed(to)).await
        }
        SetsCommand::GoBack { name, version } => {
            let set = named(client, name).await?;
            change(client, &set, ChangePhotoSet::photos(PhotosChange::GoBack { version: *version })).await
        }
        SetsCommand::Delete { name } => {
            let set = named(client, name).await?;
            tell(&client.delete_photo_set(set.id).await.map_err(|error| failed(&error))?)
        }
    }
}

async fn change(client: &Client, set: &PhotoSet, body: ChangePhotoSet) -> Result<()> {
    tell(&client.change_photo_set(set.id, &body).await.map_err(|error| failed(&error))?)
}

fn tell(changed: &PhotoSetChanged) -> Result<()> {
    match &changed.change {
        Some(change) => terminal::out(&change.summary),
        None => terminal::out(&format!("{} stays as it is", changed.set.label())),
    }
}

async fn check_is_free(client: &Client, name: &str) -> Result<()> {
    let sets = client.photo_sets().await.map_err(|error| failed(&error))?.items;
    let wanted = name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    match sets.iter().find(|set| set.name.to_lowercase() == wanted) {
        None => Ok(()),
        Some(set) => Err(Failure::Usage(format!("There is a photo set {} already. Nothing was added; choose another name", set.name))),
    }
}

/// The set that is called so, whatever its case.
pub(super) async fn named(client: &Client, name: &str) -> Result<PhotoSet> {
    let sets = client.photo_sets().await.map_err(|error| failed(&error))?.items;
    let names: Vec<String> = sets.iter().map(|set| set.name.clone()).collect();
    let there_are = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
    let missing = || Failure::Usage(format!("There is no photo set '{name}'; there is {there_are}"));
    sets.into_iter().find(|set| set.name.to_lowercase() == name.trim().to_lowercase()).ok_or_else(missing)
}

async fn list(client: &Client) -> Result<()> {
    for set in client.photo_sets().await.map_err(|error| failed(&error))?.items {
        terminal::out(&format!("{}\tv{}\t{} photos", set.name, set.version, set.photos))?;
    }
    Ok(())
}

async fn show(client: &Client, name: &str) -> Result<()> {
    let set = named(client, name).await?;
    let version = client.photo_set_version(set.id, set.version).await.map_err(|error| failed(&error))?;
    for id in version.photo_ids {
        match client.photo(id).await {
            Ok(photo) => terminal::out(&photo.file_name)?,
            Err(error) if error.code() == Some("not_found") => terminal::out("(deleted from the library)")?,
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(())
}

/// What was added of the files that were named.
#[derive(Default)]
struct Added {
    photo_ids: Vec<PhotoId>,
    /// Files that could not be added; why was said for each.
    left_out: usize,
}

/// The rest is done, and still something went wrong.
fn left_out(files: usize) -> Result<()> {
    match files {
        0 => Ok(()),
        1 => Err(Failure::Failed("1 file was left out; the others are in the set".to_owned())),
        many => Err(Failure::Failed(format!("{many} files were left out; the others are in the set"))),
    }
}

/// Adds files, folders and zip files to the library, known ones included.
async fn add(client: &Client, paths: &[PathBuf]) -> Result<Added> {
    if paths.is_empty() {
        return Ok(Added::default());
    }
    let unpacked = inputs::unpack(paths)?;
    let (files, unreadable) = unpacked.photos()?;
    for why in unreadable.iter().chain(&unpacked.refused) {
        terminal::err(why);
    }
    let mut photo_ids = Vec::with_capacity(files.len());
    let mut left_out = unreadable.len() + unpacked.refused.len();
    let mut first_with: HashMap<PhotoId, &str> = HashMap::new();
    for file in &files {
        match compare::add_photo(client, file).await {
            Ok(photo) => {
                let first = first_with.get(&photo.id).copied();
                if let Some(same_as) = first.or_else(|| Some(photo.file_name.as_str()).filter(|name| *name != file.file_name)) {
                    terminal::err(&SameFile { file_name: file.label.clone(), same_as: same_as.to_owned() }.words());
                }
                first_with.entry(photo.id).or_insert(&file.label);
                photo_ids.push(photo.id);
            }
            Err(why) => {
                left_out += 1;
                terminal::err(&format!("{}: {why}", file.label));
            }
        }
    }
    if photo_ids.is_empty() {
        return Err(Failure::Failed("None of the files is a photo that can be added; nothing was changed".to_owned()));
    }
    Ok(Added { photo_ids, left_out })
}
