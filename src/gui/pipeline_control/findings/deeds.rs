//! What is done about findings: shown in the editor of their part, mended as one step that Ctrl-Z takes back, ignored.

use std::ops::Range;
use std::time::Instant;

use super::super::document::Part;
use super::super::document::settings::Settings;
use super::super::draft::Draft;
use super::super::{FOCUS_FRAMES, PipelineControl, Tab};
use super::{Asked, list};
use crate::gui::ctx::{AreaCtx, ToastKind};
use crate::gui::widgets::prompt_editor::typed::{TypedText, byte_of};
use crate::wire::deployment::CheckedFinding;
use crate::wire::prompt::PromptVersion;
use crate::wire::prompt_analysis::{AnalyzePrompt, Finding, PromptPart, Setting};
use crate::wire::prompt_parts::{Parameters, Variable};

/// Said where a place is gone.
const TYPED_OVER: &str = "The text there has changed since; the analysis looks at it again in a moment";

/// The parts in the order of their tabs: so F8 goes through them.
const IN_ORDER: [PromptPart; 4] = [PromptPart::User, PromptPart::System, PromptPart::Schema, PromptPart::Settings];

/// The tab in which a part is edited.
fn tab_of(part: PromptPart) -> Part {
    match part {
        PromptPart::User => Part::Prompt,
        PromptPart::System => Part::System,
        PromptPart::Schema => Part::Answer,
        PromptPart::Settings => Part::Settings,
    }
}

/// A part's text as it is typed; the settings are none that a person sees.
fn text_of(draft: &Draft, part: PromptPart) -> Option<&TypedText> {
    match part {
        PromptPart::User => Some(&draft.kept.typed),
        PromptPart::System => Some(&draft.system.typed),
        PromptPart::Schema => Some(&draft.schema.typed),
        PromptPart::Settings => None,
    }
}

fn text_mut(draft: &mut Draft, part: PromptPart) -> Option<&mut TypedText> {
    match part {
        PromptPart::User => Some(&mut draft.kept.typed),
        PromptPart::System => Some(&mut draft.system.typed),
        PromptPart::Schema => Some(&mut draft.schema.typed),
        PromptPart::Settings => None,
    }
}

/// All that stands in the editors, as the analysis takes it.
fn texts(draft: &Draft) -> AnalyzePrompt {
    let contents = draft.contents();
    AnalyzePrompt { parts: contents.parts(), content: contents.user, ..AnalyzePrompt::default() }
}

impl PipelineControl {
    /// Keeps the analysis of the open prompt going.
    pub(in super::super) fn follow_analysis(&mut self, ctx: &AreaCtx<'_>) {
        let Some((id, draft)) = self.open.and_then(|id| Some((id, self.drafts.get(&id)?))) else { return };
        self.analysis.logic(id, draft.stamp(), &|| texts(draft), ctx);
        if let Some(at) = self.analysis.take_wanted() {
            self.show_finding(at, ctx);
        }
    }

    pub(in super::super) fn do_about_finding(&mut self, asked: Asked, ctx: &AreaCtx<'_>) {
        match asked {
            Asked::Show(at) => self.show_finding(at, ctx),
            Asked::Fix(at) => self.fix(vec![at], ctx),
            Asked::FixAll(at) => {
                let Some(one) = self.analysis.finding(at).cloned() else { return };
                let all = self.analysis.value().into_iter().flat_map(|value| value.findings.iter().enumerate());
                let same = all.filter(|(_, finding)| one.is_mended_like(finding) && !finding.is_ignored);
                self.fix(same.map(|(at, _)| at).collect(), ctx);
            }
            Asked::Ignore { key, ignored } => {
                if let Some(draft) = self.open.and_then(|open| self.drafts.get(&open)) {
                    self.analysis.ignore(&key, ignored, &texts(draft), ctx);
                }
            }
            Asked::Retry => self.analysis.reload(),
            Asked::ShowIgnored(shows) => self.analysis.shows_ignored = shows,
            Asked::ShowAllModels(shows) => self.analysis.shows_all_models = shows,
        }
    }

    /// Shows what a check has found: in the editors where they hold that version, else in the version itself.
    pub(in super::super) fn show_checked(&mut self, version: &PromptVersion, finding: CheckedFinding) {
        self.tab = Tab::Findings;
        self.document.part = tab_of(finding.part);
        if self.drafts.get(&version.prompt_id).is_some_and(|draft| draft.is_version(version)) {
            self.viewing = None;
            self.analysis.wanted = Some(finding.key);
            return;
        }
        self.viewing = Some(version.id);
        match finding.part {
            PromptPart::User => self.editors.version_line = finding.line,
            PromptPart::System => self.document.version_line = finding.line,
            PromptPart::Schema => self.document.answer_version.look_at(finding.line),
            PromptPart::Settings => {}
        }
    }

