//! Work under way: outbox, spool, departures, and the chain of events.

use super::{Database, account, address, at, org};
use jiff::SignedDuration;
use relais_core::authority::Actor;
use relais_core::departure::{
    AddressHeir, BackupChoice, CollectionsChoice, ContentChoice, Departure, DepartureState, Findings,
    MeetingsChoice, NewMail, Plan, Step, StepReport, Warning,
};
use relais_core::event::{CHAIN_START, Happening};
use relais_core::ids::{AccountId, DepartureId, MailboxId, SpoolId};
use relais_core::inbound::LocalCopy;
use relais_core::lifecycle::Effect;
use relais_core::notification::{Preferences, Topic};
use relais_store::accounts::{Filter, Sort};
use relais_store::notifications::{self, Notification, NotificationCount, NotificationState, Waiting};
use relais_store::spool::{self, Outbound, SpoolState};
use relais_store::{Error, Tx, accounts, departures, events, outbox};
use serde_json::json;
use std::collections::BTreeSet;

pub fn the_outbox_keeps_what_is_owed_until_it_is_done(db: &Database) {
    db.write(|tx| {
        let (account, mailbox) = (AccountId::from_number(1), MailboxId::from_number(2));
        let effects = [
            Effect::CutSessions { account },
            Effect::ReturnMailbox { account, mailbox },
            Effect::RemoveMailbox { mailbox },
            Effect::RemoveCollections { account },
            Effect::ShareMailbox { mailbox },
        ];
        for (number, effect) in effects.iter().enumerate() {
            outbox::push(tx, i64::try_from(number).unwrap(), effect, at(0))?;
        }
        let due = outbox::due(tx, at(0), 10)?;
        assert_eq!(due.iter().map(|owed| owed.effect.clone()).collect::<Vec<_>>(), effects);
        assert_eq!(outbox::due(tx, at(0), 2)?.len(), 2);
        assert!(outbox::due(tx, at(-1), 10)?.is_empty());
        outbox::retry(tx, 0, "away", at(1))?;
        outbox::done(tx, 1)?;
        outbox::done(tx, 1)?;
        assert_eq!((outbox::due(tx, at(0), 10)?.len(), outbox::count(tx)?), (3, 4));
        assert_eq!(outbox::due(tx, at(1), 10)?[0].attempts, 1);
        Ok(())
    });
}

pub fn the_spool_keeps_each_key_once(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        let row = |number: i64, organisation: i64| Outbound {
            id: SpoolId::from_number(number),
            organisation: (organisation > 0).then(|| org(organisation)),
            sender: (number == 1).then(|| "ann@x.test".into()),
            recipient: address("bob@y.test"),
            state: SpoolState::Waiting,
            attempts: 0,
            next_at: at(0),
            answer: None,
            created_at: at(number),
            notifies: None,
        };
        assert!(spool::push(tx, &row(1, 1), "one")?);
        assert!(!spool::push(tx, &row(2, 1), "one")?, "known by its key");
        // Mail to the operator is no organisation's.
        assert!(spool::push(tx, &row(4, 0), "four")?);
        assert_eq!(spool::list(tx, None, 10)?, [row(4, 0), row(1, 1)]);
        spool::record(tx, row(4, 0).id, SpoolState::Sent, "250 ok", at(-9))?;
        assert_eq!(spool::forget(tx, at(-1))?, 1);
        assert!(spool::push(tx, &row(3, 2), "three")?);
        assert!(spool::has_key(tx, "one")? && !spool::has_key(tx, "two")?);
        assert_eq!(spool::due(tx, at(0), 10)?, [row(1, 1), row(3, 2)]);
        assert_eq!(spool::get(tx, row(1, 1).id)?, Some(row(1, 1)));
        assert!(spool::due(tx, at(-1), 10)?.is_empty());
        assert_eq!(spool::list(tx, None, 10)?, [row(3, 2), row(1, 1)], "the newest first");
        assert_eq!(spool::list(tx, Some(org(1)), 10)?, [row(1, 1)]);
        spool::record(tx, row(1, 1).id, SpoolState::Sent, "250 ok", at(1))?;
        let sent = Outbound {
            state: SpoolState::Sent,
            attempts: 1,
            next_at: at(1),
            answer: Some("250 ok".into()),
            ..row(1, 1)
        };
        assert_eq!(spool::list(tx, Some(org(1)), 10)?, [sent]);
        assert!(!spool::hasten(tx, row(1, 1).id, at(0))? && spool::hasten(tx, row(3, 2).id, at(0))?);
        assert!(!spool::is_waiting(tx, row(1, 1).id)? && spool::is_waiting(tx, row(3, 2).id)?);
        assert_eq!(spool::forget(tx, at(1))?, 0);
        assert_eq!(spool::forget(tx, at(2))?, 1, "what waits is never forgotten");
        assert!(!spool::has_key(tx, "one")?);
        Ok(())
    });
}

