//! The columns of the job table: what each shows, and which of them a person wants to see.

use egui::{Button, Id, Popup, PopupCloseBehavior, RichText, Ui, WidgetInfo};
use serde::{Deserialize, Serialize};

use super::job_cells::THUMB_POINTS;
use crate::gui::ctx::kept;
use crate::gui::theme::{self, icons};
use crate::wire::job::JobSort;

/// One column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobColumn {
    Thumbnail,
    File,
    State,
    Model,
    Prompt,
    Priority,
    Attempts,
    Wait,
    Took,
    Confidence,
    Added,
    Trouble,
}

impl JobColumn {
    /// In the order of the table.
    const ALL: [Self; 12] = [
        Self::Thumbnail,
        Self::File,
        Self::State,
        Self::Model,
        Self::Prompt,
        Self::Priority,
        Self::Attempts,
        Self::Wait,
        Self::Took,
        Self::Confidence,
        Self::Added,
        Self::Trouble,
    ];
    /// What goes first where there is little room.
    const DISPENSABLE: [Self; 8] = [Self::Priority, Self::Attempts, Self::Prompt, Self::Wait, Self::Model, Self::Took, Self::Added, Self::Confidence];

    pub fn header(self) -> &'static str {
        match self {
            Self::Thumbnail => "",
            Self::File => "Photo",
            Self::State => "State",
            Self::Model => "Model",
            Self::Prompt => "Prompt",
            Self::Priority => "Priority",
            Self::Attempts => "Tries",
            Self::Wait => "Wait",
            Self::Took => "Took",
            Self::Confidence => "Confidence",
            Self::Added => "Queued",
            Self::Trouble => "Error",
        }
    }

    pub fn hint(self) -> &'static str {
        match self {
            Self::Wait => "Time in the queue until the last try began",
            Self::Took => "Time from the start of the last try to its end",
            Self::Confidence => "Mean confidence of the tags",
            Self::Priority => "−100 to 100; higher goes first",
            Self::Attempts => "Tries begun so far",
            Self::Added => "When the job was queued",
            Self::Prompt => "Prompt version of the last try",
            Self::Model => "Model of the last try",
            Self::Thumbnail | Self::File | Self::State | Self::Trouble => "",
        }
    }

    /// Points that it needs, without spacing.
    pub fn width(self) -> f32 {
        match self {
            Self::Thumbnail => THUMB_POINTS,
            Self::File => 190.0,
            Self::State => 130.0,
            Self::Model => 150.0,
            Self::Prompt => 110.0,
            Self::Priority | Self::Attempts => 52.0,
            Self::Wait | Self::Took => 66.0,
            Self::Confidence => 78.0,
            Self::Added => 100.0,
            Self::Trouble => 120.0,
        }
    }

    /// What a click on its header sorts by.
    pub fn sort(self) -> Option<JobSort> {
        match self {
            Self::File => Some(JobSort::Photo),
            Self::State => Some(JobSort::State),
            Self::Priority => Some(JobSort::Priority),
            Self::Attempts => Some(JobSort::Attempts),
            Self::Wait => Some(JobSort::Wait),
            Self::Took => Some(JobSort::Took),
            Self::Confidence => Some(JobSort::Confidence),
            Self::Added => Some(JobSort::Queued),
            Self::Thumbnail | Self::Model | Self::Prompt | Self::Trouble => None,
        }
    }

    pub fn is_number(self) -> bool {
        matches!(self, Self::Priority | Self::Attempts | Self::Wait | Self::Took | Self::Confidence)
    }
}

/// The columns that a person has left out. Kept over a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChosenColumns {
    left_out: Vec<JobColumn>,
    #[serde(skip)]
    is_loaded: bool,
}

impl ChosenColumns {
    fn id() -> Id {
        Id::unique("columns of the job table")
    }

    /// Those that are wanted and fit.
    pub fn for_width(&mut self, width: f32, ui: &Ui) -> Vec<JobColumn> {
        if !std::mem::replace(&mut self.is_loaded, true) {
            self.left_out = ui.data_mut(|data| data.get_persisted::<Self>(Self::id())).unwrap_or_default().left_out;
        }
        self.fitting(width, ui.spacing().item_spacing.x)
    }

    fn fitting(&self, width: f32, spacing: f32) -> Vec<JobColumn> {
        let mut columns: Vec<JobColumn> = JobColumn::ALL.into_iter().filter(|column| !self.left_out.contains(column)).collect();
        for least in JobColumn::DISPENSABLE {
            let needed: f32 = columns.iter().map(|column| column.width() + spacing).sum();
            if needed <= width {
                break;
            }
            columns.retain(|column| *column != least);
        }
        columns
    }

    /// Draws the button with the menu of all columns that can be left out. `shown`: those that have room.
    pub fn button_ui(&mut self, ui: &mut Ui, shown: &[JobColumn]) {
        let response = ui.add(Button::new(RichText::from(icons::ICON_VIEW_COLUMN)).frame_when_inactive(false));
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Columns"));
        let response = response.on_hover_text("Choose the columns");
        // The table with other columns is another one, and its button too: the menu stays.
        let menu = Popup::menu(&response).id(Self::id().with("menu")).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        menu.show(|ui| {
            let tokens = theme::tokens(ui.ctx());
            for column in JobColumn::ALL.into_iter().filter(|column| JobColumn::DISPENSABLE.contains(column)) {
                let mut is_wanted = !self.left_out.contains(&column);
                let has_no_room = is_wanted && !shown.contains(&column);
                ui.horizontal(|ui| {
                    if ui.checkbox(&mut is_wanted, column.header()).on_hover_text(column.hint()).changed() {
                        self.want(column, is_wanted);
                        kept::keep(ui.ctx(), Self::id(), self.clone());
                    }
                    if has_no_room {
                        ui.label(RichText::new("no room: leave another out").size(theme::TEXT_SMALL).color(tokens.muted));
                    }
                });
            }
        });
    }

    fn want(&mut self, column: JobColumn, is_wanted: bool) {
        self.left_out.retain(|left_out| *left_out != column);
        if !is_wanted {
            self.left_out.push(column);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns_for(width: f32) -> Vec<JobColumn> {
        ChosenColumns::default().fitting(width, 8.0)
    }

    #[test]
    fn a_narrow_table_keeps_what_identifies_a_job() {
        let all = columns_for(2000.0);
        assert_eq!(all.len(), JobColumn::ALL.len());
        let few = columns_for(300.0);
        assert_eq!(few, [JobColumn::Thumbnail, JobColumn::File, JobColumn::State, JobColumn::Trouble]);
        let some = columns_for(800.0);
        assert!(some.len() > few.len() && some.len() < all.len());
    }

    #[test]
    fn what_is_left_out_makes_room_for_what_is_wanted() {
        let mut chosen = ChosenColumns::default();
        let width = 1050.0;
        assert!(!chosen.fitting(width, 8.0).contains(&JobColumn::Priority));
        for column in [JobColumn::Model, JobColumn::Took, JobColumn::Prompt] {
            chosen.want(column, false);
        }
        let columns = chosen.fitting(width, 8.0);
        assert!(columns.contains(&JobColumn::Priority) && !columns.contains(&JobColumn::Model), "{columns:?}");
        chosen.want(JobColumn::Model, true);
        assert!(chosen.fitting(2000.0, 8.0).contains(&JobColumn::Model));
    }
}
