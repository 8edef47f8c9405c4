//! Good prompts are left alone; each mistake is found where it is, and its fix mends it.

use super::*;
use crate::platform::domain::prompts::DEFAULT_CONTENT;
use crate::wire::prompt_parts::{PromptParts, Takes};

fn model(name: &str, follows: bool) -> ModelFacts {
    let provider = name.split('/').next().unwrap_or(name).to_owned();
    let takes = Takes { system: follows, schema: follows, temperature: follows, ..Takes::default() };
    ModelFacts {
        takes,
        name: name.to_owned(),
        provider,
        display_name: name.to_owned(),
        is_live: true,
        captions: follows,
        follows_prompt: follows,
        ..ModelFacts::default()
    }
}

fn gemini() -> ModelFacts {
    model("gemini/gemini-3.8-flash", true)
}

fn all_with(asked: &AnalyzePrompt, models: &[ModelFacts]) -> Vec<Finding> {
    findings(&Subject::new(asked, models))
}

fn all(content: &str) -> Vec<Finding> {
    all_with(&AnalyzePrompt { content: content.to_owned(), ..AnalyzePrompt::default() }, &[gemini()])
}

/// Codes and what is marked, in order.
fn marked(content: &str) -> Vec<(String, String)> {
    let words = |finding: Finding| (finding.code, finding.span.map_or_else(String::new, |span| content[span.range()].to_owned()));
    all(content).into_iter().map(words).collect()
}

/// Asserts that a text has just these findings, in this order, and no others.
fn assert_marked(content: &str, expected: &[(&str, &str)]) {
    let found = marked(content);
    let found: Vec<(&str, &str)> = found.iter().map(|(code, words)| (code.as_str(), words.as_str())).collect();
    assert_eq!(found, expected, "{content}");
}

/// A text with a good frame around a line that is looked at.
pub fn framed(line: &str) -> String {
    format!("You tag photos for an archive.\n{line}\nAnswer as JSON: a list named tags. Confidence is a number from 0 to 1.\n")
}

fn assert_framed(line: &str, expected: &[(&str, &str)]) {
    assert_marked(&framed(line), expected);
}

/// The text after all fixes of the first finding.
fn fixed(content: &str) -> String {
    let found = all(content);
    let fix = found[0].fix.clone().unwrap_or_else(|| panic!("no fix: {found:?}"));
    let mut text = content.to_owned();
    text.replace_range(fix.span.range(), &fix.replacement);
    text
}

#[test]
fn the_shipped_prompt_has_nothing_but_hints_and_none_with_a_model_that_follows_it() {
    assert_eq!(all(DEFAULT_CONTENT), []);
    let asked = AnalyzePrompt { content: DEFAULT_CONTENT.to_owned(), ..AnalyzePrompt::default() };
    let on_device = all_with(&asked, &[model("on-device", false)]);
    let codes: Vec<&str> = on_device.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["no_tag_list", "caption_unsupported"]);
    assert!(on_device.iter().all(|finding| finding.severity == Severity::Hint));
}