pub fn news_wait_for_each_and_are_told_or_dropped_once(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let [one, two] = [account(1).id, account(2).id];
        // What happened before anybody looked: a page at a time.
        let happening = || Happening { kind: "account.created", subject: "x".to_owned(), detail: json!({}) };
        events::append(tx, org(1), happening(), Actor::Operator, at(0))?;
        assert_eq!(notifications::behind(tx)?, [(org(1), 0)]);
        notifications::set_notified_until(tx, org(1), 1)?;
        assert_eq!(notifications::behind(tx)?, []);

        for (reader, number, due) in [(two, 1, 3), (one, 1, 5), (one, 2, 4), (one, 2, 9), (one, 7, 6)] {
            notifications::push(tx, reader, number, Topic::Groups, at(due))?;
        }
        let waits = |account, due, number| Waiting { account, due_at: at(due), number };
        assert_eq!(notifications::waiting(tx, 9)?, [waits(two, 3, 1), waits(one, 4, 7)]);
        assert_eq!(notifications::waiting(tx, 1)?.len(), 1);
        assert_eq!(notifications::waiting_for(tx, one, 2, 9)?, [1, 2]);
        assert_eq!(notifications::waiting_for(tx, one, 7, 1)?, [1]);
        assert_eq!(notifications::settle(tx, one, 2, NotificationState::Sent, at(8))?, 2);
        assert_eq!(notifications::settle(tx, one, 2, NotificationState::Sent, at(9))?, 0, "once");
        assert_eq!(notifications::settle(tx, one, 7, NotificationState::Dropped, at(9))?, 1);
        assert_eq!(notifications::count(tx, one)?, NotificationCount { waiting: 0, sent: 2, dropped: 1 });
        let newest = Notification {
            number: 7,
            topic: Topic::Groups,
            state: NotificationState::Dropped,
            due_at: at(9),
        };
        assert_eq!(notifications::list(tx, one, 1)?, [newest]);
        assert_eq!(notifications::forget(tx, at(9))?, 2, "what waits stays");
        assert_eq!(notifications::count(tx, two)?.waiting, 1);

        assert_eq!(notifications::preferences(tx, one)?, Preferences::default());
        for muted in [BTreeSet::from([Topic::Jobs]), BTreeSet::from([Topic::People, Topic::Account])] {
            let wanted = Preferences { muted };
            notifications::set_preferences(tx, one, &wanted)?;
            assert_eq!(notifications::preferences(tx, one)?, wanted);
        }
        Ok(())
    });
}

pub fn departure(number: i64, leaver: i64) -> Departure {
    let plan = Plan {
        account: account(leaver).id,
        leaver: account(leaver).address,
        name: "Zoé".into(),
        begins_at: at(0),
        new_mail: NewMail::Redirect {
            to: address("user3@bm.com"),
            copy: LocalCopy::Keep,
            until: Some(at(30)),
        },
        old_mail_to: Some(address("user3@bm.com")),
        shared_mailbox: None,
        successor: Some(address("user3@bm.com")),
        renamed_to: address("user1.bck@bm.com"),
        heir: AddressHeir::Stay,
        delete_after: Some(at(60)),
        reason: Some("continuité".into()),
        backup: BackupChoice::WaitForNext,
        collections: CollectionsChoice::Move,
        meetings: MeetingsChoice::Cancel,
        content: ContentChoice::Erase,
        export_to: Some(address("moi@ailleurs.test")),
        groups_to: Some(address("user2@bm.com")),
        steps: vec![Step::Freeze, Step::Inventory, Step::Certificate],
        findings: Findings { messages: 3, ..Findings::default() },
        warnings: vec![Warning::DeletionWithoutExport, Warning::DeletionEndsReply],
    };
    Departure {
        id: DepartureId::from_number(number),
        organisation: org(1),
        state: DepartureState::Running,
        plan,
        steps_done: 0,
        reports: vec![],
        trouble: None,
        created_at: at(0),
    }
}

