//! What is being written to the platform, besides drafts; what came of it is told, with a way back where there is one.

use super::providers::Asked;
use crate::gui::ctx::{ApiError, AreaCtx, Command, Remote, Toast, ToastKind};
use crate::wire::config::{ConfigChanged, DeployPrompt, ProcessingRules};
use crate::wire::ids::{PromptId, PromptVersionId};
use crate::wire::model::ActivateModel;
use crate::wire::prompt::{CreatePrompt, Prompt, PromptVersion, SavePromptVersion, UpdatePrompt};

/// What a change of configuration is about.
enum About {
    Prompt,
    /// The model's name on screen.
    Model(String),
    Rules,
    /// What is said when it is done.
    Provider(String),
}

/// Writes under way, at most one of a kind.
#[derive(Default)]
pub struct Writes {
    created: Remote<Prompt>,
    renamed: Remote<Prompt>,
    saved: Option<(bool, Remote<PromptVersion>)>,
    config: Option<(About, Remote<ConfigChanged>)>,
}

/// What came of a write.
pub enum Written {
    Created(Prompt),
    Renamed(Prompt),
    /// The version, and whether it is to be made live.
    Saved(PromptVersion, bool),
    NotSaved(String),
    Config(ConfigChanged),
    Applied(ConfigChanged),
    ProviderSet(ConfigChanged),
    ProviderNotSet {
        code: String,
        why: String,
    },
    /// The rules were not taken: why. Stale: somebody else changed the configuration.
    NotApplied {
        why: String,
        is_stale: bool,
    },
}

impl Writes {
    #[must_use]
    pub fn is_creating(&self) -> bool {
        self.created.is_pending()
    }

    #[must_use]
    pub fn is_saving(&self) -> bool {
        self.saved.is_some()
    }

    #[must_use]
    pub fn is_changing_config(&self) -> bool {
        self.config.is_some()
    }

    pub fn create(&mut self, name: String, content: Option<String>, ctx: &AreaCtx<'_>) {
        let body = CreatePrompt { name, content };
        ctx.ask(&mut self.created, |client| async move { client.create_prompt(&body).await });
    }

    /// Only the name is sent, so that a revision that is old because of a draft is no reason to give up.
    pub fn rename(&mut self, id: PromptId, revision: u64, name: String, ctx: &AreaCtx<'_>) {
        let body = UpdatePrompt { name: Some(name), draft: None };
        ctx.ask(&mut self.renamed, |client| async move {
            match client.update_prompt(id, revision, &body).await {
                Err(failure) if failure.code() == Some("stale") => {
                    let prompts = client.prompts().await?.items;
                    let revision = prompts.iter().find(|prompt| prompt.id == id).map_or(revision, |prompt| prompt.revision);
                    client.update_prompt(id, revision, &body).await
                }
                outcome => outcome,
            }
        });
    }

