//! The list of providers, which settings change while calls are under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::dialect::Dialect;
use super::remote::{Remote, State};
use super::{ANTHROPIC, Endpoint, GEMINI, Limits, OLLAMA, ON_DEVICE, OPENAI, Provider, ProviderSettings, VISION};
use super::{anthropic, gemini, ollama, on_device, openai, vision};
use crate::keys::Keys;

/// The list of providers. Clones share it: a change of settings reaches all of them at once.
#[derive(Clone)]
pub struct Providers {
    list: Arc<RwLock<Vec<Arc<dyn Provider>>>>,
    /// What the program was told at its start, and its keys; `None` for a list of one's own.
    told: Option<Arc<(ProviderSettings, Keys)>>,
    states: States,
}

/// What each provider keeps when settings change, by its name.
#[derive(Clone, Default)]
struct States(Arc<Mutex<HashMap<String, Arc<State>>>>);

impl States {
    fn of(&self, name: &str) -> Arc<State> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(states.entry(name.to_owned()).or_default())
    }
}

/// The providers that everybody has, by name.
fn built_in() -> Vec<(&'static str, Box<dyn Dialect>)> {
    vec![
        (GEMINI, Box::new(gemini::Gemini)),
        (VISION, Box::new(vision::Vision)),
        (OPENAI, Box::new(openai::OpenAi::new())),
        (ANTHROPIC, Box::new(anthropic::Anthropic)),
        (OLLAMA, Box::new(ollama::Ollama)),
    ]
}

impl Providers {
    /// All that the program has. Loads nothing yet.
    #[must_use]
    pub fn new(settings: &ProviderSettings, keys: &Keys) -> Self {
        let on_device: Arc<dyn Provider> = Arc::new(on_device::OnDevice::new(settings.on_device_threads));
        let states = States::default();
        let list = Self::build(settings, keys, on_device, &states);
        Self { list: Arc::new(RwLock::new(list)), told: Some(Arc::new((settings.clone(), keys.clone()))), states }
    }

    /// All providers, each with what is told of it; a name that is not built in is an OpenAI-compatible server.
    fn build(settings: &ProviderSettings, keys: &Keys, on_device: Arc<dyn Provider>, states: &States) -> Vec<Arc<dyn Provider>> {
        let mut list = vec![on_device];
        for (name, dialect) in built_in() {
            let told = settings.endpoints.iter().rev().find(|told| told.name == name).cloned();
            let endpoint = told.unwrap_or_else(|| Endpoint { name: name.to_owned(), base: None, limits: Limits::default() });
            list.push(Arc::new(Remote::new(&endpoint, dialect, keys.clone(), settings.book.clone(), states.of(name))));
        }
        for endpoint in settings.endpoints.iter().rev() {
            if list.iter().all(|known: &Arc<dyn Provider>| known.name() != endpoint.name) {
                let dialect = Box::new(openai::OpenAi::compatible(&endpoint.name, endpoint.base.as_ref()));
                list.push(Arc::new(Remote::new(endpoint, dialect, keys.clone(), settings.book.clone(), states.of(&endpoint.name))));
            }
        }
        list
    }

    /// A list of one's own, for tests.
    #[must_use]
    pub fn of(list: Vec<Arc<dyn Provider>>) -> Self {
        Self { list: Arc::new(RwLock::new(list)), told: None, states: States::default() }
    }

    /// What the program was told at its start; `None` for a list of one's own, which no settings change.
    #[must_use]
    pub fn told(&self) -> Option<&ProviderSettings> {
        self.told.as_deref().map(|(settings, _)| settings)
    }

    /// Puts other settings into effect for all calls that begin from now on; those under way end as they began.
    pub fn reconfigure(&self, settings: &ProviderSettings) {
        let Some((_, keys)) = self.told.as_deref() else { return };
        // The model that is loaded stays loaded.
        let Some(on_device) = self.iter().find(|member| member.name() == ON_DEVICE) else { return };
        let list = Self::build(settings, keys, on_device, &self.states);
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = list;
    }

    /// The providers as they are now.
    pub fn iter(&self) -> impl Iterator<Item = Arc<dyn Provider>> + use<> {
        self.list.read().unwrap_or_else(PoisonError::into_inner).clone().into_iter()
    }

    /// The provider of a full model name, and the model without it.
    #[must_use]
    pub fn find<'n>(&self, full_name: &'n str) -> Option<(Arc<dyn Provider>, &'n str)> {
        let (provider, model) = full_name.split_once('/').unwrap_or((full_name, ""));
        self.iter().find(|member| member.name() == provider).map(|member| (member, model))
    }
}
