//! Ground truth: the labels that answers are measured against. Written as CSV `photo,tag`, or JSON `{photo: [tag…]}`.

use std::collections::{BTreeMap, BTreeSet};

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

fn parse_csv(text: &str) -> Result<Truth, Mistake> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(|error| (1, error.to_string()))?;
    if header.iter().map(str::trim).ne(["photo", "tag"]) {
        return Err((1, format!("the first line must be 'photo,tag' and is '{}'", header.iter().collect::<Vec<_>>().join(","))));
    }
    let mut truth = Truth::default();
    for record in reader.records() {
        let record = record.map_err(|error| (error.position().map_or(1, csv::Position::line), error.to_string()))?;
        let line = record.position().map_or(1, csv::Position::line);
        match record.iter().map(str::trim).collect::<Vec<_>>()[..] {
            [photo, tag] if !photo.is_empty() && !tag.is_empty() => truth.add(photo, tag),
            [_, _] => return Err((line, "photo and tag must not be empty".to_owned())),
            ref fields => return Err((line, format!("a line has a photo and a tag, this one has {} fields; quote a comma", fields.len()))),
        }
    }
    Ok(truth)
}

fn parse_json(text: &str) -> Result<Truth, Mistake> {
    let labels: BTreeMap<String, Vec<String>> =
        serde_json::from_str(text).map_err(|error| (error.line() as u64, format!("not of the form {{\"photo.jpg\": [\"tag\", …]}}: {error}")))?;
    let mut truth = Truth::default();
    for (photo, tags) in labels {
        truth.labels.insert(photo.trim().to_owned(), tags.iter().map(|tag| normal_name(tag)).collect());
    }
    Ok(truth)
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
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, line) in [("file,label\na,b\n", 1), ("photo,tag\na.jpg,cat\nb.jpg\n", 3), ("photo,tag\na.jpg,\n", 2), ("photo,tag\na,b,c\n", 2)] {
            assert_eq!(parse_csv(text).expect_err(text).0, line, "{text}");
        }
        assert_eq!(parse_json("{\n\"a\": 3}").expect_err("refused").0, 2);
    }
}
