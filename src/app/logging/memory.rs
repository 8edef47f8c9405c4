//! What is logged, handed to the log in memory.

use std::fmt::Write as _;

use chrono::Utc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::platform::domain::Log;
use crate::wire::log::LogLevel;

/// A layer that keeps every event, with the fields of the spans around it.
pub struct ToMemory(Log);

impl ToMemory {
    #[must_use]
    pub fn new(log: Log) -> Self {
        Self(log)
    }
}

/// The fields of an event or a span, in words.
#[derive(Default)]
struct Words {
    message: String,
    fields: Vec<(String, String)>,
}

impl Words {
    fn put(&mut self, field: &Field, words: String) {
        match field.name() {
            "message" => self.message = words,
            name => {
                self.fields.retain(|(known, _)| known != name);
                self.fields.push((name.to_owned(), words));
            }
        }
    }
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut words = String::new();
        // A `Debug` that fails leaves what it wrote so far.
        let _ = write!(words, "{value:?}");
        self.put(field, words);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ToMemory {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut words = Words::default();
        attributes.record(&mut words);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(words);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(words) = span.extensions_mut().get_mut::<Words>()
        {
            values.record(words);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Vec::new();
        for span in context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(words) = span.extensions().get::<Words>() {
                fields.extend(words.fields.iter().cloned());
            }
        }
        let mut words = Words { message: String::new(), fields };
        event.record(&mut words);
        let metadata = event.metadata();
        self.0.push(Utc::now(), level(*metadata.level()), metadata.target(), words.message, words.fields);
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::log::LogQuery;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn an_event_is_kept_with_the_fields_of_its_spans() {
        let log = Log::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(ToMemory::new(log.clone())), || {
            let _outer = tracing::info_span!("request", method = "GET", status = tracing::field::Empty).entered();
            tracing::Span::current().record("status", 404);
            tracing::warn!(photo = "cat.jpg", wait_ms = 7, error = ?Some("x"), "it was {}", "not there");
        });
        let entries = log.read(&LogQuery::default()).entries;
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].level, &entries[0].message[..]), (LogLevel::Warn, "it was not there"));
        let fields: Vec<(&str, &str)> = entries[0].fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        assert_eq!(fields, [("method", "GET"), ("status", "404"), ("photo", "cat.jpg"), ("wait_ms", "7"), ("error", "Some(\"x\")")]);
    }
}
