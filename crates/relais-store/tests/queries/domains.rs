//! Domains, claims, and what the operator sets.

use super::{Database, account, address, at, org, own, point, provider};
use relais_core::authority::Actor;
use relais_core::domain::{Claim, Finding};
use relais_core::ids::AccountId;
use relais_core::lifecycle::{AddressChange, Availability};
use relais_core::organisation::{AddressKind, DomainKind, Target};
use relais_core::routing::{Directory, Sender, resolve};
use relais_store::{accounts, addresses, claims, domains, settings};

pub fn hosted_domains_are_read_as_they_were_written(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        assert_eq!(domains::get(tx, "host.test")?, Some(provider()));
        assert_eq!(domains::get(tx, "nowhere.test")?, None);
        assert_eq!(domains::open_to(tx, org(1))?, [own("bm.com", 1), provider()]);
        assert_eq!(domains::all(tx)?, [own("bm.com", 1), provider(), own("other.fr", 2)]);
        let target = Target::Account(AccountId::from_number(2));
        domains::set_catch_all(tx, "bm.com", Some(target))?;
        assert_eq!(domains::get(tx, "bm.com")?.unwrap().catch_all, Some(target));
        assert_eq!(domains::get(tx, "host.test")?.unwrap().catch_all, None);
        let route = resolve(tx, &address("typo@bm.com"), Sender::Someone, at(0))?;
        assert_eq!(route.deliveries.len(), 1);
        domains::set_catch_all(tx, "bm.com", None)?;
        assert_eq!(domains::get(tx, "bm.com")?, Some(own("bm.com", 1)));
        domains::remove(tx, "other.fr")?;
        assert!(!tx.hosts("other.fr")?);
        Ok(())
    });
}

pub fn claim(name: &str, organisation: i64, days: i64) -> Claim {
    Claim::new(name.into(), org(organisation), &format!("token{organisation}"), Actor::Operator, at(days))
}

pub fn claims_are_kept_by_organisation_and_looked_at_in_turn(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        let (first, second) = (claim("xn--t-9fab.fr", 1, 0), claim("xn--t-9fab.fr", 2, 1));
        claims::insert(tx, &first)?;
        claims::insert(tx, &second)?;
        assert_eq!(claims::get(tx, "xn--t-9fab.fr", org(1))?, Some(first.clone()));
        assert_eq!(claims::get(tx, "bm.com", org(1))?, None);
        assert!(!tx.hosts("xn--t-9fab.fr")?, "a claim routes nothing");
        assert_eq!(claims::due(tx, at(0), 10)?, []);
        assert_eq!(claims::due(tx, at(2), 10)?, [first.clone(), second.clone()]);
        assert_eq!(claims::due(tx, at(2), 1)?, std::slice::from_ref(&first));
        let looked = first.looked_at(Finding::Trouble, at(2));
        claims::record(tx, &looked)?;
        assert_eq!(claims::of_organisation(tx, org(1))?, std::slice::from_ref(&looked));
        assert_eq!(claims::due(tx, at(2), 10)?, std::slice::from_ref(&second));
        claims::lose(tx, "xn--t-9fab.fr", at(3))?;
        let lost = claims::get(tx, "xn--t-9fab.fr", org(2))?.unwrap();
        assert_eq!(lost, Claim { found: Finding::Taken, checked_at: Some(at(3)), ..second });
        assert!(claims::remove(tx, "xn--t-9fab.fr", org(1))?);
        assert!(!claims::remove(tx, "xn--t-9fab.fr", org(1))?);
        // A look that ends after the claim was withdrawn brings it not back.
        claims::record(tx, &looked)?;
        assert_eq!(claims::of_organisation(tx, org(1))?, []);
        Ok(())
    });
    assert_eq!(
        db.refused(|tx| claims::insert(tx, &claim("xn--t-9fab.fr", 2, 3))),
        "domain_claims.name,organisation"
    );
}

/// M3: a name that is only claimed, and one that somebody else hosts, have no addresses for the claimant.
pub fn a_claimed_domain_has_no_addresses(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        let (new, foreign) = (claim("neuf.fr", 1, 0), claim("other.fr", 1, 0));
        claims::insert(tx, &new)?;
        claims::insert(tx, &foreign)?;
        let mut asked =
            |text: &str, organisation| addresses::availability(tx, &address(text), org(organisation));
        assert_eq!(asked("anne@neuf.fr", 1)?, Availability::NotProven(new.record));
        assert_eq!(asked("anne@neuf.fr", 2)?, Availability::NotHosted);
        assert_eq!(asked("anne@other.fr", 1)?, Availability::NotHosted);
        assert_eq!(asked("anne@other.fr", 2)?, Availability::Free(DomainKind::Own));
        assert_eq!(addresses::organisation_of(tx, &address("anne@neuf.fr"))?, None);
        Ok(())
    });
}

pub fn the_addresses_of_a_domain_are_told_by_what_they_are(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let target = Target::Account(AccountId::from_number(1));
        // Ends like the domain and is of another one.
        domains::insert(tx, &own("sub.bm.com", 1))?;
        point(tx, "a@sub.bm.com", target, AddressKind::Alias)?;
        for text in ["old@bm.com", "older@bm.com"] {
            point(tx, text, target, AddressKind::Alias)?;
            addresses::apply(tx, &AddressChange::Free { address: address(text) }, org(1), at(1))?;
        }
        let texts = |list: Vec<relais_core::address::EmailAddress>| {
            list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(texts(domains::held(tx, "bm.com", org(1), 9)?), "user1@bm.com user2@bm.com user3@bm.com");
        assert_eq!(texts(domains::held(tx, "bm.com", org(1), 1)?), "user1@bm.com");
        assert_eq!(texts(domains::freed(tx, "bm.com", org(1), 9)?), "old@bm.com older@bm.com");
        let mut redirecting = account(2);
        redirecting.inbound = super::redirect("nobody@bm.com");
        accounts::update(tx, &redirecting)?;
        assert_eq!(texts(domains::redirected_to(tx, "bm.com", org(1), 9)?), "nobody@bm.com");
        assert_eq!(domains::redirected_to(tx, "bm.com", org(2), 9)?, [], "not another's business");
        // To the next organisation they were never made; who held them stays known.
        assert_eq!(domains::forget_freed_by_others(tx, "bm.com", org(1))?, 0);
        assert_eq!(domains::forget_freed_by_others(tx, "bm.com", org(2))?, 2);
        assert_eq!(addresses::get(tx, &address("old@bm.com"))?, None);
        assert_eq!(addresses::history(tx, &address("old@bm.com"))?.len(), 1);
        Ok(())
    });
}

pub fn the_operator_has_one_address(db: &Database) {
    db.write(|tx| {
        assert_eq!(settings::operator_address(tx)?, None);
        for text in ["ops@host.test", "ops@elsewhere.example"] {
            settings::set_operator_address(tx, Some(&address(text)))?;
            assert_eq!(settings::operator_address(tx)?, Some(address(text)));
        }
        for _ in 0..2 {
            settings::set_operator_address(tx, None)?;
            assert_eq!(settings::operator_address(tx)?, None);
        }
        Ok(())
    });
}
