//! How many tokens a text is, roughly, where no counter of the provider is asked.
//!
//! English prose by the provider's own rule of thumb; the letters of Chinese, Japanese and Korean are about a token each,
//! other letters beyond ASCII about half a token, since tokenisers know fewer of their words.

/// Tokens of a text with a provider; an unknown one counts as most do.
#[must_use]
pub fn estimate(provider: &str, text: &str) -> u64 {
    let (mut plain, mut halves, mut whole) = (0_u64, 0_u64, 0_u64);
    for letter in text.chars() {
        match letter {
            _ if letter.is_ascii() => plain += 1,
            _ if is_wide(letter) => whole += 1,
            _ if letter.is_alphabetic() => halves += 1,
            _ => plain += 2,
        }
    }
    let plain = (plain as f64 / characters_a_token(provider)).ceil() as u64;
    plain + halves.div_ceil(2) + whole
}

/// How that is worked out, in a sentence.
#[must_use]
pub fn method(provider: &str) -> String {
    let whose = match provider {
        "gemini" => "Google's rule of thumb",
        "openai" => "OpenAI's rule of thumb",
        "anthropic" => "Anthropic's rule of thumb",
        _ => "as most tokenisers make of English",
    };
    format!("Estimated at {} characters a token, {whose}", characters_a_token(provider))
}

/// <https://ai.google.dev/gemini-api/docs/tokens>: 4; <https://help.openai.com/en/articles/4936856>: 4;
/// <https://platform.claude.com/docs/en/about-claude/glossary#tokens>: 3.5.
fn characters_a_token(provider: &str) -> f64 {
    if provider == "anthropic" { 3.5 } else { 4.0 }
}

fn is_wide(letter: char) -> bool {
    matches!(letter, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_goes_by_each_providers_rule_and_other_scripts_count_more() {
        let english = "Name what can be seen in it.";
        assert_eq!((estimate("openai", english), estimate("gemini", english), estimate("anthropic", english)), (7, 7, 8));
        assert_eq!(estimate("openai", "写真を説明してください"), 11);
        assert_eq!(estimate("openai", "опиши фото"), 1 + 5);
        assert_eq!(estimate("openai", ""), 0);
        assert!(method("anthropic").contains("3.5") && method("mylab").contains("4 characters"));
    }
}
