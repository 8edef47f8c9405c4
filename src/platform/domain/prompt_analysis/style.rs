//! How it is said: shouting, and instructions that only forbid.

use std::ops::Range;

use super::pattern::Pattern;
use super::text::Text;
use super::{Finding, Severity, Subject, at, quoted, with_fix};

/// Words that are written in capitals.
const ACRONYMS: [&str; 26] = [
    "JSON", "CSV", "XML", "YAML", "HTML", "HTTP", "EXIF", "IPTC", "ASCII", "UTF", "RGB", "ISO", "GPS", "URL", "PDF", "JPEG", "HEIC", "COCO", "NASA",
    "UNESCO", "USA", "TODO", "NSFW", "IMDB", "WIKI", "LGBT",
];
/// A wish for capitals that is written in them shows what it means.
const SHOWN: [&str; 3] = ["UPPER CASE", "CAPITAL LETTERS", "ALL CAPS"];
/// Words in capitals, one after the other, that are shouted.
const SHOUTED_LEAST: usize = 2;

static EXCLAIMED: Pattern = Pattern::new(r"!{2,}");

/// Words in capitals, and exclamation marks by the handful.
pub fn shouting(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let why = "Models weigh what is shouted more than all the rest, and forget the rest; said plainly it works as well";
    for text in subject.texts() {
        for line in text.lines.iter().filter(|line| !is_heading(text, line)) {
            for run in runs(text, line.clone()).into_iter().filter(|run| !SHOWN.contains(&text.slice(run.clone()))) {
                let finding = at(text, "shouting", Severity::Hint, run.clone(), format!("{} is shouted", quoted(text.slice(run.clone()))), why);
                let plain = in_plain_letters(text, &run);
                found.push(with_fix(finding, format!("Write {}", quoted(&plain)), run, plain));
            }
        }
        for range in EXCLAIMED.ranges(&text.prose) {
            let words = format!("{} is shouted", quoted(text.slice(range.clone())));
            found.push(with_fix(at(text, "shouting", Severity::Hint, range.clone(), words, why), "Write “.”", range, "."));
        }
    }
}

/// `# OUTPUT`, `OUTPUT FORMAT:`, `OUTPUT FORMAT` alone.
fn is_heading(text: &Text<'_>, line: &Range<usize>) -> bool {
    let lean = text.slice(line.clone()).trim().trim_matches(['*', '=', '-', '_', ' ']);
    let is_all = lean.chars().all(|letter| !letter.is_lowercase()) && !lean.ends_with(['!', '.', '?']);
    lean.starts_with('#') || (is_all && lean.split_whitespace().count() <= 5)
}

/// Words of four letters and more in capitals that stand together, with shorter ones among them; acronyms are none.
fn runs(text: &Text<'_>, line: Range<usize>) -> Vec<Range<usize>> {
    let inner = text.slice(line.clone());
    let mut runs = Vec::new();
    let (mut run, mut loud): (Option<Range<usize>>, usize) = (None, 0);
    let mut end_run = |run: &mut Option<Range<usize>>, loud: &mut usize| {
        let ended = run.take();
        if *loud >= SHOUTED_LEAST {
            runs.extend(ended);
        }
        *loud = 0;
    };
    let mut at_byte = 0;
    for piece in inner.split_inclusive(|letter: char| !(letter.is_alphabetic() || matches!(letter, '\'' | '’'))) {
        let start = line.start + at_byte;
        at_byte += piece.len();
        let word = piece.trim_end_matches(|letter: char| !(letter.is_alphabetic() || matches!(letter, '\'' | '’')));
        let separator = &piece[word.len()..];
        if !word.is_empty() {
            let is_blanked = text.prose[start..start + word.len()].trim().is_empty();
            let is_upper = word.chars().all(|letter| !letter.is_lowercase()) && word.chars().filter(|letter| letter.is_alphabetic()).count() >= 2;
            if is_upper && !is_blanked {
                loud += usize::from(!ACRONYMS.contains(&word));
                let end = start + word.len();
                run = Some(run.map_or(start..end, |run| run.start..end));
            } else {
                end_run(&mut run, &mut loud);
            }
        }
        if !matches!(separator, "" | " " | ",") {
            end_run(&mut run, &mut loud);
        }
    }
    end_run(&mut run, &mut loud);
    runs
}

/// The words in small letters, but for acronyms and the first letter of a sentence.
fn in_plain_letters(text: &Text<'_>, run: &Range<usize>) -> String {
    let before = text.slice(0..run.start).trim_end_matches([' ', '-', '*', '\t']);
    let begins = before.is_empty() || before.ends_with(['.', '!', '?', '\n', ':']);
    let words = text.slice(run.clone()).split(' ').enumerate().map(|(at, word)| {
        if ACRONYMS.contains(&word.trim_matches(',')) {
            return word.to_owned();
        }
        let lower = word.to_lowercase();
        let mut letters = lower.chars();
        match letters.next() {
            Some(first) if at == 0 && begins => first.to_uppercase().chain(letters).collect(),
            _ => lower,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

static FORBIDS: Pattern =
    Pattern::new(r"^(?:please\s+)?(?:do not|don['’]t|never|avoid|no\s|not\s|without|must not|you must not|you should not|refrain)\b?");
/// Sentences that forbid, from which on a prompt is one-sided.
const FORBIDDING_LEAST: usize = 3;

/// Instructions that only say what not to do.
pub fn only_negatives(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    let (mut forbidding, mut others) = (Vec::new(), 0);
    for text in subject.texts() {
        for line in &text.lines {
            for sentence in text.prose[line.clone()].split_inclusive(['.', '!', '?', ';']) {
                let start = line.start + (sentence.as_ptr() as usize - text.prose[line.clone()].as_ptr() as usize);
                let lead = sentence.len() - sentence.trim_start_matches(|letter: char| !letter.is_alphabetic()).len();
                let lean = sentence[lead..].trim_end_matches(['.', '!', '?', ';', ' ', '\r']);
                if lean.split_whitespace().count() < 2 {
                    continue;
                }
                if FORBIDS.is_in(lean) { forbidding.push((text, start + lead..start + lead + lean.len())) } else { others += 1 }
            }
        }
    }
    // What it is about ("You tag photos.") is said in one sentence even there.
    let Some((text, first)) = forbidding.first().filter(|_| forbidding.len() >= FORBIDDING_LEAST && others <= 1) else { return };
    let why = "A model that is told only what to leave out has to guess what is wanted";
    let words = format!("All {} instructions say what not to do; say what to do instead", forbidding.len());
    found.push(at(text, "only_negatives", Severity::Warning, first.clone(), words, why));
}
