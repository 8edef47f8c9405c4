//! Live status: the cards, the job table, what is done to jobs.

use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotResults};
use minerva_console::gui::ctx::{Command, LinkState, Moment, Route};
use minerva_console::gui::live_status::LiveStatus;
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::JobId;
use minerva_console::wire::job::{Job, JobAction, JobQuery, JobState};
use minerva_console::wire::money::UsdMicros;
use minerva_console::wire::result::{Fault, FaultKind};

use crate::support::area::{self, AreaState, Window, wait_until};
use crate::support::canned;
use crate::support::console::Console as WholeConsole;
use crate::support::platform::Options;
use crate::support::pointer::{self, click_label as click};
use crate::support::scripted::Scripted;

type Console = Harness<'static, AreaState<LiveStatus>>;

struct Story {
    console: Console,
    platform: canned::Shared,
    /// Dropped last: the platform runs on it.
    _runtime: tokio::runtime::Runtime,
}

fn story(jobs: usize, window: Window) -> Story {
    story_of(jobs, window, |_| {})
}

/// On a platform that is prepared before the window sees it.
fn story_of(jobs: usize, window: Window, prepare: impl FnOnce(&canned::Shared)) -> Story {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (client, platform) = canned::start(&runtime, jobs);
    prepare(&platform);
    let mut console = area::show(LiveStatus::default(), &client, &runtime, canned::now(), window);
    wait_until(&mut console, "the cards are there", |console| has(console, "Throughput"));
    let first = if jobs > 0 { canned::job(0).file_name } else { "No photos have been given".to_owned() };
    wait_until(&mut console, "the jobs are there", |console| has(console, &first));
    Story { console, platform, _runtime: runtime }
}

fn has(console: &Harness<'_, AreaState<LiveStatus>>, words: &str) -> bool {
    console.query_all_by_label_contains(words).next().is_some()
}

/// What the row of the `n`th newest job says.
fn row(n: usize) -> String {
    let job = canned::job(n);
    format!("{}, {}", job.file_name, job.state.label())
}

fn click_row(console: &mut Console, n: usize, modifiers: Modifiers) {
    pointer::click_with(console, modifiers, |shown| shown.query_by_label(&row(n)).map(|node| node.rect()));
}

fn toasts(console: &Harness<'_, AreaState<LiveStatus>>) -> Vec<String> {
    let told = |command: &Command| if let Command::ShowToast(toast) = command { Some(toast.text.clone()) } else { None };
    console.state().sent.iter().filter_map(told).collect()
}

#[test]
fn the_cards_say_how_the_pipeline_stands_and_lead_to_where_it_comes_from() {
    let mut story = story(60, Window::default());
    for said in [
        "Pending: 3. and 1 waiting to retry",
        "Done today: 1,184. 1,320 yesterday",
        "Throughput: 212 / h.",
        "Queue wait: 1.64 s. average; p95 4.12 s",
    ] {
        assert!(has(&story.console, said), "{said}");
    }
    assert!(has(&story.console, "Spend today: $0.4123. cost unknown for 3 results"), "unknown cost is named");
    pointer::click_label_contains(&mut story.console, "Spend today");
    story.console.run_steps(3);
    assert_eq!(story.console.state().sent, [Command::GoTo(Route::Cost)]);
    assert!(!has(&story.console, "lab, assistant"), "nothing was spent there");
    pointer::click_label_contains(&mut story.console, "Failed: ");
    wait_until(&mut story.console, "only failed jobs are listed", |console| !has(console, &row(0)) && has(console, &row(7)));
}

#[test]
fn what_the_lab_spent_stands_below_what_the_pipeline_did_and_leads_to_its_runs() {
    let mut story = story(60, Window { size: [1440.0, 900.0], ..Window::default() });
    story.platform.lock().expect("canned").lab_spend = UsdMicros(120_000);
    story.console.state_mut().command(Command::Reload);
    wait_until(&mut story.console, "it is said", |console| has(console, "lab, assistant: $0.1200"));
    assert!(has(&story.console, "Spend today: $0.4123."), "the figure is the pipeline's");
    pointer::click_label_contains(&mut story.console, "lab, assistant");
    story.console.run_steps(3);
    assert_eq!(story.console.state().sent.last(), Some(&Command::GoTo(Route::PastRuns)));
}

