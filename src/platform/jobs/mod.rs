//! The worker loop and every periodic job, one per file.
