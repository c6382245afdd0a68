//! What can be typed. Parsed here into values; what they mean is the subject modules' business.

mod applications;
mod backups;
mod bulk;
mod content;
mod credentials;
mod departure_policies;
mod departures;
mod directories;
mod feeds;
mod groups;
mod money;
mod people;
mod scim;

pub use applications::ApplicationCommand;
pub use backups::{BackupCommand, DownloadPart, ExportCommand, Held, Keep, RestorePart};
pub use bulk::{BulkCommand, JobCommand, Many};
pub use content::{ContentCommand, ReassignArguments};
pub use credentials::{
    AppPasswordCommand, PasskeyCommand, ScopeWord, SecondFactorCommand, SessionCommand, SignInPolicyCommand,
    SignOnCommand,
};
pub use departure_policies::DeparturePolicyCommand;
pub use departures::{DepartArguments, DepartureCommand};
pub use directories::{
    DirectoryCommand, DirectorySettings, EncryptionWord, Every, KindWord, ReadingWord, SignInWord,
};
pub use feeds::{FeedArguments, FeedCommand};
pub use groups::{GroupCommand, OneGroup, PostingWord};
pub use money::{
    PlanCommand, PlanCreate, ProvisionCommand, StatementArguments, SubscriptionCommand, SubscriptionCreate,
};
pub use people::{
    InviteArguments, Limit, NotificationsArguments, PhotoArguments, ProfileCommand, ProfileFields,
};
pub use scim::{ScimCommand, ScimTokenCommand};