#[test]
fn what_was_spent_stands_against_the_budget_and_what_is_unknown_after_it() {
    for size in [[1440.0, 900.0], [860.0, 560.0]] {
        let mut story = story(60, Window { size, ..Window::default() });
        {
            let mut platform = story.platform.lock().expect("canned");
            (platform.daily_limit, platform.lab_spend) = (Some(UsdMicros(5_000_000)), UsdMicros(2_240));
        }
        story.console.state_mut().command(Command::Reload);
        let said = "Spend today: $0.4123. of $5.00 today, cost unknown for 3 results";
        wait_until(&mut story.console, "it is said", |console| has(console, said) && has(console, "lab, assistant: $0.002240"));
    }
}

#[test]
fn what_was_done_today_leads_to_the_jobs_that_were_completed_today() {
    let mut story = story(60, Window::default());
    let console = &mut story.console;
    pointer::click_label_contains(console, "Done today");
    wait_until(console, "only completed jobs", |console| !has(console, &row(0)) && !has(console, &row(7)) && has(console, &row(6)));
    assert_eq!(console.get_by_label("Find jobs").value().as_deref(), Some("state:completed finished:today"));
}

#[test]
fn until_a_moment_is_there_it_is_said_to_be_loading() {
    let mut story = story(60, Window::default());
    let console = &mut story.console;
    console.state_mut().command(Command::LookBack);
    wait_until(console, "the strip", |console| has(console, "Time strip: live"));
    assert!(console.query_by_label("Look back").is_some(), "what opened it stays where it is");
    // No answer comes for as long as the platform's jobs are held.
    let held = story.platform.lock().expect("canned");
    console.key_press(Key::ArrowLeft);
    console.run_steps(4);
    assert!(has(console, "1 min ago, loading…"));
    drop(held);
    wait_until(console, "the moment is there", |console| has(console, "1 min ago, pipeline running"));
}

#[test]
fn rows_are_selected_by_mouse_and_keyboard_and_actions_name_what_they_touch() {
    let mut story = story(60, Window { size: [1280.0, 900.0], ..Window::default() });
    let console = &mut story.console;
    click_row(console, 0, Modifiers::NONE);
    click_row(console, 7, Modifiers::SHIFT);
    assert!(has(console, "8 jobs selected"));
    assert!(has(console, "Cancel 6…"), "three pending, two processing, one waiting to retry");
    assert!(has(console, "Retry 2…"), "one failed, one waiting to retry");
    click_row(console, 7, Modifiers::COMMAND);
    assert!(has(console, "7 jobs selected"));
    console.key_press(Key::ArrowUp);
    console.run_steps(3);
    assert!(has(console, "1 job selected"));
    console.key_press_modifiers(Modifiers::SHIFT, Key::End);
    console.run_steps(3);
    assert!(has(console, "54 jobs selected"), "from the seventh to the last");
    console.key_press_modifiers(Modifiers::COMMAND, Key::A);
    console.run_steps(3);
    assert!(has(console, "60 jobs selected"));
    console.key_press(Key::Escape);
    console.run_steps(3);
    assert!(!has(console, "selected"));
}

#[test]
fn cancelling_many_asks_first_and_can_be_undone() {
    let mut story = story(60, Window::default());
    let console = &mut story.console;
    click_row(console, 0, Modifiers::NONE);
    click_row(console, 2, Modifiers::SHIFT);
    click(console, "Cancel 3…");
    wait_until(console, "the question", |console| has(console, "Cancel 3 jobs?"));
    assert!(story.platform.lock().expect("platform").actions.is_empty(), "nothing happens before the answer");
    click(console, "Cancel 3 jobs");
    wait_until(console, "it is told", |console| !console.state().sent.is_empty());
    assert_eq!(toasts(console), ["3 jobs cancelled"]);
    let Some(Command::ShowToast(toast)) = console.state().sent.first().cloned() else { panic!("a toast") };
    let (label, undo) = toast.action.expect("an action");
    assert_eq!(label, "Undo");
    console.state_mut().command(*undo);
    wait_until(console, "it is undone", |console| console.state().sent.len() > 1);
    assert_eq!(toasts(console).last().map(String::as_str), Some("3 jobs as before"));
    let platform = story.platform.lock().expect("platform");
    let actions: Vec<_> = platform.actions.iter().map(|action| (action.action, action.ids.len())).collect();
    assert_eq!((actions, platform.before.len()), (vec![(JobAction::Cancel, 3)], 0), "done once and taken back");
}

