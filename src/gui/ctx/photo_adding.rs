//! Adding photos, as a person sees it: the system's dialog (or a typed path where the system has none),
//! the progress of the upload, and the list of what was refused. An area holds one [`PhotoAdding`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use egui::{Id, Modal, RichText, ScrollArea, TextEdit, Ui, vec2};
use poll_promise::Promise;
use tempfile::TempDir;

use super::modal;
use super::photo_upload::{PhotoUpload, UploadProgress};
use super::{AreaCtx, ToastKind};
use crate::gui::theme::{self, icons};
use crate::wire::photo::{Photo, SameFile};

/// Files that are told by name of those that are photos of another one.
const SAME_TOLD: usize = 3;

/// How the system's dialog ended.
enum Chosen {
    Paths(Vec<PathBuf>),
    Cancelled,
    /// The system has no dialog to show (no desktop portal and no zenity).
    NoDialog,
}

/// The dialog that takes a typed path.
#[derive(Default)]
struct PathDialog {
    path: String,
    trouble: Option<String>,
    /// The field takes the keyboard in the dialog's first frame.
    has_focus: bool,
}

/// Choosing, sending and reporting. `enqueue` says whether the pipeline gets the photos too.
pub struct PhotoAdding {
    enqueue: bool,
    choosing: Option<Promise<Chosen>>,
    path_dialog: Option<PathDialog>,
    upload: Option<PhotoUpload>,
    /// The upload's end has been handed to the area.
    told: bool,
    /// The list of refused files is open.
    show_refused: bool,
    /// An image of the clipboard on its way to a file.
    pasting: Option<Promise<Result<(TempDir, PathBuf), String>>>,
    /// Where files lie that only the upload needs.
    kept: Vec<Arc<TempDir>>,
}

impl PhotoAdding {
    #[must_use]
    pub fn new(enqueue: bool) -> Self {
        Self { enqueue, choosing: None, path_dialog: None, upload: None, told: true, show_refused: false, pasting: None, kept: Vec::new() }
    }

    /// Takes what was pasted this frame, unless somebody types: photo files by their paths, or an image.
    pub fn take_pasted(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        if ui.ctx().text_edit_focused() {
            return;
        }
        let is_pasted = |event: &egui::Event| matches!(event, egui::Event::Paste(_) | egui::Event::PasteImage(_));
        let pasted: Vec<egui::Event> = ui.input_mut(|input| input.events.extract_if(.., |event| is_pasted(event)).collect());
        for event in pasted {
            match event {
                egui::Event::PasteImage(image) => self.add_image(image, ctx),
                egui::Event::Paste(text) => match pasted_paths(&text) {
                    Some(paths) => self.add(paths, ctx),
                    None => ctx.commands.toast(ToastKind::Info, "The clipboard holds no photos. Copy photo files or an image, then paste again"),
                },
                _ => {}
            }
        }
    }

    /// An image without a file, such as a screenshot: it becomes a PNG.
    fn add_image(&mut self, image: Arc<egui::ColorImage>, ctx: &AreaCtx<'_>) {
        if self.pasting.is_some() || self.is_under_way() {
            ctx.commands.toast(ToastKind::Warn, "Photos are being added. Wait until they are in, then paste again");
            return;
        }
        let (sender, promise) = Promise::new();
        let (egui, name) = (ctx.egui.clone(), format!("Pasted {}.png", ctx.now.format("%Y-%m-%d %H.%M.%S")));
        ctx.runtime.spawn_blocking(move || {
            sender.send(write_image(&image, &name));
            egui.request_repaint();
        });
        self.pasting = Some(promise);
    }

    fn take_in_image(&mut self, ctx: &AreaCtx<'_>) {
        let Some(promise) = self.pasting.take() else { return };
        match promise.try_take() {
            Ok(Ok((folder, path))) => {
                self.add(vec![path], ctx);
                self.kept = vec![Arc::new(folder)];
            }
            Ok(Err(why)) => ctx.commands.toast(ToastKind::Bad, why),
            Err(promise) => self.pasting = Some(promise),
        }
    }

    /// Opens the system's dialog for files.
    pub fn choose_files(&mut self, ctx: &AreaCtx<'_>) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("Add photos")
            .add_filter("Photos and zip files", &["jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp", "zip", "JPG", "JPEG", "PNG", "ZIP"])
            .add_filter("All files", &["*"]);
        self.wait_for(ctx, dialog.pick_files());
    }

