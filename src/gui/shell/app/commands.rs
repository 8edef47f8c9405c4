//! Commands: given by keys, the palette and the areas, and run at this one place.

use egui::Context;

use super::App;
use super::steps::Step;
use crate::gui::ctx::{AreaId, Command, Route, modal};

impl App {
    /// Runs what was given since the last frame.
    pub(super) fn run_commands(&mut self, egui: &Context) {
        self.take_shortcuts(egui);
        // What a command gives in turn is run in the next frame.
        let given: Vec<Command> = self.given.try_iter().collect();
        for command in given {
            self.run(command, egui);
        }
    }

    fn take_shortcuts(&mut self, egui: &Context) {
        let pressed =
            egui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Key { pressed: true, .. } | egui::Event::Text(_))));
        if !pressed {
            return;
        }
        let mut known: Vec<Command> = Command::palette();
        known.push(Command::OpenPalette);
        // Behind a dialog nothing is to happen; what concerns the window as a whole still does.
        let is_covered = modal::is_open(egui) || self.settings.is_open() || self.shortcuts.is_open;
        if is_covered {
            known.retain(|command| matches!(command, Command::ZoomIn | Command::ZoomOut | Command::ZoomReset | Command::Quit));
        }
        // The one with more modifiers first, or Ctrl-O would take Ctrl-Shift-O.
        known.sort_by_key(|command| !command.shortcut().is_some_and(|shortcut| shortcut.modifiers.shift));
        for command in known {
            if let Some(shortcut) = command.shortcut()
                && egui.input_mut(|input| input.consume_shortcut(&shortcut))
            {
                self.palette.close();
                self.commands.send(command);
            }
        }
        let asks = !is_covered
            && !egui.egui_wants_keyboard_input()
            && egui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Text(text) if text == "?")));
        if asks {
            self.commands.send(Command::ShowShortcuts);
        }
    }

    /// The one place where commands run.
    fn run(&mut self, command: Command, egui: &Context) {
        match command {
            Command::GoTo(route) => {
                self.saved.area = route.area();
                self.with_areas(egui, |areas, ctx| {
                    if !matches!(route, Route::Area(_))
                        && let Some(area) = areas.iter_mut().find(|area| area.id() == route.area())
                    {
                        area.go_to(&route, ctx);
                    }
                });
            }
            Command::OpenPalette => self.palette.open(),
            Command::ToggleNavigation => self.saved.is_narrow = !self.saved.is_narrow,
            Command::OpenSettings => self.settings.open(&self.saved, self.named.as_ref().map(|(base, _)| base)),
            Command::ShowShortcuts => self.shortcuts.is_open = true,
            Command::SetTheme(preference) => egui.set_theme(preference),
            Command::ZoomIn => zoom(egui, 0.1),
            Command::ZoomOut => zoom(egui, -0.1),
            Command::ZoomReset => egui.set_zoom_factor(1.0),
            Command::Quit => egui.send_viewport_cmd(egui::ViewportCommand::Close),
            Command::ShowToast(toast) => self.toasts.push(toast),
            Command::UndoConfigChange => self.step_config(Step::Undo, egui),
            Command::RedoConfigChange => self.step_config(Step::Redo, egui),
            Command::UndoThisConfigChange(id) => self.step_config(Step::UndoThis(id), egui),
            Command::Reload => {
                if let Some(textures) = &mut self.textures {
                    textures.forget_failures();
                }
                self.ask_config(egui);
                self.give(&Command::Reload, egui);
            }
            other => self.give(&other, egui),
        }
    }

    /// Gives a command to the areas: its home where it has one, else the one that is shown first.
    fn give(&mut self, command: &Command, egui: &Context) {
        if let Some(home) = command.home() {
            self.saved.area = home;
        }
        let shown = self.saved.area;
        self.with_areas(egui, |areas, ctx| {
            areas.sort_by_key(|area| area.id() != shown);
            let _done = areas.iter_mut().any(|area| area.on_command(command, ctx));
            areas.sort_by_key(|area| AreaId::ALL.iter().position(|id| *id == area.id()));
        });
    }
}

fn zoom(egui: &Context, step: f32) {
    egui.set_zoom_factor(((egui.zoom_factor() + step) * 10.0).round().clamp(8.0, 20.0) / 10.0);
}
