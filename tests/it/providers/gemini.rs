//! Gemini's wire: what is sent, and how its answers are read. The ways in which calls go wrong are in `scenarios`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{CallContext, Endpoint, GEMINI, Limits, PhotoRequest, PriceBook, Provider, ProviderSettings, Providers, SentPhoto};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Answer, ConfidenceKind, Fault, FaultKind};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::support::provider_stub::{ProviderStub, Wire};

fn keys(key: &str) -> Keys {
    Keys::new(HashMap::from([("gemini".to_owned(), SecretString::from(key.to_owned()))]), false)
}

/// Gemini at this address.
fn gemini_at(base: url::Url, key: &str) -> Arc<dyn Provider> {
    let endpoint = Endpoint { name: GEMINI.to_owned(), base: Some(base), limits: Limits::default() };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    Providers::new(&settings, &keys(key)).iter().find(|provider| provider.name() == GEMINI).expect("built in")
}

fn photo() -> SentPhoto {
    let image = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 30, 30]));
    let bytes = minerva_console::photos::encode_jpeg(&image, 85).expect("encodes").into();
    SentPhoto::Jpeg { bytes, width_px: 64, height_px: 48 }
}

async fn ask(stub: &ProviderStub, model: &str, time_limit: Duration) -> Result<Answer, Fault> {
    let gemini = gemini_at(stub.base(Wire::Gemini), Wire::Gemini.key());
    let request = PhotoRequest::plain(model.to_owned(), photo(), "Tag this photo".to_owned());
    gemini.analyse(&request, &CallContext::new(CancellationToken::new(), time_limit)).await
}

const PATIENT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_good_answer_is_read_billed_and_said_to_be_self_reported() {
    let stub = ProviderStub::start(Duration::ZERO).await;
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
    assert_eq!(stub.traffic().misplaced_keys(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_outside_the_catalogue_works_and_its_price_is_unknown() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let answer = ask(&stub, "gemini-9-new", PATIENT).await.expect("answers");
    assert_eq!(answer.cost_usd, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_answers_are_mended_and_the_mending_is_said() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let answer = ask(&stub, "confidence-7", PATIENT).await.expect("answers");
    assert_eq!((answer.tags[0].confidence, answer.notes.len()), (None, 1), "neither sure nor impossible: not known");
    let answer = ask(&stub, "ten-thousand-tags", PATIENT).await.expect("answers");
    assert_eq!((answer.tags.len(), answer.notes.len()), (100, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_provider_ends_at_the_time_limit_and_a_cancelled_call_at_once() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let fault = ask(&stub, "slow", Duration::from_millis(300)).await.expect_err("too slow");
    assert_eq!(fault.kind, FaultKind::Timeout);
    let cancel = CancellationToken::new();
    let gemini = gemini_at(stub.base(Wire::Gemini), Wire::Gemini.key());
    let request = PhotoRequest::plain("slow".to_owned(), photo(), String::new());
    let call = CallContext::new(cancel.clone(), PATIENT);
    let (outcome, ()) = tokio::join!(gemini.analyse(&request, &call), async {
        while stub.traffic().all_questions() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
    });
    assert_eq!(outcome.expect_err("cancelled").kind, FaultKind::Cancelled);
}

/// A limit for a photo in all goes before the caller's own and ends a call that is not yet too silent; a long wait is told.
#[tokio::test(flavor = "multi_thread")]
async fn the_limits_end_a_call_and_a_wait_is_told_with_the_name_of_who_asks_for_it() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let limits = Limits { timeout_s: Some(60), total_s: Some(1), ..Limits::default() };
    let endpoint = Endpoint { name: GEMINI.to_owned(), base: Some(stub.base(Wire::Gemini)), limits };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let gemini = Providers::new(&settings, &keys(Wire::Gemini.key())).iter().find(|provider| provider.name() == GEMINI).expect("built in");
    let request = PhotoRequest::plain("slow".to_owned(), photo(), String::new());
    let fault = gemini.analyse(&request, &CallContext::new(CancellationToken::new(), PATIENT)).await.expect_err("its time is up");
    assert_eq!(fault.kind, FaultKind::Timeout);
    assert!(fault.message.starts_with("Google Gemini gave no whole answer within 1 s"), "{fault}");

    let fault = ask(&stub, "limited-long", PATIENT).await.expect_err("five minutes are not waited");
    assert!(fault.message.contains("It asks to wait 5 min, until ") && fault.until.is_some(), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_a_missing_server_are_told_apart() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let call = CallContext::new(CancellationToken::new(), PATIENT);
    let wrong = gemini_at(stub.base(Wire::Gemini), "not-the-key-at-all");
    assert_eq!(wrong.check(&call).await.expect_err("refused").kind, FaultKind::Auth);
    let right = gemini_at(stub.base(Wire::Gemini), Wire::Gemini.key());
    assert!(right.check(&call).await.is_ok());
    let without = Providers::new(
        &ProviderSettings { endpoints: Vec::new(), on_device_threads: 1, book: PriceBook::shipped() },
        &Keys::new(HashMap::new(), false),
    );
    let gemini = without.iter().find(|provider| provider.name() == GEMINI).expect("built in");
    let fault = gemini.analyse(&PhotoRequest::plain("any", photo(), ""), &call).await.expect_err("there is no key");
    assert!(fault.kind == FaultKind::Auth && fault.is_unsent && gemini.stopped().is_none(), "{fault:?}");
    let nowhere = gemini_at("http://127.0.0.1:9/".parse().expect("a URL"), Wire::Gemini.key());
    let fault = nowhere.check(&call).await.expect_err("nobody there");
    assert!(matches!(fault.kind, FaultKind::Network | FaultKind::Timeout), "{fault:?}");
}
