//! What can be typed about directories. Each is named by its id or name.

use super::super::text::TextSource;
use super::InOrganisation;
use clap::{Args, Subcommand, ValueEnum};
use relais_core::directory::EntryId;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum DirectoryCommand {
    /// Add a directory; look at its plan before its first reading
    Add {
        name: String,
        kind: KindWord,
        #[command(flatten)]
        settings: Box<DirectorySettings>,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// List the directories
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show a directory and its settings
    Show { directory: String },
    /// Change a directory's name or settings; what is not given stays
    Change {
        directory: String,
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        settings: Box<DirectorySettings>,
    },
    /// Read it and say what it would change; nothing is kept
    Plan { directory: String },
    /// Read it and do what it says, unless too many people would be suspended
    Sync { directory: String },
    /// Carry out the plan that is held
    Apply { directory: String },
    /// Show what the last reading came to, and what differs still
    Report { directory: String },
    /// Say that an entry, as a report names it, and an account are one person's
    Link { directory: String, entry: EntryId, account: String },
    /// Read it no more; accounts and groups stay as they are
    Remove { directory: String },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum KindWord {
    /// OpenLDAP, or another server with entryUUID
    OpenLdap,
    ActiveDirectory,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum EncryptionWord {
    Tls,
    StartTls,
    /// Only to a server on the same machine
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ReadingWord {
    Changes,
    Whole,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SignInWord {
    Off,
    Bind,
}

/// How it is reached and read. An empty text takes a setting away.
#[derive(Debug, Args)]
pub struct DirectorySettings {
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    #[arg(long)]
    pub port: Option<u16>,
    #[arg(long)]
    pub encryption: Option<EncryptionWord>,
    /// Whoever signed the server's certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// As whom it is read
    #[arg(long, value_name = "DN")]
    pub bind_dn: Option<String>,
    /// Its password: @FILE, @- or as typed
    #[arg(long, value_name = "@FILE")]
    pub bind_password: Option<TextSource>,
    /// Below which people are
    #[arg(long, value_name = "DN")]
    pub base: Option<String>,
    /// Which entries are people
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<String>,
    /// Which of them may not sign in
    #[arg(long, value_name = "FILTER")]
    pub disabled_filter: Option<String>,
    /// Read what changed, or everything each time
    #[arg(long)]
    pub reading: Option<ReadingWord>,
    /// Put behind addresses that are logins
    #[arg(long)]
    pub domain: Option<String>,
    /// Which attribute is what: address=mail, name, given_name, family_name, phone, mobile, job_title, department; may be
    /// repeated
    #[arg(long = "attribute", value_name = "WHAT=ATTRIBUTE", value_parser = parse_attribute)]
    pub attributes: Vec<(String, String)>,
    /// Below which groups are; an empty text leaves groups alone
    #[arg(long, value_name = "DN")]
    pub groups_base: Option<String>,
    #[arg(long, value_name = "FILTER")]
    pub groups_filter: Option<String>,
    /// More suspended at once are held until somebody says so
    #[arg(long, value_name = "NUMBER")]
    pub count_max: Option<u32>,
    /// So many of a hundred likewise
    #[arg(long, value_name = "PERCENT")]
    pub percent_max: Option<u32>,
    /// How often it is read by itself: minutes, or never
    #[arg(long, value_name = "MINUTES|never", value_parser = parse_every)]
    pub every: Option<Every>,
    /// Whether people sign in with their password there
    #[arg(long)]
    pub sign_in: Option<SignInWord>,
    /// Where several directories know a person, the lowest number decides
    #[arg(long, value_name = "NUMBER")]
    pub precedence: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
pub enum Every {
    Minutes(u32),
    Never,
}

fn parse_every(text: &str) -> Result<Every, String> {
    match text {
        "never" | "jamais" => Ok(Every::Never),
        text => text.parse().map(Every::Minutes).map_err(|_| "a number of minutes, or never".to_owned()),
    }
}

fn parse_attribute(text: &str) -> Result<(String, String), String> {
    let (what, attribute) = text.split_once('=').ok_or("write WHAT=ATTRIBUTE, like address=mail")?;
    Ok((what.to_owned(), attribute.to_owned()))
}
