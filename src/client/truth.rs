//! Ground truth of photos.

use reqwest::Method;

use super::{Client, Result, network, send};
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::truth::{ImportTruth, PhotoTruth, SetTruth, TruthChanged, TruthImport, TruthQuery};

const PATH: &str = "api/ai/testing/ground-truth";

impl Client {
    /// The labelled photos of the library, 1,000 a page.
    pub async fn ground_truth(&self, cursor: Option<&str>) -> Result<Page<PhotoTruth>> {
        self.get_with(PATH, &[("cursor", cursor)]).await
    }

    pub async fn set_ground_truth(&self, photo: PhotoId, body: &SetTruth) -> Result<TruthChanged> {
        self.put(&format!("{PATH}/{photo}"), body).await
    }

    pub async fn import_ground_truth(&self, body: &ImportTruth) -> Result<TruthImport> {
        self.post(&format!("{PATH}/import"), body).await
    }

    /// The labels as a file.
    pub async fn export_ground_truth(&self, query: &TruthQuery) -> Result<String> {
        let request = self.request(Method::GET, &format!("{PATH}/export"))?.query(query);
        send(request).await?.text().await.map_err(network)
    }
}
