//! Words in a file that a spreadsheet opens.

const BEGINS_A_FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A spreadsheet would run a model's `=HYPERLINK(…)` as a formula; an apostrophe makes it text.
#[must_use]
pub fn as_text(field: &str) -> String {
    if field.starts_with(BEGINS_A_FORMULA) { format!("'{field}") } else { field.to_owned() }
}

/// What was written by [`as_text`].
#[must_use]
pub fn read(field: &str) -> &str {
    field.strip_prefix('\'').filter(|rest| rest.starts_with(BEGINS_A_FORMULA)).unwrap_or(field)
}
