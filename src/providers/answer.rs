//! What a language model wrote, read as caption and tags: tolerant of what models do, strict about what is kept.

mod entries;

pub use entries::{Entry, entries};

use serde_json::Value;

use crate::wire::answer_schema::{AnswerSchema, CAPTIONS, CONFIDENCES, TAG_LISTS, TAG_NAMES};
use crate::wire::loose_json;
use crate::wire::result::{Tag, Usage};

/// Tags kept of one answer.
const TAGS_MOST: usize = 100;
/// Characters kept of a tag and of a caption.
const NAME_MOST: usize = 80;
const CAPTION_MOST: usize = 2_000;

/// Tags with a confidence that is not believed that a note names.
const OUTLIERS_NAMED: usize = 5;

/// The box of a tag, and other names under which models write one, in pixels, fractions or thousandths as it comes.
const BOX: &str = "box_2d";
const OTHER_BOXES: [&str; 4] = ["box", "bbox", "bbox_2d", "bounding_box"];

/// A read answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadAnswer {
    pub caption: Option<String>,
    pub tags: Vec<Tag>,
    /// What was mended.
    pub notes: Vec<String>,
}

/// Ways in which an answer breaks its schema that are told.
const BREACHES_MOST: usize = 3;

/// Reads the text of an answer; the error says what was there instead. `schema`: one of the author's own, to which the answer is
/// held; where it does not keep to it and has tags all the same, the notes say so.
pub fn read(text: &str, schema: Option<&AnswerSchema>) -> Result<ReadAnswer, String> {
    let value = json_in(text).ok_or_else(|| {
        let start: String = printable(text.trim(), &mut 0).chars().take(200).collect();
        if start.is_empty() { "The answer is empty".to_owned() } else { format!("The answer is not JSON. It begins: {start}") }
    })?;
    let mut notes: Vec<String> = schema.and_then(|schema| breaches(&value, schema)).into_iter().collect();
    let (caption, list) = places_in(&value, schema);
    let Some(list) = list else {
        return Err("The answer has no list of tags".to_owned());
    };
    let mut removed = 0;
    let tags = tags(list, &mut notes, &mut removed);
    let caption = caption.map(|caption| cut(printable(caption, &mut removed).trim(), &mut notes));
    notes.extend(removed_words(removed));
    Ok(ReadAnswer { caption: caption.filter(|caption| !caption.is_empty()), tags, notes })
}

/// The caption and the list of tags, wherever models put them.
fn places_in<'v>(value: &'v Value, schema: Option<&AnswerSchema>) -> (Option<&'v str>, Option<&'v Vec<Value>>) {
    let names = |own: Option<&'static str>, usual: [&'static str; 3]| own.into_iter().chain(usual);
    let places = schema.map(|schema| schema.places);
    match value {
        Value::Array(list) => (None, Some(list)),
        Value::Object(map) => {
            let caption = names(places.and_then(|places| places.caption), CAPTIONS).find_map(|key| map.get(key)).and_then(Value::as_str);
            (caption, names(places.map(|places| places.tags), TAG_LISTS).find_map(|key| map.get(key)).and_then(Value::as_array))
        }
        _ => (None, None),
    }
}

/// No more of a caption than is kept; a note says that there was more.
fn cut(caption: &str, notes: &mut Vec<String>) -> String {
    let letters = caption.chars().count();
    if letters > CAPTION_MOST {
        notes.push(format!("The caption has {letters} characters; the first {CAPTION_MOST} are kept"));
    }
    caption.chars().take(CAPTION_MOST).collect()
}

/// A text without control characters other than line breaks and tabs: an escape sequence would command the terminal that shows it.
/// Counts those that are taken out.
pub fn printable(text: &str, removed: &mut usize) -> String {
    let kept: String = text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t' | '\r')).collect();
    *removed += text.chars().count() - kept.chars().count();
    kept
}

/// The note about what [`printable`] took out.
#[must_use]
pub fn removed_words(removed: usize) -> Option<String> {
    match removed {
        0 => None,
        1 => Some("A control character was taken out of its text".to_owned()),
        many => Some(format!("{many} control characters were taken out of its text")),
    }
}

