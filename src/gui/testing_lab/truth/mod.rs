//! Ground truth by hand: one photo after the other, its tags typed with completion, each change kept at once.

mod files;
mod order;
mod outbox;
mod panel;
mod words;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use egui::{RichText, Ui};
use files::TruthFiles;
use order::Order;
use outbox::{Outbox, Sent};
use words::Words;

use super::library::Library;
use super::tag_counts::TagCounts;
use crate::gui::ctx::{AreaCtx, Command, KeptNowhere, Remote, Toast, ToastKind};
use crate::gui::theme::{Tokens, icons};
use crate::gui::widgets::number;
use crate::gui::widgets::photo_view::PhotoViewport;
use crate::wire::config::{ConfigChange, TRUTH_FIELD};
use crate::wire::ids::PhotoId;
use crate::wire::page::Page;
use crate::wire::tag::normal_name;
use crate::wire::truth::PhotoTruth;

/// How long the window may wait for the platform when it closes.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What is known of all photos, and the one that is being labelled.
#[derive(Default)]
pub struct GroundTruth {
    known: HashMap<PhotoId, Vec<String>>,
    page: Remote<Page<PhotoTruth>>,
    cursor: Option<String>,
    is_complete: bool,
    /// Photos that pages, events and the person have told of since the first page was asked for: labels of others may be gone.
    heard: HashSet<PhotoId>,
    /// The tags of all labels.
    used: TagCounts,
    /// Counts what was learnt, so that what is made of it is made anew.
    revision: u64,
    order: Order,
    photo: Option<PhotoId>,
    viewport: PhotoViewport,
    typed: String,
    /// Which of the offered words the arrows stand on.
    offered: Option<usize>,
    words: Words,
    outbox: Outbox,
    /// The field is to take the keyboard, or has it.
    wants_focus: bool,
    has_focus: bool,
    /// A button asks for the photo before, or the next one.
    wanted_step: Option<isize>,
    files: TruthFiles,
}

impl GroundTruth {
    /// Asks again for everything; what is known stays until it is known better.
    pub fn reload(&mut self) {
        self.page = Remote::default();
        (self.cursor, self.is_complete) = (None, false);
        self.heard.clear();
        self.outbox.hurry();
    }

    /// Takes in what a change says of photos.
    pub fn on_change(&mut self, change: &ConfigChange) {
        for (field, value) in change.after.as_object().into_iter().flatten() {
            let Some(photo) = field.strip_prefix(TRUTH_FIELD).and_then(|id| id.parse().ok()) else { continue };
            let tags = value.get("tags").cloned().and_then(|tags| serde_json::from_value::<Vec<String>>(tags).ok());
            // What is typed here and not kept yet is newer.
            if !self.outbox.has(photo) {
                self.learn(photo, tags);
            }
        }
    }

    fn learn(&mut self, photo: PhotoId, tags: Option<Vec<String>>) {
        self.revision += 1;
        if !self.is_complete {
            self.heard.insert(photo);
        }
        self.used.add(tags.iter().flatten().map(String::as_str));
        let before = match tags {
            Some(tags) => self.known.insert(photo, tags),
            None => self.known.remove(&photo),
        };
        self.used.take_off(before.iter().flatten().map(String::as_str));
    }

    /// Returns what was entered in the journal of what was said here.
    pub fn logic(&mut self, library: &Library, ctx: &AreaCtx<'_>) -> Option<Box<ConfigChange>> {
        if self.page.poll()
            && let Some(page) = self.page.take()
        {
            self.take_page(page);
        }
        if !self.is_complete && !self.page.is_pending() && self.page.failure().is_none() {
            let cursor = self.cursor.clone();
            ctx.ask(&mut self.page, |client| async move { client.ground_truth(cursor.as_deref()).await });
        }
        self.files.logic(ctx);
        self.save_logic(library, ctx)
    }

