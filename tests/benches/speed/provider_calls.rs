//! What a call to a provider costs here: body, sending, reading, limits. The far end looks at nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use minerva_console::keys::Keys;
use minerva_console::photos;
use minerva_console::providers::{CallContext, Endpoint, GEMINI, Limits, PhotoRequest, PriceBook, Provider, ProviderSettings, Providers, SentPhoto};
use tokio_util::sync::CancellationToken;

use crate::compare::far_end;
use crate::{report, runtime};

const CALLS: u64 = 2_000;
const AT_ONCE: usize = 100;
const DELAY: Duration = Duration::from_millis(500);

pub fn overhead() {
    runtime().block_on(async {
        let (took, _) = ask(Duration::ZERO, 200, 1).await;
        report("provider call of 0 ms, one at a time: each", took.as_secs_f64() * 1e3 / 200.0, "ms");
        // What the first calls allocate (connections, buffers) stays; what grows from there on would grow for ever.
        let (took, _) = ask(DELAY, CALLS, AT_ONCE).await;
        let before = resident_mib();
        let (again, calls) = ask(DELAY, CALLS, AT_ONCE).await;
        assert_eq!(calls, CALLS);
        let ideal = DELAY.as_secs_f64() * CALLS as f64 / AT_ONCE as f64;
        let what = format!("provider, {CALLS} calls of {} ms, {AT_ONCE} at once", DELAY.as_millis());
        report(&format!("{what}: over ideal"), (took.min(again).as_secs_f64() / ideal - 1.0) * 100.0, "%");
        report("    memory that a second round adds", resident_mib() - before, "MiB");
    });
}

/// Asks so many calls of Gemini; returns the time that they took and how many arrived.
async fn ask(delay: Duration, calls: u64, at_once: usize) -> (Duration, u64) {
    let arrived = Arc::new(AtomicU64::new(0));
    let base = far_end(delay, Arc::clone(&arrived)).await.parse().expect("a URL");
    let limits = Limits { concurrency: Some(at_once as u32), ..Limits::default() };
    let endpoint = Endpoint { name: GEMINI.to_owned(), base: Some(base), limits };
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    let keys = Keys::new(HashMap::from([(GEMINI.to_owned(), "a-key-for-nobody".into())]), false);
    let gemini: Arc<dyn Provider> = Providers::new(&settings, &keys).iter().find(|provider| provider.name() == GEMINI).expect("built in");
    // As large as a photo that is sent: noise, so that it does not shrink.
    let noise = image::RgbImage::from_fn(640, 480, |x, y| image::Rgb([(x * 7 + y * 13) as u8, (x * y) as u8, (x ^ y) as u8]));
    let bytes: bytes::Bytes = photos::encode_jpeg(&noise, 85).expect("encodes").into();
    let begun = Instant::now();
    futures_util::stream::iter(0..calls)
        .for_each_concurrent(at_once, |_| {
            let (gemini, bytes) = (Arc::clone(&gemini), bytes.clone());
            async move {
                let photo = SentPhoto::Jpeg { bytes, width_px: 640, height_px: 480 };
                let request = PhotoRequest::plain("gemini-3.8-flash".to_owned(), photo, "Tag this photo".to_owned());
                let call = CallContext::new(CancellationToken::new(), Duration::from_mins(1));
                gemini.analyse(&request, &call).await.expect("an answer");
            }
        })
        .await;
    (begun.elapsed(), arrived.load(Ordering::SeqCst))
}

fn resident_mib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0.0);
    pages * 4096.0 / f64::from(1 << 20)
}
