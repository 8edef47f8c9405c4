//! A virtual screen with mouse, keyboard and pictures: Xvfb, xdotool and `ImageMagick`, as `tests/run --setup` installs them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use image::RgbImage;

/// One X server of our own. Ended when dropped.
pub struct Screen {
    server: Child,
    /// Such as `:7`.
    pub display: String,
}

impl Screen {
    /// On a display number that is free.
    pub fn start(width: u32, height: u32) -> Self {
        let size = format!("{width}x{height}x24");
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts; 'tests/run --setup' installs it");
        let mut number = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut number).expect("Xvfb tells its display");
        Self { server, display: format!(":{}", number.trim()) }
    }

    /// Runs xdotool; returns what it printed, or `None` when it did not succeed.
    pub fn xdotool(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("xdotool").env("DISPLAY", &self.display).args(arguments).output().expect("xdotool runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Waits for a window with this title and gives it the keyboard; there is no window manager to do so.
    pub fn window(&self, title: &str, limit: Duration) -> String {
        let found = wait(limit, || self.xdotool(&["search", "--onlyvisible", "--name", title]).filter(|found| !found.is_empty()));
        let window = found.unwrap_or_else(|| panic!("no window '{title}' within {limit:?}"));
        let window = window.lines().next().expect("a line").to_owned();
        wait(limit, || self.xdotool(&["windowfocus", "--sync", &window])).expect("the window takes the keyboard");
        window
    }

    /// Presses keys, such as `ctrl+k`.
    pub fn key(&self, keys: &str) {
        self.xdotool(&["key", "--clearmodifiers", keys]).expect("keys are pressed");
    }

    pub fn type_text(&self, text: &str) {
        self.xdotool(&["type", "--delay", "15", text]).expect("text is typed");
    }

    pub fn click(&self, x: u32, y: u32) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"]).expect("the mouse clicks");
    }

    /// What the screen shows.
    pub fn picture(&self) -> RgbImage {
        let shot = Command::new("import").args(["-display", &self.display, "-window", "root", "png:-"]).output().expect("import runs");
        image::load_from_memory(&shot.stdout).expect("a picture").to_rgb8()
    }

    /// Waits until two pictures in a row are as good as equal.
    pub fn settled_picture(&self, limit: Duration) -> RgbImage {
        let mut last = self.picture();
        let settled = wait(limit, || {
            std::thread::sleep(Duration::from_millis(400));
            let now = self.picture();
            let is_same = difference(&last, &now) < 0.001 && colours(&now) > 1;
            last = now;
            is_same.then_some(())
        });
        assert!(settled.is_some(), "the screen does not come to rest within {limit:?}");
        last
    }

    /// Waits for a picture that satisfies a condition.
    pub fn picture_when(&self, what: &str, limit: Duration, is_so: impl Fn(&RgbImage) -> bool) -> RgbImage {
        let found = wait(limit, || Some(self.picture()).filter(&is_so));
        found.unwrap_or_else(|| {
            let path = std::env::temp_dir().join("minerva-screen.png");
            let _ = self.picture().save(&path);
            panic!("waited {limit:?} in vain: {what}; the screen is in {}", path.display())
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Tries until there is an answer, or the time is over.
pub fn wait<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = ask() {
            return Some(found);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Share of the pixels that differ, 0–1.
pub fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let differing = one.pixels().zip(other.pixels()).filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 8)).count();
    differing as f64 / f64::from(one.width() * one.height())
}

/// Colours in a picture: an empty window has a few, a drawn one hundreds.
pub fn colours(picture: &RgbImage) -> usize {
    picture.pixels().map(|pixel| pixel.0).collect::<std::collections::HashSet<_>>().len()
}