const GOOD: [&str; 9] = [
    // A stock library.
    "You are a photo editor at a stock library.\n\nLook at the photo and return JSON only, in this form:\n\n```json\n{\"caption\": \"...\", \"tags\": [{\"name\": \"...\", \"confidence\": 0.9}]}\n```\n\nRules:\n1. Give between 10 and 20 tags, the main subject first.\n2. Tags are in English, lower case, singular.\n3. Confidence is a number between 0 and 1.\n4. Do not name brands unless their logo can be read.\n5. If there are no people in the photo, add the tag \"nobody\".\n",
    // An archive that keeps names out.
    "# Task\nDescribe a photo of the city archive for people who search it.\n\n# Answer\nAnswer with JSON that has a caption of one sentence and up to 12 tags.\nEach tag has a name and a confidence from 0.0 to 1.0.\n\n# Rules\n- Describe people by what they do; do not name people who are not in the caption of the file {{ file_name }}.\n- Give the decade if clothes, cars or streets show it.\n- Never write more than 12 tags.\n- At most 3 tags for the weather and the light.\n",
    // Another language for the caption than for the tags.
    "Du beschreibst Fotos für ein Archiv.\nWrite the caption in German. Write the tags in English.\nOutput: {\"caption\": \"…\", \"tags\": [{\"name\": \"dog\", \"confidence\": 0.8}]}\nConfidence goes from 0 to 1. Use 5 to 10 tags.\nText on signs stays in the original language, even if it is in French.\n",
    // A closed list.
    "Tag the photo with these words only.\nTags: dog, cat, beach, mountain, car, bicycle, person, food, flower, building\nReturn a JSON object with the field tags; each entry has name and confidence (0 to 1).\nIf none fits, return an empty list.\n",
    // With a template.
    "{# For the wide ones. #}\nThe photo is {{ width }} × {{ height }} pixels.\n{% if width > height %}Look at both sides before you choose the main subject.{% else %}Look at the top and the bottom before you choose the main subject.{% endif %}\n\nAnswer as JSON: {\"tags\": [{\"name\": \"harbour\", \"confidence\": 0.7}]}\nUse a scale from 0 to 1 for confidence. Give exactly 8 tags.\n",
    // Accessibility.
    "Write alternative text for a blind reader.\n\nCaption: one sentence of at most 25 words that says who does what where.\nTags: at most 8, nouns only, in the singular.\nAnswer in JSON with caption and tags; give every tag a confidence between 0 and 1.\nMention text in the photo word for word, in quotation marks.\nDon't begin with \"A photo of\" or \"An image of\". Don't guess the mood.\n",
    // A shop.
    "Find what is sold in the photo of a second-hand shop.\nRespond with a single JSON object and no other text.\n- \"caption\": what it is, its colour and its material, as a buyer would search for it\n- \"tags\": 6 to 10 search terms, each {\"name\", \"confidence\"}\nConfidence: 1 means that nobody would disagree, 0 means a guess (any number from 0 to 1).\nIf you see more than one product, describe the largest one.\nWhen two tags mean the same, keep the more common one.\n",
    // Nature.
    "Name animals and plants in the photo as a field biologist would.\nUse the English name of the species where its features can be seen, otherwise the family.\nReturn JSON: {\"caption\": \"one sentence\", \"tags\": [{\"name\": \"barn owl\", \"confidence\": 0.95}]}.\nConfidence is the probability (0–1) that a second biologist would agree. List at least 1 and at most 10 tags.\nDo not tag the background, people or cars.\n",
    // Terse.
    "Return {\"tags\": [{\"name\": \"…\", \"confidence\": 0.0}]} with up to 15 tags; confidence 0 to 1.\n",
];

#[test]
fn good_prompts_are_left_alone() {
    for good in GOOD {
        assert_eq!(all(good), [], "{good}");
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/good_prompts");
    let files: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()).collect();
    assert!(files.len() >= 8);
    for file in files {
        let good = std::fs::read_to_string(&file).expect("text");
        assert_eq!(all(&good), [], "{}", file.display());
    }
}

