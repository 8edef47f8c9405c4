//! Colour profiles. Screens and models take pixels for sRGB; those of a phone's Display P3 or a camera's Adobe RGB look dull
//! there unless they are taken over.

use image::RgbImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, ProfileText, TransformOptions};

/// What a file says its colours are.
pub struct ColourProfile {
    profile: ColorProfile,
    /// Such as `Display P3`; empty where the profile has no name.
    pub name: String,
}

impl ColourProfile {
    /// `None` for what is no profile: the pixels are taken for sRGB then, as everybody does.
    #[must_use]
    pub fn read(icc: &[u8]) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(icc).ok()?;
        let name = profile.description.as_ref().map(name_of).unwrap_or_default();
        Some(Self { profile, name: name.trim_matches(|at: char| at == '\0' || at.is_whitespace()).to_owned() })
    }

    /// Takes pixels to sRGB. Returns whether that changed anything: sRGB's own profile, and those of ink, are left.
    pub fn to_srgb(&self, image: &mut RgbImage) -> bool {
        if self.name.to_lowercase().contains("srgb") {
            return false;
        }
        let from = match self.profile.color_space {
            DataColorSpace::Rgb => Layout::Rgb,
            DataColorSpace::Gray => Layout::Gray,
            // The decoder has made RGB of it already.
            _ => return false,
        };
        let transform = self.profile.create_transform_8bit(from, &ColorProfile::new_srgb(), Layout::Rgb, TransformOptions::default());
        let Ok(transform) = transform else { return false };
        let width = image.width() as usize;
        let mut row = Vec::with_capacity(width * 3);
        for to in image.chunks_exact_mut(width * 3) {
            row.clear();
            match from {
                Layout::Gray => row.extend(to.iter().step_by(3)),
                _ => row.extend_from_slice(to),
            }
            if transform.transform(&row, to).is_err() {
                return false;
            }
        }
        true
    }
}

fn name_of(text: &ProfileText) -> String {
    match text {
        ProfileText::PlainString(name) => name.clone(),
        ProfileText::Localizable(names) => {
            names.iter().find(|name| name.language == "en").or(names.first()).map(|name| name.value.clone()).unwrap_or_default()
        }
        ProfileText::Description(name) => name.ascii_string.clone(),
    }
}
