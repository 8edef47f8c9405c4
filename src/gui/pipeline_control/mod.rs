//! PipelineControl.

use crate::gui::ctx::{Area, AreaCtx, AreaId, Command, Route};
use crate::wire::event::Event;

/// The state of the area.
#[derive(Default)]
pub struct PipelineControl {}

impl Area for PipelineControl {
    fn id(&self) -> AreaId {
        AreaId::PipelineControl
    }

    fn on_event(&mut self, _event: &Event, _ctx: &mut AreaCtx<'_>) {}

    fn logic(&mut self, _ctx: &mut AreaCtx<'_>) {}

    fn ui(&mut self, _ui: &mut egui::Ui, _ctx: &mut AreaCtx<'_>) {}

    fn on_command(&mut self, _command: &Command, _ctx: &mut AreaCtx<'_>) -> bool {
        false
    }

    fn go_to(&mut self, _route: &Route, _ctx: &mut AreaCtx<'_>) {}
}
