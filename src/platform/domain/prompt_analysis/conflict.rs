//! What is asked for in one place and forbidden in another.

use std::ops::Range;

use super::pattern::{Pattern, is_conditional, is_negated};
use super::text::Text;
use super::{Finding, Severity, Subject, at, quoted, with_fix};

/// What a prompt may ask for or forbid, and the words for it.
const TOPICS: [(&str, &[&str]); 15] = [
    ("people", &["people", "persons", "person", "faces", "individuals", "humans"]),
    ("text", &["text", "lettering", "texts"]),
    ("places", &["places", "place", "locations", "location", "cities", "landmarks"]),
    ("brands", &["brands", "brand", "logos", "logo", "brand names"]),
    ("colours", &["colours", "colors", "colour", "color"]),
    ("a caption", &["caption", "captions", "description", "descriptions"]),
    ("moods", &["moods", "mood", "emotions", "emotion", "feelings"]),
    ("the background", &["background", "backgrounds", "surroundings"]),
    ("animals", &["animals", "animal", "pets"]),
    ("weather", &["weather"]),
    ("clothing", &["clothing", "clothes", "outfits"]),
    ("vehicles", &["vehicles", "vehicle", "cars"]),
    ("watermarks", &["watermarks", "watermark"]),
    ("a confidence", &["confidence", "confidences", "scores", "score", "probabilities"]),
    ("emojis", &["emojis", "emoji", "hashtags"]),
];

static FORBIDS: Pattern = Pattern::new(
    r"(?P<start>do not|don['’]t|never|must not|should not|shouldn['’]t|avoid|without)\s+(?:ever\s+|also\s+|try to\s+)?(?P<verb>[a-z]+)\s",
);
static LEAVES_OUT: Pattern = Pattern::new(r"\b(?P<start>(?P<verb>ignore|skip|omit|exclude|leave out))\s");
static NO: Pattern = Pattern::new(r"(?m)(?:^\s*(?:[-*•]\s*)?|[.;:,]\s+|\band\s+|\bbut\s+)(?P<start>(?P<verb>no))\s");
static ASKS: Pattern = Pattern::new(
    r"(?m)(?:^\s*(?:[-*•]\s*|\d+[.)]\s*)?|[.;:,]\s+|\band\s+)(?:(?:and|then|also|please|always|must|just)\s+)*(?P<start>(?P<verb>[a-z]+))\s",
);

/// To say who or which it is; to say that it is there. A prompt may well ask for one and forbid the other.
const IDENTIFY: [&str; 9] = ["name", "naming", "identify", "identifying", "recognise", "recognize", "recognising", "recognizing", "guess"];
const MENTION: [&str; 24] = [
    "mention",
    "mentioning",
    "include",
    "including",
    "list",
    "listing",
    "tag",
    "tagging",
    "describe",
    "describing",
    "count",
    "counting",
    "add",
    "adding",
    "write",
    "writing",
    "give",
    "giving",
    "report",
    "reporting",
    "read",
    "reading",
    "provide",
    "return",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Identify,
    Mention,
    /// Whatever it is.
    Any,
}

struct Said<'t> {
    text: &'t Text<'t>,
    range: Range<usize>,
    topic: &'static str,
    deed: Deed,
}

/// Topics that are asked for and forbidden.
pub fn topics(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let forbidden: Vec<Said<'_>> = subject.texts().into_iter().flat_map(|text| forbidden(text)).collect();
    if forbidden.is_empty() {
        return;
    }
    let asked: Vec<Said<'_>> = subject.texts().into_iter().flat_map(|text| asked(text)).collect();
    for no in &forbidden {
        let is_same = |yes: &&Said<'_>| yes.topic == no.topic && (no.deed == Deed::Any || yes.deed == no.deed);
        let Some(yes) = asked.iter().find(is_same) else { continue };
        let is_later =
            (no.text.part != yes.text.part && no.text.part < yes.text.part) || (no.text.part == yes.text.part && no.range.start >= yes.range.start);
        let (first, later) = if is_later { (yes, no) } else { (no, yes) };
        let (one, other) = (first.text.slice(first.range.clone()), later.text.slice(later.range.clone()));
        let words = format!("{} contradicts {} in line {}", quoted(other), quoted(one), first.text.line_of(first.range.start));
        let why = format!("The model is asked for {} and told to leave them out; which of the two it does is chance", no.topic);
        let is_one = matches!(no.topic, "a caption" | "a confidence" | "the background" | "weather" | "clothing");
        let why = if is_one { why.replace("leave them out", "leave it out") } else { why };
        found.push(at(later.text, "conflicting_topic", Severity::Warning, later.range.clone(), words, why));
    }
}