    /// Where a finding stands in its part as it is now.
    fn place_of(&self, part: PromptPart, range: Range<usize>) -> Option<Range<usize>> {
        let text = text_of(self.drafts.get(&self.open?)?, part)?;
        self.analysis.place(part, range, text)
    }

    fn show_finding(&mut self, at: usize, ctx: &AreaCtx<'_>) {
        let Some(finding) = self.analysis.finding(at).filter(|finding| list::can_show(finding)) else { return };
        let (key, part, span, setting) = (finding.key.clone(), finding.part, finding.span, finding.setting.clone());
        self.analysis.chosen = Some(key);
        self.show_part(part);
        self.document.shows_setting = setting.filter(|_| part == PromptPart::Settings);
        let Some(span) = span else { return };
        if part == PromptPart::Schema {
            // A place in the text is seen in the text.
            self.document.answer.show_json();
        }
        let Some(range) = self.place_of(part, span.range()) else {
            ctx.commands.toast(ToastKind::Info, TYPED_OVER);
            return;
        };
        if let Some(text) = self.open.and_then(|open| self.drafts.get_mut(&open)).and_then(|draft| text_mut(draft, part)) {
            text.select_bytes(&range);
            self.editors.focus_for = FOCUS_FRAMES;
        }
    }

    /// Brings the editor of a part into sight.
    fn show_part(&mut self, part: PromptPart) {
        self.viewing = None;
        self.document.part = tab_of(part);
    }

    /// Applies fixes of one part as one step; of two that overlap only the first is applied.
    fn fix(&mut self, which: Vec<usize>, ctx: &AreaCtx<'_>) {
        let Some(part) = which.first().and_then(|at| self.analysis.finding(*at)).map(|finding| finding.part) else { return };
        if part == PromptPart::Settings {
            self.fix_settings(&which);
            return;
        }
        let missing = self.missing_variables(&which);
        if !missing.is_empty() {
            self.add_variables(missing);
            return;
        }
        let mut pieces: Vec<(Range<usize>, String)> = Vec::new();
        let mut is_gone = false;
        for at in which {
            let Some(finding) = self.analysis.finding(at).filter(|finding| finding.part == part) else { continue };
            let Some(fix) = finding.fix.clone() else { continue };
            match self.place_of(part, fix.span.range()) {
                Some(range) => pieces.push((range, fix.replacement)),
                None => is_gone = true,
            }
        }
        pieces.sort_by_key(|(range, _)| (range.start, range.end));
        let mut behind = 0;
        pieces.retain(|(range, _)| {
            let is_free = range.start >= behind;
            if is_free {
                behind = range.end.max(range.start);
            }
            is_free
        });
        if pieces.is_empty() {
            if is_gone {
                ctx.commands.toast(ToastKind::Info, TYPED_OVER);
            }
            return;
        }
        self.show_part(part);
        if let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open))
            && let Some(text) = text_mut(draft, part)
        {
            text.change(pieces, None);
            draft.edited(Instant::now());
            self.editors.focus_for = FOCUS_FRAMES;
        }
    }

    /// The variables that findings in a text miss.
    fn missing_variables(&self, which: &[usize]) -> Vec<String> {
        let findings = which.iter().filter_map(|at| self.analysis.finding(*at)).filter(|finding| finding.fix.is_some());
        let name = |finding: &Finding| match finding.setting.as_ref()? {
            Setting::Variable(name) => Some(name.clone()),
            Setting::Parameter(_) => None,
        };
        findings.filter_map(name).collect()
    }

    /// Adds variables as one step, and goes where the first gets its value.
    fn add_variables(&mut self, names: Vec<String>) {
        let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open)) else { return };
        let mut settings = Settings::read(&draft.settings.typed);
        self.document.shows_setting = names.first().cloned().map(Setting::Variable);
        for name in names {
            if settings.variables.iter().all(|variable| variable.name != name) {
                settings.variables.push(Variable { name, value: String::new() });
            }
        }
        draft.settings.typed.replace(&settings.write());
        draft.edited(Instant::now());
        self.show_part(PromptPart::Settings);
    }

    /// Takes settings out, or gives them another name, as one step.
    fn fix_settings(&mut self, which: &[usize]) {
        let findings = which.iter().filter_map(|at| self.analysis.finding(*at));
        let mended: Vec<(Setting, String)> =
            findings.filter_map(|finding| Some((finding.setting.clone()?, finding.fix.as_ref()?.replacement.clone()))).collect();
        self.show_part(PromptPart::Settings);
        let Some(draft) = self.open.and_then(|open| self.drafts.get_mut(&open)) else { return };
        let mut settings = Settings::read(&draft.settings.typed);
        for (setting, name) in &mended {
            match setting {
                Setting::Variable(variable) if !name.is_empty() => rename(&mut settings, variable, name),
                setting => take_out(&mut settings, setting),
            }
        }
        draft.settings.typed.replace(&settings.write());
        draft.edited(Instant::now());
    }

    /// Goes to the next finding, or the one before, from where the cursor is; through all parts, round at the ends.
    pub(in super::super) fn step_finding(&mut self, is_forward: bool, ctx: &AreaCtx<'_>) {
        self.tab = Tab::Findings;
        let cursor = self.cursor_place();
        let all = self.analysis.value().into_iter().flat_map(|value| value.findings.iter().enumerate());
        let mut places: Vec<((usize, usize), String, usize)> = all
            .filter(|(_, finding)| !finding.is_ignored && list::can_show(finding))
            .filter_map(|(at, finding)| Some((self.order_of(finding)?, finding.key.clone(), at)))
            .collect();
        places.sort_by_key(|(place, _, at)| (*place, *at));
        if places.is_empty() {
            ctx.commands.toast(ToastKind::Info, "Nothing is found in this prompt");
            return;
        }
        // Several may begin at the same letter: they are gone through one by one.
        let here = places.iter().position(|(place, key, _)| *place == cursor && self.analysis.chosen.as_deref() == Some(key.as_str()));
        let next = match here {
            Some(here) if is_forward => (here + 1) % places.len(),
            Some(here) => (here + places.len() - 1) % places.len(),
            None if is_forward => places.iter().position(|(place, ..)| *place >= cursor).unwrap_or(0),
            None => places.iter().rposition(|(place, ..)| *place < cursor).unwrap_or(places.len() - 1),
        };
        let at = places[next].2;
        self.show_finding(at, ctx);
    }

    /// Where a finding stands among all: its part, and the byte in it; `None` where its place is gone.
    fn order_of(&self, finding: &Finding) -> Option<(usize, usize)> {
        let part = IN_ORDER.iter().position(|part| *part == finding.part)?;
        match finding.span {
            Some(span) => Some((part, self.place_of(finding.part, span.range())?.start)),
            None => Some((part, 0)),
        }
    }

    /// Where the cursor is: the part that is edited, and the byte in it.
    fn cursor_place(&self) -> (usize, usize) {
        let shown = IN_ORDER.iter().position(|part| tab_of(*part) == self.document.part).unwrap_or(0);
        let text = self.open.and_then(|open| self.drafts.get(&open)).and_then(|draft| text_of(draft, IN_ORDER[shown]));
        (shown, text.map_or(0, |text| byte_of(text, text.cursor().sorted().start)))
    }
}

