//! Photos on their way from this machine's disks to the platform: found, read and sent off the frame,
//! in batches, with progress, and with a word about every file that could not be taken.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::client::photo_file::{self, Unread};
use crate::client::photo_zip;
use crate::client::{self, Client};
use crate::wire::photo::{AddedPhotos, Photo, RefusedPhoto, SameFile};

/// What is taken from a folder: the formats that are read, and those that people have and that are refused in words.
const EXTENSIONS: [&str; 11] = ["jpg", "jpeg", "png", "webp", "gif", "tif", "tiff", "bmp", "heic", "heif", "avif"];
/// One request carries at most this many files …
const BATCH_FILES: usize = 12;
/// … and, beyond its first file, at most this many bytes.
const BATCH_BYTES: u64 = 24 * 1024 * 1024;
/// Folders are searched at most this deep, and give at most so many files.
const MAX_DEPTH: usize = 32;
const MAX_FILES: usize = 200_000;
/// Refused files that are listed; beyond it they are counted.
const MAX_REFUSED_LISTED: usize = 500;

/// How an upload stands.
#[derive(Debug, Clone, Default)]
pub struct UploadProgress {
    /// Files found; `None` while folders are searched.
    pub total: Option<usize>,
    /// Files answered for: added, known or refused.
    pub done: usize,
    pub added: usize,
    /// Already in the library.
    pub known: usize,
    /// Of those, the files that are called otherwise than the photo.
    pub same: Vec<SameFile>,
    pub refused: usize,
    /// The first of the refused files, with the reason.
    pub refused_files: Vec<RefusedPhoto>,
    /// Why it stopped early: what happened, in words. The files that are left can be sent again.
    pub failure: Option<String>,
    pub finished: bool,
    pub cancelled: bool,
    /// Time spent sending.
    pub elapsed: Duration,
}

impl UploadProgress {
    /// Time left at the pace so far; `None` before the first answer.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let left = self.total?.checked_sub(self.done)?;
        (self.done > 0 && left > 0).then(|| self.elapsed.mul_f64(left as f64 / self.done as f64))
    }
}

/// What an upload leaves behind for its area; each is handed out once.
#[derive(Debug, Clone, Default)]
struct Outcome {
    photos: Vec<Photo>,
    left: Vec<PathBuf>,
    /// Where zip files were unpacked: removed with the last that knows of them.
    unpacked: Vec<Arc<TempDir>>,
}

/// One upload, under way or finished. Dropping it cancels what is not sent yet.
pub struct PhotoUpload {
    progress: watch::Receiver<UploadProgress>,
    outcome: watch::Receiver<Outcome>,
    stop: CancellationToken,
}

impl PhotoUpload {
    /// Sends the files, and every photo in the folders, under `paths`. `enqueue`: whether the pipeline gets the new ones.
    #[must_use]
    pub fn start(paths: Vec<PathBuf>, enqueue: bool, client: &Client, runtime: &tokio::runtime::Handle, egui: &egui::Context) -> Self {
        let (progress_sender, progress) = watch::channel(UploadProgress::default());
        let (outcome_sender, outcome) = watch::channel(Outcome::default());
        let stop = CancellationToken::new();
        let sender =
            Sender { client: client.clone(), enqueue, stop: stop.clone(), egui: egui.clone(), progress: progress_sender, outcome: outcome_sender };
        runtime.spawn(sender.run(paths));
        Self { progress, outcome, stop }
    }

    #[must_use]
    pub fn progress(&self) -> UploadProgress {
        self.progress.borrow().clone()
    }

    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.progress.borrow().finished
    }

    /// Stops after the request under way; what is added stays.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Every photo that was added or already known, so that an area can select them.
    #[must_use]
    pub fn photos(&self) -> Vec<Photo> {
        self.outcome.borrow().photos.clone()
    }

    /// Files that a failure kept from being sent.
    #[must_use]
    pub fn left(&self) -> Vec<PathBuf> {
        self.outcome.borrow().left.clone()
    }

    /// Where some of those files may lie: they are removed when this is dropped.
    #[must_use]
    pub fn unpacked(&self) -> Vec<Arc<TempDir>> {
        self.outcome.borrow().unpacked.clone()
    }
}