/// More tokens than any model takes or writes in one call.
const TOKENS_MOST: u64 = 100_000_000;

/// Forgets counts of tokens that can't be true, so that nothing is charged by them; says so in a note.
pub fn believe(usage: &mut Usage) -> Option<String> {
    let Usage { input_tokens, output_tokens, cached_tokens, cache_write_tokens, thinking_tokens, image_tokens } = usage;
    let counts = [input_tokens, output_tokens, cached_tokens, cache_write_tokens, thinking_tokens, image_tokens];
    let absurd: Vec<u64> = counts.into_iter().filter_map(|count| count.take_if(|count| *count > TOKENS_MOST)).collect();
    let largest = absurd.into_iter().max()?;
    Some(format!("{largest} tokens were reported, more than a call can have; such counts are not believed"))
}

/// How an answer breaks its schema.
fn breaches(value: &Value, schema: &AnswerSchema) -> Option<String> {
    let found = schema.breaches(value, BREACHES_MOST);
    let told: Vec<String> = found.into_iter().map(|(place, words)| if place.is_empty() { words } else { format!("{place}: {words}") }).collect();
    (!told.is_empty()).then(|| format!("The answer does not keep to its schema: {}", told.join(" · ")))
}

/// The JSON of an answer: all of it, what stands in a fence, or from the first brace to the last. Where it is not strict JSON
/// (a comma too many, `NaN`, single quotes, comments), it is read as JSON5.
fn json_in(text: &str) -> Option<Value> {
    after_thinking(text).and_then(json_as_written).or_else(|| json_as_written(text))
}

/// What follows a model's thinking aloud, which may hold JSON of its own.
fn after_thinking(text: &str) -> Option<&str> {
    const ENDS: [&str; 3] = ["</think>", "</thinking>", "</reasoning>"];
    ENDS.iter().filter_map(|end| text.rfind(end).map(|at| at + end.len())).max().map(|at| &text[at..])
}

fn json_as_written(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return Some(value).filter(|value| value.is_object() || value.is_array());
    }
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok().or_else(|| loose_json::read(text));
    // The bracket that comes first is the outer one: a bare list holds objects, an object holds the list.
    let mut pairs = [('{', '}'), ('[', ']')];
    pairs.sort_by_key(|(open, _)| text.find(*open).unwrap_or(usize::MAX));
    pairs.into_iter().find_map(|(open, close)| parse(text.get(text.find(open)?..=text.rfind(close)?)?))
}

