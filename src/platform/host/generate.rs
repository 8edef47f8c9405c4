//! Fills a fresh database with invented rows, without answering to anybody.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::{StartError, folder, with_place};
use crate::keys::Keys;
use crate::platform::domain::generate::{self, Generate, Generated};
use crate::platform::domain::{Clock, Core};
use crate::platform::store::{self, Db};
use crate::providers::Providers;
use crate::wire::ids::OrganizationId;

/// Makes the database and fills it. One that holds anything is refused before it is touched.
pub async fn generate(database: &Path, clock: Arc<dyn Clock>, asked: &Generate, on_progress: impl FnMut(u64)) -> Result<Generated, StartError> {
    generate::check(asked)?;
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(StartError::Files(format!("There is no folder {} for the database. Make it, or choose another path", folder.display())));
    }
    let _lock = folder::lock(&folder::beside(database, ".lock"))?;
    let is_empty = std::fs::metadata(database).map_or(0, |file| file.len()) == 0;
    if !is_empty && store::peek::is_in_use(database).await.map_err(|error| with_place(database, error))? {
        let path = database.display().to_string();
        return Err(StartError::NotEmpty(path));
    }
    let db = Db::open(database).await.map_err(|error| with_place(database, error))?;
    // Neither photos nor providers are touched.
    let folder = folder::beside(database, ".files");
    let core = Core::new(db, folder, Providers::of(Vec::new()), Keys::new(HashMap::new(), false), clock, OrganizationId::LOCAL);
    let made = generate::generate(&core, asked, on_progress).await;
    core.db.close().await;
    Ok(made?)
}