impl Drop for PhotoUpload {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The side of an upload that works.
struct Sender {
    client: Client,
    enqueue: bool,
    stop: CancellationToken,
    egui: egui::Context,
    progress: watch::Sender<UploadProgress>,
    outcome: watch::Sender<Outcome>,
}

impl Sender {
    async fn run(self, paths: Vec<PathBuf>) {
        let stop = self.stop.clone();
        let found = tokio::task::spawn_blocking(move || find_photos(&paths, &stop)).await.unwrap_or_default();
        let names = found.names;
        self.outcome.send_modify(|outcome| outcome.unpacked = found.unpacked);
        self.tell(|progress| progress.total = Some(found.files.len() + found.refused.len()));
        self.take_in(AddedPhotos { refused: found.refused, ..AddedPhotos::default() }, Duration::ZERO);
        let mut left: VecDeque<PathBuf> = found.files.into();
        let started = Instant::now();
        while !left.is_empty() && !self.stop.is_cancelled() {
            let Some(mut batch) = read_batch(&mut left).await else { break };
            let called = |(path, refused): (PathBuf, RefusedPhoto)| match names.get(&path) {
                Some(name) => RefusedPhoto { file_name: name.clone(), ..refused },
                None => refused,
            };
            let refused = std::mem::take(&mut batch.refused).into_iter().map(called).collect();
            self.take_in(AddedPhotos { refused, ..AddedPhotos::default() }, started.elapsed());
            if batch.files.is_empty() {
                continue;
            }
            match self.send(batch.files).await {
                Ok(mut answer) => {
                    name_refused(&mut answer.refused, &batch.paths, &names);
                    self.take_in(answer, started.elapsed());
                }
                Err(failure) => {
                    left.extend(batch.paths);
                    self.tell(|progress| progress.failure = Some(failure.to_string()));
                    break;
                }
            }
        }
        self.outcome.send_modify(|outcome| outcome.left = left.into());
        let cancelled = self.stop.is_cancelled();
        self.tell(|progress| {
            progress.cancelled = cancelled && progress.total.is_none_or(|total| progress.done < total);
            progress.finished = true;
        });
    }

    /// Sends a batch. A batch that the platform turns down as a whole is sent file by file, so that one file can't stop the others.
    async fn send(&self, files: Vec<(String, Bytes)>) -> client::Result<AddedPhotos> {
        let names_and_bytes = files.clone();
        let refusal = match self.client.add_photos(files, self.enqueue).await {
            Ok(answer) => return Ok(answer),
            Err(refusal) if is_about_the_files(&refusal) => refusal,
            Err(failure) => return Err(failure),
        };
        if names_and_bytes.len() == 1 {
            let file_name = names_and_bytes.into_iter().map(|(name, _)| name).collect();
            let refused = vec![RefusedPhoto { file_name, code: "refused".to_owned(), message: refusal.to_string() }];
            return Ok(AddedPhotos { refused, ..AddedPhotos::default() });
        }
        let mut sum = AddedPhotos::default();
        for file in names_and_bytes {
            let answer = Box::pin(self.send(vec![file])).await?;
            sum.added.extend(answer.added);
            sum.known.extend(answer.known);
            sum.same.extend(answer.same);
            sum.refused.extend(answer.refused);
        }
        Ok(sum)
    }

    fn take_in(&self, answer: AddedPhotos, elapsed: Duration) {
        self.tell(|progress| {
            progress.elapsed = elapsed;
            progress.added += answer.added.len();
            progress.known += answer.known.len();
            progress.refused += answer.refused.len();
            progress.same.extend(answer.same);
            progress.done = progress.added + progress.known + progress.refused;
            let room = MAX_REFUSED_LISTED.saturating_sub(progress.refused_files.len());
            progress.refused_files.extend(answer.refused.into_iter().take(room));
        });
        self.outcome.send_modify(|outcome| outcome.photos.extend(answer.added.into_iter().chain(answer.known)));
    }

