//! Ground truth: the labels that answers are measured against. Written as CSV with columns `photo` and `tag` (empty: there is nothing
//! to name), or JSON `{photo: [tag…]}`.

use std::collections::{BTreeMap, BTreeSet};

use super::spreadsheet;
use crate::wire::tag::normal_name;

/// Labels by file name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Truth {
    labels: BTreeMap<String, BTreeSet<String>>,
}

/// The line of a mistake, and what is wrong there.
pub type Mistake = (u64, String);

impl Truth {
    /// Labels written down in code.
    #[must_use]
    pub fn of<'t>(labels: impl IntoIterator<Item = (&'t str, &'t [&'t str])>) -> Self {
        let labels = labels.into_iter().map(|(photo, tags)| (photo.to_owned(), tags.iter().map(|tag| normal_name(tag)).collect()));
        Self { labels: labels.collect() }
    }

    /// Reads a text; `is_json` as its file's name says.
    pub fn parse(text: &str, is_json: bool) -> Result<Self, Mistake> {
        if is_json { parse_json(text) } else { parse_csv(text) }
    }

    #[must_use]
    pub fn labels(&self, file_name: &str) -> Option<&BTreeSet<String>> {
        self.labels.get(file_name)
    }

    pub fn photos(&self) -> impl Iterator<Item = &str> {
        self.labels.keys().map(String::as_str)
    }

    fn add(&mut self, photo: &str, tag: &str) {
        self.labels.entry(photo.trim().to_owned()).or_default().insert(normal_name(tag));
    }
}

/// The first line names the columns, in any order; a comma, a semicolon or a tab stands between them.
fn parse_csv(text: &str) -> Result<Truth, Mistake> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter(text)).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| (1, error.to_string()))?.clone();
    let place = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
    let (Some(photo_at), Some(tag_at)) = (place("photo"), place("tag")) else {
        let is = header.iter().collect::<Vec<_>>().join(",");
        return Err((1, format!("the first line must name the columns 'photo' and 'tag' and is '{is}'")));
    };
    let (mut truth, mut nothing) = (Truth::default(), BTreeMap::new());
    for record in reader.records() {
        let record = record.map_err(|error| (error.position().map_or(1, csv::Position::line), error.to_string()))?;
        let line = record.position().map_or(1, csv::Position::line);
        if record.len() != header.len() {
            let words = format!("a line has {} fields as the first one, this one has {}; quote what has a comma in it", header.len(), record.len());
            return Err((line, words));
        }
        match (spreadsheet::read(record[photo_at].trim()), spreadsheet::read(record[tag_at].trim())) {
            ("", _) => return Err((line, "the photo must not be empty".to_owned())),
            (photo, "") => drop(nothing.insert(photo.to_owned(), line)),
            (photo, tag) => truth.add(photo, tag),
        }
    }
    for (photo, line) in nothing {
        if truth.labels.contains_key(&photo) {
            return Err((line, format!("the tag is empty, which says that {photo} has nothing to name, and other lines name something of it")));
        }
        truth.labels.insert(photo, BTreeSet::new());
    }
    Ok(truth)
}

/// What stands between the columns: where a comma is written in numbers, spreadsheets write semicolons.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    [b',', b';', b'\t'].into_iter().max_by_key(|mark| (first.bytes().filter(|byte| byte == mark).count(), *mark == b',')).unwrap_or(b',')
}

/// The entries of an object in their order: a map would keep the last of two of one name without a word.
struct Entries(Vec<(String, Vec<String>)>);

impl<'de> serde::Deserialize<'de> for Entries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = Entries;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("photos with their tags")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

fn parse_json(text: &str) -> Result<Truth, Mistake> {
    let text = text.trim_start_matches('\u{feff}');
    let Entries(labels) =
        serde_json::from_str(text).map_err(|error| (error.line() as u64, format!("not of the form {{\"photo.jpg\": [\"tag\", …]}}: {error}")))?;
    let mut truth = Truth::default();
    for (photo, tags) in labels {
        let tags = tags.iter().map(|tag| normal_name(tag)).collect();
        if truth.labels.insert(photo.trim().to_owned(), tags).is_some() {
            let line = second_line_of(text, &photo);
            return Err((line, format!("{} stands there twice; put all its tags in one place", photo.trim())));
        }
    }
    Ok(truth)
}

/// The line on which a name stands once more.
fn second_line_of(text: &str, name: &str) -> u64 {
    let written = serde_json::to_string(name).unwrap_or_default();
    text.match_indices(&written).nth(1).map_or(1, |(at, _)| text[..at].matches('\n').count() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_and_json_say_the_same() {
        let csv = parse_csv("photo,tag\na.jpg, Cat\na.jpg,sofa\n\"b,c.jpg\",sky\n").expect("parses");
        let json = parse_json("{\"a.jpg\": [\"cat\", \"sofa\"], \"b,c.jpg\": [\"Sky\"]}").expect("parses");
        assert_eq!(csv, json);
        assert_eq!(csv, Truth::of([("a.jpg", &["cat", "sofa"][..]), ("b,c.jpg", &["sky"])]));
        for other in ["Photo;Tag\na.jpg; Cat\na.jpg;sofa\nb,c.jpg;sky\n", "tag\tnote\tphoto\ncat\t\ta.jpg\nsofa\tx\ta.jpg\nsky\t\t\"b,c.jpg\"\n"] {
            assert_eq!(parse_csv(other).as_ref(), Ok(&csv), "{other}");
        }
    }

    #[test]
    fn nothing_to_name_is_said_by_an_empty_tag_and_what_spreadsheets_would_run_is_text() {
        let csv = parse_csv("photo,tag\na.jpg,\n'=b.jpg,cat\n'c.jpg,dog\n").expect("parses");
        assert_eq!(csv, Truth::of([("a.jpg", &[][..]), ("=b.jpg", &["cat"]), ("'c.jpg", &["dog"])]));
        assert_eq!(parse_json("\u{feff}{\"a.jpg\": [], \"=b.jpg\": [\"cat\"], \"'c.jpg\": [\"dog\"]}"), Ok(csv));
    }

    #[test]
    fn a_photo_that_stands_twice_in_json_is_told_with_its_second_line() {
        let (line, why) = parse_json("{\n\"a.jpg\": [\"cat\"],\n\"a.jpg\": [\"dog\"]}").expect_err("refused");
        assert_eq!((line, why.as_str()), (3, "a.jpg stands there twice; put all its tags in one place"));
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, line) in [
            ("file,label\na,b\n", 1),
            ("photo,tag\na.jpg,cat\nb.jpg\n", 3),
            ("photo,tag\n,cat\n", 2),
            ("photo,tag\na,cat\na,\n", 3),
            ("photo,tag\na,b,c\n", 2),
        ] {
            assert_eq!(parse_csv(text).expect_err(text).0, line, "{text}");
        }
        assert_eq!(parse_json("{\n\"a\": 3}").expect_err("refused").0, 2);
    }
}
