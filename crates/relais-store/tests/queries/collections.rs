//! Shares of calendars and address books.

use super::{Database, account, at, org};
use relais_core::collection::{CollectionName, Share, ShareRight, Sharee};
use relais_core::group::Posting;
use relais_core::ids::{AccountId, GroupId, ShareId};
use relais_core::organisation::{Group, GroupRole};
use relais_store::{collections, groups};

fn name(text: &str) -> CollectionName {
    text.parse().unwrap()
}

fn share(number: i64, owner: i64, collection: &str, with: Sharee) -> Share {
    Share {
        id: ShareId::from_number(number),
        owner: account(owner).id,
        collection: name(collection),
        with,
        right: ShareRight::Read,
        created_at: at(0),
    }
}

fn with(number: i64) -> Sharee {
    Sharee::Account(account(number).id)
}

fn group() -> Sharee {
    Sharee::Group(GroupId::from_number(1))
}

fn with_group(db: &Database) -> Database {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let id = GroupId::from_number(1);
        let made = Group {
            id,
            organisation: org(1),
            name: "Ventes".into(),
            address: None,
            posting: Posting::Anyone,
            created_at: at(0),
        };
        groups::insert(tx, &made)?;
        [1, 2, 3]
            .into_iter()
            .try_for_each(|number| groups::set_member(tx, id, account(number).id, GroupRole::Member))
    });
    db
}

pub fn shares_are_found_by_both_sides_and_through_groups(db: &Database) {
    let db = with_group(db);
    db.write(|tx| {
        let (one, two) = (account(1).id, account(2).id);
        let direct = share(1, 1, "work", with(2));
        let by_group = share(2, 1, "work", group());
        assert_eq!(collections::share(tx, &direct)?, direct);
        assert_eq!(collections::share(tx, &by_group)?, by_group);
        // Again: the same share, with another right.
        let again = Share {
            id: ShareId::from_number(9),
            right: ShareRight::Write,
            created_at: at(1),
            ..direct.clone()
        };
        let direct = Share { right: ShareRight::Write, ..direct.clone() };
        assert_eq!(collections::share(tx, &again)?, direct);
        assert_eq!(collections::get(tx, direct.id)?, Some(direct.clone()));
        assert_eq!(collections::get(tx, again.id)?, None);
        let own = [direct.clone(), by_group.clone()];
        assert_eq!(collections::shares_of_owner(tx, one)?, own);
        assert_eq!(collections::shares_with(tx, two)?, own);
        assert_eq!(collections::shares_with(tx, account(3).id)?, std::slice::from_ref(&by_group));
        assert_eq!(collections::shares_with(tx, one)?, [], "one's own is not shared with oneself");
        // Whoever is in a group in the group has it too, also through a ring of them.
        let (outer, inner) = (GroupId::from_number(1), GroupId::from_number(2));
        let achats = Group { id: inner, name: "Achats".into(), ..groups::get(tx, outer)?.expect("made") };
        groups::insert(tx, &achats)?;
        groups::remove_member(tx, outer, account(3).id)?;
        groups::set_member(tx, inner, account(3).id, GroupRole::Member)?;
        assert_eq!(collections::shares_with(tx, account(3).id)?, []);
        groups::put_in(tx, outer, inner)?;
        groups::put_in(tx, inner, outer)?;
        assert_eq!(collections::shares_with(tx, account(3).id)?, std::slice::from_ref(&by_group));
        assert!(collections::end_share(tx, direct.id)? && !collections::end_share(tx, direct.id)?);
        assert_eq!(collections::forget_collection(tx, one, &name("other"))?, 0);
        assert_eq!(collections::forget_collection(tx, one, &name("work"))?, 1);
        for kept in [share(3, 1, "work", with(2)), share(4, 2, "work", with(1)), share(5, 2, "work", with(3))]
        {
            collections::share(tx, &kept)?;
        }
        collections::forget_account(tx, one)?;
        assert_eq!(collections::shares_of_owner(tx, two)?, [share(5, 2, "work", with(3))]);
        assert_eq!(collections::shares_of_owner(tx, one)?, []);
        Ok(())
    });
    let twice = db.refused(|tx| collections::share(tx, &share(6, 1, "work", with(1))).map(drop));
    assert!(twice.contains("collection_shares_other"), "{twice}");
    let nobody = Share { owner: AccountId::from_number(99), ..share(7, 1, "work", with(1)) };
    assert_eq!(db.refused(move |tx| collections::share(tx, &nobody).map(drop)), "foreign key");
}

pub fn shares_follow_a_collection_to_another_owner(db: &Database) {
    let db = with_group(db);
    db.write(|tx| {
        for kept in [
            share(1, 1, "work", with(2)),
            share(2, 1, "work", with(3)),
            share(3, 1, "work", group()),
            share(4, 1, "home", with(3)),
            share(5, 2, "taken", with(3)),
        ] {
            collections::share(tx, &kept)?;
        }
        let (one, two) = (account(1).id, account(2).id);
        assert_eq!(collections::move_collection(tx, one, &name("work"), one, &name("work"))?, 0);
        // Not with its new owner, and not twice with whom that one shares already.
        assert_eq!(collections::move_collection(tx, one, &name("work"), two, &name("taken"))?, 1);
        assert_eq!(collections::shares_of_owner(tx, one)?, [share(4, 1, "home", with(3))]);
        let expected = [share(3, 2, "taken", group()), share(5, 2, "taken", with(3))];
        assert_eq!(collections::shares_of_owner(tx, two)?, expected);
        assert_eq!(collections::move_collection(tx, one, &name("home"), two, &name("home"))?, 1);
        assert_eq!(collections::shares_of_owner(tx, two)?[0], share(4, 2, "home", with(3)));
        Ok(())
    });
}
