//! Wishes that exclude each other: pairs of manners, orders, lengths and the like, of which an answer can have one.

use std::sync::LazyLock;

use super::pattern::{Pattern, is_conditional, is_negated};
use super::text::Text;
use super::wished::{self, Clash, Wished};
use super::{Finding, Subject};

/// Manners of one kind. A group `word` of a pattern is what is marked, else all of it.
struct Exclusive {
    code: &'static str,
    why: &'static str,
    /// Wishes of different sides exclude each other; those of one side don't.
    sides: Vec<Pattern>,
    kind: Kind,
}

/// How far wishes of a kind reach, and how they are mended.
#[derive(Clone, Copy)]
struct Kind {
    /// Tags and caption may each have their own.
    by_target: bool,
    /// The words of one side may stand in place of those of the other.
    is_swap: bool,
    /// It is a wish whatever its sentence speaks of.
    is_wish_anyway: bool,
    /// A sentence may share out: some of one side, some of the other.
    is_shared: bool,
}

const MANNER: Kind = Kind { by_target: true, is_swap: true, is_wish_anyway: false, is_shared: true };
const SHAPE: Kind = Kind { is_swap: false, ..MANNER };
const ORDER: Kind = Kind { is_shared: false, ..SHAPE };
const TONE: Kind = Kind { by_target: false, ..SHAPE };
const RULE: Kind = Kind { by_target: false, is_swap: false, is_wish_anyway: true, is_shared: false };
const SCALE: Kind = Kind { is_wish_anyway: false, ..RULE };

const TWO_TAGS: &str = "The same thing would get two tags, which no search finds together";

macro_rules! instruction {
    () => {
        r"(?m)(?:^\s*(?:[-*•]\s*|\d+[.)]\s*)?|[.;:,]\s+|\band\s+|\bplease\s+|\balso\s+|\balways\s+|\bthen\s+)"
    };
}

