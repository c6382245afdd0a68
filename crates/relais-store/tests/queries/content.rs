//! What applications keep for accounts: registered, shared, given away, given back, erased.

use super::{Database, account, at, org};
use relais_core::application::Application;
use relais_core::collection::{ShareRight, Sharee};
use relais_core::content::{
    ContentCount, ContentItem, ContentKind, ContentShare, ExternalId, MoveState, MovedCollection,
    Reassignment, Selection,
};
use relais_core::ids::{AccountId, ApplicationId, ContentId, ErasureId, GroupId, ReassignmentId};
use relais_core::organisation::{Group, GroupRole};
use relais_store::content::{self, erasing, reassigning};
use relais_store::{Error, Tx, applications, groups};

fn external(text: &str) -> ExternalId {
    text.parse().unwrap()
}

fn application(number: i64) -> ApplicationId {
    ApplicationId::from_number(number)
}

fn id(number: i64) -> ContentId {
    ContentId::from_number(number)
}

fn item(number: i64, owner: i64, kind: ContentKind) -> ContentItem {
    ContentItem {
        id: id(number),
        organisation: org(1),
        application: application(1),
        external_id: external(&format!("x{number:03}")),
        kind,
        title: format!("« {number} »"),
        owner: account(owner).id,
        parent: None,
        url: (number % 2 == 0).then(|| format!("https://x.test/{number}")),
        erasure: None,
        created_at: at(number),
    }
}

fn with_applications(db: &Database) -> Database {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        for number in [1, 2] {
            let made = Application {
                id: application(number),
                organisation: org(1),
                name: format!("Tableaux {number}"),
                url: None,
                created_at: at(0),
                ended_at: None,
            };
            applications::insert(tx, &made, format!("t{number}").as_bytes(), "whsec_")?;
        }
        Ok(())
    });
    db
}

/// Project 1 with board 2 in it, boards 3 and 4, document 5 of account 1; board 6 of account 2 in project 1.
fn with_content(db: &Database) -> Database {
    let db = with_applications(db);
    db.write(|tx| {
        for mut made in [
            item(1, 1, ContentKind::Project),
            item(2, 1, ContentKind::Board),
            item(3, 1, ContentKind::Board),
            item(4, 1, ContentKind::Board),
            item(5, 1, ContentKind::Document),
            item(6, 2, ContentKind::Board),
        ] {
            made.parent = [2, 6].contains(&made.id.number()).then(|| id(1));
            content::insert(tx, &made)?;
        }
        Ok(())
    });
    db
}

fn count(kind: ContentKind, count: i64) -> ContentCount {
    ContentCount { kind, count }
}

fn numbers(items: &[ContentItem]) -> Vec<i64> {
    items.iter().map(|item| item.id.number()).collect()
}

fn owned(tx: &mut Tx<'_>, owner: i64) -> Result<Vec<i64>, Error> {
    let mut owned = numbers(&content::of_owner(tx, account(owner).id, None, None, 100)?);
    owned.sort_unstable();
    Ok(owned)
}

pub fn content_is_read_as_it_was_written_and_listed_by_pages(db: &Database) {
    let db = with_content(db);
    db.write(|tx| {
        let one = account(1).id;
        let mut board = item(2, 1, ContentKind::Board);
        board.parent = Some(id(1));
        assert_eq!(content::get(tx, id(2))?, Some(board.clone()));
        assert_eq!(content::named(tx, application(1), &external("x002"))?, Some(board.clone()));
        assert_eq!(content::named(tx, application(2), &external("x002"))?, None);
        board.title = "neu".into();
        board.parent = None;
        board.url = None;
        board.owner = account(3).id;
        content::update(tx, &board)?;
        assert_eq!(content::get(tx, id(2))?, Some(board.clone()));
        board.owner = one;
        board.parent = Some(id(1));
        content::update(tx, &board)?;
        // Kind after kind, and in each as they came.
        let all = content::of_owner(tx, one, None, None, 100)?;
        assert_eq!(numbers(&all), [2, 3, 4, 5, 1]);
        let mut paged = Vec::new();
        while let Some(page) =
            Some(content::of_owner(tx, one, None, paged.last().copied(), 2)?).filter(|page| !page.is_empty())
        {
            paged.extend(page.iter().map(|item| item.id));
        }
        assert_eq!(paged, all.iter().map(|item| item.id).collect::<Vec<_>>());
        let boards = content::of_owner(tx, one, Some(ContentKind::Board), Some(id(2)), 100)?;
        assert_eq!(numbers(&boards), [3, 4]);
        assert_eq!(content::of_owner(tx, one, None, Some(id(6)), 100)?, [], "behind what is another's");
        let counts =
            [count(ContentKind::Board, 3), count(ContentKind::Document, 1), count(ContentKind::Project, 1)];
        assert_eq!(content::counts_of_owner(tx, one)?, counts);
        assert_eq!(content::count_of_owner(tx, one)?, 5);
        let page = content::of_application(tx, application(1), Some(&external("x004")), 100)?;
        assert_eq!(numbers(&page), [5, 6]);
        content::remove(tx, id(1))?;
        assert_eq!(content::get(tx, id(2))?.and_then(|item| item.parent), None);
        Ok(())
    });
    let twice = db.refused(|tx| {
        content::insert(tx, &ContentItem { external_id: external("x002"), ..item(9, 1, ContentKind::Board) })
    });
    assert!(twice.contains("content_items"), "{twice}");
    let calendar = db.refused(|tx| content::insert(tx, &item(9, 1, ContentKind::Calendar)));
    assert_eq!(calendar, "content_items_kind");
}

