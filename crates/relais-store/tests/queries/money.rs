//! Offers, and the ledger of the provision.

use super::*;
use jiff::civil::{Date, date};
use relais_core::ids::{PlanId, SubscriptionId};
use relais_core::ledger::{Entry, EntryKind, NewEntry, Service};
use relais_core::money::Money;
use relais_core::plan::{
    Licence, LicenceCount, LicencesUsed, Plan, PlanTerms, Subscription, SubscriptionTerms,
};
use relais_core::term::Period;
use relais_store::{ledger, licence_counts, offers};

pub fn licence_count(day: Date, accounts: i64) -> LicenceCount {
    LicenceCount { day, used: LicencesUsed { accounts, free: 1, full: 2 }, guests: 4 }
}

pub fn licences_are_counted_once_a_day(db: &Database) {
    let db = people(db);
    db.write(|tx| {
        let [one, two, three] = [20, 21, 22].map(|day| date(2026, 11, day));
        for count in
            [licence_count(two, 9), licence_count(one, 3), licence_count(two, 5), licence_count(three, 6)]
        {
            licence_counts::set(tx, org(1), &count)?;
        }
        let listed = licence_counts::list(tx, org(1), one, three)?;
        assert_eq!(listed, [licence_count(one, 3), licence_count(two, 5)], "the last count of a day stands");
        assert_eq!(licence_counts::list(tx, org(2), one, three)?, []);
        Ok(())
    });
}

pub fn plan(number: i64, name: &str) -> Plan {
    let terms = PlanTerms {
        name: name.to_owned(),
        price_minor: 4900,
        currency: Currency::Chf,
        period: Period::Year,
        accounts_free: 2,
        accounts_max: Some(50),
        full_licences_max: None,
        own_domains_max: Some(0),
        flexible_licences: true,
    };
    Plan { id: PlanId::from_number(number), terms, created_at: at(0), retired_at: None }
}

pub fn subscription(number: i64, name: &str) -> Subscription {
    let terms = SubscriptionTerms {
        name: name.to_owned(),
        price_minor: 300,
        currency: Currency::Eur,
        period: Period::Month,
        aliases_max: Some(5),
        quota_bytes: Some(1 << 40),
        licence: Licence::Restricted,
    };
    Subscription { id: SubscriptionId::from_number(number), terms, created_at: at(0), retired_at: None }
}

pub fn offers_are_read_as_they_were_made_and_retired_once(db: &Database) {
    let (small, large) = (plan(1, "Petite"), plan(2, "Grande"));
    let (base, reading) = (subscription(1, "Base"), subscription(2, "Lecture"));
    let made = (small.clone(), large.clone(), base.clone(), reading.clone());
    db.write(move |tx| {
        offers::insert_plan(tx, &made.0)?;
        offers::insert_plan(tx, &made.1)?;
        offers::insert_subscription(tx, &made.3)?;
        offers::insert_subscription(tx, &made.2)
    });
    db.write(move |tx| {
        assert_eq!(offers::plans(tx)?, [large.clone(), small.clone()]);
        assert_eq!(offers::subscriptions(tx)?, [base.clone(), reading.clone()]);
        assert_eq!(offers::plan(tx, small.id)?.as_ref(), Some(&small));
        assert_eq!(offers::plan_named(tx, "Grande")?.as_ref(), Some(&large));
        assert_eq!(offers::subscription(tx, base.id)?.as_ref(), Some(&base));
        assert_eq!(offers::subscription_named(tx, "base")?, None, "a name is taken as it is written");
        assert!(offers::retire_plan(tx, small.id, at(1))? && !offers::retire_plan(tx, small.id, at(2))?);
        assert!(offers::retire_subscription(tx, base.id, at(1))?);
        assert!(!offers::retire_subscription(tx, base.id, at(2))?);
        assert_eq!(offers::plan(tx, small.id)?.and_then(|plan| plan.retired_at), Some(at(1)));
        let retired = offers::subscription_named(tx, "Base")?.and_then(|offer| offer.retired_at);
        assert_eq!(retired, Some(at(1)));
        Ok(())
    });
    assert_eq!(db.refused(|tx| offers::insert_plan(tx, &plan(3, "Petite"))), "plans.name");
    let twice = db.refused(|tx| offers::insert_subscription(tx, &subscription(3, "Base")));
    assert_eq!(twice, "subscriptions.name");
}

pub fn service(account: Option<i64>) -> Service {
    let (from, until) = (date(2026, 11, 21), date(2026, 12, 21));
    Service { account: account.map(AccountId::from_number), name: "Base".to_owned(), from, until }
}

fn people(db: &Database) -> Database {
    Database { store: db.store.clone(), _dir: None }.with_people()
}