static ALL: LazyLock<Vec<Exclusive>> = LazyLock::new(|| {
    vec![
        Exclusive {
            code: "conflicting_case",
            why: TWO_TAGS,
            sides: vec![
                Pattern::new(r"\blower[- ]?case\b"),
                Pattern::new(r"\b(?:upper[- ]?case|title case|all caps|capital letters|capitali[sz]ed?|capital first letter)\b"),
            ],
            kind: MANNER,
        },
        Exclusive {
            code: "conflicting_number",
            why: TWO_TAGS,
            sides: vec![Pattern::new(r"\bsingular\b"), Pattern::new(r"\bplurals?\b")],
            kind: MANNER,
        },
        Exclusive {
            code: "conflicting_separator",
            why: TWO_TAGS,
            sides: vec![
                Pattern::new(r"\b(?:snake[_ -]case|underscores?)\b"),
                Pattern::new(r"\b(?:kebab[- ]case|hyphens|hyphenated|dashes)\b"),
                Pattern::new(r"\b(?:camel[- ]?case)\b"),
                Pattern::new(r"\b(?:separated by spaces|spaces between words)\b"),
            ],
            kind: SHAPE,
        },
        Exclusive {
            code: "conflicting_spelling",
            why: TWO_TAGS,
            sides: vec![Pattern::new(r"\b(?:british|uk) (?:english|spelling)\b"), Pattern::new(r"\b(?:american|us) (?:english|spelling)\b")],
            kind: MANNER,
        },
        Exclusive {
            code: "conflicting_tense",
            why: "Captions of one collection would read as if different people had written them",
            sides: vec![Pattern::new(r"\bpresent tense\b"), Pattern::new(r"\bpast tense\b")],
            kind: MANNER,
        },
        Exclusive {
            code: "conflicting_order",
            why: "The answer can be in one order only; which of the two it is changes from photo to photo",
            sides: vec![
                Pattern::new(r"\b(?:alphabetical(?:ly)?(?: order)?|alphabetic order|from a to z)\b"),
                Pattern::new(
                    r"\b(?:the )?(?:most (?:important|confident|relevant|prominent|certain|obvious)|main subject|largest|highest confidence)(?: [a-z]+)? (?:comes? )?first\b|\b(?:by|in order of|descending) (?:descending )?(?:confidence|importance|relevance|prominence)\b",
                ),
            ],
            kind: ORDER,
        },
        Exclusive {
            code: "conflicting_words",
            why: TWO_TAGS,
            sides: vec![
                Pattern::new(
                    r"\b(?:single[- ]word (?:tags?|labels?|keywords?)|single words(?: only)?|one word (?:each|per tag)|one-word (?:tags?|labels?|keywords?))\b",
                ),
                Pattern::new(
                    r"\b(?:(?:multi|two|three)-word (?:tags?|labels?|keywords?|phrases?)|(?:short |descriptive )?phrases|(?:several|two or three|2-3|2 to 3) words each)\b",
                ),
            ],
            kind: SHAPE,
        },
        Exclusive {
            code: "conflicting_part_of_speech",
            why: TWO_TAGS,
            sides: vec![
                Pattern::new(r"\b(?:nouns only|only (?:use )?nouns|nothing but nouns)\b"),
                Pattern::new(
                    r"\b(?:include|add|use|give|mix in|also)\s+(?:also\s+)?(?:some\s+)?(?:verbs|adjectives)\b|\b(?:verbs|adjectives) only\b",
                ),
            ],
            kind: SHAPE,
        },
        Exclusive {
            code: "conflicting_specificity",
            why: "A boat would be “vehicle” in one photo and “dinghy” in the next",
            sides: vec![
                Pattern::new(r"\b(?:general|generic|broad|high-level)\s+(?:tags?|terms?|labels?|keywords?|categories)\b"),
                Pattern::new(r"\b(?:specific|precise|fine-grained|exact)\s+(?:tags?|terms?|labels?|keywords?)\b|\bas specific as\b"),
            ],
            kind: SHAPE,
        },
        Exclusive {
            code: "conflicting_length",
            why: "It can't be short and long: which of the two a photo gets is chance",
            sides: vec![
                Pattern::new(
                    r"\b(?:(?:a |one |single |in one )?(?:short|brief|concise|terse)(?: plain| simple)? (?:sentence|caption|description|summary)s?|(?:one|a single|single) (?:short |plain |simple )?sentence)\b",
                ),
                Pattern::new(
                    r"\b(?:(?:a |one )?(?:long|lengthy|detailed|in-depth|comprehensive|elaborate|exhaustive)(?: and [a-z]+)? (?:caption|description|summary|paragraph)s?|(?:a|one|two|three|four|five|several|multiple|full|\d{1,2}) (?:short |long |full )?paragraphs?|(?:several|multiple) sentences|in (?:great|full) detail)\b",
                ),
            ],
            kind: SHAPE,
        },
        Exclusive {
            code: "conflicting_tone",
            why: "A reader can't tell what was seen from what was made up",
            sides: vec![
                Pattern::new(r"\b(?:objective|neutral|factual|matter-of-fact)\b"),
                Pattern::new(r"\b(?:poetic|creative|playful|funny|witty|humorous|emotional|vivid|engaging|catchy|evocative)\b"),
            ],
            kind: TONE,
        },
        Exclusive {
            code: "conflicting_guess",
            why: "What can't be seen is either left out or guessed; told both, the model invents things in some photos",
            sides: vec![
                Pattern::new(
                    r"\b(?:only (?:tag |name |describe |list |mention |report )?(?:what|things|objects)(?: that)?(?: you)? (?:is|are|can be|can)? ?(?:clearly |really |actually )?(?:visible|seen|see)|(?:do not|don['’]t|never|must not) (?:ever )?(?:guess|infer|assume|speculate|invent|make (?:things|anything) up))\b",
                ),
                Pattern::new(concat!(
                    instruction!(),
                    r"(?P<word>(?:guess|infer|speculate about|imagine|make an educated guess|assume) [^.;,\n]{2,40})"
                )),
            ],
            kind: RULE,
        },
        Exclusive {
            code: "conflicting_fence",
            why: "What stands around the JSON either is there or is not; programs read one of the two",
            sides: vec![
                Pattern::new(
                    r"\b(?:(?:no|without(?: any)?) (?:markdown|code fences?|code blocks?|backticks)|(?:do not|don['’]t|never) (?:use|add|wrap [a-z ]{1,20}in) (?:any )?(?:markdown|code fences?|code blocks?|backticks))\b",
                ),
                Pattern::new(
                    r"\b(?:in(?:side)? (?:a|one) (?:fenced |markdown |json |fenced json )*(?:code )?(?:block|fence)|(?:wrap|wrapped|enclosed?) [a-z ]{0,20}?in (?:triple )?(?:backticks|markdown|code fences|a (?:markdown |json )?code (?:block|fence)))\b",
                ),
            ],
            kind: RULE,
        },
        Exclusive {
            code: "conflicting_extent",
            why: "With a limit something has to be left out; with “all” nothing may be",
            sides: vec![
                Pattern::new(
                    r"\b(?:up to|at most|no more than|not more than|(?:a )?maximum of|exactly|only)\s+(?:\d{1,2}|one|two|three|four|five|six|seven|eight|ten)\s+(?:[a-z-]+ )?(?:tags?|labels?|keywords?)\b",
                ),
                Pattern::new(concat!(
                    instruction!(),
                    r"(?P<word>(?:list|tag|name|include|give|return|mention|report|write down) (?:everything(?: (?:you (?:can )?see|in (?:the|it)|visible))?|absolutely all|as many (?:tags|labels|keywords|objects|things) as (?:possible|you can)|every single [a-z]+))"
                )),
            ],
            kind: RULE,
        },
        Exclusive {
            code: "conflicting_scale",
            why: "A confidence of 1 is sure on one scale and next to nothing on the other",
            sides: vec![
                Pattern::new(r"\b(?:between |from )?0(?:\.0+)? ?(?:to|and|-|–) ?1(?:\.0+)?\b(?:\.\d|%)?"),
                Pattern::new(r"\b(?:between |from )?[01] ?(?:%|percent)? ?(?:to|and|-|–) ?(?:100)\b|\b(?:in|as a?) ?(?:percent|percentage)\b"),
                Pattern::new(r"\b(?:between |from )?[01] ?(?:to|and|-|–) ?10\b|\bout of (?:10|ten)\b"),
                Pattern::new(r"\b(?:between |from )?[01] ?(?:to|and|-|–) ?5\b|\bout of (?:5|five)\b"),
            ],
            kind: SCALE,
        },
    ]
});

