//! Whether keys are others than those that something shown was asked with.

use crate::keys::Keys;

/// What an area remembers of the keys: every area that shows whether there is one asks again when they change.
#[derive(Debug, Default)]
pub struct KeysSeen(u64);

impl KeysSeen {
    /// Whether a key was stored, held or removed since this was asked last.
    pub fn changed(&mut self, keys: &Keys) -> bool {
        let now = keys.revision();
        std::mem::replace(&mut self.0, now) != now
    }
}
