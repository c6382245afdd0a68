//! What can be typed about whoever a provider of identities or a directory closes.

use super::super::text::TextSource;
use super::InOrganisation;
use clap::Subcommand;
use relais_core::address::EmailAddress;

#[derive(Debug, Subcommand)]
pub enum DeparturePolicyCommand {
    /// Show what is done for whoever a provider or a directory closes
    Show {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Change it; what is not named stays
    #[command(group = clap::ArgGroup::new("what").multiple(true).required(true))]
    #[command(group = clap::ArgGroup::new("mail").multiple(false))]
    Set {
        #[command(flatten)]
        organisation: InOrganisation,
        /// Refuse new mail
        #[arg(long, groups = ["what", "mail"])]
        refuse: bool,
        /// Answer it with this text, then refuse it: as typed, @FILE or @-
        #[arg(long, groups = ["what", "mail"], value_name = "TEXT")]
        reply: Option<TextSource>,
        /// Send it on, then refuse it
        #[arg(long, groups = ["what", "mail"], value_name = "ADDRESS")]
        redirect_to: Option<EmailAddress>,
        /// How long it is answered or sent on
        #[arg(long, default_value_t = 30)]
        days: i64,
        /// Who is given calendars, address books and what applications keep
        #[arg(long, group = "what", value_name = "ADDRESS", conflicts_with = "keep_content")]
        content_to: Option<EmailAddress>,
        /// They stay where they are
        #[arg(long, group = "what")]
        keep_content: bool,
    },
}
