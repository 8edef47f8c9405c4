//! What is being written to the platform, besides drafts; what came of it is told, with a way back where there is one.

use super::providers::Asked;
use crate::gui::ctx::{ApiError, AreaCtx, Command, Remote, Toast, ToastKind};
use crate::wire::config::{ConfigChanged, ProcessingRules};
use crate::wire::deployment::{DeployPrompt, Environment};
use crate::wire::fallback::{Fallback, SetFallbacks};
use crate::wire::ids::{DeploymentId, PromptId};
use crate::wire::model::{ActivateModel, SetModelParameters};
use crate::wire::prompt::{CreatePrompt, Prompt, PromptVersion, SavePromptVersion, UpdatePrompt};
use crate::wire::prompt_parts::PromptParts;

/// What a change of configuration is about.
enum About {
    Deploy(DeployPrompt),
    RollBack,
    /// The model's full name and its name on screen, and what a photo will cost instead of what it costs.
    Model {
        name: String,
        shown_as: String,
        expected: Option<String>,
    },
    /// The models of the chain, as they are called on screen.
    Fallbacks(String),
    /// The model's name on screen.
    Parameters(String),
    Rules,
    /// What is said when it is done.
    Provider(String),
}

/// Writes under way, at most one of a kind.
#[derive(Default)]
pub struct Writes {
    created: Remote<Prompt>,
    /// The prompt as it was, the name that it is to have, and what came of it.
    renamed: Option<(Prompt, String, Remote<Prompt>)>,
    saved: Option<(bool, Remote<PromptVersion>)>,
    config: Option<(About, Remote<ConfigChanged>)>,
}

/// What came of a write.
pub enum Written {
    Created(Prompt),
    /// Why, as it is said at the field.
    NotCreated(String),
    Renamed(Prompt),
    /// The prompt, the name that it was to have, and why it has it not.
    NotRenamed(PromptId, String, String),
    /// The version, and whether it is to be made live.
    Saved(PromptVersion, bool),
    NotSaved(String),
    Config(ConfigChanged),
    /// The model's full name, the platform's code, and why.
    NotActivated {
        name: String,
        code: String,
        why: String,
    },
    /// Somebody else may have changed it.
    ConfigBehind,
    Deployed(ConfigChanged),
    NotDeployed {
        body: DeployPrompt,
        code: String,
        why: String,
    },
    Applied(ConfigChanged),
    ProviderSet(ConfigChanged),
    ProviderNotSet {
        code: String,
        why: String,
    },
    /// The rules were not taken: why; the code names the field, or says that somebody else changed the configuration.
    NotApplied {
        code: String,
        why: String,
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

    pub fn create(&mut self, name: String, content: Option<String>, parts: PromptParts, ctx: &AreaCtx<'_>) {
        let body = CreatePrompt { name, content, parts };
        ctx.ask(&mut self.created, |client| async move { client.create_prompt(&body).await });
    }

    /// Only the name is sent, so that a revision that is old because of a draft is no reason to give up.
    pub fn rename(&mut self, prompt: &Prompt, name: String, ctx: &AreaCtx<'_>) {
        let (id, revision) = (prompt.id, prompt.revision);
        let body = UpdatePrompt { name: Some(name.clone()), ..UpdatePrompt::default() };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move {
            match client.update_prompt(id, revision, &body).await {
                Err(failure) if failure.code() == Some("stale") => {
                    let prompts = client.prompts().await?.items;
                    let revision = prompts.iter().find(|prompt| prompt.id == id).map_or(revision, |prompt| prompt.revision);
                    client.update_prompt(id, revision, &body).await
                }
                outcome => outcome,
            }
        });
        self.renamed = Some((prompt.clone(), name, answer));
    }

