//! The real window without a screen: the real [`App`] on a real platform in this process, stepped frame by frame.
//!
//! A test opens a [`Console`], gives commands, keys and clicks, and waits with [`Console::wait_until`]; pictures are
//! taken last with [`Console::picture`] (`UPDATE_SNAPSHOTS=1` renews them). Not for use inside a tokio test: the
//! console brings its own runtime, which [`Console::block_on`] lends.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use minerva_console::client::Client;
use minerva_console::gui::ctx::{AreaId, Command, Route};
use minerva_console::gui::shell::{App, EmbeddedPlatform, ShellOptions, StartPlatform};
use minerva_console::keys::Keys;
use minerva_console::platform::domain::Core;
use minerva_console::platform::host::{self, Host};
use minerva_console::wire::event::Happened;
use secrecy::SecretString;
use tempfile::TempDir;
use url::Url;

use super::platform::Options;
use super::pointer;

/// How long a test waits for what must come; a debug build on a busy machine is slow.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long the window may take to look as its picture does.
const PICTURE_PATIENCE: Duration = Duration::from_secs(40);

/// How a console is looked at.
#[derive(Clone, Copy)]
pub struct Look {
    pub theme: Theme,
    /// Points.
    pub size: [f32; 2],
    pub pixels_per_point: f32,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: Theme::Dark, size: [1280.0, 800.0], pixels_per_point: 1.0 }
    }
}

impl Look {
    /// The looks in which screens are pictured.
    pub const DARK: Self = Self { theme: Theme::Dark, size: [1440.0, 900.0], pixels_per_point: 1.0 };
    pub const LIGHT: Self = Self { theme: Theme::Light, ..Self::DARK };
    pub const SMALL: Self = Self { size: [1024.0, 640.0], ..Self::DARK };
    pub const SMALL_LIGHT: Self = Self { theme: Theme::Light, ..Self::SMALL };
    pub const ENLARGED: Self = Self { pixels_per_point: 1.5, ..Self::SMALL_LIGHT };

    pub fn themed(theme: Theme) -> Self {
        Self { theme, ..Self::default() }
    }
}

/// Both themes with their names, for pictures.
pub const THEMES: [(Theme, &str); 2] = [(Theme::Dark, "dark"), (Theme::Light, "light")];

/// The moment that every console shows as "now". A story in which ages are read, and one that pictures figures (their lines
/// grow with each minute), sets its platform's clock by it.
pub fn fixed_now() -> DateTime<Utc> {
    "2026-03-14T09:26:53Z".parse().expect("a moment")
}

/// A window under test. Stops its platform when dropped.
pub struct Console {
    // Dropped in this order: the window first, then what it runs on.
    pub harness: Harness<'static, App>,
    runtime: tokio::runtime::Runtime,
    pub folder: TempDir,
    /// Of the embedded platform, once it was started.
    core: Arc<Mutex<Option<Arc<Core>>>>,
    token: Arc<Mutex<Option<SecretString>>>,
}

impl Console {
    /// Opens a console on an embedded platform of its own and waits until it is heard.
    pub fn open(options: Options) -> Self {
        Self::open_looking(options, Look::default())
    }

    pub fn open_looking(options: Options, look: Look) -> Self {
        Self::open_in(tempfile::tempdir().expect("a folder"), options, look)
    }

    /// Opens a console on a folder that may have been used before.
    pub fn open_in(folder: TempDir, options: Options, look: Look) -> Self {
        let data = folder.path().join("data");
        let keys = options.keys.clone();
        let core: Arc<Mutex<Option<Arc<Core>>>> = Arc::default();
        let token: Arc<Mutex<Option<SecretString>>> = Arc::default();
        let (started, given) = (Arc::clone(&core), Arc::clone(&token));
        let start: StartPlatform = Box::new(move || {
            let (options, data) = (options.clone(), data.clone());
            let (started, given) = (Arc::clone(&started), Arc::clone(&given));
            Box::pin(async move {
                let host = host::start_at(options.host_options(data), Arc::clone(&options.clock)).await.map_err(|error| error.to_string())?;
                *started.lock().expect("not poisoned") = Some(Arc::clone(host.core()));
                *given.lock().expect("not poisoned") = Some(host.token());
                Ok(embedded(host))
            })
        });
        let mut console = Self::build(start, None, keys, folder, look);
        console.core = core;
        console.token = token;
        console.wait_until("the platform is heard", |console| console.says("Connected"));
        console
    }

    /// Opens a console on a platform elsewhere. Does not wait for it.
    pub fn reaching(base: Url, token: SecretString, look: Look) -> Self {
        Self::reaching_with(base, token, Keys::new(HashMap::new(), false), look)
    }

