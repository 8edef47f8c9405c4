//! The real window on a virtual screen: how soon it stands, what it holds, what it costs when nothing happens.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::report;
use crate::support::binary::minerva;
use crate::support::screen::{Screen, wait};

const PATIENCE: Duration = Duration::from_mins(3);
/// Share of a core above which the model is still at work, rather than a frame being drawn now and then.
const AT_WORK: f64 = 0.3;
/// Starts of which the median counts; the first warms the disk's cache.
const STARTS: usize = 7;

/// A window is shown with its first frame, not before.
pub fn start_memory_idle() {
    let screen = Screen::start(1280, 800);
    let mut times: Vec<f64> = (0..STARTS).map(|_| start(&screen).1).skip(1).collect();
    times.sort_by(f64::total_cmp);
    report("Time to the first frame, new data folder (median)", times[times.len() / 2], "ms");
    let (console, _, _home) = start(&screen);
    let pid = console.0.id();
    let done = wait(PATIENCE, || (cpu_share(pid, Duration::from_secs(2)) < AT_WORK).then_some(()));
    assert!(done.is_some(), "the console is still at work {PATIENCE:?} after its start");
    report("Resident memory after the bundled photos were tagged", resident_mib(pid), "MiB");
    report("CPU when nothing happens, drawn in software", cpu_share(pid, Duration::from_secs(10)) * 100.0, "% of a core");
}

fn start(screen: &Screen) -> (Ended, f64, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    let mut command = minerva(home.path());
    command.env("DISPLAY", &screen.display).env("LIBGL_ALWAYS_SOFTWARE", "1");
    let console = Ended(command.spawn().expect("the console starts"));
    let seen = || screen.xdotool(&["search", "--onlyvisible", "--name", "Minerva"]).filter(|found| !found.is_empty());
    while seen().is_none() {
        assert!(begun.elapsed() < PATIENCE, "no window within {PATIENCE:?}");
    }
    (console, begun.elapsed().as_secs_f64() * 1000.0, home)
}

/// A process that does not outlive the measurement.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn resident_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().expect("a number") / 1024.0
}

/// Share of one core that a process takes while `span` passes.
fn cpu_share(pid: u32, span: Duration) -> f64 {
    let before = cpu_ticks(pid);
    let begun = Instant::now();
    std::thread::sleep(span);
    // Linux counts in hundredths of a second, whatever the machine.
    (cpu_ticks(pid) - before) / 100.0 / begun.elapsed().as_secs_f64()
}

/// User and system time: the fields 14 and 15; the second one is a name in brackets that may hold blanks.
fn cpu_ticks(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    fields[11].parse::<f64>().expect("a number") + fields[12].parse::<f64>().expect("a number")
}
