//! Who may enter which room: the table of imports, read from the sources themselves, and the other
//! rules of the house that a text can be asked about.

use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A room and the rooms it may use, itself always included. `*` is all.
const TABLE: [(&str, &[&str]); 19] = [
    ("wire", &[]),
    ("photos", &[]),
    ("gui/theme", &[]),
    ("keys", &["wire"]),
    ("client", &["wire"]),
    ("platform/store", &["wire"]),
    ("providers", &["wire", "keys", "photos"]),
    ("platform/domain", &["wire", "keys", "photos", "providers", "platform/store"]),
    ("platform/jobs", &["wire", "platform/domain"]),
    ("platform/routes", &["wire", "platform/domain"]),
    ("platform/host", &["wire", "keys", "providers", "platform"]),
    ("gui/widgets", &["gui/theme", "photos"]),
    ("gui/ctx", &["wire", "client", "keys", "photos", "gui/theme"]),
    ("gui/live_status", AREA),
    ("gui/pipeline_control", AREA),
    ("gui/testing_lab", AREA),
    ("gui/analytics", AREA),
    ("gui/shell", &["wire", "client", "keys", "gui"]),
    ("app", &["*"]),
];
const AREA: &[&str] = &["wire", "photos", "gui/ctx", "gui/theme", "gui/widgets"];

/// Files that only say which modules there are.
const MAPS: [&str; 4] = ["lib.rs", "main.rs", "platform/mod.rs", "gui/mod.rs"];

#[test]
fn every_file_keeps_the_rules_of_the_house() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 60, "only {} files found under {}", files.len(), root.display());
    let broken: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).expect("source is readable");
            let name = path.strip_prefix(&root).expect("lies in src").to_string_lossy().replace('\\', "/");
            broken_rules(&name, &text)
        })
        .collect();
    assert!(broken.is_empty(), "{} rules broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn every_room_of_the_table_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, uses) in TABLE {
        let stands = |room: &str| root.join(room).is_dir() || root.join(format!("{room}.rs")).is_file();
        assert!(stands(room), "{room} is in the table but not in src");
        assert!(uses.iter().all(|used| *used == "*" || stands(used)), "{room} may use a room that is not in src");
    }
}

#[test]
fn each_rule_is_noticed_when_broken() {
    let breaches = [
        ("wire/job.rs", "use crate::client::Client;", "client"),
        ("gui/live_status/cards.rs", "use crate::gui::analytics::Plot;", "gui/analytics"),
        ("gui/widgets/card.rs", "use crate::{gui::{theme, ctx::Route}, photos};", "gui/ctx"),
        ("gui/shell/app.rs", "fn f() { let x = crate::platform::host::start(); }", "platform/host"),
        ("platform/routes/jobs.rs", "use super::super::store::Db;", "platform/store"),
        ("platform/routes/jobs.rs", "fn f() { format!(\"{}\", crate::platform::store::to_ms(now)); }", "platform/store"),
        ("platform/domain/runs.rs", "fn f() { run(\"SELECT id FROM runs\"); }", "SQL"),
        ("platform/jobs/worker.rs", "const Q: &str = r\"\n   UPDATE jobs SET state = 1\";", "SQL"),
        ("providers/gemini.rs", "fn f() { std::env::var(\"KEY\"); }", "std::env"),
        ("providers/gemini.rs", "use std::{env, fs};", "std::env"),
        ("platform/host.rs", "fn f() { println!(\"x\"); }", "println"),
        ("gui/widgets/chip.rs", "const C: Color32 = Color32::from_rgb(1, 2, 3);", "colour"),
        ("gui/widgets/chip.rs", "fn f() -> Color32 { Color32::from_black_alpha(9) }", "colour"),
        ("gui/widgets/chip.rs", "fn f() -> Color32 { egui::Color32::RED }", "colour"),
        ("gui/widgets/chip.rs", "#[allow(dead_code)] fn f() {}", "allow"),
        ("client/mod.rs", "use crate::platform;", "as a whole"),
        ("new_room/thing.rs", "fn f() {}", "belongs to no room"),
    ];
    for (file, code, expected) in breaches {
        let found = broken_rules(file, &format!("//! A file.\n{code}"));
        assert!(found.len() == 1 && found[0].contains(expected), "{file}: {code}\n found {found:?}, expected one with {expected}");
    }
    assert_eq!(broken_rules("wire/job.rs", "fn f() {}").len(), 1, "a file without an opening sentence");
}

