//! Acts on many accounts on a whole Relais: cut off anywhere, each account is done once.

#[path = "support/world.rs"]
mod world;

use relais_app::JobAccounts;
use relais_app::read::Filter;
use relais_core::ids::AccountId;
use relais_core::job::{BulkAct, ItemOutcome, Job, JobState, Run};
use relais_core::organisation::GroupRole;
use relais_core::rights::State;
use relais_store::jobs;
use world::{OPERATOR, World};

on_both! {
    killed_anywhere_a_job_does_each_account_once
    a_group_that_is_removed_meanwhile_holds_up_no_other_job
    a_job_of_deletions_asks_for_each_what_a_deletion_asks
}

const ACCOUNTS: usize = 250;

async fn people(w: &World, count: usize) -> Vec<AccountId> {
    let mut people = Vec::new();
    for number in 0..count {
        people.push(w.invited(&format!("agent{number:03}")).await.id);
    }
    people
}

async fn order(w: &World, act: BulkAct, selection: JobAccounts) -> Job {
    w.relais.order_job(w.organisation, act, selection, Run::Apply, OPERATOR).await.unwrap()
}

async fn killed_anywhere_a_job_does_each_account_once(w: &mut World) {
    let people = people(w, ACCOUNTS).await;
    let found = Filter { search: Some("agent".into()), ..Filter::default() };
    let act = BulkAct::Deactivate { inbound: None, content: None };
    let id = order(w, act, JobAccounts::Filter(found)).await.id;
    for waits in 1.. {
        let done = w.work_for(waits).await;
        w.reopen().await;
        if done {
            break;
        }
    }
    let job = w.read(move |tx| jobs::get(tx, id)).await.unwrap();
    assert_eq!((job.state, job.changed), (JobState::Finished, ACCOUNTS as i64));
    for id in people {
        assert_eq!(w.account(id).await.state, State::Deactivated);
    }
    let kinds = w.kinds_of_events().await;
    let closed = kinds.iter().filter(|kind| *kind == "account.deactivated").count();
    assert_eq!(closed, ACCOUNTS, "each is told once");
    w.assert_chain_whole().await;
}

async fn a_group_that_is_removed_meanwhile_holds_up_no_other_job(w: &mut World) {
    let people = people(w, 2).await;
    let all = || JobAccounts::Accounts(people.clone());
    let group = w.group("Ventes", &[]).await.id;
    let join = order(w, BulkAct::JoinGroup { group, role: GroupRole::Member }, all()).await;
    let close = order(w, BulkAct::Deactivate { inbound: None, content: None }, all()).await;
    w.relais.remove_group(group, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    let (join, close) = w.read(move |tx| Ok((jobs::get(tx, join.id)?, jobs::get(tx, close.id)?))).await;
    let (join, close) = (join.unwrap(), close.unwrap());
    assert_eq!((join.state, join.refused), (JobState::Finished, 2));
    assert_eq!((close.state, close.changed), (JobState::Finished, 2));
    let items = w.read(move |tx| jobs::items(tx, join.id, None, 0, 10)).await;
    assert!(items.iter().all(|item| item.refusals[0].code == "job_target_gone"), "{items:?}");
}

async fn a_job_of_deletions_asks_for_each_what_a_deletion_asks(w: &mut World) {
    let people = people(w, 3).await;
    let all = || JobAccounts::Accounts(people.clone());
    let close = order(w, BulkAct::Deactivate { inbound: None, content: None }, all()).await;
    w.relais.finish_job(close.id).await.unwrap();
    // Of three, one is in a backup, one has a calendar that nobody thought of besides, one is in none.
    w.backed_up(people[0]).await;
    w.put_item(people[1], "calendar", "m.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    w.backed_up(people[1]).await;
    let done = order(w, BulkAct::Delete { content: None }, all()).await;
    let done = w.relais.finish_job(done.id).await.unwrap();
    let items = w.read(move |tx| jobs::items(tx, done.id, None, 0, 10)).await;
    let results: Vec<_> = items
        .iter()
        .map(|item| (item.outcome, item.refusals.first().map(|refusal| refusal.code.as_str())))
        .collect();
    let refused = Some(ItemOutcome::Refused);
    assert_eq!(
        results,
        [
            (Some(ItemOutcome::Changed), None),
            (refused, Some("content_fate_missing")),
            (refused, Some("backup_missing"))
        ]
    );
    assert_eq!(w.account(people[0]).await.state, State::Deleted);
}
