//! What can be typed about the content of accounts.

use super::{InOrganisation, parse_name};
use clap::{Args, Subcommand};
use relais_core::content::ContentKind;

#[derive(Debug, Subcommand)]
pub enum ContentCommand {
    /// List what an account owns besides mail
    List {
        account: String,
        /// Only one kind
        #[arg(long, value_name = KINDS, value_parser = parse_name::<ContentKind>)]
        kind: Option<ContentKind>,
    },
    /// List what others share with an account in applications
    Received { account: String },
    /// Show an item, and with whom it is shared
    Show { item: String },
    /// Give content of one or several accounts to another: everything, some kinds, or what is named
    Reassign(ReassignArguments),
    /// List the reassignments, the newest first
    Reassignments {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show a reassignment and what became of each item
    Reassignment { reassignment: String },
    /// Give back what is still the new owner's
    Undo { reassignment: String },
    /// List what applications were asked to erase and have not confirmed
    Erasures {
        #[command(flatten)]
        organisation: InOrganisation,
    },
}

pub const KINDS: &str = "calendar|address_book|board|project|template|document";

#[derive(Debug, Args)]
pub struct ReassignArguments {
    /// Ids or addresses of the accounts whose it is, whatever their state
    #[arg(required = true)]
    pub accounts: Vec<String>,
    /// Id or address of the account that is given it
    #[arg(long, value_name = "ACCOUNT")]
    pub to: String,
    /// Only this kind; may be repeated
    #[arg(long, value_name = KINDS, value_parser = parse_name::<ContentKind>, conflicts_with_all = ["item", "collection"])]
    pub kind: Vec<ContentKind>,
    /// Only this item, by its id; may be repeated
    #[arg(long, value_name = "ITEM")]
    pub item: Vec<String>,
    /// Only this calendar or address book, by its name; may be repeated
    #[arg(long, value_name = "NAME")]
    pub collection: Vec<String>,
}
