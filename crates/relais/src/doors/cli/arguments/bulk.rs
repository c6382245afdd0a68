//! What can be typed about one act on many accounts.

use super::{InOrganisation, parse_role, parse_state};
use clap::{Args, Subcommand, ValueEnum};
use relais_core::authority::Role;
use relais_core::content::ContentKind;
use relais_core::job::ItemOutcome;
use relais_core::rights::State;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum BulkCommand {
    /// Deactivate them: new mail is refused
    Deactivate {
        /// Give what they own besides mail to this account; it stays where it is if absent
        #[arg(long, value_name = "ACCOUNT")]
        content_to: Option<String>,
        #[command(flatten)]
        many: Many,
    },
    /// Reactivate them
    Reactivate(Many),
    /// Delete them for good
    Delete {
        /// Give what they own besides mail to this account
        #[arg(long, value_name = "ACCOUNT", conflicts_with = "erase_content")]
        content_to: Option<String>,
        /// Have what they own besides mail erased
        #[arg(long)]
        erase_content: bool,
        #[command(flatten)]
        many: Many,
    },
    /// Give what they own besides mail to another account
    Reassign {
        #[arg(value_name = "TO")]
        to: String,
        /// Only this kind; may be repeated
        #[arg(long, value_name = super::content::KINDS, value_parser = super::parse_name::<ContentKind>)]
        kind: Vec<ContentKind>,
        #[command(flatten)]
        many: Many,
    },
    /// Give them a role
    Role {
        #[arg(value_parser = parse_role)]
        role: Role,
        #[command(flatten)]
        many: Many,
    },
    /// Put them on a subscription, or on none
    Subscription {
        /// Its name or id; none makes them free accounts of the plan
        #[arg(value_name = "NAME|none")]
        subscription: String,
        #[command(flatten)]
        many: Many,
    },
    /// Put them into a group
    Join {
        group: String,
        /// As admins of it
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        many: Many,
    },
    /// Take them out of a group
    Leave {
        group: String,
        #[command(flatten)]
        many: Many,
    },
}

/// Which accounts, and how far to go.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").multiple(true).required(true))]
pub struct Many {
    /// Accounts by address or id
    #[arg(group = "which")]
    pub accounts: Vec<String>,
    /// All in this state
    #[arg(long, group = "which", value_parser = parse_state, conflicts_with = "accounts")]
    pub state: Option<State>,
    /// All with this role
    #[arg(long, group = "which", value_name = "ROLE", value_parser = parse_role, conflicts_with = "accounts")]
    pub with_role: Option<Role>,
    /// All with this in their name or address
    #[arg(long, group = "which", value_name = "TEXT", conflicts_with = "accounts")]
    pub search: Option<String>,
    /// All in this group
    #[arg(long, group = "which", value_name = "GROUP", conflicts_with = "accounts")]
    pub in_group: Option<String>,
    /// All on this subscription
    #[arg(long, group = "which", value_name = "NAME", conflicts_with = "accounts")]
    pub on: Option<String>,
    /// All
    #[arg(long, group = "which", conflicts_with = "accounts")]
    pub all: bool,
    /// Only say what would happen
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do it without asking
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub organisation: InOrganisation,
}

#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// List the newest jobs
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show a job and how far it is
    Show { job: String },
    /// Say what became of each account, 200 at a time
    Items {
        job: String,
        #[arg(long, value_enum)]
        outcome: Option<Outcome>,
        /// The number of the last item that was shown
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: i64,
    },
    /// Write what became of each account to a file, as CSV
    Export { job: String, output: PathBuf },
    /// Stop a job; what was done stays done
    Cancel { job: String },
}

/// As typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Outcome {
    Changed,
    Unchanged,
    Refused,
}

impl From<Outcome> for ItemOutcome {
    fn from(typed: Outcome) -> Self {
        match typed {
            Outcome::Changed => Self::Changed,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Refused => Self::Refused,
        }
    }
}
