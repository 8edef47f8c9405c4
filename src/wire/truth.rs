//! Ground truth: the tags that a photo has, as a person says. Answers are measured against it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::config::ConfigChange;
use super::ids::{PhotoId, PhotoSetId};

/// Tags of one photo.
pub const TAGS_MOST: usize = 200;
/// Characters of a tag.
pub const TAG_MOST: usize = 100;
/// Photos that one file labels.
pub const IMPORT_MOST: usize = 20_000;

/// What one photo has. Without tags: a person looked, and there is nothing to be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoTruth {
    pub photo_id: PhotoId,
    /// Each once, in alphabetical order, in the spelling of [`super::tag::normal_name`].
    pub tags: Vec<String>,
    pub updated_at: DateTime<Utc>,
}

/// `PUT /api/ai/testing/ground-truth/{photo}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTruth {
    /// `None`: nothing is said of the photo any more.
    pub tags: Option<Vec<String>>,
}

/// Answer to [`SetTruth`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TruthChanged {
    pub truth: Option<PhotoTruth>,
    /// What undo takes; `None`: nothing changed.
    pub change: Option<ConfigChange>,
}

/// `POST /api/ai/testing/ground-truth/import`: a file in the format of `minerva compare --truth`. The photos that it names have
/// its tags afterwards, in the place of those they had; others stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTruth {
    /// JSON if it ends so, else CSV.
    pub file_name: String,
    pub content: String,
    /// Only photos of this set; else of the whole library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_set: Option<PhotoSetId>,
    /// Says what would change, and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a file of labels does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TruthImport {
    /// Photos that the file labels; a name may be that of several.
    pub photos: u64,
    pub tags: u64,
    /// Of these photos, those that have other tags than before.
    pub changed: u64,
    /// Names that no photo has: how many, and the first of them.
    pub unknown: u64,
    pub unknown_names: Vec<String>,
    /// Names of several photos, all of which are labelled: how many, and the first of them.
    #[serde(default)]
    pub shared: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_names: Vec<String>,
    /// Other names of photos that the file labels already: how many, and the first of them.
    #[serde(default)]
    pub again: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again_names: Vec<String>,
    /// What undo takes, where something was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ConfigChange>,
}

impl TruthImport {
    /// `No photo is called x.jpg, …`; `None` where every name is known.
    #[must_use]
    pub fn unknown_words(&self) -> Option<String> {
        (self.unknown > 0).then(|| format!("No photo is called {}", listed(&self.unknown_names, self.unknown)))
    }

    /// That a name is of several photos; `None` where none is.
    #[must_use]
    pub fn shared_words(&self) -> Option<String> {
        let names = listed(&self.shared_names, self.shared);
        match self.shared {
            0 => None,
            1 => Some(format!("Several photos are called {names}, and all of them are labelled")),
            _ => Some(format!("Several photos are called {names} each, and all of them are labelled")),
        }
    }

    /// That a name is another one of a photo that has its labels from the file already; `None` where none is.
    #[must_use]
    pub fn again_words(&self) -> Option<String> {
        let names = listed(&self.again_names, self.again);
        match self.again {
            0 => None,
            1 => Some(format!("{names} is another name of a photo that the file labels already: left out")),
            _ => Some(format!("{names} are other names of photos that the file labels already: left out")),
        }
    }
}

fn listed(names: &[String], all: u64) -> String {
    format!("{}{}", names.join(", "), if all > names.len() as u64 { ", …" } else { "" })
}

/// `GET /api/ai/testing/ground-truth`, and with `format` `…/export`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TruthQuery {
    /// Only photos of this set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo_set: Option<PhotoSetId>,
    /// Of an export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<TruthFormat>,
}

/// How labels are written to a file. Both are read again by the import and by `minerva compare --truth`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthFormat {
    /// `photo,tag`; of a photo with nothing to name the tag is empty.
    #[default]
    Csv,
    /// `{"photo.jpg": ["tag"]}`.
    Json,
}

impl TruthFormat {
    /// As a file's name says.
    #[must_use]
    pub fn of_name(file_name: &str) -> Self {
        if file_name.to_lowercase().ends_with(".json") { Self::Json } else { Self::Csv }
    }
}
