//! Stories told through the gui.