fn forbidden<'t>(text: &'t Text<'t>) -> Vec<Said<'t>> {
    let mut said = Vec::new();
    for (pattern, is_whole) in [(&FORBIDS, false), (&LEAVES_OUT, true), (&NO, true)] {
        for (start, verb, rest) in deeds(pattern, &text.prose) {
            let deed = if is_whole { Some(Deed::Any) } else { deed_of(verb) };
            let Some((deed, (topic, length))) = deed.zip(topic_at(&text.prose[rest.clone()])) else { continue };
            let sentence = text.sentence_of(start);
            let is_qualified = is_partial(&text.prose[rest.start + length..rest.end]);
            if !is_qualified && !is_conditional(&text.prose, sentence.start, start) {
                said.push(Said { text, range: start..rest.start + length, topic, deed });
            }
        }
    }
    said
}

fn asked<'t>(text: &'t Text<'t>) -> Vec<Said<'t>> {
    let mut said = Vec::new();
    for (start, verb, rest) in deeds(&ASKS, &text.prose) {
        let Some((deed, (topic, length))) = deed_of(verb).zip(topic_at(&text.prose[rest.clone()])) else { continue };
        let sentence = text.sentence_of(start);
        let is_qualified = HOLDS_FOR_SOME.is_in(&text.prose[rest.start + length..rest.end]) || is_conditional(&text.prose, sentence.start, start);
        if !is_qualified && !is_negated(&text.prose, sentence.start, start) {
            said.push(Said { text, range: start..rest.start + length, topic, deed });
        }
    }
    for example in &text.examples {
        let inner = text.slice(example.range.clone());
        for (name, topic) in [("\"caption\"", "a caption"), ("\"confidence\"", "a confidence")] {
            if let Some(at) = inner.find(name) {
                let start = example.range.start + at;
                said.push(Said { text, range: start..start + name.len(), topic, deed: Deed::Mention });
            }
        }
    }
    said
}

/// Where a deed begins, its verb, and the range of what follows it in its sentence.
fn deeds<'p>(pattern: &'p Pattern, prose: &'p str) -> impl Iterator<Item = (usize, &'p str, Range<usize>)> {
    pattern.captures(prose).filter_map(move |caught| {
        let (start, verb) = (caught.name("start")?.start(), caught.name("verb")?);
        // Behind the blank, which may be one of two bytes.
        let rest = verb.end() + prose.get(verb.end()..)?.chars().next()?.len_utf8();
        Some((start, verb.as_str(), Text::rest_of_sentence(prose, rest)))
    })
}

fn deed_of(verb: &str) -> Option<Deed> {
    if IDENTIFY.contains(&verb) {
        return Some(Deed::Identify);
    }
    MENTION.contains(&verb).then_some(Deed::Mention)
}

/// The topic that stands right at the start of what follows a verb, and how far it reaches.
fn topic_at(rest: &str) -> Option<(&'static str, usize)> {
    static START: Pattern = Pattern::new(
        r"^(?:(?:the|any|all|every|each|a|an|visible|known|famous|short|plain|one|their|its|some|this|that|nice|good|great|brief|concise|clear|single|simple|long|detailed)\s+)*(?P<noun>[a-z]+(?: names)?)",
    );
    let caught = START.captures(rest).next()?;
    let noun = caught.name("noun")?;
    let whole =
        |word: &&&str| **word == noun.as_str() || noun.as_str().strip_suffix(" names").is_some_and(|short| short == **word && **word == "brand");
    let topic = TOPICS.iter().find(|(_, words)| words.iter().any(|word| whole(&word)))?;
    // `text colour`, `people's names`: the topic is only the start of another thing.
    let behind = &rest[noun.end()..];
    let is_compound = behind.starts_with(['\'', '’', '-'])
        || next_word(behind).is_some_and(|word| COMPOUNDS.contains(&word) || TOPICS.iter().any(|(_, words)| words.contains(&word)));
    (!is_compound).then_some((topic.0, noun.end()))
}

