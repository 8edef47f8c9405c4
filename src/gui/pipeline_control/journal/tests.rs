//! Restarts, as a text meets them: what was kept against what the platform holds meanwhile.

use std::path::Path;

use super::*;
use crate::gui::pipeline_control::draft::{Contents, Draft};
use crate::gui::widgets::prompt_editor::history::Selection;
use crate::wire::prompt::Prompt;

const PROMPT: PromptId = PromptId(uuid::Uuid::from_u128(7));
const SLOW: Duration = Duration::from_secs(20);

/// One start of the program: the journal is read, and what the platform holds is held against it.
fn start(folder: &Path, held: &str) -> (Journals, KeptText, Begun) {
    let journals = Journals::in_folder(Some(folder.to_owned()), &egui::Context::default());
    let (kept, begun) = KeptText::begin(opened(&journals), held);
    (journals, kept, begun)
}

fn opened(journals: &Journals) -> Opened {
    let mut opening = journals.open(PROMPT, "user");
    let deadline = Instant::now() + SLOW;
    loop {
        if let Some(opened) = opening.poll() {
            return opened;
        }
        assert!(Instant::now() < deadline, "the journal is not read");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn put(kept: &mut KeptText, text: &str) {
    kept.typed.replace(text);
    kept.flush();
}

/// The program ends after its writer has written, without any word of parting.
fn crash(journals: Journals, kept: KeptText) {
    journals.finish(SLOW);
    drop((journals, kept));
}

#[test]
fn text_cursor_and_history_are_there_again_and_undo_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, begun) = start(folder.path(), "a");
    assert_eq!(begun, Begun::Same);
    put(&mut kept, "ab");
    put(&mut kept, "abc");
    kept.typed.undo();
    kept.typed.select(Selection { anchor: 1, head: 2 });
    kept.flush();
    crash(journals, kept);

    let (journals, mut kept, begun) = start(folder.path(), "a");
    assert_eq!((begun, kept.typed.as_str(), kept.typed.cursor()), (Begun::Unsent, "ab", Selection { anchor: 1, head: 2 }));
    assert!(kept.typed.redo());
    assert_eq!(kept.typed.as_str(), "abc");
    while kept.typed.undo() {}
    assert_eq!(kept.typed.as_str(), "a");
    kept.typed.redo();
    kept.flush();
    crash(journals, kept);
    let (_journals, kept, _) = start(folder.path(), "a");
    assert_eq!(kept.typed.as_str(), "ab");
}

#[test]
fn what_was_sent_is_ones_own_even_if_no_answer_came_before_the_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "a");
    put(&mut kept, "ab");
    kept.sent("ab");
    put(&mut kept, "abc");
    crash(journals, kept);
    // It had not arrived …
    let (journals, kept, begun) = start(folder.path(), "a");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Unsent, "abc"));
    crash(journals, kept);
    // … or had.
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "a");
    put(&mut kept, "ab");
    kept.sent("ab");
    put(&mut kept, "abc");
    crash(journals, kept);
    let (journals, mut kept, begun) = start(folder.path(), "ab");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Unsent, "abc"));
    // What it held before is no reason any more to take another's text for one's own.
    kept.typed.undo();
    kept.typed.undo();
    kept.flush();
    crash(journals, kept);
    let (_journals, kept, begun) = start(folder.path(), "theirs");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Conflict, "a"));
}

#[test]
fn what_was_sent_in_vain_is_not_lost_to_a_text_that_was_changed_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "a");
    put(&mut kept, "mine");
    // The platform was away, or refused it: somebody else had changed the text.
    kept.sent("mine");
    crash(journals, kept);
    for _ in 0..2 {
        let (journals, kept, begun) = start(folder.path(), "theirs");
        assert_eq!((begun, kept.typed.as_str()), (Begun::Conflict, "mine"));
        assert_eq!(kept.base().as_deref(), Some("a"), "what both began with");
        crash(journals, kept);
    }
}

#[test]
fn a_text_that_was_changed_elsewhere_is_shown_when_nothing_was_unsent_and_undo_leads_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "a");
    put(&mut kept, "mine");
    kept.sent("mine");
    kept.held("mine");
    crash(journals, kept);
    let (journals, mut kept, begun) = start(folder.path(), "theirs");
    assert_eq!((begun, kept.typed.as_str()), (Begun::ChangedElsewhere, "theirs"));
    assert!(kept.typed.undo());
    assert_eq!(kept.typed.as_str(), "mine");
    kept.flush();
    crash(journals, kept);
    let (_journals, kept, begun) = start(folder.path(), "theirs");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Unsent, "mine"));
}

