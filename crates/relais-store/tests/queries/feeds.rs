//! Feeds: what is in line, in which order, and what is known of what an application has.

use super::{Database, at, org};
use relais_core::application::Application;
use relais_core::feed::{Feed, FeedReport, FeedState};
use relais_core::ids::{AccountId, ApplicationId, GroupId};
use relais_store::feeds::{self, Link, Subject, Urgency};
use relais_store::{Tx, applications};
use serde_json::json;

pub fn feed(application: ApplicationId, organisation: i64) -> Feed {
    let settings = json!({ "url": "https://boards.example/scim", "only_groups": ["grp-0000000000001"] });
    Feed {
        application,
        organisation: org(organisation),
        settings: serde_json::from_value(settings).expect("settings"),
        state: FeedState::On,
        trouble: Some("answered 503".to_owned()),
        away_until: Some(at(7)),
        whole_at: Some(at(5)),
        report: None,
    }
}

fn application(tx: &mut Tx<'_>) -> Result<ApplicationId, relais_store::Error> {
    let id = ApplicationId::from_number(1);
    let made = Application {
        id,
        organisation: org(1),
        name: "Tableaux".to_owned(),
        url: None,
        created_at: at(0),
        ended_at: None,
    };
    applications::insert(tx, &made, b"one", "whsec_1")?;
    Ok(id)
}

fn person(number: i64) -> Subject {
    Subject::Account(AccountId::from_number(number))
}

pub fn a_feed_keeps_how_it_is_set_up_and_one_server_works_on_it(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        let id = application(tx)?;
        assert_eq!((feeds::get(tx, id)?, feeds::token(tx, id)?), (None, None));
        let first = feed(id, 1);
        feeds::set(tx, &first, "one")?;
        assert_eq!(feeds::get(tx, id)?, Some(first.clone()));
        assert_eq!((feeds::awake(tx, at(6))?, feeds::awake(tx, at(7))?), (vec![], vec![id]));
        feeds::set_away(tx, id, "answered 500", at(9))?;
        assert_eq!((feeds::failures(tx, id)?, feeds::awake(tx, at(8))?), (1, vec![]));
        feeds::set_back(tx, id)?;
        let back = Feed { trouble: None, away_until: None, ..first };
        assert_eq!((feeds::failures(tx, id)?, feeds::get(tx, id)?), (0, Some(back.clone())));
        let report = FeedReport { at: at(5), accounts: 3, groups: 2, differing: 1, foreign: 4 };
        feeds::set_report(tx, id, &report, at(50))?;
        let compared = Feed { whole_at: Some(at(50)), report: Some(report), ..back };
        assert_eq!(feeds::get(tx, id)?, Some(compared));
        feeds::compare_at(tx, id, at(20))?;
        feeds::set_looked_until(tx, id, 12)?;
        assert_eq!(feeds::looked_until(tx, id)?, 12);
        feeds::set_state(tx, id, FeedState::Stopped, Some("answered 401"))?;
        assert_eq!(feeds::awake(tx, at(99))?, vec![]);

        assert!(feeds::claim(tx, id, "a", at(0), at(10))?);
        assert!(feeds::claim(tx, id, "a", at(0), at(10))?, "its own");
        assert!(!feeds::claim(tx, id, "b", at(1), at(11))?);
        assert!(feeds::claim(tx, id, "b", at(10), at(20))?, "whoever had it is gone");
        feeds::release(tx, id, "a")?;
        assert!(!feeds::claim(tx, id, "a", at(11), at(21))?);
        feeds::release_all(tx, "b")?;
        assert!(feeds::claim(tx, id, "a", at(11), at(21))?);
        feeds::push(tx, id, person(1), Urgency::Person, at(0))?;
        feeds::forget(tx, id)?;
        assert_eq!((feeds::get(tx, id)?, feeds::counts(tx, id)?), (None, (0, 0)));
        Ok(())
    });
}

pub fn whoever_is_to_be_shut_out_is_first_in_line(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_organisations();
    db.write(|tx| {
        let id = application(tx)?;
        let team = Subject::Group(GroupId::from_number(1));
        feeds::push(tx, id, team, Urgency::Team, at(0))?;
        feeds::push(tx, id, person(1), Urgency::Person, at(1))?;
        feeds::push(tx, id, person(2), Urgency::Person, at(2))?;
        let first = |tx: &mut Tx<'_>, now| {
            Ok::<_, relais_store::Error>(feeds::first_due(tx, id, now)?.map(|link| link.subject))
        };
        assert_eq!((first(tx, at(0))?, first(tx, at(2))?), (Some(team), Some(person(1))));
        assert_eq!(feeds::first_closing(tx, id, at(9))?, None);
        feeds::push(tx, id, person(2), Urgency::Closing, at(3))?;
        assert_eq!(first(tx, at(3))?, Some(person(2)));
        assert_eq!(feeds::first_closing(tx, id, at(3))?.map(|link| link.subject), Some(person(2)));
        let told = Link {
            subject: person(2),
            remote: Some("7".to_owned()),
            sent: Some("hash".to_owned()),
            next_at: None,
            attempts: 0,
            trouble: None,
        };
        feeds::settle(tx, id, &told)?;
        assert_eq!(feeds::link(tx, id, person(2))?, Some(told.clone()));
        assert_eq!(first(tx, at(9))?, Some(person(1)));
        let one = feeds::link(tx, id, person(1))?.expect("in line");
        feeds::put_off(tx, id, &one, "answered 400", at(60))?;
        assert_eq!(first(tx, at(9))?, Some(team));
        let errors = feeds::troubled(tx, id, "", 9)?;
        let of = |link: &Link| (link.subject, link.attempts, link.trouble.clone(), link.next_at);
        assert_eq!(
            errors.iter().map(of).collect::<Vec<_>>(),
            [(person(1), 1, Some("answered 400".to_owned()), Some(at(60)))]
        );
        assert_eq!(feeds::troubled(tx, id, &person(1).to_string(), 9)?, vec![]);
        assert_eq!(feeds::counts(tx, id)?, (1, 1));
        feeds::hurry(tx, id, at(9))?;
        assert_eq!(first(tx, at(9))?, Some(person(1)));
        // What a comparison saw there takes the place of what was known.
        feeds::mend(tx, id, person(2), Some("8"), Urgency::Person, at(1))?;
        let mended = feeds::link(tx, id, person(2))?.expect("in line");
        assert_eq!((mended.remote.as_deref(), mended.sent, mended.next_at), (Some("8"), None, Some(at(1))));
        assert_eq!(feeds::remotes(tx, id)?.into_iter().collect::<Vec<_>>(), [(person(2), "8".to_owned())]);
        assert_eq!(feeds::other_of_remote(tx, id, "8", person(1))?, Some(person(2)));
        assert_eq!(feeds::other_of_remote(tx, id, "8", person(2))?, None);
        assert_eq!(feeds::other_of_remote(tx, id, "8", team)?, None, "a group may have the same id");
        feeds::drop_link(tx, id, person(2))?;
        assert_eq!(feeds::link(tx, id, person(2))?, None);
        Ok(())
    });
}
