//! Google Cloud Vision: labels, objects, text and safe search. It follows no prompt.
//!
//! Wire: <https://docs.cloud.google.com/vision/docs/reference/rest/v1/images/annotate>. A model's name is one feature or
//! several joined with `+`: `labels+text`. Every feature of a photo is one unit on the bill, but safe search costs nothing where
//! labels are asked for as well: <https://cloud.google.com/vision/pricing>.

use base64::Engine as _;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::dialect::{AskMode, Dialect, End, HttpRequest, Reading};
use super::gemini;
use super::price::ListedModel;
use super::{PhotoRequest, PhotoRule, SentPhoto};
use crate::wire::result::{ConfidenceKind, Fault, FaultKind, Note, Tag};

/// Labels and objects that are asked for.
const RESULTS_MOST: u32 = 50;
/// A PNG of one pixel: the key is tried with it, for one unit.
const ONE_PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const LABELS: &str = "LABEL_DETECTION";
const SAFE_SEARCH: &str = "SAFE_SEARCH_DETECTION";

/// The wire.
pub struct Vision;

/// The features of a model's name.
fn features(model: &str) -> Result<Vec<&'static str>, Fault> {
    let named = model.split('+').map(|name| match name.trim() {
        "labels" => Ok(LABELS),
        "objects" => Ok("OBJECT_LOCALIZATION"),
        "text" => Ok("TEXT_DETECTION"),
        "safe-search" => Ok(SAFE_SEARCH),
        other => Err(Fault::new(
            FaultKind::UnknownModel,
            format!("'{other}' is no feature of Cloud Vision. It has labels, objects, text and safe-search, joined with '+'"),
        )),
    });
    let mut features = named.collect::<Result<Vec<_>, _>>()?;
    let mut seen = Vec::new();
    features.retain(|feature| {
        !seen.contains(feature) && {
            seen.push(*feature);
            true
        }
    });
    Ok(features)
}

/// What is charged for, in words.
fn units_words(features: &[&str]) -> String {
    let is_free = features.contains(&LABELS) && features.contains(&SAFE_SEARCH);
    let units = features.len() - usize::from(is_free);
    let are = if units == 1 { "unit is" } else { "units are" };
    let free = if is_free { ", safe search is free with labels" } else { "" };
    format!("{units} {are} charged{free}; free units of the month are not subtracted")
}

/// The fault of one photo comes inside a good status, with a code of google.rpc; what stands before Google's servers writes that
/// of HTTP.
fn fault_of_photo(error: &Value) -> Fault {
    let said = error["message"].as_str().unwrap_or("no reason given").trim_end_matches('.');
    let code = error["code"].as_u64();
    let (kind, words) = match (code, error["status"].as_str()) {
        (Some(8 | 429), _) | (_, Some("RESOURCE_EXHAUSTED")) if gemini::is_spent(said) => {
            (FaultKind::QuotaSpent, format!("Cloud Vision says: {said}. Waiting a few minutes will not help"))
        }
        (Some(8 | 429), _) | (_, Some("RESOURCE_EXHAUSTED")) => {
            (FaultKind::RateLimited, format!("Cloud Vision says: {said}. Wait, or run fewer calls at once"))
        }
        (Some(14 | 502 | 503), _) | (_, Some("UNAVAILABLE")) => (FaultKind::Overloaded, format!("Cloud Vision says: {said}. Try again later")),
        (Some(4 | 504), _) | (_, Some("DEADLINE_EXCEEDED")) => (FaultKind::Timeout, format!("Cloud Vision says: {said}. Try again later")),
        (Some(2 | 13 | 500), _) | (_, Some("INTERNAL")) => (FaultKind::Server, format!("Cloud Vision says: {said}. Try again later")),
        (Some(7 | 403), _) => (FaultKind::Permission, format!("Cloud Vision says: {said}. Check the restrictions of the key")),
        (Some(16 | 401), _) => (FaultKind::Auth, format!("Cloud Vision says: {said}. Enter a valid key in Pipeline control")),
        _ => (FaultKind::BadRequest, format!("Cloud Vision could not read this photo: {said}")),
    };
    let named = |code: u64| if code < 100 { format!("google.rpc {code}") } else { code.to_string() };
    Fault { code: code.map(named).or_else(|| error["status"].as_str().map(str::to_owned)), ..Fault::new(kind, words) }
}

