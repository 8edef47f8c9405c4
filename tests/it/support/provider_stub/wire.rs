//! The wires that the stub speaks: where each is, and where its key must stand.

use axum::http::HeaderMap;

/// One wire. `Compatible` is OpenAI's under another path, as LM Studio, vLLM and the like have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wire {
    Gemini,
    Vision,
    OpenAi,
    Compatible,
    Anthropic,
    Ollama,
}

impl Wire {
    pub const ALL: [Self; 6] = [Self::Gemini, Self::Vision, Self::OpenAi, Self::Compatible, Self::Anthropic, Self::Ollama];

    /// Stands in every key and nowhere else.
    pub const MARKER: &str = "KEYMARKER";

    /// Those that the program speaks so far.
    pub const READY: &[Self] = &Self::ALL;
    /// Of these, those whose answers stream into the cell, whose models are listed, and that are asked again without a
    /// schema which they refuse.
    pub const STREAMS: &[Self] = &[Self::Gemini, Self::OpenAi, Self::Compatible, Self::Anthropic, Self::Ollama];

    /// The provider's name; also the first segment of its path on the stub.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::Vision => "vision",
            Self::OpenAi => "openai",
            Self::Compatible => "mylab",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
        }
    }

    /// The one key that the wire accepts. All hold [`Wire::MARKER`].
    pub fn key(self) -> &'static str {
        match self {
            Self::Gemini => "AQ.gemini-KEYMARKER-7f3a91c2",
            Self::Vision => "AIza.vision-KEYMARKER-90be11d7",
            Self::OpenAi => "sk-openai-KEYMARKER-44c0ffee",
            Self::Compatible => "lab-mylab-KEYMARKER-5d2e8b10",
            Self::Anthropic => "sk-ant-KEYMARKER-ab12cd34",
            Self::Ollama => "ollama-KEYMARKER-6e6f7070",
        }
    }

    /// Whether it answers without a key.
    pub fn key_is_optional(self) -> bool {
        matches!(self, Self::Compatible | Self::Ollama)
    }

    /// The header in which the key stands, and what goes before it.
    fn places(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Gemini | Self::Vision => &[("x-goog-api-key", "")],
            Self::OpenAi | Self::Compatible | Self::Ollama => &[("authorization", "Bearer ")],
            Self::Anthropic => &[("x-api-key", ""), ("authorization", "Bearer ")],
        }
    }

    /// Whether the good key stands in exactly one of its places, or is left out where it may be.
    pub fn lets_in(self, headers: &HeaderMap) -> bool {
        let places = self.places();
        let values: Vec<_> = places.iter().flat_map(|(header, prefix)| headers.get_all(*header).iter().map(move |value| (value, *prefix))).collect();
        match values.as_slice() {
            [] => self.key_is_optional(),
            [(value, prefix)] => value.to_str().is_ok_and(|value| value.strip_prefix(prefix) == Some(self.key())),
            _ => false,
        }
    }

    /// Whether a key may stand in this header.
    pub fn may_hold_key(self, header: &str) -> bool {
        self.places().iter().any(|(name, _)| *name == header)
    }
}
