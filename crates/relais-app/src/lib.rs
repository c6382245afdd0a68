//! The only writer of Relais. Doors build a command and hand it to [`Relais`]; it gathers the facts, lets the core
//! decide, writes the decision in one transaction and sees that its effects happen.
//!
//! Nothing here knows a protocol or a request; nothing here decides what the core decides.

mod account_lists;
mod addresses;
mod applications;
mod backups;
mod cells;
mod clock;
mod collections;
mod content;
mod credentials;
mod departures;
mod directories;
mod domains;
mod dry_run;
mod effects;
mod error;
mod execute;
mod explain;
mod exports;
mod feeds;
mod groups;
mod health;
mod housekeeping;
mod invitations;
mod jobs;
mod letters;
mod licences;
mod mail;
mod mailboxes;
mod means;
mod newcomers;
mod notifications;
mod offers;
mod operators;
mod organisations;
mod outbound;
mod ownership;
mod password_resets;
mod profiles;
mod provision;
pub mod read;
mod renewals;
mod responders;
mod scim;
mod sign_on;
mod statement;
mod throttle;
mod webhooks;

pub use account_lists::{AccountRows, LineOutcome, LineReport};
pub use applications::{ApplicationChange, NewApplication};
pub use backups::{
    BackupPolicyChange, BackupSchedule, CollectionContents, Contents, Download, DryRun, FolderContents,
    FoundInBackup, FoundMessage, InstanceRestore, Looker, MessagePage, RestorePlace, RestoreReport,
    RestoreRequest, RestoredHolder, RestoredInstance, RestoredPart,
};
pub use cells::table_of;
pub use clock::{Clock, Ids};
pub use collections::{Extent, Visitor};
pub use content::{ContentOwned, ItemOutcome, Outcome, ReassignRequest, SaidItem, SaidShare};
pub use credentials::{
    Caller, HalfSignedIn, NewSecret, OpenMail, Origin, PasskeyQuestion, PortalAnswer, SecondFactorBegun,
    SecondFactorState, SignInRefusal,
};
pub use departures::certificate::Certificate;
pub use directories::{DirectoryChange, NewDirectory};
pub use error::Error;
pub use exports::TakenExport;
pub use feeds::{FeedRequest, FeedShown};
pub use groups::{GroupAddress, GroupChange};
pub use health::{Condition, Health};
pub use invitations::Invitation;
pub use jobs::JobAccounts;
pub use licences::LicenceReport;
pub use mail::{Envelope, Message};
pub use mailboxes::MailboxChange;
pub use notifications::{NotificationReport, ToldEvent};
pub use operators::{SetUp, operates};
pub use organisations::{NewAccountRequest, NewOrganisationRequest};
pub use ownership::OrganisationChange;
pub use password_resets::TooManyRequests;
pub use profiles::MailboxUsage;
pub use provision::{Provision, Renewal};
pub use relais_core as core;
pub use relais_engines::maildir::{Order, Personal, Query};
pub use relais_engines::message::View;
pub use relais_engines::passkey::{RegistrationAnswer, SignInAnswer};
pub use relais_store::{Store, schema};
pub use scim::{Enrolled, Expected, NewScimToken, Ties, Wish, is_active, said_of, version_of};
pub use sign_on::{IdentityProviderRequest, Membership, SignOnBack, SignOnEnd, SignOnStart, SignOnStarted};
pub use statement::{Days, Line, Statement};
pub use throttle::Network;

use relais_engines::collections::Collections;
use relais_engines::dns::Dns;
use relais_engines::dovecot::Dovecot;
use relais_engines::identity_provider::IdentityProviders;
use relais_engines::ldap::Ldap;
use relais_engines::maildir::Maildirs;
use relais_engines::message::PersonalMarks;
use relais_engines::radicale::{Homes, Radicale};
use relais_engines::scim_server::ScimServers;
use relais_engines::smtp::Smarthost;
use relais_engines::spool::SpoolFiles;
use relais_engines::webhook::Webhooks;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify, RwLock};

