//! The check of what the analysis of a version finds: what can't work fails, what makes answers worse warns, a hint is no matter here.

use super::checks;
use crate::platform::domain::{Core, Result, prompt_analysis};
use crate::wire::config::PipelineConfig;
use crate::wire::deployment::{Check, CheckState, CheckedFinding};
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_analysis::{AnalyzePrompt, Finding, Severity};

/// Findings that are named one by one: the history keeps them with each deployment.
const NAMED_MOST: usize = 12;

/// Looks at a version as the editor does; what a person has said is right as it is does not count.
pub async fn check(core: &Core, config: &PipelineConfig, version: &PromptVersion) -> Result<Check> {
    let asked = AnalyzePrompt {
        content: version.content.clone(),
        parts: version.parts.clone(),
        prompt_id: Some(version.prompt_id),
        ..AnalyzePrompt::default()
    };
    Ok(verdict(&prompt_analysis::findings_of(core, config, asked).await?))
}

fn verdict(all: &[Finding]) -> Check {
    let counted = |severity: Severity| all.iter().filter(|finding| !finding.is_ignored && finding.severity == severity).count();
    let (errors, warnings, hints) = (counted(Severity::Error), counted(Severity::Warning), counted(Severity::Hint));
    let ignored = all.iter().filter(|finding| finding.is_ignored && finding.severity != Severity::Hint).count();
    let state = match (errors, warnings) {
        (0, 0) => CheckState::Pass,
        (0, _) => CheckState::Warn,
        _ => CheckState::Fail,
    };
    let number = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        more => Some(format!("{more} {word}s")),
    };
    let said: Vec<String> = if errors + warnings > 0 {
        [number(errors, "error"), number(warnings, "warning")].into_iter().flatten().collect()
    } else {
        vec![number(hints, "hint").map_or_else(|| "There is nothing to say about it".to_owned(), |hints| format!("Nothing worse than {hints}"))]
    };
    let aside = if ignored > 0 { format!("; {ignored} more ignored in this prompt") } else { String::new() };
    let grave = all.iter().filter(|finding| !finding.is_ignored && finding.severity != Severity::Hint).take(NAMED_MOST);
    let findings: Vec<CheckedFinding> = grave
        .map(|finding| CheckedFinding {
            key: finding.key.clone(),
            severity: finding.severity,
            part: finding.part,
            line: finding.line,
            what: finding.what.clone(),
        })
        .collect();
    let unnamed = (errors + warnings).saturating_sub(findings.len());
    let more = if unnamed > 0 { format!("; {unnamed} of them are not listed here") } else { String::new() };
    let why = format!("{}{aside}{more}", said.join(", "));
    Check { findings, ..checks::check("findings", "Findings of the analysis", state, why) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::prompt_analysis::PromptPart;

    fn finding(severity: Severity, is_ignored: bool) -> Finding {
        Finding {
            code: "x".to_owned(),
            key: "x:1".to_owned(),
            severity,
            part: PromptPart::User,
            span: None,
            line: Some(3),
            what: "What".to_owned(),
            why: "Why".to_owned(),
            fix: None,
            setting: None,
            is_ignored,
        }
    }

    fn said(all: &[Finding]) -> (CheckState, String, usize) {
        let check = verdict(all);
        (check.state, check.why, check.findings.len())
    }

    #[test]
    fn errors_fail_warnings_warn_and_hints_pass() {
        let of = |severity| finding(severity, false);
        assert_eq!(said(&[]), (CheckState::Pass, "There is nothing to say about it".to_owned(), 0));
        assert_eq!(said(&[of(Severity::Hint), of(Severity::Hint)]), (CheckState::Pass, "Nothing worse than 2 hints".to_owned(), 0));
        assert_eq!(said(&[of(Severity::Warning), of(Severity::Hint)]), (CheckState::Warn, "1 warning".to_owned(), 1));
        let both = [of(Severity::Error), of(Severity::Warning), of(Severity::Warning)];
        assert_eq!(said(&both), (CheckState::Fail, "1 error, 2 warnings".to_owned(), 3));
    }

    #[test]
    fn what_is_ignored_does_not_count_and_is_said() {
        let (state, why, named) = said(&[finding(Severity::Error, true)]);
        assert_eq!((state, named), (CheckState::Pass, 0));
        assert_eq!(why, "There is nothing to say about it; 1 more ignored in this prompt");
    }

    #[test]
    fn the_history_keeps_no_endless_list() {
        let many = vec![finding(Severity::Warning, false); 20];
        assert_eq!(said(&many), (CheckState::Warn, "20 warnings; 8 of them are not listed here".to_owned(), 12));
    }
}
