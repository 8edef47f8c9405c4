//! Some providers repeat a refused key in their answers. Whatever comes back is rid of the key that was sent before anybody reads it,
//! so that no key reaches a message, the database, a report or a log.

use std::borrow::Cow;

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};

/// What stands in the key's place.
const MASK: &str = "[key]";
/// What is shorter is no key of any provider, and would be found in innocent words.
const KEY_LEAST: usize = 8;

/// Takes one key out of what a provider says.
#[derive(Clone, Default)]
pub struct Mask(Option<SecretString>);

impl Mask {
    #[must_use]
    pub fn of(key: Option<&SecretString>) -> Self {
        Self(key.filter(|key| key.expose_secret().len() >= KEY_LEAST).cloned())
    }

    /// The text without the key.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.0 {
            Some(key) if text.contains(key.expose_secret()) => Cow::Owned(text.replace(key.expose_secret(), MASK)),
            _ => Cow::Borrowed(text),
        }
    }

    /// The bytes without the key; they need not be text.
    #[must_use]
    pub fn bytes(&self, bytes: Bytes) -> Bytes {
        let Some(key) = self.0.as_ref().map(|key| key.expose_secret().as_bytes()) else { return bytes };
        if !bytes.windows(key.len()).any(|window| window == key) {
            return bytes;
        }
        let mut kept = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at..].starts_with(key) {
                kept.extend_from_slice(MASK.as_bytes());
                at += key.len();
            } else {
                kept.push(bytes[at]);
                at += 1;
            }
        }
        kept.into()
    }
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
    fn without_a_key_everything_stays_as_it_came() {
        assert_eq!(Mask::default().text("sk-secret-1234"), "sk-secret-1234");
        assert_eq!(Mask::of(Some(&"dog".into())).text("a dog"), "a dog", "nobody's key is a word");
    }
}