pub fn a_departure_is_read_as_it_was_written_and_moves_step_by_step(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let new = departure(1, 1);
        departures::insert(tx, &new, &Actor::Operator, at(0))?;
        assert_eq!(departures::get(tx, new.id)?, Some(new.clone()));
        assert_eq!(departures::started_by(tx, new.id)?, Some(Actor::Operator));
        let report = |step, done| StepReport { step, done_at: done, detail: json!({ "é": [1, null] }) };
        assert!(departures::record_step(tx, new.id, 1, &report(Step::Freeze, at(1)))?);
        assert!(!departures::record_step(tx, new.id, 1, &report(Step::Freeze, at(2)))?, "recorded once");
        assert!(departures::record_step(tx, new.id, 2, &report(Step::Inventory, at(1)))?);
        departures::set_state(tx, new.id, DepartureState::Held, Some("attend"), at(3))?;
        let read = departures::get(tx, new.id)?.unwrap();
        assert_eq!(read.reports, [report(Step::Freeze, at(1)), report(Step::Inventory, at(1))]);
        assert_eq!(
            (read.steps_done, read.state, read.trouble.as_deref()),
            (2, DepartureState::Held, Some("attend"))
        );
        departures::forget_step(tx, new.id, Step::Inventory)?;
        let read = departures::get(tx, new.id)?.unwrap();
        assert_eq!((read.steps_done, read.reports.len(), read.trouble), (1, 1, None));
        assert_eq!(departures::certificate(tx, new.id)?, None);
        departures::set_certificate(tx, new.id, "{}")?;
        assert_eq!(departures::certificate(tx, new.id)?.as_deref(), Some("{}"));
        departures::set_state(tx, new.id, DepartureState::Finished, None, at(3))?;
        let later = Departure { created_at: at(1), ..departure(2, 1) };
        departures::insert(tx, &later, &Actor::Operator, at(1))?;
        assert_eq!(departures::latest_of(tx, account(1).id)?, Some(later.id));
        assert_eq!(departures::latest_of(tx, account(2).id)?, None);
        let all: Vec<_> = departures::list(tx, org(1))?.into_iter().map(|found| found.id).collect();
        assert_eq!(all, [later.id, new.id]);
        let open: Vec<_> = departures::open(tx, org(1))?.into_iter().map(|found| found.id).collect();
        assert_eq!(open, [later.id]);
        let departing = |tx: &mut Tx<'_>| {
            let filter = Filter { departing: true, ..Filter::default() };
            let page = accounts::page(tx, org(1), &filter, Sort::Name, None, 10)?;
            Ok::<_, Error>(page.into_iter().map(|found| found.id).collect::<Vec<_>>())
        };
        assert_eq!(departing(tx)?, [account(1).id]);
        departures::set_state(tx, later.id, DepartureState::Undone, None, at(4))?;
        assert!(departing(tx)?.is_empty());
        Ok(())
    });
}

pub fn an_account_has_one_open_departure(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        departures::insert(tx, &departure(1, 1), &Actor::Operator, at(0))?;
        departures::insert(tx, &departure(2, 2), &Actor::Operator, at(0))?;
        assert_eq!(departures::open_of(tx, account(1).id)?, Some(departure(1, 1).id));
        Ok(())
    });
    let second = db.refused(|tx| departures::insert(tx, &departure(3, 1), &Actor::Operator, at(0)));
    assert!(["departures_open", "departures.account"].contains(&second.as_str()), "{second}");
    for (state, is_open) in [
        (DepartureState::Scheduled, true),
        (DepartureState::Held, true),
        (DepartureState::Undoing, true),
        (DepartureState::Undone, false),
        (DepartureState::Finished, false),
    ] {
        db.write(move |tx| {
            departures::set_state(tx, departure(1, 1).id, state, None, at(0))?;
            assert_eq!(departures::open_of(tx, account(1).id)?.is_some(), is_open, "{state:?}");
            Ok(())
        });
    }
}

pub fn a_departure_is_claimed_by_one_until_its_lease_ends(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| departures::insert(tx, &departure(1, 1), &Actor::Operator, at(0)));
    let claimers: Vec<_> = (0..8)
        .map(|number| {
            let store = db.store.clone();
            std::thread::spawn(move || {
                let owner = format!("node{number}");
                store.write_blocking(move |tx| departures::claim(tx, &owner, at(0), at(1))).unwrap()
            })
        })
        .collect();
    let claimed: Vec<_> = claimers.into_iter().filter_map(|claimer| claimer.join().unwrap()).collect();
    assert_eq!(claimed, [departure(1, 1).id]);
    db.write(|tx| {
        let id = departure(1, 1).id;
        assert_eq!(departures::claim(tx, "late", at(1), at(2))?, Some(id), "the lease has run out");
        departures::keep(tx, id, "late", at(3))?;
        departures::keep(tx, id, "someone else", at(1))?;
        assert_eq!(departures::claim(tx, "one", at(2), at(4))?, None, "the lease was kept");
        assert_eq!(departures::release_all(tx, "someone else")?, 0);
        assert_eq!(departures::release_all(tx, "late")?, 1);
        assert_eq!(departures::claim(tx, "one", at(1), at(2))?, Some(id));
        departures::release(tx, id, "late", at(0))?;
        assert_eq!(departures::claim(tx, "late", at(1), at(2))?, None, "it is one's to let go");
        departures::release(tx, id, "one", at(5))?;
        assert_eq!(departures::claim(tx, "one", at(4), at(6))?, None, "it sleeps");
        assert_eq!(departures::claim(tx, "one", at(5), at(6))?, Some(id));
        departures::release(tx, id, "one", at(0))?;
        for (state, has_work) in [
            (DepartureState::Held, false),
            (DepartureState::Finished, false),
            (DepartureState::Undone, false),
            (DepartureState::Undoing, true),
        ] {
            departures::set_state(tx, id, state, None, at(0))?;
            assert_eq!(departures::claim(tx, "one", at(0), at(0))?.is_some(), has_work, "{state:?}");
        }
        Ok(())
    });
}

