//! Photos of the library.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::PhotoId;
use super::result::Tag;

/// Where a photo came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoSource {
    /// Shipped with the program.
    Bundled,
    /// Added by a person or another program.
    Added,
}

/// `photos.ai_processing_status`: where the pipeline stands with a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessingStatus {
    /// Never given to the pipeline (a photo that only the Testing Lab uses).
    None,
    Pending,
    Processing,
    Completed,
    Failed,
}

/// One photo. Sizes are after orientation; tags and caption are those of its newest pipeline result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    pub id: PhotoId,
    pub file_name: String,
    /// Under which its bytes have come again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    pub source: PhotoSource,
    /// BLAKE3 of the file's bytes, hexadecimal; the same bytes are one photo.
    pub content_hash: String,
    pub size_bytes: u64,
    pub width_px: u32,
    pub height_px: u32,
    /// `jpeg`, `png`, `webp`, `gif`, `tiff`, `bmp`.
    pub format: String,
    pub ai_processing_status: ProcessingStatus,
    #[serde(default)]
    pub caption: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    pub created_at: DateTime<Utc>,
}

/// `GET /api/ai/photos/{id}/metadata`: what the file says of itself. None of it is sent to a provider or exported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoMetadata {
    /// EXIF in words, in the order in which it is shown.
    pub exif: Vec<ExifField>,
    /// It says where it was taken; where is not told.
    pub has_location: bool,
    /// Its name, such as `Display P3`; pixels are shown and sent as sRGB.
    pub colour_profile: Option<String>,
}

/// Such as `Exposure`, `1/200 s`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExifField {
    pub name: String,
    pub value: String,
}

/// `GET /api/ai/testing/look-alikes`: photos that look alike (copies, bursts). Each group counts as one photo in statistics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookAlikes {
    /// The photo that came first leads each group of two or more.
    pub groups: Vec<Vec<PhotoId>>,
}

/// A file that could not become a photo, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedPhoto {
    pub file_name: String,
    /// Stable: `empty`, `not_a_photo`, `unsupported_format`, `truncated`, `too_many_pixels`, `too_large`, `unreadable`,
    /// `disk_full`, `not_stored`.
    pub code: String,
    /// What happened, why, and what to do.
    pub message: String,
}

/// What became of the files of one `POST /api/ai/photos`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AddedPhotos {
    pub added: Vec<Photo>,
    /// Already in the library (same bytes).
    pub known: Vec<Photo>,
    /// Of those, the files that are called otherwise than the photo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<SameFile>,
    pub refused: Vec<RefusedPhoto>,
}

/// A file with the bytes of a photo that has another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameFile {
    pub file_name: String,
    pub same_as: String,
}

impl SameFile {
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} is the same photo as {}", self.file_name, self.same_as)
    }
}
