//! What can be typed about groups. Each is named by its id, name or address.

use super::InOrganisation;
use clap::{Args, Subcommand, ValueEnum};
use relais_core::address::EmailAddress;

#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// Create a group
    Create {
        name: String,
        #[arg(long)]
        address: Option<EmailAddress>,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show a group, and the groups in it
    Show(OneGroup),
    /// Give a group another name
    Rename {
        #[command(flatten)]
        group: OneGroup,
        name: String,
    },
    /// Give a group another address (the old one stays as an alias), or take its addresses away
    #[command(group = clap::ArgGroup::new("what").required(true))]
    Address {
        #[command(flatten)]
        group: OneGroup,
        #[arg(long, value_name = "ADDRESS", group = "what")]
        set: Option<EmailAddress>,
        #[arg(long, group = "what")]
        drop: bool,
    },
    /// Say who may write to a group's address
    Posting {
        #[command(flatten)]
        group: OneGroup,
        who: PostingWord,
        /// Who may, where only listed senders may; may be repeated
        #[arg(long = "sender", value_name = "ADDRESS", required_if_eq("who", "listed"))]
        senders: Vec<EmailAddress>,
    },
    /// Add an account to a group, change its role there, or remove it
    Member {
        #[command(flatten)]
        group: OneGroup,
        account: String,
        #[arg(long, conflicts_with = "remove")]
        admin: bool,
        #[arg(long)]
        remove: bool,
    },
    /// List the members of a group
    Members(OneGroup),
    /// Put a group into a group, or take it out
    Include {
        #[command(flatten)]
        group: OneGroup,
        /// The one that is put in
        inner: String,
        #[arg(long)]
        remove: bool,
    },
    /// Remove a group; its members stay, its addresses are freed
    Remove {
        #[command(flatten)]
        group: OneGroup,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List the groups
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
}

#[derive(Debug, Args)]
pub struct OneGroup {
    /// Id, name or address
    pub group: String,
    #[command(flatten)]
    pub organisation: InOrganisation,
}

/// Who may write to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PostingWord {
    Anyone,
    /// Whoever has an account here
    Organisation,
    /// Whoever is in the group
    Members,
    /// Only the senders that are given
    Listed,
}
