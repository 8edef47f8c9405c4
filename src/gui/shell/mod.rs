//! The window around the areas: navigation, palette, toasts, settings; runs the commands.

mod alarms;
mod app;
mod desktop;
mod dialog;
mod event_order;
mod held_back;
mod held_now;
mod leaving;
mod link;
mod navigation;
mod palette;
mod saved;
mod settings;
mod shortcuts;
mod toasts;
mod unsaved;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use eframe::{NativeOptions, Renderer};
use secrecy::SecretString;
use url::Url;

use crate::keys::Keys;

pub use app::App;

/// A platform in this process, as the app starts it for the window.
pub struct EmbeddedPlatform {
    pub base: Url,
    pub token: SecretString,
    /// Stops it; what is begun is finished or given back to the queue.
    pub stop: Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>,
}

/// Starts the embedded platform; called off the frame, again when the person asks for a retry.
/// The error is for the person: what happened, why, what to do.
pub type StartPlatform = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<EmbeddedPlatform, String>> + Send>> + Send + Sync>;

/// What the window needs from the app.
pub struct ShellOptions {
    pub start_platform: StartPlatform,
    /// A team's platform, when the arguments name one; else what the settings say.
    pub remote: Option<(Url, SecretString)>,
    pub keys: Keys,
    pub runtime: tokio::runtime::Handle,
    /// Where window position, theme and settings are kept; `None`: the system's place.
    pub persistence_path: Option<std::path::PathBuf>,
    /// Where the embedded platform keeps its data, as the settings show it.
    pub data_folder: Option<std::path::PathBuf>,
    /// Where every keystroke in a prompt is kept, whichever platform the prompt is on; `None`: nowhere.
    pub typing_folder: Option<std::path::PathBuf>,
    /// What the system calls the person; empty where it does not say.
    pub user_name: String,
    /// What the environment calls the display, such as `DISPLAY=:0`; empty where it names none.
    pub display: String,
}

const ICON: &[u8] = include_bytes!("../../../assets/icons/minerva-256.png");

/// Opens the window and stays until it is closed. Draws with wgpu, or with OpenGL where that fails.
pub fn run(options: ShellOptions) -> Result<(), String> {
    let options = Rc::new(options);
    let wgpu = match open(&options, Renderer::Wgpu) {
        Ok(()) => return Ok(()),
        // No other way of drawing helps.
        Err(eframe::Error::WinitEventLoop(_) | eframe::Error::Winit(_)) => return Err(no_answer(&options.display)),
        Err(error) => error,
    };
    tracing::warn!(%wgpu, "no window with wgpu; trying OpenGL");
    open(&options, Renderer::Glow).map_err(|glow| {
        format!(
            "No window could be opened. With wgpu: {wgpu}. With OpenGL: {glow}. On Debian and Ubuntu, \
             'apt install libgl1 libgl1-mesa-dri libxkbcommon-x11-0' brings what is usually missing; \
             'minerva compare' and 'minerva serve' need no window"
        )
    })
}

fn no_answer(display: &str) -> String {
    format!(
        "The display ({display}) does not answer, so no window can be opened: it may not run, or not let you in. \
         'minerva compare' and 'minerva serve' need no window"
    )
}

fn open(options: &Rc<ShellOptions>, renderer: Renderer) -> Result<(), eframe::Error> {
    let mut viewport = egui::ViewportBuilder::default()
        .with_app_id("minerva")
        .with_title("Minerva Console")
        .with_inner_size([1360.0, 860.0])
        .with_min_inner_size([900.0, 560.0]);
    if let Ok(icon) = eframe::icon_data::from_png_bytes(ICON) {
        viewport = viewport.with_icon(icon);
    }
    let native = NativeOptions { viewport, renderer, persistence_path: options.persistence_path.clone(), ..Default::default() };
    let options = Rc::clone(options);
    eframe::run_native("Minerva Console", native, Box::new(move |creation| Ok(Box::new(App::new(creation, options)))))
}