#[test]
fn two_texts_that_both_changed_are_a_conflict_until_one_is_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "a");
    put(&mut kept, "mine");
    crash(journals, kept);
    for _ in 0..2 {
        let (journals, kept, begun) = start(folder.path(), "theirs");
        assert_eq!((begun, kept.typed.as_str()), (Begun::Conflict, "mine"));
        crash(journals, kept);
    }
    let (journals, mut kept, _) = start(folder.path(), "theirs");
    kept.held("theirs");
    crash(journals, kept);
    let (_journals, _kept, begun) = start(folder.path(), "theirs");
    assert_eq!(begun, Begun::Unsent);
}

#[test]
fn a_journal_that_grows_is_begun_anew_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "");
    let path = folder.path().join(format!("{PROMPT}.user.journal"));
    let mut largest = 0;
    for at in 0..12_000 {
        kept.typed.select(Selection::at(at % 3));
        kept.flush();
        if at % 1_000 == 0 {
            put(&mut kept, &format!("text {at}"));
            journals.finish(SLOW);
            largest = largest.max(std::fs::metadata(&path).expect("it is there").len());
        }
    }
    journals.finish(SLOW);
    let length = std::fs::metadata(&path).expect("it is there").len();
    assert!(largest > LARGE as u64 / 2 && length < largest, "{length} of at most {largest}");
    crash(journals, kept);
    let (_journals, mut kept, _) = start(folder.path(), "");
    assert_eq!(kept.typed.as_str(), "text 11000");
    while kept.typed.undo() {}
    assert_eq!(kept.typed.as_str(), "");
}

#[test]
fn a_damaged_journal_is_kept_and_what_could_be_read_of_it_is_told_and_safe_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "a");
    put(&mut kept, "ab");
    put(&mut kept, "abc");
    put(&mut kept, "abcd");
    crash(journals, kept);
    let path = folder.path().join(format!("{PROMPT}.user.journal"));
    let mut bytes = std::fs::read(&path).expect("it is there");
    let second = bytes.iter().position(|byte| *byte == b'\n').expect("lines") + 3;
    bytes[second] ^= 1;
    std::fs::write(&path, &bytes).expect("written");
    let (journals, mut kept, begun) = start(folder.path(), "a");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Unsent, "ab"));
    let news = kept.take_news().expect("it is told");
    assert!(news.contains("is damaged") && news.contains("damaged-"), "{news}");
    crash(journals, kept);
    let (_journals, mut kept, _) = start(folder.path(), "a");
    assert_eq!(kept.take_news(), None);
    assert_eq!(kept.typed.as_str(), "ab");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_typing_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a file");
    std::fs::write(&file, "no folder").expect("written");
    let (_journals, mut kept, begun) = start(&file, "a");
    put(&mut kept, "ab");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Same, "ab"));
    assert!(kept.trouble().is_some());
}

#[cfg(unix)]
#[test]
fn what_was_typed_while_the_disk_was_full_is_there_after_it_has_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "a");
    put(&mut kept, "ab");
    journals.finish(SLOW);
    // Everything that is begun there now fails: the file is gone and its name is a folder's.
    let path = folder.path().join(format!("{PROMPT}.user.journal"));
    if let Some(journal) = &mut kept.journal {
        journal.path = folder.path().join("gone").join("p.journal");
    }
    put(&mut kept, "abc");
    journals.finish(SLOW);
    assert!(kept.trouble().is_some_and(|why| why.contains("No such file")), "{:?}", kept.trouble());
    put(&mut kept, "abcd");
    assert!(kept.wants_retry().is_some());
    if let Some(journal) = &mut kept.journal {
        journal.path = path;
        journal.state = State::Failed(Instant::now());
    }
    kept.flush();
    // Typed before it is known that the whole state went through.
    put(&mut kept, "abcde");
    journals.finish(SLOW);
    put(&mut kept, "abcdef");
    journals.finish(SLOW);
    assert_eq!((kept.trouble(), kept.wants_retry()), (None, None));
    crash(journals, kept);
    let (_journals, mut kept, _) = start(folder.path(), "a");
    assert_eq!(kept.typed.as_str(), "abcdef");
    while kept.typed.undo() {}
    assert_eq!(kept.typed.as_str(), "a");
}

