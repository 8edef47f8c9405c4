//! What a wire makes of a request, and the checks that all share: known fields, no nulls, a clean JPEG.

use base64::Engine as _;
use serde_json::Value;

/// A request as its wire reads it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub model: String,
    pub prompt: String,
    /// Empty: none.
    pub system: String,
    pub photo: Option<SeenPhoto>,
    pub is_streamed: bool,
    pub has_schema: bool,
    /// Cloud Vision's features.
    pub features: Vec<String>,
}

/// A photo as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPhoto {
    pub width_px: u32,
    pub height_px: u32,
    pub jpeg: bytes::Bytes,
    /// Mean colour of the left upper quarter: tells which way up it is.
    pub corner: [u8; 3],
}

/// `object` has all `required` fields, and none but these and `optional`.
pub fn fields<'v>(object: &'v Value, path: &str, required: &[&str], optional: &[&str]) -> Result<&'v Value, String> {
    let map = object.as_object().ok_or_else(|| format!("{path} must be an object"))?;
    if let Some(missing) = required.iter().find(|name| !map.contains_key(**name)) {
        return Err(format!("{path}.{missing} is required"));
    }
    match map.keys().find(|name| !required.contains(&name.as_str()) && !optional.contains(&name.as_str())) {
        Some(unknown) => Err(format!("Unknown name \"{unknown}\" at {path}")),
        None => Ok(object),
    }
}

/// The text of a field.
pub fn text(value: &Value, path: &str) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("{path} must be a string"))
}

/// Servers differ in what they do with an explicit null: none is welcome.
pub fn no_null(value: &Value, path: &str) -> Result<(), String> {
    match value {
        Value::Null => Err(format!("{path} is null")),
        Value::Array(list) => list.iter().enumerate().try_for_each(|(at, item)| no_null(item, &format!("{path}[{at}]"))),
        Value::Object(map) => map.iter().try_for_each(|(name, item)| no_null(item, &format!("{path}.{name}"))),
        _ => Ok(()),
    }
}

/// The schema that strict structured output takes: every property required, nothing more allowed, no bounds.
pub fn schema(value: &Value, path: &str) -> Result<(), String> {
    for bound in ["minimum", "maximum", "minLength", "maxLength", "maxItems", "pattern"] {
        if value.get(bound).is_some() {
            return Err(format!("{path}.{bound} is not supported"));
        }
    }
    match value["type"].as_str() {
        Some("object") => {
            let properties = value["properties"].as_object().ok_or_else(|| format!("{path}.properties is required"))?;
            let required = value["required"].as_array().ok_or_else(|| format!("{path}.required is required"))?;
            if value["additionalProperties"] != Value::Bool(false) || properties.keys().any(|name| !required.contains(&Value::from(name.as_str()))) {
                return Err(format!("{path} must require all its properties and allow no others"));
            }
            properties.iter().try_for_each(|(name, inner)| schema(inner, &format!("{path}.{name}")))
        }
        Some("array") => schema(&value["items"], &format!("{path}[]")),
        Some("string" | "number" | "integer" | "boolean") => Ok(()),
        _ => Err(format!("{path}.type is unknown")),
    }
}

/// Decodes a photo: standard base64 of a JPEG that carries no metadata of any kind.
pub fn photo(encoded: &Value, path: &str) -> Result<SeenPhoto, String> {
    let encoded = encoded.as_str().ok_or_else(|| format!("{path} must be a string"))?;
    let jpeg = base64::engine::general_purpose::STANDARD.decode(encoded).map_err(|error| format!("{path} is not base64: {error}"))?;
    clean(&jpeg).map_err(|why| format!("{path} {why}"))?;
    let image =
        image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg).map_err(|error| format!("{path} is no JPEG: {error}"))?.to_rgb8();
    let (width_px, height_px) = image.dimensions();
    let quarter = image::imageops::crop_imm(&image, 0, 0, (width_px / 2).max(1), (height_px / 2).max(1)).to_image();
    let count = u64::from(quarter.width()) * u64::from(quarter.height());
    let sum = quarter.pixels().fold([0_u64; 3], |sum, pixel| [0, 1, 2].map(|at| sum[at] + u64::from(pixel.0[at])));
    Ok(SeenPhoto { width_px, height_px, jpeg: jpeg.into(), corner: sum.map(|total| (total / count) as u8) })
}

/// Walks a JPEG's segments up to the picture: EXIF, XMP, IPTC, comments and embedded thumbnails must not be there.
fn clean(jpeg: &[u8]) -> Result<(), String> {
    let mut rest = jpeg.strip_prefix(&[0xFF, 0xD8]).ok_or("does not begin as a JPEG")?;
    loop {
        let (&[0xFF, marker, high, low], _) = rest.split_first_chunk::<4>().ok_or("ends too early")? else {
            return Err("has a broken segment".to_owned());
        };
        match marker {
            0xDA => return Ok(()),
            0xE1 => return Err("carries EXIF or XMP".to_owned()),
            0xED => return Err("carries IPTC".to_owned()),
            0xE2..=0xEF => return Err(format!("carries metadata (APP{})", marker - 0xE0)),
            0xFE => return Err("carries a comment".to_owned()),
            // JFIF itself; longer ones hold a thumbnail.
            0xE0 if low > 16 => return Err("carries a thumbnail".to_owned()),
            _ => rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..).ok_or("ends too early")?,
        }
    }
}