/// What start-up builds and hands over.
pub struct Parts {
    pub store: Store,
    pub maildirs: Arc<Maildirs>,
    pub spool_files: Arc<SpoolFiles>,
    /// Mail access; without it nobody can have a session there.
    pub dovecot: Option<Dovecot>,
    /// Where calendars and address books are.
    pub homes: Arc<Homes>,
    /// The files of calendars and address books.
    pub collections: Arc<Collections>,
    /// Where organisations are backed up unless the operator says otherwise.
    pub backups_dir: PathBuf,
    /// Archives that people take along.
    pub exports_dir: PathBuf,
    /// Who serves them; without it nobody reaches them.
    pub radicale: Option<Radicale>,
    /// Where mail for elsewhere goes; without it such mail is kept and listed.
    pub smarthost: Option<Smarthost>,
    /// How applications are told what happens.
    pub webhooks: Webhooks,
    /// How applications are told of accounts that are SCIM servers.
    pub scim_servers: ScimServers,
    /// How directories are read.
    pub ldap: Ldap,
    /// Where people sign in who do so elsewhere.
    pub identity_providers: IdentityProviders,
    /// Where proofs of domains are looked up.
    pub dns: Dns,
    /// The name in message ids and notices, to which the MX records of our domains point.
    pub hostname: String,
    /// Where people reach the HTTP door, without a slash at its end: the beginning of links in letters.
    pub public_url: String,
    /// Under which a domain's DKIM key is looked for.
    pub dkim_selector: String,
    pub personal_marks: PersonalMarks,
    pub clock: Clock,
    pub ids: Ids,
    /// Who holds the leases that this process takes: the same after a restart, different on every machine.
    pub node: String,
}

/// The application. One per process, shared by all doors.
pub struct Relais {
    store: Store,
    maildirs: Arc<Maildirs>,
    spool_files: Arc<SpoolFiles>,
    dovecot: Option<Dovecot>,
    homes: Arc<Homes>,
    collections: Arc<Collections>,
    repositories: backups::Repositories,
    exports_dir: PathBuf,
    radicale: Option<Radicale>,
    smarthost: Option<Smarthost>,
    webhooks: Webhooks,
    scim_servers: ScimServers,
    ldap: Ldap,
    identity_providers: IdentityProviders,
    dns: Dns,
    hostname: String,
    public_url: String,
    dkim_selector: String,
    personal_marks: Arc<PersonalMarks>,
    clock: Clock,
    ids: Ids,
    node: String,
    passwords: Arc<credentials::passwords::Passwords>,
    throttle: throttle::Throttle,
    grants_noted: collections::GrantsNoted,
    /// Held by every delivery from its routing to its answer: whoever takes it alone knows that none is under way
    /// that was routed before.
    deliveries: RwLock<()>,
    /// Held while what is owed to the outside is carried out.
    settling: Mutex<()>,
    /// Woken when there may be effects or departures to see to.
    work: Notify,
    /// Woken when a backup was asked for.
    backing_up: Notify,
    /// Jobs were ordered.
    working_through: Notify,
    /// Woken when applications are to be told something again.
    telling: Notify,
    /// Woken when applications are to be fed at once.
    feeding: Notify,
    /// Woken when there may be mail to send.
    outgoing: Notify,
}

impl Relais {
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            store: parts.store,
            maildirs: parts.maildirs,
            spool_files: parts.spool_files,
            dovecot: parts.dovecot,
            homes: parts.homes,
            collections: parts.collections,
            repositories: backups::Repositories::new(parts.backups_dir),
            exports_dir: parts.exports_dir,
            radicale: parts.radicale,
            smarthost: parts.smarthost,
            webhooks: parts.webhooks,
            scim_servers: parts.scim_servers,
            ldap: parts.ldap,
            identity_providers: parts.identity_providers,
            dns: parts.dns,
            hostname: parts.hostname,
            public_url: parts.public_url,
            dkim_selector: parts.dkim_selector,
            personal_marks: Arc::new(parts.personal_marks),
            clock: parts.clock,
            ids: parts.ids,
            node: parts.node,
            passwords: Arc::new(credentials::passwords::Passwords::new()),
            throttle: throttle::Throttle::default(),
            grants_noted: std::sync::Mutex::default(),
            deliveries: RwLock::default(),
            settling: Mutex::default(),
            work: Notify::new(),
            backing_up: Notify::new(),
            working_through: Notify::new(),
            telling: Notify::new(),
            feeding: Notify::new(),
            outgoing: Notify::new(),
        })
    }

    /// The time as this instance sees it.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// A consistent look at the tables, for doors that only read: see [`read`] for the queries.
    ///
    /// # Errors
    /// What `look` returns, or that the store could not be asked.
    pub async fn look<T, F>(&self, mut look: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut relais_store::Tx<'_>) -> Result<T, relais_store::Error> + Send + 'static,
    {
        self.store.read(move |tx| look(tx).map_err(Error::from)).await
    }

    /// The name of this host, by which mail programs reach it.
    #[must_use]
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// Where people and programs reach the HTTP door, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The mail server that was handed over, if there is one.
    #[must_use]
    pub fn dovecot(&self) -> Option<&Dovecot> {
        self.dovecot.as_ref()
    }

    /// The server of calendars and address books that was handed over, if there is one.
    #[must_use]
    pub fn radicale(&self) -> Option<&Radicale> {
        self.radicale.as_ref()
    }
}