#[test]
fn a_journal_that_fell_behind_what_the_platform_holds_is_no_conflict_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "a");
    put(&mut kept, "ab");
    journals.finish(SLOW);
    // A whole state can't be begun: something else has its name.
    let path = folder.path().join(format!("{PROMPT}.user.journal"));
    let new = path.with_extension("new");
    std::fs::create_dir_all(new.join("in the way")).expect("made");
    kept.write_whole();
    journals.finish(SLOW);
    put(&mut kept, "abc");
    assert!(kept.trouble().is_some() && kept.wants_retry().is_some());
    kept.drop_stale("ab");
    journals.finish(SLOW);
    assert!(path.exists(), "the platform has not got what stands here");
    kept.drop_stale("abc");
    crash(journals, kept);
    let (_journals, kept, begun) = start(folder.path(), "abc");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Same, "abc"));
}

/// Hands over again until the disk has taken it.
fn until_kept(kept: &mut KeptText) {
    let deadline = Instant::now() + SLOW;
    while kept.trouble().is_some() {
        assert!(Instant::now() < deadline, "{:?}", kept.trouble());
        kept.flush_now();
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Something else lies where the journals do, so that none can be opened; gives them back when called.
fn out_of_reach(folder: &Path) -> impl FnOnce() + use<'_> {
    let away = folder.with_extension("away");
    std::fs::rename(folder, &away).expect("moved");
    std::fs::write(folder, "no folder").expect("written");
    move || {
        std::fs::remove_file(folder).expect("removed");
        std::fs::rename(away, folder).expect("moved back");
    }
}

#[test]
fn a_journal_that_could_not_be_begun_is_begun_without_a_keystroke_once_that_is_possible() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("typed");
    std::fs::write(&file, "no folder").expect("written");
    let (journals, mut kept, _) = start(&file, "a");
    put(&mut kept, "ab");
    assert!(kept.wants_retry().is_some());
    std::fs::remove_file(&file).expect("removed");
    until_kept(&mut kept);
    crash(journals, kept);
    let (_journals, kept, begun) = start(&file, "a");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Unsent, "ab"));
}

#[test]
fn what_was_typed_before_is_here_again_as_soon_as_it_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let typed = folder.path().join("typed");
    let (journals, mut kept, _) = start(&typed, "a");
    put(&mut kept, "mine");
    crash(journals, kept);
    let back = out_of_reach(&typed);
    let (journals, mut kept, begun) = start(&typed, "a");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Same, "a"));
    back();
    until_kept(&mut kept);
    assert_eq!(kept.take_news().as_deref(), Some("What you typed before is here again"));
    assert_eq!(kept.typed.as_str(), "mine");
    crash(journals, kept);
    let (_journals, kept, begun) = start(&typed, "a");
    assert_eq!((begun, kept.typed.as_str()), (Begun::Unsent, "mine"));
}

#[test]
fn what_was_typed_before_is_put_aside_where_something_newer_was_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let typed = folder.path().join("typed");
    let (journals, mut kept, _) = start(&typed, "a");
    put(&mut kept, "mine");
    crash(journals, kept);
    let back = out_of_reach(&typed);
    let (journals, mut kept, _) = start(&typed, "a");
    put(&mut kept, "newer");
    back();
    until_kept(&mut kept);
    let news = kept.take_news().expect("it is told");
    crash(journals, kept);
    let aside = news.strip_prefix("What was typed before is kept as ").expect("where");
    assert!(std::fs::read_to_string(aside).expect("it is there").contains("mine"));
    let (_journals, kept, _) = start(&typed, "a");
    assert_eq!(kept.typed.as_str(), "newer");
}

#[test]
fn what_was_sent_in_vain_and_what_was_changed_elsewhere_are_put_together_where_they_are_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journals, mut kept, _) = start(folder.path(), "Look.\n\nBe brief.");
    let mine = "Look twice.\n\nBe brief.";
    put(&mut kept, mine);
    kept.sent(mine);
    crash(journals, kept);
    let journals = Journals::in_folder(Some(folder.path().to_owned()), &egui::Context::default());
    let parts = [opened(&journals), Opened::default(), Opened::default(), Opened::default()];
    let prompt = Prompt {
        id: PROMPT,
        name: "Photo tags".to_owned(),
        draft: None,
        draft_parts: None,
        latest_version: 1,
        live_version: None,
        revision: 2,
        updated_at: chrono::DateTime::UNIX_EPOCH,
        updated_by: String::new(),
    };
    let theirs = Contents { user: "Look.\n\nBe brief.\nIn Dutch.".to_owned(), system: "Be exact".to_owned(), ..Contents::default() };
    let (mut draft, begun) = Draft::resume(&prompt, theirs, parts);
    assert_eq!(begun, Begun::Merged);
    assert_eq!((draft.text(), draft.system.typed.as_str()), ("Look twice.\n\nBe brief.\nIn Dutch.", "Be exact"));
    assert!(draft.kept.typed.undo());
    assert_eq!(draft.text(), mine);
}
