//! The strip above the panes: which photo it is, and what can be done with it.

use egui::{Align, Layout, Rect, RichText, Ui, pos2, vec2};

use super::super::matrix::{MatrixView, photo_name};
use super::super::side_pane::LETTERS;
use super::super::votes::Votes;
use super::{MOST_PANES, SideAnswer, SideBySide, photo_size};
use crate::gui::theme::{self, icons};
use crate::gui::widgets::toolbar::Tool;
use crate::wire::ids::PhotoId;
use crate::wire::run::CellState;

/// What the buttons need to have words on them.
const WORDS_WIDTH: f32 = 890.0;
/// Of the photo's name, what is worth the words on the buttons.
const NAME_MOST: f32 = 260.0;

impl SideBySide {
    pub(super) fn toolbar_ui(
        &mut self,
        ui: &mut Ui,
        view: &MatrixView<'_>,
        (id, has_boxes): (PhotoId, bool),
        votes: &mut Votes,
    ) -> Option<SideAnswer> {
        let tokens = theme::tokens(ui.ctx());
        let mut answer = None;
        let (place, count) = (self.place(view), view.rows.shown().len());
        let name = RichText::new(photo_name(view, id)).font(theme::semibold(theme::TEXT_STRONG));
        let is_narrow = ui.available_width() < WORDS_WIDTH + name_width(ui, photo_name(view, id)).min(NAME_MOST);
        ui.horizontal(|ui| {
            if Tool::new(icons::ICON_ARROW_BACK, "Back to the matrix").tooltip("Back to the matrix (Esc)").icon_only().ui(ui).clicked() {
                answer = Some(SideAnswer::Back);
            }
            let previous = Tool::new(icons::ICON_CHEVRON_LEFT, "Previous photo").tooltip("Previous photo (K)").icon_only();
            if previous.enabled(place > 0).ui(ui).clicked() {
                self.step(view, -1);
            }
            ui.label(RichText::new(format!("{} of {count}", place + 1)).color(tokens.muted));
            let next = Tool::new(icons::ICON_CHEVRON_RIGHT, "Next photo").tooltip("Next photo (J)").icon_only();
            if next.enabled(place + 1 < count).ui(ui).clicked() {
                self.step(view, 1);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if self.panes.len() < MOST_PANES.min(view.run.columns.len() * view.run.repeats as usize) {
                    let tool = Tool::new(icons::ICON_ADD_COLUMN_RIGHT, "Add a pane").tooltip("Show one more answer beside these");
                    if tool.icon_only_if(is_narrow).ui(ui).clicked() {
                        self.add_pane(view.run);
                    }
                }
                if self.panes.len() > 1 {
                    let tool = Tool::new(icons::ICON_VISIBILITY_OFF, "Blind").tooltip("Hide which column an answer is of, and vote (V)");
                    if tool.selected(votes.is_blind).icon_only_if(is_narrow).ui(ui).clicked() {
                        votes.is_blind = !votes.is_blind;
                    }
                    let tool =
                        Tool::new(icons::ICON_FLIP_TO_FRONT, "Blink").tooltip("One answer in the place of the other (X); Space shows the next");
                    if tool.selected(self.blink.is_some()).icon_only_if(is_narrow).ui(ui).clicked() {
                        self.turn_blink(ui);
                    }
                }
                let tool = Tool::new(icons::ICON_FACT_CHECK, "Correct").tooltip("Say which tags are right: that is the ground truth (L)");
                if tool.selected(self.correcting.is_on).icon_only_if(is_narrow).ui(ui).clicked() {
                    self.correcting.is_on = !self.correcting.is_on;
                }
                if !votes.is_blind {
                    answer = answer.take().or(self.trace_ui(ui, view));
                }
                self.zoom_ui(ui, view, id, is_narrow);
                if has_boxes {
                    let tool = Tool::new(icons::ICON_SELECT_ALL, "Boxes").tooltip("Show where the tags are, where the model says so (B)");
                    if tool.selected(self.shows_boxes).icon_only_if(is_narrow).ui(ui).clicked() {
                        self.shows_boxes = !self.shows_boxes;
                    }
                }
                let details = Tool::new(icons::ICON_INFO, "Details of the photo").tooltip("Size, colours, and what the camera wrote (I)").icon_only();
                if details.ui(ui).clicked() {
                    answer = Some(SideAnswer::Details(id));
                }
                // What the tools leave.
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(name).truncate());
                });
            });
        });
        answer
    }

    /// The way to what was sent and answered for each pane.
    fn trace_ui(&self, ui: &mut Ui, view: &MatrixView<'_>) -> Option<SideAnswer> {
        let mut answer = None;
        let icon = RichText::new(icons::ICON_TIMELINE.codepoint).size(16.0);
        let button = egui::Button::new(icon).frame_when_inactive(false).min_size(vec2(theme::CONTROL_HEIGHT, theme::CONTROL_HEIGHT));
        let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
            for (at, pane) in self.panes.iter().enumerate() {
                let trace = self.trace_of(view, at);
                let words = format!("{}  {}", LETTERS[at], view.run.columns[pane.column].label());
                if ui.add_enabled(trace.is_some(), egui::Button::new(words)).clicked() {
                    answer = trace;
                }
            }
        });
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Trace of an answer"));
        response.on_hover_text("What was sent and answered, step by step (T: of A)");
        answer
    }

    /// Of a pane whose answer is there, or has failed.
    pub(super) fn trace_of(&self, view: &MatrixView<'_>, at: usize) -> Option<SideAnswer> {
        let pane = self.panes.get(at)?;
        let cell = view.open.cell(self.row, pane.column, pane.repeat)?;
        matches!(cell.state, CellState::Completed | CellState::Failed).then_some(SideAnswer::Trace(cell.id))
    }

    fn zoom_ui(&mut self, ui: &mut Ui, view: &MatrixView<'_>, id: PhotoId, is_narrow: bool) {
        let size_px = photo_size(view, id);
        let pane = Rect::from_min_size(pos2(0.0, 0.0), self.pane_size);
        let zoom = Tool::new(icons::ICON_ZOOM_IN, "Zoom in").tooltip("Zoom in (+, or the wheel at the pointer)").icon_only();
        if zoom.ui(ui).clicked() {
            self.viewport.zoom_around(1.25, pane.center(), pane, size_px);
        }
        let zoom = Tool::new(icons::ICON_ZOOM_OUT, "Zoom out").tooltip("Zoom out (−)").icon_only();
        if zoom.enabled(!self.viewport.is_fit()).ui(ui).clicked() {
            self.viewport.zoom_around(0.8, pane.center(), pane, size_px);
        }
        let full = Tool::new(icons::ICON_CROP_FREE, "1:1").tooltip("A pixel of the photo is a pixel of the screen (1)");
        if full.icon_only_if(is_narrow).ui(ui).clicked() {
            let factor = self.viewport.true_zoom(pane, size_px, ui.ctx().pixels_per_point()) / self.viewport.zoom;
            self.viewport.zoom_around(factor, pane.center(), pane, size_px);
        }
        let fit = Tool::new(icons::ICON_FIT_SCREEN, "Fit").tooltip("Show the whole photo (0)").selected(self.viewport.is_fit());
        if fit.icon_only_if(is_narrow).ui(ui).clicked() {
            self.viewport = self.viewport.fitted();
        }
        let turn = Tool::new(icons::ICON_ROTATE_RIGHT, "Turn right").tooltip("Turn the photo to the right (R; Shift R to the left)").icon_only();
        if turn.ui(ui).clicked() {
            self.viewport.turn(1);
        }
    }
}

fn name_width(ui: &Ui, name: &str) -> f32 {
    ui.painter().layout_no_wrap(name.to_owned(), theme::semibold(theme::TEXT_STRONG), ui.visuals().text_color()).size().x
}