    /// Opens the system's dialog for folders.
    pub fn choose_folder(&mut self, ctx: &AreaCtx<'_>) {
        self.wait_for(ctx, rfd::AsyncFileDialog::new().set_title("Add a folder of photos").pick_folders());
    }

    /// Opens the dialog that takes a typed path.
    pub fn type_path(&mut self) {
        self.path_dialog = Some(PathDialog::default());
    }

    /// Whether its dialog is open.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.path_dialog.is_some()
    }

    /// Sends files and folders, such as were dropped on the window.
    pub fn add(&mut self, paths: Vec<PathBuf>, ctx: &AreaCtx<'_>) {
        if self.is_under_way() {
            ctx.commands.toast(ToastKind::Warn, "Photos are being added. Wait until they are in, or cancel that first");
            return;
        }
        self.upload = Some(PhotoUpload::start(paths, self.enqueue, ctx.client, ctx.runtime, ctx.egui));
        self.told = false;
        self.show_refused = false;
    }

    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.upload.as_ref().is_some_and(|upload| !upload.is_finished())
    }

    /// Takes in what has happened; returns the photos, added or already known, of an upload that has just ended.
    pub fn logic(&mut self, ctx: &AreaCtx<'_>) -> Option<Vec<Photo>> {
        self.take_in_image(ctx);
        if let Some(promise) = self.choosing.take() {
            match promise.try_take() {
                Ok(Chosen::Paths(paths)) => self.add(paths, ctx),
                Ok(Chosen::Cancelled) => {}
                Ok(Chosen::NoDialog) => self.type_path(),
                Err(promise) => self.choosing = Some(promise),
            }
        }
        let upload = self.upload.as_ref().filter(|upload| upload.is_finished() && !self.told)?;
        self.told = true;
        let progress = upload.progress();
        let photos = upload.photos();
        if progress.failure.is_none() {
            self.kept.clear();
        }
        if progress.failure.is_none() && progress.refused == 0 {
            let same = same_words(&progress.same).map(|words| format!(". {words}")).unwrap_or_default();
            let told = format!("{}{same}", summary(&progress));
            ctx.commands.toast(if progress.cancelled { ToastKind::Info } else { ToastKind::Good }, told);
            self.upload = None;
        }
        Some(photos)
    }

    fn wait_for(&mut self, ctx: &AreaCtx<'_>, dialog: impl Future<Output = Option<Vec<rfd::FileHandle>>> + Send + 'static) {
        if self.choosing.is_some() {
            return;
        }
        let (sender, promise) = Promise::new();
        let egui = ctx.egui.clone();
        ctx.runtime.spawn(async move {
            let chosen = match dialog.await {
                Some(files) if files.is_empty() => Chosen::Cancelled,
                Some(files) => Chosen::Paths(files.iter().map(|file| file.path().to_owned()).collect()),
                // On Linux a cancelled dialog answers with an empty list; nothing at all means that there was no dialog.
                None if cfg!(target_os = "linux") => Chosen::NoDialog,
                None => Chosen::Cancelled,
            };
            sender.send(chosen);
            egui.request_repaint();
        });
        self.choosing = Some(promise);
    }

    /// Draws the strip with the progress or the outcome (nothing when there is neither) and the open dialogs.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &AreaCtx<'_>) {
        self.path_dialog_ui(ui, ctx);
        let Some(upload) = &self.upload else { return };
        let progress = upload.progress();
        let tokens = ctx.tokens();
        let mut dismissed = false;
        let mut again = None;
        egui::Frame::new().fill(tokens.raised).corner_radius(theme::RADIUS_4).inner_margin(egui::Margin::symmetric(12, 6)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_wrapped(|ui| {
                if progress.finished {
                    let (icon, colour) =
                        if progress.failure.is_some() { (icons::ICON_ERROR, tokens.bad) } else { (icons::ICON_WARNING, tokens.warn) };
                    ui.label(RichText::from(icon).color(colour));
                    ui.label(summary(&progress));
                    if progress.refused > 0 {
                        ui.toggle_value(&mut self.show_refused, "Show why");
                    }
                    if progress.failure.is_some() && ui.button("Try the rest again").clicked() {
                        again = Some((upload.left(), upload.unpacked()));
                    }
                    dismissed = ui.button("Dismiss").clicked();
                } else {
                    under_way_ui(ui, &progress, upload);
                }
            });
            if let Some(failure) = &progress.failure {
                ui.label(RichText::new(failure).color(tokens.bad));
            }
            if let Some(words) = same_words(&progress.same) {
                ui.add(egui::Label::new(RichText::new(words).color(tokens.muted)).wrap());
            }
            if self.show_refused {
                refused_ui(ui, &progress, tokens);
            }
        });
        ui.add_space(theme::GAP_8);
        if let Some((left, unpacked)) = again {
            self.kept.extend(unpacked);
            self.upload = None;
            self.add(left, ctx);
        } else if dismissed {
            self.upload = None;
        }
    }

    fn path_dialog_ui(&mut self, ui: &Ui, ctx: &AreaCtx<'_>) {
        let Some(dialog) = &mut self.path_dialog else { return };
        let mut go = false;
        let shown = modal::show(ui.ctx(), Modal::new(Id::unique("type a path")), |ui| {
            ui.set_width(460.0);
            ui.label(RichText::new("Add photos from a path").size(theme::TEXT_STRONG));
            ui.add_space(theme::GAP_8);
            let label = ui.label("This system showed no file dialog. Type the path of a photo or folder, or drop files on the window");
            let field =
                ui.add(TextEdit::singleline(&mut dialog.path).hint_text("/home/me/photos").desired_width(f32::INFINITY)).labelled_by(label.id);
            if !std::mem::replace(&mut dialog.has_focus, true) {
                field.request_focus();
            }
            if field.changed() {
                dialog.trouble = None;
            }
            go = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if let Some(trouble) = &dialog.trouble {
                ui.label(RichText::new(trouble).color(ctx.tokens().bad));
            }
            ui.add_space(theme::GAP_12);
            ui.horizontal(|ui| {
                go |= ui.button("Add").clicked();
                if ui.button("Cancel").clicked() {
                    ui.close();
                }
            });
        });
        let path = expand_home(dialog.path.trim());
        if go && !path.exists() {
            dialog.trouble = Some(format!("There is no file or folder {}", path.display()));
            dialog.has_focus = false;
        } else if go {
            self.path_dialog = None;
            self.add(vec![path], ctx);
        } else if shown.closes {
            self.path_dialog = None;
        }
    }
}