    /// The next page of all labels; with the last one go those that no page told of.
    fn take_page(&mut self, page: Page<PhotoTruth>) {
        for truth in page.items {
            // What an event or the person said since the page was asked for is newer.
            if !self.heard.contains(&truth.photo_id) && !self.outbox.has(truth.photo_id) {
                self.learn(truth.photo_id, Some(truth.tags));
            }
        }
        self.cursor = page.next_cursor;
        if self.cursor.is_none() {
            let gone = |id: &&PhotoId| !self.heard.contains(id) && !self.outbox.has(**id);
            let gone: Vec<PhotoId> = self.known.keys().filter(gone).copied().collect();
            for id in gone {
                self.learn(id, None);
            }
            self.is_complete = true;
            self.heard = HashSet::new();
        }
    }

    /// Returns what was entered in the journal.
    fn save_logic(&mut self, library: &Library, ctx: &AreaCtx<'_>) -> Option<Box<ConfigChange>> {
        let name = |id: PhotoId| library.photo(id).map_or("a photo", |photo| &photo.file_name);
        match self.outbox.logic(ctx) {
            Some(Sent::Kept { photo, labels, is_newest, change }) => {
                if let Some(change) = change.as_deref().filter(|_| labels.is_none()) {
                    ctx.send(Command::ShowToast(Toast::of_change(format!("The labels of {} are forgotten", name(photo)), change)));
                }
                if is_newest {
                    self.learn(photo, labels);
                }
                return change;
            }
            Some(Sent::Gone(photo)) => {
                ctx.commands.toast(ToastKind::Bad, format!("The labels of {} are not kept: it was deleted meanwhile", name(photo)));
                self.learn(photo, None);
            }
            Some(Sent::Refused { photo, labels, why }) => {
                let said = labels.unwrap_or_default().join(", ");
                ctx.commands.toast(ToastKind::Bad, format!("The labels of {} are not kept ({said}). {why}", name(photo)));
                // What it has instead the platform knows.
                self.reload();
            }
            None => {}
        }
        None
    }