const COMPOUNDS: [&str; 8] = ["names", "name", "tags", "labels", "field", "words", "fields", "key"];

fn next_word(text: &str) -> Option<&str> {
    text.strip_prefix(' ')?.split(|letter: char| !letter.is_alphabetic()).next().filter(|word| !word.is_empty())
}

/// Whether what follows makes it hold for some only: `people who …`, `text in the background`.
fn is_partial(behind: &str) -> bool {
    const QUALIFIERS: [&str; 19] = [
        "who", "whose", "that", "which", "unless", "if", "by", "in", "from", "with", "when", "under", "without", "except", "other", "of", "on", "as",
        "you",
    ];
    static IN_ANSWER: Pattern = Pattern::new(r"^ in (?:the |your |any )?(?:tags?|captions?|answers?|output|labels?|keywords?)\b");
    (next_word(behind).is_some_and(|word| QUALIFIERS.contains(&word)) && !IN_ANSWER.is_in(behind)) || HOLDS_FOR_SOME.is_in(behind)
}

/// A condition behind a wish, in its sentence: it is a wish for some photos only.
static HOLDS_FOR_SOME: Pattern = Pattern::new(r"\b(?:if|when|whenever|unless|except)\b");

static JSON_ONLY: Pattern = Pattern::new(
    r"\bjson only\b|\bonly (?:a |the |one |valid )*json\b|\bnothing but (?:valid )?json\b|\bjson and nothing else\b|\bno other text\b|\bno (?:prose|explanations?|commentary)\b|\bwithout (?:any )?(?:explanations?|commentary)\b|\bjust (?:the )?json\b",
);
static EXPLAINS: Pattern = Pattern::new(
    r"(?m)(?:^\s*(?:[-*•]\s*|\d+[.)]\s*)?|[.;,:]\s+|\band\s+|\bthen\s+|\balso\s+|\bplease\s+)(?P<verb>explain|justify|give (?:a |your )?reasons?|describe your reasoning|show your (?:work|reasoning)|say why|argue)\b[^.;\n]*",
);

/// "JSON only" and a wish for an explanation beside it.
pub fn explanation_beside_json(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let only = subject.texts().into_iter().find_map(|text| JSON_ONLY.ranges(&text.prose).next().map(|range| (text, range)));
    let Some((json_text, json)) = only else { return };
    for text in subject.texts() {
        for caught in EXPLAINS.captures(&text.prose) {
            let (Some(whole), Some(verb)) = (caught.get(0), caught.name("verb")) else { continue };
            let sentence = text.sentence_of(verb.start());
            let line = &text.prose[sentence.clone()];
            // In a field of the answer there is room for it.
            let has_room = line.contains("field") || line.contains("json") || text.raw[sentence.clone()].contains(['"', '`']);
            if has_room || is_negated(&text.prose, sentence.start, verb.start()) {
                continue;
            }
            let range = verb.start()..whole.start() + whole.as_str().trim_end().len();
            let words = format!(
                "{} contradicts {} in line {}",
                quoted(text.slice(range.clone())),
                quoted(json_text.slice(json.clone())),
                json_text.line_of(json.start)
            );
            let why = "An explanation beside the JSON can't be read as tags; ask for it in a field of the answer, or leave it out";
            let finding = at(text, "explanation_beside_json", Severity::Warning, range, words, why);
            found.push(remove_sentence(text, finding, sentence));
        }
    }
}

/// A fix that takes a whole sentence out, and its line with it where nothing else stands there.
fn remove_sentence(text: &Text<'_>, finding: Finding, sentence: Range<usize>) -> Finding {
    let line = text.line(text.line_of(sentence.start)).unwrap_or_else(|| sentence.clone());
    let end = (sentence.end + 1).min(line.end);
    let is_alone =
        text.slice(line.start..sentence.start).trim_matches(['-', '*', '•', ' ']).is_empty() && text.slice(end..line.end).trim().is_empty();
    let range = if is_alone { line.start..(line.end + 1).min(text.raw.len()) } else { sentence.start..end };
    with_fix(finding, "Take the sentence out", range, "")
}

