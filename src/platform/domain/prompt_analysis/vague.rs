//! Words that leave to the model what is meant, each with something that says it.

use super::pattern::{Pattern, is_negated};
use super::text::Text;
use super::{Finding, Severity, Subject, at, quoted, with_fix};

macro_rules! things {
    () => {
        r"(?P<thing>tags?|labels?|keywords?|captions?|descriptions?|words?|terms?|details?)\b"
    };
}
/// Things in a photo, which may be named so only with a word for which of them.
macro_rules! seen {
    () => {
        r"(?P<thing>objects?|things?|elements?|items|aspects?|features?|information|info|details?|parts|content|data|attributes|tags?|labels?|keywords?)\b"
    };
}

/// A pattern (its group `word` is what is marked, else all of it), what to say instead, and what a fix writes; `""` takes it out.
struct Vague {
    pattern: Pattern,
    instead: &'static str,
    fix: Option<&'static str>,
}

const fn vague(source: &'static str, instead: &'static str, fix: Option<&'static str>) -> Vague {
    Vague { pattern: Pattern::new(source), instead, fix }
}

static VAGUE: [Vague; 28] = [
    vague(concat!(r"\b(?P<word>some|several|multiple|various)\s+", things!()), "say how many: “5 to 10”", Some("5 to 10")),
    vague(concat!(r"\b(?P<word>a few|a couple of)\s+", things!()), "say how many: “3 to 5”", Some("3 to 5")),
    vague(concat!(r"\b(?P<word>a lot of|lots of|many|plenty of)\s+", things!()), "say how many: “up to 15”", Some("up to 15")),
    vague(
        concat!(r"\b(?P<word>(?:very )?(?:good|nice|great|proper|decent|high[- ]quality|best))\s+", things!()),
        "say what makes one good, such as “that a person would search for”",
        None,
    ),
    vague(
        concat!(r"\b(?P<word>(?:most )?(?:appropriate|suitable|meaningful|interesting|useful|relevant|fitting|adequate))\s+", things!()),
        "say which ones: “of what can be seen, the main subject first”",
        None,
    ),
    vague(r"(?P<word>\b(?:as|where|when|if)\s+(?:appropriate|suitable|relevant|applicable|needed|necessary|required))\b", "say in which case", None),
    vague(
        r"(?P<word>,?[ \t]*\b(?:if|where|when|as far as|whenever) (?:at all )?possible\b,?)",
        "leave it out, or say what to do when it is not possible",
        Some(""),
    ),
    vague(r"(?P<word>,?[ \t]*\b(?:if|as well as) you can\b)", "leave it out, or say what to do otherwise", Some("")),
    vague(r"(?P<word>\b(?:please )?try to )[a-z]+", "say what to do, without “try to”", Some("")),
    vague(
        r"(?P<word>,?[ \t]+(?:etc\b\.?|and so on\b|and so forth\b|and the like\b|and similar\b))",
        "name all that is meant, or what they have in common",
        Some(""),
    ),
    vague(r"(?P<word>\b(?:and|or) (?:other )?(?:stuff|things like that|whatever)\b)", "name what is meant", None),
    vague(
        r"(?P<word>\bas (?:much|many|detailed|accurate|accurately|short|good) as possible)\b",
        "say how much: a number, or what must be in it",
        None,
    ),
    vague(
        r"(?P<word>\b(?:reasonabl[ey]|sufficiently|somewhat|fairly|relatively|kind of|sort of) (?:short|long|detailed|specific|precise|general|confident|sure))\b",
        "say how short, long or sure: a number",
        None,
    ),
    vague(r"(?P<word>\bnot too (?:many|long|short|specific|general|detailed|much))\b", "say how many or how long: “at most 15”", None),
    vague(
        concat!(
            r"\b(?P<word>(?:a (?:good|reasonable|suitable|fair|decent|certain) (?:number|amount)|a (?:number|variety|range|handful|bunch) of|an? (?:appropriate|adequate) number)(?: of)?)\s+(?:[a-z]+ )?",
            things!()
        ),
        "say how many: “5 to 10”",
        None,
    ),
    vague(
        concat!(r"\b(?P<word>enough|sufficient(?:ly many)?|an abundance of|as many|tons of|loads of)\s+", things!()),
        "say how many: “at least 5”",
        None,
    ),
    vague(
        concat!(
            r"\b(?P<word>(?:most )?(?:important|key|notable|significant|noteworthy|remarkable|salient|interesting|relevant|meaningful|useful|essential|pertinent))\s+",
            seen!()
        ),
        "say which ones, such as “what takes up more than a tenth of the photo”",
        None,
    ),
    vague(
        r"\b(?P<word>(?:any|some)thing (?:else )?(?:that (?:is|seems|looks|might be) )?(?:interesting|relevant|important|notable|noteworthy|useful|special|unusual|worth mentioning))\b",
        "name what is meant: text, people, animals, damage",
        None,
    ),
    vague(
        r"(?P<word>,?[ \t]*\b(?:ideally|preferably|hopefully|if you like|if you want)\b,?)",
        "leave it out, or say when it does not hold",
        Some(""),
    ),
    vague(r"\b(?P<word>feel free to|you (?:may|might|could|can) (?:also )?want to|consider) [a-z]+", "say whether to do it, and when", None),
    vague(
        r"(?P<word>\b(?:as you see fit|at your (?:own )?discretion|if you (?:think|feel|believe)[^.,;\n]{0,30}|(?:where|when|if|as) (?:it )?(?:makes? sense|seems? (?:right|fitting|appropriate))|whatever (?:fits|seems|you)[^.,;\n]{0,20}))",
        "say in which case",
        None,
    ),
    vague(
        r"\b(?P<word>(?:should|must|will)?\s*(?:usually|generally|normally|typically|mostly|often|sometimes|probably|maybe|perhaps))\s+(?:be|have|use|give|add|include|write|contain|avoid|mention|describe|name)\b",
        "say in which case, and what else holds",
        None,
    ),
    vague(
        r"\b(?P<word>(?:high|good|decent|reasonable|sufficient|enough) confidence|(?:quite|fairly|reasonably|pretty|very|really|absolutely) (?:sure|certain|confident)|confident enough)\b",
        "say how sure: “with a confidence of 0.7 or more”",
        None,
    ),
    vague(
        r"(?P<word>\b(?:be|keep it|make it|stay|keep (?:the )?(?:captions?|descriptions?|tags) |make (?:the )?(?:captions?|descriptions?|tags) )\s*(?:as |very |fairly |reasonably )?(?:concise|brief|short|descriptive|detailed|thorough|comprehensive|precise|specific|simple|natural|professional|helpful|interesting))\s*(?:[.,;:!)\n]|$|and\b|but\b|when\b|with\b)",
        "say how short or how long: a number of words, and what must be in it",
        None,
    ),
    vague(
        concat!(
            r"\b(?P<word>(?:engaging|catchy|compelling|beautiful|professional|natural|creative|rich|proper|attractive|interesting|seo[- ]friendly))\s+(?:and [a-z]+ )?",
            things!()
        ),
        "say what makes it so, and for whom: “one sentence that a buyer would search for”",
        None,
    ),
    vague(
        r"\b(?P<word>(?:too|overly|very|quite|rather|extremely) (?:generic|general|specific|vague|broad|detailed|long|short|obvious|similar))\b",
        "say where it begins: “no word that fits every photo, such as image or object”",
        None,
    ),
    vague(
        r"(?P<word>,?[ \t]*\b(?:and more|and others|or similar|among others|or something like that|or so)\b)",
        "name all that is meant, or what they have in common",
        Some(""),
    ),
    vague(
        r"(?P<word>\b(?:do your best|be smart|be creative|use common sense|use your (?:own )?judge?ment|be careful|be accurate))\b",
        "say what to do and what to leave out",
        None,
    ),
];

