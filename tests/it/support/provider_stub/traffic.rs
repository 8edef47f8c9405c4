//! What came over the stub's wires, kept for inspection.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::request::Parts;
use bytes::Bytes;

use super::asked::{Asked, SeenPhoto};
use super::wire::Wire;

/// One request.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `None`: it came to the host that nobody should be sent to.
    pub wire: Option<Wire>,
    /// Empty where the request was not understood.
    pub model: String,
    pub scenario: String,
    /// About a photo, rather than for a list or a check.
    pub is_question: bool,
    pub is_streamed: bool,
    pub has_schema: bool,
    pub photo: Option<SeenPhoto>,
    pub prompt: String,
    pub path_and_query: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Seen {
    pub(super) fn new(wire: Option<Wire>, scenario: &str, parts: &Parts, body: Bytes) -> Self {
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
        Self {
            wire,
            model: String::new(),
            scenario: scenario.to_owned(),
            is_question: false,
            is_streamed: false,
            has_schema: false,
            photo: None,
            prompt: String::new(),
            path_and_query: parts.uri.to_string(),
            headers,
            body,
        }
    }

    /// Where no scenario was told, the model's name is one.
    pub(super) fn ask(&mut self, asked: &Asked, told: Option<&str>) {
        self.model.clone_from(&asked.model);
        told.unwrap_or(&asked.model).clone_into(&mut self.scenario);
        (self.is_streamed, self.has_schema, self.photo) = (asked.is_streamed, asked.has_schema, asked.photo.clone());
        self.prompt.clone_from(&asked.prompt);
    }

    /// Where bytes stand: `path`, `body`, or a header's name.
    fn places_of(&self, needle: &[u8]) -> Vec<String> {
        let holds = |text: &[u8]| text.windows(needle.len()).any(|window| window == needle);
        let mut places: Vec<String> = self.headers.iter().filter(|(_, value)| holds(value.as_bytes())).map(|(name, _)| name.clone()).collect();
        places.extend(holds(self.path_and_query.as_bytes()).then(|| "path".to_owned()));
        places.extend(holds(&self.body).then(|| "body".to_owned()));
        places
    }
}

/// All requests so far.
#[derive(Default)]
pub struct Traffic {
    seen: Mutex<Vec<Seen>>,
    /// Questions by wire and scenario.
    counts: Mutex<HashMap<(Option<Wire>, String), u64>>,
    complaints: Mutex<Vec<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Traffic {
    /// Keeps a request; the how manieth question of its wire and scenario it is, from 1.
    pub(super) fn note(&self, seen: Seen) -> u64 {
        let mut counts = lock(&self.counts);
        let count = counts.entry((seen.wire, seen.scenario.clone())).or_default();
        *count += u64::from(seen.is_question);
        lock(&self.seen).push(seen);
        *count
    }

    pub(super) fn complain(&self, wire: Wire, why: &str) {
        lock(&self.complaints).push(format!("{}: {why}", wire.name()));
    }

    pub fn all(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    /// What came to the host that nobody should be sent to.
    pub fn strays(&self) -> Vec<Seen> {
        self.all().into_iter().filter(|seen| seen.wire.is_none()).collect()
    }

    /// Questions about photos that a wire was asked in a scenario.
    pub fn questions(&self, wire: Wire, scenario: &str) -> u64 {
        lock(&self.counts).get(&(Some(wire), scenario.to_owned())).copied().unwrap_or(0)
    }

    /// Questions about photos, of all wires.
    pub fn all_questions(&self) -> u64 {
        lock(&self.counts).values().sum()
    }

    /// What the wires did not like about requests: fields they do not know, nulls, metadata in photos.
    pub fn complaints(&self) -> Vec<String> {
        lock(&self.complaints).clone()
    }

    /// Every place, in all that was sent, where these bytes stand.
    pub fn find(&self, needle: &str) -> Vec<String> {
        let seen = lock(&self.seen);
        let at = |one: &Seen| -> Vec<String> {
            let host = one.wire.map_or("elsewhere", Wire::name);
            one.places_of(needle.as_bytes()).into_iter().map(|place| format!("{host}: {place}")).collect()
        };
        seen.iter().flat_map(at).collect()
    }

    /// Every place where a key stands that is not its own wire's header.
    pub fn misplaced_keys(&self) -> Vec<String> {
        let mut misplaced = Vec::new();
        for one in lock(&self.seen).iter() {
            let own = one.wire.map_or(Vec::new(), |wire| one.places_of(wire.key().as_bytes()));
            for place in one.places_of(Wire::MARKER.as_bytes()) {
                let is_right = own.contains(&place) && one.wire.is_some_and(|wire| wire.may_hold_key(&place));
                if !is_right {
                    misplaced.push(format!("{:?} {}: {place}", one.wire, one.path_and_query));
                }
            }
        }
        misplaced
    }
}