#[test]
fn a_bad_prompt_is_told_all_that_is_wrong_with_it() {
    let bad = "Please look at the image carefully and provide appropriate tags for it. Try to be as accurate as possible. Include some good keywords, etc. \
        Respond in JSON with tags and a confidence from 1 to 100. NEVER EVER GUESS NAMES!!! Then explain why you chose them. Only JSON please, no other text.";
    let found = marked(bad);
    let found: Vec<(&str, &str)> = found.iter().map(|(code, words)| (code.as_str(), words.as_str())).collect();
    let expected = [
        ("confidence_range", "1 to 100"),
        ("explanation_beside_json", "explain why you chose them"),
        ("vague_word", "appropriate"),
        ("vague_word", "Try to"),
        ("vague_word", "as accurate as possible"),
        ("vague_word", "good"),
        ("vague_word", "etc."),
        ("shouting", "NEVER EVER GUESS NAMES"),
        ("shouting", "!!!"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn unknown_names_are_told_where_they_are_and_the_one_that_was_meant_is_offered() {
    assert_framed(
        "The file is {{ file_nam }} and {{filename | upper}}.",
        &[("unknown_variable", "file_nam"), ("unknown_variable", "filename"), ("unknown_function", "upper")],
    );
    assert_framed("In {{ camera }} or {{ widht }}", &[("unknown_variable", "camera"), ("unknown_variable", "widht")]);
    let framed = framed("The file is {{ file_nam }}.");
    assert!(fixed(&framed).contains("{{ file_name }}"));
    let missing = "In {{ camera }}, with {{ camera }} and {% if camera %}{{ lens }}{% endif %}";
    assert_framed(missing, &[("unknown_variable", "camera"), ("unknown_variable", "lens")]);
    let found = all(&self::framed(missing));
    assert_eq!(found[0].what, "“camera” is no variable (used in 3 places)");
    assert_eq!(found[0].fix.as_ref().map(|fix| fix.words.as_str()), Some("Add the variable"));
    assert_eq!(found[0].setting, Some(Setting::Variable("camera".to_owned())));
    assert_framed("{% for x in [1, 2] %}{{ x }}{% endfor %}", &[]);
    let own = AnalyzePrompt {
        content: self::framed("Of {{ season }}"),
        parts: PromptParts {
            variables: ["season", "place"].map(|name| Variable { name: name.to_owned(), value: "x".to_owned() }).into(),
            ..PromptParts::default()
        },
        ..AnalyzePrompt::default()
    };
    let found = all_with(&own, &[gemini()]);
    assert_eq!(found.iter().map(|finding| (finding.code.as_str(), finding.part)).collect::<Vec<_>>(), [("unused_variable", PromptPart::Settings)]);
    assert_eq!(found[0].setting, Some(Setting::Variable("place".to_owned())));
    assert_eq!(found[0].fix.as_ref().map(|fix| fix.words.as_str()), Some("Take “place” out"));
}

#[test]
fn a_variable_without_a_value_is_told_where_a_text_writes_it_out() {
    let with = |line: &str| {
        let variables = vec![Variable { name: "season".to_owned(), value: String::new() }];
        let parts = PromptParts { variables, ..PromptParts::default() };
        let found = all_with(&AnalyzePrompt { content: framed(line), parts, ..AnalyzePrompt::default() }, &[gemini()]);
        found.into_iter().map(|finding| (finding.code, finding.severity, finding.setting)).collect::<Vec<_>>()
    };
    let season = Some(Setting::Variable("season".to_owned()));
    assert_eq!(with("It is {{ season }}."), [("empty_variable".to_owned(), Severity::Warning, season)]);
    assert_eq!(with("{% if season %}Look for snow.{% endif %}"), [], "empty is an answer there");
}

#[test]
fn broken_templates_are_told_with_their_line() {
    let broken = framed("The file is {{ file_name }.");
    let found = all(&broken);
    assert_eq!((found[0].code.as_str(), found[0].line), ("template_error", Some(2)));
    assert!(fixed(&broken).contains("The file is {{ file_name }}."), "{}", fixed(&broken));
    assert_eq!(all(&fixed(&broken)), []);
    let open = all(&framed("{% if width %}wide"));
    assert_eq!((open[0].code.as_str(), open[0].severity), ("template_error", Severity::Error));
    let endless = "{% for a in range(999) %}{% for b in range(999) %}x{% endfor %}{% endfor %}";
    assert!(all(&framed(endless)).iter().any(|finding| matches!(finding.code.as_str(), "endless_template" | "unknown_function")));
    let endless = "{% for a in 'xxxxxxxxxxxxxxxxxxxx' %}{% for b in 'xxxxxxxxxxxxxxxxxxxx' %}{% for c in 'xxxxxxxxxxxxxxxxxxxx' %}{% for d in 'xxxxxxxxxxxxxxxxxxxx' %}{% for e in 'xxxxxxxxxxxxxxxxxxxx' %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
    assert_eq!(all(&framed(endless)).first().map(|finding| (finding.code.clone(), finding.line)), Some(("endless_template".to_owned(), Some(2))));
    assert_framed("{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}", &[("endless_template", "again")]);
    assert_framed("The file is {file_name}.", &[("single_braces", "{file_name}")]);
    assert!(fixed(&framed("The file is {file_name}.")).contains("is {{ file_name }}."));
}

#[test]
fn names_that_can_be_none_of_a_variable_are_told_with_their_line_and_mended() {
    let (text, why) = (framed("Look for {{ my-subject }}."), "told once, and not as two unknown names");
    assert_marked(&text, &[("invalid_name", "my-subject")]);
    assert_eq!(all(&text)[0].line, Some(2), "{why}");
    assert_eq!(fixed(&text), framed("Look for {{ my_subject }}."));
    assert_framed("Look for {{ two words }}.", &[("invalid_name", "two words")]);
    assert_framed("{{ width-height }}", &[]);

    let variables = ["birds", "Two words", "birds", "file_name"].map(|name| Variable { name: name.to_owned(), value: "x".to_owned() }).to_vec();
    let parts = PromptParts { variables, ..PromptParts::default() };
    let asked = AnalyzePrompt { content: framed("Look for {{ birds }}."), parts, ..AnalyzePrompt::default() };
    let found = all_with(&asked, &[gemini()]);
    let told: Vec<(&str, Option<u32>, &str)> =
        found.iter().map(|finding| (finding.code.as_str(), finding.line, finding.fix.as_ref().map_or("", |fix| fix.replacement.as_str()))).collect();
    let expected = [("invalid_variable", Some(2), "two_words"), ("invalid_variable", Some(3), "birds2"), ("invalid_variable", Some(4), "file_name2")];
    let mut told = told;
    told.sort_unstable();
    assert_eq!(told, expected);
    let unsound = &found.iter().find(|finding| finding.line == Some(2)).expect("there").setting;
    assert_eq!(*unsound, Some(Setting::Variable("Two words".to_owned())));
}

#[test]
fn two_numbers_that_contradict_each_other() {
    assert_framed("Give exactly 5 tags.\nUp to 15 tags are fine.", &[("conflicting_count", "Up to 15 tags")]);
    assert_framed("List at most ten tags. Write at least 12 short tags.", &[("conflicting_count", "at least 12 short tags")]);
    assert_framed("Write one sentence.\nGive two sentences.", &[("conflicting_count", "two sentences")]);
    assert_framed("Give up to 15 tags.\nGive 20 tags at least.", &[("conflicting_count", "20 tags at least")]);
    assert_framed("Describe it in one sentence.\nDescribe it in three paragraphs.", &[("conflicting_length", "three paragraphs")]);
    assert!(fixed(&framed("Give exactly 5 tags.\nUse up to 15 tags.")).contains("Use exactly 5 tags."));
    for fine in [
        "Give 5 to 10 tags. Never give more than 10 tags.",
        "Give 10 tags at least, 15 tags at most.",
        "Give up to 15 tags. If two tags mean the same, keep one tag.",
        "Give up to 15 tags. Use at most 3 words per tag.",
        "- Objects: up to 8 tags\n- Mood: up to 2 tags",
        "Give up to 15 tags, with exactly 2 tags for the light.",
        "Give up to 15 tags. The first 3 tags are the main subject.",
        "Give at least 5 tags and up to 15 tags.",
    ] {
        assert_framed(fine, &[]);
    }
}

#[test]
fn what_is_asked_for_and_forbidden() {
    assert_framed("No people in the tags. Name the people.", &[("conflicting_topic", "Name the people")]);
    assert_framed("Name people.\nDo not name people.", &[("conflicting_topic", "Do not name people")]);
    assert_framed("Write a short caption.\nDo not write a caption.", &[("conflicting_topic", "Do not write a caption")]);
    assert_framed("List all brands. Ignore logos.", &[("conflicting_topic", "Ignore logos")]);
    assert_framed("Write a brief caption. Never write a caption.", &[("conflicting_topic", "Never write a caption")]);
    for fine in [
        "Do not include people in the tags unless they are the main subject. Include people if they are.",
        "Include people when they are large. Do not include people in the tags.",
        "Describe people by what they do. Do not name people.",
        "If there are no people, name the animals.",
        "Name people. Do not name people who are in the background.",
        "Don't guess names of people. Count people.",
        "Ignore text in the background. Read the text of signs.",
        "Never describe text colours. Read text.",
    ] {
        assert_framed(fine, &[]);
    }
}

#[test]
fn formats_that_exclude_each_other() {
    assert_marked(
        "Answer with JSON only: tags with confidence from 0 to 1.\nThen explain your choice.\n",
        &[("explanation_beside_json", "explain your choice")],
    );
    assert_eq!(
        fixed("Answer with JSON only: tags with confidence from 0 to 1.\nThen explain your choice.\n"),
        "Answer with JSON only: tags with confidence from 0 to 1.\n"
    );
    assert_framed("Output the tags as a comma-separated list.", &[("conflicting_format", "comma-separated list")]);
    assert_marked("Tag the photo. Answer as CSV.", &[("answer_not_json", "CSV")]);
    assert_framed("Do not answer with JSON.", &[("conflicting_format", "Do not answer with JSON")]);
    assert_framed("Do not use JSON. Answer with JSON.", &[("conflicting_format", "Do not use JSON")]);
    assert_eq!(fixed(&framed("Do not answer with JSON.")), framed("").replacen("\n\n", "\n", 1));
    for fine in [
        "Do not write anything but JSON.",
        "Do not use JSON in the caption.",
        "Never use JSON keys of your own.",
        "If there is nothing to see, do not answer with JSON.",
        "Return JSON only, no explanation. The field \"why\" should explain each tag.",
        "Answer with JSON, not Markdown.",
        "Do not use Markdown.",
        "JSON only. Don't explain.",
    ] {
        assert_framed(fine, &[]);
    }
}

#[test]
fn two_languages_and_two_cases_for_the_same_thing() {
    assert_framed("Write the tags in English.\nWrite tags in German.", &[("conflicting_language", "German")]);
    assert_framed("Write adjectives in English.\nWrite labels in French.", &[("conflicting_language", "French")]);
    assert_framed("Tags are lower-case English nouns. Write each tag in Title Case.", &[("conflicting_case", "Title Case")]);
    assert_framed("Tags are in lower case.\nWrite the tags in UPPER CASE.", &[("conflicting_case", "UPPER CASE")]);
    assert_framed("Write the tags in lower case.\nUse UPPER CASE.", &[("conflicting_case", "UPPER CASE")]);
    assert_framed("Tags are in the singular.\nWrite tags in the plural.", &[("conflicting_number", "plural")]);
    for fine in [
        "Write the tags in English and in German.",
        "Write the tags in English. Write the caption in Dutch.",
        "Use the tags in English. Describe the photo in German.",
        "Write the caption in English. Write a summary in Dutch.",
        "Use nouns in lower case. Start the description with a capital first letter.",
        "Tags in English, not in German.",
        "Write tags in lower case, never in upper case.",
    ] {
        assert_framed(fine, &[]);
    }
}

#[test]
fn vague_words_get_something_that_says_it() {
    assert_framed("Give some tags, etc.", &[("vague_word", "some"), ("vague_word", "etc.")]);
    assert_eq!(fixed(&framed("Give some tags.")), framed("Give 5 to 10 tags."));
    assert_framed("Write a good caption if possible.", &[("vague_word", "good"), ("vague_word", "if possible")]);
    assert_eq!(fixed(&framed("Say where it is, if possible.")), framed("Say where it is."));
    assert_framed("Choose appropriate tags.", &[("vague_word", "appropriate")]);
    assert_eq!(fixed(&framed("Name birds, trees, etc.")), framed("Name birds, trees."));
    for fine in [
        "A tag such as \"good tags\" is no tag.",
        "Don't give many tags.",
        "Say how many words there are.",
        "Say what kind of boat it is.",
        "A good day for a walk has the tag walk.",
        "Good: owl. Bad: thing.",
    ] {
        assert_framed(fine, &[]);
    }
}

#[test]
fn the_answers_form_is_looked_after() {
    let bare = "Look at the photo and find its main subject.";
    assert_marked(bare, &[("no_answer_format", bare)]);
    assert_eq!(all(bare)[0].severity, Severity::Warning);
    let mended = fixed(bare);
    let codes: Vec<String> = all(&mended).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["no_confidence_scale"]);
    assert_eq!(all(&fixed(&mended)), []);

    assert_marked("Answer as JSON: {\"caption\": \"one sentence\"}", &[("example_without_tags", "{\"caption\": \"one sentence\"}")]);
    assert_marked("Answer as JSON with tags. Confidence is a number from 0 to 100.", &[("confidence_range", "0 to 100")]);
    assert_eq!(fixed("Answer as JSON with tags. Confidence is between 1 and 10."), "Answer as JSON with tags. Confidence is between 0 and 1.");
    assert_marked(
        "Confidence goes from 0 to 1: {\"tags\": [{\"name\": \"a\", \"confidence\": 95}]}\n{\"tags\": [{\"name\": \"a\", \"confidence\": 7}]}",
        &[("confidence_range", "95"), ("confidence_range", "7")],
    );
    let broken = AnalyzePrompt {
        content: "Answer as JSON.".to_owned(),
        parts: PromptParts { schema: "{\n\"type\": }".to_owned(), ..PromptParts::default() },
        ..AnalyzePrompt::default()
    };
    let broken = all_with(&broken, &[gemini()]);
    assert_eq!((broken[0].code.as_str(), broken[0].part, broken[0].line), ("broken_schema", PromptPart::Schema, Some(2)));
    assert_eq!(broken[0].span.map(|span| &"{\n\"type\": }"[span.range()]), Some("\"type\": }"));
    assert_eq!(broken[0].fix.as_ref().map(|fix| (fix.span.range(), fix.replacement.as_str())), Some((0..11, "")), "the shipped schema");
    let schema: Value = serde_json::json!({"type": "object", "required": ["labels", "scene"], "properties": {"labels": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "confidence": {"type": "number", "maximum": 1}}}}, "scene": {"type": "string"}}});
    let content = "Answer as JSON:\n{\"label\": [], \"scene\": \"\"}".to_owned();
    let asked = AnalyzePrompt {
        content: content.clone(),
        parts: PromptParts { schema: schema.to_string(), ..PromptParts::default() },
        ..AnalyzePrompt::default()
    };
    let found = all_with(&asked, &[gemini()]);
    let words: Vec<(&str, &str)> =
        found.iter().map(|finding| (finding.code.as_str(), finding.span.map_or("", |span| &content[span.range()]))).collect();
    assert_eq!(words, [("schema_mismatch", "{\"label\": [], \"scene\": \"\"}"), ("schema_mismatch", "\"label\"")]);
    assert_eq!(found[1].fix.as_ref().map(|fix| fix.replacement.as_str()), Some("\"labels\""));
}