fn tags(list: &[Value], notes: &mut Vec<String>, removed: &mut usize) -> Vec<Tag> {
    let (mut tags, mut outliers, mut missing): (Vec<Tag>, Vec<String>, u32) = (Vec::new(), Vec::new(), 0);
    let mut at_name = std::collections::HashMap::new();
    let mut shortened = 0;
    let named: Vec<(String, Option<Given>, Option<Boxed>)> =
        list.iter().filter_map(|item| Some((name_of(item, removed, &mut shortened)?, confidence_of(item), box_of(item)))).collect();
    let dropped = list.len() - named.len();
    let is_percent = are_percents(named.iter().filter_map(|(_, given, _)| given.and_then(Given::bare)));
    if is_percent {
        notes.push("The confidences came as percents and were divided by 100".to_owned());
    }
    let mut unread = Vec::new();
    for (name, given, boxed) in named {
        if boxed == Some(Boxed::Unread) {
            unread.push(name.clone());
        }
        let bounds = boxed.and_then(Boxed::bounds);
        let scaled = given.map(|given| match given {
            Given::Bare(number) if !is_percent => number,
            Given::Bare(percent) | Given::Percent(percent) => percent / 100.0,
        });
        let confidence = scaled.filter(|confidence| (0.0..=1.0).contains(confidence));
        if let (Some(given), None) = (given, confidence) {
            outliers.push(format!("{name} {given}"));
        }
        missing += u32::from(given.is_none());
        match at_name.get(&name) {
            Some(&at) => {
                let tag: &mut Tag = &mut tags[at];
                tag.confidence = confidence.into_iter().chain(tag.confidence).reduce(f32::max);
                tag.bounds = tag.bounds.or(bounds);
            }
            None => {
                at_name.insert(name.clone(), tags.len());
                tags.push(Tag { name, confidence, bounds });
            }
        }
    }
    if !outliers.is_empty() {
        let what = match outliers.len() {
            1 => "1 confidence was outside 0–1 and is not believed".to_owned(),
            many => format!("{many} confidences were outside 0–1 and are not believed"),
        };
        let more = outliers.len().saturating_sub(OUTLIERS_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        outliers.truncate(OUTLIERS_NAMED);
        notes.push(format!("{what}: {}{more}", outliers.join(", ")));
    }
    if !unread.is_empty() {
        let what = if unread.len() == 1 { "1 box was".to_owned() } else { format!("{} boxes were", unread.len()) };
        unread.truncate(OUTLIERS_NAMED);
        notes.push(format!("{what} left out, since a box is box_2d: [top, left, bottom, right] from 0 to 1000: {}", unread.join(", ")));
    }
    if missing > 0 {
        let tags = if missing == 1 { "tag" } else { "tags" };
        notes.push(format!("{missing} {tags} came without a confidence that is a number"));
    }
    if dropped > 0 {
        let entries = if dropped == 1 { "1 entry without a name was" } else { &format!("{dropped} entries without a name were") };
        notes.push(format!("{entries} left out"));
    }
    if shortened > 0 {
        let names = if shortened == 1 { "1 tag has" } else { &format!("{shortened} tags have") };
        notes.push(format!("{names} more than {NAME_MOST} characters; the first ones are kept"));
    }
    if tags.len() > TAGS_MOST {
        notes.push(format!("{} tags were given; the first {TAGS_MOST} are kept", tags.len()));
        tags.truncate(TAGS_MOST);
    }
    Tag::sort(&mut tags);
    tags
}

/// Whether an answer's confidences are percents: none is a fraction, and one is beyond any scale of ten. What is on no known
/// scale stays as it is, and is not believed: 7 may be 7 %, 70 % or a slip.
fn are_percents(mut given: impl Iterator<Item = f32> + Clone) -> bool {
    let is_percent = |number: f32| number.abs() < f32::MIN_POSITIVE || (1.0..=100.0).contains(&number);
    given.clone().any(|number| number > 10.0) && given.all(is_percent)
}

fn name_of(item: &Value, removed: &mut usize, shortened: &mut usize) -> Option<String> {
    let name = match item {
        Value::String(name) => name,
        Value::Object(map) => TAG_NAMES.iter().find_map(|key| map.get(*key)).and_then(Value::as_str)?,
        _ => return None,
    };
    let name = printable(name, removed);
    let words: Vec<&str> = name.split_whitespace().collect();
    let name = words.join(" ").to_lowercase();
    *shortened += usize::from(name.chars().count() > NAME_MOST);
    let name: String = name.chars().take(NAME_MOST).collect();
    (!name.is_empty()).then_some(name)
}

/// A confidence as it was given.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Given {
    /// A number without a word on its scale.
    Bare(f32),
    /// `80%`.
    Percent(f32),
}

impl Given {
    /// The number that says nothing of its scale.
    fn bare(self) -> Option<f32> {
        match self {
            Self::Bare(number) => Some(number),
            Self::Percent(_) => None,
        }
    }
}

impl std::fmt::Display for Given {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bare(number) => write!(formatter, "{number}"),
            Self::Percent(number) => write!(formatter, "{number} %"),
        }
    }
}

fn confidence_of(item: &Value) -> Option<Given> {
    let given = CONFIDENCES.iter().find_map(|key| item.get(*key));
    let finite = |number: f64| Some(number as f32).filter(|number| number.is_finite());
    match given? {
        Value::Number(number) => number.as_f64().and_then(finite).map(Given::Bare),
        Value::String(text) => match text.trim().strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok().and_then(finite).map(Given::Percent),
            None => text.trim().parse().ok().and_then(finite).map(Given::Bare),
        },
        _ => None,
    }
}

