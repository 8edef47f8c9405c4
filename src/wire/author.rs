//! Who writes: each request may bring the name of the person that it is made for.

/// The header with the name, in UTF-8. What is written is kept under it; without one under [`UNNAMED`].
pub const AUTHOR_HEADER: &str = "x-minerva-author";
/// Characters of a name at most.
pub const AUTHOR_MOST: usize = 80;
/// Who wrote what nobody put a name to.
pub const UNNAMED: &str = "API";
/// Who wrote from a window without a name.
pub const CONSOLE: &str = "Console";
/// Who wrote what nobody asked for at that moment: no person can be called so.
pub const PLATFORM: &str = "Minerva";

/// A name as it is kept, or why it can be none, in a sentence.
pub fn read(name: &str) -> Result<&str, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > AUTHOR_MOST || name.chars().any(char::is_control) {
        return Err(format!("A person's name has 1 to {AUTHOR_MOST} characters, on one line"));
    }
    if name.eq_ignore_ascii_case(PLATFORM) {
        return Err(format!("{PLATFORM} is what the platform itself is called in the journal; use another name"));
    }
    Ok(name)
}

/// From where a change came, such as `by Anna`, after the words that it was changed.
#[must_use]
pub fn whence(name: &str) -> String {
    match name {
        "" | CONSOLE => "elsewhere".to_owned(),
        UNNAMED => "through the API".to_owned(),
        name => format!("by {name}"),
    }
}

/// The same of a window's changes: one without a name, or nobody known, is the same person at another one.
#[must_use]
pub fn whence_or_window(name: Option<&str>) -> String {
    match name {
        None | Some("" | CONSOLE) => "from another window".to_owned(),
        Some(name) => whence(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_not_the_platforms_own() {
        assert_eq!(read(" Jürgen "), Ok("Jürgen"));
        assert!(read(&"é".repeat(80)).is_ok() && read(&"é".repeat(81)).is_err());
        assert_eq!((whence("Anna"), whence("Console"), whence("API")), ("by Anna".into(), "elsewhere".into(), "through the API".into()));
        assert!(read(" ").is_err() && read("a\nb").is_err() && read("minerva").is_err());
    }
}