/// Gives a variable another name; of two that are called the same, the later one.
fn rename(settings: &mut Settings, variable: &str, name: &str) {
    if let Some(found) = settings.variables.iter_mut().rfind(|found| found.name == variable) {
        name.clone_into(&mut found.name);
    }
}

/// Takes a variable out, or unsets a parameter.
fn take_out(settings: &mut Settings, setting: &Setting) {
    match setting {
        Setting::Variable(name) => settings.variables.retain(|variable| variable.name != *name),
        Setting::Parameter(name) => {
            let set = settings.parameters;
            settings.parameters = match name.as_str() {
                "temperature" => Parameters { temperature: None, ..set },
                "top_p" => Parameters { top_p: None, ..set },
                "max_output_tokens" => Parameters { max_output_tokens: None, ..set },
                "seed" => Parameters { seed: None, ..set },
                "effort" => Parameters { effort: None, ..set },
                _ => set,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_that_setting_alone() {
        let parameters = Parameters { temperature: Some(0.5), seed: Some(7), ..Parameters::default() };
        let variables = ["a", "b"].map(|name| Variable { name: name.to_owned(), value: String::new() }).into();
        let mut settings = Settings { parameters, variables };
        take_out(&mut settings, &Setting::Variable("a".to_owned()));
        take_out(&mut settings, &Setting::Parameter("temperature".to_owned()));
        assert_eq!(settings.variables.iter().map(|variable| variable.name.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(settings.parameters, Parameters { seed: Some(7), ..Parameters::default() });
    }

    #[test]
    fn of_two_variables_of_one_name_the_later_one_gets_another() {
        let variables = ["a", "b", "a"].map(|name| Variable { name: name.to_owned(), value: String::new() }).into();
        let mut settings = Settings { variables, ..Settings::default() };
        rename(&mut settings, "a", "a2");
        assert_eq!(settings.variables.iter().map(|variable| variable.name.as_str()).collect::<Vec<_>>(), ["a", "b", "a2"]);
    }
}