#[test]
fn retrying_all_failed_jobs_counts_them_truly_first() {
    let mut story = story(2_500, Window::default());
    let failed = (0..2_500).filter(|n| canned::job(*n).state == JobState::Failed).count();
    story.console.state_mut().command(Command::RetryFailedJobs);
    let question = format!("Retry {failed} jobs?");
    wait_until(&mut story.console, "the question", |console| has(console, &question));
    click(&mut story.console, &format!("Retry {failed} jobs"));
    wait_until(&mut story.console, "it is told", |console| !console.state().sent.is_empty());
    assert_eq!(toasts(&story.console), [format!("{failed} jobs queued again")]);
    assert!(story.platform.lock().expect("platform").jobs.iter().all(|job| job.state != JobState::Failed));
}

#[test]
fn an_event_changes_its_row_in_place_and_new_jobs_do_not_move_what_is_read() {
    let mut story = story(400, Window::default());
    let console = &mut story.console;
    let mut job = canned::job(3);
    job.state = JobState::Completed;
    console.state_mut().happen(Happened::JobChanged(job.clone()));
    console.run_steps(3);
    assert!(has(console, &format!("{}, Completed", job.file_name)));

    let middle = console.get_by_label(&row(6)).rect().center();
    console.hover_at(middle);
    console.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, -1500.0),
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
        source: egui::MouseWheelSource::Wheel,
    });
    console.run_steps(30);
    assert!(!has(console, &row(1)), "scrolled away from the top");
    let mut new = canned::job(0);
    new.id = JobId(uuid::Uuid::from_u128(0x2000_0000));
    new.file_name = "fresh.jpg".to_owned();
    new.enqueued_at = canned::now();
    story.platform.lock().expect("platform").jobs.insert(0, new.clone());
    let console = &mut story.console;
    console.state_mut().happen(Happened::JobChanged(new));
    console.run_steps(3);
    assert!(has(console, "1 new job"));
    assert!(!has(console, "fresh.jpg"));
    pointer::click_label_contains(console, "1 new job");
    wait_until(console, "the new job is on top", |console| has(console, "fresh.jpg, Pending"));
}

#[test]
fn somebodys_bulk_change_leaves_the_reader_where_they_are() {
    let mut story = story(1_500, Window::default());
    let console = &mut story.console;
    click_row(console, 0, Modifiers::NONE);
    console.key_press(Key::End);
    wait_until(console, "the last row of the first page", |console| has(console, &row(199)));
    console.key_press_modifiers(Modifiers::SHIFT, Key::ArrowUp);
    wait_until(console, "two rows are selected", |console| has(console, "2 jobs selected"));
    console.run_steps(60);
    let place = console.get_by_label(&row(198)).rect().top();
    let new = (0..300).map(|n| Job { id: JobId(uuid::Uuid::from_u128(0x2000_0000 + n)), file_name: format!("fresh_{n}.jpg"), ..canned::job(0) });
    story.platform.lock().expect("platform").jobs.splice(0..0, new);
    let console = &mut story.console;
    console.state_mut().happen(Happened::JobsChanged { changed: 300, is_undo: false });
    wait_until(console, "what is new is counted", |console| has(console, "All 1,800"));
    console.run_steps(3);
    let moved = console.get_by_label(&row(198)).rect().top() - place;
    assert!(moved.abs() < 1.0, "the rows stand where they stood, not {moved} lower");
    assert!(has(console, "2 jobs selected"));
    console.key_press(Key::ArrowUp);
    wait_until(console, "the row above is chosen", |console| has(console, "1 job selected") && has(console, &row(197)));
    console.key_press(Key::Home);
    wait_until(console, "the new ones are on top", |console| has(console, "fresh_0.jpg"));
}

#[test]
fn while_something_is_done_to_many_jobs_nothing_else_is_begun() {
    let mut story = story(60, Window { size: [1440.0, 900.0], ..Window::default() });
    let console = &mut story.console;
    console.state_mut().go_to(Route::Job(canned::job(7).id));
    wait_until(console, "the details", |console| has(console, "Retry now"));
    let pos = pointer::press_label(console, "Retry now");
    // It is still being counted when the button is let go.
    let held = story.platform.lock().expect("platform");
    console.state_mut().command(Command::RetryFailedJobs);
    pointer::release(console, pos);
    console.step();
    drop(held);
    wait_until(console, "it is said", |console| !toasts(console).is_empty());
    assert_eq!(toasts(console), ["Something else is being done to jobs just now; try again in a moment"]);
    wait_until(console, "the question of the first", |console| has(console, "Retry 5 jobs?"));
    assert!(story.platform.lock().expect("platform").actions.is_empty(), "nothing was done");
}