#[test]
fn a_field_that_is_required_and_not_described_is_an_error_where_the_provider_refuses_it() {
    let list = r#""tags": {"type": "array", "items": {"type": "string"}}"#;
    let schema = format!("{{\"type\": \"object\", \"properties\": {{{list}}},\n\"required\": [\"tags\", \"mood\"]}}");
    let parts = PromptParts { schema: schema.clone(), ..PromptParts::default() };
    let asked = AnalyzePrompt { content: framed("Look for birds."), parts, ..AnalyzePrompt::default() };
    for (refuses, severity, words) in
        [(true, Severity::Error, "refuses such a schema, so every photo would fail"), (false, Severity::Warning, "may write anything")]
    {
        let model = ModelFacts { refuses_undefined_fields: refuses, ..gemini() };
        let found = all_with(&asked, &[model]);
        let found = found.iter().find(|finding| finding.code == "undefined_field").expect("found");
        assert!(found.severity == severity && found.why.contains(words), "{found:?}");
        assert_eq!((found.line, &schema[found.span.expect("a span").range()]), (Some(2), "\"mood\""));
        let fix = found.fix.clone().expect("a fix");
        let mut mended = schema.clone();
        mended.replace_range(fix.span.range(), &fix.replacement);
        let mended: Value = serde_json::from_str(&mended).expect("JSON still");
        assert_eq!(mended["properties"]["mood"]["type"], "string");
    }
}