    /// Times of answers are written here, each column's so many milliseconds above that before it: real ones differ from run to run,
    /// and pictures must not.
    pub fn steady_times(&self, between_columns: i64) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.folder.path().join("data").join("minerva.sqlite"));
        self.block_on(async {
            let mut connection = sqlx::ConnectOptions::connect(&options).await.expect("opens");
            let written = sqlx::query("UPDATE run_cells SET latency_ms = 900 + $1 * column_index + 37 * (length(answer) % 7)");
            written.bind(between_columns).execute(&mut connection).await.expect("written");
            sqlx::Connection::close(connection).await.expect("closed");
        });
    }

    /// So many more runs, each like the newest and a minute older than the one before.
    pub fn copy_runs(&self, count: u32) {
        self.block_on(super::platform::copy_runs(&self.folder.path().join("data"), count));
    }

    /// Opens a console on a platform elsewhere, with these keys on this computer. Does not wait for it.
    pub fn reaching_with(base: Url, token: SecretString, keys: Keys, look: Look) -> Self {
        let start: StartPlatform = Box::new(|| Box::pin(async { Err("This console is for a platform elsewhere".to_owned()) }));
        let folder = tempfile::tempdir().expect("a folder");
        Self::build(start, Some((base, token)), keys, folder, look)
    }

    /// Opens a console whose platform gives these answers to the attempts at starting it, the last one again and again.
    pub fn failing(reasons: &[&str], look: Look) -> Self {
        let reasons: Arc<Mutex<Vec<String>>> = Arc::new(Mutex::new(reasons.iter().rev().map(|reason| (*reason).to_owned()).collect()));
        let start: StartPlatform = Box::new(move || {
            let mut left = reasons.lock().expect("not poisoned");
            let reason = if left.len() > 1 { left.pop() } else { left.last().cloned() };
            Box::pin(async move { Err(reason.unwrap_or_default()) })
        });
        let folder = tempfile::tempdir().expect("a folder");
        Self::build(start, None, Keys::new(HashMap::new(), false), folder, look)
    }

    fn build(start_platform: StartPlatform, remote: Option<(Url, SecretString)>, keys: Keys, folder: TempDir, look: Look) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let options = Rc::new(ShellOptions {
            start_platform,
            remote,
            keys,
            runtime: runtime.handle().clone(),
            persistence_path: None,
            data_folder: Some("/home/ada/.local/share/minerva".into()),
            typing_folder: Some(folder.path().join("typed")),
            user_name: "you".to_owned(),
            display: String::new(),
        });
        let builder = Harness::builder().with_size(look.size).with_pixels_per_point(look.pixels_per_point).with_theme(look.theme).with_max_steps(64);
        let harness = builder.wgpu().build_eframe(move |creation| {
            let mut app = App::new(creation, options);
            app.fix_now(fixed_now());
            creation.egui_ctx.set_theme(look.theme);
            // A caret that blinks would make every picture another one.
            creation.egui_ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = false);
            app
        });
        Self { harness, runtime, folder, core: Arc::default(), token: Arc::default() }
    }

    /// Closes the window as a person does, waits for its platform to stop, and gives the folder back.
    pub fn close(mut self) -> TempDir {
        eframe::App::on_exit(self.harness.state_mut(), None);
        self.folder
    }

    /// The client of the console's platform.
    pub fn client(&self) -> Client {
        self.harness.state().client().expect("the platform is up").clone()
    }

    /// The token of the embedded platform, for another console on it.
    pub fn token(&self) -> SecretString {
        self.token.lock().expect("not poisoned").clone().expect("an embedded platform")
    }

    /// Lets something happen on the embedded platform.
    pub fn tell(&self, what: Happened) {
        let core = self.core.lock().expect("not poisoned").clone().expect("an embedded platform");
        self.block_on(async {
            let mut change = core.change().await.expect("a change");
            change.tell(&what).await.expect("told");
            change.commit().await.expect("committed");
        });
    }

    /// Lets the embedded platform store no draft, or store them again. A database that can't grow would not do: the connection that
    /// met a full disk is replaced by one without that limit.
    pub fn refuse_drafts(&self, refuses: bool) {
        self.refuse("UPDATE ON prompts", refuses);
    }

    /// The same for labels of photos.
    pub fn refuse_labels(&self, refuses: bool) {
        self.refuse("INSERT ON ground_truth", refuses);
    }

    fn refuse(&self, deed: &str, refuses: bool) {
        self.execute(if refuses {
            format!("CREATE TRIGGER refused BEFORE {deed} BEGIN SELECT RAISE(ABORT, 'as the test asked for'); END")
        } else {
            "DROP TRIGGER refused".to_owned()
        });
    }

    /// Lets the embedded platform find no labels to be read, or find them again.
    pub fn hide_labels(&self, hides: bool) {
        let (from, to) = if hides { ("ground_truth", "hidden_truth") } else { ("hidden_truth", "ground_truth") };
        self.execute(format!("ALTER TABLE {from} RENAME TO {to}"));
    }

    /// Does something to the embedded platform's database.
    fn execute(&self, statement: String) {
        let core = self.core.lock().expect("not poisoned").clone().expect("an embedded platform");
        self.block_on(async {
            let mut tx = core.db.begin().await.expect("a transaction");
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.expect("done");
            tx.commit().await.expect("committed");
        });
    }

    /// Asks the window to close as the system does, for Ctrl-Q too; returns whether it agrees.
    pub fn agrees_to_close(&mut self) -> bool {
        let root = self.harness.input_mut().viewports.get_mut(&egui::ViewportId::ROOT).expect("a window");
        root.events.push(egui::ViewportEvent::Close);
        self.harness.step();
        !self.harness.output().viewport_output[&egui::ViewportId::ROOT].commands.contains(&egui::ViewportCommand::CancelClose)
    }

    /// Runs what has to be awaited, such as a call of the client.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Steps frames until something is so.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.harness.step();
            if is_so(self) {
                return;
            }
            if Instant::now() > deadline {
                let path = std::env::temp_dir().join("minerva-console.png");
                let saved = self.harness.render().ok().and_then(|picture| picture.save(&path).ok());
                panic!("waited {PATIENCE:?} in vain: {what}; saved as {}: {}", path.display(), saved.is_some());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether these words stand anywhere in the window, whole or as part of a text.
    pub fn says(&self, words: &str) -> bool {
        self.harness.query_all_by(|node| [node.label(), node.value()].into_iter().flatten().any(|said| said.contains(words))).next().is_some()
    }

    #[track_caller]
    pub fn wait_for(&mut self, words: &str) {
        self.wait_until(&format!("the window says '{words}'"), |console| console.says(words));
    }

    /// Gives a command, as the palette would, and lets it run.
    pub fn command(&mut self, command: Command) {
        self.harness.state().command(command);
        self.steps();
    }

    pub fn go_to(&mut self, area: AreaId) {
        self.command(Command::GoTo(Route::Area(area)));
    }

    /// Presses a key with modifiers.
    pub fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.steps();
    }

    /// Types into what has the focus.
    pub fn type_text(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.steps();
    }

    /// Clicks the one widget with this name.
    #[track_caller]
    pub fn click(&mut self, label: &str) {
        pointer::click_label(&mut self.harness, label);
    }

    /// Puts text into the field with this name, in place of what it holds.
    #[track_caller]
    pub fn fill(&mut self, label: &str, text: &str) {
        use egui::accesskit::Role;
        let is_field = |role| matches!(role, Role::TextInput | Role::MultilineTextInput | Role::PasswordInput);
        self.harness.get_by(|node| is_field(node.role()) && node.label().as_deref() == Some(label)).focus();
        self.steps();
        self.press(Modifiers::COMMAND, Key::A);
        self.type_text(text);
    }

    /// Drops files on the window.
    pub fn drop_files(&mut self, paths: &[PathBuf]) {
        let dropped = paths.iter().map(|path| Arc::new(Dropped(path.clone())) as egui::DroppedFileHandle);
        self.harness.input_mut().dropped_files.extend(dropped);
        self.steps();
    }

    /// Some frames: commands run in the frame after the one that gives them, and layout settles in another.
    pub fn steps(&mut self) {
        self.harness.run_steps(4);
    }

    /// Waits until what is drawn is `tests/snapshots/NAME.png`: what a picture shows comes from the platform, at its
    /// own time. The pointer is taken away first. Renewing takes what is there after a moment.
    #[track_caller]
    pub fn picture(&mut self, name: &str) {
        self.harness.remove_cursor();
        // Long enough for what appears and vanishes within 120 ms to have done so.
        self.harness.run_steps(12);
        let deadline = Instant::now() + PICTURE_PATIENCE;
        let renews = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
        // What shall be kept is what stands there when all has come.
        let rest = Instant::now() + Duration::from_secs(3);
        while renews && Instant::now() < rest {
            std::thread::sleep(Duration::from_millis(50));
            self.steps();
        }
        while !renews && Instant::now() < deadline {
            if self.harness.try_snapshot(name).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
            self.steps();
        }
        self.harness.snapshot(name);
    }
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

fn embedded(host: Host) -> EmbeddedPlatform {
    EmbeddedPlatform { base: host.base(), token: host.token(), stop: Box::new(move || Box::pin(async move { host.shutdown().await })) }
}
