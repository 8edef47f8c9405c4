//! Analytics: figures, plots, the models beside each other.

use egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use minerva_console::gui::analytics::Analytics;

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::canned;

type Console = Harness<'static, AreaState<Analytics>>;

struct Story {
    console: Console,
    platform: canned::Shared,
    /// Dropped last: the platform runs on it.
    _runtime: tokio::runtime::Runtime,
}

fn story(window: Window) -> Story {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (client, platform) = canned::start(&runtime, 0);
    let mut console = area::show(Analytics::default(), &client, &runtime, canned::now(), window);
    wait_until(&mut console, "the figures are there", |console| console.query_by_label("By model").is_some());
    Story { console, platform, _runtime: runtime }
}

#[test]
fn pictures() {
    for (name, theme, size, pixels_per_point) in [
        ("dark", Theme::Dark, [1280.0, 960.0], 1.0),
        ("light", Theme::Light, [1280.0, 960.0], 1.0),
        ("small", Theme::Dark, [824.0, 640.0], 1.0),
        ("150", Theme::Light, [1060.0, 700.0], 1.5),
    ] {
        let mut story = story(Window { size, theme, pixels_per_point });
        story.console.hover_at(egui::pos2(400.0, 320.0));
        story.console.run_steps(4);
        story.console.render().expect("a picture").save(format!("/tmp/status_analytics_{name}.png")).expect("saved");
    }
}
