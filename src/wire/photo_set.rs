//! Named sets of photos of the Testing Lab. A set is a list of photos; every change of the list is a new version, and versions
//! never change, so that a run can say for ever what it was about.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::config::ConfigChange;
use super::ids::{PhotoId, PhotoSetId};

/// Characters of a set's name.
pub const NAME_MOST: usize = 100;
/// Photos of a set.
pub const PHOTOS_MOST: usize = 100_000;

/// One set, as its newest change left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoSet {
    pub id: PhotoSetId,
    pub name: String,
    /// The version that counts now.
    pub version: u32,
    /// Photos of that version, those included that were deleted from the library since.
    pub photos: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl PhotoSet {
    /// Such as `Pets v3`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }
}

/// `GET /api/ai/testing/photo-sets/{id}/versions`: one of the list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoSetOutline {
    pub version: u32,
    /// What was done, such as `3 photos added`.
    pub note: String,
    pub photos: u64,
    pub created_at: DateTime<Utc>,
}

/// `GET /api/ai/testing/photo-sets/{id}/versions/{version}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoSetVersion {
    pub set_id: PhotoSetId,
    pub version: u32,
    pub note: String,
    /// In the order of the set; some may have been deleted from the library since.
    pub photo_ids: Vec<PhotoId>,
    pub created_at: DateTime<Utc>,
}

/// `POST /api/ai/testing/photo-sets`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePhotoSet {
    pub name: String,
    #[serde(default)]
    pub photo_ids: Vec<PhotoId>,
}

/// `PUT /api/ai/testing/photo-sets/{id}`: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangePhotoSet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photos: Option<PhotosChange>,
    /// The version that it was decided on; when another one counts by now, nothing is changed (code `stale`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

impl ChangePhotoSet {
    #[must_use]
    pub fn renamed(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    #[must_use]
    pub fn photos(change: PhotosChange) -> Self {
        Self { photos: Some(change), ..Self::default() }
    }
}

/// How the list of photos becomes another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum PhotosChange {
    /// At the end, those that are not in it yet.
    Add {
        photo_ids: Vec<PhotoId>,
    },
    Remove {
        photo_ids: Vec<PhotoId>,
    },
    Replace {
        photo_ids: Vec<PhotoId>,
    },
    /// As it was in an earlier version; that is a new version too.
    GoBack {
        version: u32,
    },
}

/// Answer of every write: the set as it is now, and the entry of the journal that undo takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoSetChanged {
    pub set: PhotoSet,
    /// `None`: nothing changed.
    pub change: Option<ConfigChange>,
}

/// The set and version that a run is to use. Its photos are then those of that version that are in the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetChoice {
    pub id: PhotoSetId,
    pub version: u32,
}

/// The set and version that a run used, named as it was called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUsed {
    pub id: PhotoSetId,
    pub version: u32,
    pub name: String,
}

impl SetUsed {
    /// Such as `Pets v3`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }
}
