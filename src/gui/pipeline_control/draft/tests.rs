//! What becomes of a draft as it is typed, sent and changed elsewhere.

use std::time::Duration;

use super::sending::{AFTER_KEYSTROKE, AT_THE_LATEST};
use super::*;

fn prompt(revision: u64) -> Prompt {
    let updated_at = chrono::DateTime::from_timestamp(0, 0).expect("a time");
    let id = PromptId(uuid::Uuid::from_u128(7));
    Prompt {
        id,
        name: "Photo tags".to_owned(),
        draft: None,
        draft_parts: None,
        latest_version: 1,
        live_version: None,
        revision,
        updated_at,
        updated_by: String::new(),
    }
}

fn text(user: &str) -> Contents {
    Contents { user: user.to_owned(), ..Contents::default() }
}

#[test]
fn contents_are_the_parts_again() {
    let parts = PromptParts {
        system: "Be brief".to_owned(),
        schema: "{ half".to_owned(),
        parameters: crate::wire::prompt_parts::Parameters { seed: Some(7), ..Default::default() },
        variables: vec![crate::wire::prompt_parts::Variable { name: "a".to_owned(), value: "b".to_owned() }],
    };
    let contents = Contents::of("Look", &parts);
    assert_eq!((contents.user.as_str(), contents.parts()), ("Look", parts));
    assert_eq!(Contents::of("", &PromptParts::default()), Contents::default());
}

#[test]
fn a_change_of_another_part_alone_is_sent_and_is_a_conflict_like_any() {
    let mut draft = Draft::new(&prompt(1), text("a"));
    draft.system.typed.replace("Be brief");
    draft.edited(Instant::now());
    assert_eq!(draft.progress(), Progress::Edited);
    let theirs = Contents { system: "Be exact".to_owned(), ..text("theirs") };
    assert_eq!(draft.hear(&prompt(2), theirs), Heard::Conflict);
    assert_eq!(draft.differing(), ["prompt", "system text"]);
    draft.take_theirs();
    assert_eq!((draft.text(), draft.system.typed.as_str()), ("theirs", "Be exact"));
    assert!(draft.system.typed.undo() && draft.system.typed.as_str() == "Be brief");
    draft.flush();
    assert_eq!(draft.text(), "a", "it was one step");
}

#[test]
fn what_both_changed_apart_from_each_other_is_put_together_and_undone_as_one_step() {
    let mut draft = Draft::new(&prompt(1), text("Look.\n\nBe brief."));
    draft.kept.typed.replace("Look twice.\n\nBe brief.");
    draft.edited(Instant::now());
    let theirs = Contents { system: "You are exact".to_owned(), ..text("Look.\n\nBe very brief.") };
    assert_eq!(draft.hear(&prompt(2), theirs), Heard::Merged);
    assert_eq!((draft.text(), draft.system.typed.as_str()), ("Look twice.\n\nBe very brief.", "You are exact"));
    assert_eq!((draft.revision, draft.progress()), (2, Progress::Edited), "it goes to the platform");
    assert!(draft.kept.typed.undo());
    assert_eq!(draft.text(), "Look twice.\n\nBe brief.");
}

#[test]
fn what_was_put_into_all_texts_is_undone_and_done_again_in_all_of_them_but_for_what_was_changed_since() {
    let mut draft = Draft::new(&prompt(1), Contents { system: "Be brief".to_owned(), schema: "{}".to_owned(), ..text("mine") });
    let of = |draft: &Draft| draft.contents().texts().map(str::to_owned);
    draft.kept.typed.replace("mine, longer");
    let before = of(&draft);
    draft.replace(&Contents { system: "Be exact".to_owned(), schema: "[]".to_owned(), ..text("restored") });
    let after = of(&draft);
    draft.schema.typed.undo();
    draft.flush();
    assert_eq!(of(&draft), before);
    draft.kept.typed.redo();
    draft.flush();
    assert_eq!(of(&draft), after);
    draft.system.typed.replace("Be exact, please");
    draft.kept.typed.undo();
    draft.flush();
    assert_eq!(of(&draft), ["mine, longer", "Be exact, please", "{}", ""]);
    draft.kept.typed.undo();
    draft.flush();
    assert_eq!(of(&draft), ["mine", "Be exact, please", "{}", ""], "a step of one text alone");
}

#[test]
fn typing_is_sent_after_a_pause_and_without_one_all_the_same() {
    let mut draft = Draft::new(&prompt(1), text("a"));
    let start = Instant::now();
    assert_eq!(draft.due_in(start), None);
    draft.kept.typed.replace("ab");
    draft.edited(start);
    assert_eq!(draft.due_in(start), Some(AFTER_KEYSTROKE));
    for step in 1..10 {
        draft.edited(start + AFTER_KEYSTROKE.mul_f32(0.9) * step);
    }
    assert_eq!(draft.due_in(start + AT_THE_LATEST), Some(Duration::ZERO));
    draft.hurry();
    assert_eq!(draft.due_in(start), Some(Duration::ZERO));
}

#[test]
fn a_new_name_or_the_same_text_from_elsewhere_is_no_conflict() {
    let mut draft = Draft::new(&prompt(1), text("a"));
    draft.kept.typed.replace("a mine");
    assert_eq!(draft.hear(&prompt(2), text("a")), Heard::Nothing);
    assert_eq!((draft.revision, draft.progress()), (2, Progress::Edited));
    assert_eq!(draft.hear(&prompt(3), text("a mine")), Heard::Nothing);
    assert_eq!((draft.revision, draft.progress()), (3, Progress::Saved));
}

#[test]
fn another_text_is_shown_when_nothing_was_typed_and_asked_about_when_something_was() {
    let mut draft = Draft::new(&prompt(1), text("a"));
    assert_eq!(draft.hear(&prompt(2), text("theirs")), Heard::Adopted);
    assert_eq!((draft.text(), draft.progress()), ("theirs", Progress::Saved));
    draft.kept.typed.replace("mine");
    draft.edited(Instant::now());
    assert_eq!(draft.hear(&prompt(3), text("theirs again")), Heard::Conflict);
    assert_eq!((draft.text(), draft.progress(), draft.due_in(Instant::now())), ("mine", Progress::Conflict, None));
    assert_eq!(draft.hear(&prompt(2), text("older")), Heard::Nothing);

    draft.keep_mine();
    assert_eq!((draft.text(), draft.revision, draft.progress()), ("mine", 3, Progress::Edited));
    assert_eq!(draft.hear(&prompt(4), text("theirs at last")), Heard::Conflict);
    draft.take_theirs();
    assert_eq!((draft.text(), draft.revision, draft.progress()), ("theirs at last", 4, Progress::Saved));
}
