//! Messages of the desktop: a service of them on a private bus.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, Utc};
use minerva_console::wire::alert::{Alert, AlertMetric, Severity};
use minerva_console::wire::event::Happened;
use minerva_console::wire::ids::AlertId;

use crate::support::console::Console;
use crate::support::platform::Options;
use crate::support::scripted::Scripted;

/// Set in the child that runs on the private bus.
const INSIDE: &str = "MINERVA_TEST_ON_A_BUS";

/// Keeps what it is to show.
struct Service(Arc<Mutex<Vec<String>>>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "of the interface")]
    fn notify(
        &self,
        app: &str,
        replaces: u32,
        icon: &str,
        summary: &str,
        body: &str,
        actions: Vec<String>,
        hints: std::collections::HashMap<String, zbus::zvariant::OwnedValue>,
        timeout_ms: i32,
    ) -> u32 {
        let _ = (app, replaces, icon, actions, hints, timeout_ms);
        self.0.lock().expect("not poisoned").push(format!("{summary}: {body}"));
        1
    }
}

fn alert(rule: &str) -> Alert {
    Alert {
        id: AlertId::fresh(),
        rule: rule.to_owned(),
        metric: AlertMetric::QueueDepth,
        severity: Severity::Warning,
        subject: None,
        threshold: 1_000.0,
        value: 1_204.0,
        fired_at: Utc::now() - TimeDelta::minutes(1),
        acknowledged: None,
        snoozed_until: None,
        resolved_at: None,
    }
}

#[test]
fn an_alert_is_told_by_the_desktop_only_while_the_window_is_behind_others_and_nobody_wants_quiet() {
    if std::env::var_os(INSIDE).is_none() {
        let this = std::env::current_exe().expect("this binary");
        let test = "desktop::an_alert_is_told_by_the_desktop_only_while_the_window_is_behind_others_and_nobody_wants_quiet";
        let mut command = Command::new("dbus-run-session");
        command.arg("--").arg(this).args(["--exact", test, "--nocapture"]).env(INSIDE, "1").stdin(Stdio::null());
        let output = command.output().expect("dbus-run-session starts; 'tests/run --setup' installs it");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let shown: Arc<Mutex<Vec<String>>> = Arc::default();
    let service = zbus::blocking::connection::Builder::session().expect("the bus").name("org.freedesktop.Notifications").expect("a name");
    let _bus = service.serve_at("/org/freedesktop/Notifications", Service(Arc::clone(&shown))).expect("served").build().expect("on the bus");
    let count = || shown.lock().expect("not poisoned").len();

    let mut console = Console::open(Options::with_providers(vec![Scripted::new()]));
    // In front: the window tells it by itself.
    console.tell(Happened::AlertChanged(alert("first")));
    console.wait_for("Queue depth is 1,204 jobs, above 1,000 jobs");
    assert_eq!(count(), 0);

    console.harness.input_mut().focused = false;
    console.tell(Happened::AlertChanged(alert("second")));
    console.wait_until("the desktop tells it", |_| count() == 1);
    assert_eq!(shown.lock().expect("not poisoned")[0], "Minerva: Warning: Queue depth is 1,204 jobs, above 1,000 jobs");

    console.command(minerva_console::gui::ctx::Command::OpenSettings);
    console.click("Tell me on the desktop while the window is behind others");
    console.tell(Happened::AlertChanged(alert("third")));
    console.wait_until("the window counts three", |console| console.says("3 alerts"));
    for _ in 0..20 {
        console.steps();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(count(), 1, "nobody wanted to be told");
}
