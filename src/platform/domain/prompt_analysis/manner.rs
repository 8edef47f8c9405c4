//! The language that is asked for: one for tags, one for the caption.

use std::ops::Range;

use super::pattern::{Pattern, is_conditional, is_negated};
use super::text::Text;
use super::{Finding, Severity, Subject, at, quoted, with_fix};

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

static CAPTION: Pattern = Pattern::new(r"\b(?:captions?|descriptions?|sentences?)\b");
static TAGS: Pattern = Pattern::new(r"\b(?:tags?|labels?|keywords?|nouns?)\b");

/// What a sentence asks something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Tags,
    Caption,
    Answer,
}

fn target_of(sentence: &str) -> Target {
    match (TAGS.is_in(sentence), CAPTION.is_in(sentence)) {
        (true, false) => Target::Tags,
        (false, true) => Target::Caption,
        _ => Target::Answer,
    }
}

struct Wished<'t> {
    text: &'t Text<'t>,
    range: Range<usize>,
    target: Target,
    /// Which of the things that exclude each other.
    kind: String,
}

/// Two languages for the same thing.
pub fn languages(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let mut wishes = Vec::new();
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
                    wishes.push(Wished { text, range: word.range(), target: target_of(words), kind: word.as_str().to_owned() });
                }
            }
        }
    }
    in_order(&mut wishes);
    let why = "One photo's answer would mix languages, and the same thing would get two tags";
    tell(&wishes, "conflicting_language", why, found);
}

fn in_order(wishes: &mut [Wished<'_>]) {
    // The system part is read first.
    wishes.sort_by_key(|wished| (std::cmp::Reverse(wished.text.part), wished.range.start));
}

/// A finding for each later wish of another kind for the same target.
fn tell(wishes: &[Wished<'_>], code: &str, why: &str, found: &mut Vec<Finding>) {
    for target in [Target::Tags, Target::Caption, Target::Answer] {
        let mut same = wishes.iter().filter(|wished| wished.target == target);
        let Some(first) = same.next() else { continue };
        for later in same.filter(|later| later.kind != first.kind) {
            let (one, other) = (first.text.slice(first.range.clone()), later.text.slice(later.range.clone()));
            let words = format!("{} contradicts {} in line {}", quoted(other), quoted(one), first.text.line_of(first.range.start));
            let finding = at(later.text, code, Severity::Warning, later.range.clone(), words, why);
            found.push(with_fix(finding, format!("Write {}", quoted(one)), later.range.clone(), one));
        }
    }
}