/// The files that a pasted text names, a line each, where it names nothing else.
fn pasted_paths(text: &str) -> Option<Vec<PathBuf>> {
    let path = |line: &str| match url::Url::parse(line) {
        Ok(url) if url.scheme() == "file" => url.to_file_path().ok(),
        _ => Some(PathBuf::from(line)),
    };
    let is_there = |path: &PathBuf| path.is_absolute() && path.exists();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let paths: Option<Vec<PathBuf>> = lines.map(|line| path(line).filter(is_there)).collect();
    paths.filter(|paths| !paths.is_empty())
}

/// Writes an image as a PNG into a folder of its own.
fn write_image(image: &egui::ColorImage, name: &str) -> Result<(TempDir, PathBuf), String> {
    let trouble = |error: &dyn std::fmt::Display| format!("The image of the clipboard could not be kept: {error}");
    let folder = tempfile::Builder::new().prefix("minerva-pasted-").tempdir().map_err(|error| trouble(&error))?;
    let pixels = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
    let png = crate::photos::encode_png(image.size[0] as u32, image.size[1] as u32, pixels).map_err(|error| trouble(&error))?;
    let path = folder.path().join(name);
    std::fs::write(&path, png).map_err(|error| trouble(&error))?;
    Ok((folder, path))
}

/// `~/photos` as shells read it.
pub(super) fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => PathBuf::from(path.strip_prefix("file://").unwrap_or(path)),
    }
}

fn under_way_ui(ui: &mut Ui, progress: &UploadProgress, upload: &PhotoUpload) {
    let Some(total) = progress.total else {
        ui.spinner();
        ui.label("Looking for photos…");
        if ui.button("Cancel").clicked() {
            upload.cancel();
        }
        return;
    };
    let share = if total == 0 { 1.0 } else { progress.done as f32 / total as f32 };
    ui.add_sized(vec2(180.0, 14.0), egui::ProgressBar::new(share));
    let left = progress.time_left().map_or_else(String::new, |left| format!(", {} left", rough_duration(left)));
    ui.label(format!("Adding photos: {} of {total}{left}", progress.done));
    if progress.refused > 0 {
        ui.label(format!("{} refused", progress.refused));
    }
    if ui.button("Cancel").clicked() {
        upload.cancel();
    }
}