static FORMAT: Pattern = Pattern::new(
    r"\b(?P<format>json|csv|xml|yaml|html|markdown|plain text|comma[- ]separated (?:list|line|values|string)|bullet(?:ed)? (?:list|points)|numbered list|one (?:tag|label|keyword) (?:per|a) line)\b",
);
static ANSWERS: Pattern = Pattern::new(r"\b(?:answer|reply|respond|return|output|give|write|provide|format|produce|present|use|as|in)\b");

/// Formats that an answer is asked to have, JSON among them.
pub struct AskedFormat<'t> {
    pub text: &'t Text<'t>,
    pub range: Range<usize>,
    pub is_json: bool,
}

/// Every wish for a format of the answer; of a sentence that names JSON only that.
pub fn asked_formats<'s>(subject: &'s Subject<'s>) -> Vec<AskedFormat<'s>> {
    let mut asked = Vec::new();
    for text in subject.texts() {
        for caught in FORMAT.captures(&text.prose) {
            let Some(format) = caught.name("format") else { continue };
            let sentence = text.sentence_of(format.start());
            let (is_json, before) = (format.as_str() == "json", &text.prose[sentence.start..format.start()]);
            let line = &text.prose[sentence.clone()];
            let is_wish = is_json || (ANSWERS.is_in(before) && !line.contains("json") && !line.contains("field"));
            if is_wish && !is_negated(&text.prose, sentence.start, format.start()) && !is_conditional(&text.prose, sentence.start, format.start()) {
                asked.push(AskedFormat { text, range: format.range(), is_json });
            }
        }
    }
    asked
}

static NO_JSON: Pattern = Pattern::new(
    r"\b(?:(?:do not|don['’]t|never|must not)\s+(?:ever\s+)?(?:answer|reply|respond|return|output|use|write|give|produce|format)(?: (?:it|the answer|your answer|tags|the tags))?(?: (?:with|in|as|using))?(?: (?:any|a|the|valid))? json|no json|without json)(?P<end>\s*(?:[.,;!]|$)| (?:format|objects?)\b)",
);

/// JSON that is asked for and forbidden.
fn forbidden_json(subject: &Subject<'_>, json: (&Text<'_>, &Range<usize>), found: &mut Vec<Finding>) {
    let (json_text, json) = json;
    for text in subject.texts() {
        for (number, line) in text.lines.iter().enumerate() {
            for caught in NO_JSON.captures(&text.prose[line.clone()]) {
                let (Some(whole), Some(end)) = (caught.get(0), caught.name("end")) else { continue };
                let range = line.start + whole.start()..line.start + end.start();
                let sentence = text.sentence_of(range.start);
                if HOLDS_FOR_SOME.is_in(&text.prose[sentence.clone()]) {
                    continue;
                }
                let place = json_text.line_of(json.start);
                let same_line = text.part == json_text.part && place == number as u32 + 1;
                let place = if same_line { "its own line".to_owned() } else { format!("line {place}") };
                let words = format!("{} contradicts the JSON of {place}", quoted(text.slice(range.clone())));
                let why = "The model is asked for JSON and told to leave it out; Minerva reads JSON";
                let finding = at(text, "conflicting_format", Severity::Warning, range, words, why);
                found.push(remove_sentence(text, finding, sentence));
            }
        }
    }
}

/// JSON and another format, or none of it.
pub fn formats(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let asked = asked_formats(subject);
    let example = subject
        .texts()
        .into_iter()
        .find_map(|text| text.examples.iter().find(|example| !example.is_fenced).map(|example| (text, example.range.clone())));
    let json = asked.iter().find(|format| format.is_json).map(|format| (format.text, format.range.clone())).or(example);
    let Some((json_text, json)) = json else { return };
    forbidden_json(subject, (json_text, &json), found);
    for other in asked.iter().filter(|format| !format.is_json) {
        let words = format!("{} contradicts the JSON of line {}", quoted(other.text.slice(other.range.clone())), json_text.line_of(json.start));
        let why = "The answer can have one format; Minerva reads JSON";
        let finding = at(other.text, "conflicting_format", Severity::Warning, other.range.clone(), words, why);
        found.push(with_fix(finding, "Write “JSON”", other.range.clone(), "JSON"));
    }
}
