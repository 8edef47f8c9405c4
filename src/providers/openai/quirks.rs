//! What servers that speak OpenAI's chat want otherwise than others, as data.

use url::Url;

/// What a server wants otherwise than others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quirks {
    /// The server software, as far as the address tells.
    pub server: &'static str,
    /// The name of the output limit.
    pub output_limit: &'static str,
    pub structured: Structured,
    /// Says in how much detail the photo is looked at. Left out, OpenAI charges for the whole original.
    pub sends_detail: bool,
    /// Sends `reasoning_effort` where the catalogue knows the least one.
    pub sends_effort: bool,
    /// Tells it to keep nothing.
    pub sends_store: bool,
    /// Tells a router to use only servers that keep to the schema.
    pub requires_parameters: bool,
    /// Asks for the usage of a stream.
    pub asks_usage: bool,
}

/// How an answer is held to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Structured {
    /// `json_schema`, `strict`.
    Strict,
    /// `json_schema` without `strict`.
    Schema,
}

pub(super) const OPENAI: Quirks = Quirks {
    server: "OpenAI",
    output_limit: "max_completion_tokens",
    structured: Structured::Strict,
    sends_detail: true,
    sends_effort: true,
    sends_store: true,
    requires_parameters: false,
    asks_usage: true,
};
/// What nearly all servers take.
pub(super) const COMPATIBLE: Quirks = Quirks {
    server: "OpenAI-compatible server",
    output_limit: "max_tokens",
    structured: Structured::Schema,
    sends_detail: false,
    sends_effort: false,
    sends_store: false,
    requires_parameters: false,
    asks_usage: true,
};

/// What is known of a server by its address: the ports are those on which each listens unless told otherwise.
pub(super) fn quirks_of(base: &Url) -> Quirks {
    let is_openrouter = base.host_str().is_some_and(|host| host == "openrouter.ai" || host.ends_with(".openrouter.ai"));
    let server = match base.port() {
        _ if is_openrouter => "OpenRouter",
        Some(1_234) => "LM Studio",
        Some(4_000) => "LiteLLM",
        Some(8_000) => "vLLM",
        Some(8_080) => "llama.cpp",
        Some(11_434) => "Ollama",
        _ => COMPATIBLE.server,
    };
    match server {
        "OpenRouter" => Quirks { server, structured: Structured::Strict, requires_parameters: true, ..COMPATIBLE },
        // A proxy before OpenAI among others: its own costs follow the detail.
        "LiteLLM" => Quirks { server, structured: Structured::Strict, sends_detail: true, ..COMPATIBLE },
        _ => Quirks { server, ..COMPATIBLE },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_its_address() {
        for (base, server) in [
            ("http://localhost:1234/v1", "LM Studio"),
            ("https://openrouter.ai/api/v1", "OpenRouter"),
            ("http://10.0.0.7:9999/", "OpenAI-compatible server"),
        ] {
            assert_eq!(quirks_of(&Url::parse(base).expect("a URL")).server, server);
        }
    }
}
