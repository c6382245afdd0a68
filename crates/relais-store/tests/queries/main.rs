//! Every query on both databases, with the same body: what is written is what is read.

mod applications;
mod backups;
mod collections;
mod content;
mod credentials;
mod directories;
mod domains;
mod dump;
mod feeds;
mod jobs;
mod money;
mod people;
mod scim;
mod work;

use applications::*;
use backups::*;
use collections::*;
use content::*;
use credentials::*;
use directories::*;
use domains::*;
use dump::*;
use feeds::*;
use jiff::{SignedDuration, Timestamp};
use jobs::*;
use money::*;
use people::*;
use relais_core::account::{Account, Cause, Deactivation};
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::domain::Domain;
use relais_core::group::Posting;
use relais_core::ids::{AccountId, GroupId, MailboxId, OrganisationId, ResponderId};
use relais_core::inbound::{Inbound, LocalCopy, Treatment};
use relais_core::language::Language;
use relais_core::lifecycle::{AddressChange, Availability};
use relais_core::money::Currency;
use relais_core::organisation::{
    Address, AddressKind, DomainKind, Group, GroupRole, MailboxMember, MailboxRight, Organisation, Responder,
    SharedMailbox, Target,
};
use relais_core::password::PasswordHash;
use relais_core::rights::State;
use relais_core::routing::{self, Directory as _};
use relais_store::accounts::{Filter, Sort};
use relais_store::{
    Error, Store, Tx, accounts, addresses, groups, mailboxes, organisations, responders, schema,
};
use relais_testbed::postgres::PrivatePostgres;
use scim::*;
use work::*;

struct Database {
    store: Store,
    _dir: Option<tempfile::TempDir>,
}

impl Database {
    fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/relais.db", dir.path().display());
        Self { store: Store::open(&url, schema::MIGRATIONS).unwrap(), _dir: Some(dir) }
    }

    fn postgres() -> Self {
        let url = PrivatePostgres::shared().fresh_database().unwrap();
        Self { store: Store::open(&url, schema::MIGRATIONS).unwrap(), _dir: None }
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store.write_blocking(work).unwrap()
    }

    fn refused(&self, work: impl FnMut(&mut Tx<'_>) -> Result<(), Error> + Send + 'static) -> String {
        match self.store.write_blocking(work) {
            Err(Error::Constraint(name)) => name,
            other => panic!("{other:?}"),
        }
    }

    /// Organisations 1 and 2, with `bm.com`, `other.fr` and the provider's `host.test`.
    fn with_organisations(self) -> Self {
        self.write(|tx| {
            for number in [1, 2] {
                organisations::insert(tx, &organisation(number))?;
            }
            for domain in [own("bm.com", 1), own("other.fr", 2), provider()] {
                relais_store::domains::insert(tx, &domain)?;
            }
            Ok(())
        });
        self
    }

    /// And accounts 1 to 3, `user1@bm.com` to `user3@bm.com`, of organisation 1.
    fn with_people(self) -> Self {
        let this = self.with_organisations();
        this.write(|tx| {
            for number in 1..=3 {
                let account = account(number);
                accounts::insert(tx, &account)?;
                point(tx, account.address.as_str(), Target::Account(account.id), AddressKind::Primary)?;
            }
            Ok(())
        });
        this
    }
}

/// Each on SQLite as a test of its own; all of them on one PostgreSQL server.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod on_sqlite { $( #[test] fn $name() { super::$name(&super::Database::sqlite()); } )* }
        #[test]
        fn on_postgres_all_of_them_hold_too() {
            $( eprintln!("on PostgreSQL: {}", stringify!($name)); $name(&Database::postgres()); )*
        }
    };
}