/// 1000 in on the first day, 300 for account 1 and 500 for the plan on the second, 100 back and 50 out on the third.
fn with_entries(db: &Database) -> Vec<Entry> {
    db.write(|tx| {
        let balance = Money { amount_minor: 300, currency: Currency::Eur };
        let new = [
            (0, NewEntry::top_up(1000, Some("pay-1".to_owned())).unwrap()),
            (1, NewEntry::charge(300, service(Some(1)))),
            (1, NewEntry::charge(500, service(None))),
            (2, NewEntry::credit(100, service(Some(1)))),
            (2, NewEntry::correction(-50, balance).unwrap()),
        ];
        let other = NewEntry::top_up(7, Some("pay-1".to_owned())).unwrap();
        ledger::append(tx, org(2), &other, at(1))?;
        new.iter().map(|(day, entry)| ledger::append(tx, org(1), entry, at(*day))).collect()
    })
}

pub fn entries_are_numbered_and_read_in_pages_and_by_time(db: &Database) {
    let db = people(db);
    let made = with_entries(&db);
    let balances: Vec<_> = made.iter().map(|entry| (entry.number, entry.balance_minor)).collect();
    assert_eq!(balances, [(1, 1000), (2, 700), (3, 200), (4, 300), (5, 250)]);
    assert_eq!(made[1].kind, EntryKind::Charge);
    db.write(move |tx| {
        assert_eq!(ledger::balance_minor(tx, org(1))?, 250);
        assert_eq!(ledger::balance_minor(tx, org(2))?, 7);
        assert_eq!(ledger::balance_minor(tx, org(3))?, 0);
        assert_eq!(ledger::page(tx, org(1), 0, 100)?, made);
        assert_eq!(ledger::page(tx, org(1), 1, 2)?, made[1..3]);
        assert_eq!(ledger::page(tx, org(1), 5, 2)?, []);
        assert_eq!(ledger::between(tx, org(1), at(1), at(2))?, made[1..3]);
        assert_eq!(ledger::between(tx, org(1), at(3), at(9))?, []);
        assert_eq!(ledger::with_reference(tx, org(1), "pay-1")?.as_ref(), Some(&made[0]));
        assert_eq!(ledger::with_reference(tx, org(1), "pay-2")?, None);
        for (day, balance) in [(0, 0), (1, 1000), (2, 200), (3, 250)] {
            assert_eq!(ledger::balance_before(tx, org(1), at(day))?, balance, "before day {day}");
        }
        let named = ledger::accounts_between(tx, org(1), at(1), at(3))?;
        assert_eq!(
            named.into_iter().collect::<Vec<_>>(),
            [(AccountId::from_number(1), address("user1@bm.com"))]
        );
        assert!(ledger::accounts_between(tx, org(1), at(0), at(1))?.is_empty());
        Ok(())
    });
    let twice = db.refused(|tx| {
        let again = NewEntry::top_up(9, Some("pay-1".to_owned())).unwrap();
        ledger::append(tx, org(1), &again, at(3)).map(drop)
    });
    assert!(twice.starts_with("ledger_entries"), "{twice}");
}

pub fn a_change_anywhere_in_the_ledger_shows(db: &Database) {
    let db = people(db);
    with_entries(&db);
    for (change, broken_at) in [
        (
            "UPDATE postings SET amount_minor = 299 WHERE organisation = 1 AND entry = 4 AND book = 'sales'",
            Some(4),
        ),
        ("UPDATE postings SET amount_minor = amount_minor * 2 WHERE organisation = 1 AND entry = 2", Some(2)),
        ("UPDATE ledger_entries SET amount_minor = 1001 WHERE organisation = 1 AND number = 1", Some(1)),
        ("UPDATE ledger_entries SET balance_minor = 251 WHERE organisation = 1 AND number = 5", Some(5)),
        ("DELETE FROM ledger_entries WHERE organisation = 1 AND number = 3", Some(3)),
        ("DELETE FROM ledger_entries WHERE organisation = 1 AND number = 5", Some(5)),
        ("DELETE FROM postings WHERE organisation = 1 AND entry = 3", Some(3)),
        ("DELETE FROM postings WHERE organisation = 1 AND entry = 5", Some(5)),
        ("DELETE FROM postings WHERE organisation = 2", None),
    ] {
        let found = db.store.write_blocking(move |tx| {
            let whole = ledger::check(tx, org(1))?;
            assert_eq!((whole.entries, whole.balance_minor, whole.broken_at), (5, 250, None));
            tx.execute(change, &[])?;
            // Nothing of it is kept.
            Err::<(), _>(Error::Open(format!("{:?}", ledger::check(tx, org(1))?.broken_at)))
        });
        assert_eq!(found, Err(Error::Open(format!("{broken_at:?}"))), "{change}");
    }
}
