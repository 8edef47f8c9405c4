//! The window around the areas.

use minerva_console::gui::ctx::AreaId;

use crate::support::console::Console;
use crate::support::platform::Options;

#[test]
fn ctrl_and_a_digit_lead_to_an_area() {
    let mut console = Console::open(Options::default());
    for (key, area) in [egui::Key::Num3, egui::Key::Num2, egui::Key::Num4, egui::Key::Num1].into_iter().zip([
        AreaId::TestingLab,
        AreaId::PipelineControl,
        AreaId::Analytics,
        AreaId::LiveStatus,
    ]) {
        console.press(egui::Modifiers::COMMAND, key);
        assert_eq!(console.harness.state().shown(), area);
    }
}
