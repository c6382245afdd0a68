//! A whole Relais without doors: real files in a directory, a real database, a clock that stands still, and the
//! verbs a test speaks in.

#![allow(dead_code, clippy::allow_attributes, reason = "every test file takes the verbs it needs")]

#[path = "working.rs"]
mod working;

use jiff::Timestamp;
use relais_app::{Clock, Envelope, Ids, NewAccountRequest, NewOrganisationRequest, Parts, Relais};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Role};
use relais_core::backup::{Generation, GenerationState, Holder, Occasion, Scope, Snapshot};
use relais_core::departure::{Departure, DepartureState, Order};
use relais_core::ids::{AccountId, DepartureId, GenerationId, MailboxId, OrganisationId, SubscriptionId};
use relais_core::inbound::Inbound;
use relais_core::language::Language;
use relais_core::lifecycle::Command;
use relais_core::mail_refusal::MailRefusal;
use relais_core::money::Currency;
use relais_core::notification::{Preferences, Topic};
use relais_core::organisation::{Group, GroupRole, Target};
use relais_core::password::PasswordHash;
use relais_core::plan::{Licence, SubscriptionTerms};
use relais_core::refusal::Refusal;
use relais_core::term::Period;
use relais_engines::maildir::{Maildirs, decode_utf7};
use relais_engines::{collections::Collections, dns::Dns};
use relais_engines::{
    identity_provider::IdentityProviders, outside::Reach, spool::SpoolFiles, webhook::Webhooks,
};
use relais_engines::{message::PersonalMarks, radicale::Homes};
use relais_store::events::ChainCheck;
use relais_store::spool::{Outbound, SpoolState};
use relais_store::{
    Store, Tx, accounts, addresses, departures, events, generations, mailboxes, schema, spool,
};
use relais_testbed::dns::resolver_in_trouble;
use relais_testbed::postgres::PrivatePostgres;
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

pub const NOW: &str = "2026-11-21T09:00:00Z";
pub const OPERATOR: Actor = Actor::Operator;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

pub struct World {
    pub relais: Arc<Relais>,
    pub store: Store,
    pub clock: Clock,
    pub organisation: OrganisationId,
    /// Knows nothing, until a test puts a name server there and opens again.
    pub resolver: SocketAddr,
    ids: Ids,
    dir: tempfile::TempDir,
    numbers: AtomicU32,
}

