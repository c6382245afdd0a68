//! What can be typed about a departure.

use super::{InOrganisation, parse_name};
use crate::doors::cli::text::TextSource;
use crate::doors::cli::when::When;
use clap::{Args, Subcommand};
use relais_core::address::EmailAddress;
use relais_core::departure::{CollectionsChoice, ContentChoice, MeetingsChoice};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct DepartArguments {
    /// The account that leaves: address or id
    pub account: String,
    /// Who takes over: gets the old mail, and the new mail unless it is answered
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<EmailAddress>,
    /// Redirected or answered mail also stays in the leaver's mailbox
    #[arg(long)]
    pub copy: bool,
    /// A shared mailbox for old and new mail, made if it does not exist; without @ on the leaver's domain
    #[arg(long, value_name = "ADDRESS")]
    pub shared_mailbox: Option<String>,
    /// Answer new mail instead of passing it on: a text, @FILE, or nothing for the usual text
    #[arg(long, value_name = "TEXT|@FILE", num_args = 0..=1, default_missing_value = "")]
    pub reply: Option<TextSource>,
    /// The responder that answers, made if it does not exist
    #[arg(long, value_name = "NAME")]
    pub responder: Option<String>,
    /// When new mail begins to be refused; a date without a time means the end of that day
    #[arg(long, value_name = "DATE")]
    pub until: Option<When>,
    /// When the departure begins, now if absent; a date without a time means its first moment
    #[arg(long, value_name = "DATE")]
    pub on: Option<When>,
    /// When the account is deleted, never if absent; a date without a time means the end of that day
    #[arg(long, value_name = "DATE")]
    pub delete_after: Option<When>,
    /// Why; kept in the log and the certificate
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Wait for the organisation's next backup instead of backing the account up at once
    #[arg(long)]
    pub wait_for_backup: bool,
    /// What becomes of calendars and address books; moved to the successor if absent
    #[arg(long, value_name = "move|share|keep", value_parser = parse_name::<CollectionsChoice>)]
    pub collections: Option<CollectionsChoice>,
    /// What becomes of meetings to come that the leaver has called; kept as they are if absent
    #[arg(long, value_name = "transfer|cancel|keep", value_parser = parse_name::<MeetingsChoice>)]
    pub meetings: Option<MeetingsChoice>,
    /// What becomes of what applications keep; the successor's if absent, if there is one
    #[arg(long, value_name = "reassign|keep|erase", value_parser = parse_name::<ContentChoice>)]
    pub content: Option<ContentChoice>,
    /// Send a link to an archive of everything that is theirs to the person's external address
    #[arg(long)]
    pub export: bool,
    /// Who becomes the admin of groups that would have none; whoever takes over if absent
    #[arg(long, value_name = "ADDRESS")]
    pub groups_to: Option<EmailAddress>,
    /// Only show what would happen
    #[arg(long, conflicts_with = "yes")]
    pub plan: bool,
    /// Start without asking
    #[arg(long)]
    pub yes: bool,
    /// Do not wait for the departure to end
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Debug, Subcommand)]
pub enum DepartureCommand {
    /// Show how far a departure is
    Status { departure: String },
    /// Stop after the step under way
    Hold { departure: String },
    /// Go on where it was held
    Resume { departure: String },
    /// Take everything back, from the last step to the first
    Undo {
        departure: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List the departures
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show the certificate of a departure that has ended
    Certificate {
        departure: String,
        /// Write it as a page that can be printed
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
}
