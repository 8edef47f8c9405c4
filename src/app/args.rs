//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use url::Url;

/// Compare what prompts and models find in the same photos.
///
/// Without a command it opens the console.
#[derive(Debug, Parser)]
#[command(name = "minerva", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Args {
    #[command(flatten)]
    pub shared: SharedArgs,
    /// Opens the console on this platform (http://HOST:PORT) instead of one of its own; its token is
    /// read from `MINERVA_TOKEN`
    #[arg(long, value_name = "URL")]
    pub platform: Option<Url>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 all went well, 1 something failed, 2 wrong usage";

/// What every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SharedArgs {
    /// Folder of the database, photos and logs; the system's place for user data unless told
    #[arg(long, global = true, value_name = "PATH", env = "MINERVA_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Configuration file; `config.toml` in the system's place for configuration unless told
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Sends a provider's calls to another address, such as `gemini=http://127.0.0.1:8080`; repeatable
    #[arg(long, global = true, value_name = "PROVIDER=URL")]
    pub base_url: Vec<BaseUrl>,
    /// Logs more (everything of Minerva, at level debug)
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Runs the platform without a window, for consoles on this or other machines
    Serve(ServeArgs),
}

/// `minerva serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Address and port to answer on; port 0 takes a free one. Beyond loopback a token is required
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:4100")]
    pub listen: SocketAddr,
    /// Database, such as `sqlite:/srv/minerva/team.sqlite`; the one in the data folder unless told.
    /// Without `--data-dir`, photos and logs lie beside it in `team.sqlite.files`
    #[arg(long, value_name = "sqlite:PATH")]
    pub database: Option<DatabasePath>,
    /// File that holds the token which consoles must send. `MINERVA_TOKEN` may hold it instead; with
    /// neither, a random one is written to a file that only you can read
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Starts an empty library empty, without the bundled photos
    #[arg(long)]
    pub no_bundled_photos: bool,
}

/// `PROVIDER=URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    pub provider: String,
    pub url: Url,
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, url) = text.split_once('=').ok_or("write it as PROVIDER=URL, such as gemini=http://127.0.0.1:8080")?;
        let url = Url::parse(url).map_err(|error| format!("'{url}' is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("'{url}' must begin with http:// or https://"));
        }
        Ok(Self { provider: provider.to_owned(), url })
    }
}

/// `sqlite:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabasePath(pub PathBuf);

impl FromStr for DatabasePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
            Some(path) if !path.is_empty() => Ok(Self(path.into())),
            _ => Err("write it as sqlite:PATH; other databases are not supported".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn shared_options_stand_before_or_after_the_command() {
        for line in [["minerva", "--data-dir", "/x", "serve"], ["minerva", "serve", "--data-dir", "/x"]] {
            let args = Args::try_parse_from(line).expect("parses");
            assert_eq!(args.shared.data_dir, Some("/x".into()));
        }
    }

    #[test]
    fn a_database_is_named_with_its_kind() {
        assert_eq!("sqlite:/a/b.db".parse(), Ok(DatabasePath("/a/b.db".into())));
        assert_eq!("sqlite:///a/b.db".parse(), Ok(DatabasePath("/a/b.db".into())));
        for bad in ["postgres://x", "/a/b.db", "sqlite:"] {
            assert!(bad.parse::<DatabasePath>().expect_err("refused").contains("sqlite:PATH"));
        }
    }

    #[test]
    fn a_base_url_names_provider_and_address() {
        let parsed: BaseUrl = "gemini=http://127.0.0.1:9/x".parse().expect("parses");
        assert_eq!((parsed.provider.as_str(), parsed.url.as_str()), ("gemini", "http://127.0.0.1:9/x"));
        for bad in ["gemini", "gemini=nowhere", "gemini=file:///etc/passwd"] {
            assert!(bad.parse::<BaseUrl>().is_err(), "{bad}");
        }
    }
}
