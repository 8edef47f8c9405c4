//! Widgets, one per file; they know nothing of the app. Each file says how it is used.

pub mod badge;
pub mod card;
pub mod chip;
pub mod choice;
pub mod confidence_bar;
pub mod elided;
pub mod empty_state;
pub mod error_state;
pub mod keycap;
pub mod list_row;
pub mod merge;
pub mod number;
pub mod photo_frame;
pub mod photo_view;
pub mod prompt_editor;
pub mod relative_time;
pub mod section;
pub mod selection;
pub mod skeleton;
pub mod sparkline;
pub mod splitter;
pub mod thumbnail;
pub mod time_axis;
pub mod time_plot;
pub mod toolbar;
pub mod waterfall;