#[test]
fn the_list_is_searched_filtered_and_turned() {
    let mut story = story(400, Window::default());
    let console = &mut story.console;
    console.key_press(Key::Slash);
    console.run_steps(3);
    console.get_by_label("Find jobs").type_text("raccoon_89");
    wait_until(console, "only what was searched for is listed", |console| !has(console, &row(0)) && has(console, &row(11)));
    console.get_by_label("Find jobs").focus();
    console.key_press(Key::Escape);
    wait_until(console, "everything is back", |console| has(console, &row(0)));
    pointer::click_label(console, "Queued, newest first");
    wait_until(console, "the oldest is first", |console| has(console, &row(399)) && has(console, "Queued, oldest first"));
    pointer::click_label_contains(console, "Cancelled");
    wait_until(console, "only cancelled jobs are listed", |console| has(console, &row(377)));
}

#[test]
fn columns_are_left_out_for_others_that_are_wanted() {
    let mut story = story(60, Window { size: [1100.0, 800.0], ..Window::default() });
    let console = &mut story.console;
    fn header(console: &Harness<'_, AreaState<LiveStatus>>, name: &str) -> bool {
        console.query_by_role_and_label(egui::accesskit::Role::Button, name).is_some()
    }
    assert!(header(console, "Took") && !header(console, "Tries"), "there is no room for all");
    pointer::click_label(console, "Columns");
    for name in ["Took", "Confidence", "Wait", "Model", "Priority"] {
        pointer::click(console, |shown| shown.query_by_role_and_label(egui::accesskit::Role::CheckBox, name).map(|node| node.rect()));
    }
    console.key_press(Key::Escape);
    wait_until(console, "others are there", |console| !header(console, "Took") && header(console, "Tries"));
}

#[test]
fn terms_find_jobs_and_what_is_no_term_is_said_at_the_field() {
    let mut story = story(400, Window::default());
    let console = &mut story.console;
    console.key_press(Key::Slash);
    console.run_steps(3);
    assert!(has(console, "A minus before a term leaves out what it finds"), "what can be typed is told");
    console.get_by_label("Find jobs").type_text("state:failed -coffee");
    wait_until(console, "only failed jobs of other photos", |console| !has(console, &row(0)) && !has(console, "coffee_89993.jpg, Failed"));
    console.get_by_label("Find jobs").type_text(" size>3");
    wait_until(console, "what is wrong", |console| has(console, "There is no term 'size'"));
    console.key_press(Key::Escape);
    wait_until(console, "everything is back", |console| has(console, &row(0)) && !has(console, "There is no term"));
    pointer::click_label(console, "Confidence");
    wait_until(console, "sorted by confidence", |console| has(console, "Confidence, descending"));
}

#[test]
fn ten_thousand_jobs_load_as_one_scrolls_and_all_can_be_selected() {
    let mut story = story(10_000, Window::default());
    let console = &mut story.console;
    assert!(!has(console, &row(60)), "only rows in sight are drawn");
    click_row(console, 0, Modifiers::NONE);
    console.key_press(Key::End);
    wait_until(console, "the next page comes", |console| has(console, &row(199)));
    console.key_press_modifiers(Modifiers::COMMAND, Key::A);
    console.run_steps(2);
    wait_until(console, "all are selected", |console| has(console, "All 10,000 jobs selected"));
    // The platform counts to how many it applies, loaded or not, before anything is done.
    click(console, "Retry…");
    let failed = |job: &Job| matches!(job.state, JobState::Failed | JobState::Cancelled | JobState::RetryWait);
    let count = story.platform.lock().expect("platform").jobs.iter().filter(|job| failed(job)).count();
    let words = format!("Retry {} jobs", number(count));
    let console = &mut story.console;
    wait_until(console, "the question", |console| has(console, &format!("{words}?")) && has(console, "that it does not apply to"));
    click(console, &words);
    wait_until(console, "it is told", |console| !console.state().sent.is_empty());
    assert!(toasts(console)[0].ends_with("queued again"), "{:?}", toasts(console));
    assert_eq!(story.platform.lock().expect("platform").jobs.iter().filter(|job| failed(job)).count(), 0);
}

