//! Icons, from Material Symbols (a font shipped in the program).

pub use egui_material_icons::icons::*;