/// Where a tag was said to be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Boxed {
    /// As fractions: left, top, right, bottom.
    At([f32; 4]),
    /// In a form of which nobody knows what it means.
    Unread,
}

impl Boxed {
    fn bounds(self) -> Option<[f32; 4]> {
        match self {
            Self::At(bounds) => Some(bounds),
            Self::Unread => None,
        }
    }
}

/// Whether a prompt asks for boxes or not: they are read where they come.
fn box_of(item: &Value) -> Option<Boxed> {
    if let Some(given) = item.get(BOX).filter(|given| !given.is_null()) {
        return Some(thousandths(given).map_or(Boxed::Unread, Boxed::At));
    }
    OTHER_BOXES.iter().any(|key| item.get(*key).is_some_and(|given| !given.is_null())).then_some(Boxed::Unread)
}

/// As Gemini writes a box: top, left, bottom, right, in thousandths of the photo.
fn thousandths(given: &Value) -> Option<[f32; 4]> {
    let numbers: Vec<f64> = given.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let [top, left, bottom, right] = numbers[..] else { return None };
    let is_sound = numbers.iter().all(|number| (0.0..=1000.0).contains(number)) && top < bottom && left < right;
    is_sound.then(|| [left, top, right, bottom].map(|number| (number / 1000.0) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_plain(text: &str) -> Result<ReadAnswer, String> {
        read(text, None)
    }

    fn names(text: &str) -> Vec<(String, f32)> {
        read_plain(text).expect("reads").tags.into_iter().map(|tag| (tag.name, tag.confidence.expect("a confidence"))).collect()
    }

    #[test]
    fn what_is_too_long_is_cut_and_said() {
        let answer = serde_json::json!({"caption": "c".repeat(200_000), "tags": [{"name": "t".repeat(100), "confidence": 0.5}, {"name": "cat", "confidence": 0.4}]});
        let read = read_plain(&answer.to_string()).expect("read");
        assert_eq!((read.caption.map(|caption| caption.len()), read.tags[0].name.len()), (Some(CAPTION_MOST), NAME_MOST));
        assert_eq!(
            read.notes,
            ["1 tag has more than 80 characters; the first ones are kept", "The caption has 200000 characters; the first 2000 are kept"]
        );
    }

    #[test]
    fn answers_are_read_as_models_write_them() {
        let dog = vec![("dog".to_owned(), 0.5)];
        for text in [
            r#"{"caption":"x","tags":[{"tag":"Dog","confidence":0.5}]}"#,
            "```json\n{\"tags\":[{\"name\":\" dog \",\"confidence\":\"0.5\"}]}\n```",
            "Here you are: {\"labels\":[{\"label\":\"dog\",\"score\":0.5}]} Enjoy!",
            r#"[{"tag":"dog","confidence":0.5},{"tag":"DOG","confidence":0.1}]"#,
            "```json\n[{\"tag\":\"dog\",\"confidence\":0.5}]\n```",
            r#"{"tags":[{"tag":"dog","confidence":0.5,},],}"#,
            "{'tags': [{'tag': 'dog', 'confidence': .5}]} // done",
            "<think>It wants {\"tags\": [...]}, so {\"tags\":[{\"tag\":\"cat\",\"confidence\":1}]}?</think>\n{\"tags\":[{\"tag\":\"dog\",\"confidence\":0.5}]}",
            "A list [1, 2] first.</think> ```json\n{\"tags\":[{\"tag\":\"dog\",\"confidence\":0.5}]}\n```",
            "{\"caption\":\"a sign: </think>\",\"tags\":[{\"tag\":\"dog\",\"confidence\":0.5}]}",
        ] {
            assert_eq!(names(text), dog, "{text}");
        }
    }

    #[test]
    fn confidences_out_of_range_are_not_believed_and_said() {
        let answer =
            read_plain(r#"{"tags":[{"tag":"a","confidence":7},{"tag":"b","confidence":-1},{"tag":"c","confidence":"high"},"d"]}"#).expect("reads");
        assert_eq!(answer.tags.iter().map(|tag| tag.confidence).collect::<Vec<_>>(), [None; 4]);
        assert!(answer.notes[0].starts_with("2 confidences") && answer.notes[1].starts_with("2 tags"), "{:?}", answer.notes);
        assert!(answer.notes[0].ends_with("a 7, b -1"), "what was given is told: {:?}", answer.notes);
        let many: Vec<Value> = (0..9).map(|n| serde_json::json!({"tag": format!("t{n}"), "confidence": 2})).collect();
        let answer = read_plain(&serde_json::json!({"tags": many}).to_string()).expect("reads");
        assert!(answer.notes[0].ends_with("t4 2 and 4 more"), "{:?}", answer.notes);
    }

    #[test]
    fn boxes_are_read_as_gemini_writes_them_and_others_are_told() {
        let answer = read_plain(
            r#"{"tags":[{"tag":"cat","confidence":0.9,"box_2d":[100,200,500,800]},{"tag":"dog","confidence":0.8,"box_2d":[500,200,100,800]},
                {"tag":"sofa","confidence":0.7,"bbox":[10,20,300,400]},{"tag":"sky","confidence":0.6,"box_2d":null},
                {"tag":"tree","confidence":0.5,"box_2d":[0,0,1001,5]},{"tag":"sun","confidence":0.4,"box_2d":[0,0,1000,1000]}]}"#,
        )
        .expect("reads");
        let boxes: Vec<_> = answer.tags.iter().filter_map(|tag| Some((tag.name.as_str(), tag.bounds?))).collect();
        assert_eq!(boxes, [("cat", [0.2, 0.1, 0.8, 0.5]), ("sun", [0.0, 0.0, 1.0, 1.0])]);
        assert_eq!(answer.notes, ["3 boxes were left out, since a box is box_2d: [top, left, bottom, right] from 0 to 1000: dog, sofa, tree"]);
    }

    #[test]
    fn percents_are_told_from_outliers() {
        let read = |given: &[&str]| {
            let tags: Vec<String> = given.iter().enumerate().map(|(at, given)| format!(r#"{{"tag": "t{at}", "confidence": {given}}}"#)).collect();
            let answer = read_plain(&format!(r#"{{"tags": [{}]}}"#, tags.join(","))).expect("reads");
            let of = |at: usize| answer.tags.iter().find(|tag| tag.name == format!("t{at}")).and_then(|tag| tag.confidence);
            ((0..given.len()).map(of).collect::<Vec<_>>(), answer.notes)
        };
        let percents = ["The confidences came as percents and were divided by 100".to_owned()];
        assert_eq!(read(&["95", "40", "1", "0"]), (vec![Some(0.95), Some(0.4), Some(0.01), Some(0.0)], percents.to_vec()));
        assert_eq!(read(&["100"]).0, [Some(1.0)]);
        assert_eq!(read(&["\"95 %\"", "\"40%\""]), (vec![Some(0.95), Some(0.4)], Vec::new()), "they say so themselves");
        assert_eq!(read(&["95", "\"80%\""]), (vec![Some(0.95), Some(0.8)], percents.to_vec()), "one of them says so itself");
        assert_eq!(read(&["0.95", "\"80%\""]), (vec![Some(0.95), Some(0.8)], Vec::new()));
        assert_eq!(read(&["0.5", "\"140%\""]).1, ["1 confidence was outside 0–1 and is not believed: t1 140 %"]);
        // One slip among fractions, and a scale that nobody told.
        assert_eq!(read(&["0.9", "95"]), (vec![Some(0.9), None], vec!["1 confidence was outside 0–1 and is not believed: t1 95".to_owned()]));
        assert_eq!(read(&["9", "7"]).0, [None, None]);
        assert_eq!(read(&["95", "140"]).0, [None, None]);
        assert_eq!(read(&["1", "0.5", "0"]), (vec![Some(1.0), Some(0.5), Some(0.0)], Vec::new()));
    }

    #[test]
    fn control_characters_command_no_terminal_and_are_told() {
        let text = r#"{"caption":"a \u001b[31mred\u0007\u009b cat\non a\tmat","tags":[{"tag":"ca\u001bt","confidence":0.5}]}"#;
        let answer = read_plain(text).expect("reads");
        assert_eq!((answer.caption.as_deref(), answer.tags[0].name.as_str()), (Some("a [31mred cat\non a\tmat"), "cat"));
        assert_eq!(answer.notes, ["4 control characters were taken out of its text"]);
        assert!(!read_plain("\u{1b}[2Jno JSON").expect_err("no JSON").contains('\u{1b}'));
    }

    #[test]
    fn counts_of_tokens_that_cannot_be_true_are_not_believed() {
        let mut usage = Usage { input_tokens: Some(99_999_999_999_999), output_tokens: Some(7), ..Usage::default() };
        assert!(believe(&mut usage).expect("a note").contains("99999999999999"));
        assert_eq!(usage, Usage { output_tokens: Some(7), ..Usage::default() });
        assert_eq!(believe(&mut usage), None);
    }

    #[test]
    fn a_confidence_that_is_no_number_is_none_and_not_zero() {
        let answer = read_plain(r#"{"tags":["dog", {"tag":"cat","confidence":NaN}, {"tag":"bird","confidence":0.4}]}"#).expect("reads");
        let tags: Vec<_> = answer.tags.iter().map(|tag| (tag.name.as_str(), tag.confidence)).collect();
        assert_eq!(tags, [("bird", Some(0.4)), ("dog", None), ("cat", None)]);
        assert_eq!(crate::wire::result::mean_confidence(&answer.tags), Some(0.4));
        assert_eq!(crate::wire::result::mean_confidence(&answer.tags[1..]), None);
    }

    #[test]
    fn ten_thousand_tags_become_a_hundred() {
        let many: Vec<Value> = (0..10_000).map(|n| serde_json::json!({"tag": format!("t{n}"), "confidence": 0.5})).collect();
        let answer = read_plain(&serde_json::json!({"tags": many}).to_string()).expect("reads");
        assert_eq!(answer.tags.len(), 100);
        assert!(answer.notes[0].contains("10000"), "{:?}", answer.notes);
    }

    #[test]
    fn what_is_no_answer_is_shown_as_it_begins() {
        assert!(read_plain("I am sorry, Dave").expect_err("no JSON").contains("sorry, Dave"));
        assert!(read_plain("").expect_err("empty").contains("empty"));
        assert!(read_plain("7").is_err());
        // A model that has lost itself in brackets: nothing but strict JSON looks how deep they go.
        assert!(read_plain(&("{'tags': ".to_owned() + &"[".repeat(50_000) + &"]".repeat(50_000) + "}")).is_err());
        assert!(read_plain(r#"{"caption":"x"}"#).expect_err("no tags").contains("no list"));
    }

    #[test]
    fn an_answer_is_held_to_the_authors_own_schema_and_read_where_it_says() {
        let text = r#"{"type": "object", "required": ["labels"], "properties": {
            "summary": {"type": "string"}, "place": {"enum": ["indoors", "outdoors"]},
            "labels": {"type": "array", "items": {"type": "object", "required": ["label"], "properties": {
                "label": {"type": "string"}, "score": {"type": "number", "minimum": 0, "maximum": 1}}}}}}"#;
        let schema = AnswerSchema::parse(text).expect("a schema");
        let good = read(r#"{"summary": "A dog", "place": "outdoors", "labels": [{"label": "dog", "score": 0.5}]}"#, Some(&schema)).expect("reads");
        assert_eq!((good.caption.as_deref(), good.tags[0].name.as_str(), good.notes), (Some("A dog"), "dog", Vec::new()));
        let bad = read(r#"{"place": "space", "labels": [{"label": "dog", "score": 7}]}"#, Some(&schema)).expect("has tags");
        assert_eq!(bad.tags[0].confidence, None);
        let said = &bad.notes[0];
        assert!(said.contains("/place: ") && said.contains("/labels/0/score: "), "{said}");
        assert!(read(r#"{"place": "indoors"}"#, Some(&schema)).expect_err("no tags").contains("no list of tags"));
    }
}