fn append(tx: &mut Tx<'_>, organisation: i64, subject: &str) -> Result<(), Error> {
    let happening =
        Happening { kind: "test.happened", subject: subject.into(), detail: json!({ "texte": "é\n\"" }) };
    events::append(
        tx,
        org(organisation),
        happening,
        Actor::Operator,
        at(0) + SignedDuration::from_micros(7),
    )?;
    Ok(())
}

fn ten_events(db: &Database) -> Database {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        assert_eq!(events::head(tx, org(1))?, (0, CHAIN_START.into()));
        (0..10).try_for_each(|number| append(tx, 1, if number % 2 == 0 { "even" } else { "odd" }))?;
        append(tx, 2, "elsewhere")
    });
    db
}

pub fn the_chain_is_whole_and_pages_of_it_are_read(db: &Database) {
    ten_events(db).write(|tx| {
        let check = events::verify(tx, org(1))?;
        assert_eq!((check.events, check.broken_at), (10, None));
        assert_eq!((10, check.head), events::head(tx, org(1))?);
        assert_eq!(events::verify(tx, org(2))?.events, 1);
        let numbers =
            |page: Vec<relais_core::event::Event>| page.iter().map(|event| event.number).collect::<Vec<_>>();
        assert_eq!(numbers(events::page(tx, org(1), "", 7, 2)?), [8, 9]);
        assert_eq!(numbers(events::page(tx, org(1), "odd", 5, 10)?), [6, 8, 10]);
        assert_eq!(numbers(events::newest(tx, org(1), "", "", i64::MAX, 3)?), [10, 9, 8]);
        assert_eq!(numbers(events::newest(tx, org(1), "odd", "", 10, 2)?), [8, 6]);
        assert_eq!(numbers(events::newest(tx, org(1), "", "nothing.", i64::MAX, 3)?), [0_i64; 0]);
        Ok(())
    });
}

pub fn a_change_anywhere_in_the_chain_shows(db: &Database) {
    let db = ten_events(db);
    for (tamper, broken_at) in [
        ("UPDATE events SET subject = 'other' WHERE number = 4", 4),
        ("UPDATE events SET detail = '{}' WHERE number = 4", 4),
        ("UPDATE events SET detail = 'no JSON' WHERE number = 4", 4),
        ("UPDATE events SET at = at + 1 WHERE number = 1", 1),
        (
            "UPDATE events SET actor = '{\"kind\":\"token\",\"id\":\"tok-0000000000001\",\"organisation\":\"org-0000000000001\"}' WHERE number = 9",
            9,
        ),
        ("UPDATE events SET hash = upper(hash) WHERE number = 10", 10),
        ("DELETE FROM events WHERE number = 5 AND organisation = 1", 5),
        ("DELETE FROM events WHERE number = 1 AND organisation = 1", 1),
    ] {
        let found = db.store.write_blocking(move |tx| {
            tx.execute(
                &format!(
                    "{tamper}{}",
                    if tamper.starts_with("UPDATE") { " AND organisation = 1" } else { "" }
                ),
                &[],
            )?;
            let found = events::verify(tx, org(1))?.broken_at;
            assert_eq!(events::verify(tx, org(2))?.broken_at, None);
            // Nothing of it is kept.
            Err::<(), _>(Error::Open(format!("{found:?}")))
        });
        assert_eq!(found, Err(Error::Open(format!("{:?}", Some(broken_at)))), "{tamper}");
    }
    // A cut end does not show in the chain itself: it shows in the head that someone noted.
    db.write(|tx| {
        let noted = events::head(tx, org(1))?;
        tx.execute("DELETE FROM events WHERE organisation = 1 AND number > 8", &[])?;
        let check = events::verify(tx, org(1))?;
        assert_eq!((check.events, check.broken_at), (8, None));
        assert_ne!(check.head, noted.1);
        Ok(())
    });
}

pub fn a_value_nobody_writes_is_named_with_its_place(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    let read = db.store.write_blocking(|tx| {
        tx.execute("UPDATE accounts SET role = 'king' WHERE id = 1", &[])?;
        accounts::get(tx, account(1).id).map(|_| ())
    });
    assert_eq!(read, Err(Error::Corrupt { table: "accounts", column: "role", id: "1".into() }));
}
