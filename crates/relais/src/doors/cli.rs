//! The command line: a client of the REST API like any other, with words and tables around it. It decides nothing and
//! knows neither the store nor the application's insides; what it may do, the server says.
//!
//! Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the server cannot be reached.

mod access;
mod account;
mod account_list;
mod address;
mod application;
mod arguments;
mod backup;
mod bulk;
mod certificate;
mod client;
mod collection;
mod content;
mod credentials;
mod depart;
mod departure;
mod departure_policy;
mod directory;
mod domain;
mod explain;
mod export;
mod failure;
mod feed;
mod group;
mod inbound;
mod invitation;
mod journal;
mod language;
mod members;
mod notification;
mod offers;
mod operator;
mod organisation;
mod plan;
mod profile;
mod provision;
mod quota;
mod reader;
mod scim;
mod session;
mod sign_on;
#[cfg(test)]
mod tests;
mod text;
pub mod when;
mod words;

use arguments::{
    AccountCommand, AddressCommand, AliasCommand, AppPasswordCommand, ApplicationCommand, BackupCommand,
    BulkCommand, CollectionCommand, ContentCommand, DepartArguments, DepartureCommand,
    DeparturePolicyCommand, DirectoryCommand, DomainCommand, EventsArguments, ExportCommand, GrantArguments,
    GroupCommand, InboundCommand, JobCommand, OperatorCommand, OrganisationCommand, PasskeyCommand,
    PlanCommand, ProvisionCommand, ResponderCommand, ScimCommand, SecondFactorCommand, SessionCommand,
    SharedMailboxCommand, Shell, SignInPolicyCommand, SignOnCommand, SubscriptionCommand, TokenCommand,
};
use clap::{CommandFactory as _, Parser, Subcommand};
use failure::Failure;
use relais_core::address::EmailAddress;
use relais_core::language::Language;
use session::Session;
use std::path::PathBuf;
use std::process::ExitCode;

/// Ends, pauses and resumes people's accounts, with their mail.
///
/// Dates are written 2026-12-31, 2026-12-31T18:00, 2026-12-31T18:00:00+01:00, +30d, +2w, +3m or +1y, in the local time
/// zone. A date without a time means its first moment where something begins (at once, if it is today), and the end of
/// that day where something ends.
#[derive(Debug, Parser)]
#[command(name = "relais", version, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Command,
}

/// Where the server is, and how to answer.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Options {
    /// The server's data directory; whoever may open its socket there is the operator
    #[arg(long, global = true, value_name = "DIR", default_value = "data", env = "RELAIS_DATA")]
    pub data: PathBuf,
    /// Ask a server over http, with a token, instead of by the socket in --data
    #[arg(long, global = true, value_name = "http://HOST:PORT", env = "RELAIS_URL")]
    pub url: Option<String>,
    /// The token to ask it with
    #[arg(long, global = true, value_name = "SECRET", env = "RELAIS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Print what the API answers, untouched
    #[arg(long, global = true)]
    pub json: bool,
    /// fr or en; otherwise as LC_ALL, LC_MESSAGES or LANG says
    #[arg(long, global = true, value_name = "fr|en", value_parser = language::parse)]
    pub language: Option<Language>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(crate::serve::ServeArguments),
    /// Rebuild what was lost with a server, where none runs: an organisation from its backups and their key
    Restore(crate::restore::RestoreArguments),
    #[command(flatten)]
    Ask(Question),
}

impl Options {
    /// In which a person is answered.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language.unwrap_or_else(language::of_environment)
    }
}