/// What a sentence about the answer speaks of.
static SPEAKS_OF_ANSWER: Pattern = Pattern::new(
    r"\b(?:answer|reply|respond|write|use|tags?|captions?|labels?|keywords?|descriptions?|describe|output|return|give|nouns?|words?|sentences?|order|sort|list|confidences?|scores?|be|keep|tone|summary|adjectives|verbs)\b",
);
static SPEAKS_OF_CONFIDENCE: Pattern = Pattern::new(r"\b(?:confidences?|confident|scores?|certainty|probabilit(?:y|ies))\b");
/// A sentence that shares out: some of one side, some of the other.
static SHARES: Pattern =
    Pattern::new(r"\b(?:first|then|also|plus|both|too|another|other|followed by|mix|half|each kind|and (?:one|two|three|\d+))\b");
/// It holds for some photos only, or need not be.
static PERMITS: Pattern = Pattern::new(r"\b(?:may|might|could|unless|except|if|when)\b");

/// Every pair of wishes that exclude each other.
pub fn wishes(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for exclusive in ALL.iter() {
        let Exclusive { code, why, kind: Kind { by_target, is_swap, .. }, .. } = *exclusive;
        let wished = subject.texts().into_iter().flat_map(|text| of_text(text, exclusive)).collect();
        wished::tell(wished, Clash { code, why, by_target, is_swap }, found);
    }
}

fn of_text<'t>(text: &'t Text<'t>, exclusive: &'static Exclusive) -> Vec<Wished<'t>> {
    let mut wished = Vec::new();
    for (side, pattern) in exclusive.sides.iter().enumerate() {
        for caught in pattern.captures(&text.prose) {
            let Some(marked) = caught.name("word").or_else(|| caught.get(0)) else { continue };
            let end = marked.start() + marked.as_str().trim_end().len();
            let range = marked.start()..end;
            let sentence = text.sentence_of(range.start);
            let words = &text.prose[sentence.clone()];
            let names_both = exclusive.sides.iter().enumerate().any(|(other, pattern)| other != side && pattern.is_in(words));
            let speaks = if exclusive.code == "conflicting_scale" { &SPEAKS_OF_CONFIDENCE } else { &SPEAKS_OF_ANSWER };
            let is_about_it = exclusive.kind.is_wish_anyway || speaks.is_in(words);
            let is_no_wish = names_both
                || !is_about_it
                || (exclusive.kind.is_shared && SHARES.is_in(words))
                || PERMITS.is_in(words)
                || is_negated(&text.prose, sentence.start, range.start)
                || is_conditional(&text.prose, sentence.start, range.start);
            if !is_no_wish {
                wished.push(Wished { text, range, sentence: words, side });
            }
        }
    }
    wished
}