impl Dialect for Vision {
    fn label(&self) -> &'static str {
        "Google Cloud Vision"
    }

    fn default_base(&self) -> &'static str {
        "https://vision.googleapis.com/"
    }

    fn follows_prompt(&self) -> bool {
        false
    }

    fn check_model(&self, model: &str) -> Result<(), Fault> {
        features(model).map(drop)
    }

    /// Text wants more pixels than labels do.
    fn photo_rule(&self) -> PhotoRule {
        PhotoRule::Jpeg { max_edge_px: 1_600, quality: 85 }
    }

    fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, Fault> {
        gemini::Gemini.headers(key)
    }

    fn ask(&self, request: &PhotoRequest, _listed: Option<&ListedModel>, _mode: AskMode) -> Result<HttpRequest, Fault> {
        let SentPhoto::Jpeg { bytes, .. } = &request.photo else {
            return Err(Fault::new(FaultKind::Internal, "Cloud Vision takes a JPEG, not pixels"));
        };
        let features: Vec<Value> = features(&request.model)?
            .into_iter()
            .map(|feature| match feature {
                LABELS | "OBJECT_LOCALIZATION" => json!({"type": feature, "maxResults": RESULTS_MOST}),
                _ => json!({"type": feature}),
            })
            .collect();
        let photo = base64::engine::general_purpose::STANDARD.encode(bytes);
        Ok(annotate(&json!({"image": {"content": photo}, "features": features})))
    }

    fn read(&self, request: &PhotoRequest, reply: &Value) -> Result<Reading, Fault> {
        if reply["error"].is_object() {
            return Err(fault_of_photo(&reply["error"]));
        }
        let response =
            reply["responses"].get(0).ok_or_else(|| Fault::new(FaultKind::BadAnswer, "Cloud Vision's answer holds no response. Try again"))?;
        if response["error"].is_object() {
            return Err(fault_of_photo(&response["error"]));
        }
        let mut tags = scored(&response["labelAnnotations"], "description");
        tags.extend(objects(&response["localizedObjectAnnotations"]));
        let mut notes = Vec::new();
        let safe = safe_search(&response["safeSearchAnnotation"]);
        if !safe.is_empty() {
            notes.push(Note::routine("Safe search tells likelihoods, not scores: 'likely' stands as 75 %, 'very likely' as 95 %"));
        }
        tags.extend(safe);
        let text = response["fullTextAnnotation"]["text"].as_str().or_else(|| response["textAnnotations"][0]["description"].as_str());
        notes.push(Note::routine(units_words(&features(&request.model)?)));
        Ok(Reading {
            tags: Some(once_each(tags)),
            caption: text.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty()),
            confidence_kind: Some(ConfidenceKind::ModelScore),
            end: End::Complete,
            notes,
            ..Reading::default()
        })
    }

    fn read_fault(&self, status: StatusCode, _headers: &HeaderMap, reply: &Value) -> Fault {
        let fault = gemini::read_fault(status, reply);
        Fault { message: fault.message.replace("Gemini", "Cloud Vision"), ..fault }
    }

    /// There is nothing that is both free and refused without a key.
    fn check(&self) -> HttpRequest {
        annotate(&json!({"image": {"content": ONE_PIXEL}, "features": [{"type": "LABEL_DETECTION", "maxResults": 1}]}))
    }
}

fn annotate(request: &Value) -> HttpRequest {
    HttpRequest { path: "v1/images:annotate".to_owned(), body: Some(json!({"requests": [request]})) }
}

fn scored(list: &Value, name: &str) -> Vec<Tag> {
    let entries = list.as_array().into_iter().flatten();
    entries
        .filter_map(|entry| {
            let confidence = entry["score"].as_f64()?.clamp(0.0, 1.0) as f32;
            Some(Tag { name: entry[name].as_str()?.trim().to_lowercase(), confidence: Some(confidence), bounds: None })
        })
        .filter(|tag| !tag.name.is_empty())
        .collect()
}