on_both! {
    organisations_are_read_as_they_were_written
    hosted_domains_are_read_as_they_were_written
    claims_are_kept_by_organisation_and_looked_at_in_turn
    a_claimed_domain_has_no_addresses
    the_addresses_of_a_domain_are_told_by_what_they_are
    the_operator_has_one_address
    accounts_are_read_as_they_were_written
    accounts_are_found_by_what_they_hold_and_listed_by_pages
    admins_and_redirects_are_found
    addresses_point_are_freed_and_retired_and_remember_their_holders
    an_address_has_one_target_and_a_domain_one_owner
    groups_and_their_members
    groups_in_groups_and_their_policy
    shared_mailboxes_and_their_members
    responders_and_whom_they_answered
    the_outbox_keeps_what_is_owed_until_it_is_done
    the_spool_keeps_each_key_once
    news_wait_for_each_and_are_told_or_dropped_once
    tokens_sessions_and_grants
    sessions_are_listed_and_ended
    app_passwords_are_good_under_their_epoch
    second_factors_codes_and_half_done_sign_ins
    passkeys_are_one_of_a_kind_and_questions_are_answered_once
    networks_are_known_for_a_while
    identity_providers_and_whom_they_know
    attempts_and_tickets_are_taken_once_in_time_and_by_their_browser
    sessions_of_a_provider_end_by_its_session_or_by_subject
    what_is_asked_at_sign_in_is_optional_until_said
    a_departure_is_read_as_it_was_written_and_moves_step_by_step
    an_account_has_one_open_departure
    a_departure_is_claimed_by_one_until_its_lease_ends
    the_chain_is_whole_and_pages_of_it_are_read
    a_change_anywhere_in_the_chain_shows
    a_value_nobody_writes_is_named_with_its_place
    offers_are_read_as_they_were_made_and_retired_once
    licences_are_counted_once_a_day
    entries_are_numbered_and_read_in_pages_and_by_time
    a_change_anywhere_in_the_ledger_shows
    who_operates_is_kept_and_a_link_holds_until_its_end
    personal_data_is_read_as_it_was_written_and_erased_with_everything
    a_link_for_a_new_password_replaces_the_one_before
    a_part_of_a_unit_of_work_is_undone_alone
    every_table_and_column_has_its_place_in_a_dump
    every_row_is_somebodys
    a_dump_is_refused_where_something_of_it_is_there
    holders_of_mail_are_listed_by_pages
    the_catalog_tells_the_kind_of_each_column
    a_name_is_free_again_once_its_application_is_disconnected
    a_signing_secret_stays_beside_the_one_that_replaces_it
    a_feed_keeps_how_it_is_set_up_and_one_server_works_on_it
    whoever_is_to_be_shut_out_is_first_in_line
    a_directory_is_found_when_its_time_has_come_and_read_by_one_at_a_time
    an_entry_is_found_by_what_was_said_of_it_and_by_its_account
    a_directory_that_is_removed_leaves_nothing_of_its_entries
    what_is_said_is_read_back_and_replaced
    every_operator_of_a_filter_is_the_same_on_both_databases
    pages_are_sorted_and_go_on_behind_the_last
    groups_are_found_and_know_who_is_in_them
    an_event_marks_the_account_or_group_that_it_tells_of
    a_provider_s_token_is_good_until_it_is_revoked
    a_job_finds_its_accounts_in_order_and_keeps_what_became_of_each
    the_oldest_running_job_is_gone_on_with_and_old_ones_are_forgotten
    shares_are_found_by_both_sides_and_through_groups
    shares_follow_a_collection_to_another_owner
    a_backup_is_due_once
    generations_are_claimed_kept_and_forgotten
    the_newest_verified_snapshot_of_a_holder_is_found
    an_export_is_taken_once
    content_is_read_as_it_was_written_and_listed_by_pages
    shares_of_content_are_found_by_both_sides
    content_is_given_whole_by_kind_and_by_choice_and_given_back
    an_application_refuses_moves_one_by_one
    what_is_to_be_erased_stays_until_it_is_confirmed
}

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

/// Milliseconds, as the tables keep them.
fn at(days: i64) -> Timestamp {
    "2026-11-21T09:00:00.123Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * days)
}

fn org(number: i64) -> OrganisationId {
    OrganisationId::from_number(number)
}

