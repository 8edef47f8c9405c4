//! One area without the shell around it, in a window without a screen: for pictures and for states that a whole
//! console reaches only slowly. The commands that it sends are kept for the story to look at.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use egui_kittest::Harness;
use minerva_console::client::Client;
use minerva_console::gui::ctx::{Area, AreaCtx, Command, CommandSender, KeysWorked, LinkState, Moment, PhotoTexture, PhotoTextures, Route};
use minerva_console::gui::theme;
use minerva_console::keys::Keys;
use minerva_console::wire::event::{Event, Happened};
use minerva_console::wire::ids::PhotoId;

/// How long a story waits; a debug build on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the window is.
#[derive(Clone, Copy)]
pub struct Window {
    pub size: [f32; 2],
    pub theme: egui::Theme,
    pub pixels_per_point: f32,
}

impl Default for Window {
    fn default() -> Self {
        Self { size: [1280.0, 800.0], theme: egui::Theme::Dark, pixels_per_point: 1.0 }
    }
}

/// What is made with the window's context, in its first frame.
struct Tools {
    commands: CommandSender,
    received: mpsc::Receiver<Command>,
    textures: PhotoTextures,
}

/// What the window needs from frame to frame.
pub struct AreaState<A> {
    pub area: A,
    client: Client,
    runtime: tokio::runtime::Handle,
    tools: Option<Tools>,
    pub link: LinkState,
    keys: Keys,
    /// The time that frames show.
    pub now: DateTime<Utc>,
    /// Commands that the area did not do itself, oldest first.
    pub sent: Vec<Command>,
    commands: Vec<Command>,
    events: Vec<Event>,
    /// Id of the newest event; after those of any platform that a story uses.
    told: i64,
    routes: Vec<Route>,
    dropped: Vec<std::path::PathBuf>,
}

impl<A: Area> AreaState<A> {
    fn frame(&mut self, ui: &mut egui::Ui) {
        let egui = ui.ctx().clone();
        let tools = self.tools.get_or_insert_with(|| {
            let (commands, received) = CommandSender::new(egui.clone());
            Tools { commands, received, textures: PhotoTextures::new(self.client.clone(), self.runtime.clone(), egui.clone()) }
        });
        for command in self.commands.drain(..) {
            tools.commands.send(command);
        }
        tools.textures.begin_frame();
        let mut ctx = AreaCtx {
            typing_folder: None,
            egui: &egui,
            client: &self.client,
            runtime: &self.runtime,
            commands: &tools.commands,
            textures: &mut tools.textures,
            link: &self.link,
            keys: &self.keys,
            keys_worked: &KeysWorked::default(),
            embedded: true,
            now: self.now,
        };
        for event in self.events.drain(..) {
            self.area.on_event(&event, &mut ctx);
        }
        for route in self.routes.drain(..) {
            self.area.go_to(&route, &mut ctx);
        }
        for command in tools.received.try_iter() {
            if let Command::GoTo(route) = &command
                && route.area() == self.area.id()
            {
                self.area.go_to(route, &mut ctx);
            }
            if !self.area.on_command(&command, &mut ctx) {
                self.sent.push(command);
            }
        }
        if !self.dropped.is_empty() {
            self.area.on_files_dropped(std::mem::take(&mut self.dropped), &mut ctx);
        }
        self.area.logic(&mut ctx);
        self.area.ui(ui, &mut ctx);
    }

    /// Tells the area of something that happened, in the next frame.
    pub fn happen(&mut self, what: Happened) {
        self.told += 1;
        self.events.push(Event { id: self.told, at: self.now, what });
    }

    /// Drops files on the window.
    pub fn drop_files(&mut self, paths: Vec<std::path::PathBuf>) {
        self.dropped = paths;
    }

    pub fn go_to(&mut self, route: Route) {
        self.routes.push(route);
    }

    pub fn command(&mut self, command: Command) {
        self.commands.push(command);
    }
}

/// The area in a window, asking `client`; the clock stands at `now`.
pub fn show<A: Area + 'static>(
    area: A,
    client: &Client,
    runtime: &tokio::runtime::Runtime,
    now: DateTime<Utc>,
    window: Window,
) -> Harness<'static, AreaState<A>> {
    let state = AreaState {
        area,
        client: client.clone(),
        runtime: runtime.handle().clone(),
        tools: None,
        link: LinkState::Live { last_event: Moment::now() },
        keys: Keys::new(std::collections::HashMap::new(), false),
        now,
        sent: Vec::new(),
        commands: Vec::new(),
        events: Vec::new(),
        told: 1_000_000,
        routes: Vec::new(),
        dropped: Vec::new(),
    };
    Harness::builder()
        .with_size(window.size)
        .with_theme(window.theme)
        .with_pixels_per_point(window.pixels_per_point)
        .with_os(egui::os::OperatingSystem::Nix)
        .with_context_setup(theme::apply)
        .wgpu()
        .build_ui_state(|ui, state: &mut AreaState<A>| state.frame(ui), state)
}

/// Steps frames until these photos can be drawn, each at its largest edge in pixels.
pub fn wait_for_photos<A: Area>(harness: &mut Harness<'_, AreaState<A>>, photos: &[(PhotoId, u32)]) {
    let deadline = Instant::now() + PATIENCE;
    let are_ready = |state: &mut AreaState<A>| {
        let Some(tools) = &mut state.tools else { return false };
        photos.iter().all(|(id, px)| matches!(tools.textures.get(*id, *px), PhotoTexture::Ready(_)))
    };
    while !are_ready(harness.state_mut()) {
        assert!(Instant::now() < deadline, "waited in vain for the photos");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    harness.run_steps(2);
}

/// Steps frames until `reached`; says what was waited for when it takes too long.
pub fn wait_until<S>(harness: &mut Harness<'_, S>, what: &str, reached: impl Fn(&Harness<'_, S>) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !reached(harness) {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    // Lay out once more with what came.
    harness.run_steps(2);
}
