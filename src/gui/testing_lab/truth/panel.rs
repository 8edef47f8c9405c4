//! The photo in the middle, its tags beside it: everything with the keyboard in the field.

use egui::{
    Align, Button, CentralPanel, EventFilter, Frame, Key, Label, Layout, Margin, Modifiers, Panel, RichText, ScrollArea, TextEdit, Ui, WidgetInfo,
    vec2,
};

use super::super::library::Library;
use super::super::sets::PhotoSets;
use super::{GroundTruth, completed};
use crate::gui::ctx::AreaCtx;
use crate::gui::theme::{self, icons};
use crate::gui::widgets::chip::Chip;
use crate::gui::widgets::photo_view::PhotoView;
use crate::gui::widgets::toolbar::Tool;
use crate::gui::widgets::{empty_state, number, skeleton};
use crate::wire::ids::PhotoId;
use crate::wire::photo::Photo;

impl GroundTruth {
    /// Draws it.
    pub fn ui(&mut self, ui: &mut Ui, sets: &PhotoSets, library: &Library, ctx: &mut AreaCtx<'_>) {
        // Which photo is the first without labels is known with the labels.
        let is_first_unknown = self.photo.is_none() && !self.is_complete && self.page.failure().is_none();
        if library.is_loading() || is_first_unknown {
            return skeleton::lines(ui, 8);
        }
        self.order.follow(sets, library);
        if self.photo.is_none_or(|photo| self.order.place(photo).is_none()) {
            if let Some(left) = self.photo.filter(|photo| library.photo(*photo).is_some()) {
                self.add_typed(left);
            }
            let photos = self.order.photos();
            // The first that nobody has looked at.
            self.photo = photos.iter().copied().find(|id| !self.known.contains_key(id)).or_else(|| photos.first().copied());
            self.wants_focus = true;
        }
        let Some(photo) = self.photo.and_then(|id| library.photo(id)) else {
            empty_state::ui(ui, "There are no photos to label. Add some, or show another set", None);
            return;
        };
        let at = self.order.place(photo.id).unwrap_or(0);
        let where_to = self.step_keys(ui);
        self.tools_ui(ui, sets, at, ctx);
        ui.add_space(theme::GAP_8);
        let side = Frame::new().fill(ctx.tokens().surface).corner_radius(theme::RADIUS_8).inner_margin(Margin::same(theme::GAP_12 as i8));
        let step = Panel::right("labels").resizable(true).default_size(320.0).size_range(260.0..=460.0).show_separator_line(false).frame(side);
        step.show(ui, |ui| self.tags_ui(ui, photo, library, ctx));
        let frame = Frame::new().inner_margin(Margin { right: theme::GAP_12 as i8, ..Margin::ZERO });
        CentralPanel::default().frame(frame).show(ui, |ui| self.photo_ui(ui, photo, ctx));
        for ahead in self.order.photos().iter().skip(at + 1).take(2) {
            ctx.textures.prefetch(*ahead, 1024);
        }
        let target = where_to.or_else(|| self.wanted_step.take());
        if let Some(step) = target {
            let to = (at as isize + step).clamp(0, self.order.photos().len() as isize - 1) as usize;
            if to != at && self.add_typed(photo.id) {
                self.open(self.order.photos().get(to).copied());
            }
        }
    }

    /// Page keys go through the photos; so does Enter in an empty field.
    fn step_keys(&self, ui: &Ui) -> Option<isize> {
        let take = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if take(Key::PageDown) || (self.typed.trim().is_empty() && self.offered.is_none() && self.has_focus && take(Key::Enter)) {
            return Some(1);
        }
        take(Key::PageUp).then_some(-1)
    }