    pub fn save_version(&mut self, id: PromptId, (content, parts): (String, PromptParts), note: String, makes_live: bool, ctx: &AreaCtx<'_>) {
        let body = SavePromptVersion { content, parts, note, author: String::new() };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.save_prompt_version(id, &body).await });
        self.saved = Some((makes_live, answer));
    }

    pub fn deploy(&mut self, body: DeployPrompt, ctx: &AreaCtx<'_>) {
        let mut answer = Remote::default();
        let asked = body.clone();
        ctx.ask(&mut answer, |client| async move { client.deploy_prompt(&asked).await });
        self.config = Some((About::Deploy(body), answer));
    }

    pub fn roll_back(&mut self, id: DeploymentId, ctx: &AreaCtx<'_>) {
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.roll_back(id).await });
        self.config = Some((About::RollBack, answer));
    }

    /// Rolls back the newest deployment to production, whichever that is; says so when there is none.
    pub fn roll_back_production(&mut self, ctx: &AreaCtx<'_>) {
        if self.is_changing_config() {
            return;
        }
        let (mut answer, commands) = (Remote::default(), ctx.commands.clone());
        ctx.ask(&mut answer, |client| async move {
            let newest = client.newest_deployment(Environment::Production).await?;
            match newest {
                Some(newest) => client.roll_back(newest.id).await,
                None => {
                    commands.toast(ToastKind::Info, "Nothing was deployed to production yet: there is nothing to roll back");
                    Ok(ConfigChanged { config: client.config().await?, change: None })
                }
            }
        });
        self.config = Some((About::RollBack, answer));
    }

    /// `confirmed`: also where the list of its provider does not have it.
    pub fn activate(&mut self, name: String, confirmed: bool, (shown_as, expected): (String, Option<String>), ctx: &AreaCtx<'_>) {
        let body = ActivateModel { name: name.clone() };
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move {
            if confirmed { client.activate_model_confirmed(&body).await } else { client.activate_model(&body).await }
        });
        self.config = Some((About::Model { name, shown_as, expected }, answer));
    }

    /// `called`: the models as they are called on screen.
    pub fn set_fallbacks(&mut self, revision: u64, fallbacks: Vec<Fallback>, called: String, ctx: &AreaCtx<'_>) {
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.set_fallbacks(revision, &SetFallbacks { fallbacks }).await });
        self.config = Some((About::Fallbacks(called), answer));
    }

    /// `called`: the model as it is called on screen.
    pub fn set_parameters(&mut self, revision: u64, body: SetModelParameters, called: String, ctx: &AreaCtx<'_>) {
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move { client.set_model_parameters(revision, &body).await });
        self.config = Some((About::Parameters(called), answer));
    }

    /// `confirmed`: a limit below what is spent already is meant.
    pub fn apply_rules(&mut self, revision: u64, rules: ProcessingRules, confirmed: bool, ctx: &AreaCtx<'_>) {
        let mut answer = Remote::default();
        ctx.ask(&mut answer, |client| async move {
            if confirmed {
                client.set_processing_rules_confirmed(revision, &rules).await
            } else {
                client.set_processing_rules(revision, &rules).await
            }
        });
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
                (Some(failure), _) => written.push(Written::NotCreated(at_the_field(&failure))),
                (None, Some(prompt)) => written.push(Written::Created(prompt)),
                (None, None) => {}
            }
        }
        written.extend(self.take_renamed(ctx));
        written.extend(self.take_saved(ctx));
        written.extend(self.take_config(ctx));
        written
    }

    fn take_renamed(&mut self, ctx: &AreaCtx<'_>) -> Option<Written> {
        let (_, _, answer) = self.renamed.as_mut()?;
        if !answer.poll() {
            return None;
        }
        let (was, wanted, mut answer) = self.renamed.take()?;
        if let Some(failure) = answer.take_failure() {
            return Some(Written::NotRenamed(was.id, wanted, at_the_field(&failure)));
        }
        let prompt = answer.take()?;
        let undo = Command::RenamePrompt { prompt: prompt.id, name: was.name.clone() };
        let toast = Toast::new(ToastKind::Good, format!("{} is called {} now", was.name, prompt.name));
        ctx.send(Command::ShowToast(toast.with_action("Undo", undo)));
        Some(Written::Renamed(prompt))
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
                    ctx.send(Command::ShowToast(toast.with_action("Deploy…", Command::DeployPrompt(Environment::Production))));
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
                About::Rules => {
                    let why = if let ApiError::Problem(problem) = &failure { problem.detail.clone() } else { failure.to_string() };
                    Some(Written::NotApplied { code: failure.code().unwrap_or_default().to_owned(), why })
                }
                About::Deploy(body) => {
                    let code = failure.code().unwrap_or_default().to_owned();
                    let why = if let ApiError::Problem(problem) = &failure { problem.detail.clone() } else { failure.to_string() };
                    Some(Written::NotDeployed { body, code, why })
                }
                About::RollBack => {
                    ctx.commands.toast(ToastKind::Bad, format!("Nothing was rolled back. {failure}"));
                    None
                }
                About::Fallbacks(_) | About::Parameters(_) => {
                    let is_stale = failure.code() == Some("stale");
                    let why = if is_stale {
                        "The configuration was changed elsewhere meanwhile. Look at it, then apply yours again".to_owned()
                    } else {
                        failure.to_string()
                    };
                    ctx.commands.toast(ToastKind::Bad, format!("Nothing was changed. {why}"));
                    Some(Written::ConfigBehind)
                }
                About::Model { name, .. } => {
                    Some(Written::NotActivated { name, code: failure.code().unwrap_or_default().to_owned(), why: at_the_field(&failure) })
                }
            };
        }
        let changed = changed?;
        let text = match &about {
            About::Deploy(body) if body.environment == Environment::Staging => {
                format!("{} is in staging", changed.config.staged_prompt.as_deref().unwrap_or("It"))
            }
            About::Deploy(_) => format!("{} is live", changed.config.live_prompt),
            About::RollBack => match &changed.change {
                Some(change) => format!("Rolled back. {}", change.summary.trim_start_matches("Undo: ")),
                None => return Some(Written::Config(changed)),
            },
            About::Model { shown_as, expected, .. } => {
                [Some(format!("{shown_as} is live")), expected.clone()].into_iter().flatten().collect::<Vec<_>>().join(". ")
            }
            About::Fallbacks(_) if changed.config.fallbacks.is_empty() => "No model stands in for the live one".to_owned(),
            About::Fallbacks(called) => format!("The fallback chain is applied: {called}"),
            About::Parameters(model) => format!("The parameters of {model} are applied"),
            About::Rules => "The rules are applied".to_owned(),
            About::Provider(words) => words.clone(),
        };
        let toast = match &changed.change {
            Some(change) => Toast::of_change(text, change),
            None => Toast::new(ToastKind::Info, format!("{text} already")),
        };
        ctx.send(Command::ShowToast(toast));
        Some(match about {
            About::Rules => Written::Applied(changed),
            About::Provider(_) => Written::ProviderSet(changed),
            About::Deploy(_) => Written::Deployed(changed),
            About::RollBack | About::Model { .. } | About::Fallbacks(_) | About::Parameters(_) => Written::Config(changed),
        })
    }
}

/// What is said beside the field whose content was refused: what is wrong, without the heading that a message has.
fn at_the_field(failure: &ApiError) -> String {
    match failure {
        ApiError::Problem(problem) if !problem.detail.is_empty() => problem.detail.clone(),
        other => other.to_string(),
    }
}
