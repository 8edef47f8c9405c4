//! Gemini's wire: what is sent, and what becomes of every way in which an answer can go wrong.

use std::collections::HashMap;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::gemini::{Gemini, body};
use minerva_console::providers::{CallContext, PhotoRequest, Provider, SentPhoto, price};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Answer, ConfidenceKind, Fault, FaultKind};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::support::gemini_stub::{GeminiStub, KEY};

fn keys(key: &str) -> Keys {
    Keys::new(HashMap::from([("gemini".to_owned(), SecretString::from(key.to_owned()))]), false)
}

fn photo() -> SentPhoto {
    let image = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 30, 30]));
    let bytes = minerva_console::photos::encode_jpeg(&image, 85).expect("encodes").into();
    SentPhoto::Jpeg { bytes, width_px: 64, height_px: 48 }
}

async fn ask(stub: &GeminiStub, model: &str, time_limit: Duration) -> Result<Answer, Fault> {
    let gemini = Gemini::new(Some(stub.base().parse().expect("a URL")), keys(KEY));
    let request = PhotoRequest { model: model.to_owned(), photo: photo(), prompt: "Tag this photo".to_owned() };
    gemini.analyse(&request, &CallContext::new(CancellationToken::new(), time_limit)).await
}

const PATIENT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_good_answer_is_read_billed_and_said_to_be_self_reported() {
    let stub = GeminiStub::start(Duration::ZERO).await;
    let answer = ask(&stub, "gemini-3.5-flash-lite", PATIENT).await.expect("answers");
    assert_eq!(answer.tags[0].name, "photo");
    assert_eq!(answer.caption.as_deref(), Some("A landscape photo of 64 by 48"));
    assert_eq!(answer.confidence_kind, ConfidenceKind::SelfReported);
    assert_eq!(
        (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.thinking_tokens, answer.usage.image_tokens),
        (Some(760), Some(100), Some(10), Some(560))
    );
    // By hand: 760 × 0.30 + (90 + 10) × 2.50 USD per million = 228 + 250 micro-dollars.
    assert_eq!(answer.cost_usd, Some(UsdMicros(478)));
    assert_eq!(stub.keys_elsewhere(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_outside_the_catalogue_works_and_its_price_is_unknown() {
    let stub = GeminiStub::start(Duration::ZERO).await;
    let answer = ask(&stub, "gemini-9-new", PATIENT).await.expect("answers");
    assert_eq!(answer.cost_usd, None);
}

/// Scenario of the stub → fault, tries of the wire, and whether the answer was billed.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_fail_has_its_fault_retries_and_billing() {
    let stub = GeminiStub::start(Duration::ZERO).await;
    let table = [
        ("rate-limited-long", FaultKind::RateLimited, 1, false),
        ("daily-quota", FaultKind::QuotaSpent, 1, false),
        ("limit-zero", FaultKind::QuotaSpent, 1, false),
        ("error-in-array", FaultKind::Permission, 1, false),
        ("unknown-model", FaultKind::UnknownModel, 1, false),
        ("html", FaultKind::BadAnswer, 1, false),
        ("malformed", FaultKind::BadAnswer, 1, false),
        ("prompt-refused", FaultKind::Refused, 1, true),
        ("answer-refused", FaultKind::Refused, 1, true),
        ("truncated", FaultKind::Truncated, 1, true),
        ("not-json", FaultKind::BadAnswer, 1, true),
        ("no-tags", FaultKind::BadAnswer, 1, true),
        ("error-503", FaultKind::Overloaded, 4, false),
        ("cut-off", FaultKind::Network, 4, false),
    ];
    for (scenario, kind, tries, billed) in table {
        let before = stub.calls();
        let fault = ask(&stub, scenario, PATIENT).await.expect_err(scenario);
        assert_eq!(fault.kind, kind, "{scenario}: {fault}");
        assert_eq!(stub.calls() - before, tries, "{scenario}");
        assert_eq!(u64::from(fault.retries), tries - 1, "{scenario}");
        assert_eq!(fault.usage.input_tokens.is_some(), billed, "{scenario}");
        assert!(!format!("{fault:?}").contains(KEY), "{scenario}");
        assert!(fault.message.len() > 10, "{scenario}: {fault}");
    }
    assert_eq!(stub.keys_elsewhere(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_heals_is_tried_again_after_the_wait_that_the_provider_asks_for() {
    let stub = GeminiStub::start(Duration::ZERO).await;
    for (scenario, least_wait) in [("rate-limited-once", Duration::from_millis(1_200)), ("error-500-once", Duration::from_millis(900))] {
        let begun = std::time::Instant::now();
        let answer = ask(&stub, scenario, PATIENT).await.expect(scenario);
        assert_eq!(answer.retries, 1, "{scenario}");
        assert!(begun.elapsed() >= least_wait, "{scenario}: {:?}", begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_answers_are_mended_and_the_mending_is_said() {
    let stub = GeminiStub::start(Duration::ZERO).await;
    let answer = ask(&stub, "confidence-7", PATIENT).await.expect("answers");
    assert_eq!((answer.tags[0].confidence, answer.notes.len()), (1.0, 1));
    let answer = ask(&stub, "ten-thousand-tags", PATIENT).await.expect("answers");
    assert_eq!((answer.tags.len(), answer.notes.len()), (100, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_provider_ends_at_the_time_limit_and_a_cancelled_call_at_once() {
    let stub = GeminiStub::start(Duration::ZERO).await;
    let fault = ask(&stub, "slow", Duration::from_millis(300)).await.expect_err("too slow");
    assert_eq!(fault.kind, FaultKind::Timeout);
    let cancel = CancellationToken::new();
    let gemini = Gemini::new(Some(stub.base().parse().expect("a URL")), keys(KEY));
    let request = PhotoRequest { model: "slow".to_owned(), photo: photo(), prompt: String::new() };
    let call = CallContext::new(cancel.clone(), PATIENT);
    let (outcome, ()) = tokio::join!(gemini.analyse(&request, &call), async {
        while stub.calls() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
    });
    assert_eq!(outcome.expect_err("cancelled").kind, FaultKind::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_a_missing_server_are_told_apart() {
    let stub = GeminiStub::start(Duration::ZERO).await;
    let call = CallContext::new(CancellationToken::new(), Duration::from_secs(2));
    let wrong = Gemini::new(Some(stub.base().parse().expect("a URL")), keys("not-the-key-at-all"));
    assert_eq!(wrong.check(&call).await.expect_err("refused").kind, FaultKind::Auth);
    let right = Gemini::new(Some(stub.base().parse().expect("a URL")), keys(KEY));
    assert!(right.check(&call).await.is_ok());
    let nowhere = Gemini::new(Some("http://127.0.0.1:9/".parse().expect("a URL")), keys(KEY));
    let fault = nowhere.check(&call).await.expect_err("nobody there");
    assert!(matches!(fault.kind, FaultKind::Network | FaultKind::Timeout), "{fault:?}");
}

#[test]
fn the_body_is_the_golden_one_and_holds_no_null() {
    let request = PhotoRequest {
        model: "gemini-3.8-flash".to_owned(),
        photo: SentPhoto::Jpeg { bytes: bytes::Bytes::from_static(b"JPEG"), width_px: 1, height_px: 1 },
        prompt: "Tag this photo".to_owned(),
    };
    let sent = body(&request, price::model("gemini", "gemini-3.8-flash")).expect("a body");
    let golden: serde_json::Value = serde_json::from_str(include_str!("../../fixtures/gemini_body.json")).expect("JSON");
    assert_eq!(sent, golden, "{sent:#}");
    assert!(!sent.to_string().contains("null"));
    // The order in which the model writes: caption before tags, tag before confidence.
    let text = sent.to_string();
    assert!(text.find("\"caption\"") < text.find("\"tags\"") && text.find("\"tag\"") < text.find("\"confidence\""));
}