#[test]
fn examples_that_are_no_json_are_told_and_mended() {
    let comma = framed("```json\n{\"tags\": [\"a\",]}\n```");
    assert_marked(&comma, &[("invalid_json_example", ",")]);
    assert_eq!(fixed(&comma), framed("```json\n{\"tags\": [\"a\"]}\n```"));
    let single = framed("```\n{'tags': ['a']}\n```");
    assert_eq!(all(&single)[0].code, "invalid_json_example");
    assert_eq!(fixed(&single), framed("```\n{\"tags\":[\"a\"]}\n```"));
    let odd = framed("```json\n{\"tags\":\u{a0}[\"a\"]}\u{a0}\n```");
    assert_marked(&odd, &[("odd_blank", "\u{a0}"), ("odd_blank", "\u{a0}")]);
    assert_eq!(fixed(&odd), framed("```json\n{\"tags\": [\"a\"]}\u{a0}\n```"));
    assert_eq!(all(&fixed(&fixed(&odd))), []);
    let open = framed("```json\n{\"tags\": []}");
    assert!(all(&open).iter().any(|finding| finding.code == "open_fence"));
    for fine in [
        "```json\n{\"tags\": [\"a\", ...]}\n```",
        "```\nnot JSON\n```",
        "```json\n{\"file\": \"{{ file_name }}\", \"w\": {{ width }}}\n```",
        "{\"a\": 1}\n{\"a\": 2}",
    ] {
        assert_framed(fine, &[]);
    }
}

