//! Cloud Vision's `images:annotate`; its errors are Google's, as Gemini's.

use serde_json::{Value, json};

use super::asked::{Asked, fields, no_null, photo, text};
use super::scenario::Said;

/// Reads a request.
pub fn read(body: &Value) -> Result<Asked, String> {
    no_null(body, "$")?;
    fields(body, "$", &["requests"], &["parent"])?;
    let request = fields(&body["requests"][0], "requests[0]", &["image", "features"], &["imageContext"])?;
    fields(&request["image"], "image", &["content"], &[])?;
    let mut features = Vec::new();
    for feature in request["features"].as_array().ok_or("features must be a list")? {
        fields(feature, "features[]", &["type"], &["maxResults", "model"])?;
        let kind = text(&feature["type"], "features[].type")?;
        if !["LABEL_DETECTION", "OBJECT_LOCALIZATION", "TEXT_DETECTION", "SAFE_SEARCH_DETECTION"].contains(&kind.as_str()) {
            return Err(format!("unknown feature {kind}"));
        }
        features.push(kind);
    }
    if features.is_empty() {
        return Err("features must not be empty".to_owned());
    }
    // The key is tried with a picture of one pixel, which is a PNG.
    let image = &request["image"]["content"];
    let is_png = image.as_str().is_some_and(|image| image.starts_with("iVBOR"));
    let photo = if is_png { None } else { Some(photo(image, "image.content")?) };
    Ok(Asked { photo, features, ..Asked::default() })
}

/// The reply: labels and objects from the tags, text from the caption.
pub fn reply(asked: &Asked, said: &Said) -> Value {
    let wants = |kind: &str| asked.features.iter().any(|feature| feature == kind);
    let answer: Value = serde_json::from_str(&said.text).unwrap_or_default();
    let tags = answer["tags"].as_array().cloned().unwrap_or_default();
    let mut response = json!({});
    if wants("LABEL_DETECTION") && !tags.is_empty() {
        response["labelAnnotations"] = tags
            .iter()
            .map(|tag| json!({"mid": "/m/0bt9lr", "description": tag["tag"], "score": tag["confidence"], "topicality": tag["confidence"]}))
            .collect();
    }
    if wants("OBJECT_LOCALIZATION") {
        let corners = json!([{"x": 0.1, "y": 0.2}, {"x": 0.6, "y": 0.2}, {"x": 0.6, "y": 0.9}, {"x": 0.1, "y": 0.9}]);
        response["localizedObjectAnnotations"] =
            json!([{"mid": "/m/0bt9lr", "name": "Dog", "score": 0.87, "boundingPoly": {"normalizedVertices": corners}}]);
    }
    if wants("TEXT_DETECTION") {
        response["textAnnotations"] = json!([{"locale": "en", "description": "STOP\nHERE"}, {"description": "STOP"}]);
        response["fullTextAnnotation"] = json!({"text": "STOP\nHERE"});
    }
    if wants("SAFE_SEARCH_DETECTION") {
        response["safeSearchAnnotation"] =
            json!({"adult": "VERY_UNLIKELY", "spoof": "UNLIKELY", "medical": "UNLIKELY", "violence": "LIKELY", "racy": "POSSIBLE"});
    }
    json!({"responses": [response]})
}
