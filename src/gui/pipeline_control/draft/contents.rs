//! All that a prompt holds.

use crate::gui::pipeline_control::document::settings::Settings;
use crate::wire::prompt_parts::PromptParts;

/// All that a prompt holds, as texts: what is typed, kept and undone is always a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    pub user: String,
    pub system: String,
    pub schema: String,
    /// Parameters and variables (see [`Settings`]).
    pub settings: String,
}

impl Contents {
    #[must_use]
    pub fn of(user: &str, parts: &PromptParts) -> Self {
        let settings = Settings { parameters: parts.parameters, variables: parts.variables.clone() };
        Self { user: user.to_owned(), system: parts.system.clone(), schema: parts.schema.clone(), settings: settings.write() }
    }

    #[must_use]
    pub fn parts(&self) -> PromptParts {
        let Settings { parameters, variables } = Settings::read(&self.settings);
        PromptParts { system: self.system.clone(), schema: self.schema.clone(), parameters, variables }
    }

    #[must_use]
    pub fn texts(&self) -> [&str; 4] {
        [&self.user, &self.system, &self.schema, &self.settings]
    }
}

/// What each text is called, in files and on screen.
pub const TEXTS: [(&str, &str); 4] = [("user", "prompt"), ("system", "system text"), ("schema", "answer"), ("settings", "settings")];