    /// Hands over what is not kept yet; waits a moment for the platform.
    pub fn on_exit(&mut self, library: &Library, ctx: &AreaCtx<'_>) {
        let deadline = Instant::now() + LAST_WORDS;
        self.outbox.hurry();
        while self.outbox.is_busy() && Instant::now() < deadline {
            self.save_logic(library, ctx);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What would be gone with the window, in the form in which labels are read from a file.
    #[must_use]
    pub fn kept_nowhere(&self, library: &Library) -> Option<KeptNowhere> {
        let mut text = "photo,tag\n".to_owned();
        let mut names: Vec<&str> = Vec::new();
        for (id, labels) in self.outbox.waiting() {
            let name = library.photo(id).map_or("a photo", |photo| &photo.file_name);
            names.push(name);
            // A photo with nothing to name has a line without a tag; a file can't say that nobody has said anything.
            let Some(tags) = labels else { continue };
            let tags = if tags.is_empty() { vec![""] } else { tags.iter().map(String::as_str).collect() };
            text.extend(tags.iter().map(|tag| format!("{},{}\n", quoted(name), quoted(tag))));
        }
        let what = match names.as_slice() {
            [] => return None,
            [name] => format!("What you said is in {name}"),
            many => format!("What you said is in {} photos", number::count(many.len() as u64)),
        };
        let why = self.outbox.trouble().unwrap_or("The platform has not answered yet").to_owned();
        Some(KeptNowhere { what, why, text })
    }

    /// Says what a photo has; `None`: nothing is said any more. Only where [`GroundTruth::is_read`].
    pub fn set(&mut self, photo: PhotoId, tags: Option<Vec<String>>) {
        self.learn(photo, tags.clone());
        self.outbox.put(photo, tags);
    }

    /// Whether the platform was heard on the labels of a photo. Until then nothing may be changed: what is written takes the place of
    /// all that the photo has.
    #[must_use]
    pub fn is_read(&self, photo: PhotoId) -> bool {
        self.is_complete || self.heard.contains(&photo) || self.outbox.has(photo)
    }

    /// What stands in the place of the labels of a photo until they are read; `None`: they are.
    #[must_use]
    pub fn unread_words(&self, photo: PhotoId) -> Option<&'static str> {
        let words =
            if self.page.failure().is_some() { "What people said of this photo is not known" } else { "Reading what people said of this photo…" };
        (!self.is_read(photo)).then_some(words)
    }

    /// Says what keeps labels from being read or kept; returns whether to try again.
    pub fn trouble_ui(&self, ui: &mut Ui, tokens: &Tokens) -> bool {
        let unread = self.page.failure().map(|why| format!("The ground truth could not be read, and nothing can be changed. {why}"));
        let unkept = self.outbox.trouble().map(|why| format!("What you changed is not kept yet; it is tried again by itself. {why}"));
        let Some(words) = unread.or(unkept) else { return false };
        let again = ui.horizontal_wrapped(|ui| {
            ui.label(RichText::from(icons::ICON_ERROR).color(tokens.bad));
            ui.label(RichText::new(words).color(tokens.bad));
            ui.button("Try again").clicked()
        });
        again.inner
    }

    /// Does at once what has failed.
    pub fn try_again(&mut self) {
        self.page.take_failure();
        self.outbox.hurry();
    }

    #[must_use]
    pub fn tags(&self, photo: PhotoId) -> Option<&[String]> {
        self.known.get(&photo).map(Vec::as_slice)
    }

    /// Goes to a photo.
    pub fn open(&mut self, photo: Option<PhotoId>) {
        if photo.is_some() {
            self.photo = photo;
        }
        self.viewport = PhotoViewport::default();
        (self.typed, self.offered, self.wants_focus) = (String::new(), None, true);
    }

    /// Adds what is typed to the tags of the photo; words apart by commas are several. It stays typed until the labels are read.
    fn add(&mut self, photo: PhotoId, typed: &str) {
        if !self.is_read(photo) {
            return;
        }
        let mut tags = self.tags(photo).unwrap_or_default().to_vec();
        let added: Vec<String> = typed.split(',').map(normal_name).filter(|tag| !tag.is_empty() && !tags.contains(tag)).collect();
        if !added.is_empty() {
            tags.extend(added);
            tags.sort();
            tags.dedup();
            self.set(photo, Some(tags));
        }
        (self.typed, self.offered, self.wants_focus) = (String::new(), None, true);
    }

    /// Whoever goes on keeps what is typed, as Enter would. Returns whether nothing is left of it.
    fn add_typed(&mut self, photo: PhotoId) -> bool {
        if !self.typed.trim().is_empty() {
            let taken = self.tags(photo).unwrap_or_default();
            let offered = self.offered.and_then(|at| self.words.offers(&self.typed, taken).get(at).map(|word| (*word).to_owned()));
            let typed = offered.map_or_else(|| self.typed.clone(), |word| completed(&self.typed, &word));
            self.add(photo, &typed);
        }
        self.typed.trim().is_empty()
    }

    fn remove(&mut self, photo: PhotoId, tag: &str) {
        if !self.is_read(photo) {
            return;
        }
        let mut tags = self.tags(photo).unwrap_or_default().to_vec();
        tags.retain(|known| known != tag);
        self.set(photo, Some(tags));
        self.wants_focus = true;
    }
}

/// What is typed with a word in the place of its last one.
fn completed(typed: &str, word: &str) -> String {
    typed.rsplit_once(',').map_or_else(|| word.to_owned(), |(before, _)| format!("{before},{word}"))
}

/// A field of a CSV file.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(number: u128) -> PhotoId {
        PhotoId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn tags_are_added_in_one_spelling_and_the_newest_of_a_photo_is_kept() {
        let mut truth = read(&[], None);
        truth.add(photo(1), " Cat, golden-Retriever ,, cat");
        truth.add(photo(1), "sofa");
        truth.add(photo(2), "dog");
        truth.remove(photo(1), "cat");
        assert_eq!(truth.tags(photo(1)), Some(&["golden retriever".to_owned(), "sofa".to_owned()][..]));
        let waiting: Vec<_> = truth.outbox.waiting().map(|(id, tags)| (id, tags.unwrap_or_default().len())).collect();
        assert_eq!(waiting, [(photo(1), 2), (photo(2), 1)], "one write a photo, with its last state");
        truth.add(photo(2), "dog");
        assert_eq!(truth.outbox.waiting().count(), 2, "what is there already changes nothing");
    }

