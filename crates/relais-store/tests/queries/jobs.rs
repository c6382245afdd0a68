//! Acts on many accounts.

use super::{Database, account, at, org};
use relais_core::authority::{Actor, Role};
use relais_core::ids::JobId;
use relais_core::job::{BulkAct, ItemOutcome, ItemRefusal, Job, JobState, Run};
use relais_store::accounts::Filter;
use relais_store::jobs;

fn job(number: i64) -> Job {
    Job {
        id: JobId::from_number(number),
        organisation: org(1),
        act: BulkAct::SetRole { role: Role::Guest },
        run: Run::Apply,
        state: JobState::Running,
        items: 0,
        items_done: 0,
        changed: 0,
        unchanged: 0,
        refused: 0,
        created_at: at(number),
        ended_at: None,
    }
}

pub fn a_job_finds_its_accounts_in_order_and_keeps_what_became_of_each(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let made = job(1);
        jobs::insert(tx, &made, &Actor::Operator)?;
        assert_eq!(jobs::ordered_by(tx, made.id)?, Some(Actor::Operator));
        let filter = Filter { search: Some("ZOÉ".into()), ..Filter::default() };
        assert_eq!(jobs::add_found(tx, made.id, org(1), &filter)?, 3);
        jobs::set_items(tx, made.id, 3)?;
        let mut items = jobs::items(tx, made.id, None, 0, 10)?;
        let found: Vec<_> = items.iter().map(|item| (item.number, item.account, item.outcome)).collect();
        let expected: Vec<_> = (1..=3).map(|number| (number, account(number).id, None)).collect();
        assert_eq!(found, expected);
        items[1].outcome = Some(ItemOutcome::Refused);
        items[1].refusals = vec![ItemRefusal {
            code: "x".into(),
            french: "« é »".into(),
            english: "\u{201c}e\u{201d}".into(),
        }];
        jobs::set_outcome(tx, made.id, &items[1])?;
        assert_eq!(jobs::items(tx, made.id, Some(ItemOutcome::Refused), 0, 10)?, [items[1].clone()]);
        assert_eq!(jobs::items(tx, made.id, None, 2, 10)?.len(), 1);
        let done = Job { items: 3, items_done: 2, refused: 1, ..made };
        jobs::update(tx, &done)?;
        assert_eq!(jobs::get(tx, done.id)?, Some(done));
        Ok(())
    });
}

pub fn the_oldest_running_job_is_gone_on_with_and_old_ones_are_forgotten(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        for number in [2, 1] {
            jobs::insert(tx, &job(number), &Actor::Operator)?;
            jobs::add(tx, job(number).id, 1, account(1).id, "user1@bm.com")?;
        }
        assert_eq!(jobs::next_running(tx)?, Some(job(1).id));
        let over = Job { state: JobState::Finished, ended_at: Some(at(3)), ..job(1) };
        jobs::update(tx, &over)?;
        assert_eq!(jobs::next_running(tx)?, Some(job(2).id));
        let listed: Vec<_> = jobs::list(tx, Some(org(1)), 10)?.into_iter().map(|job| job.id).collect();
        assert_eq!(listed, [job(2).id, job(1).id]);
        assert_eq!(jobs::list(tx, None, 10)?.len(), 2);
        assert_eq!(jobs::list(tx, Some(org(2)), 10)?, []);
        assert_eq!(jobs::forget(tx, at(3))?, 0);
        assert_eq!(jobs::forget(tx, at(4))?, 1);
        assert_eq!(jobs::get(tx, job(1).id)?, None);
        Ok(())
    });
}
