//! Organisations with something in every table, different with each seed.

use crate::*;
use jiff::civil::date;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use relais_core::account::LegalHold;
use relais_core::application::Application;
use relais_core::authority::Actor;
use relais_core::backup::{Holder, Scope};
use relais_core::collection::{Share, ShareRight, Sharee};
use relais_core::content::{ContentItem, ContentKind, ContentShare, Reassignment, Selection};
use relais_core::departure::{Departure, DepartureState, Step, StepReport};
use relais_core::directory::{EntryId, Said};
use relais_core::event::Happening;
use relais_core::ids::{
    AppPasswordId, ApplicationId, ContentId, DepartureId, ErasureId, GrantId, JobId, PasskeyId, PlanId,
    ReassignmentId, SessionId, ShareId, SpoolId, SubscriptionId, TokenId,
};
use relais_core::job::{BulkAct, Job, JobState, Run};
use relais_core::ledger::NewEntry;
use relais_core::lifecycle::Effect;
use relais_core::notification::{Preferences, Topic};
use relais_core::photo::{Photo, PhotoKind};
use relais_core::profile::Profile;
use relais_core::sign_on::{IdentityProvider, Newcomers, SignOnDemand};
use relais_core::term::{Period, Term};
use relais_store::app_passwords::{self, AppPassword};
use relais_store::credentials::{self, Grant, Token};
use relais_store::directories::{self as stored, EntryRow, Kept as KeptCursor, SyncedGroup};
use relais_store::exports::{self, Export};
use relais_store::feeds::{self, Subject, Urgency};
use relais_store::passkeys::{self, Ceremony, Passkey, Purpose};
use relais_store::password_resets::{self, PasswordReset};
use relais_store::second_factors::{self, Factor, HalfSignIn};
use relais_store::sessions::{self, Session};
use relais_store::sign_on::{self, Attempt, Kept, SignOnLink, Ticket};
use relais_store::spool::{self, Outbound, SpoolState};
use relais_store::{
    applications, claims, collections, content, departures, events, generations, jobs, known_networks,
    ledger, licence_counts, notifications, offers, outbox, profiles, repositories, scim, settings, webhooks,
};
use serde_json::json;
use std::collections::BTreeSet;

/// What a database or a text format might take for something else.
const TEXTS: [&str; 8] = [
    "",
    "« é »\n\"\\\t\u{1F600}",
    "'; DROP TABLE accounts; --",
    "007",
    "1e3",
    "null",
    "\u{2028}\r",
    "$1 ? %",
];

struct Filling<'f, 'tx> {
    tx: &'f mut Tx<'tx>,
    random: StdRng,
    organisation: i64,
    people: Vec<Account>,
}

/// The operator's own rows.
pub fn operator(tx: &mut Tx<'_>) -> Result<(), Error> {
    offers::insert_plan(tx, &plan(1, "Grande"))?;
    offers::insert_plan(tx, &plan(2, "Petite"))?;
    offers::retire_plan(tx, PlanId::from_number(2), at(3))?;
    offers::insert_subscription(tx, &subscription(1, "Base"))?;
    relais_store::domains::insert(tx, &provider())?;
    settings::set_operator_address(tx, Some(&address("ops@host.test")))?;
    let token = |number, organisation: Option<i64>| Token {
        id: TokenId::from_number(number),
        organisation: organisation.map(org),
        name: "exploitant".into(),
        created_at: at(0),
        revoked_at: None,
    };
    credentials::insert_token(tx, &token(1, None), b"operator")
}