    pub fn save_version(&mut self, id: PromptId, content: String, note: String, makes_live: bool, ctx: &AreaCtx<'_>) {
        let body = SavePromptVersion { content, note, author: String::new() };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.save_prompt_version(id, &body).await });
        self.saved = Some((makes_live, answer));
    }

    pub fn deploy(&mut self, version: PromptVersionId, ctx: &AreaCtx<'_>) {
        let body = DeployPrompt { prompt_version_id: version };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.deploy_prompt(body).await });
        self.config = Some((About::Prompt, answer));
    }

    pub fn activate(&mut self, name: String, shown_as: String, ctx: &AreaCtx<'_>) {
        let body = ActivateModel { name };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.activate_model(&body).await });
        self.config = Some((About::Model(shown_as), answer));
    }

    pub fn apply_rules(&mut self, revision: u64, rules: ProcessingRules, ctx: &AreaCtx<'_>) {
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.set_processing_rules(revision, &rules).await });
        self.config = Some((About::Rules, answer));
    }

    pub fn change_provider(&mut self, revision: u64, asked: Asked, ctx: &AreaCtx<'_>) {
        let mut answer = Remote::default();
        let words = match &asked {
            Asked::Set { label, .. } => format!("The settings of {label} are applied"),
            Asked::Add(added) => format!("{} is added", added.name),
            Asked::Remove { label, .. } => format!("{label} is removed"),
        };
        ctx.ask(&mut answer, |client| async move {
            match asked {
                Asked::Set { name, setting, .. } => client.set_provider(revision, &name, &setting).await,
                Asked::Add(added) => client.add_provider(&added).await,
                Asked::Remove { name, .. } => client.remove_provider(revision, &name).await,
            }
        });
        self.config = Some((About::Provider(words), answer));
    }

    /// Takes in answers and tells them.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> Vec<Written> {
        let mut written = Vec::new();
        if self.created.poll() {
            match (self.created.take_failure(), self.created.take()) {
                (Some(failure), _) => ctx.commands.toast(ToastKind::Bad, format!("The prompt was not created. {failure}")),
                (None, Some(prompt)) => written.push(Written::Created(prompt)),
                (None, None) => {}
            }
        }
        if self.renamed.poll() {
            match (self.renamed.take_failure(), self.renamed.take()) {
                (Some(failure), _) => ctx.commands.toast(ToastKind::Bad, format!("The prompt was not renamed. {failure}")),
                (None, Some(prompt)) => written.push(Written::Renamed(prompt)),
                (None, None) => {}
            }
        }
        written.extend(self.take_saved(ctx));
        written.extend(self.take_config(ctx));
        written
    }

    fn take_saved(&mut self, ctx: &AreaCtx<'_>) -> Option<Written> {
        let (makes_live, answer) = self.saved.as_mut()?;
        if !answer.poll() {
            return None;
        }
        let written = match (answer.take_failure(), answer.take()) {
            (Some(failure), _) => Written::NotSaved(failure.to_string()),
            (None, Some(version)) => {
                if !*makes_live {
                    let toast = Toast::new(ToastKind::Good, format!("{} is saved", version.label()));
                    ctx.send(Command::ShowToast(toast.with_action("Make live", Command::MakePromptLive)));
                }
                Written::Saved(version, *makes_live)
            }
            (None, None) => return None,
        };
        self.saved = None;
        Some(written)
    }

    fn take_config(&mut self, ctx: &AreaCtx<'_>) -> Option<Written> {
        let (about, answer) = self.config.as_mut()?;
        if !answer.poll() {
            return None;
        }
        let failure = answer.take_failure();
        let changed = answer.take();
        let (about, ()) = (std::mem::replace(about, About::Rules), self.config = None);
        if let Some(failure) = failure {
            return match about {
                About::Provider(_) => {
                    let code = failure.code().unwrap_or_default().to_owned();
                    let why = if let ApiError::Problem(problem) = &failure { problem.detail.clone() } else { failure.to_string() };
                    Some(Written::ProviderNotSet { code, why })
                }
                About::Rules => Some(Written::NotApplied { why: failure.to_string(), is_stale: failure.code() == Some("stale") }),
                About::Prompt | About::Model(_) => {
                    ctx.commands.toast(ToastKind::Bad, format!("What is live did not change. {failure}"));
                    None
                }
            };
        }
        let changed = changed?;
        let text = match &about {
            About::Prompt => format!("{} is live", changed.config.live_prompt),
            About::Model(name) => format!("{name} is live"),
            About::Rules => "The rules are applied".to_owned(),
            About::Provider(words) => words.clone(),
        };
        let toast = match &changed.change {
            Some(change) => Toast::new(ToastKind::Good, text).with_action("Undo", Command::UndoThisConfigChange(change.id)),
            None => Toast::new(ToastKind::Info, format!("{text} already")),
        };
        ctx.send(Command::ShowToast(toast));
        Some(match about {
            About::Rules => Written::Applied(changed),
            About::Provider(_) => Written::ProviderSet(changed),
            About::Prompt | About::Model(_) => Written::Config(changed),
        })
    }
}