fn refused_ui(ui: &mut Ui, progress: &UploadProgress, tokens: &theme::Tokens) {
    ScrollArea::vertical().max_height(160.0).auto_shrink([false, true]).show(ui, |ui| {
        for refused in &progress.refused_files {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(&refused.file_name).strong());
                ui.label(RichText::new(&refused.message).color(tokens.muted));
            });
        }
        let beyond = progress.refused.saturating_sub(progress.refused_files.len());
        if beyond > 0 {
            ui.label(format!("and {beyond} more"));
        }
    });
}

/// `24 photos added, 3 already in the library, 1 refused`.
fn summary(progress: &UploadProgress) -> String {
    let photos = |count: usize| if count == 1 { "1 photo".to_owned() } else { format!("{count} photos") };
    let mut parts = Vec::new();
    if progress.added > 0 || (progress.known == 0 && progress.refused == 0) {
        parts.push(format!("{} added", photos(progress.added)));
    }
    if progress.known > 0 {
        parts.push(format!("{} already in the library", if parts.is_empty() { photos(progress.known) } else { progress.known.to_string() }));
    }
    if progress.refused > 0 {
        parts.push(format!("{} refused", if parts.is_empty() { photos(progress.refused) } else { progress.refused.to_string() }));
    }
    let not_sent = progress.total.unwrap_or_default().saturating_sub(progress.done);
    if not_sent > 0 {
        parts.push(format!("{not_sent} not sent"));
    }
    parts.join(", ")
}

/// `b.jpg is the same photo as a.jpg`, the first few of them.
fn same_words(same: &[SameFile]) -> Option<String> {
    let told: Vec<String> = same.iter().take(SAME_TOLD).map(SameFile::words).collect();
    let beyond = same.len().saturating_sub(SAME_TOLD);
    let more = if beyond > 0 { format!("; and {beyond} more") } else { String::new() };
    (!told.is_empty()).then(|| format!("{}{more}", told.join("; ")))
}

fn rough_duration(duration: Duration) -> String {
    match duration.as_secs() {
        0 => "less than 1 s".to_owned(),
        seconds @ 1..=99 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_text_is_photos_only_where_every_line_is_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("two words.jpg");
        std::fs::write(&file, b"x").expect("a file");
        let url = url::Url::from_file_path(&file).expect("a path");
        assert_eq!(pasted_paths(&format!("{}\r\n{url}\n", file.display())), Some(vec![file.clone(), file.clone()]));
        for other in ["", "hello", "cat.jpg", "https://example.org/cat.jpg", &format!("{url}\nhello")] {
            assert_eq!(pasted_paths(other), None, "{other}");
        }
    }

    #[test]
    fn a_pasted_image_keeps_its_pixels() {
        let image = egui::ColorImage::from_rgba_unmultiplied([2, 1], &[10, 200, 30, 255, 1, 2, 3, 255]);
        let (_folder, path) = write_image(&image, "Pasted.png").expect("written");
        let decoded = crate::photos::decode(&std::fs::read(path).expect("readable")).expect("a photo");
        assert_eq!((decoded.format, decoded.image.into_raw()), ("png", vec![10, 200, 30, 1, 2, 3]));
    }

    #[test]
    fn the_summary_counts_what_became_of_the_files() {
        for (added, known, refused, total, says) in [
            (24, 0, 0, 24, "24 photos added"),
            (1, 3, 1, 5, "1 photo added, 3 already in the library, 1 refused"),
            (0, 1, 0, 1, "1 photo already in the library"),
            (0, 0, 2, 2, "2 photos refused"),
            (2, 0, 0, 9, "2 photos added, 7 not sent"),
            (0, 0, 0, 0, "0 photos added"),
        ] {
            let progress = UploadProgress { added, known, refused, total: Some(total), done: added + known + refused, ..UploadProgress::default() };
            assert_eq!(summary(&progress), says);
        }
    }
}