use super::inbound::InboundArguments;
use super::text::TextSource;
use super::when::When;
use clap::{Args, Subcommand, ValueEnum};
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::content::ContentKind;
use relais_core::language::Language;
use relais_core::money::Currency;
use relais_core::rights::State;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum OrganisationCommand {
    /// Create an organisation; --language is the language of its automatic replies and certificates
    Create {
        name: String,
        /// Where its days begin and end; this machine's own if absent
        #[arg(long, value_name = "Europe/Paris")]
        time_zone: Option<String>,
        /// Of its provision; chosen once
        #[arg(long, value_parser = money::parse_currency, default_value = "EUR", value_name = "EUR|CHF|GBP|USD")]
        currency: Currency,
    },
    /// List the organisations
    List,
    /// Hand an organisation over to another active account; its owner stays as a company admin
    Owner { organisation: String, account: String },
    /// Give an organisation another name
    Rename { organisation: String, name: String },
    /// Change the language of an organisation's automatic replies and certificates
    Language {
        organisation: String,
        #[arg(value_name = "fr|en", value_parser = super::language::parse)]
        of: Language,
    },
    /// Show the licences that were held on each day, beside what the plan allows
    Licences {
        #[command(flatten)]
        organisation: InOrganisation,
        /// The first day, as 2026-11-01; the first of the month if absent
        #[arg(long, value_name = "DAY", value_parser = parse_day)]
        from: Option<jiff::civil::Date>,
        /// The day after the last; the first of the next month if absent
        #[arg(long, value_name = "DAY", value_parser = parse_day)]
        until: Option<jiff::civil::Date>,
    },
    /// Change what accounts are on that SCIM, a directory or a sign-on makes
    DefaultSubscription {
        organisation: String,
        /// Its name; one of the plan's free accounts without
        subscription: Option<String>,
    },
    /// Change where an organisation's days begin and end
    TimeZone {
        organisation: String,
        #[arg(value_name = "Europe/Paris")]
        zone: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum DomainCommand {
    /// Add a domain; it is hosted once its owner is proven, or at once where the operator says so
    Add {
        domain: String,
        #[command(flatten)]
        organisation: InOrganisation,
        /// Ask for the proof also where the operator could do without
        #[arg(long)]
        prove: bool,
        /// A domain of the operator, on which every organisation may have addresses
        #[arg(long, conflicts_with_all = ["organisation", "prove"])]
        provider: bool,
    },
    /// List the domains, hosted and claimed
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show a domain, and the record that proves it
    Show(OneDomain),
    /// Look for the proof of a claimed domain now
    Prove(OneDomain),
    /// Say whether the domain's MX records may be switched to this server
    Readiness {
        #[command(flatten)]
        domain: OneDomain,
        /// Addresses that have mail elsewhere today: will they have it here?
        #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
        expect: Vec<EmailAddress>,
    },
    /// Say who has the mail for addresses that were never made
    #[command(group = clap::ArgGroup::new("whom").required(true))]
    CatchAll {
        #[command(flatten)]
        domain: OneDomain,
        /// An account, shared mailbox, group (by address) or responder (by name)
        #[arg(long, value_name = "TARGET", group = "whom")]
        to: Option<String>,
        /// Nobody: such mail is refused
        #[arg(long, group = "whom")]
        off: bool,
    },
    /// Stop hosting a domain of which nobody holds an address, or withdraw a claim
    Remove(OneDomain),
}

#[derive(Debug, Args)]
pub struct OneDomain {
    pub domain: String,
    #[command(flatten)]
    pub organisation: InOrganisation,
}

#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Where the operator has mail, among it that for abuse@ of every domain
    #[command(subcommand)]
    Address(OperatorAddressCommand),
    /// List who operates the instance in the console
    List,
    /// Let an owner or a company admin operate the instance in the console
    Appoint { account: String },
    /// Let somebody operate the instance no longer
    Dismiss { account: String },
    /// Try an outgoing message that waits again at once
    Retry { message: String },
    /// Take an outgoing message that waits out of the line for good
    Withdraw { message: String },
}

#[derive(Debug, Subcommand)]
pub enum OperatorAddressCommand {
    /// Show it
    Show,
    /// Set it; it may be on another server
    Set { address: EmailAddress },
    /// Forget it: the owners have that mail, where there are any
    Clear,
}

/// Which organisation; may be left out where only one can be meant.
#[derive(Debug, Args)]
pub struct InOrganisation {
    /// Id or name; not needed where only one can be meant
    #[arg(long, short = 'o', value_name = "ORGANISATION")]
    pub organisation: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Create an account
    Create(AccountCreate),
    /// Invite a person: they get a link to choose a password and enter (works once, seven days)
    Invite(Box<InviteArguments>),
    /// Send another invitation to an account that has no password yet
    InviteAgain { account: String },
    /// List accounts
    List {
        /// Only accounts in this state
        #[arg(long, value_parser = parse_state, value_name = "invited|active|deactivated|deleted")]
        state: Option<State>,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Show an account and its addresses
    Show { account: String },
    /// What is known of a person
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Set, save or remove a person's photo
    Photo(PhotoArguments),
    /// Show what a person was told, or say what they want to be told
    Notifications(NotificationsArguments),
    /// Change the name that others see
    Name { account: String, name: String },
    /// Limit the size of an account's mailbox, or lift the limit
    Quota {
        account: String,
        /// 500M, 5G, 1T (K, M, G, T of 1024), or none
        #[arg(value_parser = people::parse_limit, value_name = "SIZE|none")]
        limit: Limit,
    },
    /// Forbid the deletion of an account, or allow it again
    Hold {
        account: String,
        /// Why; kept in the log
        #[arg(long, value_name = "TEXT", required_unless_present = "end")]
        reason: Option<String>,
        /// End the hold
        #[arg(long, conflicts_with = "reason")]
        end: bool,
    },
    /// Send a person who forgot their password a link to choose another
    ResetPassword { login: String },
    /// Take in a list of accounts (CSV); shows what would happen unless --apply is given
    Import {
        /// UTF-8, named columns; an export shows them
        file: PathBuf,
        /// Carry it out
        #[arg(long)]
        apply: bool,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Give out a list of all accounts (CSV)
    Export {
        /// A file instead of the standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Set an account's password; asks for it on a terminal
    Password {
        account: String,
        #[arg(long, conflicts_with = "password_stdin")]
        password: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Close an account; its mail is refused unless something else is said
    Deactivate {
        account: String,
        #[command(flatten)]
        inbound: InboundArguments,
        /// Give what it owns besides mail to this account; it stays where it is if absent
        #[arg(long, value_name = "ACCOUNT")]
        content_to: Option<String>,
        /// Only this kind; may be repeated
        #[arg(long, value_name = content::KINDS, value_parser = parse_name::<ContentKind>, requires = "content_to")]
        content_kind: Vec<ContentKind>,
    },
    /// Open a deactivated account again
    Reactivate {
        account: String,
        /// Put it into this group too (id, name or address); may be repeated
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
    },
    /// Delete a deactivated account for good
    Delete {
        account: String,
        /// Give what it owns besides mail to this account
        #[arg(long, value_name = "ACCOUNT", conflicts_with = "erase_content")]
        content_to: Option<String>,
        /// Have what it owns besides mail erased with it
        #[arg(long)]
        erase_content: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Give an account another primary address; the old one becomes an alias
    Rename { account: String, address: EmailAddress },
    /// Change what an account is on, at once if the provision suffices
    #[command(
        group = clap::ArgGroup::new("wanted").args(["subscription", "none"]).required(true),
        override_usage = "relais account subscription [OPTIONS] <ACCOUNT> <SUBSCRIPTION|--none>"
    )]
    Subscription {
        account: String,
        /// Id or name
        subscription: Option<String>,
        /// One of the plan's free accounts
        #[arg(long)]
        none: bool,
    },
    /// Change an account's role
    Role {
        account: String,
        #[arg(value_parser = parse_role, value_name = "owner|company_admin|account_manager|member|guest")]
        role: Role,
    },
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("credential").required(true))]
pub struct AccountCreate {
    pub address: EmailAddress,
    /// The person's name
    #[arg(long)]
    pub name: String,
    /// The password; other people on this machine can see what is typed here
    #[arg(long, group = "credential")]
    pub password: Option<String>,
    /// Read the password from standard input
    #[arg(long, group = "credential")]
    pub password_stdin: bool,
    /// No password yet: the person is invited to choose one
    #[arg(long, group = "credential")]
    pub invite: bool,
    #[arg(long, value_parser = parse_role, default_value = "member", value_name = "owner|company_admin|account_manager|member|guest")]
    pub role: Role,
    /// Largest mailbox size: 500M, 5G, 1T (K, M, G, T of 1024)
    #[arg(long, value_parser = parse_quota, value_name = "SIZE")]
    pub quota: Option<i64>,
    /// What it is on, by id or name; one of the plan's free accounts if absent
    #[arg(long, value_name = "NAME")]
    pub subscription: Option<String>,
    #[command(flatten)]
    pub organisation: InOrganisation,
}

#[derive(Debug, Subcommand)]
pub enum AliasCommand {
    /// Give an account one more address
    Add { account: String, alias: EmailAddress },
    /// Take an alias away from an account
    Remove { account: String, alias: EmailAddress },
}

#[derive(Debug, Subcommand)]
pub enum AddressCommand {
    /// Show who holds an address, and who held it before
    Show { address: EmailAddress },
    /// Take an alias away from whoever has it
    Free { address: EmailAddress },
    /// Give an address to another account, shared mailbox, group or responder
    Move {
        address: EmailAddress,
        /// Who gets it
        #[arg(long, value_name = "HEIR")]
        to: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum InboundCommand {
    /// Set what happens to mail that arrives for an account
    #[command(group = clap::ArgGroup::new("what").args(["deliver", "refuse", "redirect", "reply"]).required(true))]
    Set {
        account: String,
        #[command(flatten)]
        inbound: InboundArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum SharedMailboxCommand {
    /// Create a mailbox that several people read
    Create {
        address: EmailAddress,
        #[arg(long)]
        name: String,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Give, change or take away the access of an account
    Member {
        address: EmailAddress,
        account: String,
        /// May read and change nothing
        #[arg(long, conflicts_with = "remove")]
        read_only: bool,
        /// Take the access away
        #[arg(long)]
        remove: bool,
    },
    /// Give a shared mailbox another name or address (the old one stays as an alias)
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
    Rename {
        address: EmailAddress,
        #[arg(long, group = "what")]
        name: Option<String>,
        #[arg(long, value_name = "ADDRESS", group = "what")]
        to: Option<EmailAddress>,
    },
    /// Delete a shared mailbox that nobody needs and a verified backup holds
    Remove {
        address: EmailAddress,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Give a shared mailbox one more address
    Address { address: EmailAddress, more: EmailAddress },
    /// List the members of a shared mailbox
    Members { address: EmailAddress },
    /// List the shared mailboxes
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
}

#[derive(Debug, Subcommand)]
pub enum CollectionCommand {
    /// List the calendars and address books of an account, and with whom they are shared
    List { account: String },
    /// Share one with an account or a group
    Share {
        account: String,
        /// Its name, as the list says
        collection: String,
        /// Id or address of an account or a group
        #[arg(long, value_name = "WHO")]
        with: String,
        /// Let them also add, change and remove what is in it
        #[arg(long)]
        write: bool,
    },
    /// End a share, named by its id in the list
    Unshare { share: String },
}

#[derive(Debug, Subcommand)]
pub enum ResponderCommand {
    /// Create what answers mail and stores none
    Create {
        name: String,
        /// The common text, or @FILE
        #[arg(long, value_name = "TEXT|@FILE")]
        text: TextSource,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Let a responder answer for an address
    Address {
        /// Id or name
        responder: String,
        address: EmailAddress,
        /// A text for this address instead of the common one, or @FILE
        #[arg(long, value_name = "TEXT|@FILE")]
        text: Option<TextSource>,
        /// When it stops answering and refuses
        #[arg(long, value_name = "DATE")]
        until: Option<When>,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Change the common text of a responder
    Text {
        /// Id or name
        responder: String,
        /// The new text, or @FILE
        #[arg(value_name = "TEXT|@FILE")]
        text: TextSource,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Remove a responder: its addresses refuse their mail
    Remove {
        /// Id or name
        responder: String,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// List the responders
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
}

#[derive(Debug, Args)]
pub struct GrantArguments {
    /// A deactivated account: address or id
    pub account: String,
    /// Why; kept in the log
    #[arg(long)]
    pub reason: String,
    /// When the access ends; a date without a time means the end of that day
    #[arg(long, value_name = "DATE")]
    pub until: When,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EventsArguments {
    #[command(subcommand)]
    pub command: Option<EventsCommand>,
    #[command(flatten)]
    pub organisation: InOrganisation,
    /// Only what happened to this id
    #[arg(long, value_name = "ID")]
    pub subject: Option<String>,
    /// Only events after this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub after: i64,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(i64).range(1..=200))]
    pub limit: i64,
}

#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Check that no event was changed or removed
    Verify {
        #[command(flatten)]
        organisation: InOrganisation,
    },
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Create a token; its secret is shown once
    Create {
        name: String,
        #[command(flatten)]
        organisation: InOrganisation,
        /// A token for the whole instance
        #[arg(long, conflicts_with = "organisation")]
        operator: bool,
    },
    /// List the tokens of an organisation, or of the operator
    List {
        #[command(flatten)]
        organisation: InOrganisation,
        /// The tokens for the whole instance
        #[arg(long, conflicts_with = "organisation")]
        operator: bool,
    },
    /// Make a token void
    Revoke {
        /// Its id
        token: String,
        #[command(flatten)]
        organisation: InOrganisation,
        /// A token for the whole instance
        #[arg(long, conflicts_with = "organisation")]
        operator: bool,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Bytes from `5G` and the like.
fn parse_quota(text: &str) -> Result<i64, String> {
    relais_core::quota::parse(text).map_err(|_| "write a size as 500M, 5G or 1T".to_owned())
}

fn parse_role(text: &str) -> Result<Role, String> {
    serde_json::from_value(text.replace('-', "_").into())
        .map_err(|_| "expected owner, company_admin, account_manager, member or guest".to_owned())
}

fn parse_state(text: &str) -> Result<State, String> {
    let names = || State::ALL.map(State::as_str).join(", ");
    State::ALL
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| format!("expected one of {}", names()))
}

fn parse_day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "write a day as 2026-12-31".to_owned())
}

/// A choice of the core, by the name under which it is saved; what can be chosen stands beside the option.
fn parse_name<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|_| "not one of the choices".to_owned())
}
