//! The window's state: the link to the platform, the four areas, and what lies over them.

mod commands;
mod overlays;
mod steps;

use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use egui::{CentralPanel, Context, Frame, RichText, ScrollArea, Sense, Ui, UiBuilder, Vec2, ViewportCommand, vec2};
use secrecy::SecretString;
use url::Url;

use super::ShellOptions;
use super::alarms::Alarms;
use super::event_order::EventOrder;
use super::held_back::HeldBack;
use super::held_now::HeldNow;
use super::leaving::{Leaving, Then};
use super::link::{self, Link};
use super::navigation::{self, Line, Standing};
use super::palette::Palette;
use super::saved::Saved;
use super::settings::{Decision, Settings};
use super::shortcuts::Shortcuts;
use super::toasts::Toasts;
use super::unsaved::Unsaved;
use crate::gui::analytics::Analytics;
use crate::gui::ctx::{
    Area, AreaCtx, AreaId, Command, CommandSender, KeptNowhere, KeysWorked, LinkState, PhotoTextures, Remote, Toast, ToastKind, modal,
};
use crate::gui::live_status::LiveStatus;
use crate::gui::pipeline_control::PipelineControl;
use crate::gui::testing_lab::TestingLab;
use crate::gui::theme;
use crate::gui::widgets::error_state;
use crate::wire::config::PipelineConfig;
use crate::wire::event::Happened;
use steps::Stepped;

/// Points that an area is drawn in at the least.
const LEAST_AREA: Vec2 = vec2(780.0, 520.0);
/// In a window narrower than this the left panel is a rail, so that the area has its least width beside it.
const RAIL_BELOW: f32 = 990.0;
/// A frame that takes longer is logged.
const LONG_FRAME: Duration = Duration::from_millis(50);

/// The one list of areas, in the order of [`AreaId::ALL`].
fn areas() -> Vec<Box<dyn Area>> {
    vec![Box::<LiveStatus>::default(), Box::<PipelineControl>::default(), Box::<TestingLab>::default(), Box::<Analytics>::default()]
}

/// The program's window.
pub struct App {
    options: Rc<ShellOptions>,
    /// The platform that the arguments name, until a person decides otherwise.
    named: Option<(Url, SecretString)>,
    saved: Saved,
    unsaved: Unsaved,
    link: Link,
    areas: Vec<Box<dyn Area>>,
    textures: Option<PhotoTextures>,
    /// What is live, by the newest revision heard.
    config: Option<PipelineConfig>,
    asked_config: Remote<PipelineConfig>,
    step: Remote<Stepped>,
    keys_worked: KeysWorked,
    commands: CommandSender,
    given: mpsc::Receiver<Command>,
    palette: Palette,
    settings: Settings,
    shortcuts: Shortcuts,
    toasts: Toasts,
    alarms: Alarms,
    held_back: HeldBack,
    held_now: HeldNow,
    leaving: Leaving,
    fixed_now: Option<DateTime<Utc>>,
    egui: Context,
    /// An embedded platform that is on its way out.
    stopping: Option<tokio::task::JoinHandle<()>>,
    /// The area that the window's title names.
    titled: Option<AreaId>,
}

impl App {
    #[must_use]
    pub fn new(creation: &eframe::CreationContext<'_>, options: Rc<ShellOptions>) -> Self {
        let egui = &creation.egui_ctx;
        theme::apply(egui);
        egui.add_plugin(EventOrder::default());
        let saved = Saved::load(creation.storage);
        let named = options.remote.clone();
        let link = connect(&options, named.as_ref(), &saved, egui, None);
        let keys_worked = KeysWorked::restored(saved.own_keys_worked.clone());
        let (commands, given) = CommandSender::new(egui.clone());
        Self {
            options,
            named,
            saved,
            unsaved: Unsaved::default(),
            link,
            areas: areas(),
            textures: None,
            config: None,
            asked_config: Remote::default(),
            step: Remote::default(),
            keys_worked,
            commands,
            given,
            palette: Palette::default(),
            settings: Settings::default(),
            shortcuts: Shortcuts::default(),
            toasts: Toasts::default(),
            alarms: Alarms::default(),
            held_back: HeldBack::default(),
            held_now: HeldNow::default(),
            leaving: Leaving::default(),
            fixed_now: None,
            egui: egui.clone(),
            stopping: None,
            titled: None,
        }
    }

