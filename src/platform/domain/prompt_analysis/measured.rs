//! How well contradictions and vague words are found: prompts as people write them, each with what is wrong with it, and good
//! ones in which nothing is. Precision and recall are counted over all of them.

use super::*;

/// What is looked for in one prompt: a code and the words that it marks.
type Wrong = (&'static str, &'static str);

/// A prompt with all that contradicts itself or is vague in it.
const PROMPTS: [(&str, &[Wrong]); 44] = [
    // Contradictions.
    (
        "Tag the photo. Give up to 5 tags.\nList everything you can see.\nJSON: tags with confidence 0 to 1.",
        &[("conflicting_extent", "List everything you can see")],
    ),
    (
        "Return JSON with tags.\nConfidence is a number from 0 to 1.\nGive each tag a confidence between 0 and 100.",
        &[("conflicting_scale", "between 0 and 100")],
    ),
    (
        "Caption: one short sentence.\nWrite a detailed caption of what happens in the photo.\nAnswer as JSON.",
        &[("conflicting_length", "a detailed caption")],
    ),
    (
        "You are a neutral archivist; keep an objective tone.\nWrite a poetic caption.\nOutput JSON with caption and tags.",
        &[("conflicting_tone", "poetic")],
    ),
    (
        "Only describe what is visible.\nGuess the location from the buildings.\nJSON only.",
        &[("conflicting_guess", "Guess the location from the buildings")],
    ),
    (
        "Never guess. Answer in JSON.\n- Tags: up to 10\n- Infer the profession of each person",
        &[("conflicting_guess", "Infer the profession of each person")],
    ),
    (
        "Sort the tags in alphabetical order.\nThe most important tag comes first.\nJSON: {\"tags\": []}",
        &[("conflicting_order", "The most important tag comes first")],
    ),
    ("Use single-word tags.\nTags may be short phrases if that is clearer.\nJSON with tags.", &[]),
    ("Use single-word tags.\nWrite two-word tags.\nJSON with tags.", &[("conflicting_words", "two-word tags")]),
    ("Tags are nouns only.\nAdd adjectives for the light.\nReturn JSON with a list of tags.", &[("conflicting_part_of_speech", "Add adjectives")]),
    ("Return raw JSON, no markdown.\nWrap the answer in a code block.\nFields: tags.", &[("conflicting_fence", "Wrap the answer in a code block")]),
    ("Use general tags.\nBe consistent: use precise tags.\nRespond with JSON.", &[("conflicting_specificity", "precise tags")]),
    ("Write tags with underscores.\nUse kebab-case for tags.\nJSON list of tags.", &[("conflicting_separator", "kebab-case")]),
    ("Use British English in tags.\nWrite the tags in American spelling.\nJSON list of tags.", &[("conflicting_spelling", "American spelling")]),
    ("Write the caption in the present tense.\nUse the past tense in captions.\nJSON with caption.", &[("conflicting_tense", "past tense")]),
    (
        "Do not describe the background.\nDescribe the background in one sentence.\nJSON with caption and tags.",
        &[("conflicting_topic", "Describe the background")],
    ),
    ("Name the animals.\nNever mention clothing.\nTag clothing by its colour.\nJSON with tags.", &[("conflicting_topic", "Tag clothing")]),
    ("Don't include confidence.\nExample: {\"tags\": [{\"name\": \"dog\", \"confidence\": 0.9}]}", &[("conflicting_topic", "\"confidence\"")]),
    ("Tags in lower case.\nCapitalize each tag.\nReturn a JSON object.", &[("conflicting_case", "Capitalize")]),
    ("Give exactly 5 tags.\nWrite at least 10 tags.\nJSON.", &[("conflicting_count", "at least 10 tags")]),
    // Vague words.
    ("Describe the key elements of the photo in one sentence.\nJSON with caption.", &[("vague_word", "key")]),
    ("List the main subject and any notable details.\nAnswer in JSON with tags.", &[("vague_word", "notable")]),
    ("Give a reasonable number of tags as JSON.", &[("vague_word", "a reasonable number of")]),
    ("Tag animals, plants, and anything else interesting. JSON with tags.", &[("vague_word", "anything else interesting")]),
    ("Ideally, tags are nouns. Return JSON.", &[("vague_word", "Ideally")]),
    ("Feel free to add the season. Return JSON with tags.", &[("vague_word", "Feel free to")]),
    ("Only give tags with high confidence. JSON.", &[("vague_word", "high confidence")]),
    ("Be concise. Return JSON with a caption.", &[("vague_word", "Be concise")]),
    ("Write an engaging caption for our web shop. JSON with caption and tags.", &[("vague_word", "engaging")]),
    ("Avoid overly generic tags. JSON with tags.", &[("vague_word", "overly generic")]),
    ("Tag the photo as you see fit. JSON.", &[("vague_word", "as you see fit")]),
    ("Tags should generally be in English. JSON.", &[("vague_word", "should generally")]),
    ("Name colours, materials, shapes and more. JSON with tags.", &[("vague_word", "and more")]),
    ("Provide enough tags, and use meaningful labels. JSON.", &[("vague_word", "enough"), ("vague_word", "meaningful")]),
    // Nothing of the kind.
    ("Give 1 broad tag and then 4 specific tags.\nWrite tags in lower case.\nJSON with tags, confidence from 0 to 1.", &[]),
    ("Caption: one sentence. Description: a detailed description of 80 words.\nJSON with caption, description, tags.", &[]),
    ("If a face is hidden, do not guess the age.\nSay how many people there are.\nJSON with tags.", &[]),
    ("Sort the tags by confidence, the highest first.\nUp to 8 tags as JSON; confidence is between 0 and 1.", &[]),
    ("Use nouns only; never use adjectives or verbs.\nNo markdown, no code block: JSON alone.\nAt most 12 tags.", &[]),
    ("Describe animals by their species. Do not describe people.\nJSON with a caption of 12 to 20 words and up to 6 tags.", &[]),
    ("A tag is a word that is printed on our shelves: shoe, boot, sandal, belt.\nReturn JSON; the confidence of a tag goes from 0 to 1.", &[]),
    ("Rate the sharpness from 1 to 5 in the field sharpness.\nConfidence goes from 0 to 1.\nJSON with tags.", &[]),
    ("Write the caption in the present tense and the tags in the singular.\nDo not write “a photo of”. Answer with JSON.", &[]),
    (
        "Count the boats. If there are more than 20, write 20.\nTags: boat, ferry, sail, harbour.\nJSON with tags, each with a confidence from 0 to 1.",
        &[],
    ),
];

