//! Photos.

use bytes::Bytes;
use reqwest::Method;
use reqwest::multipart::{Form, Part};

use super::{Client, Result, network, read, send};
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::photo::{AddedPhotos, LookAlikes, Photo, PhotoMetadata};

impl Client {
    /// Newest first; `limit` at most 1,000.
    pub async fn photos(&self, cursor: Option<&str>, limit: u32) -> Result<Page<Photo>> {
        self.get_with("api/ai/photos", &[("limit", Some(limit.to_string())), ("cursor", cursor.map(str::to_owned))]).await
    }

    /// Photos that a search finds (see [`crate::wire::photo_search`]), best match first where there are not too many, else
    /// newest first; the total is left out where it is above 10,000.
    pub async fn search_photos(&self, search: &str, cursor: Option<&str>, limit: u32) -> Result<Page<Photo>> {
        let query = [("q", Some(search.to_owned())), ("limit", Some(limit.to_string())), ("cursor", cursor.map(str::to_owned))];
        self.get_with("api/ai/photos", &query).await
    }

    /// Photos that look alike.
    pub async fn look_alikes(&self) -> Result<LookAlikes> {
        self.get("api/ai/testing/look-alikes").await
    }

    pub async fn photo(&self, id: PhotoId) -> Result<Photo> {
        self.get(&format!("api/ai/photos/{id}")).await
    }

    /// The photo as JPEG, orientation applied, the longer edge at most `max_px` (`None`: full size).
    pub async fn photo_image(&self, id: PhotoId, max_px: Option<u32>) -> Result<Bytes> {
        let request = self.request(Method::GET, &format!("api/ai/photos/{id}/image"))?.query(&[("max", max_px)]);
        send(request).await?.bytes().await.map_err(network)
    }

    /// What the photo's file says of itself.
    pub async fn photo_metadata(&self, id: PhotoId) -> Result<PhotoMetadata> {
        self.get(&format!("api/ai/photos/{id}/metadata")).await
    }

    /// Adds files; `enqueue` also queues the new ones for the pipeline.
    pub async fn add_photos(&self, files: Vec<(String, Bytes)>, enqueue: bool) -> Result<AddedPhotos> {
        let mut form = Form::new();
        for (name, bytes) in files {
            form = form.part("photo", Part::stream(bytes).file_name(in_a_header(&name)));
        }
        read(self.request(Method::POST, "api/ai/photos")?.query(&[("enqueue", enqueue)]).multipart(form)).await
    }

    pub async fn delete_photo(&self, id: PhotoId) -> Result<()> {
        send(self.request(Method::DELETE, &format!("api/ai/photos/{id}"))?).await.map(drop)
    }
}

/// A file's name as the header of a part can carry it: no control characters, and none that is read as a folder.
fn in_a_header(name: &str) -> String {
    let legal = |c: char| match c {
        '\\' => '_',
        c if c.is_control() => ' ',
        c => c,
    };
    name.chars().map(legal).collect()
}
