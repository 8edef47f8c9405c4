//! Which jobs are selected.

use crate::wire::ids::JobId;

pub use crate::gui::widgets::selection::Choose;

/// The selected jobs.
pub type Selection = crate::gui::widgets::selection::Selection<JobId>;