pub fn shares_of_content_are_found_by_both_sides(db: &Database) {
    let db = with_content(db);
    db.write(|tx| {
        let group = GroupId::from_number(1);
        let made = Group {
            id: group,
            organisation: org(1),
            name: "Ventes".into(),
            address: None,
            posting: relais_core::group::Posting::Anyone,
            created_at: at(0),
        };
        groups::insert(tx, &made)?;
        groups::set_member(tx, group, account(2).id, GroupRole::Member)?;
        let share = |item, with, right| ContentShare { item: id(item), with, right, created_at: at(0) };
        let two = Sharee::Account(account(2).id);
        let direct = share(3, two, ShareRight::Read);
        let by_group = share(3, Sharee::Group(group), ShareRight::Write);
        for made in [direct, by_group, share(4, two, ShareRight::Read), share(6, two, ShareRight::Read)] {
            content::share(tx, &made)?;
        }
        assert_eq!(content::shares_of(tx, id(3))?, [direct, by_group]);
        let with_two = content::shared_with(tx, account(2).id, None, 100)?;
        let with_two: Vec<_> = with_two.into_iter().map(|(item, right)| (item.id.number(), right)).collect();
        // The better right of two, and not one's own.
        assert_eq!(with_two, [(3, ShareRight::Write), (4, ShareRight::Read)]);
        assert_eq!(content::shared_with(tx, account(2).id, Some(id(3)), 100)?.len(), 1);
        assert_eq!(content::shared_with(tx, account(3).id, None, 100)?, []);
        content::share(tx, &ContentShare { right: ShareRight::Write, ..direct })?;
        assert_eq!(content::shares_of(tx, id(3))?[0].right, ShareRight::Write);
        assert!(content::end_share(tx, id(3), two)? && !content::end_share(tx, id(3), two)?);
        content::forget_sharee(tx, account(2).id)?;
        assert_eq!(content::shares_of(tx, id(4))?, []);
        assert_eq!(content::shares_of(tx, id(3))?, [by_group]);
        Ok(())
    });
}

fn reassignment(number: i64, from: i64, to: i64, selection: Selection) -> Reassignment {
    Reassignment {
        id: ReassignmentId::from_number(number),
        organisation: org(1),
        from: account(from).id,
        to: account(to).id,
        selection,
        at: at(1),
        items: 0,
        collections: None,
        undone_at: None,
    }
}

pub fn content_is_given_whole_by_kind_and_by_choice_and_given_back(db: &Database) {
    let db = with_content(db);
    db.write(|tx| {
        // A project takes along what it holds of the same owner.
        let projects = reassignment(1, 1, 2, Selection::Kinds { kinds: vec![ContentKind::Project] });
        assert_eq!(reassigning::reassign(tx, &projects)?, 2);
        assert_eq!((owned(tx, 1)?, owned(tx, 2)?), (vec![3, 4, 5], vec![1, 2, 6]));
        let kept = reassigning::get(tx, projects.id)?.unwrap();
        assert_eq!(kept, Reassignment { items: 2, ..projects.clone() });
        let kinds = [count(ContentKind::Board, 1), count(ContentKind::Project, 1)];
        assert_eq!(reassigning::count_kinds(tx, projects.id)?, kinds);
        assert_eq!(reassigning::unsettled_of(tx, account(1).id)?, [kept]);
        let moved = MovedCollection {
            name: "work".into(),
            display_name: "Travail".into(),
            destination: "work.1".into(),
            items: 3,
            shares_ended: vec![],
        };
        reassigning::set_collections(tx, projects.id, Some(std::slice::from_ref(&moved)))?;
        assert_eq!(reassigning::get(tx, projects.id)?.unwrap().collections, Some(vec![moved]));
        assert_eq!(reassigning::unsettled_of(tx, account(1).id)?, []);

        // What is another's is not taken, chosen or not.
        let chosen = Selection::Chosen { items: vec![id(3), id(5), id(6)], collections: vec![] };
        assert_eq!(reassigning::reassign(tx, &reassignment(2, 1, 3, chosen))?, 2);
        assert_eq!((owned(tx, 1)?, owned(tx, 3)?), (vec![4], vec![3, 5]));
        let rest = reassignment(3, 1, 3, Selection::Everything);
        assert_eq!(reassigning::reassign(tx, &rest)?, 1);
        assert!(owned(tx, 1)?.is_empty());
        assert_eq!(
            reassigning::page(tx, org(1), None, 2)?.iter().map(|made| made.id).collect::<Vec<_>>(),
            [rest.id, ReassignmentId::from_number(2)]
        );

        // One that went on to somebody else since is not taken back.
        let on = Selection::Chosen { items: vec![id(2)], collections: vec![] };
        reassigning::reassign(tx, &reassignment(4, 2, 3, on))?;
        assert_eq!(reassigning::undo(tx, &projects, at(2))?, 1);
        assert_eq!((owned(tx, 1)?, owned(tx, 2)?, owned(tx, 3)?), (vec![1], vec![6], vec![2, 3, 4, 5]));
        assert_eq!(reassigning::get(tx, projects.id)?.unwrap().undone_at, Some(at(2)));
        let states = [(MoveState::Moved, 1), (MoveState::Undone, 1)];
        assert_eq!(reassigning::count_moves(tx, projects.id)?, states);
        Ok(())
    });
}