fn organisation(number: i64) -> Organisation {
    let language = if number == 1 { Language::French } else { Language::English };
    Organisation {
        id: org(number),
        name: format!("Organisation n° {number}"),
        language,
        time_zone: "Europe/Paris".into(),
        currency: Currency::Eur,
        plan: None,
        plan_term: None,
        default_subscription: None,
        created_at: at(0),
    }
}

fn own(name: &str, organisation: i64) -> Domain {
    Domain::own(name.into(), org(organisation))
}

fn provider() -> Domain {
    Domain::provider("host.test".into())
}

fn account(number: i64) -> Account {
    Account {
        id: AccountId::from_number(number),
        organisation: org(1),
        mailbox: MailboxId::from_number(number + 100),
        name: format!("Zoé n° {number}"),
        address: address(&format!("user{number}@bm.com")),
        role: Role::Member,
        state: State::Active,
        deactivation: None,
        leaves_at: None,
        legal_hold: None,
        inbound: Inbound::deliver(),
        quota_bytes: None,
        subscription: None,
        term: None,
        password: None,
        epoch: 0,
        created_at: at(0),
    }
}

fn point(tx: &mut Tx<'_>, text: &str, to: Target, kind: AddressKind) -> Result<(), Error> {
    addresses::apply(tx, &AddressChange::Point { address: address(text), to, kind }, org(1), at(0))
}

fn redirect(to: &str) -> Inbound {
    Inbound::always(Treatment::redirect(address(to), LocalCopy::None)).unwrap()
}

fn organisations_are_read_as_they_were_written(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        assert_eq!(organisations::get(tx, org(2))?, Some(organisation(2)));
        assert_eq!(organisations::get(tx, org(3))?, None);
        assert_eq!(organisations::list(tx)?, [organisation(1), organisation(2)]);
        let renamed = Organisation { name: "Autre".into(), language: Language::French, ..organisation(2) };
        organisations::update(tx, &renamed)?;
        assert_eq!(organisations::get(tx, org(2))?, Some(renamed));
        Ok(())
    });
    assert_eq!(
        db.refused(|tx| organisations::insert(tx, &Organisation { id: org(3), ..organisation(1) })),
        "organisations.name"
    );
}

fn accounts_are_read_as_they_were_written(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    let full = Account {
        role: Role::CompanyAdmin,
        state: State::Deactivated,
        deactivation: Some(Deactivation {
            cause: Cause::Directory,
            at: at(1),
            inbound_before: Inbound::deliver(),
            state_before: State::Active,
        }),
        leaves_at: Some(at(2)),
        inbound: Inbound::until_then_refuse(Treatment::reply("Parti.\n« é »".into(), LocalCopy::Keep), at(3))
            .unwrap(),
        quota_bytes: Some(i64::MAX),
        password: Some(PasswordHash::from_phc("$argon2id$x".into())),
        epoch: 7,
        ..account(9)
    };
    db.write(move |tx| {
        accounts::insert(tx, &account(1))?;
        accounts::insert(tx, &full)?;
        assert_eq!(accounts::get(tx, full.id)?.as_ref(), Some(&full));
        assert_eq!(accounts::get(tx, AccountId::from_number(5))?, None);
        let tombstone =
            Account { state: State::Deleted, name: String::new(), password: None, ..full.clone() };
        accounts::update(tx, &tombstone)?;
        assert_eq!(accounts::get(tx, full.id)?, Some(tombstone));
        let mut all = Vec::new();
        accounts::for_each(tx, &mut |id, state| {
            all.push((id.number(), state));
            Ok(())
        })?;
        assert_eq!(all, [(1, State::Active), (9, State::Deleted)]);
        Ok(())
    });
    for (name, broken) in [
        ("accounts_tombstone", Account { state: State::Deleted, ..account(2) }),
        ("accounts_deactivation", Account { state: State::Deactivated, ..account(2) }),
        ("accounts.mailbox", Account { mailbox: account(1).mailbox, ..account(2) }),
        ("foreign key", Account { organisation: org(9), ..account(2) }),
    ] {
        assert_eq!(db.refused(move |tx| accounts::insert(tx, &broken)), name);
    }
}

