//! A try as a command of cURL. The key stands in a variable of the shell, the photo in a file beside it.

use std::fmt::Write as _;

use uuid::Uuid;

use super::get;
use crate::platform::domain::{Core, DomainError, Result};
use crate::wire::trace::{CurlCommand, Exchange, PHOTO_MARK, Trace};

/// The command for a try (`at`: which, from 0), or why there is none.
pub async fn curl(core: &Core, id: Uuid, at: Option<usize>) -> Result<CurlCommand> {
    let trace = get(core, id).await?;
    let none = |message: &str| DomainError::Invalid { code: "no_request", message: message.to_owned() };
    let exchange = match at {
        Some(at) => trace.exchanges.get(at),
        None => trace.exchanges.last(),
    };
    if let Some(at) = at.filter(|at| *at >= trace.exchanges.len() && !trace.exchanges.is_empty()) {
        return Err(none(&format!("There is no try {}; this trace has {}", at + 1, trace.exchanges.len())));
    }
    let Some(exchange) = exchange else {
        let why =
            if trace.is_forgotten { "What was sent is not kept any more" } else { "Nothing was sent over the net, so there is no command for it" };
        return Err(none(why));
    };
    if exchange.is_cut && serde_json::from_str::<serde_json::Value>(&exchange.request).is_err() {
        return Err(none("The request is longer than is kept of one, so a command would send a part of it"));
    }
    Ok(CurlCommand { command: command(&trace, exchange) })
}

fn command(trace: &Trace, exchange: &Exchange) -> String {
    let mut command = String::new();
    let has_photo = exchange.request.contains(PHOTO_MARK);
    if let Some(size) = exchange.photo.filter(|_| has_photo) {
        let name = comment(&trace.summary.file_name);
        let _ = writeln!(command, "# photo.jpg: {name}, which was sent as JPEG of {} × {} px ({} bytes)", size.width_px, size.height_px, size.bytes);
    }
    if has_photo {
        command.push_str("PHOTO=$(base64 < photo.jpg | tr -d '\\n')\n");
    }
    let _ = write!(command, "curl -sS {}", single_quoted(&exchange.url));
    let typed = exchange.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !typed {
        command.push_str(" \\\n  -H 'content-type: application/json'");
    }
    for (name, value) in &exchange.headers {
        let header = format!("{name}: {value}");
        let quoted = if value.contains('$') { format!("\"{}\"", double_quoted(&header)) } else { single_quoted(&header) };
        let _ = write!(command, " \\\n  -H {quoted}");
    }
    // The shell fills the photo in; all else in the body is kept from it.
    let body = exchange.request.split(PHOTO_MARK).map(in_document).collect::<Vec<String>>().join("${PHOTO}");
    let end = end_word(&exchange.request);
    let _ = write!(command, " \\\n  --data-binary @- <<{end}\n{body}\n{end}\n");
    command
}

/// A word that ends the body and is no line of it.
fn end_word(body: &str) -> String {
    let mut end = "BODY".to_owned();
    while body.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}

fn comment(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Within double quotes a variable is filled in, and nothing else.
fn double_quoted(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('`', "\\`")
}

/// Within a document for a command nothing is filled in.
fn in_document(text: &str) -> String {
    text.replace('\\', r"\\").replace('$', r"\$").replace('`', "\\`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_gets_nothing_to_fill_in_but_what_is_meant() {
        assert_eq!(in_document("a $HOME `id` \\n"), r"a \$HOME \`id\` \\n");
        assert_eq!(single_quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(double_quoted("authorization: Bearer $OPENAI_API_KEY"), "authorization: Bearer $OPENAI_API_KEY");
        assert_eq!(end_word("{\nBODY\n}"), "BODY_");
    }
}
