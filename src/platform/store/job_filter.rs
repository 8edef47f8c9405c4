//! The filter of the job table as SQL.

use sqlx::{QueryBuilder, Sqlite};

use super::jobs::JobFilter;
use super::to_ms;
use crate::wire::job_filter::{Compare, JobTest};

/// Adds what `filter` asks for to the conditions on `jobs j`.
pub fn push(query: &mut QueryBuilder<Sqlite>, filter: &JobFilter) {
    if let Some(state) = filter.state {
        query.push(" AND j.state = ").push_bind(state.as_str());
    }
    for term in &filter.terms.0 {
        // What is not known does not match, and so is found by the term turned around.
        query.push(if term.is_negated { " AND NOT COALESCE((" } else { " AND (" });
        for (at, test) in term.any.iter().enumerate() {
            query.push(if at == 0 { "" } else { " OR " });
            push_test(query, test, filter);
        }
        query.push(if term.is_negated { "), 1 = 0)" } else { ")" });
    }
}

fn push_test(query: &mut QueryBuilder<Sqlite>, test: &JobTest, filter: &JobFilter) {
    match test {
        JobTest::Name(part) => {
            // Looks at each photo once, however many jobs it has.
            query.push("j.photo_id IN (SELECT id FROM photos WHERE LOWER(file_name)");
            push_like(query, super::containing(part));
            query.push(")");
        }
        JobTest::State(state) => {
            query.push("j.state = ").push_bind(state.as_str());
        }
        JobTest::Provider(provider) => push_name_or(query, "model", provider, "/%"),
        JobTest::Model(part) => {
            query.push("LOWER(j.model)");
            push_like(query, super::containing(part));
        }
        JobTest::Prompt(name) => push_name_or(query, "prompt", name, " v%"),
        JobTest::Fault(kind) => {
            // A fault is kept as JSON that begins with its kind.
            let name = serde_json::to_string(kind).unwrap_or_default();
            query.push("j.fault");
            push_like(query, format!("{{\"kind\":{}%", escaped(&name)));
        }
        JobTest::Age(compare, age) => {
            // The older, the earlier.
            let turned = match compare {
                Compare::Less => " > ",
                Compare::AtMost => " >= ",
                Compare::Equal => " = ",
                Compare::AtLeast => " <= ",
                Compare::More => " < ",
            };
            query.push("j.enqueued_at_ms").push(turned).push_bind(to_ms(filter.now - *age));
        }
        JobTest::Attempts(compare, figure) => {
            push_compare(query, "attempts", *compare).push_bind(*figure);
        }
        JobTest::Priority(compare, figure) => {
            push_compare(query, "priority", *compare).push_bind(*figure);
        }
        JobTest::Confidence(compare, figure) => {
            push_compare(query, "confidence", *compare).push_bind(*figure);
        }
    }
}

fn push_compare<'q>(query: &'q mut QueryBuilder<Sqlite>, column: &'static str, compare: Compare) -> &'q mut QueryBuilder<Sqlite> {
    query.push("j.").push(column).push(" ").push(compare.sign()).push(" ")
}

/// A column that is `name`, or begins with it and goes on with `rest`.
fn push_name_or(query: &mut QueryBuilder<Sqlite>, column: &'static str, name: &str, rest: &str) {
    query.push("LOWER(j.").push(column).push(") = ").push_bind(name.to_owned());
    query.push(" OR LOWER(j.").push(column).push(")");
    push_like(query, escaped(name) + rest);
}

fn push_like(query: &mut QueryBuilder<Sqlite>, pattern: String) {
    query.push(" LIKE ").push_bind(pattern).push(" ESCAPE '\\'");
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
