//! What a file says of itself beside its pixels: EXIF, colour profile. For a person to read; none of it is sent or exported.

use std::io::Cursor;

use exif::{Exif, In, Reader, Tag, Value};
use image::{ImageDecoder as _, ImageReader};

use super::colour_profile::ColourProfile;
use super::detect;

/// Longer values are no use to a reader.
const MOST_CHARS: usize = 200;

/// What is shown, in this order.
const FIELDS: [(Tag, &str); 12] = [
    (Tag::DateTimeOriginal, "Taken"),
    (Tag::LensModel, "Lens"),
    (Tag::ExposureTime, "Exposure"),
    (Tag::FNumber, "Aperture"),
    (Tag::PhotographicSensitivity, "ISO"),
    (Tag::FocalLength, "Focal length"),
    (Tag::FocalLengthIn35mmFilm, "Focal length, as of 35 mm film"),
    (Tag::Flash, "Flash"),
    (Tag::ImageDescription, "Description"),
    (Tag::Artist, "Artist"),
    (Tag::Copyright, "Copyright"),
    (Tag::Software, "Software"),
];

/// Of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Name and value in words.
    pub fields: Vec<(String, String)>,
    /// Says where it was taken. Where is not told: it is nobody's business here.
    pub has_location: bool,
    /// The name of its colour profile.
    pub colour_profile: Option<String>,
}

/// Reads what can be read; a file without any, or with damaged fields, has less to say.
#[must_use]
pub fn read(bytes: &[u8]) -> Metadata {
    let exif = Reader::new().continue_on_error(true).read_from_container(&mut Cursor::new(bytes));
    // What could be read of a damaged block counts.
    let exif = exif.or_else(|error| error.distill_partial_result(|_| {})).ok();
    let mut metadata = exif.map(|exif| of_exif(&exif)).unwrap_or_default();
    metadata.colour_profile = colour_profile(bytes);
    metadata
}

fn of_exif(exif: &Exif) -> Metadata {
    let field = |tag: Tag| exif.get_field(tag, In::PRIMARY).or_else(|| exif.fields().find(|field| field.tag == tag));
    let words = |tag: Tag| field(tag).and_then(|field| in_words(&field.value, || field.display_value().with_unit(exif).to_string()));
    let mut fields = Vec::new();
    let (maker, model) = (words(Tag::Make), words(Tag::Model));
    let camera = match (maker, model) {
        // Many makers write their name into the model too.
        (Some(maker), Some(model)) if !model.to_lowercase().starts_with(&maker.to_lowercase()) => Some(format!("{maker} {model}")),
        (maker, model) => model.or(maker),
    };
    fields.extend(camera.map(|camera| ("Camera".to_owned(), camera)));
    let told = |tag: Tag| words(tag).map(|words| if tag == Tag::DateTimeOriginal { date(&words) } else { words });
    fields.extend(FIELDS.iter().filter_map(|(tag, name)| Some(((*name).to_owned(), told(*tag)?))));
    Metadata { fields, has_location: field(Tag::GPSLatitude).is_some(), colour_profile: None }
}

/// `2026:03:01 14:05:09`, as EXIF has it, in the order and with the signs of ISO 8601.
fn date(words: &str) -> String {
    match words.split_once(' ') {
        Some((day, time)) => format!("{} {time}", day.replace(':', "-")),
        None => words.replace(':', "-"),
    }
}

/// Text without the quotes and padding that cameras give it; numbers as the standard writes them.
fn in_words(value: &Value, display: impl FnOnce() -> String) -> Option<String> {
    let words = match value {
        Value::Ascii(parts) => parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>().join(" "),
        _ => display(),
    };
    let words: String = words.chars().map(|at| if at.is_control() { ' ' } else { at }).take(MOST_CHARS).collect();
    let words = words.trim();
    (!words.is_empty() && words != "unknown").then(|| words.to_owned())
}

fn colour_profile(bytes: &[u8]) -> Option<String> {
    let (format, _) = detect::format(bytes).ok()?;
    let icc = ImageReader::with_format(Cursor::new(bytes), format).into_decoder().ok()?.icc_profile().ok()??;
    Some(ColourProfile::read(&icc)?.name).filter(|name| !name.is_empty())
}