    fn tell(&self, change: impl FnOnce(&mut UploadProgress)) {
        self.progress.send_modify(change);
        self.egui.request_repaint();
    }
}

/// Whether a failure concerns what was sent rather than the platform or the way to it.
fn is_about_the_files(error: &client::ApiError) -> bool {
    matches!(error, client::ApiError::Problem(problem) if matches!(problem.status, 400 | 413 | 415 | 422))
}

/// What the search found.
#[derive(Debug, Default)]
struct Found {
    files: Vec<PathBuf>,
    refused: Vec<RefusedPhoto>,
    unpacked: Vec<Arc<TempDir>>,
    /// What the photos of zip files are known by: nobody knows the paths that they have for a while.
    names: HashMap<PathBuf, String>,
}

/// Calls what was refused of a zip file by its place in it.
fn name_refused(refused: &mut [RefusedPhoto], sent: &[PathBuf], names: &HashMap<PathBuf, String>) {
    let mut sent: Vec<&PathBuf> = sent.iter().collect();
    for refused in refused {
        let is_it = |path: &&PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy() == refused.file_name);
        if let Some(at) = sent.iter().position(is_it)
            && let Some(name) = names.get(sent.remove(at))
        {
            refused.file_name.clone_from(name);
        }
    }
}

/// Files as they are, folders and zip files as the photos in them, in the order of their names. Runs off the frame.
fn find_photos(paths: &[PathBuf], stop: &CancellationToken) -> Found {
    let mut found = Found::default();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => search_folder(path, 0, stop, &mut found),
            Ok(_) if photo_zip::is_zip(path) => unpack(path, stop, &mut found),
            Ok(_) => found.files.push(path.clone()),
            Err(error) => found.refused.push(unreadable(path, &error)),
        }
    }
    found
}

fn unpack(path: &Path, stop: &CancellationToken, found: &mut Found) {
    let refused = |file_name: String, message| RefusedPhoto { file_name, code: "unreadable".to_owned(), message };
    match photo_zip::unpack(path, has_photo_extension, || stop.is_cancelled()) {
        Ok(unpacked) => {
            if unpacked.files.is_empty() && unpacked.refused.is_empty() {
                found.refused.push(refused(path.display().to_string(), "There are no photos in it".to_owned()));
            }
            found.refused.extend(unpacked.refused.into_iter().map(|(name, why)| refused(name, why)));
            found.files.extend(unpacked.files);
            found.names.extend(unpacked.names);
            found.unpacked.push(Arc::new(unpacked.folder));
        }
        Err(why) => found.refused.push(refused(path.display().to_string(), why)),
    }
}

fn search_folder(folder: &Path, depth: usize, stop: &CancellationToken, found: &mut Found) {
    if depth > MAX_DEPTH || found.files.len() >= MAX_FILES || stop.is_cancelled() {
        return;
    }
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return found.refused.push(unreadable(folder, &error)),
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A linked folder is not entered: it may lead back to where the search came from.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search_folder(&path, depth + 1, stop, found);
        } else if has_photo_extension(&path) && found.files.len() < MAX_FILES {
            found.files.push(path);
        }
    }
}

/// Whether a file's name is that of a photo that is read, or one that people take for it.
pub(super) fn has_photo_extension(path: &Path) -> bool {
    let hidden = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'));
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    !hidden && extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// The words for a file or folder that the system does not let us read.
fn unreadable(path: &Path, error: &std::io::Error) -> RefusedPhoto {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => "There is no such file or folder. It may have been moved or deleted; choose it again".to_owned(),
        std::io::ErrorKind::PermissionDenied => "You have no permission to read it. Change its permissions or copy it elsewhere".to_owned(),
        _ => format!("It could not be read: {error}. Check the disk it lies on and try again"),
    };
    RefusedPhoto { file_name: path.display().to_string(), code: "unreadable".to_owned(), message }
}

