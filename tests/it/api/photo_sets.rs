//! Named sets of photos: versions that never change, a journal that undoes, and runs that name what they used.

use minerva_console::client::ApiError;
use minerva_console::wire::ids::{PhotoId, PhotoSetId};
use minerva_console::wire::photo::Photo;
use minerva_console::wire::photo_set::{ChangePhotoSet, CreatePhotoSet, PhotoSet, PhotoSetChanged, PhotosChange, SetChoice, SetUsed};
use minerva_console::wire::run::{Run, RunPrompt, StartRun};

use crate::support::platform::{self, Options, TestPlatform};
use crate::support::scripted::Scripted;

async fn start() -> TestPlatform {
    platform::start(Options::with_providers(vec![Scripted::new() as _]).without_workers()).await
}

fn ids(photos: &[Photo]) -> Vec<PhotoId> {
    photos.iter().map(|photo| photo.id).collect()
}

async fn make(platform: &TestPlatform, name: &str, photos: &[Photo]) -> PhotoSetChanged {
    platform.client.create_photo_set(&CreatePhotoSet { name: name.to_owned(), photo_ids: ids(photos) }).await.expect("made")
}

async fn change(platform: &TestPlatform, id: PhotoSetId, photos: PhotosChange) -> PhotoSetChanged {
    platform.client.change_photo_set(id, &ChangePhotoSet::photos(photos)).await.expect("changed")
}

async fn photos_of(platform: &TestPlatform, set: &PhotoSet) -> Vec<PhotoId> {
    platform.client.photo_set_version(set.id, set.version).await.expect("a version").photo_ids
}

async fn sets(platform: &TestPlatform) -> Vec<PhotoSet> {
    platform.client.photo_sets().await.expect("sets").items
}

fn code(error: &ApiError) -> &str {
    error.code().unwrap_or_else(|| panic!("no code: {error}"))
}

fn ask(photo_set: Option<SetChoice>, photo_ids: Vec<PhotoId>) -> StartRun {
    let prompts = vec![RunPrompt::inline("Draft", "Name what you see")];
    StartRun {
        name: String::new(),
        photo_ids,
        photo_set,
        prompts,
        models: vec!["on-device".to_owned()],
        repeats: 1,
        concurrency: 2,
        ask_again: false,
    }
}

#[tokio::test]
async fn every_change_is_a_version_that_stays_as_it_was() {
    let platform = start().await;
    let photos = platform.add(4, false).await;
    let all = ids(&photos);
    let made = make(&platform, "  Pets  and\tsuch ", &photos[..2]).await.set;
    assert_eq!((made.name.as_str(), made.version, made.photos), ("Pets and such", 1, 2));
    assert_eq!(made.label(), "Pets and such v1");

    let added = change(&platform, made.id, PhotosChange::Add { photo_ids: all[1..].to_vec() }).await.set;
    assert_eq!((added.version, added.photos), (2, 4));
    assert_eq!(photos_of(&platform, &added).await, all, "each once, new ones at the end");
    let removed = change(&platform, made.id, PhotosChange::Remove { photo_ids: vec![all[0]] }).await.set;
    assert_eq!(photos_of(&platform, &removed).await, all[1..]);
    let back = change(&platform, made.id, PhotosChange::GoBack { version: 1 }).await.set;
    assert_eq!((back.version, photos_of(&platform, &back).await), (4, all[..2].to_vec()));
    let same = change(&platform, made.id, PhotosChange::Replace { photo_ids: all[..2].to_vec() }).await;
    assert_eq!((same.set, same.change), (back, None), "a change that changes nothing is none");

    let versions = platform.client.photo_set_versions(made.id).await.expect("versions").items;
    let told: Vec<_> = versions.iter().map(|version| (version.version, version.note.as_str(), version.photos)).collect();
    assert_eq!(told, [(4, "As in version 1", 2), (3, "1 photo taken out", 3), (2, "2 photos added", 4), (1, "Made with 2 photos", 2)]);
    assert_eq!(platform.client.photo_set_version(made.id, 2).await.expect("kept").photo_ids, all);
}

#[tokio::test]
async fn a_set_is_renamed_and_deleted_and_each_is_undone_and_done_again() {
    let platform = start().await;
    let photos = platform.add(3, false).await;
    let set = make(&platform, "Pets", &photos[..1]).await.set;
    platform.client.change_photo_set(set.id, &ChangePhotoSet::renamed("Animals")).await.expect("renamed");
    change(&platform, set.id, PhotosChange::Add { photo_ids: ids(&photos) }).await;
    let deleted = platform.client.delete_photo_set(set.id).await.expect("deleted");
    assert_eq!(sets(&platform).await, []);
    assert_eq!(code(&platform.client.photo_set(set.id).await.expect_err("gone")), "not_found");

    let entry = deleted.change.expect("an entry");
    assert_eq!(entry.summary, "Photo set Animals deleted");
    platform.client.undo_config_change(entry.id).await.expect("undone");
    let names = |sets: Vec<PhotoSet>| sets.into_iter().map(|set| set.label()).collect::<Vec<_>>();
    assert_eq!(names(sets(&platform).await), ["Animals v2"]);
    // One journal for all: step by step to before the set was made, and forth again.
    for expected in [vec!["Animals v1"], vec!["Pets v1"], vec![]] {
        let undone = platform.client.undo_config().await.expect("undone").change.expect("an entry");
        assert!(undone.summary.starts_with("Undo: Photo set"), "{}", undone.summary);
        assert_eq!(names(sets(&platform).await), expected);
    }
    for expected in ["Pets v1", "Animals v1", "Animals v2"] {
        platform.client.redo_config().await.expect("done again");
        assert_eq!(names(sets(&platform).await), [expected]);
    }
    // After an undo, the next version does not take the number of one that was.
    platform.client.undo_config().await.expect("undone");
    platform.client.undo_config().await.expect("undone");
    let next = change(&platform, set.id, PhotosChange::Add { photo_ids: ids(&photos[1..2]) }).await.set;
    assert_eq!(next.version, 3);
}