#[test]
fn what_is_allowed_is_not_reported() {
    let fine = [
        ("platform/domain/runs.rs", "use crate::platform::store::{self, Db};\nuse super::Core;\nuse crate::platform::domain::Result;"),
        ("platform/store/runs.rs", "const Q: &str = \"SELECT id FROM runs\";"),
        ("gui/theme/mod.rs", "const C: Color32 = Color32::from_rgb(1, 2, 3);"),
        ("gui/widgets/chip.rs", "fn f() -> Color32 { Color32::TRANSPARENT } // Color32::RED, crate::platform"),
        ("gui/testing_lab/grid.rs", "const HELP: &str = \"Select photos from the set, then crate::platform\";"),
        ("gui/testing_lab/grid/cell.rs", "use super::super::data::Data;"),
        ("app/doctor.rs", "fn f() { std::env::var(\"X\"); crate::platform::store::to_ms(now); }"),
    ];
    for (file, code) in fine {
        assert_eq!(broken_rules(file, &format!("//! A file.\n{code}")), Vec::<String>::new(), "{file}: {code}");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder is readable") {
        let path = entry.expect("entry is readable").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Every rule that a source file breaks, in words.
fn broken_rules(file: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if !text.starts_with("//!") {
        broken.push(format!("{file}: does not open with a sentence about itself"));
    }
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{file} is not Rust: {error}"));
    if MAPS.contains(&file) {
        return broken;
    }
    let Some((room, uses)) = room_of(file.trim_end_matches(".rs")) else {
        broken.push(format!("{file}: belongs to no room of the table"));
        return broken;
    };
    let mut read = Read { module: module_of(file), ..Read::default() };
    read.stream(tokens);
    if read.takes_whole_house {
        broken.push(format!("{file}: names 'platform' or 'gui' as a whole, so that nobody can see which room it uses"));
    }
    for used in read.used {
        let Some((target, _)) = room_of(&used.join("/")) else { continue };
        let may = target == room || uses.iter().any(|allowed| *allowed == "*" || is_inside(target, allowed));
        if !may {
            broken.push(format!("{file}: {room} may not use {target} ({})", used.join("::")));
        }
    }
    broken.extend(read.marks.into_iter().filter(|mark| !mark.is_fine_in(room)).map(|mark| format!("{file}: {}", mark.words())));
    broken
}

/// The room that a module path (`gui/widgets/card`) lies in.
fn room_of(path: &str) -> Option<(&'static str, &'static [&'static str])> {
    TABLE.into_iter().find(|(room, _)| is_inside(path, room))
}

fn is_inside(path: &str, room: &str) -> bool {
    path == room || path.strip_prefix(room).is_some_and(|rest| rest.starts_with('/'))
}

/// `gui/widgets/card.rs` → `[gui, widgets, card]`, `gui/widgets/mod.rs` → `[gui, widgets]`.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs");
    path.strip_suffix("/mod").unwrap_or(path).split('/').map(str::to_owned).collect()
}

/// What only some rooms may hold.
#[derive(Debug, PartialEq)]
enum Mark {
    Sql(String),
    Environment,
    Print(String),
    Colour(String),
    Allow,
}

impl Mark {
    fn is_fine_in(&self, room: &str) -> bool {
        match self {
            Self::Sql(_) => room == "platform/store",
            Self::Environment | Self::Print(_) => room == "app",
            Self::Colour(_) => room == "gui/theme",
            Self::Allow => false,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Sql(text) => format!("SQL outside platform/store: {text}"),
            Self::Environment => "std::env outside app".to_owned(),
            Self::Print(name) => format!("{name}! outside app"),
            Self::Colour(name) => format!("a colour literal outside gui/theme: Color32::{name}"),
            Self::Allow => "#[allow] where #[expect] with a reason belongs".to_owned(),
        }
    }
}

/// Reads tokens, so that comments and words in strings are no imports, and imports in macros are.
#[derive(Default)]
struct Read {
    module: Vec<String>,
    /// Paths inside this crate that are used, from its root.
    used: Vec<Vec<String>>,
    takes_whole_house: bool,
    marks: Vec<Mark>,
}

impl Read {
    fn stream(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.stream(group.stream()),
                TokenTree::Literal(literal) => self.literal(&literal.to_string()),
                TokenTree::Ident(ident) => self.ident(&ident.to_string(), &tokens, at),
                TokenTree::Punct(_) => {}
            }
        }
    }

    fn ident(&mut self, name: &str, tokens: &[TokenTree], at: usize) {
        let goes_on = is_path_separator(tokens, at + 1);
        let first = at == 0 || !is_punct(tokens.get(at - 1), ':');
        let next = tokens.get(at + 3);
        match name {
            "crate" if goes_on && first => {
                let before = self.used.len();
                self.paths(&[], &tokens[at + 3..]);
                self.takes_whole_house |= self.used[before..].iter().any(|path| path.len() == 1 && matches!(path[0].as_str(), "platform" | "gui"));
            }
            "super" if goes_on && first => {
                let mut ups = 1;
                while is_ident(tokens.get(at + 3 * ups), "super") && is_path_separator(tokens, at + 3 * ups + 1) {
                    ups += 1;
                }
                let base = self.module[..self.module.len().saturating_sub(ups)].to_vec();
                self.paths(&base, &tokens[(at + 3 * ups).min(tokens.len())..]);
            }
            "std" if goes_on && first => {
                let grouped = matches!(next, Some(TokenTree::Group(group)) if group.stream().into_iter().any(|inner| is_ident(Some(&inner), "env")));
                if grouped || is_ident(next, "env") {
                    self.marks.push(Mark::Environment);
                }
            }
            "println" | "print" | "eprintln" | "eprint" if is_punct(tokens.get(at + 1), '!') => self.marks.push(Mark::Print(name.to_owned())),
            "Color32" if goes_on => {
                if let Some(TokenTree::Ident(what)) = next {
                    self.colour(&what.to_string());
                }
            }
            "allow" if at == 0 && matches!(tokens.get(1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis) => {
                self.marks.push(Mark::Allow);
            }
            _ => {}
        }
    }

    /// `Color32::TRANSPARENT` and `PLACEHOLDER` are the absence of a colour.
    fn colour(&mut self, name: &str) {
        let constant = name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') && !matches!(name, "TRANSPARENT" | "PLACEHOLDER");
        if constant || name.starts_with("from_") {
            self.marks.push(Mark::Colour(name.to_owned()));
        }
    }

    fn literal(&mut self, text: &str) {
        let Some(start) = text.find('"') else { return };
        let words: Vec<&str> = text[start + 1..].split_whitespace().collect();
        let has = |word: &str| words.contains(&word);
        let sql = match words.first().copied() {
            Some("SELECT" | "DELETE") => has("FROM"),
            Some("INSERT") => has("INTO"),
            Some("UPDATE") => has("SET"),
            Some("CREATE" | "DROP" | "ALTER") => has("TABLE") || has("INDEX"),
            Some("PRAGMA" | "BEGIN") => true,
            _ => false,
        };
        if sql {
            self.marks.push(Mark::Sql(words.join(" ").chars().take(60).collect()));
        }
    }

    /// Follows `a::b::{c, d::e}` from a base.
    fn paths(&mut self, base: &[String], tokens: &[TokenTree]) {
        let mut path = base.to_vec();
        let mut at = 0;
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) if *ident != "self" => path.push(ident.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for branch in inner.split(|token| is_punct(Some(token), ',')).filter(|branch| !branch.is_empty()) {
                        self.paths(&path, branch);
                    }
                    return;
                }
                _ => break,
            }
            if !is_path_separator(tokens, at + 1) {
                break;
            }
            at += 3;
        }
        self.used.push(path);
    }
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')
}

fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if *ident == name)
}
