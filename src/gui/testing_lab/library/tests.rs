//! Photos come and go, here and elsewhere, heard and unheard; the search follows them.

use super::*;
use crate::wire::photo::{PhotoSource, ProcessingStatus};

fn photo(number: u128, file_name: &str) -> Photo {
    Photo {
        id: PhotoId(uuid::Uuid::from_u128(number)),
        file_name: file_name.to_owned(),
        other_names: Vec::new(),
        source: PhotoSource::Added,
        content_hash: String::new(),
        size_bytes: 1,
        width_px: 4,
        height_px: 3,
        format: "jpeg".to_owned(),
        ai_processing_status: ProcessingStatus::None,
        caption: None,
        tags: Vec::new(),
        created_at: chrono::DateTime::UNIX_EPOCH,
    }
}

fn names(library: &Library) -> Vec<&str> {
    (0..library.shown_len()).filter_map(|place| library.shown(place)).map(|photo| photo.file_name.as_str()).collect()
}

#[test]
fn newer_photos_come_first_and_are_held_once() {
    let mut library = Library::default();
    for (number, name) in [(1, "a.jpg"), (2, "b.jpg"), (3, "c.jpg"), (2, "b2.jpg")] {
        library.on_added(photo(number, name));
        if number == 2 {
            library.settle();
        }
    }
    assert_eq!(names(&library), ["c.jpg", "b2.jpg", "a.jpg"]);
    library.on_deleted(PhotoId(uuid::Uuid::from_u128(3)));
    library.settle();
    assert_eq!(names(&library), ["b2.jpg", "a.jpg"]);
    assert_eq!(library.place(PhotoId(uuid::Uuid::from_u128(1))), Some(1));
}

#[test]
fn the_search_narrows_what_a_range_takes() {
    let mut library = Library::default();
    for (number, name) in [(1, "cat.jpg"), (2, "dog.jpg"), (3, "Cats.png")] {
        library.on_added(photo(number, name));
    }
    library.settle();
    library.set_search(" CAT".to_owned());
    assert_eq!(names(&library), ["Cats.png", "cat.jpg"]);
    let ids: Vec<_> = library.shown_ids().collect();
    assert_eq!(library.between(ids[1], ids[0]), ids);
    assert_eq!(library.place(PhotoId(uuid::Uuid::from_u128(2))), None, "not let through");
}

fn page(photos: &[(u128, &str)], next: Option<&str>) -> Page<Photo> {
    let items = photos.iter().map(|(number, name)| photo(*number, name)).collect();
    Page { items, next_cursor: next.map(str::to_owned), total: None }
}

#[test]
fn a_reading_takes_out_what_was_deleted_unheard_and_puts_in_what_was_added_unheard() {
    let mut library = Library::default();
    library.take_page(page(&[(4, "d.jpg"), (3, "c.jpg")], Some("more")));
    library.take_page(page(&[(2, "b.jpg"), (1, "a.jpg")], None));
    let before = library.members();
    library.reload();
    library.take_page(page(&[(5, "e.jpg"), (4, "d.jpg")], Some("more")));
    assert_eq!(library.all().len(), 5, "what is known stays until all is read");
    // Of the photos on the pages that are still to come one is deleted, and one is added meanwhile.
    library.on_deleted(PhotoId(uuid::Uuid::from_u128(1)));
    library.on_added(photo(6, "f.jpg"));
    library.settle();
    library.take_page(page(&[(2, "b.jpg"), (1, "a.jpg")], None));
    assert_eq!(names(&library), ["f.jpg", "e.jpg", "d.jpg", "b.jpg"]);
    assert!(library.members() > before, "as many as before, and others");
}

#[test]
fn many_deletions_are_one_change_and_what_is_read_again_does_not_bring_them_back() {
    let mut library = Library::default();
    library.take_page(page(&[(3, "c.jpg"), (2, "b.jpg"), (1, "a.jpg")], None));
    let (revision, members) = (library.revision(), library.members());
    for number in [1, 3] {
        library.on_deleted(PhotoId(uuid::Uuid::from_u128(number)));
    }
    assert_eq!(library.revision(), revision, "nothing is made anew for each of them");
    library.settle();
    assert_eq!((library.revision(), library.members()), (revision + 1, members + 1));
    library.learn_again(vec![photo(3, "c.jpg"), photo(2, "b2.jpg")]);
    assert_eq!(names(&library), ["b2.jpg"]);
    assert_eq!(library.members(), members + 1, "the same photos");
}

#[test]
fn what_is_searched_through_follows_the_photos_and_a_keystroke_changes_none() {
    let tagged = |number, name: &str, tag: &str| {
        let tag = crate::wire::result::Tag { name: tag.to_owned(), confidence: None, bounds: None };
        Photo { tags: vec![tag], ..photo(number, name) }
    };
    let counted = |library: &Library| library.found().iter().map(|(name, count)| (name.to_owned(), count)).collect::<Vec<_>>();
    let mut library = Library::default();
    library.take_page(Page { items: vec![tagged(1, "a.jpg", "Sofa")], next_cursor: None, total: None });
    let revision = library.revision();
    library.set_search("sofa".to_owned());
    assert_eq!((names(&library), library.revision()), (vec!["a.jpg"], revision));
    library.learn_again(vec![tagged(1, "a.jpg", "Bench")]);
    assert!(names(&library).is_empty(), "it has another tag now");
    library.set_search("bench".to_owned());
    assert_eq!(names(&library), ["a.jpg"]);
    library.set_search("jpg bench".to_owned());
    assert!(names(&library).is_empty(), "no name and no tag is like that");
    assert_eq!(counted(&library), [("Bench".to_owned(), 1)]);
    library.on_deleted(PhotoId(uuid::Uuid::from_u128(1)));
    library.settle();
    assert!(counted(&library).is_empty());
}
