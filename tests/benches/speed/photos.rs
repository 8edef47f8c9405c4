//! Photos: thumbnails, and the on-device model.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::photos;
use minerva_console::platform::domain::bundled;
use minerva_console::providers::{CallContext, ON_DEVICE, PhotoRequest, PriceBook, ProviderSettings, Providers, SentPhoto};

use crate::{per_second, report, runtime};

const LIMIT: Duration = Duration::from_secs(5);

/// From the file's bytes to JPEG of at most 256 pixels, as the grid asks for them.
pub fn thumbnails() {
    for threads in [1, 2] {
        let rate = per_second(threads, LIMIT, |at| {
            let (_, bytes) = bundled::PHOTOS[at % bundled::PHOTOS.len()];
            let photo = photos::decode(bytes).expect("a bundled photo");
            photos::encode_jpeg(&photos::fit(&photo.image, 256), 85).expect("a thumbnail");
        });
        report(&format!("Thumbnails of 256 px, {threads} cores"), rate, "photos/s");
    }
}

/// From decoded pixels to tags, with as many calls in flight as threads.
pub fn on_device() {
    let keys = Keys::new(HashMap::new(), false);
    let pixels: Vec<_> = bundled::PHOTOS.iter().map(|(_, bytes)| Arc::new(photos::decode(bytes).expect("a bundled photo").image)).collect();
    let runtime = runtime();
    for threads in [1, 2] {
        let providers = Providers::new(&ProviderSettings { endpoints: Vec::new(), on_device_threads: threads, book: PriceBook::shipped() }, &keys);
        let (provider, _) = providers.find(ON_DEVICE).expect("the on-device model");
        let ask = |at: usize| {
            let photo = SentPhoto::Pixels(Arc::clone(&pixels[at % pixels.len()]));
            let request = PhotoRequest::plain(String::new(), photo, String::new());
            let call = CallContext::new(tokio_util::sync::CancellationToken::new(), Duration::from_mins(1));
            runtime.block_on(provider.analyse(&request, &call)).expect("an answer");
        };
        ask(0);
        report(&format!("On-device model, {threads} cores"), per_second(threads, LIMIT, ask), "photos/s");
    }
}