#[test]
fn repeats_shouting_and_mere_prohibitions() {
    let twice = framed("- Name only what can be seen.\n- Give the place.\n- Please name only what can be seen");
    assert_marked(&twice, &[("duplicate_line", "- Please name only what can be seen")]);
    assert_eq!(fixed(&twice), framed("- Name only what can be seen.\n- Give the place."));
    assert_framed("- Name the colour of the car.\n- Name the colour of the house.", &[]);
    assert_framed("Name what is seen in front.\nDon't name what is seen in front.", &[]);

    assert_framed("You MUST NEVER GUESS names!!!", &[("shouting", "MUST NEVER GUESS"), ("shouting", "!!!")]);
    assert_eq!(fixed(&framed("DO NOT GUESS names.")), framed("Do not guess names."));
    assert_framed("OUTPUT FORMAT:\nAnswer with JSON ONLY. Read EXIF and IPTC data.", &[]);

    let only = "Do not guess.\nDon't use verbs.\nNever answer without JSON tags.\n";
    assert_marked(only, &[("only_negatives", "Do not guess")]);
    assert_marked("", &[("empty_prompt", "")]);
}

#[test]
fn lengths_are_told_against_the_models_own_context() {
    let long = framed(&"objects ".repeat(3_600));
    assert_marked(&long, &[("long_prompt", "")]);
    let asked = AnalyzePrompt { content: long, ..AnalyzePrompt::default() };
    let with = |context| all_with(&asked, &[ModelFacts { context_tokens: Some(context), ..model("ollama/gemma4", true) }]);
    assert_eq!((with(8_192)[0].code.as_str(), with(8_192)[0].severity), ("near_context", Severity::Warning));
    assert_eq!((with(4_096)[0].code.as_str(), with(4_096)[0].severity), ("over_context", Severity::Error));
    assert_eq!(with(1_000_000)[0].code, "long_prompt");
}