/// Kinds of findings that are measured here.
fn is_measured(code: &str) -> bool {
    code == "vague_word" || code.starts_with("conflicting_")
}

#[test]
fn contradictions_and_vague_words_are_found_and_good_prompts_left_alone() {
    let (mut right, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
    for (prompt, expected) in PROMPTS {
        let asked = AnalyzePrompt { content: prompt.to_owned(), ..AnalyzePrompt::default() };
        let found = findings(&Subject::new(&asked, &[]));
        let found: Vec<(String, &str)> = found
            .iter()
            .filter(|finding| is_measured(&finding.code))
            .map(|finding| (finding.code.clone(), finding.span.map_or("", |span| &prompt[span.range()])))
            .collect();
        for (code, words) in &found {
            if expected.contains(&(code.as_str(), words)) { right += 1 } else { wrong.push(format!("{code} {words:?} in {prompt:?}")) }
        }
        let is_missed = |(code, words): &&Wrong| !found.iter().any(|(found, marked)| found == code && marked == words);
        missed.extend(expected.iter().filter(is_missed).map(|(code, words)| format!("{code} {words:?} in {prompt:?}")));
    }
    let precision = f64::from(right) / f64::from(right + wrong.len() as i32);
    let recall = f64::from(right) / f64::from(right + missed.len() as i32);
    assert!(wrong.is_empty() && missed.is_empty(), "precision {precision:.3}, recall {recall:.3}\nfalse alarms: {wrong:#?}\nmissed: {missed:#?}");
}

/// Each planted fault alone in a prompt that is good otherwise: the frame must add nothing.
#[test]
fn what_is_found_is_the_prompts_own_and_not_its_frames() {
    let asked = AnalyzePrompt { content: super::tests::framed("Look at the boat."), ..AnalyzePrompt::default() };
    assert!(findings(&Subject::new(&asked, &[])).iter().all(|finding| !is_measured(&finding.code)));
}