/// What is asked of a running server.
#[derive(Debug, Subcommand)]
pub enum Question {
    /// Organisations
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Domains
    #[command(subcommand)]
    Domain(DomainCommand),
    /// Accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// One act on many accounts: tried first, then done
    #[command(subcommand)]
    Bulk(BulkCommand),
    /// Acts on many accounts that were ordered
    #[command(subcommand)]
    Job(JobCommand),
    /// Further addresses of an account
    #[command(subcommand)]
    Alias(AliasCommand),
    /// Who holds an address
    #[command(subcommand)]
    Address(AddressCommand),
    /// What happens to an account's mail
    #[command(subcommand)]
    Inbound(InboundCommand),
    /// Mailboxes that several people read
    #[command(subcommand)]
    SharedMailbox(SharedMailboxCommand),
    /// Calendars and address books
    #[command(subcommand)]
    Collection(CollectionCommand),
    /// What accounts own besides mail, and giving it to others
    #[command(subcommand)]
    Content(ContentCommand),
    /// Groups
    #[command(subcommand)]
    Group(GroupCommand),
    /// What answers mail and stores none
    #[command(subcommand)]
    Responder(ResponderCommand),
    /// End a person's membership: shows the plan, asks, and carries it out
    Depart(Box<DepartArguments>),
    /// Departures that were started; each is named by its id, or by its account's id or address
    #[command(subcommand)]
    Departure(DepartureCommand),
    /// Directories (LDAP) that an organisation is kept in step with
    #[command(subcommand)]
    Directory(DirectoryCommand),
    /// Backups of an organisation, and what is in them
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Archives that people take along when they leave
    #[command(subcommand)]
    Export(ExportCommand),
    /// Say what happens to mail for an address now, and why
    Explain {
        address: EmailAddress,
        /// From this sender; an empty text is a notice, which has none
        #[arg(long, value_name = "SENDER")]
        from: Option<String>,
    },
    /// Let an administrator read a deactivated account's mail until a date
    Grant(GrantArguments),
    /// What happened
    Events(EventsArguments),
    /// Mail that has to leave and has not left yet
    Spool {
        #[command(flatten)]
        organisation: arguments::InOrganisation,
    },
    /// Who runs the instance
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Who is signed in
    #[command(subcommand)]
    Session(SessionCommand),
    /// What lets a device's mail and calendar programs in
    #[command(subcommand)]
    AppPassword(AppPasswordCommand),
    /// Devices and password managers that open the portal without a password
    #[command(subcommand)]
    Passkey(PasskeyCommand),
    /// Codes that are asked for besides the password
    #[command(subcommand)]
    SecondFactor(SecondFactorCommand),
    /// What is done for whoever a provider of identities or a directory closes
    #[command(subcommand)]
    DeparturePolicy(DeparturePolicyCommand),
    /// What an organisation asks of its people when they sign in
    #[command(subcommand)]
    SignInPolicy(SignInPolicyCommand),
    /// Signing in at an organisation's identity provider
    #[command(subcommand)]
    SignOn(SignOnCommand),
    /// Tokens for programs
    #[command(subcommand)]
    Token(TokenCommand),
    /// Providers of identities, which make and close accounts by SCIM
    #[command(subcommand)]
    Scim(ScimCommand),
    /// Programs that are connected to an organisation
    #[command(subcommand)]
    Application(ApplicationCommand),
    /// What organisations may have, and for how much
    #[command(subcommand)]
    Plan(PlanCommand),
    /// What accounts may have, and for how much
    #[command(subcommand)]
    Subscription(SubscriptionCommand),
    /// The prepaid balance of an organisation
    #[command(subcommand)]
    Provision(ProvisionCommand),
    /// Print what a shell needs to complete commands
    Completions { shell: Shell },
}

/// The grammar, for whoever prints it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Asks what was typed, and says how it went.
pub async fn run(options: Options, question: Question) -> ExitCode {
    let language = options.language();
    let json = options.json;
    let outcome = match Session::open(options, language) {
        Ok(mut session) => dispatch(&mut session, question).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(language, json, &mut std::io::stderr());
            failure.exit_code().into()
        }
    }
}

async fn dispatch(session: &mut Session, question: Question) -> Result<(), Failure> {
    match question {
        Question::Organisation(command) => organisation::organisation(session, command).await,
        Question::Domain(command) => domain::domain(session, command).await,
        Question::Operator(command) => operator::operator(session, command).await,
        Question::Account(command) => account::account(session, command).await,
        Question::Bulk(command) => bulk::bulk(session, command).await,
        Question::Job(command) => bulk::job(session, command).await,
        Question::Alias(command) => account::alias(session, command).await,
        Question::Inbound(command) => account::inbound(session, command).await,
        Question::Address(command) => address::address(session, command).await,
        Question::SharedMailbox(command) => members::shared_mailbox(session, command).await,
        Question::Collection(command) => collection::collection(session, command).await,
        Question::Content(command) => content::content(session, command).await,
        Question::Group(command) => group::group(session, command).await,
        Question::Responder(command) => address::responder(session, command).await,
        Question::Depart(arguments) => depart::depart(session, *arguments).await,
        Question::Departure(command) => departure::departure(session, command).await,
        Question::DeparturePolicy(command) => departure_policy::departure_policy(session, command).await,
        Question::Directory(command) => directory::directory(session, command).await,
        Question::Backup(command) => backup::backup(session, command).await,
        Question::Export(command) => export::export(session, command).await,
        Question::Explain { address, from } => explain::explain(session, &address, from.as_deref()).await,
        Question::Grant(arguments) => access::grant(session, arguments).await,
        Question::Session(command) => credentials::session(session, command).await,
        Question::AppPassword(command) => credentials::app_password(session, command).await,
        Question::Passkey(command) => credentials::passkey(session, command).await,
        Question::SecondFactor(command) => credentials::second_factor(session, command).await,
        Question::SignInPolicy(command) => credentials::sign_in_policy(session, command).await,
        Question::SignOn(command) => sign_on::sign_on(session, command).await,
        Question::Token(command) => access::token(session, command).await,
        Question::Scim(command) => scim::scim(session, command).await,
        Question::Application(command) => application::application(session, command).await,
        Question::Events(arguments) => journal::events(session, arguments).await,
        Question::Spool { organisation } => journal::spool(session, &organisation).await,
        Question::Plan(command) => offers::plan(session, command).await,
        Question::Subscription(command) => offers::subscription(session, command).await,
        Question::Provision(command) => provision::provision(session, command).await,
        Question::Completions { shell } => completions(session, shell),
    }
}

fn completions(session: &mut Session, shell: Shell) -> Result<(), Failure> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "relais", &mut script);
    session.say(String::from_utf8_lossy(&script).trim_end())
}