#[test]
fn what_a_live_model_does_not_take_is_said() {
    let asked = AnalyzePrompt {
        content: "Tags: dog, cat, serendipity".to_owned(),
        parts: PromptParts {
            system: "You tag photos.".to_owned(),
            schema: r#"{"type": "object", "required": ["tags"], "properties": {"tags": {"type": "array", "items": {"type": "string"}}}}"#.to_owned(),
            parameters: Parameters { temperature: Some(0.5), ..Parameters::default() },
            variables: Vec::new(),
        },
        ..AnalyzePrompt::default()
    };
    let codes = |models: &[ModelFacts]| all_with(&asked, models).into_iter().map(|finding| finding.code).collect::<Vec<_>>();
    assert_eq!(codes(&[model("on-device", false)]), ["system_unsupported", "schema_unsupported", "unknown_tag", "parameter_unsupported"]);
    assert_eq!(codes(&[model("vision/labels", false)]), ["system_unsupported", "schema_unsupported", "prompt_unread", "parameter_unsupported"]);
    assert_eq!(codes(&[ModelFacts { takes: Takes { temperature: false, ..gemini().takes }, ..gemini() }]), ["parameter_unsupported"]);
    assert!(codes(&[gemini(), ModelFacts { is_live: false, ..model("on-device", false) }]).is_empty(), "only what is used is spoken of");
}

