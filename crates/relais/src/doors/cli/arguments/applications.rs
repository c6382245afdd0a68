//! What can be typed about connected applications.

use super::{FeedCommand, InOrganisation};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ApplicationCommand {
    /// Connect a program; its token and its signing secret are shown once
    Connect {
        name: String,
        /// Where it is told what happens, by signed webhooks
        #[arg(long, value_name = "https://…")]
        webhook: Option<String>,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// List the connected applications
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Change its name, or where it is told
    #[command(group = clap::ArgGroup::new("what").multiple(true).required(true))]
    Change {
        application: String,
        #[arg(long, group = "what")]
        name: Option<String>,
        #[arg(long, group = "what", value_name = "https://…")]
        webhook: Option<String>,
        /// Tell it nothing any more
        #[arg(long, group = "what", conflicts_with = "webhook")]
        no_webhook: bool,
    },
    /// Give it a new token; the one before is void at once
    Token { application: String },
    /// Give it a new signing secret; for 24 hours webhooks are signed with both
    SigningSecret { application: String },
    /// List what it has still to be told, 200 events at a time
    Undelivered {
        application: String,
        /// The number of the last event that was shown
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: i64,
    },
    /// Tell it once more what happened from an event on, and at once what it waits for
    Replay {
        application: String,
        /// The number of the first event, as relais events shows it
        #[arg(long, value_name = "NUMBER")]
        from: i64,
    },
    /// Tell it of accounts and groups by SCIM, if it is a SCIM server
    Scim {
        #[command(subcommand)]
        command: FeedCommand,
    },
    /// Disconnect it
    Disconnect { application: String },
}
