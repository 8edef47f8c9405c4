//! The library: what comes in stays, once, in order, and can be had as pictures.

use minerva_console::client::ApiError;
use minerva_console::wire::job::JobState;
use minerva_console::wire::photo::ProcessingStatus;

use crate::support::platform::{self, Options, jpeg, until};
use crate::support::scripted::Scripted;

#[tokio::test]
async fn the_same_bytes_are_one_photo() {
    let platform = platform::start(Options::default().without_workers()).await;
    let first = platform.client.add_photos(vec![("a.jpg".to_owned(), jpeg(64, 48, 1))], false).await.expect("added");
    let again = platform.client.add_photos(vec![("b.jpg".to_owned(), jpeg(64, 48, 1))], true).await.expect("known");
    assert_eq!((again.added.len(), again.known.len()), (0, 1));
    assert_eq!(again.known[0].id, first.added[0].id);
    assert_eq!(again.known[0].ai_processing_status, ProcessingStatus::Pending, "it was not analysed yet, so it is queued");
    platform.client.add_photos(vec![("c.jpg".to_owned(), jpeg(64, 48, 1))], true).await.expect("known");
    assert_eq!(platform.jobs().await.len(), 1, "once");
}

#[tokio::test]
async fn a_file_may_be_called_anything() {
    let platform = platform::start(Options::default().without_workers()).await;
    let names = ["new\nline.jpg", "cr\rx.jpg", "p3\"x\\.jpg", "ünï 100%.jpg"];
    let files = names.iter().enumerate().map(|(n, name)| ((*name).to_owned(), jpeg(64, 48, n as u8 + 1))).collect();
    let added = platform.client.add_photos(files, false).await.expect("added").added;
    let kept: Vec<&str> = added.iter().map(|photo| photo.file_name.as_str()).collect();
    assert_eq!(kept, ["new line.jpg", "cr x.jpg", "p3\"x_.jpg", "ünï 100%.jpg"]);
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repeat() {
    let platform = platform::start(Options::default().without_workers()).await;
    let added = platform.add(7, false).await;
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = platform.client.photos(cursor.as_deref(), 3).await.expect("a page");
        assert_eq!(page.total, Some(7));
        seen.extend(page.items.into_iter().map(|photo| photo.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let newest_first: Vec<_> = added.iter().rev().map(|photo| photo.id).collect();
    assert_eq!(seen, newest_first);
}

#[tokio::test]
async fn a_picture_is_an_oriented_jpeg_of_the_size_asked_for_and_is_kept() {
    let platform = platform::start(Options::default().without_workers()).await;
    let added = platform.client.add_photos(vec![("wide.jpg".to_owned(), jpeg(600, 300, 1))], false).await.expect("added");
    let photo = &added.added[0];
    assert_eq!((photo.width_px, photo.height_px), (600, 300));
    for (asked, expected) in [(Some(256), (256, 128)), (Some(100), (100, 50)), (Some(2048), (600, 300)), (None, (600, 300))] {
        let bytes = platform.client.photo_image(photo.id, asked).await.expect("a picture");
        let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Jpeg).expect("a JPEG");
        assert_eq!((picture.width(), picture.height()), expected, "{asked:?}");
    }
    let url = platform.host.base().join(&format!("api/ai/photos/{}/image?max=256", photo.id)).expect("a URL");
    let token = secrecy::ExposeSecret::expose_secret(&platform.host.token()).to_owned();
    let http = reqwest::Client::new();
    let first = http.get(url.clone()).bearer_auth(&token).send().await.expect("answered");
    assert!(first.headers()["cache-control"].to_str().expect("text").contains("immutable"));
    let etag = first.headers()["etag"].clone();
    let second = http.get(url).bearer_auth(&token).header("if-none-match", etag).send().await.expect("answered");
    assert_eq!(second.status(), 304);
    let ApiError::Problem(problem) = platform.client.photo_image(photo.id, Some(0)).await.expect_err("refused") else { panic!("no problem") };
    assert_eq!(problem.code, "bad_edge");
}

#[tokio::test]
async fn a_first_start_has_the_bundled_photos_and_analyses_them_and_the_deleted_stay_away() {
    let scripted = Scripted::new();
    let options = Options::with_providers(vec![scripted.clone()]).seeded();
    let started = std::time::Instant::now();
    let platform = platform::start(options.clone()).await;
    assert!(started.elapsed().as_millis() < 2_000, "the start does not wait for the photos: {:?}", started.elapsed());
    let jobs = platform.until_jobs(24, JobState::Completed).await;
    let photos = platform.client.photos(None, 1000).await.expect("photos").items;
    assert_eq!(photos.len(), 24);
    assert_eq!(photos[0].file_name, "astronaut_portrait.jpg");
    assert!(photos.iter().all(|photo| photo.tags.len() == 2 && photo.ai_processing_status == ProcessingStatus::Completed), "{photos:?}");
    assert_eq!(scripted.calls(), jobs.len());
    platform.client.delete_photo(photos[0].id).await.expect("deleted");

    let platform = platform::start_in(platform.stop().await, options).await.expect("starts again");
    let again = platform.client.photos(None, 1000).await.expect("photos").items;
    assert_eq!(again.len(), 23);
    assert_eq!(scripted.calls(), 24, "nothing is analysed twice");
}

#[tokio::test]
async fn a_deleted_photo_is_gone_with_its_files_and_may_come_again() {
    let platform = platform::start(Options::default().without_workers()).await;
    let photo = platform.add(1, false).await.remove(0);
    let files = || walk(&platform.folder.path().join("data"), &photo.content_hash);
    assert_eq!(files().len(), 2, "the photo and its thumbnail: {:?}", files());
    platform.client.delete_photo(photo.id).await.expect("deleted");
    assert_eq!(files(), Vec::<String>::new());
    for gone in [platform.client.photo(photo.id).await.err(), platform.client.delete_photo(photo.id).await.err()] {
        assert_eq!(gone.expect("refused").code(), Some("not_found"));
    }
    let again = platform.add(1, false).await.remove(0);
    assert_ne!(again.id, photo.id);
    assert_eq!(platform.client.photos(None, 10).await.expect("photos").items.len(), 1);
}

#[tokio::test]
async fn a_photo_whose_file_vanished_is_a_clear_problem_and_is_mended_by_adding_it_again() {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted])).await;
    let photo = platform.add(1, false).await.remove(0);
    let path = platform.folder.path().join("data/photos").join(&photo.content_hash[..2]).join(&photo.content_hash);
    std::fs::remove_file(&path).expect("removed");
    let error = platform.client.photo_image(photo.id, None).await.expect_err("gone");
    assert_eq!(error.code(), Some("no_file"), "it is not there, which is no fault of the platform: {error}");
    let error = error.to_string();
    assert!(error.contains("gone from the data folder") && error.contains("Add the photo again"), "{error}");

    platform.client.enqueue_jobs(&enqueue(&[photo.id])).await.expect("queued");
    let failed = platform.until_jobs(1, JobState::Failed).await.remove(0);
    assert!(failed.fault.expect("a fault").message.contains("gone from the data folder"));

    let again = platform.client.add_photos(vec![("0.jpg".to_owned(), jpeg(64, 48, 0))], true).await.expect("known");
    assert_eq!(again.known[0].id, photo.id);
    until("the photo is analysed", || async {
        let photo = platform.client.photo(photo.id).await.expect("photo");
        (photo.ai_processing_status == ProcessingStatus::Completed).then_some(())
    })
    .await;
}

fn enqueue(ids: &[minerva_console::wire::ids::PhotoId]) -> minerva_console::wire::job::EnqueueJobs {
    minerva_console::wire::job::EnqueueJobs { photo_ids: ids.to_vec(), priority: 0 }
}

/// Files under a folder whose name holds a text.
fn walk(folder: &std::path::Path, part: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(walk(&path, part));
        } else if path.to_string_lossy().contains(part) {
            found.push(path.display().to_string());
        }
    }
    found
}
