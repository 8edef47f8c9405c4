//! What the window remembers from one start to the next. Theme, scale and the widths of panels are remembered by egui.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::gui::ctx::AreaId;
use crate::gui::ctx::keys_worked::Worked;

const KEY: &str = "minerva";

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    pub area: AreaId,
    /// A team's platform instead of the embedded one. Its token is in the keyring.
    pub remote: Option<Url>,
    /// The left panel is a rail of icons.
    pub is_narrow: bool,
    /// Under which this window writes; empty: as the system calls the person.
    pub name: String,
    /// Alerts are told by the window alone, not by the desktop.
    pub is_quiet: bool,
    /// When keys for platforms elsewhere last worked; of a key itself no more than what tells it from another one.
    pub own_keys_worked: BTreeMap<String, Worked>,
}

impl Saved {
    pub fn load(storage: Option<&dyn eframe::Storage>) -> Self {
        storage.and_then(|storage| eframe::get_value(storage, KEY)).unwrap_or_default()
    }

    pub fn store(&self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, KEY, self);
    }
}

/// The keyring's name for the token of a platform.
pub fn token_account(base: &Url) -> String {
    format!("platform {base}")
}