/// Files in memory, ready to be sent.
#[derive(Default)]
struct Batch {
    paths: Vec<PathBuf>,
    files: Vec<(String, Bytes)>,
    refused: Vec<(PathBuf, RefusedPhoto)>,
}

/// Takes the next files from the front of `left` and reads them; `None` if the runtime is ending.
async fn read_batch(left: &mut VecDeque<PathBuf>) -> Option<Batch> {
    let mut queue = std::mem::take(left);
    let (batch, rest) = tokio::task::spawn_blocking(move || {
        let mut batch = Batch::default();
        let mut bytes_so_far = 0;
        while batch.files.len() < BATCH_FILES {
            let Some(path) = queue.front() else { break };
            let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
            if !batch.files.is_empty() && bytes_so_far + size > BATCH_BYTES {
                break;
            }
            let Some(path) = queue.pop_front() else { break };
            bytes_so_far += size;
            match read_file(&path) {
                Ok(file) => {
                    batch.files.push(file);
                    batch.paths.push(path);
                }
                Err(refused) => batch.refused.push((path, refused)),
            }
        }
        (batch, queue)
    })
    .await
    .ok()?;
    *left = rest;
    Some(batch)
}

fn read_file(path: &Path) -> Result<(String, Bytes), RefusedPhoto> {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let refused = |code: &str, why: Unread| RefusedPhoto { file_name: name.clone(), code: code.to_owned(), message: why.to_string() };
    match photo_file::read(path) {
        Ok(bytes) => Ok((name, bytes)),
        Err(Unread::Io(error)) => Err(unreadable(path, &error)),
        Err(why @ Unread::TooLarge { .. }) => Err(refused("too_large", why)),
        Err(why @ Unread::NotAFile) => Err(refused("not_a_file", why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_photos_in_folders_and_names_what_it_cannot_read() {
        let folder = tempfile::tempdir().expect("folder");
        let deep = folder.path().join("b").join("deep");
        std::fs::create_dir_all(&deep).expect("folders");
        for name in ["z.JPG", "a.png", ".hidden.jpg", "notes.txt"] {
            std::fs::write(folder.path().join(name), b"x").expect("file");
        }
        std::fs::write(deep.join("c.heic"), b"x").expect("file");
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), deep.join("loop")).expect("link");
        let gone = folder.path().join("gone.jpg");

        let found = find_photos(&[folder.path().to_owned(), gone.clone()], &CancellationToken::new());

        let names: Vec<_> = found.files.iter().filter_map(|path| path.strip_prefix(folder.path()).ok()).map(Path::to_owned).collect();
        assert_eq!(names, [PathBuf::from("a.png"), PathBuf::from("b/deep/c.heic"), PathBuf::from("z.JPG")]);
        assert_eq!(found.refused.len(), 1);
        assert_eq!(found.refused[0].file_name, gone.display().to_string());
        assert!(found.refused[0].message.contains("no such file"), "{}", found.refused[0].message);
    }

    #[test]
    fn what_is_refused_of_a_zip_is_called_by_its_place_in_it() {
        let sent: Vec<PathBuf> = ["/tmp/z/0/zero.jpg", "/tmp/z/1/cat.jpg", "/home/me/zero.jpg"].iter().map(PathBuf::from).collect();
        let names = HashMap::from([(sent[0].clone(), "a.zip/deep/zero.jpg".to_owned())]);
        let zero = || RefusedPhoto { file_name: "zero.jpg".to_owned(), code: "empty".to_owned(), message: String::new() };
        let mut refused = [zero(), zero()];
        name_refused(&mut refused, &sent, &names);
        assert_eq!(refused.map(|refused| refused.file_name), ["a.zip/deep/zero.jpg", "zero.jpg"]);
    }

    #[test]
    fn the_time_left_follows_the_pace() {
        let progress = UploadProgress { total: Some(40), done: 10, elapsed: Duration::from_secs(5), ..UploadProgress::default() };
        assert_eq!(progress.time_left(), Some(Duration::from_secs(15)));
        assert_eq!(UploadProgress { total: Some(3), ..UploadProgress::default() }.time_left(), None, "no pace yet");
    }
}
