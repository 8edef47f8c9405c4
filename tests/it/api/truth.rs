//! Ground truth: set by hand and by files, undone and done again, read back as it went in.

use minerva_console::wire::ids::PhotoId;
use minerva_console::wire::photo::{Photo, SameFile};
use minerva_console::wire::photo_set::CreatePhotoSet;
use minerva_console::wire::truth::{ImportTruth, PhotoTruth, SetTruth, TruthChanged, TruthFormat, TruthQuery};

use crate::support::platform::{self, Options, TestPlatform, jpeg};
use crate::support::scripted::Scripted;

async fn start() -> TestPlatform {
    platform::start(Options::with_providers(vec![Scripted::new() as _]).without_workers()).await
}

async fn set(platform: &TestPlatform, photo: &Photo, tags: Option<&[&str]>) -> TruthChanged {
    let tags = tags.map(|tags| tags.iter().map(|tag| (*tag).to_owned()).collect());
    platform.client.set_ground_truth(photo.id, &SetTruth { tags }).await.expect("set")
}

/// The labels of all photos: the numbers in their names, and the tags.
async fn labels(platform: &TestPlatform, photos: &[Photo]) -> Vec<(String, String)> {
    let known: Vec<PhotoTruth> = platform.client.ground_truth(None).await.expect("labels").items;
    let name = |id: PhotoId| photos.iter().find(|photo| photo.id == id).expect("a photo").file_name.clone();
    let mut labels: Vec<_> = known.into_iter().map(|truth| (name(truth.photo_id), truth.tags.join(","))).collect();
    labels.sort();
    labels
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, tags)| ((*name).to_owned(), (*tags).to_owned())).collect()
}

fn file(file_name: &str, content: &str) -> ImportTruth {
    ImportTruth { file_name: file_name.to_owned(), content: content.to_owned(), ..ImportTruth::default() }
}

#[tokio::test]
async fn labels_are_set_by_hand_in_one_spelling_and_each_step_is_undone() {
    let platform = start().await;
    let photos = platform.add(2, false).await;
    let changed = set(&platform, &photos[0], Some(&["Golden-Retriever", " dog", "DOG", ""])).await;
    assert_eq!(changed.truth.expect("labelled").tags, ["dog", "golden retriever"]);
    assert_eq!(changed.change.expect("an entry").summary, "Ground truth of 0.jpg: dog, golden retriever");
    assert_eq!(set(&platform, &photos[0], Some(&["dog", "golden retriever"])).await.change, None, "the same again is no change");
    set(&platform, &photos[1], Some(&[])).await;
    set(&platform, &photos[0], None).await;
    assert_eq!(labels(&platform, &photos).await, pairs(&[("1.jpg", "")]), "nothing to name is something that is said");

    platform.client.undo_config().await.expect("undone");
    assert_eq!(labels(&platform, &photos).await, pairs(&[("0.jpg", "dog,golden retriever"), ("1.jpg", "")]));
    platform.client.undo_config().await.expect("undone");
    platform.client.undo_config().await.expect("undone");
    assert_eq!(labels(&platform, &photos).await, []);
    platform.client.redo_config().await.expect("done again");
    assert_eq!(labels(&platform, &photos).await, pairs(&[("0.jpg", "dog,golden retriever")]));
}

#[tokio::test]
async fn a_file_says_what_it_would_change_then_changes_it_at_once_and_is_undone_at_once() {
    let platform = start().await;
    let photos = platform.add(3, false).await;
    set(&platform, &photos[0], Some(&["cat"])).await;
    let csv = file("labels.csv", "photo,tag\n0.jpg,cat\n1.jpg,Dog\n1.jpg,window\nelsewhere.jpg,sea\n2.jpg,tree\n");
    let would = platform.client.import_ground_truth(&ImportTruth { dry_run: true, ..csv.clone() }).await.expect("read");
    assert_eq!((would.photos, would.tags, would.changed, would.unknown), (3, 4, 2, 1));
    assert_eq!((would.unknown_names, would.change), (vec!["elsewhere.jpg".to_owned()], None));
    assert_eq!(labels(&platform, &photos).await, pairs(&[("0.jpg", "cat")]), "nothing is changed yet");

    let done = platform.client.import_ground_truth(&csv).await.expect("read");
    let all = pairs(&[("0.jpg", "cat"), ("1.jpg", "dog,window"), ("2.jpg", "tree")]);
    assert_eq!((done.changed, labels(&platform, &photos).await), (2, all.clone()));
    let entry = done.change.expect("an entry");
    assert_eq!(entry.summary, "Ground truth of 2 photos from labels.csv");
    platform.client.undo_config_change(entry.id).await.expect("undone");
    assert_eq!(labels(&platform, &photos).await, pairs(&[("0.jpg", "cat")]));
    platform.client.redo_config().await.expect("done again");
    assert_eq!(labels(&platform, &photos).await, all);
}

