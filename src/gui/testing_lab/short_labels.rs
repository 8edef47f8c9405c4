//! Names of a run's columns for narrow places: what all of them have in common is left out, what differs stays.

use crate::wire::run::RunColumn;

/// One for each column, in their order.
#[must_use]
pub fn of(columns: &[RunColumn]) -> Vec<String> {
    let prompts = distinct(&columns.iter().map(|column| column.prompt_name.as_str()).collect::<Vec<_>>(), ' ');
    let models = distinct(&columns.iter().map(|column| column.model.as_str()).collect::<Vec<_>>(), '/');
    let differs = |names: &[String]| names.iter().any(|name| *name != names[0]);
    let of = |(prompt, model): (&String, &String)| match (differs(&prompts), differs(&models)) {
        (true, true) => format!("{prompt} · {model}"),
        (true, false) => prompt.clone(),
        // Of one column, or of several that differ in nothing that has a name.
        _ => model.clone(),
    };
    prompts.iter().zip(&models).map(of).collect()
}

/// Without the words with which all begin. The last word of a name always stays.
fn distinct(names: &[&str], between: char) -> Vec<String> {
    let words: Vec<Vec<&str>> = names.iter().map(|name| name.split(between).collect()).collect();
    let shortest = words.iter().map(Vec::len).min().unwrap_or_default();
    let common = (0..shortest.saturating_sub(1)).take_while(|at| words.iter().all(|own| own[*at] == words[0][*at])).count();
    let between = between.to_string();
    words.iter().map(|words| words[common..].join(&between)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(columns: &[(&str, &str)]) -> Vec<String> {
        let column = |(prompt, model): &(&str, &str)| {
            let column = serde_json::json!({"prompt_name": prompt, "prompt_content": "", "prompt_version_id": null, "model": model});
            serde_json::from_value(column).expect("a column")
        };
        of(&columns.iter().map(column).collect::<Vec<RunColumn>>())
    }

    #[test]
    fn what_differs_stays_and_what_is_common_goes() {
        let (flash, pro, own) = ("gemini/gemini-3.8-flash", "gemini/gemini-3.8-pro", "on-device");
        assert_eq!(labels(&[("Photo tags v4", flash), ("Photo tags v5 draft", flash)]), ["v4", "v5 draft"]);
        assert_eq!(labels(&[("Photo tags v4", flash), ("Photo tags v4", pro)]), ["gemini-3.8-flash", "gemini-3.8-pro"]);
        assert_eq!(labels(&[("Photo tags v4", flash), ("Photo tags v5", own)]), ["v4 · gemini/gemini-3.8-flash", "v5 · on-device"]);
        assert_eq!(labels(&[("Photo tags v4", flash), ("Photo tags v4 512 px", flash)]), ["v4", "v4 512 px"]);
        assert_eq!(labels(&[("Photo tags v4", flash)]), ["gemini-3.8-flash"]);
    }
}