    /// Shows this moment as "now", so that pictures can be compared.
    pub fn fix_now(&mut self, now: DateTime<Utc>) {
        self.fixed_now = Some(now);
    }

    /// Gives a command from outside, as the palette does.
    pub fn command(&self, command: Command) {
        self.commands.send(command);
    }

    /// The area that is shown.
    #[must_use]
    pub fn shown(&self) -> AreaId {
        self.saved.area
    }

    /// The platform's client, once it is up.
    #[must_use]
    pub fn client(&self) -> Option<&crate::client::Client> {
        match &self.link {
            Link::Up(up) => Some(&up.client),
            _ => None,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.fixed_now.unwrap_or_else(Utc::now)
    }

    /// Calls `work` with the areas and what they may use; does nothing before the platform is up.
    fn with_areas<R>(&mut self, egui: &Context, work: impl FnOnce(&mut [Box<dyn Area>], &mut AreaCtx<'_>) -> R) -> Option<R> {
        let (Link::Up(up), Some(textures)) = (&self.link, &mut self.textures) else { return None };
        let mut ctx = AreaCtx {
            egui,
            client: &up.client,
            runtime: &self.options.runtime,
            commands: &self.commands,
            textures,
            link: &up.state,
            keys: &self.options.keys,
            keys_worked: &self.keys_worked,
            typing_folder: self.options.typing_folder.as_deref(),
            embedded: up.is_embedded(),
            now: self.fixed_now.unwrap_or_else(Utc::now),
        };
        Some(work(&mut self.areas, &mut ctx))
    }

    /// Asks for what the window itself shows: what is live, and what fires.
    fn ask_config(&mut self, egui: &Context) {
        if let Link::Up(up) = &self.link {
            self.alarms.ask(&up.client, &self.options.runtime, egui);
            let client = up.client.clone();
            self.asked_config.ask(&self.options.runtime, egui, async move { client.config().await });
        }
    }

    /// Takes in what the platform says.
    fn hear(&mut self, egui: &Context) {
        if self.link.poll(&self.options.runtime, egui) {
            self.areas = areas();
            self.config = None;
            if let Link::Up(up) = &self.link {
                self.textures = Some(PhotoTextures::new(up.client.clone(), self.options.runtime.clone(), egui.clone()));
            }
            self.tell_name();
            self.ask_config(egui);
        }
        let Link::Up(up) = &mut self.link else { return };
        let was_lost = matches!(up.state, LinkState::Lost { .. });
        let news = up.news();
        if was_lost && !matches!(up.state, LinkState::Lost { .. }) {
            self.toasts.withdraw_unanswered();
        }
        if up.has_more() {
            egui.request_repaint();
        }
        let now = self.now();
        for event in &news.events {
            self.held_now.on_event(&event.what);
            match &event.what {
                Happened::ConfigChanged { config, change } => {
                    learn(&mut self.config, config.clone());
                    if let Some(change) = change {
                        self.toasts.withdraw_replaced(change);
                    }
                }
                Happened::AlertChanged(alert) => {
                    if !alert.is_loud(now) {
                        self.toasts.withdraw(alert.id);
                    }
                    if let Some(toast) = self.alarms.on_alert(alert, now) {
                        self.call_attention(egui, &toast);
                        // Where the alerts are looked at it stands there already.
                        if !is_shown(&self.areas, self.saved.area, &toast) {
                            self.toasts.push(toast);
                        }
                    }
                }
                other => {
                    if let Some(toast) = self.held_back.on_event(other) {
                        self.call_attention(egui, &toast);
                        self.toasts.push(toast);
                    }
                    if let Some(run) = self.held_back.take_resumed() {
                        self.toasts.withdraw_held(|of, _| of == run);
                    }
                }
            }
        }
        self.with_areas(egui, |areas, ctx| {
            for event in &news.events {
                for area in areas.iter_mut() {
                    area.on_event(event, ctx);
                }
            }
        });
        if news.reload {
            self.commands.send(Command::Reload);
        }
        self.alarms.poll();
        if self.asked_config.poll()
            && let Some(config) = self.asked_config.take()
        {
            learn(&mut self.config, config);
        }
    }

    /// Takes away what is said of providers that let calls through again.
    fn end_held_back(&mut self, egui: &Context) {
        let Link::Up(up) = &self.link else { return };
        let told = self.toasts.held().next().is_some();
        let let_through = self.held_back.logic(told, &up.client, &self.options.runtime, egui);
        if !let_through.is_empty() {
            self.toasts.withdraw_held(|_, provider| let_through.iter().any(|name| name == provider));
        }
    }

    /// Whether the pipeline is held back: as the area says that is shown, else as is asked for here.
    fn is_held_back(&self) -> bool {
        self.told_by_area().unwrap_or_else(|| self.held_now.is_held_back())
    }

    fn told_by_area(&self) -> Option<bool> {
        self.areas.iter().find(|area| area.id() == self.saved.area)?.is_held_back()
    }

    fn take_dropped_files(&mut self, egui: &Context) {
        let dropped = egui.input(|input| input.raw.dropped_files.clone());
        let paths: Vec<_> = dropped.iter().map(|file| file.path().to_path_buf()).collect();
        if paths.is_empty() {
            return;
        }
        let shown = self.saved.area;
        let taken = self.with_areas(egui, |areas, ctx| {
            let mut ids = vec![shown, AreaId::TestingLab];
            ids.dedup();
            ids.into_iter().find(|id| areas.iter_mut().find(|area| area.id() == *id).is_some_and(|area| area.on_files_dropped(paths.clone(), ctx)))
        });
        match taken {
            Some(Some(area)) => self.saved.area = area,
            Some(None) | None => self.commands.toast(ToastKind::Warn, "The platform is not ready for photos yet. Drop them again in a moment"),
        }
    }

    /// What is written from now on is written under the person's name.
    fn tell_name(&self) {
        if let Link::Up(up) = &self.link {
            let name = if self.saved.name.is_empty() { &self.options.user_name } else { &self.saved.name };
            up.client.set_author(name);
        }
    }

    fn decide(&mut self, decision: Decision, egui: &Context) {
        // What is typed but not saved goes to where it was typed for.
        if !matches!(decision, Decision::BeQuiet(_) | Decision::BeCalled(_)) && !std::mem::take(&mut self.leaving.is_agreed) {
            self.say_goodbye();
            if !self.kept_nowhere().is_empty() {
                return self.leaving.ask(Then::Decide(decision));
            }
        }
        match decision {
            Decision::BeQuiet(is_quiet) => {
                self.saved.is_quiet = is_quiet;
                return;
            }
            Decision::BeCalled(name) => {
                self.saved.name = name;
                self.tell_name();
                return;
            }
            Decision::UseEmbedded => {
                (self.named, self.saved.remote) = (None, None);
                self.link = link::start_embedded(&self.options, egui, self.stopping.take());
            }
            Decision::UseRemote { base, token, session_only } => {
                if let Some(why) = session_only {
                    self.commands.toast(ToastKind::Warn, format!("The token is held only until the console is closed. {why}"));
                }
                (self.named, self.saved.remote) = (None, Some(base.clone()));
                let old = std::mem::replace(&mut self.link, link::reach_remote(&self.options, egui, base, Some(token)));
                if let Some(stopping) = old.stop() {
                    self.stopping = Some(self.options.runtime.spawn(stopping));
                }
            }
        }
        self.textures = None;
        (self.config, self.asked_config) = (None, Remote::default());
        self.alarms = Alarms::default();
        self.held_back = HeldBack::default();
        self.held_now = HeldNow::default();
    }

    /// Lets the areas hand over what is not saved yet.
    fn say_goodbye(&mut self) {
        let egui = self.egui.clone();
        self.with_areas(&egui, |areas, ctx| {
            for area in areas {
                area.on_exit(ctx);
            }
        });
    }

    /// What would be gone if the platform were left now.
    fn kept_nowhere(&self) -> Vec<KeptNowhere> {
        self.areas.iter().flat_map(|area| area.kept_nowhere()).collect()
    }

    /// The window is asked to close: first what was typed is kept; where that fails, a person is asked.
    fn before_closing(&mut self, egui: &Context) {
        if self.leaving.is_agreed || !egui.input(|input| input.viewport().close_requested()) {
            return;
        }
        self.say_goodbye();
        self.leaving.is_agreed = self.kept_nowhere().is_empty();
        if !self.leaving.is_agreed {
            self.leaving.ask(Then::Close);
            self.palette.close();
            for command in [ViewportCommand::CancelClose, ViewportCommand::Minimized(false), ViewportCommand::Focus] {
                egui.send_viewport_cmd(command);
            }
        }
    }

    fn starting_ui(&mut self, ui: &mut Ui) {
        let mut retry = false;
        let trouble = match &self.link {
            Link::Failed(why) => Some(why.clone()),
            Link::Starting(_, trouble) => {
                trouble.borrow().as_ref().map(|why| format!("{why}. It is looked for again every {} s", link::LOOK_AGAIN.as_secs()))
            }
            Link::Up(_) => None,
        };
        match trouble {
            Some(why) => {
                // A line that runs over the whole of a wide window is hard to read.
                ui.set_max_width(ui.available_width().min(720.0));
                let what = if self.is_elsewhere() { "The platform is not reached" } else { "The platform did not start" };
                retry = error_state::ui(ui, what, &why);
                if self.named.is_none() && self.saved.remote.is_some() && ui.button("Use the platform on this computer instead").clicked() {
                    self.saved.remote = None;
                    retry = true;
                }
            }
            None => {
                let tokens = theme::tokens(ui.ctx());
                let words = if self.is_elsewhere() { "Looking for the platform…" } else { "Starting the platform…" };
                ui.centered_and_justified(|ui| ui.label(RichText::new(words).size(theme::TEXT_STRONG).color(tokens.muted)));
            }
        }
        if retry {
            self.link = connect(&self.options, self.named.as_ref(), &self.saved, ui.ctx(), self.stopping.take());
        }
    }

    fn is_elsewhere(&self) -> bool {
        self.remote().is_some()
    }

    /// The platform elsewhere that is in use.
    fn remote(&self) -> Option<&Url> {
        self.named.as_ref().map(|(base, _)| base).or(self.saved.remote.as_ref())
    }

    /// The window's title names the area, so that it is found among others.
    fn title(&mut self, egui: &Context) {
        let shown = self.saved.area;
        if self.titled.replace(shown) != Some(shown) {
            egui.send_viewport_cmd(egui::ViewportCommand::Title(format!("{} – Minerva Console", shown.label())));
        }
    }
}

/// Whether what the message leads to is what is shown.
fn is_shown(areas: &[Box<dyn Area>], shown: AreaId, toast: &Toast) -> bool {
    let Some(Command::GoTo(route)) = toast.action.as_ref().map(|(_, command)| &**command) else { return false };
    areas.iter().any(|area| area.id() == shown && area.id() == route.area() && area.is_at(route))
}

/// Gives an area all there is; in a window too small for it, or one that is much enlarged, it is scrolled.
fn with_room(ui: &mut Ui, area: impl FnOnce(&mut Ui)) {
    let room = ui.available_size();
    if room.x >= LEAST_AREA.x && room.y >= LEAST_AREA.y {
        return area(ui);
    }
    ScrollArea::both().id_salt("area").auto_shrink(false).show(ui, |ui| {
        let (rect, _) = ui.allocate_exact_size(room.max(LEAST_AREA), Sense::hover());
        ui.scope_builder(UiBuilder::new().max_rect(rect), area);
    });
}

/// Takes in a configuration, unless a newer one is known: an answer may arrive after the event of a later change.
fn learn(known: &mut Option<PipelineConfig>, heard: PipelineConfig) {
    if known.as_ref().is_none_or(|known| known.revision <= heard.revision) {
        *known = Some(heard);
    }
}

/// The platform that the arguments name, else the settings, else one of our own.
fn connect(
    options: &ShellOptions,
    named: Option<&(Url, SecretString)>,
    saved: &Saved,
    egui: &Context,
    before: Option<tokio::task::JoinHandle<()>>,
) -> Link {
    match (named, &saved.remote) {
        (Some((base, token)), _) => link::reach_remote(options, egui, base.clone(), Some(token.clone())),
        (None, Some(base)) => link::reach_remote(options, egui, base.clone(), None),
        (None, None) => link::start_embedded(options, egui, before),
    }
}

impl eframe::App for App {
    fn logic(&mut self, egui: &Context, _frame: &mut eframe::Frame) {
        self.hear(egui);
        if let Some(textures) = &mut self.textures {
            textures.begin_frame();
        }
        self.run_commands(egui);
        self.take_step();
        self.take_dropped_files(egui);
        self.with_areas(egui, |areas, ctx| {
            for area in areas {
                area.logic(ctx);
            }
        });
        if let (Link::Up(up), None) = (&self.link, self.told_by_area()) {
            self.held_now.logic(&up.client, &self.options.runtime, egui);
        }
        self.end_held_back(egui);
        self.before_closing(egui);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let egui = ui.ctx().clone();
        let begun = Instant::now();
        let _frame = tracing::trace_span!("frame", area = self.saved.area.label()).entered();
        let tokens = theme::tokens(&egui);
        let remote = self.remote();
        let standing = Standing {
            shown: self.saved.area,
            line: match &self.link {
                Link::Starting(_, trouble) if trouble.borrow().is_some() => Line::None,
                Link::Starting(..) => Line::Starting,
                Link::Failed(_) => Line::None,
                Link::Up(up) => Line::Up(&up.state),
            },
            config: self.config.as_ref(),
            is_held_back: self.is_held_back(),
            alerts: self.alarms.loud(self.now()),
            remote: remote.and_then(Url::host_str),
            is_narrow: self.saved.is_narrow || ui.available_width() < RAIL_BELOW,
            is_clock_fixed: self.fixed_now.is_some(),
        };
        modal::follow_focus(&egui);
        modal::withhold(&egui);
        if let Some(command) = navigation::panel(ui, &standing) {
            self.commands.send(command);
        }
        self.title(&egui);
        let shown = self.saved.area;
        CentralPanel::default().frame(Frame::new().fill(tokens.background)).show(ui, |ui| {
            let drawn = self.with_areas(&egui, |areas, ctx| {
                if let Some(area) = areas.iter_mut().find(|area| area.id() == shown) {
                    with_room(ui, |ui| area.ui(ui, ctx));
                }
            });
            if drawn.is_none() {
                Frame::new().inner_margin(theme::GAP_24).show(ui, |ui| self.starting_ui(ui));
            }
        });
        modal::give_back(&egui);
        self.overlays(&egui);
        self.saved.own_keys_worked = self.keys_worked.kept();
        self.unsaved.look(&self.saved, &egui);
        let took = begun.elapsed();
        if took > LONG_FRAME {
            tracing::debug!(ms = took.as_millis() as u64, "a frame took long");
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.saved.store(storage);
        self.unsaved.written();
    }

    fn auto_save_interval(&self) -> Duration {
        self.unsaved.interval()
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        if !self.leaving.is_agreed {
            self.say_goodbye();
        }
        let link = std::mem::replace(&mut self.link, Link::Failed("closed".to_owned()));
        if let Some(stopping) = link.stop() {
            let stopped = self.options.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), stopping).await });
            if stopped.is_err() {
                tracing::warn!("the embedded platform did not stop within 5 s; its jobs come back at the next start");
            }
        }
    }
}
