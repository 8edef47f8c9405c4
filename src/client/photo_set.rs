//! Named sets of photos.

use reqwest::Method;

use super::{Client, Result, read};
use crate::wire::ids::PhotoSetId;
use crate::wire::page::Page;
use crate::wire::photo_set::{ChangePhotoSet, CreatePhotoSet, PhotoSet, PhotoSetChanged, PhotoSetOutline, PhotoSetVersion};

const PATH: &str = "api/ai/testing/photo-sets";

impl Client {
    /// By name.
    pub async fn photo_sets(&self) -> Result<Page<PhotoSet>> {
        self.get(PATH).await
    }

    pub async fn create_photo_set(&self, body: &CreatePhotoSet) -> Result<PhotoSetChanged> {
        self.post(PATH, body).await
    }

    pub async fn photo_set(&self, id: PhotoSetId) -> Result<PhotoSet> {
        self.get(&format!("{PATH}/{id}")).await
    }

    pub async fn change_photo_set(&self, id: PhotoSetId, body: &ChangePhotoSet) -> Result<PhotoSetChanged> {
        self.put(&format!("{PATH}/{id}"), body).await
    }

    /// Its photos stay. Undone by its entry of the journal.
    pub async fn delete_photo_set(&self, id: PhotoSetId) -> Result<PhotoSetChanged> {
        read(self.request(Method::DELETE, &format!("{PATH}/{id}"))?).await
    }

    /// Newest first.
    pub async fn photo_set_versions(&self, id: PhotoSetId) -> Result<Page<PhotoSetOutline>> {
        self.get(&format!("{PATH}/{id}/versions")).await
    }

    pub async fn photo_set_version(&self, id: PhotoSetId, version: u32) -> Result<PhotoSetVersion> {
        self.get(&format!("{PATH}/{id}/versions/{version}")).await
    }
}
