//! Photos are found by words of their names, captions and tags, as they are now.

use minerva_console::client::ApiError;
use minerva_console::wire::job::{EnqueueJobs, JobState};
use minerva_console::wire::page::Page;
use minerva_console::wire::photo::Photo;
use minerva_console::wire::result::Answer;

use crate::support::platform::{self, Options, TestPlatform, jpeg, until};
use crate::support::scripted::{Act, Scripted, answer};

/// Name, tags and caption.
type Told = (&'static str, &'static [(&'static str, f32)], &'static str);

const PHOTOS: [Told; 6] = [
    ("IMG_0001.jpg", &[("dog", 0.9), ("beach", 0.8)], "A dog runs along the sea shore"),
    ("IMG_0002.jpg", &[("beach chair", 0.9), ("umbrella", 0.7)], "An empty beach at noon"),
    ("altstadt-café.jpg", &[("old town", 0.9), ("café", 0.6)], "People sit outside of a café in the old town"),
    ("dog show.png", &[("crowd", 0.9)], "A town square, old and full of people"),
    ("Straße.jpg", &[("street", 0.5)], "日本の猫 on a street"),
    ("100%_\"quoted\" OR.jpg", &[("sign", 0.9)], "NOT a sign AND a wall"),
];

fn described(tags: &[(&str, f32)], caption: &str) -> Act {
    Act::Answer(Answer { caption: Some(caption.to_owned()), ..answer(tags) })
}

/// A library with these photos, added and analysed one after the other.
async fn library() -> (TestPlatform, std::sync::Arc<Scripted>) {
    let scripted = Scripted::new();
    let platform = platform::start(Options::with_providers(vec![scripted.clone()])).await;
    for (n, (name, tags, caption)) in PHOTOS.into_iter().enumerate() {
        scripted.then(described(tags, caption));
        platform.client.add_photos(vec![(name.to_owned(), jpeg(64, 48, n as u8))], true).await.expect("added");
        platform.until_jobs(n + 1, JobState::Completed).await;
    }
    (platform, scripted)
}

async fn find(platform: &TestPlatform, search: &str) -> Page<Photo> {
    platform.client.search_photos(search, None, 100).await.unwrap_or_else(|error| panic!("{search:?}: {error}"))
}

async fn names(platform: &TestPlatform, search: &str) -> Vec<String> {
    let page = find(platform, search).await;
    assert_eq!(page.total, Some(page.items.len() as u64), "{search:?}");
    page.items.into_iter().map(|photo| photo.file_name).collect()
}

#[tokio::test]
async fn words_phrases_fields_and_what_is_left_out() {
    let (platform, _) = library().await;
    let [shore, noon, cafe, show, street, quoted] = PHOTOS.map(|(name, ..)| name);
    // A tag counts more than a name, a name more than a caption.
    let expected: [(&str, &[&str]); 26] = [
        ("dog", &[shore, show]),
        ("DOG Shore", &[shore]),
        ("bea", &[noon, shore]),
        ("beach", &[noon, shore]),
        ("\"beach chair\"", &[noon]),
        ("\"bea\"", &[]),
        ("tag:beach", &[shore, noon]),
        ("caption:beach", &[noon]),
        ("name:dog", &[show]),
        ("dog -beach", &[show]),
        ("-beach -sign -street -café", &[show]),
        ("\"old town\"", &[cafe]),
        ("town old", &[cafe, show]),
        ("cafe", &[cafe]),
        ("CAFÉ", &[cafe]),
        ("straße", &[street]),
        ("日本", &[street]),
        ("0002", &[noon]),
        ("img 0001", &[shore]),
        ("IMG_0001.jpg", &[shore]),
        ("OR", &[quoted]),
        ("AND wall", &[quoted]),
        ("\"not a sign\"", &[quoted]),
        ("100%", &[quoted]),
        ("nothing-of-this", &[]),
        ("dog nothing", &[]),
    ];
    for (search, wanted) in expected {
        let mut found = names(&platform, search).await;
        let mut wanted: Vec<&str> = wanted.to_vec();
        if wanted.len() > 1 && !matches!(search, "dog" | "DOG Shore") {
            found.sort_unstable();
            wanted.sort_unstable();
        }
        assert_eq!(found, wanted, "{search:?}");
    }
    // Nothing of these is an error: what says nothing finds everything, newest first.
    for odd in ["", "   ", "-", "\"", "*", "tag:", "()", "^", "{a", "NEAR(a b)", "a:b:c", "a\0b", "'; DROP TABLE photos; --", "dog\" OR \"*"] {
        find(&platform, odd).await;
    }
    assert_eq!(names(&platform, "***").await, [quoted, street, show, cafe, noon, shore]);
}

#[tokio::test]
async fn what_is_found_follows_the_newest_answer_and_the_deleted_are_gone() {
    let (platform, scripted) = library().await;
    let shore = find(&platform, "shore").await.items.remove(0);
    scripted.then(described(&[("wolf", 0.9)], "A grey animal"));
    let body = EnqueueJobs { photo_ids: vec![shore.id], priority: 0 };
    platform.client.enqueue_jobs(&body).await.expect("queued");
    until("the new answer is found", || async { (!find(&platform, "wolf").await.items.is_empty()).then_some(()) }).await;
    assert_eq!(names(&platform, "shore").await, [""; 0], "as it is now");
    assert_eq!(find(&platform, "wolf").await.items[0].caption.as_deref(), Some("A grey animal"));

    // A try that fails leaves what was found before.
    scripted.then(Act::Fail(minerva_console::wire::result::Fault::new(minerva_console::wire::result::FaultKind::BadRequest, "No")));
    platform.client.enqueue_jobs(&body).await.expect("queued");
    platform.until_jobs(1, JobState::Failed).await;
    assert_eq!(names(&platform, "wolf").await.len(), 1);

    platform.client.delete_photo(shore.id).await.expect("deleted");
    assert_eq!(names(&platform, "wolf").await, [""; 0]);
    assert_eq!(platform.client.photos(None, 100).await.expect("photos").total, Some(5));
    assert_eq!(names(&platform, "-nothing").await.len(), 5, "nor where something is left out");

    let folder = platform.stop().await;
    let platform = platform::start_in(folder, Options::with_providers(vec![scripted])).await.expect("starts again");
    assert_eq!(names(&platform, "umbrella").await, ["IMG_0002.jpg"]);
}

#[tokio::test]
async fn pages_of_a_search_follow_one_another_without_gap_or_repeat() {
    let platform = platform::start(Options::default().without_workers()).await;
    let mut added = Vec::new();
    // One after the other, so that they come in this order.
    for n in 0..7 {
        added.extend(platform.client.add_photos(vec![(format!("{n}.jpg"), jpeg(64, 48, n))], false).await.expect("added").added);
    }
    for search in ["jpg", "-nothing"] {
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let page = platform.client.search_photos(search, cursor.as_deref(), 3).await.expect("a page");
            assert_eq!(page.total, Some(7));
            seen.extend(page.items.into_iter().map(|photo| photo.id));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let newest_first: Vec<_> = added.iter().rev().map(|photo| photo.id).collect();
        assert_eq!(seen, newest_first, "{search:?}: all match alike");
    }
    let ApiError::Problem(problem) = platform.client.search_photos("jpg", Some("1_2"), 3).await.expect_err("refused") else { panic!("no problem") };
    assert_eq!(problem.code, "bad_cursor");
}