fn accounts_are_found_by_what_they_hold_and_listed_by_pages(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        point(tx, "un@bm.com", Target::Account(account(1).id), AddressKind::Alias)?;
        point(tx, "boite@bm.com", Target::SharedMailbox(MailboxId::from_number(1)), AddressKind::Primary)?;
        for (text, expected) in [("un@bm.com", Some(1)), ("boite@bm.com", None), ("x@bm.com", None)] {
            let found = accounts::holding(tx, &address(text))?.map(|account| account.id.number());
            assert_eq!(found, expected, "{text}");
        }
        // The newest of those who had the name.
        let again = Account {
            id: AccountId::from_number(4),
            mailbox: MailboxId::from_number(4),
            created_at: at(1),
            ..account(1)
        };
        accounts::insert(tx, &again)?;
        assert_eq!(accounts::named(tx, &again.address, org(1))?, Some(again.clone()));
        assert_eq!(accounts::named(tx, &again.address, org(2))?, None);
        let page = |tx: &mut Tx<'_>, state: Option<State>, after: Option<i64>, count| {
            let after = after.map(AccountId::from_number);
            let filter = Filter { states: state.into_iter().collect(), ..Filter::default() };
            let page = accounts::page(tx, org(1), &filter, Sort::Address, after, count)?;
            Ok::<_, Error>(page.iter().map(|account| account.id.number()).collect::<Vec<_>>())
        };
        assert_eq!(page(tx, None, None, 10)?, [1, 4, 2, 3]);
        assert_eq!(page(tx, Some(State::Active), Some(4), 1)?, [2]);
        // The page ends between two that have, or had, the same address.
        assert_eq!(page(tx, None, None, 1)?, [1]);
        assert_eq!(page(tx, None, Some(1), 1)?, [4]);
        assert_eq!(page(tx, None, Some(4), 10)?, [2, 3]);
        assert!(page(tx, None, Some(999), 10)?.is_empty());
        let found = |tx: &mut Tx<'_>, search: &str, role| {
            let filter = Filter { search: Some(search.into()), role, ..Filter::default() };
            let page = accounts::page(tx, org(1), &filter, Sort::Name, None, 10)?;
            Ok::<_, Error>(page.iter().map(|account| account.id.number()).collect::<Vec<_>>())
        };
        accounts::update(tx, &Account { name: "Étienne 100 %".into(), ..account(3) })?;
        assert_eq!(found(tx, "", None)?, [3, 1, 4, 2]);
        assert_eq!(found(tx, "ETIENNE", None)?, [3]);
        assert_eq!(found(tx, "0 %", None)?, [3]);
        assert_eq!(found(tx, "user2@", Some(Role::Member))?, [2]);
        assert_eq!(found(tx, "_ser", None)?, Vec::<i64>::new(), "no letter stands for others");
        assert_eq!(found(tx, "zoe", Some(Role::Owner))?, Vec::<i64>::new());
        assert!(page(tx, Some(State::Invited), None, 10)?.is_empty());
        Ok(())
    });
}

fn admins_and_redirects_are_found(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let admin = |number, role| Account { role, ..account(number) };
        accounts::update(tx, &admin(1, Role::Owner))?;
        accounts::update(tx, &admin(2, Role::CompanyAdmin))?;
        assert_eq!(
            accounts::with_roles(tx, org(1), &[Role::CompanyAdmin, Role::Owner])?,
            [admin(2, Role::CompanyAdmin), admin(1, Role::Owner)]
        );
        assert_eq!(accounts::with_roles(tx, org(2), &[Role::Owner])?, []);

        point(tx, "un@bm.com", Target::Account(account(1).id), AddressKind::Alias)?;
        accounts::update(tx, &Account { inbound: redirect("un@bm.com"), ..account(3) })?;
        accounts::update(tx, &Account { inbound: redirect("user1@bm.com"), ..account(2) })?;
        assert_eq!(
            accounts::redirecting_to(tx, Target::Account(account(1).id))?,
            [address("user2@bm.com"), address("user3@bm.com")]
        );
        accounts::update(tx, &account(3))?;
        assert_eq!(accounts::redirecting_to(tx, Target::Account(account(1).id))?, [address("user2@bm.com")]);
        Ok(())
    });
}