/// Objects with the box around their corners; a corner at 0 is left out of the reply.
fn objects(list: &Value) -> Vec<Tag> {
    let entries = list.as_array().into_iter().flatten();
    entries
        .filter_map(|entry| {
            let mut tag = scored(&json!([entry]), "name").pop()?;
            let corners = entry["boundingPoly"]["normalizedVertices"].as_array()?;
            let of = |axis: &str| corners.iter().map(|corner| corner[axis].as_f64().unwrap_or(0.0).clamp(0.0, 1.0) as f32).collect::<Vec<_>>();
            let (x, y) = (of("x"), of("y"));
            let least = |values: &[f32]| values.iter().copied().fold(1.0, f32::min);
            let most = |values: &[f32]| values.iter().copied().fold(0.0, f32::max);
            tag.bounds = Some([least(&x), least(&y), most(&x), most(&y)]);
            Some(tag)
        })
        .collect()
}

fn safe_search(found: &Value) -> Vec<Tag> {
    ["adult", "spoof", "medical", "violence", "racy"]
        .iter()
        .filter_map(|kind| {
            let confidence = match found[*kind].as_str()? {
                "LIKELY" => 0.75,
                "VERY_LIKELY" => 0.95,
                _ => return None,
            };
            Some(Tag { name: format!("safe search: {kind}"), confidence: Some(confidence), bounds: None })
        })
        .collect()
}

/// Each name once, with its best score and the box that goes with it; best first.
fn once_each(mut tags: Vec<Tag>) -> Vec<Tag> {
    Tag::sort(&mut tags);
    let mut kept: Vec<Tag> = Vec::new();
    for tag in tags {
        match kept.iter_mut().find(|known| known.name == tag.name) {
            Some(known) => known.bounds = known.bounds.or(tag.bounds),
            None => kept.push(tag),
        }
    }
    kept.truncate(100);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(model: &str, reply: &Value) -> Result<Reading, Fault> {
        let request = PhotoRequest::plain(model, SentPhoto::Jpeg { bytes: bytes::Bytes::new(), width_px: 1, height_px: 1 }, "");
        Vision.read(&request, reply)
    }

    #[test]
    fn units_are_told_as_they_are_charged() {
        let told = |model: &str| read(model, &json!({"responses": [{}]})).expect("reads").notes.pop().expect("a note").text;
        assert!(told("labels").starts_with("1 unit is charged; free units"));
        assert!(told("safe-search+text").starts_with("2 units are charged; free units"));
        assert!(told("labels+safe-search").starts_with("1 unit is charged, safe search is free with labels; free units"));
        assert!(told("labels+text+safe-search").starts_with("2 units are charged, safe search is free with labels"));
    }

    #[test]
    fn the_fault_of_a_photo_is_known_by_its_code() {
        let fault = |error: Value| read("labels", &json!({"responses": [{"error": error}]})).expect_err("a fault");
        for (error, kind) in [
            (json!({"code": 14, "message": "The service is currently unavailable."}), FaultKind::Overloaded),
            (json!({"code": 502, "status": "UNAVAILABLE", "message": "Bad Gateway"}), FaultKind::Overloaded),
            (json!({"status": "UNAVAILABLE"}), FaultKind::Overloaded),
            (json!({"code": 13, "message": "Internal error"}), FaultKind::Server),
            (json!({"code": 4}), FaultKind::Timeout),
            (json!({"code": 8, "message": "Quota exceeded for quota metric 'Requests'."}), FaultKind::RateLimited),
            (json!({"code": 8, "message": "Quota exceeded for limit 'Requests per day'"}), FaultKind::QuotaSpent),
            (json!({"code": 3, "message": "Bad image data."}), FaultKind::BadRequest),
        ] {
            assert_eq!(fault(error.clone()).kind, kind, "{error}");
        }
        let quota = fault(json!({"code": 8, "message": "Quota exceeded for quota metric 'Requests'."}));
        assert_eq!(quota.message, "Cloud Vision says: Quota exceeded for quota metric 'Requests'. Wait, or run fewer calls at once");
        let whole = read("labels", &json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "Try later"}})).expect_err("a fault");
        assert_eq!((whole.kind, whole.code.as_deref()), (FaultKind::Overloaded, Some("503")));
    }
}