/// Runs a scenario in a world of its own.
pub fn on(database: Database, body: impl AsyncFnOnce(&mut World)) {
    runtime().block_on(async {
        let mut world = World::new(database).await;
        body(&mut world).await;
        world.assert_chain_whole().await;
    });
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Every scenario on SQLite as a test of its own, and all of them on one PostgreSQL server.
#[macro_export]
macro_rules! on_both {
    ($($name:ident)*) => {
        mod on_sqlite {
            $( #[test] fn $name() { $crate::world::on($crate::world::Database::Sqlite, super::$name); } )*
        }
        #[test]
        fn on_postgres_all_of_them_hold_too() {
            $(
                eprintln!("on PostgreSQL: {}", stringify!($name));
                $crate::world::on($crate::world::Database::Postgres, $name);
            )*
        }
    };
}

pub fn address(text: &str) -> EmailAddress {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The code of what an error was refused for; several with a space between.
pub fn code(error: &relais_app::Error) -> String {
    match error {
        relais_app::Error::Refused(refusal) => refusal.code().to_owned(),
        relais_app::Error::RefusedAll(all) => all.iter().map(Refusal::code).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

fn open(
    dir: &Path,
    store: &Store,
    clock: &Clock,
    ids: &Ids,
    node: &str,
    resolver: SocketAddr,
) -> Arc<Relais> {
    Relais::new(Parts {
        store: store.clone(),
        maildirs: Arc::new(Maildirs::open(dir.join("mail")).unwrap()),
        spool_files: Arc::new(SpoolFiles::open(dir.join("spool")).unwrap()),
        dovecot: None,
        homes: Arc::new(Homes::open(&dir.join("dav")).unwrap()),
        radicale: None,
        collections: Arc::new(Collections::open(dir.join("dav")).unwrap()),
        backups_dir: dir.join("backups"),
        exports_dir: dir.join("exports"),
        smarthost: None,
        webhooks: Webhooks::new(Reach::Everywhere).unwrap(),
        scim_servers: relais_engines::scim_server::ScimServers::new(Reach::Everywhere).unwrap(),
        ldap: relais_engines::ldap::Ldap::new(Reach::Everywhere),
        identity_providers: IdentityProviders::new(Reach::Everywhere).unwrap(),
        dns: Dns::at(resolver),
        hostname: "mx.bm.com".into(),
        public_url: "https://mail.bm.com".to_owned(),
        dkim_selector: "relais".to_owned(),
        personal_marks: PersonalMarks::default(),
        clock: clock.clone(),
        ids: ids.clone(),
        node: node.to_owned(),
    })
}

fn pretend_backup(
    tx: &mut Tx<'_>,
    generation: GenerationId,
    organisation: OrganisationId,
    account: AccountId,
    now: Timestamp,
) -> Result<(), relais_store::Error> {
    let row = Generation {
        id: generation,
        organisation,
        scope: Scope::Account(account),
        occasion: Occasion::Asked,
        state: GenerationState::Verified,
        started_at: now,
        ended_at: Some(now),
        holders: 1,
        holders_done: 1,
        trouble: None,
    };
    generations::insert(tx, &row, &OPERATOR, now)?;
    let snapshot = Snapshot {
        generation,
        organisation,
        holder: Holder::Account(account),
        id: "0".repeat(64),
        begun_at: now,
        verified_at: Some(now),
        messages: 0,
        personal_messages: 0,
        items: 0,
        size_bytes: 0,
        fingerprint: None,
    };
    generations::set_snapshot(tx, &snapshot)
}

impl World {
    /// An organisation `bm.com` without anyone in it.
    pub async fn new(database: Database) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = match database {
            Database::Sqlite => format!("sqlite://{}/relais.db", dir.path().display()),
            Database::Postgres => PrivatePostgres::shared().fresh_database().unwrap(),
        };
        let store = Store::open(&url, schema::MIGRATIONS).unwrap();
        let (clock, ids) = (Clock::set_to(moment(NOW)), Ids::counted());
        let resolver = resolver_in_trouble();
        let relais = open(dir.path(), &store, &clock, &ids, "one", resolver);
        let organisation = relais
            .create_organisation(organisation("Bonne Mine", Language::French), OPERATOR)
            .await
            .unwrap()
            .id;
        relais.add_domain(organisation, "bm.com", OPERATOR).await.unwrap();
        Self { relais, store, clock, organisation, resolver, ids, dir, numbers: AtomicU32::new(0) }
    }

    /// As after a stop: everything in memory is forgotten, the directory and the database stay.
    pub async fn reopen(&mut self) {
        self.relais = self.second("one");
        self.relais.recover().await.unwrap();
    }

    /// Another process on the same database and directory.
    pub fn second(&self, node: &str) -> Arc<Relais> {
        open(self.dir.path(), &self.store, &self.clock, &self.ids, node, self.resolver)
    }

    pub fn advance_days(&self, days: i64) {
        self.clock.advance(24 * days);
    }

    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, relais_store::Error> + Send + 'static,
    ) -> T {
        self.store.write(work).await.unwrap()
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, relais_store::Error> + Send + 'static,
    ) -> T {
        self.store.read(work).await.unwrap()
    }

    // People and what they hold.

    /// `name@bm.com`, active, with a password that nobody knows.
    pub async fn person(&self, name: &str) -> Account {
        let invited = self.invited(name).await;
        let hash = PasswordHash::from_phc("$argon2id$of-nobody".into());
        self.command(invited.id, Command::SetPassword { hash }).await
    }

    pub async fn invited(&self, name: &str) -> Account {
        let request = self.request(name, None, Role::Member);
        self.relais.create_account(self.organisation, request, OPERATOR).await.unwrap()
    }

    pub async fn person_with(&self, name: &str, password: &str, role: Role) -> Account {
        let request = self.request(name, Some(password), role);
        self.relais.create_account(self.organisation, request, OPERATOR).await.unwrap()
    }

    pub fn request(&self, name: &str, password: Option<&str>, role: Role) -> NewAccountRequest {
        NewAccountRequest {
            address: address(&full(name)),
            name: format!("Personne {name}"),
            password: password.map(str::to_owned),
            role,
            quota_bytes: None,
            subscription: None,
        }
    }

    /// `Base`, for a month.
    pub async fn subscription(&self, price_minor: i64) -> SubscriptionId {
        let terms = SubscriptionTerms {
            name: "Base".into(),
            price_minor,
            currency: Currency::Eur,
            period: Period::Month,
            aliases_max: None,
            quota_bytes: None,
            licence: Licence::Full,
        };
        self.relais.create_subscription(terms, OPERATOR).await.unwrap().id
    }

    pub async fn command(&self, id: AccountId, command: Command) -> Account {
        self.relais.execute(id, command, OPERATOR).await.unwrap()
    }

    /// As if a verified backup held the account as it is now: for scenarios that are not about backups.
    pub async fn backed_up(&self, id: AccountId) {
        let (organisation, now) = (self.account(id).await.organisation, self.relais.now());
        let number = self.ids.next();
        self.write(move |tx| pretend_backup(tx, GenerationId::from_number(number), organisation, id, now))
            .await;
    }

    pub async fn try_command(&self, id: AccountId, command: Command) -> Result<Account, String> {
        self.relais.execute(id, command, OPERATOR).await.map_err(|error| code(&error))
    }

    pub async fn set_inbound(&self, id: AccountId, inbound: Inbound) {
        self.command(id, Command::SetInbound { inbound }).await;
    }

    pub async fn alias(&self, id: AccountId, name: &str) {
        self.command(id, Command::AddAlias { address: address(&full(name)) }).await;
    }

    /// No letters for this one: what has to be in a mailbox is what the test puts there.
    pub async fn tell_nothing(&self, id: AccountId) {
        let preferences = Preferences { muted: BTreeSet::from(Topic::ALL) };
        self.relais.set_notification_preferences(id, preferences, OPERATOR).await.unwrap();
    }

    pub async fn group(&self, name: &str, members: &[AccountId]) -> Group {
        let at = Some(address(&full(name)));
        let group = self.relais.create_group(self.organisation, name.into(), at, OPERATOR).await.unwrap();
        for member in members {
            let role = Some(GroupRole::Member);
            self.relais.set_group_member(group.id, *member, role, OPERATOR).await.unwrap();
        }
        group
    }

    pub async fn provider_domain(&self, name: &'static str) {
        self.relais.add_provider_domain(name, OPERATOR).await.unwrap();
    }

    pub async fn account(&self, id: AccountId) -> Account {
        self.read(move |tx| accounts::get(tx, id)).await.unwrap()
    }

    /// What a person sees of an account, without when it last changed.
    pub async fn account_as_json(&self, id: AccountId) -> serde_json::Value {
        serde_json::to_value(self.account(id).await).unwrap()
    }

    /// `address kind` of every address of an account.
    pub async fn addresses(&self, id: AccountId) -> Vec<String> {
        self.read(move |tx| addresses::of_target(tx, Target::Account(id)))
            .await
            .iter()
            .map(|held| format!("{} {:?}", held.address, held.kind))
            .collect()
    }

    /// `target` by `target`, who held an address, the one who has it now marked with a star.
    pub async fn history(&self, name: &str) -> Vec<(Target, bool)> {
        let text = address(&full(name));
        self.read(move |tx| addresses::history(tx, &text))
            .await
            .iter()
            .map(|holding| (holding.target, holding.until.is_none()))
            .collect()
    }

    // Mail.

    /// A message nobody sent before.
    pub fn message(&self, from: &str, to: &str, subject: &str) -> String {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        format!(
            "From: <{from}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <{number}@test>\r\n\r\nBonjour.\r\n"
        )
    }

    /// Delivers raw bytes; `from` empty is the null sender.
    pub async fn deliver_raw(&self, from: &str, to: &[&str], message: &str) -> Vec<Result<(), MailRefusal>> {
        let mut incoming = self.relais.begin_message().await.unwrap();
        incoming.write_trace(b"Received: from test\r\n").unwrap();
        incoming.write(message.as_bytes()).unwrap();
        let envelope = Envelope {
            sender: (!from.is_empty()).then(|| from.to_owned()),
            recipients: to.iter().map(|name| address(&full(name))).collect(),
            submitter: None,
        };
        self.relais.deliver(&envelope, incoming).await
    }

    /// A new message to one recipient: the enhanced code of the answer.
    pub async fn deliver(&self, from: &str, to: &str, subject: &str) -> String {
        let message = self.message(from, &full(to), subject);
        said(&self.deliver_raw(from, &[to], &message).await[0])
    }

    /// What RCPT would hear.
    pub async fn asked(&self, from: &str, to: &str) -> String {
        let sender = (!from.is_empty()).then_some(from);
        said(&self.relais.recipient(sender, None, &address(&full(to))).await)
    }

    pub async fn mailbox_of(&self, name: &str) -> MailboxId {
        let text = address(&full(name));
        self.read(move |tx| {
            Ok(match mailboxes::named(tx, &text)? {
                Some(shared) => shared.id,
                None => accounts::holding(tx, &text)?.expect("someone holds it").mailbox,
            })
        })
        .await
    }

    pub fn home(&self, mailbox: MailboxId) -> PathBuf {
        self.dir.path().join("mail/boxes").join(mailbox.to_string())
    }

    /// `folder: subject flags` of every message, sorted.
    pub async fn mailbox(&self, name: &str) -> Vec<String> {
        self.listing(self.mailbox_of(name).await)
    }

    pub fn listing(&self, mailbox: MailboxId) -> Vec<String> {
        list_maildir(&self.home(mailbox).join("Maildir"))
    }

    /// Personal messages kept of a mailbox that is gone.
    pub fn kept_aside(&self, mailbox: MailboxId) -> Vec<String> {
        list_maildir(&self.dir.path().join("mail/aside").join(mailbox.to_string()))
    }

    /// Puts a message into a folder as a mail program would have.
    pub fn put(&self, mailbox: MailboxId, folder: &str, subject: &str, flags: &str) {
        let maildir = self.home(mailbox).join("Maildir");
        let folder = if folder == "INBOX" { maildir } else { maildir.join(format!(".{folder}")) };
        for name in ["cur", "new", "tmp"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let text = self.message("old@elsewhere.test", "user1@bm.com", subject);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let name = format!("17000000{number:02}.M{number}.test,S={}:2,{flags}", text.len());
        fs::write(folder.join("cur").join(name), text).unwrap();
    }

    /// Puts an item into a collection as Radicale would have.
    pub fn put_item(&self, account: AccountId, collection: &str, item: &str, bytes: &str) {
        let dir = self.dir.path().join("dav/collection-root").join(account.to_string()).join(collection);
        fs::create_dir_all(&dir).unwrap();
        let tag = if item.ends_with(".vcf") { "VADDRESSBOOK" } else { "VCALENDAR" };
        fs::write(dir.join(".Radicale.props"), format!(r#"{{"tag": "{tag}"}}"#)).unwrap();
        fs::write(dir.join(item), bytes).unwrap();
    }

    /// `collection/item` of everything in somebody's collections, with what it says of the organiser.
    pub fn items(&self, account: AccountId) -> Vec<String> {
        let home = self.dir.path().join("dav/collection-root").join(account.to_string());
        let mut found = Vec::new();
        for collection in fs::read_dir(home).into_iter().flatten() {
            let collection = collection.unwrap();
            for item in fs::read_dir(collection.path()).unwrap() {
                let item = item.unwrap();
                let name = item.file_name().into_string().unwrap();
                if !name.starts_with('.') {
                    let text = fs::read_to_string(item.path()).unwrap();
                    let organiser = text.lines().find_map(|line| line.split_once("mailto:"));
                    let organiser = organiser.map_or("", |(_, address)| address);
                    let status = if text.contains("STATUS:CANCELLED") { " cancelled" } else { "" };
                    let collection = collection.file_name().into_string().unwrap();
                    found.push(format!("{collection}/{name} {organiser}{status}").trim_end().to_owned());
                }
            }
        }
        found.sort();
        found
    }

    pub fn exports_on_disk(&self) -> usize {
        fs::read_dir(self.dir.path().join("exports")).map_or(0, Iterator::count)
    }

    /// Makes a mailbox unusable, for root too.
    pub fn break_mailbox(&self, mailbox: MailboxId) {
        let home = self.home(mailbox);
        if home.exists() {
            fs::rename(&home, home.with_extension("away")).unwrap();
        }
        fs::write(home, "in the way").unwrap();
    }

    pub fn mend_mailbox(&self, mailbox: MailboxId) {
        let home = self.home(mailbox);
        fs::remove_file(&home).unwrap();
        if home.with_extension("away").exists() {
            fs::rename(home.with_extension("away"), home).unwrap();
        }
    }

    pub async fn spool(&self) -> Vec<Outbound> {
        let mut rows = self.read(|tx| spool::list(tx, None, 1000)).await;
        rows.reverse();
        rows
    }

    /// `sender -> recipient state` of everything in the spool, the oldest first.
    pub async fn outbound(&self) -> Vec<String> {
        self.spool()
            .await
            .iter()
            .map(|row| {
                let state = match row.state {
                    SpoolState::Waiting => "waiting",
                    SpoolState::Sent => "sent",
                    SpoolState::Failed => "failed",
                };
                format!("{} -> {} {state}", row.sender.as_deref().unwrap_or("<>"), row.recipient)
            })
            .collect()
    }

    pub fn spool_file(&self, row: &Outbound) -> Option<String> {
        fs::read_to_string(self.dir.path().join("spool").join(row.id.to_string())).ok()
    }

    pub fn put_spool_file(&self, id: i64, text: &str) {
        let id = relais_core::ids::SpoolId::from_number(id);
        fs::write(self.dir.path().join("spool").join(id.to_string()), text).unwrap();
    }

    pub fn spool_file_count(&self) -> usize {
        fs::read_dir(self.dir.path().join("spool")).unwrap().count()
    }
}

fn full(name: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@bm.com") }
}

pub fn said(answer: &Result<(), MailRefusal>) -> String {
    match answer {
        Ok(()) => "ok".into(),
        Err(refusal) => {
            let (class, subject, detail) = refusal.answer().enhanced;
            format!("{class}.{subject}.{detail}")
        }
    }
}

fn list_maildir(maildir: &Path) -> Vec<String> {
    let mut found = list_folder(maildir, "INBOX");
    for entry in fs::read_dir(maildir).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if let Some(rest) = name.strip_prefix('.') {
            let parts: Vec<_> = rest.split('.').map(|part| decode_utf7(part).unwrap()).collect();
            found.extend(list_folder(&entry.path(), &parts.join("/")));
        }
    }
    found.sort();
    found
}

fn list_folder(folder: &Path, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for shelf in ["new", "cur"] {
        for entry in fs::read_dir(folder.join(shelf)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let subject = text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or("-");
            let file = path.file_name().unwrap().to_str().unwrap();
            let flags = file.split_once(":2,").map_or("", |(_, flags)| flags);
            found.push(format!("{name}: {subject} {flags}").trim_end().to_owned());
        }
    }
    found
}

pub fn organisation(name: &str, language: Language) -> NewOrganisationRequest {
    let (time_zone, currency) = ("Europe/Paris".to_owned(), Currency::Eur);
    NewOrganisationRequest { name: name.to_owned(), language, time_zone, currency }
}