fn addresses_point_are_freed_and_retired_and_remember_their_holders(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    let (one, two) = (Target::Account(account(1).id), Target::Account(account(2).id));
    db.write(move |tx| {
        let text = address("poste@bm.com");
        assert_eq!(addresses::availability(tx, &text, org(1))?, Availability::Free(DomainKind::Own));
        assert_eq!(addresses::availability(tx, &text, org(2))?, Availability::NotHosted);
        assert_eq!(addresses::availability(tx, &address("x@nowhere.test"), org(1))?, Availability::NotHosted);
        point(tx, "poste@bm.com", one, AddressKind::Alias)?;
        addresses::set_reply(tx, &text, Some("Texte"), Some(at(3)))?;
        let held = Address {
            address: text.clone(),
            organisation: org(1),
            target: Some(one),
            kind: AddressKind::Alias,
            domain: DomainKind::Own,
            retired: false,
            reply_text: Some("Texte".into()),
            reply_until: Some(at(3)),
            since: at(0),
        };
        assert_eq!(addresses::get(tx, &text)?, Some(held));
        assert_eq!(addresses::availability(tx, &text, org(1))?, Availability::Held(one));
        let of_one = addresses::of_target(tx, one)?;
        let of_one: Vec<_> = of_one.iter().map(|held| held.address.as_str()).collect();
        assert_eq!(of_one, ["user1@bm.com", "poste@bm.com"], "the primary one first");

        // Within one millisecond too, the last holder comes last.
        point(tx, "poste@bm.com", two, AddressKind::Alias)?;
        assert_eq!(addresses::get(tx, &text)?.unwrap().reply_text, None, "a text goes with its holder");
        let free = AddressChange::Free { address: text.clone() };
        addresses::apply(tx, &free, org(1), at(2))?;
        assert_eq!(addresses::availability(tx, &text, org(1))?, Availability::Free(DomainKind::Own));
        point(tx, "poste@bm.com", one, AddressKind::Primary)?;
        let holders = addresses::history(tx, &text)?;
        let ends: Vec<_> = holders.iter().map(|holding| (holding.target, holding.until)).collect();
        assert_eq!(ends, [(one, Some(at(0))), (two, Some(at(2))), (one, None)]);

        point(tx, "poste@host.test", one, AddressKind::Alias)?;
        let poste = address("poste@host.test");
        addresses::apply(tx, &AddressChange::Retire { address: poste.clone() }, org(1), at(1))?;
        assert_eq!(addresses::availability(tx, &poste, org(2))?, Availability::Retired);
        assert_eq!(addresses::get(tx, &poste)?.unwrap().domain, DomainKind::Provider);
        Ok(())
    });
}

fn an_address_has_one_target_and_a_domain_one_owner(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    let insert = "INSERT INTO addresses (address, organisation, kind, domain_kind, retired, since) \
                  VALUES ('user1@bm.com', 1, 'alias', 'own', 0, 0)";
    assert_eq!(db.refused(move |tx| tx.execute_one(insert, &[])), "addresses.address");
    assert_eq!(db.refused(|tx| relais_store::domains::insert(tx, &own("bm.com", 2))), "domains.name");
    let nobodys = Domain { organisation: None, ..own("nobody.test", 1) };
    assert_eq!(db.refused(move |tx| relais_store::domains::insert(tx, &nobodys)), "domains_owner");
    let retired = "UPDATE addresses SET retired = 1 WHERE address = 'user1@bm.com'";
    assert_eq!(db.refused(move |tx| tx.execute_one(retired, &[])), "addresses_retired");
}