    fn tags(all: &[&str]) -> Vec<String> {
        all.iter().map(|tag| (*tag).to_owned()).collect()
    }

    fn page(items: &[(u128, &[&str])], next: Option<&str>) -> Page<PhotoTruth> {
        let truth = |(id, names): &(u128, &[&str])| PhotoTruth { photo_id: photo(*id), tags: tags(names), updated_at: chrono::DateTime::UNIX_EPOCH };
        Page { items: items.iter().map(truth).collect(), next_cursor: next.map(str::to_owned), total: None }
    }

    fn read(items: &[(u128, &[&str])], next: Option<&str>) -> GroundTruth {
        let mut truth = GroundTruth::default();
        truth.take_page(page(items, next));
        truth
    }

    #[test]
    fn labels_that_are_not_read_yet_are_not_overwritten() {
        let mut truth = read(&[(1, &["cat"])], Some("more"));
        assert!(truth.is_read(photo(1)) && !truth.is_read(photo(2)));
        truth.typed = "sofa".to_owned();
        assert!(!truth.add_typed(photo(2)), "it stays typed");
        truth.remove(photo(2), "dog");
        assert_eq!(truth.outbox.waiting().count(), 0, "what the second photo has is not known");
        truth.add(photo(1), "sofa");
        truth.take_page(page(&[(1, &["cat"]), (2, &["dog"])], None));
        assert_eq!(truth.tags(photo(1)), Some(&tags(&["cat", "sofa"])[..]), "what was said meanwhile is newer than the page");
        truth.typed = "sofa".to_owned();
        assert!(truth.add_typed(photo(2)));
        assert_eq!(truth.tags(photo(2)), Some(&tags(&["dog", "sofa"])[..]));
        assert!(truth.is_read(photo(3)), "nobody has said anything of it, for sure");
    }

    #[test]
    fn labels_that_were_taken_away_unheard_go_with_the_next_reading() {
        let mut truth = read(&[(1, &["cat"]), (2, &["dog"]), (3, &["sofa"])], None);
        truth.add(photo(3), "pet");
        truth.reload();
        assert!(truth.tags(photo(2)).is_some() && !truth.is_read(photo(2)), "shown as it was, and not to be changed");
        truth.take_page(page(&[(1, &["cat"])], None));
        assert_eq!((truth.tags(photo(2)), truth.is_read(photo(2))), (None, true));
        assert!(truth.tags(photo(3)).is_some(), "what was said here is on its way");
        let mut used: Vec<_> = truth.used.iter().collect();
        used.sort_unstable();
        assert_eq!(used, [("cat", 1), ("pet", 1), ("sofa", 1)], "no tag is offered that no label has");
    }

    #[test]
    fn going_on_keeps_what_is_typed_and_the_word_that_is_chosen() {
        let mut truth = read(&[(1, &["bird of prey"])], None);
        truth.typed = "cat, bi".to_owned();
        truth.words.follow((1, 1), &truth.used, &TagCounts::default());
        truth.offered = Some(0);
        assert!(truth.add_typed(photo(2)));
        assert_eq!(truth.tags(photo(2)), Some(&tags(&["bird of prey", "cat"])[..]));
        assert!(truth.typed.is_empty() && truth.add_typed(photo(2)), "nothing is left to be kept");
    }

    #[test]
    fn what_is_not_kept_is_told_in_the_form_of_a_file_of_labels() {
        let mut truth = read(&[], None);
        assert_eq!(truth.kept_nowhere(&Library::default()), None);
        truth.set(photo(1), Some(tags(&["a \"big\" cat", "sofa"])));
        let lost = truth.kept_nowhere(&Library::default()).expect("one photo");
        assert_eq!(
            (lost.what.as_str(), lost.text.as_str()),
            ("What you said is in a photo", "photo,tag\na photo,\"a \"\"big\"\" cat\"\na photo,sofa\n")
        );
        truth.set(photo(1), Some(Vec::new()));
        truth.set(photo(2), None);
        let lost = truth.kept_nowhere(&Library::default()).expect("two photos");
        assert_eq!((lost.what.as_str(), lost.text.as_str()), ("What you said is in 2 photos", "photo,tag\na photo,\n"));
    }
}
