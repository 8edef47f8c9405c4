//! Some providers repeat a refused key in their answers. Whatever comes back is rid of the key that was sent before anybody reads it,
//! so that no key reaches a message, the database, a report or a log.

use std::borrow::Cow;
use std::collections::HashSet;

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};

/// What stands in the key's place.
const MASK: &str = "[key]";
/// What is shorter is no key of any provider, and would be found in innocent words; so would shorter parts of one.
const PART_LEAST: usize = 8;

/// Takes one key out of what a provider says, also where its first or last letters are gone.
#[derive(Clone, Default)]
pub struct Mask(Option<SecretString>);

impl Mask {
    #[must_use]
    pub fn of(key: Option<&SecretString>) -> Self {
        Self(key.filter(|key| key.expose_secret().len() >= PART_LEAST).cloned())
    }

    /// The text without the key.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.without(text.as_bytes()) {
            Some(kept) => Cow::Owned(String::from_utf8_lossy(&kept).into_owned()),
            None => Cow::Borrowed(text),
        }
    }

    /// The bytes without the key; they need not be text.
    #[must_use]
    pub fn bytes(&self, bytes: Bytes) -> Bytes {
        self.without(&bytes).map_or(bytes, Bytes::from)
    }

    /// `None`: nothing of the key is in it.
    fn without(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let key = self.0.as_ref()?.expose_secret().as_bytes();
        let begins: HashSet<&[u8]> = key.windows(PART_LEAST).collect();
        let mut first_letters = [false; 256];
        for letter in key {
            first_letters[usize::from(*letter)] = true;
        }
        let mut kept: Option<Vec<u8>> = None;
        let (mut at, mut copied) = (0, 0);
        while at + PART_LEAST <= bytes.len() {
            if !first_letters[usize::from(bytes[at])] || !begins.contains(&bytes[at..at + PART_LEAST]) {
                at += 1;
                continue;
            }
            let kept = kept.get_or_insert_with(|| Vec::with_capacity(bytes.len()));
            kept.extend_from_slice(&bytes[copied..at]);
            kept.extend_from_slice(MASK.as_bytes());
            at += longest_part(key, &bytes[at..]);
            copied = at;
        }
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&bytes[copied..]);
        }
        kept
    }
}

/// How many of the first bytes are a part of the key.
fn longest_part(key: &[u8], bytes: &[u8]) -> usize {
    let from = |begin: usize| key[begin..].iter().zip(bytes).take_while(|(one, other)| one == other).count();
    (0..key.len()).map(from).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_out_wherever_it_stands() {
        let mask = Mask::of(Some(&"sk-secret-1234".into()));
        assert_eq!(mask.text("Incorrect API key provided: sk-secret-1234."), "Incorrect API key provided: [key].");
        assert_eq!(mask.bytes(Bytes::from_static(b"\xff sk-secret-1234sk-secret-1234")), Bytes::from_static(b"\xff [key][key]"));
        assert_eq!(mask.text("no key"), "no key");
        assert_eq!(mask.bytes(Bytes::from_static(b"no key")), Bytes::from_static(b"no key"));
    }

    #[test]
    fn a_part_of_a_key_is_taken_out_as_well() {
        let mask = Mask::of(Some(&"sk-secret-1234".into()));
        assert_eq!(mask.text("Invalid key: …cret-1234"), "Invalid key: …[key]", "its first letters are gone");
        assert_eq!(mask.text("Invalid key: sk-secre… (x)"), "Invalid key: [key]… (x)");
        assert_eq!(mask.text("ends in -1234"), "ends in -1234", "what every page of keys shows");
        assert_eq!(mask.text("sk-secret-12sk-secret-1234"), "[key][key]");
    }

    #[test]
    fn without_a_key_everything_stays_as_it_came() {
        assert_eq!(Mask::default().text("sk-secret-1234"), "sk-secret-1234");
        assert_eq!(Mask::of(Some(&"dog".into())).text("a dog"), "a dog", "nobody's key is a word");
    }
}