    fn tools_ui(&mut self, ui: &mut Ui, sets: &PhotoSets, at: usize, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        let count = self.order.photos().len();
        ui.horizontal(|ui| {
            let before = Tool::new(icons::ICON_CHEVRON_LEFT, "Photo before").tooltip("Page up").icon_only().enabled(at > 0);
            if before.ui(ui).clicked() {
                self.wanted_step = Some(-1);
            }
            ui.label(format!("{} of {}", number::count(at as u64 + 1), number::count(count as u64)));
            let next = Tool::new(icons::ICON_CHEVRON_RIGHT, "Next photo").tooltip("Page down, or Enter in the empty field").icon_only();
            if next.enabled(at + 1 < count).ui(ui).clicked() {
                self.wanted_step = Some(1);
            }
            ui.add_space(theme::GAP_8);
            let of = sets.set().map_or_else(|| "all photos".to_owned(), crate::wire::photo_set::PhotoSet::label);
            let labelled = number::count(self.order.labelled(self.revision, |id| self.known.contains_key(id)) as u64);
            let so_far = if self.is_complete { "" } else { " so far" };
            ui.label(RichText::new(format!("{labelled} of {} labelled in {of}{so_far}", number::count(count as u64))).color(tokens.muted));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.files.tools_ui(ui, sets, ctx));
        });
        self.files.ui(ui, sets, ctx);
        if self.trouble_ui(ui, tokens) {
            self.try_again();
        }
    }

    fn photo_ui(&mut self, ui: &mut Ui, photo: &Photo, ctx: &mut AreaCtx<'_>) {
        let (size, pane) = (vec2(photo.width_px as f32, photo.height_px as f32), ui.available_size());
        let wanted = self.viewport.wanted_px(pane, size, ui.ctx().pixels_per_point());
        let texture = ctx.textures.get(photo.id, wanted);
        PhotoView::new(&photo.file_name, size, texture.picture()).ui(ui, pane, &mut self.viewport);
    }

    fn tags_ui(&mut self, ui: &mut Ui, photo: &Photo, library: &Library, ctx: &AreaCtx<'_>) {
        let tokens = ctx.tokens();
        ui.add(Label::new(RichText::new(&photo.file_name).font(theme::semibold(theme::TEXT_STRONG))).truncate());
        let tags = self.tags(photo.id).map(<[String]>::to_vec);
        let unread = self.unread_words(photo.id);
        let is_read = unread.is_none();
        let standing = match tags.as_deref() {
            None => unread.unwrap_or("Nobody has said yet what is in it").to_owned(),
            Some([]) => "There is nothing to name in it".to_owned(),
            Some([_]) => "1 tag".to_owned(),
            Some(tags) => format!("{} tags", tags.len()),
        };
        ui.label(RichText::new(standing).size(theme::TEXT_SMALL).color(tokens.muted));
        ui.add_space(theme::GAP_8);
        self.words.follow((self.revision, library.revision()), &self.used, library.found());
        self.field_ui(ui, photo.id, tags.as_deref().unwrap_or_default(), ctx);
        ui.add_space(theme::GAP_8);
        ScrollArea::vertical().id_salt("labels").auto_shrink(false).show(ui, |ui| {
            let mut gone = None;
            ui.horizontal_wrapped(|ui| {
                for tag in tags.iter().flatten() {
                    let chip = Chip::new(tag).icon(icons::ICON_CLOSE);
                    let chip = if is_read { chip.clickable() } else { chip }.ui(ui);
                    chip.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Take off {tag}")));
                    if chip.on_hover_text("Take it off").clicked() {
                        gone = Some(tag.clone());
                    }
                }
            });
            if let Some(tag) = gone {
                self.remove(photo.id, &tag);
            }
            ui.add_space(theme::GAP_12);
            self.found_ui(ui, photo, tags.as_deref().unwrap_or_default(), ctx);
            ui.add_space(theme::GAP_12);
            ui.horizontal_wrapped(|ui| {
                let is_said = tags.is_some();
                if !is_said && ui.add_enabled(is_read, Button::new("Nothing to name")).on_hover_text("A person looked, and no tag is right").clicked()
                {
                    self.set(photo.id, Some(Vec::new()));
                }
                if is_said
                    && ui.add_enabled(is_read, Button::new("Forget the labels")).on_hover_text("As if nobody had looked; can be undone").clicked()
                {
                    self.set(photo.id, None);
                }
            });
        });
    }

    /// What the pipeline found: one click, and it is right.
    fn found_ui(&mut self, ui: &mut Ui, photo: &Photo, taken: &[String], ctx: &AreaCtx<'_>) {
        let offered: Vec<&str> = photo.tags.iter().map(|tag| tag.name.as_str()).filter(|name| !taken.contains(&super::normal_name(name))).collect();
        if offered.is_empty() {
            return;
        }
        let (tokens, is_read) = (ctx.tokens(), self.is_read(photo.id));
        ui.label(RichText::new("Found by the pipeline; click what is right").size(theme::TEXT_SMALL).color(tokens.muted));
        let mut right = None;
        ui.horizontal_wrapped(|ui| {
            for name in offered {
                let chip = Chip::new(name).icon(icons::ICON_ADD);
                let chip = if is_read { chip.clickable() } else { chip }.ui(ui);
                chip.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Add {name}")));
                if chip.clicked() {
                    right = Some(name.to_owned());
                }
            }
        });
        if let Some(name) = right {
            self.add(photo.id, &name);
        }
    }

    fn field_ui(&mut self, ui: &mut Ui, photo: PhotoId, taken: &[String], ctx: &AreaCtx<'_>) {
        let id = ui.make_persistent_id("tags of the photo");
        let offers: Vec<String> = self.words.offers(&self.typed, taken).into_iter().map(str::to_owned).collect();
        let chosen = self.field_keys(ui, id, photo, &offers);
        let edit = TextEdit::singleline(&mut self.typed).id(id).hint_text("Type a tag, Enter keeps it").desired_width(f32::INFINITY);
        let field = ui.add(edit);
        field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Tags of the photo"));
        if std::mem::take(&mut self.wants_focus) {
            field.request_focus();
        }
        if field.has_focus() {
            let filter = EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: false };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        }
        self.has_focus = field.has_focus();
        if field.changed() {
            self.offered = None;
        }
        if let Some(word) = chosen {
            let typed = completed(&self.typed, &word);
            self.add(photo, &typed);
        }
        if !offers.is_empty() && !self.typed.trim().is_empty() {
            let words = "Tab takes the first of these, ↓ another one; Enter keeps what is typed";
            ui.add(Label::new(RichText::new(words).size(theme::TEXT_SMALL).color(ctx.tokens().muted)).wrap());
        }
        for (at, word) in offers.iter().enumerate() {
            let is_chosen = self.offered == Some(at);
            let button = ui.add(Button::selectable(is_chosen, RichText::new(word).color(ctx.tokens().text)));
            button.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_chosen, format!("Tag {word}")));
            if button.clicked() {
                self.add(photo, word);
            }
        }
    }

    /// The keys of the field and of the words below it, asked for before the field takes them. Returns the word that was chosen.
    fn field_keys(&mut self, ui: &Ui, id: egui::Id, photo: PhotoId, offers: &[String]) -> Option<String> {
        if !ui.memory(|memory| memory.has_focus(id)) {
            return None;
        }
        let take = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        self.offered = self.offered.filter(|at| *at < offers.len());
        if !offers.is_empty() && take(Key::ArrowDown) {
            self.offered = Some(self.offered.map_or(0, |at| (at + 1) % offers.len()));
        }
        if !offers.is_empty() && take(Key::ArrowUp) {
            self.offered = Some(self.offered.map_or(offers.len() - 1, |at| (at + offers.len() - 1) % offers.len()));
        }
        if !offers.is_empty() && take(Key::Tab) {
            return offers.get(self.offered.unwrap_or(0)).cloned();
        }
        if self.typed.is_empty() && take(Key::Backspace) {
            if let Some(last) = self.tags(photo).and_then(<[String]>::last).cloned() {
                self.remove(photo, &last);
            }
            return None;
        }
        if !self.typed.trim().is_empty() && take(Key::Enter) {
            if let Some(word) = self.offered.and_then(|at| offers.get(at)) {
                return Some(word.clone());
            }
            let typed = self.typed.clone();
            self.add(photo, &typed);
        }
        None
    }
}
