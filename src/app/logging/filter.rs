//! What is logged: a level for Minerva, or a filter of the tracing crate. A mistake in it is said before anything begins.

use tracing_subscriber::filter::{EnvFilter, LevelFilter};

use crate::app::{Failure, Result};

/// Environment variable that may hold a filter.
pub const LOG_VARIABLE: &str = "MINERVA_LOG";

/// The configuration file's name for it.
const SETTING: &str = "log_level";
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// A filter that has been read once and is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    text: String,
    /// A person asked for it just now, by argument or variable.
    is_asked_for: bool,
}

impl LogFilter {
    /// `--verbose` adds Minerva at level debug to what the variable says; the variable goes before the file.
    pub fn choose(verbose: bool, variable: Option<&str>, file: Option<&str>) -> Result<Self> {
        let told = match (variable.map(str::trim).filter(|text| !text.is_empty()), file) {
            (Some(text), _) => Some(read(LOG_VARIABLE, text)?),
            (None, Some(text)) if !verbose => Some(read(SETTING, text)?),
            (None, Some(text)) => read(SETTING, text).map(|_| None)?,
            (None, None) => None,
        };
        let text = match (told, verbose) {
            // A directive wins over an earlier one for the same target.
            (Some(text), true) => format!("minerva_console=debug,{text}"),
            (Some(text), false) => text,
            (None, true) => of_level("debug"),
            (None, false) => of_level("info"),
        };
        Ok(Self { text, is_asked_for: verbose || variable.is_some_and(|text| !text.trim().is_empty()) })
    }

    /// For the log file and the log in memory.
    #[must_use]
    pub fn to_layer(&self) -> EnvFilter {
        EnvFilter::new(&self.text)
    }

    /// Whether spans are told as well when they end, with their time: requests, calls of providers, frames.
    #[must_use]
    pub fn tells_spans(&self) -> bool {
        self.to_layer().max_level_hint() == Some(LevelFilter::TRACE)
    }

    /// For a terminal: warnings alone, unless somebody asked for more just now.
    #[must_use]
    pub fn to_terminal(&self) -> EnvFilter {
        // That a statement was slow is for who looks into it, not for who waits for a command.
        if self.is_asked_for { self.to_layer() } else { EnvFilter::new("warn,sqlx=error") }
    }
}

/// Dependencies stay at warnings; with everything else come the queries, which are the database library's to tell.
fn of_level(level: &str) -> String {
    let queries = if level.eq_ignore_ascii_case("trace") { "sqlx=debug," } else { "" };
    format!("warn,{queries}minerva_console={level}")
}

/// A bare level is meant for Minerva; anything else is a filter as written.
fn read(name: &str, text: &str) -> Result<String> {
    let refuse = |why: String| {
        Err(Failure::Usage(format!(
            "{name} = \"{text}\" can't be used: {why}. Write a level ({}) or a filter such as warn,minerva_console=trace",
            LEVELS.join(", ")
        )))
    };
    if text.parse::<LevelFilter>().is_ok() {
        return Ok(of_level(text));
    }
    if let Err(error) = EnvFilter::try_new(text) {
        return refuse(error.to_string());
    }
    // The crate takes any word for the name of a target, and then logs nothing but that.
    for word in text.split(',').map(str::trim).filter(|word| !word.contains(['=', '[', ':']) && word.parse::<LevelFilter>().is_err()) {
        if let Some(meant) = LEVELS.iter().find(|level| strsim::damerau_levenshtein(level, &word.to_lowercase()) <= 2) {
            return refuse(format!("'{word}' is no level. '{meant}' is one"));
        }
    }
    // It also takes nothing for a level.
    for (target, level) in text.split(',').filter_map(|word| word.trim().rsplit_once('=')).filter(|(_, level)| !level.contains(']')) {
        if level.is_empty() || level.parse::<LevelFilter>().is_err() {
            return refuse(format!("'{level}' after {target}= is no level"));
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(verbose: bool, variable: Option<&str>, file: Option<&str>) -> String {
        LogFilter::choose(verbose, variable, file).expect("sound").text
    }

    #[test]
    fn the_argument_adds_to_the_variable_which_goes_before_the_file() {
        assert_eq!(chosen(false, None, None), "warn,minerva_console=info");
        assert_eq!(chosen(false, None, Some("error")), "warn,minerva_console=error");
        assert_eq!(chosen(false, Some("debug"), Some("error")), "warn,minerva_console=debug");
        assert_eq!(chosen(false, Some("  "), Some("error")), "warn,minerva_console=error");
        assert_eq!(chosen(false, Some("trace"), None), "warn,sqlx=debug,minerva_console=trace");
        assert_eq!(chosen(true, None, Some("error")), "warn,minerva_console=debug");
        assert_eq!(chosen(true, Some("warn,sqlx=trace"), None), "minerva_console=debug,warn,sqlx=trace");
    }

    #[test]
    fn spans_are_told_where_everything_is() {
        let tells = |text| LogFilter::choose(false, Some(text), None).expect("sound").tells_spans();
        assert!(tells("trace") && tells("warn,minerva_console::gui=trace") && !tells("debug") && !tells("off"));
    }

    #[test]
    fn a_mistake_is_said_wherever_it_stands_and_never_swallowed() {
        for (variable, file, words) in [
            (Some("minerva_console=lots"), None, "MINERVA_LOG"),
            (Some("debgu"), None, "'debug' is one"),
            (Some("warn,trcae"), None, "'trace' is one"),
            (None, Some("verbos="), "log_level"),
            (None, Some("wran"), "'warn' is one"),
        ] {
            for verbose in [false, true] {
                let why = LogFilter::choose(verbose, variable, file).expect_err("refused");
                assert!(why.exit_code() == 2 && why.to_string().contains(words), "{why}");
            }
        }
        for sound in ["off", "sqlx", "hyper=debug", "minerva_console[request]=trace", "minerva_console::platform=debug,info"] {
            assert!(LogFilter::choose(false, Some(sound), None).is_ok(), "{sound}");
        }
    }
}
