//! `minerva serve`: starts, stops, is killed, and loses nothing.

use std::time::Duration;

use minerva_console::wire::job::{Job, JobQuery, JobState};
use minerva_console::wire::result::{Outcome, PhotoResult};

use crate::support::binary::{Served, minerva, run, until};

/// The on-device model takes about 0.15 s a photo on a core of its own; a busy machine has none.
const PATIENCE: Duration = Duration::from_mins(3);

async fn jobs(served: &Served) -> Vec<Job> {
    served.client().jobs(&JobQuery { limit: Some(1000), ..JobQuery::default() }).await.expect("jobs").items
}

fn count(jobs: &[Job], state: JobState) -> usize {
    jobs.iter().filter(|job| job.state == state).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_mid_work_it_picks_up_where_it_was() {
    let home = tempfile::tempdir().expect("folder");
    let data = home.path().join("data");
    let mut served = Served::start(home.path(), &data, &[]);
    let mut seen = Vec::new();
    for wanted in [2, 6] {
        let begun = until("some jobs are done", PATIENCE, || async {
            let jobs = jobs(&served).await;
            (count(&jobs, JobState::Completed) >= wanted).then_some(jobs)
        })
        .await;
        seen.extend(begun.iter().filter(|job| job.state == JobState::Completed).map(|job| job.id));
        served.kill();
        served = Served::start(home.path(), &data, &[]);
        let after = jobs(&served).await;
        assert!(begun.iter().all(|job| after.iter().any(|later| later.id == job.id)), "an acknowledged job is gone");
        assert!(seen.iter().all(|id| after.iter().any(|job| job.id == *id && job.state == JobState::Completed)), "a result is gone");
    }
    let done = until("all jobs are done", PATIENCE, || async {
        let jobs = jobs(&served).await;
        (jobs.len() >= 24 && count(&jobs, JobState::Completed) == jobs.len()).then_some(jobs)
    })
    .await;
    assert_eq!(done.len(), 24, "one job per bundled photo, none twice");
    for job in &done {
        let details = served.client().job(job.id).await.expect("details");
        let is_answer = |result: &&PhotoResult| matches!(result.outcome, Outcome::Completed(_));
        assert_eq!(details.results.iter().filter(is_answer).count(), 1, "{} has one answer", job.file_name);
    }
}

#[test]
fn a_second_one_on_the_same_folder_says_so() {
    let home = tempfile::tempdir().expect("folder");
    let data = home.path().join("data");
    let _first = Served::start(home.path(), &data, &["--no-bundled-photos"]);
    let second = run(home.path(), &["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().expect("UTF-8")]);
    assert_eq!(second.code, Some(1), "{}", second.out);
    assert!(second.err.contains("Another Minerva") && second.err.contains("--data-dir"), "{}", second.err);
}

#[test]
fn it_stops_when_asked_and_leaves_no_token_behind() {
    let home = tempfile::tempdir().expect("folder");
    let data = home.path().join("data");
    let served = Served::start(home.path(), &data, &["--no-bundled-photos"]);
    assert_eq!(served.terminate(), Some(0));
    assert!(!data.join("serve-token").exists());
    let again = Served::start(home.path(), &data, &["--no-bundled-photos"]);
    assert_eq!(again.terminate(), Some(0), "the folder is free again");
}

#[test]
#[cfg(unix)]
fn a_token_of_its_own_is_for_the_owner_only_and_not_shown() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().expect("folder");
    let mut command = minerva(home.path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--no-bundled-photos", "--data-dir"]).arg(home.path().join("data"));
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("starts");
    let lines: Vec<_> = BufReader::new(child.stdout.take().expect("piped")).lines().take(2).map(|line| line.expect("UTF-8")).collect();
    let path = home.path().join("data/serve-token");
    let token = std::fs::read_to_string(&path).expect("the token file");
    let mode = path.metadata().expect("metadata").permissions().mode() & 0o777;
    child.kill().expect("running");
    child.wait().expect("ends");
    assert_eq!(mode, 0o600);
    assert!(token.trim().len() >= 32 && lines[1].contains("serve-token"), "{lines:?}");
    assert!(!lines.concat().contains(token.trim()), "the token is shown");
}

#[test]
fn beyond_this_machine_it_wants_a_token() {
    let home = tempfile::tempdir().expect("folder");
    let said = run(home.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert!(said.err.contains("MINERVA_TOKEN"), "{}", said.err);
    let short = minerva(home.path()).env("MINERVA_TOKEN", "short").args(["serve", "--listen", "0.0.0.0:0"]).output().expect("runs");
    assert_eq!(short.status.code(), Some(2));
}