#[tokio::test]
async fn only_the_photos_of_a_set_are_labelled_and_written_where_one_is_named() {
    let platform = start().await;
    let photos = platform.add(3, false).await;
    let body = CreatePhotoSet { name: "Some".to_owned(), photo_ids: vec![photos[1].id, photos[2].id] };
    let set = platform.client.create_photo_set(&body).await.expect("made").set;
    let json = file("labels.JSON", r#"{"0.jpg": ["cat"], "1.jpg": ["dog", "sofa, red"], "2.jpg": []}"#);
    let done = platform.client.import_ground_truth(&ImportTruth { photo_set: Some(set.id), ..json.clone() }).await.expect("read");
    assert_eq!((done.photos, done.unknown_names), (2, vec!["0.jpg".to_owned()]));
    platform.client.import_ground_truth(&json).await.expect("read");

    let export =
        async |photo_set, format| platform.client.export_ground_truth(&TruthQuery { photo_set, format: Some(format) }).await.expect("written");
    assert_eq!(export(Some(set.id), TruthFormat::Csv).await, "photo,tag\n1.jpg,dog\n1.jpg,\"sofa, red\"\n2.jpg,\n");
    let all = export(None, TruthFormat::Json).await;
    let again: serde_json::Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(again, serde_json::json!({"0.jpg": ["cat"], "1.jpg": ["dog", "sofa, red"], "2.jpg": []}));
    let same = platform.client.import_ground_truth(&file("again.json", &all)).await.expect("read");
    assert_eq!((same.photos, same.changed), (3, 0), "what was written is read again as it is");
}

#[tokio::test]
async fn what_can_not_be_read_is_told_with_its_line_and_changes_nothing() {
    let platform = start().await;
    let photos = platform.add(1, false).await;
    let refused = platform.client.import_ground_truth(&file("labels.csv", "photo,tag\n0.jpg,cat\n0.jpg\n")).await.expect_err("refused");
    assert_eq!(refused.code(), Some("labels"));
    assert!(refused.to_string().contains("labels.csv, line 3"), "{refused}");
    let many: Vec<String> = (0..201).map(|number| format!("tag {number}")).collect();
    let refused = platform.client.set_ground_truth(photos[0].id, &SetTruth { tags: Some(many) }).await.expect_err("refused");
    assert_eq!(refused.code(), Some("truth_tags"));
    let refused = platform.client.set_ground_truth(PhotoId::fresh(), &SetTruth::default()).await.expect_err("refused");
    assert_eq!(refused.code(), Some("not_found"));
    assert_eq!(labels(&platform, &photos).await, []);
}

#[tokio::test]
async fn a_photo_is_labelled_by_each_name_it_came_under_and_a_shared_name_is_told() {
    let platform = start().await;
    let bytes = |seed| jpeg(64, 48, seed);
    let add = async |files: &[(&str, u8)]| {
        let files = files.iter().map(|(name, seed)| ((*name).to_owned(), bytes(*seed))).collect();
        platform.client.add_photos(files, false).await.expect("added")
    };
    add(&[("naïve.JPG", 1), ("same.jpg", 2), ("same.jpg", 3)]).await;
    let again = add(&[("cat.jpg", 1)]).await;
    assert_eq!(again.same.iter().map(SameFile::words).collect::<Vec<_>>(), ["cat.jpg is the same photo as naïve.JPG"]);
    assert_eq!(again.known[0].other_names, ["cat.jpg"]);
    assert_eq!(add(&[("cat.jpg", 1), ("naïve.JPG", 1)]).await.known[1].other_names, ["cat.jpg"], "each name once");

    let done = platform.client.import_ground_truth(&file("labels.csv", "tag;photo\ncat;cat.jpg\ndog;same.jpg\n")).await.expect("read");
    assert_eq!((done.photos, done.unknown, done.shared), (3, 0, 1));
    assert_eq!(done.shared_words().as_deref(), Some("Several photos are called same.jpg, and all of them are labelled"));
    add(&[("cat.jpg", 4)]).await;
    let done = platform.client.import_ground_truth(&file("labels.csv", "photo,tag\ncat.jpg,lynx\n")).await.expect("read");
    assert_eq!((done.photos, done.changed, done.shared), (1, 1, 0), "it is the own name of another photo now");
    let text = platform.client.export_ground_truth(&TruthQuery::default()).await.expect("written");
    assert_eq!(text, "photo,tag\ncat.jpg,lynx\nnaïve.JPG,cat\nsame.jpg,dog\n");
}

#[tokio::test]
async fn a_photo_that_a_file_labels_by_two_of_its_names_has_the_labels_of_its_own_one() {
    let platform = start().await;
    let add = async |name: &str| platform.client.add_photos(vec![(name.to_owned(), jpeg(64, 48, 1))], false).await.expect("added");
    let photo = add("own.jpg").await.added.remove(0);
    add("a other.jpg").await;
    set(&platform, &photo, Some(&["before"])).await;
    let done = platform.client.import_ground_truth(&file("labels.csv", "photo,tag\na other.jpg,dog\nown.jpg,cat\n")).await.expect("read");
    assert_eq!((done.photos, done.tags, done.changed, done.again), (1, 1, 1, 1));
    assert_eq!(done.again_words().as_deref(), Some("a other.jpg is another name of a photo that the file labels already: left out"));
    assert_eq!(labels(&platform, std::slice::from_ref(&photo)).await, pairs(&[("own.jpg", "cat")]));
    platform.client.undo_config().await.expect("undone");
    assert_eq!(labels(&platform, std::slice::from_ref(&photo)).await, pairs(&[("own.jpg", "before")]));
    set(&platform, &photo, Some(&[])).await;
    let text = platform.client.export_ground_truth(&TruthQuery::default()).await.expect("written");
    assert_eq!(text, "photo,tag\nown.jpg,\n", "nothing to name is something that was said");
}
