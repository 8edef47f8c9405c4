//! Widgets, one per file; they know nothing of the app.