#[test]
fn what_can_not_be_retried_is_not_offered_and_a_chip_against_a_typed_state_is_said_to_be() {
    let mut story = story(60, Window { size: [1440.0, 900.0], ..Window::default() });
    let failed = story.platform.lock().expect("canned").jobs.iter().filter(|job| job.state == JobState::Failed).count();
    assert!(has(&story.console, &format!("Retry {failed} failed…")));
    story.platform.lock().expect("canned").retriable = Some(0);
    let console = &mut story.console;
    console.state_mut().command(Command::Reload);
    wait_until(console, "none can be retried", |console| has(console, "Retry failed") && !has(console, &format!("Retry {failed} failed…")));

    console.state_mut().go_to(Route::Jobs(Some(JobState::Processing)));
    wait_until(console, "those in work", |console| has(console, &row(3)) && !has(console, &row(0)));
    console.key_press(Key::Slash);
    console.run_steps(3);
    console.get_by_label("Find jobs").type_text("state:failed");
    wait_until(console, "it is said", |console| has(console, "The state Processing is chosen above, and what is typed asks for another"));
    click(console, "Show all states");
    wait_until(console, "the failed ones", |console| has(console, &row(7)) && !has(console, &row(3)));
}

/// With a comma before the thousands.
fn number(count: usize) -> String {
    if count < 1_000 { count.to_string() } else { format!("{},{:03}", count / 1_000, count % 1_000) }
}

#[test]
fn details_show_the_answer_the_fault_and_where_the_time_went() {
    let mut story = story(60, Window::default());
    let console = &mut story.console;
    click_row(console, 7, Modifiers::NONE);
    console.key_press(Key::Enter);
    wait_until(console, "the fault", |console| has(console, "Provider overloaded"));
    for said in ["Wait a little, or lower the number of workers, then retry", "request req_7f3a", "call: 1.14 s", "Queue wait", "1.24 s"] {
        assert!(has(console, said), "{said}");
    }
    console.state_mut().go_to(Route::Job(canned::job(6).id));
    wait_until(console, "another job's answer", |console| has(console, "A tabby cat lies on a window sill"));
    for said in ["tabby", "Confidence 76 %", "Confidence is self-reported by the model · accepted by the rules", "$0.000194", "1,312"] {
        assert!(has(console, said), "{said}");
    }
    console.key_press(Key::Escape);
    console.run_steps(3);
    assert!(!has(console, "A tabby cat"));
}

#[test]
fn a_platform_in_trouble_is_told_and_recovers() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (client, platform) = canned::start(&runtime, 40);
    platform.lock().expect("platform").is_broken = true;
    let mut console = area::show(LiveStatus::default(), &client, &runtime, canned::now(), Window::default());
    wait_until(&mut console, "the trouble", |console| has(console, "The disk is full") && has(console, "The jobs could not be read"));
    platform.lock().expect("platform").is_broken = false;
    console.state_mut().command(Command::Reload);
    wait_until(&mut console, "the jobs", |console| has(console, &row(0)) && !has(console, "could not be read"));
    let retry_at = std::time::Instant::now();
    console.state_mut().link = LinkState::Lost { why: "connection refused".to_owned(), is_refused: false, since: Moment::now(), retry_at };
    console.run_steps(3);
    assert!(has(&console, "Stale: the platform has not been heard for"));
    let why = "The token was not accepted: enter the one it has now".to_owned();
    console.state_mut().link = LinkState::Lost { why: why.clone(), is_refused: true, since: Moment::now(), retry_at };
    console.run_steps(3);
    assert!(has(&console, &why) && !has(&console, "Stale: "), "it is heard, and refuses");
    click(&mut console, "Settings");
    assert!(matches!(console.state().sent.last(), Some(Command::OpenSettings)));
}

#[test]
fn an_empty_queue_offers_to_add_photos() {
    let story = story(0, Window::default());
    assert_eq!(story.console.get_all_by_label("Add photos…").count(), 2, "in the toolbar and where the table will be");
}

#[test]
fn dropped_photos_are_added_and_each_refused_file_is_named_with_the_reason() {
    let mut story = story(0, Window::default());
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..29 {
        std::fs::write(folder.path().join(format!("{n}.jpg")), b"a photo").expect("a file");
    }
    std::fs::write(folder.path().join("empty.png"), b"").expect("a file");
    let console = &mut story.console;
    console.state_mut().drop_files(vec![folder.path().to_owned(), folder.path().join("gone.jpg")]);
    wait_until(console, "all are answered for", |console| has(console, "29 photos added, 2 refused"));
    click(console, "Show why");
    for said in ["empty.png", "The file is empty", "gone.jpg", "There is no such file or folder"] {
        assert!(has(console, said), "{said}");
    }
    click(console, "Dismiss");
    assert!(!has(console, "refused"));
}

