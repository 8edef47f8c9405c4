//! Exactly what would be sent of one photo to one model, without sending it: made by the same steps as a real question.

use base64::Engine as _;
use serde_json::Value;

use super::template::{PhotoVariables, PromptText};
use super::{check, check_renders};
use crate::platform::domain::analysis::{self, photo_as_sent, question};
use crate::platform::domain::{Core, DomainError, Result, config, models, photos};
use crate::providers::{Provider, SentPhoto};
use crate::wire::prompt::{PreviewPrompt, PreviewedPhoto, PreviewedRequest, PromptPreview};
use crate::wire::result::{Fault, FaultKind};

/// What would be sent. Refuses what a run would refuse; needs no key, and asks nobody.
pub async fn preview(core: &Core, asked: &PreviewPrompt) -> Result<PromptPreview> {
    let prompt = PromptText { content: &asked.content, parts: &asked.parts };
    check(prompt)?;
    check_renders(prompt)?;
    let provider = models::check_known(core, &asked.model)?;
    let model = asked.model.split_once('/').map_or("", |(_, model)| model);
    let photo = photos::get(core, asked.photo_id).await?;
    let config = config::current(core).await?;
    let rule = analysis::bounded(provider.photo_rule(model), &config.rules);
    let prepared = photo_as_sent(core, &photo, rule).await.map_err(refusal)?;
    let variables = PhotoVariables { file_name: photo.file_name, width: prepared.width_px, height: prepared.height_px };
    let of_model = config.model_parameters.get(&asked.model).copied().unwrap_or_default();
    let whole = question(prompt, &variables, (model, of_model), prepared.sent.clone()).map_err(refusal)?;
    let (system, user) = (whole.system.clone(), whole.prompt.clone());
    let (request, notes) = provider.fit(whole);
    let sent = provider.preview(&request).map_err(refusal)?;
    let request = sent.map(|sent| {
        let body_bytes = sent.body.to_string().len() as u64;
        PreviewedRequest { method: "POST".to_owned(), url: sent.url.to_string(), body: without_photo(sent.body, &prepared.sent), body_bytes }
    });
    Ok(PromptPreview {
        system,
        user,
        request,
        photo: described(provider.as_ref(), model, &prepared.sent),
        notes: told(provider.as_ref(), model, notes),
    })
}

fn described(provider: &dyn Provider, model: &str, photo: &SentPhoto) -> PreviewedPhoto {
    let (width_px, height_px, bytes) = match photo {
        SentPhoto::Pixels(image) => (image.width(), image.height(), None),
        SentPhoto::Jpeg { bytes, width_px, height_px } => (*width_px, *height_px, Some(bytes.len() as u64)),
    };
    PreviewedPhoto { width_px, height_px, bytes, tokens: provider.photo_tokens(model, width_px, height_px) }
}

/// A model that follows no prompt ignores more than what is left out.
fn told(provider: &dyn Provider, model: &str, mut notes: Vec<String>) -> Vec<String> {
    let follows = provider.catalogue().iter().find(|entry| entry.model == model).is_none_or(|entry| entry.follows_prompt);
    if !follows {
        let words = if provider.is_remote() {
            "The user text is not sent either: this model names what it finds by itself"
        } else {
            "This model takes a closed list of tags from the user text, and nothing else"
        };
        notes.push(words.to_owned());
    }
    notes
}

/// The body with a sentence where the photo's bytes stand.
fn without_photo(body: Value, photo: &SentPhoto) -> Value {
    let SentPhoto::Jpeg { bytes, width_px, height_px } = photo else { return body };
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    let sentence = format!("<the photo: JPEG, {width_px} × {height_px} px, {} bytes, as base64>", bytes.len());
    replaced(body, &encoded, &sentence)
}

fn replaced(value: Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) if !from.is_empty() && text.ends_with(from) => Value::String(format!("{}{to}", &text[..text.len() - from.len()])),
        Value::Array(items) => items.into_iter().map(|item| replaced(item, from, to)).collect(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, inner)| (key, replaced(inner, from, to))).collect()),
        other => other,
    }
}

fn refusal(fault: Fault) -> DomainError {
    let code = match fault.kind {
        FaultKind::Prompt => "template",
        FaultKind::UnknownModel => "unknown_model",
        FaultKind::Photo => "photo",
        _ => "preview",
    };
    DomainError::Invalid { code, message: fault.message }
}
