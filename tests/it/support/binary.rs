//! The real program as a process of its own, in a world of its own: no key, no display, no home of a person.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use minerva_console::client::Client;

/// The token of every [`Served`] platform.
pub const TOKEN: &str = "a-token-for-tests-only";

/// The program with an empty environment; what it keeps lies below `home`.
pub fn minerva(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minerva"));
    command
        .env_clear()
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    command.stdin(Stdio::null());
    command
}

/// What a finished process said.
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs the program to its end.
pub fn run(home: &Path, arguments: &[&str]) -> Said {
    minerva(home).args(arguments).output().expect("the program starts").into()
}

/// `minerva serve` on a free port. Killed when dropped.
pub struct Served {
    pub child: Child,
    pub base: url::Url,
}

impl Served {
    /// Starts it on a data folder and waits until it answers.
    pub fn start(home: &Path, data: &Path, arguments: &[&str]) -> Self {
        Self::start_with(home, data, arguments, &[])
    }

    /// The same with these variables in its environment.
    pub fn start_with(home: &Path, data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = minerva(home);
        command.envs(environment.iter().copied());
        command.env("MINERVA_TOKEN", TOKEN).args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped")).read_line(&mut line).expect("stdout is readable");
        let Some(url) = line.trim().strip_prefix("Minerva answers on ") else {
            let _ = child.kill();
            let said = Said::from(child.wait_with_output().expect("it ends"));
            panic!("serve said {line:?} and {}", said.err);
        };
        Self { child, base: url.parse().expect("a URL") }
    }

    pub fn client(&self) -> Client {
        Client::new(self.base.clone(), TOKEN.into()).expect("a client")
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it is running");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end (SIGTERM), and returns its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().expect("kill runs").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again until the answer is `Some`, for at most `limit`.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, limit: std::time::Duration, mut ask: impl FnMut() -> F) -> T {
    let deadline = std::time::Instant::now() + limit;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "waited {limit:?} in vain: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
}