/// 60 kB of each, since the template engine counts columns up to 65,535: with rules that look at the whole text for every word in it,
/// this test would take minutes.
#[test]
fn texts_without_an_end_are_analysed_like_others() {
    let pieces = [
        "use lower case tags and british english ",
        "do not mention people and list people ",
        "give up to 5 tags then 7 tags ",
        "some tags etc, if possible ",
        "{{ ",
        "{{ a }} ",
        "{% raw %} {# ",
        "[",
        "a {[ ",
        "\"a",
        "```\n",
        "{\"a\": ",
        "ÄÖ ",
    ];
    for piece in pieces {
        let content = format!("Say: {}", piece.repeat(60_000 / piece.len()));
        let asked = AnalyzePrompt { content, ..AnalyzePrompt::default() };
        for finding in all_with(&asked, &[gemini()]) {
            let inside = finding.span.is_none_or(|span| finding.part != PromptPart::User || asked.content.get(span.range()).is_some());
            assert!(inside, "{piece:?}: {finding:?}");
        }
    }
}

#[test]
fn a_finding_keeps_its_key_when_it_moves_and_not_when_its_words_change() {
    let (here, there) = (all(&framed("Give some tags.")), all(&framed("Look twice.\n\nGive  some tags.")));
    assert_eq!(here[0].key, there[0].key);
    assert!(here[0].key.starts_with("vague_word:"));
    assert_ne!(here[0].key, all(&framed("Give several tags."))[0].key);
}

proptest::proptest! {
    /// Whatever is typed: no rule panics, spans are sound, and fixes can be applied.
    #[test]
    fn any_text_can_be_analysed(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "{{", "}}", "{%", "%}", "{", "}", "\"", "```", "```json", "\n", "\r\n", " ", ",", "]", "[", "file_name", "widht", "exactly 5 tags", "up to 15 tags",
            "do not name people", "name people", "no text", "JSON only", "explain", "in German", "in English tags", "some tags", "etc.", "if possible", "!!!",
            "DO NOT GUESS", "confidence", "0 to 100", "é", "😀", "\u{a0}", "raw", "endraw", "\"confidence\": 95", "try to tag", "caption", "<", "a",
        ]), 0..40)
    ) {
        let content = words.concat();
        let spaced = words.join(" ");
        for text in [content, spaced] {
            for finding in all(&text) {
                if let Some(span) = finding.span {
                    proptest::prop_assert!(text.get(span.range()).is_some(), "{:?} in {:?}", finding, text);
                }
                if let Some(fix) = finding.fix {
                    proptest::prop_assert!(text.get(fix.span.range()).is_some(), "{:?} in {:?}", fix, text);
                }
            }
        }
    }
}
