//! What can be typed about backups. A generation is named by its id, or by `latest`.

use super::InOrganisation;
use crate::doors::cli::when::When;
use clap::{Args, Subcommand};
use jiff::civil::Time;
use relais_core::address::EmailAddress;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// List the archives of an account, and whether they were taken
    List { account: String },
    /// Make one of what is yours and send yourself the link, with your own session (--token)
    Take { account: String },
    /// Make the last one anew and send its link; the link that was sent before is void
    Send { account: String },
}

#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Back up now, and wait until it is verified
    Run {
        /// Only this account: address or id
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Do not wait for its end
        #[arg(long)]
        no_wait: bool,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// List the generations
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show a generation and what it holds
    Show {
        generation: String,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Look into what a generation holds of somebody: folders, calendars, address books
    Tree {
        #[command(flatten)]
        of: Held,
    },
    /// List and search messages, the newest first
    Messages {
        #[command(flatten)]
        of: Held,
        /// Only this folder, by the name people see, and those below it
        #[arg(long)]
        folder: Option<String>,
        /// A part of the sender
        #[arg(long, value_name = "TEXT")]
        from: Option<String>,
        /// A part of the subject
        #[arg(long, value_name = "TEXT")]
        subject: Option<String>,
        #[arg(long, value_name = "DATE")]
        since: Option<When>,
        #[arg(long, value_name = "DATE")]
        before: Option<When>,
    },
    /// Show one message as text
    Message {
        #[command(flatten)]
        of: Held,
        folder: String,
        message: String,
    },
    /// Write a message, a folder, a calendar, an address book or everything to a file
    Download {
        #[command(flatten)]
        of: Held,
        #[command(flatten)]
        part: DownloadPart,
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Put back what is missing, or everything beside what is there
    Restore {
        #[command(flatten)]
        of: Held,
        #[command(flatten)]
        part: RestorePart,
        /// The account or shared mailbox it goes to; where it came from if absent
        #[arg(long, value_name = "ADDRESS")]
        into: Option<EmailAddress>,
        /// In a dated folder, beside what is there
        #[arg(long)]
        beside: bool,
        /// Only count
        #[arg(long)]
        dry_run: bool,
    },
    /// Show or change where and when an organisation is backed up
    Policy {
        /// An absolute path on the server, or s3:https://server/bucket/folder
        #[arg(long, value_name = "PLACE")]
        location: Option<String>,
        /// The time of day by the organisation's clock
        #[arg(long, value_name = "HH:MM", conflicts_with = "when_asked")]
        daily_at: Option<Time>,
        /// Only when somebody asks
        #[arg(long)]
        when_asked: bool,
        #[command(flatten)]
        keep: Keep,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show what opens the backups: keep it elsewhere
    Key {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Read everything back and say what is wrong with it
    Check {
        #[command(flatten)]
        organisation: InOrganisation,
    },
}

/// How many of the newest of each are kept.
#[derive(Debug, Args)]
pub struct Keep {
    #[arg(long, value_name = "COUNT")]
    pub keep_days: Option<u16>,
    #[arg(long, value_name = "COUNT")]
    pub keep_weeks: Option<u16>,
    #[arg(long, value_name = "COUNT")]
    pub keep_months: Option<u16>,
}

/// What is looked into, and why.
#[derive(Debug, Args)]
pub struct Held {
    pub generation: String,
    /// An account or a shared mailbox: address or id
    pub holder: String,
    /// Why somebody's data is looked at; kept in the log
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[command(flatten)]
    pub organisation: InOrganisation,
}

#[derive(Debug, Args)]
pub struct DownloadPart {
    /// A folder as one mbox file, or with --message a message of it
    #[arg(long, conflicts_with = "collection")]
    pub folder: Option<String>,
    #[arg(long, requires = "folder")]
    pub message: Option<String>,
    /// A calendar (.ics) or an address book (.vcf)
    #[arg(long)]
    pub collection: Option<String>,
}

#[derive(Debug, Args)]
pub struct RestorePart {
    /// Only this folder, or with --message only these messages of it
    #[arg(long, conflicts_with_all = ["collection", "mail"])]
    pub folder: Option<String>,
    #[arg(long, requires = "folder")]
    pub message: Vec<String>,
    /// Only this calendar or address book
    #[arg(long, conflicts_with = "mail")]
    pub collection: Option<String>,
    /// Only mail
    #[arg(long)]
    pub mail: bool,
}