fn groups_and_their_members(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    let group = |number: i64, name: &str, at_address: Option<&str>| Group {
        id: GroupId::from_number(number),
        organisation: org(1),
        name: name.into(),
        address: at_address.map(address),
        posting: Posting::Anyone,
        created_at: at(0),
    };
    let (ventes, achats) = (group(1, "Ventes", Some("ventes@bm.com")), group(2, "Achats", None));
    let (one, two) = (account(1).id, account(2).id);
    let other = ventes.clone();
    db.write(move |tx| {
        groups::insert(tx, &ventes)?;
        groups::insert(tx, &achats)?;
        assert_eq!(groups::get(tx, ventes.id)?, Some(ventes.clone()));
        assert_eq!(groups::list(tx, org(1))?, [achats.clone(), ventes.clone()]);
        groups::set_member(tx, ventes.id, one, GroupRole::Member)?;
        groups::set_member(tx, ventes.id, one, GroupRole::Admin)?;
        groups::set_member(tx, ventes.id, two, GroupRole::Member)?;
        assert_eq!(groups::members(tx, ventes.id)?, [(one, GroupRole::Admin), (two, GroupRole::Member)]);
        assert_eq!(groups::of_member(tx, two)?, std::slice::from_ref(&ventes));
        assert_eq!(groups::led_by(tx, one)?, std::slice::from_ref(&ventes));
        assert_eq!(groups::led_by(tx, two)?, []);
        assert!(groups::remove_member(tx, ventes.id, two)?);
        assert!(!groups::remove_member(tx, ventes.id, two)?);
        assert_eq!(groups::role_of(tx, ventes.id, one)?, Some(GroupRole::Admin));
        assert_eq!(groups::role_of(tx, ventes.id, two)?, None);
        Ok(())
    });
    let twin = Group { id: GroupId::from_number(3), ..other };
    assert_eq!(db.refused(move |tx| groups::insert(tx, &twin)), "member_groups.organisation,name");
}

/// Also what goes with a group that is removed.
fn groups_in_groups_and_their_policy(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    let group = |number: i64, name: &str| Group {
        id: GroupId::from_number(number),
        organisation: org(1),
        name: name.into(),
        address: None,
        posting: Posting::Listed { senders: [address("client@perso.example")].into() },
        created_at: at(0),
    };
    let (tous, ventes, achats) = (group(1, "Tous"), group(2, "Ventes"), group(3, "Achats"));
    let one = account(1).id;
    db.write(move |tx| {
        for group in [&tous, &ventes, &achats] {
            groups::insert(tx, group)?;
        }
        assert_eq!(groups::get(tx, tous.id)?, Some(tous.clone()));
        let renamed = Group {
            name: "Toutes".into(),
            address: Some(address("toutes@bm.com")),
            posting: Posting::Members,
            ..tous.clone()
        };
        groups::update(tx, &renamed)?;
        assert_eq!(groups::get(tx, tous.id)?, Some(renamed.clone()));
        assert!(groups::put_in(tx, tous.id, ventes.id)? && groups::put_in(tx, tous.id, achats.id)?);
        assert!(!groups::put_in(tx, tous.id, achats.id)?, "it is in it already");
        assert_eq!(groups::inner(tx, tous.id)?, [achats.clone(), ventes.clone()]);
        assert_eq!(tx.inner_groups(tous.id)?, [ventes.id, achats.id]);
        assert!(groups::take_out(tx, tous.id, achats.id)? && !groups::take_out(tx, tous.id, achats.id)?);
        assert_eq!(routing::group_path(tx, tous.id, ventes.id)?, Some(vec![tous.id, ventes.id]));
        assert_eq!(routing::group_path(tx, ventes.id, tous.id)?, None);
        groups::set_member(tx, ventes.id, one, GroupRole::Admin)?;
        assert_eq!(routing::everyone_in(tx, tous.id)?, [one]);
        assert_eq!(relais_store::domains::caught_by(tx, Target::Group(ventes.id))?, Vec::<String>::new());
        relais_store::domains::set_catch_all(tx, "bm.com", Some(Target::Group(ventes.id)))?;
        assert_eq!(relais_store::domains::caught_by(tx, Target::Group(ventes.id))?, ["bm.com"]);
        groups::remove(tx, ventes.id)?;
        assert_eq!(groups::get(tx, ventes.id)?, None);
        assert_eq!(groups::of_member(tx, one)?, []);
        assert_eq!(tx.inner_groups(tous.id)?, []);
        Ok(())
    });
    let same = group(1, "Toutes").id;
    assert_eq!(db.refused(move |tx| groups::put_in(tx, same, same).map(drop)), "group_groups_itself");
}

