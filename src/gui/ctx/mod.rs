//! What an area gets from the shell, and how it asks for things.

pub mod command;
pub mod file_choosing;
pub mod folder_look;
pub mod kept;
pub mod kept_free;
pub mod keys_seen;
pub mod keys_worked;
pub mod modal;
pub mod moment;
pub mod own_keys;
pub mod paged;
pub mod photo_adding;
pub mod photo_textures;
pub mod photo_upload;
pub mod pipeline_look;
pub mod refresh;
pub mod remote;
pub mod route;
pub mod watched_folders;

use std::future::Future;

use crate::client;
use crate::gui::theme::{self, Tokens};
use crate::keys::Keys;
use crate::wire::event::Event;

/// What areas ask and how it fails; they know the platform by these alone.
pub use crate::client::{ApiError, Client, prompt_file};
pub use command::{Command, CommandSender, Toast, ToastKind};
pub use keys_seen::KeysSeen;
pub use keys_worked::KeysWorked;
pub use moment::Moment;
pub use own_keys::OwnKeys;
pub use paged::Paged;
pub use photo_adding::PhotoAdding;
pub use photo_textures::{PhotoTexture, PhotoTextures};
pub use refresh::{Pace, Refresh};
pub use remote::Remote;
pub use route::{AreaId, LiveView, PipelineView, Route};
pub use watched_folders::WatchedFolders;

/// One of the four areas. It owns its state; the shell calls it once a frame.
pub trait Area {
    fn id(&self) -> AreaId;

    /// Something happened on the platform. Called before `logic`, for every event in order.
    fn on_event(&mut self, event: &Event, ctx: &mut AreaCtx<'_>);

    /// Takes in answers and asks for what is missing. Called every frame for every area, before drawing.
    fn logic(&mut self, ctx: &mut AreaCtx<'_>);

    /// Draws. Called only while the area is the one shown.
    fn ui(&mut self, ui: &mut egui::Ui, ctx: &mut AreaCtx<'_>);

    /// A command for this area. Returns whether it was meant for it and done.
    fn on_command(&mut self, command: &Command, ctx: &mut AreaCtx<'_>) -> bool;

    /// Shows what a route of this area names.
    fn go_to(&mut self, route: &Route, ctx: &mut AreaCtx<'_>);

    /// Words for the `?` sheet: shortcut and what it does, for the keys that only this area knows.
    fn shortcuts(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// Whether the pipeline is held back, where what the area shows says so: the left panel then says the same.
    fn is_held_back(&self) -> Option<bool> {
        None
    }

    /// Whether what a route of this area names is what it shows now: a button that leads there is no use then.
    fn is_at(&self, _route: &Route) -> bool {
        false
    }

    /// Files were dropped on the window while this area is shown. Returns whether it takes them.
    fn on_files_dropped(&mut self, _paths: Vec<std::path::PathBuf>, _ctx: &mut AreaCtx<'_>) -> bool {
        false
    }

    /// The window is about to close: hand over what is not saved yet. May block for at most a second.
    fn on_exit(&mut self, _ctx: &mut AreaCtx<'_>) {}

    /// What would be gone with the window, after [`Area::on_exit`].
    fn kept_nowhere(&self) -> Vec<KeptNowhere> {
        Vec::new()
    }
}

/// Something a person typed that could be kept nowhere but in this window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNowhere {
    /// Such as "What you typed into Photo tags".
    pub what: String,
    pub why: String,
    pub text: String,
}

/// Whether the platform is heard.
#[derive(Debug, Clone)]
pub enum LinkState {
    Connecting,
    /// `last_event`: when the last event (or the connection itself) came.
    Live {
        last_event: Moment,
    },
    /// The event stream does not come through, and why: events are asked for instead, and are a little late.
    Polling {
        last_event: Moment,
        why: String,
    },
    Lost {
        why: String,
        /// It answers, and does not accept this console: the token is another one.
        is_refused: bool,
        since: Moment,
        retry_at: std::time::Instant,
    },
}

/// What an area may use.
pub struct AreaCtx<'a> {
    pub egui: &'a egui::Context,
    pub client: &'a Client,
    pub runtime: &'a tokio::runtime::Handle,
    pub commands: &'a CommandSender,
    pub textures: &'a mut PhotoTextures,
    pub link: &'a LinkState,
    pub keys: &'a Keys,
    /// Of the keys for platforms elsewhere.
    pub keys_worked: &'a KeysWorked,
    /// Where this console keeps what is typed, apart from any platform; `None`: nowhere.
    pub typing_folder: Option<&'a std::path::Path>,
    /// Whether the platform runs in this process; only then does a key stored here reach it.
    pub embedded: bool,
    /// The time that this frame shows; fixed in tests, so that pictures can be compared.
    pub now: chrono::DateTime<chrono::Utc>,
}

impl AreaCtx<'_> {
    #[must_use]
    pub fn tokens(&self) -> &'static Tokens {
        theme::tokens(self.egui)
    }

    /// Asks the platform; the answer lands in `remote`. A newer question replaces an older one.
    pub fn ask<T, F>(&self, remote: &mut Remote<T>, question: impl FnOnce(Client) -> F)
    where
        T: Send + 'static,
        F: Future<Output = client::Result<T>> + Send + 'static,
    {
        remote.ask(self.runtime, self.egui, question(self.client.clone()));
    }

    /// Asks the platform for what makes it call these providers: a platform elsewhere gets the person's own keys with it.
    pub fn ask_with_keys<T, F>(&self, remote: &mut Remote<T>, providers: Vec<String>, question: impl FnOnce(Client) -> F + Send + 'static)
    where
        T: Send + 'static,
        F: Future<Output = client::Result<T>> + Send + 'static,
    {
        let own = self.own_keys();
        self.ask(remote, |client| async move {
            let client = match own {
                Some(own) => own.bring(&client, &providers).await?,
                None => client,
            };
            question(client).await
        });
    }

    /// The person's own keys for a platform elsewhere; the embedded platform reads this computer's keys itself.
    #[must_use]
    pub fn own_keys(&self) -> Option<OwnKeys> {
        (!self.embedded).then(|| OwnKeys::new(self.keys.clone(), self.keys_worked.clone(), self.client))
    }

    pub fn send(&self, command: Command) {
        self.commands.send(command);
    }
}
