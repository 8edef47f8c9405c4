//! What a person has made and this window alone keeps: it is in egui's memory, and on disk within about a second.

use egui::util::id_type_map::SerializableAny;
use egui::{Context, Id};

/// How often something was kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keepings(u64);

/// Keeps a value over a restart; the window writes it soon after, also where it is ended without a goodbye.
pub fn keep<T: SerializableAny>(egui: &Context, id: Id, value: T) {
    egui.data_mut(|data| {
        data.insert_persisted(id, value);
        data.get_temp_mut_or_default::<Keepings>(place()).0 += 1;
    });
}

/// Grows with everything that is kept: what is compared from frame to frame.
#[must_use]
pub fn keepings(egui: &Context) -> Keepings {
    egui.data(|data| data.get_temp(place())).unwrap_or_default()
}

fn place() -> Id {
    Id::unique("how often something was kept")
}
