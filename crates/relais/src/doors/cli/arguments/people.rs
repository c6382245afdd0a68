//! What can be typed about a person.

use super::{InOrganisation, parse_name, parse_quota};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::ids::ContentId;
use relais_core::notification::Topic;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Show it
    Show { account: String },
    /// Change it; what is not named stays, and an empty text forgets
    #[command(override_usage = "relais account profile set <ACCOUNT> <--FIELD VALUE>...")]
    Set {
        account: String,
        #[command(flatten)]
        fields: Box<ProfileFields>,
    },
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("fields").multiple(true).required(true))]
pub struct ProfileFields {
    #[arg(long, group = "fields", value_name = "TEXT")]
    pub given_name: Option<String>,
    #[arg(long, group = "fields", value_name = "TEXT")]
    pub family_name: Option<String>,
    #[arg(long, group = "fields", value_name = "TEXT")]
    pub job_title: Option<String>,
    #[arg(long, group = "fields", value_name = "TEXT")]
    pub department: Option<String>,
    /// May be repeated
    #[arg(long, group = "fields", value_name = "NUMBER")]
    pub phone_work: Vec<String>,
    #[arg(long, group = "fields", value_name = "NUMBER")]
    pub phone_mobile: Vec<String>,
    #[arg(long, group = "fields", value_name = "NUMBER")]
    pub phone_home: Vec<String>,
    /// A line above the postal code; may be repeated
    #[arg(long, group = "fields", value_name = "LINE")]
    pub street: Vec<String>,
    #[arg(long, group = "fields", value_name = "TEXT")]
    pub postal_code: Option<String>,
    #[arg(long, group = "fields", value_name = "TEXT")]
    pub city: Option<String>,
    /// Two letters, as FR
    #[arg(long, group = "fields", value_name = "CODE")]
    pub country: Option<String>,
    /// As 1980-02-29
    #[arg(long, group = "fields", value_name = "DATE", value_parser = super::parse_day)]
    pub birth_date: Option<Date>,
    /// Forget the birth date
    #[arg(long, group = "fields", conflicts_with = "birth_date")]
    pub no_birth_date: bool,
    /// Where a link for a new password is sent; not an address hosted here
    #[arg(long, group = "fields", value_name = "ADDRESS")]
    pub external_address: Option<EmailAddress>,
    /// Forget the external address
    #[arg(long, group = "fields", conflicts_with = "external_address")]
    pub no_external_address: bool,
}

#[derive(Debug, Args)]
pub struct InviteArguments {
    pub address: EmailAddress,
    /// The person's name
    #[arg(long)]
    pub name: String,
    /// Where the link goes; for somebody who comes back, the one that is known if absent
    #[arg(long, value_name = "ADDRESS")]
    pub external_address: Option<EmailAddress>,
    #[arg(long, value_parser = super::parse_role, default_value = "member", value_name = "owner|company_admin|account_manager|member|guest")]
    pub role: Role,
    /// What it is on, by id or name; one of the plan's free accounts if absent
    #[arg(long, value_name = "NAME")]
    pub subscription: Option<String>,
    /// Largest mailbox size: 500M, 5G, 1T (K, M, G, T of 1024)
    #[arg(long, value_parser = parse_quota, value_name = "SIZE")]
    pub quota: Option<i64>,
    /// Put it into this group (id, name or address); may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    pub groups: Vec<String>,
    /// Share this item of content with them (its id), for reading; may be repeated
    #[arg(long, value_name = "ITEM")]
    pub read: Vec<ContentId>,
    /// The same, for writing
    #[arg(long, value_name = "ITEM")]
    pub write: Vec<ContentId>,
    #[command(flatten)]
    pub organisation: InOrganisation,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct PhotoArguments {
    pub account: String,
    /// JPEG, PNG or WebP, at most 1 MiB and 4096 pixels a side
    #[arg(long, group = "what", value_name = "FILE")]
    pub set: Option<PathBuf>,
    /// Where to write it
    #[arg(long, group = "what", value_name = "FILE")]
    pub save: Option<PathBuf>,
    #[arg(long, group = "what")]
    pub remove: bool,
}

const TOPICS: &str = "account|groups|sharing|people|departures|jobs";

#[derive(Debug, Args)]
pub struct NotificationsArguments {
    pub account: String,
    /// Tell nothing more of this; may be repeated
    #[arg(long, value_name = TOPICS, value_parser = parse_name::<Topic>)]
    pub mute: Vec<Topic>,
    /// Tell of this again; may be repeated
    #[arg(long, value_name = TOPICS, value_parser = parse_name::<Topic>)]
    pub tell: Vec<Topic>,
}

/// The size of a mailbox: so many bytes, or without limit.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    Bytes(i64),
    None,
}

pub(super) fn parse_limit(text: &str) -> Result<Limit, String> {
    if text == "none" { Ok(Limit::None) } else { parse_quota(text).map(Limit::Bytes) }
}