/// What shows that a word is spoken of, not asked for.
static COMPARED: Pattern = Pattern::new(r"^(?:[a-z]+\s+){1,3}(?:are|is)\s+(?:better|worse|not|no)\b|^(?:[a-z-]+\s+){1,2}[a-z]+\s*:");

/// Vague words of both texts.
pub fn words(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for text in subject.texts() {
        for vague in &VAGUE {
            for caught in vague.pattern.captures(&text.prose) {
                let Some(word) = caught.name("word").or_else(|| caught.get(0)) else { continue };
                let marked = word.as_str();
                let lead = marked.len() - marked.trim_start_matches(|letter: char| letter == ',' || letter.is_whitespace()).len();
                let start = word.start() + lead;
                let end = word.start() + marked.trim_end_matches([',', ' ']).len();
                let sentence = text.sentence_of(start);
                let is_told = found.iter().any(|told| {
                    let span = told.span.filter(|_| told.code == "vague_word" && told.part == text.part);
                    span.is_some_and(|span| span.start < end && start < span.end)
                });
                if end <= start || is_told || speaks_of_something_else(text, sentence.start, start, vague.fix) {
                    continue;
                }
                let words = format!("{} leaves it to the model: {}", quoted(text.slice(start..end)), vague.instead);
                let why = "Two answers to the same photo will differ in it, and nobody can say which is right";
                let finding = at(text, "vague_word", Severity::Hint, start..end, words, why);
                found.push(match vague.fix {
                    Some("") => with_fix(finding, "Take it out", taken_out(text, word.range()), ""),
                    Some(instead) => with_fix(finding, format!("Write {}", quoted(instead)), start..end, instead),
                    None => finding,
                });
            }
        }
    }
}

/// "No tags", "don't give many tags", "how many tags": nothing is left open there.
fn speaks_of_something_else(text: &Text<'_>, sentence_start: usize, at: usize, fix: Option<&str>) -> bool {
    let before = text.prose.get(sentence_start..at).unwrap_or_default().trim_end();
    let line = text.line(text.line_of(at)).unwrap_or_default();
    // "Examples of good tags: …", "Many tags are better than few".
    let rest = text.prose.get(at..line.end).unwrap_or_default();
    let says_an_order = rest.starts_with("most ") && rest.contains(" first");
    if says_an_order || before.contains("example") || COMPARED.is_in(rest) {
        return true;
    }
    let counts = before.ends_with("how") || before.ends_with(" as") || before.ends_with("too") || before.ends_with("so");
    let word = text.prose.get(at..).unwrap_or_default();
    // "Don't be too general" leaves as much open as "be general".
    let is_measure = ["too ", "overly ", "very ", "quite ", "rather ", "extremely "].iter().any(|measure| word.starts_with(measure));
    counts || (fix != Some("") && !is_measure && is_negated(&text.prose, sentence_start, at))
}

/// What goes when a word is taken out: its comma and its blank with it, but not the end of its sentence.
fn taken_out(text: &Text<'_>, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let inner = text.slice(range.clone());
    // `…, etc.` at a sentence's end keeps the full stop.
    let ends_sentence = inner.ends_with('.') && text.slice(range.end..text.raw.len()).starts_with(['\n', '\r'])
        || inner.ends_with('.') && range.end == text.raw.len();
    let end = range.end - usize::from(ends_sentence);
    let begins_line = text.slice(0..range.start).trim_end_matches([' ', '-', '*']).ends_with('\n') || range.start == 0;
    let takes_blank = begins_line && text.slice(end..text.raw.len()).starts_with(' ');
    range.start..end + usize::from(takes_blank)
}