/// Organisation `number`, on the domain `org<number>.fr`.
pub fn organisation_of(tx: &mut Tx<'_>, number: i64, seed: u64) -> Result<(), Error> {
    let made = Organisation {
        plan: Some(PlanId::from_number(1)),
        plan_term: Some(Term::begin(4900, Period::Year, date(2026, 11, 21))),
        default_subscription: Some(SubscriptionId::from_number(1)),
        ..organisation(number)
    };
    organisations::insert(tx, &made)?;
    organisations::set_low_noticed(tx, made.id, Some(at(4)))?;
    let random = StdRng::seed_from_u64(seed * 100 + number.unsigned_abs());
    let mut filling = Filling { tx, random, organisation: number, people: Vec::new() };
    filling.domains()?;
    filling.accounts()?;
    filling.addresses()?;
    filling.shared()?;
    filling.departures()?;
    filling.identity_provider()?;
    filling.secrets()?;
    filling.under_way()?;
    filling.backups()?;
    filling.directories()?;
    filling.records()
}

impl Filling<'_, '_> {
    fn number(&self, index: usize) -> i64 {
        self.organisation * 1000 + i64::try_from(index).unwrap()
    }

    fn text(&mut self) -> String {
        let (first, second) = (self.random.random_range(0..8), self.random.random_range(0..8));
        format!("{}{}", TEXTS[first], TEXTS[second])
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.random.random_range(0..choices.len())].clone()
    }

    fn person(&mut self) -> Account {
        let people = self.people.clone();
        self.one_of(&people)
    }

    fn target(&mut self) -> Target {
        let id = self.number(1);
        let account = self.person().id;
        self.one_of(&[
            Target::Account(account),
            Target::SharedMailbox(MailboxId::from_number(id)),
            Target::Group(GroupId::from_number(id)),
            Target::Responder(ResponderId::from_number(id)),
        ])
    }

    fn domains(&mut self) -> Result<(), Error> {
        let name = format!("org{}.fr", self.organisation);
        relais_store::domains::insert(self.tx, &own(&name, self.organisation))?;
        claims::insert(self.tx, &claim("wanted.fr", self.organisation, 1))
    }

    fn accounts(&mut self) -> Result<(), Error> {
        for index in 0..self.random.random_range(4..12) {
            let number = self.number(index);
            let state = State::ALL[index % 4];
            let name = if state == State::Deleted { String::new() } else { self.text() };
            let cause = self.one_of(&[Cause::Admin, Cause::Billing, Cause::Directory]);
            let deactivation = Deactivation {
                cause,
                at: at(1),
                inbound_before: Inbound::deliver(),
                state_before: State::Active,
            };
            let is_closed = matches!(state, State::Deactivated | State::Deleted);
            let account = Account {
                id: AccountId::from_number(number),
                organisation: org(self.organisation),
                mailbox: MailboxId::from_number(number + 500),
                name,
                address: address(&format!("p{index}@org{}.fr", self.organisation)),
                role: Role::ALL[index % 5],
                state,
                deactivation: is_closed.then_some(deactivation),
                leaves_at: (index % 2 == 0).then(|| at(9)),
                legal_hold: (index % 4 == 1).then(|| LegalHold { reason: "Litige".into(), since: at(2) }),
                inbound: if index % 3 == 0 { Inbound::deliver() } else { redirect("x@else.where") },
                quota_bytes: self.one_of(&[None, Some(0), Some(i64::MAX)]),
                subscription: (index % 2 == 1).then(|| SubscriptionId::from_number(1)),
                term: (index % 2 == 1).then(|| Term::begin(300, Period::Month, date(2026, 1, 31))),
                password: (state == State::Active).then(|| PasswordHash::from_phc("$argon2id$x".into())),
                epoch: self.random.random(),
                created_at: at(self.random.random_range(-9..9)),
            };
            accounts::insert(self.tx, &account)?;
            if state != State::Deleted {
                let profile = self.one_of(&[profile(), Profile::default()]);
                profiles::set(self.tx, account.id, &profile)?;
                let muted = self.one_of(&[BTreeSet::new(), BTreeSet::from([Topic::Jobs, Topic::Account])]);
                notifications::set_preferences(self.tx, account.id, &Preferences { muted })?;
                notifications::push(self.tx, account.id, 1, Topic::Sharing, at(1))?;
                let image = (0..self.random.random_range(1..3000)).map(|_| self.random.random()).collect();
                profiles::set_photo(self.tx, account.id, &Photo { kind: PhotoKind::Png, image })?;
            }
            self.people.push(account);
        }
        Ok(())
    }

    fn addresses(&mut self) -> Result<(), Error> {
        for index in 0..self.random.random_range(5..20) {
            let organisation = self.organisation;
            let domain = self.one_of(&[format!("org{organisation}.fr"), "host.test".to_owned()]);
            let held = address(&format!("a{index}-{organisation}@{domain}"));
            // The last holder within the same millisecond as the one before.
            for day in [0, self.random.random_range(0..2)] {
                let (to, kind) = (self.target(), self.one_of(&[AddressKind::Primary, AddressKind::Alias]));
                let change = AddressChange::Point { address: held.clone(), to, kind };
                addresses::apply(self.tx, &change, org(organisation), at(day))?;
            }
            let text = self.text();
            addresses::set_reply(self.tx, &held, Some(&text), Some(at(30)))?;
            let after = self.one_of(&[
                None,
                Some(AddressChange::Free { address: held.clone() }),
                Some(AddressChange::Retire { address: held }),
            ]);
            if let Some(change) = after {
                addresses::apply(self.tx, &change, org(organisation), at(5))?;
            }
        }
        Ok(())
    }

    fn shared(&mut self) -> Result<(), Error> {
        let (number, organisation) = (self.number(1), org(self.organisation));
        let held = |name: &str| address(&format!("{name}@org{number}.fr"));
        let mailbox = SharedMailbox {
            id: MailboxId::from_number(number),
            organisation,
            address: held("commun"),
            name: self.text(),
            created_at: at(0),
        };
        mailboxes::insert(self.tx, &mailbox)?;
        let group = Group {
            id: GroupId::from_number(number),
            organisation,
            name: self.text(),
            address: self.one_of(&[None, Some(held("groupe"))]),
            posting: self.one_of(&[Posting::Anyone, Posting::Listed { senders: [held("x")].into() }]),
            created_at: at(0),
        };
        groups::insert(self.tx, &group)?;
        let inner = Group {
            id: GroupId::from_number(number + 1),
            name: format!("dans {}", group.name),
            ..group.clone()
        };
        groups::insert(self.tx, &inner)?;
        groups::put_in(self.tx, group.id, inner.id)?;
        let responder = Responder {
            id: ResponderId::from_number(number),
            organisation,
            name: self.text(),
            text: self.text(),
            created_at: at(0),
        };
        responders::insert(self.tx, &responder)?;
        for account in self.people.clone() {
            mailboxes::set_member(self.tx, mailbox.id, account.id, MailboxRight::Read)?;
            groups::set_member(self.tx, group.id, account.id, GroupRole::Admin)?;
        }
        for index in 0..5 {
            let by = self.target();
            responders::record_answer(self.tx, by, &format!("s{index}@x.test"), at(1))?;
        }
        relais_store::domains::set_catch_all(
            self.tx,
            &format!("org{}.fr", self.organisation),
            Some(Target::SharedMailbox(mailbox.id)),
        )
    }

    /// One in each state, the running one in the hands of a worker.
    fn departures(&mut self) -> Result<(), Error> {
        for (index, state) in DepartureState::ALL.into_iter().enumerate() {
            let leaver = self.people[index % self.people.len()].id;
            let mut new = Departure {
                id: DepartureId::from_number(self.number(index)),
                organisation: org(self.organisation),
                ..departure(1, 1)
            };
            new.plan.account = leaver;
            if departures::open_of(self.tx, leaver)?.is_some() {
                continue;
            }
            departures::insert(self.tx, &new, &Actor::Operator, at(0))?;
            departures::claim(self.tx, "node-1", at(0), at(1))?;
            let report =
                StepReport { step: Step::Freeze, done_at: at(1), detail: json!({ "é": [1, null] }) };
            departures::record_step(self.tx, new.id, 1, &report)?;
            let trouble = self.text();
            departures::set_state(self.tx, new.id, state, Some(&trouble), at(2))?;
            departures::set_certificate(self.tx, new.id, "{\"messages\": 3}")?;
        }
        Ok(())
    }

    fn identity_provider(&mut self) -> Result<(), Error> {
        let provider = IdentityProvider {
            organisation: org(self.organisation),
            issuer: "https://login.example.com".into(),
            client_id: self.text(),
            domains: vec!["bm.com".into()],
            demand: SignOnDemand::Optional,
            newcomers: Newcomers::Members,
            address_claim: "email".into(),
            created_at: at(0),
        };
        let client_secret = Some(self.text());
        sign_on::set_provider(self.tx, &Kept { provider, client_secret })
    }

    fn secrets(&mut self) -> Result<(), Error> {
        for index in 0..3 {
            let number = self.number(index);
            let hash: Vec<u8> = (0..32).map(|_| self.random.random()).collect();
            let (id, organisation) = (TokenId::from_number(number), Some(org(self.organisation)));
            let name = self.text();
            let token = Token { id, organisation, name, created_at: at(0), revoked_at: None };
            credentials::insert_token(self.tx, &token, &hash)?;
            if index == 1 {
                credentials::revoke_token(self.tx, org(self.organisation), id, at(1))?;
            }
            let (account, id) = (self.person().id, GrantId::from_number(number));
            let reason = self.text();
            let grant = Grant { id, account, reason, ends_at: at(5), created_at: at(0) };
            credentials::insert_grant(self.tx, &grant, &hash)?;
            let id = SessionId::from_number(number);
            let session = Session {
                id,
                account,
                epoch: 0,
                created_at: at(0),
                seen_at: at(0),
                expires_at: at(9),
                network: String::new(),
                agent: String::new(),
                sign_on: None,
            };
            sessions::insert(self.tx, &session, &hash)?;
            let name = self.text();
            let made = AppPassword {
                id: AppPasswordId::from_number(number),
                account,
                name,
                scopes: vec![relais_core::sign_in::Scope::Mail],
                epoch: 0,
                created_at: at(0),
                used_at: Some(at(1)),
            };
            app_passwords::insert(self.tx, &made, &hash)?;
            let backed_up = self.one_of(&[true, false]);
            let passkey = Passkey {
                id: PasskeyId::from_number(number),
                account,
                name: self.text(),
                credential_id: hash.clone(),
                public_key: hash.clone(),
                signatures: 3,
                backup_eligible: true,
                backed_up,
                created_at: at(0),
                used_at: None,
            };
            passkeys::insert(self.tx, &passkey)?;
            let asked = Ceremony { purpose: Purpose::SignIn, account: Some((account, 0)) };
            passkeys::begin(self.tx, asked, &hash, at(9))?;
            let confirmed_at = self.one_of(&[None, Some(at(1))]);
            let factor =
                Factor { account, secret: hash.clone(), begun_at: at(0), confirmed_at, last_step: 57 };
            second_factors::set(self.tx, &factor)?;
            second_factors::set_recovery_codes(self.tx, account, std::slice::from_ref(&hash))?;
            let half = HalfSignIn { account, epoch: 0, failures: 0, expires_at: at(9) };
            second_factors::begin(self.tx, &half, &hash)?;
            let organisation = org(self.organisation);
            let link = SignOnLink {
                organisation,
                issuer: "https://login.example.com".into(),
                subject: self.text() + &number.to_string(),
                account,
                linked_at: at(0),
            };
            sign_on::link(self.tx, &link)?;
            let ticket = Ticket { account, epoch: 0 };
            sign_on::insert_ticket(self.tx, ticket, &hash, at(9))?;
            let attempt = Attempt {
                organisation,
                browser_hash: hash.clone(),
                nonce: "n".into(),
                verifier: "v".into(),
                ticket: Some(ticket),
                expires_at: at(9),
            };
            sign_on::insert_attempt(self.tx, &attempt, &hash)?;
            known_networks::note(self.tx, account, "192.0.2.1", at(0), at(1))?;
            password_resets::set(self.tx, &PasswordReset { account, ..reset(1) }, &hash)?;
        }
        Ok(())
    }

    fn under_way(&mut self) -> Result<(), Error> {
        let number = self.number(0);
        let account = self.person().id;
        outbox::push(self.tx, number, &Effect::CutSessions { account }, at(0))?;
        let waiting = Outbound {
            id: SpoolId::from_number(number),
            organisation: Some(org(self.organisation)),
            sender: None,
            recipient: address("bob@y.test"),
            state: SpoolState::Waiting,
            attempts: 0,
            next_at: at(0),
            answer: None,
            created_at: at(0),
            notifies: Some(account),
        };
        spool::push(self.tx, &waiting, &format!("key {number}")).map(drop)
    }

    /// In the hands of a worker.
    fn backups(&mut self) -> Result<(), Error> {
        let (organisation, number, account) = (org(self.organisation), self.number(0), self.person().id);
        repositories::insert(self.tx, &policy(organisation), "rlk_key", Some(at(4)), at(0))?;
        for (index, scope) in [Scope::Everything, Scope::Account(account)].into_iter().enumerate() {
            let made = generation(number + i64::try_from(index).unwrap(), organisation, scope);
            generations::insert(self.tx, &made, &Actor::Operator, at(0))?;
            for holder in [Holder::Account(account), Holder::Organisation(organisation)] {
                generations::set_snapshot(self.tx, &snapshot(made.id.number(), organisation, holder))?;
            }
            generations::claim(self.tx, "node-1", at(0), at(1))?;
        }
        let taken = Export { account, ..export(number, organisation) };
        exports::insert(self.tx, &taken, format!("secret {number}").as_bytes())?;
        let share = Share {
            id: ShareId::from_number(number),
            owner: account,
            collection: "calendar".parse().unwrap(),
            with: Sharee::Group(GroupId::from_number(self.number(1))),
            right: ShareRight::Read,
            created_at: at(0),
        };
        collections::share(self.tx, &share)?;
        let application = Application {
            id: ApplicationId::from_number(number),
            organisation,
            name: self.text(),
            url: Some("https://boards.example".into()),
            created_at: at(0),
            ended_at: None,
        };
        let token = format!("token {number}");
        applications::insert(self.tx, &application, token.as_bytes(), "whsec_1")?;
        applications::replace_secret(self.tx, application.id, "whsec_2", at(9))?;
        webhooks::push(self.tx, application.id, 1, "acc-0000000000001", at(0))?;
        let feed = super::super::feeds::feed(application.id, self.organisation);
        feeds::set(self.tx, &feed, "token of the application")?;
        feeds::push(self.tx, application.id, Subject::Account(account), Urgency::Person, at(3))?;
        self.content(application.id)?;
        let said = scim::Said {
            user_name: format!("{} {number}", self.text()),
            external_id: Some(format!("external {number}")),
            attributes: serde_json::json!({ "title": self.text() }).as_object().unwrap().clone(),
            detached_at: None,
        };
        scim::set(self.tx, account, organisation, &said)?;
        let group = GroupId::from_number(self.number(1));
        scim::set_group_external_id(self.tx, group, organisation, Some(&format!("group {number}")))?;
        let id = TokenId::from_number(number);
        let name = self.text();
        let token =
            scim::ScimToken { id, organisation, name, created_at: at(0), used_at: None, revoked_at: None };
        scim::insert_token(self.tx, &token, format!("scim {number}").as_bytes())?;
        scim::token_used(self.tx, id, at(1))?;
        self.job(number, account)
    }

    /// A board in a younger project, shared, given away, and a document that is to be erased.
    fn content(&mut self, application: ApplicationId) -> Result<(), Error> {
        let organisation = org(self.organisation);
        let (owner, other) = (self.people[0].id, self.people[1].id);
        for (index, kind) in
            [ContentKind::Document, ContentKind::Board, ContentKind::Project].into_iter().enumerate()
        {
            let item = ContentItem {
                id: ContentId::from_number(self.number(index)),
                organisation,
                application,
                external_id: format!("x {index} {}", self.random.random_range(0..9)).parse().unwrap(),
                kind,
                title: self.text(),
                owner,
                parent: (kind == ContentKind::Board).then(|| ContentId::from_number(self.number(2))),
                url: self.one_of(&[None, Some("https://x.test/é".to_owned())]),
                erasure: None,
                created_at: at(1),
            };
            content::insert(self.tx, &item)?;
        }
        let share = ContentShare {
            item: ContentId::from_number(self.number(1)),
            with: Sharee::Account(other),
            right: ShareRight::Write,
            created_at: at(1),
        };
        content::share(self.tx, &share)?;
        let made = Reassignment {
            id: ReassignmentId::from_number(self.number(0)),
            organisation,
            from: owner,
            to: other,
            selection: Selection::Kinds { kinds: vec![ContentKind::Project] },
            at: at(2),
            items: 0,
            collections: Some(vec![]),
            undone_at: None,
        };
        content::reassigning::reassign(self.tx, &made)?;
        let reason = self.text();
        content::reassigning::refuse(self.tx, &made, share.item, &reason)?;
        content::erasing::ask(self.tx, ErasureId::from_number(self.number(0)), organisation, owner, at(3))?;
        Ok(())
    }

    fn job(&mut self, number: i64, account: AccountId) -> Result<(), Error> {
        let job = Job {
            id: JobId::from_number(number),
            organisation: org(self.organisation),
            act: BulkAct::Reactivate,
            run: Run::Dry,
            state: JobState::Running,
            items: 1,
            items_done: 0,
            changed: 0,
            unchanged: 0,
            refused: 0,
            created_at: at(0),
            ended_at: None,
        };
        jobs::insert(self.tx, &job, &Actor::Operator)?;
        let text = self.text();
        jobs::add(self.tx, job.id, 1, account, &text)
    }

    fn directories(&mut self) -> Result<(), Error> {
        let directory = directories::directory(self.organisation, self.organisation);
        stored::insert(self.tx, &directory, "secret")?;
        stored::set_cookie(self.tx, directory.id, Some("cookie"))?;
        stored::set_report(self.tx, directory.id, KeptCursor::Report, &directories::report())?;
        let (text, account) = (self.text(), self.person().id);
        let row = EntryRow { dn: text, account: Some(account), ..directories::entry_row(1, Said::Disabled) };
        stored::put_entry(self.tx, directory.id, &row)?;
        stored::set_held(self.tx, directory.id, &[row.entry])?;
        let group = SyncedGroup { entry: EntryId([9; 16]), dn: self.text(), group: None };
        stored::insert_group(self.tx, directory.id, &group)?;
        stored::set_given(self.tx, directory.id, group.entry, row.entry)
    }

    fn records(&mut self) -> Result<(), Error> {
        let organisation = org(self.organisation);
        licence_counts::set(self.tx, organisation, &money::licence_count(date(2026, 11, 21), 3))?;
        for index in 0..self.random.random_range(3..30) {
            let account = self.person().id.number();
            let entry = match index % 3 {
                0 => NewEntry::top_up(i64::from(u32::MAX), Some(format!("pay-{index}"))).unwrap(),
                1 => NewEntry::charge(300, service(Some(account))),
                _ => NewEntry::credit(100, service(None)),
            };
            ledger::append(self.tx, organisation, &entry, at(index))?;
            let (subject, text) = (self.text(), self.text());
            let detail = json!({ "text": text, "big": i64::MIN, "half": 0.1, "list": [null, true] });
            let happening = Happening { kind: "test.happened", subject, detail };
            events::append(self.tx, organisation, happening, Actor::Operator, at(index))?;
        }
        Ok(())
    }
}
