//! Photos as pixels: decode, orientation, colours, resize, encode. No I/O policy, no GUI.

mod colour_profile;
mod detect;
pub mod metadata;
pub mod perceptual_hash;

use std::io::Cursor;

use colour_profile::ColourProfile;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage, RgbaImage};

/// Photos with more pixels are refused: 200 megapixels are 600 MB in memory.
pub const MOST_PIXELS: u64 = 200_000_000;

/// A decoded photo: sRGB, orientation applied.
#[derive(Debug, Clone)]
pub struct DecodedPhoto {
    pub image: RgbImage,
    /// `jpeg`, `png`, `webp`, `gif`, `tiff`, `bmp`.
    pub format: &'static str,
    /// What was done that a person may want to know (first frame of an animation, transparency, …).
    pub notes: Vec<String>,
}

/// Why bytes are not a photo. `code` is that of `wire::photo::RefusedPhoto`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PhotoError {
    pub code: &'static str,
    pub message: String,
}

impl PhotoError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Decodes a photo of at most [`MOST_PIXELS`], applies its EXIF orientation and takes its colours to sRGB. The kind of file is told by its
/// content, never by its name. CPU-bound: call it off async and GUI threads.
pub fn decode(bytes: &[u8]) -> Result<DecodedPhoto, PhotoError> {
    let (format, name) = detect::format(bytes)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    // Room for 16-bit RGBA of the largest photo.
    limits.max_alloc = Some(MOST_PIXELS * 8 + 64 * 1024 * 1024);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| from_image(&error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS {
        let megapixels = pixels / 1_000_000;
        return Err(PhotoError::new(
            "too_many_pixels",
            format!("The photo says it has {width} × {height} pixels ({megapixels} megapixels); the limit is 200. Export it smaller and add that"),
        ));
    }
    if pixels == 0 {
        return Err(PhotoError::new("unreadable", "The photo has no pixels. Export it again from where it came"));
    }
    let orientation = decoder.orientation().map_err(|error| from_image(&error))?;
    // A profile that can't be read is none.
    let profile = decoder.icc_profile().ok().flatten().and_then(|icc| ColourProfile::read(&icc));
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| from_image(&error))?;
    if format == ImageFormat::Jpeg {
        detect::jpeg_is_whole(bytes)?;
    }
    image.apply_orientation(orientation);
    let mut notes = Vec::new();
    if is_animated(format, bytes) {
        notes.push("Animated: only the first frame is used".to_owned());
    }
    let mut image = to_rgb(image, &mut notes);
    if let Some(profile) = profile.filter(|profile| profile.to_srgb(&mut image)) {
        let whose = if profile.name.is_empty() { "its colour profile" } else { &profile.name };
        notes.push(format!("Colours taken from {whose} to sRGB"));
    }
    Ok(DecodedPhoto { image, format: name, notes })
}

/// Flattens transparency on white, and takes 16-bit photos to 8 bits.
fn to_rgb(image: DynamicImage, notes: &mut Vec<String>) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    if rgba.pixels().any(|pixel| pixel.0[3] != 255) {
        notes.push("Transparent: laid on white".to_owned());
    }
    flatten(&rgba)
}

fn flatten(rgba: &RgbaImage) -> RgbImage {
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
        let alpha = u32::from(from.0[3]);
        for channel in 0..3 {
            to.0[channel] = ((u32::from(from.0[channel]) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    rgb
}

fn is_animated(format: ImageFormat, bytes: &[u8]) -> bool {
    let cursor = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => image::codecs::gif::GifDecoder::new(cursor).is_ok_and(|decoder| decoder.into_frames().take(2).count() > 1),
        ImageFormat::WebP => image::codecs::webp::WebPDecoder::new(cursor).is_ok_and(|decoder| decoder.has_animation()),
        ImageFormat::Png => image::codecs::png::PngDecoder::new(cursor).is_ok_and(|decoder| decoder.is_apng().unwrap_or(false)),
        _ => false,
    }
}

fn from_image(error: &ImageError) -> PhotoError {
    // Decoders say it in lines of their own.
    let words = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let ended = match error {
        ImageError::IoError(io) => io.kind() == std::io::ErrorKind::UnexpectedEof,
        _ => ["eof", "end of file", "truncat", "unexpected end", "not enough data", "not enough bytes", "exhausted"]
            .iter()
            .any(|sign| words.to_lowercase().contains(sign)),
    };
    if ended {
        return truncated();
    }
    match error {
        ImageError::Limits(_) => PhotoError::new("too_many_pixels", "The photo needs more memory than is allowed. Export it smaller and add that"),
        ImageError::Unsupported(_) => PhotoError::new(
            "unsupported_format",
            format!("This variant of the format can't be read ({words}). Export it as JPEG or PNG and add that"),
        ),
        _ => PhotoError::new("unreadable", format!("The photo is damaged: {words}. Copy it again from where it came")),
    }
}

fn truncated() -> PhotoError {
    PhotoError::new("truncated", "The photo ends early: part of the file is missing. Copy it again from where it came")
}

/// Scales down so that the longer edge is at most `max_edge_px` (at least 1); never up.
#[must_use]
pub fn fit(image: &RgbImage, max_edge_px: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    match fitted(width, height, max_edge_px) {
        same if same == (width, height) => image.clone(),
        (width, height) => resize(image, width, height),
    }
}

/// The size that `fit` gives.
#[must_use]
pub fn fitted(width: u32, height: u32, max_edge_px: u32) -> (u32, u32) {
    let longer = width.max(height);
    let max_edge_px = max_edge_px.max(1);
    if longer <= max_edge_px {
        return (width, height);
    }
    let scaled = |edge: u32| ((u64::from(edge) * u64::from(max_edge_px) + u64::from(longer) / 2) / u64::from(longer)).max(1) as u32;
    (scaled(width), scaled(height))
}

/// Scales to exactly this size, each edge at least 1 pixel, with a Catmull-Rom filter.
#[must_use]
pub fn resize(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let mut scaled = DynamicImage::ImageRgb8(RgbImage::new(width.max(1), height.max(1)));
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let source = fast_image_resize::images::ImageRef::new(image.width(), image.height(), image.as_raw(), fast_image_resize::PixelType::U8x3);
    let done = source
        .map_err(|error| error.to_string())
        .and_then(|source| Resizer::new().resize(&source, &mut scaled, &options).map_err(|error| error.to_string()));
    match done {
        Ok(()) => scaled.into_rgb8(),
        // Only a mismatch of sizes and buffers makes it fail, and those come from the images themselves.
        Err(_) => image::imageops::resize(image, width.max(1), height.max(1), image::imageops::FilterType::Triangle),
    }
}

/// PNG of pixels without a file: four bytes each, not premultiplied.
pub fn encode_png(width: u32, height: u32, rgba: Vec<u8>) -> Result<Vec<u8>, PhotoError> {
    let image = RgbaImage::from_raw(width, height, rgba).ok_or_else(|| PhotoError::new("unreadable", "The image has fewer pixels than it says"))?;
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .map_err(|error| PhotoError::new("unreadable", format!("The PNG could not be written: {error}")))?;
    Ok(bytes)
}

/// JPEG without metadata; `quality` 1–100.
pub fn encode_jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, PhotoError> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100))
        .encode_image(image)
        .map_err(|error| PhotoError::new("unreadable", format!("The JPEG could not be written: {error}")))?;
    Ok(bytes)
}
