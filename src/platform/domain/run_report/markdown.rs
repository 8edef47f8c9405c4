//! A report as GitHub-flavoured Markdown.

use std::fmt::Write;

use super::words::{
    GATES_HEADER, duration, failure_word, gate_rows, has_repeats, summary_header, summary_notes, summary_values, title, totals, validation_lines,
};
use super::{Report, ReportTag};
use crate::wire::validation::ValidationReport;

/// GitHub-flavoured Markdown: the summary, then every answer with all its tags.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = format!("# {}\n\n", title(report));
    let _ = writeln!(text, "Run {} · {} · {}\n", report.run_id, report.started_at.format("%Y-%m-%d %H:%M:%S UTC"), totals(report));
    if let Some(validation) = &report.validation {
        gates(&mut text, validation);
    }
    markdown_row(&mut text, &summary_header(report));
    markdown_row(&mut text, &summary_header(report).iter().enumerate().map(|(at, _)| if at < 2 { "---" } else { "--:" }).collect::<Vec<_>>());
    for row in &report.summary {
        markdown_row(&mut text, &summary_values(row, has_repeats(report)));
    }
    for note in summary_notes(report) {
        let _ = writeln!(text, "\n{note}");
    }
    for same in &report.same_photos {
        let _ = writeln!(text, "\n{}", safe(&same.words()));
    }
    for line in report.verdicts.iter().flat_map(super::verdicts::ReportVerdicts::lines) {
        let _ = writeln!(text, "\n{}", safe(&line));
    }
    for line in report.votes.iter().flat_map(super::votes::ReportVotes::lines) {
        let _ = writeln!(text, "\n{}", safe(&line));
    }
    text.push_str("\n## Answers\n\n");
    markdown_row(&mut text, &["Photo", "Prompt", "Model", "Repeat", "Caption", "Tags", "Time"]);
    markdown_row(&mut text, &["---", "---", "---", "--:", "---", "---", "--:"]);
    for cell in &report.cells {
        let tags = match cell.error_words() {
            Some(error) => format!("**{}:** {error}", failure_word(cell)),
            None => cell.tags.iter().map(ReportTag::words).collect::<Vec<_>>().join(", "),
        };
        // A cell of a Markdown table is one line.
        let tags = std::iter::once(tags).chain(cell.notes.iter().map(|note| format!("*Note: {}*", note.text))).collect::<Vec<_>>().join(" · ");
        markdown_row(
            &mut text,
            &[
                cell.photo.as_str(),
                &cell.prompt,
                &cell.model,
                &cell.repeat.to_string(),
                cell.caption.as_deref().unwrap_or_default(),
                &tags,
                &duration(cell.latency_ms.map(|ms| ms as f64)),
            ],
        );
    }
    text
}

fn gates(text: &mut String, validation: &ValidationReport) {
    for line in validation_lines(validation) {
        let _ = writeln!(text, "{}\n", safe(&line));
    }
    markdown_row(text, &GATES_HEADER);
    markdown_row(text, &["---"; 3]);
    for row in gate_rows(validation) {
        markdown_row(text, &row);
    }
    let _ = writeln!(text, "\n{}\n", safe(&validation.method));
}

fn markdown_row<S: AsRef<str>>(text: &mut String, cells: &[S]) {
    text.push('|');
    for cell in cells {
        let _ = write!(text, " {} |", safe(cell.as_ref()));
    }
    text.push('\n');
}

/// A bar or a line break would end a cell of a table, and a model's `<b>` is a word, not markup.
fn safe(words: &str) -> String {
    words.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}