#[tokio::test]
async fn an_undo_of_what_has_changed_since_is_refused() {
    let platform = start().await;
    let photos = platform.add(2, false).await;
    let made = make(&platform, "Pets", &photos[..1]).await;
    change(&platform, made.set.id, PhotosChange::Add { photo_ids: ids(&photos) }).await;
    let refused = platform.client.undo_config_change(made.change.expect("an entry").id).await.expect_err("refused");
    assert_eq!(code(&refused), "changed_since");
    assert_eq!(sets(&platform).await[0].label(), "Pets v2");
}

#[tokio::test]
async fn a_set_that_can_not_be_is_refused_whole() {
    let platform = start().await;
    let photos = platform.add(1, false).await;
    let set = make(&platform, "Pets", &photos).await.set;
    let create = async |name: &str, photo_ids: Vec<PhotoId>| {
        let body = CreatePhotoSet { name: name.to_owned(), photo_ids };
        platform.client.create_photo_set(&body).await.expect_err("refused")
    };
    assert_eq!(code(&create(" ", Vec::new()).await), "set_name");
    assert_eq!(code(&create(&"x".repeat(101), Vec::new()).await), "set_name");
    assert_eq!(code(&create("pETS", Vec::new()).await), "name_taken");
    assert_eq!(code(&create("Other", vec![PhotoId::fresh()]).await), "unknown_photo");
    let stale = ChangePhotoSet { version: Some(7), ..ChangePhotoSet::renamed("X") };
    assert_eq!(code(&platform.client.change_photo_set(set.id, &stale).await.expect_err("refused")), "stale");
    let to_nowhere = ChangePhotoSet::photos(PhotosChange::GoBack { version: 9 });
    let refused = platform.client.change_photo_set(set.id, &to_nowhere).await.expect_err("refused");
    assert_eq!(code(&refused), "unknown_version");
    assert!(refused.to_string().contains("Pets has no version 9: its versions are 1 to 1. It stays as it is"), "{refused}");
    assert_eq!(sets(&platform).await, [set]);
}

#[tokio::test]
async fn a_run_names_the_set_and_version_whose_photos_it_used() {
    let platform = start().await;
    let photos = platform.add(3, false).await;
    let set = make(&platform, "Pets", &photos).await.set;
    platform.client.delete_photo(photos[1].id).await.expect("deleted");
    let choice = SetChoice { id: set.id, version: 1 };
    let estimate = platform.client.estimate_run(&ask(Some(choice), Vec::new())).await.expect("estimated");
    assert_eq!(estimate.calls, 2);
    let run = platform.client.start_run(&ask(Some(choice), Vec::new())).await.expect("started");
    assert_eq!(run.photo_ids, [photos[0].id, photos[2].id], "what was deleted from the library is not asked about");
    assert_eq!(run.photo_set, Some(SetUsed { id: set.id, version: 1, name: "Pets".to_owned() }));
    assert_eq!(run.name, "Draft × On-device, Pets v1");

    platform.client.delete_photo_set(set.id).await.expect("deleted");
    let read: Run = platform.client.run(run.id).await.expect("the run");
    assert_eq!(read.photo_set, run.photo_set, "past runs still name it");
    let refused = platform.client.start_run(&ask(Some(choice), Vec::new())).await.expect_err("no such set");
    assert_eq!(code(&refused), "not_found");
    let both = platform.client.start_run(&ask(Some(choice), ids(&photos[..1]))).await.expect_err("both");
    assert_eq!(code(&both), "set_and_photos");
}

#[tokio::test]
async fn copies_of_a_photo_are_found_and_told_as_one_group() {
    let platform = start().await;
    let path = |name: &str| format!("{}/assets/photos/{name}", env!("CARGO_MANIFEST_DIR"));
    let cat = minerva_console::photos::decode(&std::fs::read(path("cat.jpg")).expect("a photo")).expect("decodes").image;
    let jpeg = |edge, quality| minerva_console::photos::encode_jpeg(&minerva_console::photos::fit(&cat, edge), quality).expect("encodes");
    let files = vec![
        ("whole.jpg".to_owned(), jpeg(900, 90).into()),
        ("other.jpg".to_owned(), std::fs::read(path("osprey.jpg")).expect("a photo").into()),
        ("small.jpg".to_owned(), jpeg(300, 60).into()),
        ("poor.jpg".to_owned(), jpeg(500, 20).into()),
    ];
    let photos = platform.client.add_photos(files, false).await.expect("added").added;
    let groups = platform.client.look_alikes().await.expect("groups").groups;
    assert_eq!(groups, [vec![photos[0].id, photos[2].id, photos[3].id]]);
    platform.client.delete_photo(photos[0].id).await.expect("deleted");
    assert_eq!(platform.client.look_alikes().await.expect("groups").groups, [vec![photos[2].id, photos[3].id]]);
}