#[test]
fn an_upload_that_breaks_off_says_why_and_sends_the_rest_when_told() {
    let mut story = story(0, Window::default());
    story.platform.lock().expect("platform").is_broken = true;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("one.jpg"), b"a photo").expect("a file");
    let console = &mut story.console;
    console.state_mut().drop_files(vec![folder.path().to_owned()]);
    wait_until(console, "why it broke off", |console| has(console, "The disk is full: Free some space"));
    story.platform.lock().expect("platform").is_broken = false;
    click(console, "Try the rest again");
    wait_until(console, "it is added", |console| toasts(console) == ["1 photo added"]);
}

#[test]
fn live_status_looks_as_it_should() {
    let mut results = SnapshotResults::new();
    let window = Window::default();
    for (name, window, details) in [
        ("live_status_dark", window, Some(6)),
        ("live_status_light", Window { theme: Theme::Light, ..window }, Some(7)),
        ("live_status_small", Window { size: [824.0, 640.0], ..window }, None),
        ("live_status_150", Window { size: [1060.0, 700.0], theme: Theme::Light, pixels_per_point: 1.5 }, None),
    ] {
        let mut story = story_of(400, window, |platform| {
            let mut platform = platform.lock().expect("canned");
            (platform.daily_limit, platform.lab_spend) = (Some(UsdMicros(5_000_000)), UsdMicros(2_240));
        });
        let console = &mut story.console;
        wait_until(console, "the budget", |console| has(console, "of $5.00 today"));
        click_row(console, 1, Modifiers::NONE);
        click_row(console, 3, Modifiers::SHIFT);
        let mut photos: Vec<_> = (0..6).map(|n| (canned::job(n).photo_id, 256)).collect();
        if let Some(n) = details {
            console.state_mut().go_to(Route::Job(canned::job(n).id));
            photos.push((canned::job(n).photo_id, 1024));
        }
        area::wait_for_photos(console, &photos);
        if details.is_some() {
            wait_until(console, "the details", |console| has(console, "Newest result"));
        }
        console.remove_cursor();
        console.run_steps(4);
        console.snapshot(name);
        results.extend_harness(console);
    }
}

#[test]
fn calls_that_are_held_back_are_told_once_and_lead_to_the_providers() {
    let window = Window { size: [1060.0, 640.0], theme: Theme::Light, pixels_per_point: 1.0 };
    let mut story = story(60, window);
    let said = "Calls to Google Gemini are held back. The quota of this key is used up; waiting a few minutes will not help";
    story.platform.lock().expect("platform").held_back =
        Some(Fault { provider: Some("gemini".to_owned()), ..Fault::new(FaultKind::QuotaSpent, said) });
    let console = &mut story.console;
    console.state_mut().happen(Happened::JobsChanged { changed: 1, is_undo: false });
    wait_until(console, "the message", |console| has(console, "Held back") && has(console, "No photo is lost: jobs wait. Calls to Google Gemini"));
    let photos: Vec<_> = (0..6).map(|n| (canned::job(n).photo_id, 256)).collect();
    area::wait_for_photos(console, &photos);
    console.remove_cursor();
    console.run_steps(4);
    console.snapshot("live_status_held_back");
    click(console, "Set up providers");
    assert!(console.state().sent.iter().any(|command| matches!(command, Command::GoTo(Route::Providers))));
}

#[test]
fn on_a_real_platform_the_bundled_photos_go_through_before_ones_eyes() {
    let provider = Scripted::held();
    let mut console = WholeConsole::open(Options::with_providers(vec![provider.clone()]).seeded());
    console.wait_until("the photos are queued", |console| console.says(".jpg, P"));
    provider.let_through(100);
    console.wait_until("the rows follow", |console| console.says(".jpg, Completed") && !console.says(", Pending") && !console.says(", Processing"));
    console.wait_until("the cards follow", |console| console.says("Done today: 24") && console.says("Pending: 0"));
    // Which one is the newest is not told before: they are added as they are read.
    let client = console.client();
    let newest = console.block_on(client.jobs(&JobQuery { limit: Some(1), ..JobQuery::default() })).expect("jobs").items.remove(0);
    let row = format!("{}, Completed", newest.file_name);
    // The list is read again at most twice a second.
    console.wait_for(&row);
    console.click(&row);
    console.press(Modifiers::NONE, Key::Enter);
    console.wait_for("Newest result · on-device");
    console.click("Pause");
    console.wait_for("The pipeline is paused");
    console.wait_until("the toolbar offers to go on", |console| console.says("Resume"));
}