pub fn an_application_refuses_moves_one_by_one(db: &Database) {
    let db = with_content(db);
    db.write(|tx| {
        let made = reassignment(1, 1, 2, Selection::Everything);
        reassigning::reassign(tx, &made)?;
        assert!(reassigning::moved(tx, made.id, id(3))? && !reassigning::moved(tx, made.id, id(6))?);
        assert!(reassigning::refuse(tx, &made, id(3), "nein")?);
        assert!(!reassigning::refuse(tx, &made, id(3), "nochmals")?);
        assert_eq!(owned(tx, 1)?, [3]);
        content::remove(tx, id(4))?;
        let moves = reassigning::moves(tx, made.id, None, Some(id(2)), 100)?;
        let told: Vec<_> = moves
            .iter()
            .map(|one| (one.item.number(), one.state, one.reason.as_deref(), one.content.is_some()))
            .collect();
        let moved = MoveState::Moved;
        assert_eq!(
            told,
            [(3, MoveState::Refused, Some("nein"), true), (4, moved, None, false), (5, moved, None, true)]
        );
        // To an application its own are told, and of those only what is there.
        let own = reassigning::moves(tx, made.id, Some(application(1)), None, 100)?;
        assert_eq!(own.len(), 4);
        assert_eq!(reassigning::moves(tx, made.id, Some(application(2)), None, 100)?, []);
        assert_eq!(reassigning::undo(tx, &made, at(2))?, 3);
        assert_eq!(owned(tx, 1)?, [1, 2, 3, 5]);
        Ok(())
    });
}

pub fn what_is_to_be_erased_stays_until_it_is_confirmed(db: &Database) {
    let db = with_content(db);
    db.write(|tx| {
        let other = ContentItem { application: application(2), ..item(7, 1, ContentKind::Template) };
        content::insert(tx, &other)?;
        let (one, asked) = (account(1).id, ErasureId::from_number(1));
        let share = ContentShare {
            item: id(3),
            with: Sharee::Account(account(2).id),
            right: ShareRight::Read,
            created_at: at(0),
        };
        content::share(tx, &share)?;
        assert_eq!(erasing::ask(tx, asked, org(1), one, at(1))?, 6);
        assert_eq!(content::count_of_owner(tx, one)?, 0);
        // Nothing of it is given to anybody any more.
        assert_eq!(reassigning::reassign(tx, &reassignment(1, 1, 2, Selection::Everything))?, 0);
        assert_eq!(erasing::open(tx, org(1))?.iter().map(|open| open.open).collect::<Vec<_>>(), [6]);
        assert_eq!(erasing::open(tx, org(2))?, []);
        let page = erasing::items(tx, asked, Some(application(1)), Some(id(3)), 100)?;
        assert_eq!(numbers(&page), [4, 5]);
        assert!(erasing::confirm(tx, asked, application(1), &external("x004"))?);
        assert!(!erasing::confirm(tx, asked, application(1), &external("x004"))?);
        assert!(!erasing::confirm(tx, asked, application(2), &external("x005"))?, "not its own");
        assert!(!erasing::confirm(tx, asked, application(1), &external("x006"))?, "not asked for");
        assert_eq!(erasing::confirm_all(tx, asked, application(1))?, 4);
        assert!(!erasing::end_if_done(tx, asked, at(2))?);
        assert_eq!(erasing::confirm_all(tx, asked, application(2))?, 1);
        assert!(erasing::end_if_done(tx, asked, at(2))? && !erasing::end_if_done(tx, asked, at(3))?);
        assert_eq!(erasing::open(tx, org(1))?, []);
        assert_eq!(erasing::get(tx, asked)?.map(|done| (done.items, done.open)), Some((6, 0)));
        assert_eq!(content::get(tx, id(6))?.and_then(|item| item.parent), None);
        Ok(())
    });
    let nobody = ContentItem { owner: AccountId::from_number(99), ..item(9, 1, ContentKind::Board) };
    assert_eq!(db.refused(move |tx| content::insert(tx, &nobody)), "foreign key");
}
