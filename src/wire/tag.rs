//! Names of tags: when two spellings are the same tag. The one definition of it.

/// What two spellings of one tag have in common: lower case, one space between words, no hyphens or underscores.
#[must_use]
pub fn normal_name(name: &str) -> String {
    let words: Vec<String> =
        name.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_')).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_tag_are_one_tag() {
        for spelling in ["golden retriever", "Golden-Retriever", " golden_ retriever", "GOLDEN  RETRIEVER"] {
            assert_eq!(normal_name(spelling), "golden retriever", "{spelling}");
        }
        assert_eq!(normal_name(" - "), "");
        assert_ne!(normal_name("goldenretriever"), "golden retriever");
    }
}
