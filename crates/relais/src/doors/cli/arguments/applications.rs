//! What can be typed about connected applications.

use super::InOrganisation;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ApplicationCommand {
    /// Connect a program; its token and its signing secret are shown once
    Connect {
        name: String,
        /// Where it is told what happens, by signed webhooks
        #[arg(long, value_name = "https://…")]
        url: Option<String>,
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
        url: Option<String>,
        /// Tell it nothing any more
        #[arg(long, group = "what", conflicts_with = "url")]
        no_url: bool,
    },
    /// Give it a new token; the one before is void at once
    Token { application: String },
    /// Give it a new signing secret; for 24 hours webhooks are signed with both
    SigningSecret { application: String },
    /// Disconnect it
    Disconnect { application: String },
}
