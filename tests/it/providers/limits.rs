//! What a provider's headers say is left of its limits is kept, and whoever waits can be called off at any moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use minerva_console::keys::Keys;
use minerva_console::providers::{
    CallContext, CallNews, Endpoint, Limits, PhotoRequest, PriceBook, Provider, ProviderSettings, Providers, SentPhoto,
};
use minerva_console::wire::result::{Answer, Fault, FaultKind};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::support::platform::{jpeg, until};
use crate::support::provider_stub::{ProviderStub, Wire};

/// The provider of a wire, whose far end acts out a scenario; eight calls may be in flight at once.
fn provider(stub: &ProviderStub, wire: Wire, scenario: &str) -> Arc<dyn Provider> {
    let limits = Limits { concurrency: Some(8), ..Limits::default() };
    let endpoint = Endpoint { name: wire.name().to_owned(), base: Some(stub.base_as(wire, scenario)), limits };
    let keys = Keys::new(HashMap::from([(wire.name().to_owned(), SecretString::from(wire.key()))]), false);
    let settings = ProviderSettings { endpoints: vec![endpoint], on_device_threads: 1, book: PriceBook::shipped() };
    Providers::new(&settings, &keys).iter().find(|provider| provider.name() == wire.name()).expect("it is there")
}

/// A call under way, and what it has told.
struct Under {
    news: Arc<Mutex<Vec<CallNews>>>,
    outcome: tokio::task::JoinHandle<Result<Answer, Fault>>,
}

impl Under {
    fn way(provider: &Arc<dyn Provider>, cancel: &CancellationToken) -> Self {
        let news = Arc::new(Mutex::new(Vec::new()));
        let (told, provider) = (Arc::clone(&news), Arc::clone(provider));
        let mut call = CallContext::new(cancel.clone(), Duration::from_mins(5));
        call.news = Some(Arc::new(move |item| told.lock().expect("not poisoned").push(item)));
        let outcome = tokio::spawn(async move {
            let photo = SentPhoto::Jpeg { bytes: jpeg(64, 48, 1), width_px: 64, height_px: 48 };
            provider.analyse(&PhotoRequest::plain("gpt-6-luna", photo, "Tag this photo"), &call).await
        });
        Self { news, outcome }
    }

    fn has_told(&self, what: impl Fn(&CallNews) -> bool) -> bool {
        self.news.lock().expect("not poisoned").iter().any(what)
    }
}

/// Two requests a minute, as the headers tell: the first reply says that one is left, so that one of four more goes; its reply says
/// that none is, so that the others wait.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_asked_than_the_headers_say_is_left() {
    for wire in [Wire::OpenAi, Wire::Compatible, Wire::Anthropic] {
        let stub = ProviderStub::start(Duration::ZERO).await;
        let (provider, cancel) = (provider(&stub, wire, "two-a-minute"), CancellationToken::new());
        Under::way(&provider, &cancel).outcome.await.expect("no panic").expect("an answer");
        let more: Vec<Under> = (0..4).map(|_| Under::way(&provider, &cancel)).collect();
        until("three to wait, one to be answered", || async {
            let waiting = more.iter().filter(|under| under.has_told(|news| *news == CallNews::Waiting) && !under.outcome.is_finished()).count();
            (waiting == 3 && more.iter().filter(|under| under.outcome.is_finished()).count() == 1).then_some(())
        })
        .await;
        assert_eq!(stub.traffic().questions(wire, "two-a-minute"), 2, "{wire:?}: nothing goes to be refused");
        // Those that wait end at once when they are called off, and have asked nothing.
        cancel.cancel();
        let mut unsent = 0;
        for under in more {
            if let Err(fault) = under.outcome.await.expect("no panic") {
                assert_eq!((fault.kind, fault.is_unsent), (FaultKind::Cancelled, true), "{wire:?}: {fault:?}");
                unsent += 1;
            }
        }
        assert_eq!((unsent, stub.traffic().questions(wire, "two-a-minute")), (3, 2), "{wire:?}");
    }
}

/// Between two tries as well as during one.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_for_its_next_try_ends_when_it_is_called_off() {
    let stub = ProviderStub::start(Duration::ZERO).await;
    let (provider, cancel) = (provider(&stub, Wire::OpenAi, "limited-minute"), CancellationToken::new());
    let under = Under::way(&provider, &cancel);
    until("the wait for another try", || async { under.has_told(|news| matches!(news, CallNews::Retrying { .. })).then_some(()) }).await;
    cancel.cancel();
    let fault = under.outcome.await.expect("no panic").expect_err("called off");
    assert_eq!((fault.kind, fault.is_unsent), (FaultKind::Cancelled, false), "{fault:?}");
    assert_eq!(stub.traffic().questions(Wire::OpenAi, "limited-minute"), 1);
}
