//! What kind of file some bytes are, told by their first bytes, and whether a JPEG is whole.

use std::io::Cursor;

use image::ImageFormat;
use tiff::decoder::Decoder;
use tiff::tags::Tag;

use super::{PhotoError, truncated};

/// Kinds that people have on their disks and that the program can't read: magic bytes, where they stand, and the name.
const KNOWN_OTHERS: &[(usize, &[u8], &str)] = &[
    (4, b"ftypavif", "an AVIF photo"),
    (4, b"ftypavis", "an AVIF photo"),
    (4, b"ftypheic", "a HEIC photo"),
    (4, b"ftypheix", "a HEIC photo"),
    (4, b"ftyphevc", "a HEIC photo"),
    (4, b"ftypheim", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIC photo"),
    (4, b"ftypmsf1", "a HEIC photo"),
    (4, b"ftypcrx ", "a raw photo"),
    (4, b"ftyp", "a video"),
    (0, b"%PDF", "a PDF"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"FUJIFILM", "a raw photo"),
    (0, b"IIRO", "a raw photo"),
    (0, b"IIU\0", "a raw photo"),
    (8, b"CR\x02", "a raw photo"),
    (0, b"\xff\x0a", "a JPEG XL photo"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL photo"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 photo"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"<svg", "an SVG drawing"),
];

/// The format of some bytes and its name on the wire.
pub fn format(bytes: &[u8]) -> Result<(ImageFormat, &'static str), PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::new("empty", "The file is empty. Copy it again from where it came"));
    }
    if let Some((_, _, what)) = KNOWN_OTHERS.iter().find(|(at, magic, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic))) {
        return Err(PhotoError::new("unsupported_format", format!("This is {what}, which can't be read yet. Export it as JPEG or PNG and add that")));
    }
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => Ok((ImageFormat::Jpeg, "jpeg")),
        Ok(ImageFormat::Png) => Ok((ImageFormat::Png, "png")),
        Ok(ImageFormat::WebP) => Ok((ImageFormat::WebP, "webp")),
        Ok(ImageFormat::Gif) => Ok((ImageFormat::Gif, "gif")),
        Ok(ImageFormat::Tiff) if is_raw(bytes) => {
            Err(PhotoError::new("unsupported_format", "This is a raw photo, which can't be read yet. Export it as JPEG or PNG and add that"))
        }
        Ok(ImageFormat::Tiff) => Ok((ImageFormat::Tiff, "tiff")),
        Ok(ImageFormat::Bmp) => Ok((ImageFormat::Bmp, "bmp")),
        Ok(other) => Err(PhotoError::new(
            "unsupported_format",
            format!("This is a {other:?} file, which can't be read. Export it as JPEG or PNG and add that"),
        )),
        Err(_) => Err(PhotoError::new(
            "not_a_photo",
            "The content is not that of a photo, whatever the name says. JPEG, PNG, WebP, GIF, TIFF and BMP can be read",
        )),
    }
}

/// Whether a TIFF is a camera's raw file (DNG, NEF, ARW, …): it names itself one, or its first picture is only a preview of
/// the sensor's data, which would be tagged in place of the photo.
fn is_raw(bytes: &[u8]) -> bool {
    const DNG_VERSION: Tag = Tag::Unknown(50_706);
    const COLOUR_FILTER_ARRAY: u32 = 32_803;
    let Ok(mut file) = Decoder::new(Cursor::new(bytes)) else { return false };
    let mut number = |tag| file.find_tag_unsigned::<u32>(tag).ok().flatten();
    let is_preview = number(Tag::NewSubfileType).is_some_and(|kind| kind & 1 == 1);
    let is_sensor = number(Tag::PhotometricInterpretation) == Some(COLOUR_FILTER_ARRAY);
    is_preview || is_sensor || file.find_tag(DNG_VERSION).is_ok_and(|version| version.is_some())
}

/// Whether a JPEG has its end marker. The decoder fills what is missing with grey and says nothing, so a photo that was
/// cut off in copying would otherwise be tagged by its upper half.
pub fn jpeg_is_whole(bytes: &[u8]) -> Result<(), PhotoError> {
    let scan = first_scan(bytes).ok_or_else(truncated)?;
    // In entropy-coded data 0xFF is followed by 0x00 or a restart marker, so FF D9 is the end of the image (ITU-T T.81, B.1.1).
    let ends = bytes.get(scan..).is_some_and(|rest| rest.windows(2).any(|pair| pair == [0xff, 0xd9]));
    if ends { Ok(()) } else { Err(truncated()) }
}

/// Where the data after the first start-of-scan marker begins. Segments before it are skipped by their lengths, because
/// an EXIF thumbnail has an end marker of its own.
fn first_scan(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            at += 1;
            continue;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xff => at += 1,
            0xda => return Some(at + 2),
            0x00 | 0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?])),
        }
    }
}