fn shared_mailboxes_and_their_members(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let shared = SharedMailbox {
            id: MailboxId::from_number(9),
            organisation: org(1),
            address: address("bp@bm.com"),
            name: "Boîte".into(),
            created_at: at(0),
        };
        mailboxes::insert(tx, &shared)?;
        assert_eq!(
            mailboxes::named(tx, &shared.address)?,
            None,
            "it has the address once the address points to it"
        );
        point(tx, "bp@bm.com", Target::SharedMailbox(shared.id), AddressKind::Primary)?;
        point(tx, "alias@bm.com", Target::SharedMailbox(shared.id), AddressKind::Alias)?;
        assert_eq!(mailboxes::named(tx, &shared.address)?, Some(shared.clone()));
        assert_eq!(mailboxes::named(tx, &address("alias@bm.com"))?, None);
        assert_eq!(mailboxes::get(tx, shared.id)?, Some(shared.clone()));
        assert_eq!(mailboxes::list(tx, org(1))?, std::slice::from_ref(&shared));
        let one = account(1).id;
        mailboxes::set_member(tx, shared.id, one, MailboxRight::Read)?;
        mailboxes::set_member(tx, shared.id, one, MailboxRight::ReadWrite)?;
        let member =
            MailboxMember { account: one, address: address("user1@bm.com"), right: MailboxRight::ReadWrite };
        assert_eq!(mailboxes::members(tx, shared.id)?, [member]);
        assert_eq!(mailboxes::of_member(tx, one)?, std::slice::from_ref(&shared));
        assert!(mailboxes::remove_member(tx, shared.id, one)?);
        assert!(!mailboxes::remove_member(tx, shared.id, one)?);
        Ok(())
    });
}

fn responders_and_whom_they_answered(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    let responder = Responder {
        id: ResponderId::from_number(1),
        organisation: org(1),
        name: "Anciens".into(),
        text: "Parti.".into(),
        created_at: at(0),
    };
    let twin = Responder { id: ResponderId::from_number(2), ..responder.clone() };
    db.write(move |tx| {
        responders::insert(tx, &responder)?;
        assert_eq!(responders::get(tx, responder.id)?, Some(responder.clone()));
        assert_eq!(responders::named(tx, org(1), "Anciens")?, Some(responder.clone()));
        assert_eq!(responders::named(tx, org(2), "Anciens")?, None);
        responders::set_text(tx, responder.id, "Autre.")?;
        assert_eq!(responders::list(tx, org(1))?, [Responder { text: "Autre.".into(), ..responder.clone() }]);
        let by = Target::Responder(responder.id);
        responders::record_answer(tx, by, "ann@x.test", at(0))?;
        assert!(responders::answered_since(tx, by, "ann@x.test", at(-1))?);
        assert!(
            !responders::answered_since(tx, by, "ann@x.test", at(0))?,
            "seven days are over to the second"
        );
        assert!(!responders::answered_since(tx, by, "bob@x.test", at(-1))?);
        responders::record_answer(tx, by, "ann@x.test", at(5))?;
        assert_eq!(responders::forget_answers(tx, at(5))?, 0);
        assert_eq!(responders::forget_answers(tx, at(6))?, 1);
        Ok(())
    });
    assert_eq!(db.refused(move |tx| responders::insert(tx, &twin)), "responders.organisation,name");
}
