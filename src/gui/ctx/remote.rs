//! What comes from afar: not asked, pending, ready, failed, each keeping the value before it, so
//! that a panel never goes blank while it refreshes.

use std::future::Future;
use std::time::Instant;

use poll_promise::Promise;

use crate::client::{self, ApiError};

/// A value of the platform, as last heard.
pub struct Remote<T: Send + 'static> {
    value: Option<T>,
    received_at: Option<Instant>,
    failure: Option<ApiError>,
    pending: Option<Promise<client::Result<T>>>,
}

impl<T: Send + 'static> Default for Remote<T> {
    fn default() -> Self {
        Self { value: None, received_at: None, failure: None, pending: None }
    }
}

impl<T: Send + 'static> Remote<T> {
    /// Asks; a newer question replaces an older one, whose answer is dropped.
    pub fn ask(
        &mut self,
        runtime: &tokio::runtime::Handle,
        egui: &egui::Context,
        question: impl Future<Output = client::Result<T>> + Send + 'static,
    ) {
        let (sender, promise) = Promise::new();
        let egui = egui.clone();
        runtime.spawn(async move {
            sender.send(question.await);
            egui.request_repaint();
        });
        self.pending = Some(promise);
    }

    /// Takes in an answer that has arrived; returns whether one did. Call it once a frame.
    pub fn poll(&mut self) -> bool {
        let Some(promise) = self.pending.take() else { return false };
        match promise.try_take() {
            Ok(Ok(value)) => {
                self.value = Some(value);
                self.failure = None;
                self.received_at = Some(Instant::now());
                true
            }
            Ok(Err(failure)) => {
                self.failure = Some(failure);
                true
            }
            Err(promise) => {
                self.pending = Some(promise);
                false
            }
        }
    }

    /// The newest value, however old.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Takes the value out, for answers that are used once.
    pub fn take(&mut self) -> Option<T> {
        self.value.take()
    }

    /// Why the last question failed; the value before it may still be there.
    #[must_use]
    pub fn failure(&self) -> Option<&ApiError> {
        self.failure.as_ref()
    }

    pub fn take_failure(&mut self) -> Option<ApiError> {
        self.failure.take()
    }

    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Never asked, or asked and neither answered nor failed yet.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.value.is_none() && self.failure.is_none() && self.pending.is_none()
    }

    #[must_use]
    pub fn received_at(&self) -> Option<Instant> {
        self.received_at
    }

    /// Sets a value that came another way (an event).
    pub fn set(&mut self, value: T) {
        self.value = Some(value);
        self.received_at = Some(Instant::now());
    }
}
