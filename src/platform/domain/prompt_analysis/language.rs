//! The language that is asked for: one for tags, one for the caption.

use super::pattern::{Pattern, is_conditional, is_negated};
use super::wished::{self, Clash, Wished};
use super::{Finding, Subject};

macro_rules! languages {
    () => {
        "english|german|french|spanish|italian|portuguese|dutch|polish|swedish|danish|norwegian|finnish|czech|russian|ukrainian|greek|turkish|arabic|hebrew|hindi|chinese|japanese|korean|vietnamese|thai|indonesian"
    };
}

static IN_LANGUAGE: Pattern = Pattern::new(concat!(r"\b(?:in|into)\s+(?:plain\s+|simple\s+)?(?P<word>", languages!(), r")\b"));
static LANGUAGE_WORDS: Pattern = Pattern::new(concat!(
    r"\b(?P<word>",
    languages!(),
    r")\s+(?:[a-z-]+\s+){0,2}?(?:nouns?|words?|tags?|terms?|labels?|keywords?|sentences?|captions?)\b"
));
static ANY_LANGUAGE: Pattern = Pattern::new(concat!(r"\b(?:", languages!(), r")\b"));
/// What a sentence about the answer's language speaks of.
static SPEAKS_OF_ANSWER: Pattern =
    Pattern::new(r"\b(?:answer|reply|respond|write|tags?|captions?|labels?|keywords?|descriptions?|output|return|give|nouns?|words?|sentences?)\b");
/// Text that is in the photo has a language of its own.
static IN_THE_PHOTO: Pattern = Pattern::new(r"\b(?:signs?|text|lettering|translate|original)\b");

/// Two languages for the same thing.
pub fn languages(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut wished = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for text in subject.texts() {
        for pattern in [&IN_LANGUAGE, &LANGUAGE_WORDS] {
            for caught in pattern.captures(&text.prose) {
                let Some(word) = caught.name("word") else { continue };
                let sentence = text.sentence_of(word.start());
                let words = &text.prose[sentence.clone()];
                let is_one_of_many = ANY_LANGUAGE.ranges(words).count() > 1;
                let speaks = SPEAKS_OF_ANSWER.is_in(words) && !IN_THE_PHOTO.is_in(words) && !is_one_of_many;
                let is_wish =
                    speaks && !is_negated(&text.prose, sentence.start, word.start()) && !is_conditional(&text.prose, sentence.start, word.start());
                if is_wish {
                    let side = named.iter().position(|name| *name == word.as_str()).unwrap_or_else(|| {
                        named.push(word.as_str());
                        named.len() - 1
                    });
                    wished.push(Wished { text, range: word.range(), sentence: words, side });
                }
            }
        }
    }
    let why = "One photo's answer would mix languages, and the same thing would get two tags";
    wished::tell(wished, Clash { code: "conflicting_language", why, by_target: true, is_swap: true }, found);
}
