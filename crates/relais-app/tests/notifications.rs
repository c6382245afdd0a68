//! What people are told by letter (R6): whom, when, in which words; and that nobody who was closed is told anything.

#[path = "support/world.rs"]
mod world;

use mail_parser::MessageParser;
use relais_core::account::{Account, Cause};
use relais_core::authority::{Actor, Role};
use relais_core::ids::AccountId;
use relais_core::inbound::{Inbound, Treatment};
use relais_core::lifecycle::Command;
use relais_core::notification::{LINES_MAX, Preferences, Topic};
use relais_core::organisation::GroupRole;
use relais_store::notifications::NotificationCount;
use relais_store::spool::SpoolState;
use std::collections::BTreeSet;
use std::fs;
use world::{OPERATOR, World};

on_both! {
    news_are_gathered_and_told_in_one_letter_to_those_whom_they_concern
    nobody_is_told_what_they_did_themselves_or_do_not_want_to_hear
    what_waits_for_somebody_who_is_closed_is_dropped_and_counted
    a_letter_that_was_posted_is_not_sent_to_somebody_who_is_closed_by_then
    killed_anywhere_each_letter_is_posted_once
    hundreds_of_news_are_one_letter_of_a_few_lines
}

/// An owner, two members, and what was told of them already.
async fn people(w: &World) -> [Account; 3] {
    let owner = w.person_with("maire", "a good password", Role::Owner).await;
    let one = w.person_with("user1", "a good password", Role::Member).await;
    let two = w.person_with("user2", "a good password", Role::Member).await;
    an_hour_later(w).await;
    for account in [&owner, &one, &two] {
        let new = w.home(account.mailbox).join("Maildir/new");
        for file in fs::read_dir(new).into_iter().flatten() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
    [owner, one, two]
}

async fn an_hour_later(w: &World) {
    w.run_until_idle().await;
    w.clock.advance(1);
    w.run_until_idle().await;
}

/// Subject and text of each message in an inbox.
fn inbox(w: &World, account: &Account) -> Vec<(String, String)> {
    let new = w.home(account.mailbox).join("Maildir/new");
    let files = fs::read_dir(new).into_iter().flatten();
    let read = |file: std::io::Result<fs::DirEntry>| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let parsed = MessageParser::default().parse(&bytes).expect("a message");
        let text = parsed.body_text(0).expect("a text").into_owned();
        (parsed.subject().expect("a subject").to_owned(), text)
    };
    files.map(read).collect()
}

fn as_person(account: &Account) -> Actor {
    Actor::Account { id: account.id, organisation: account.organisation, role: account.role }
}

fn deactivate() -> Command {
    Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }
}

async fn count(w: &World, id: AccountId) -> NotificationCount {
    w.relais.notification_report(id).await.unwrap().count
}

async fn news_are_gathered_and_told_in_one_letter_to_those_whom_they_concern(w: &mut World) {
    let [owner, one, two] = people(w).await;
    let group = w.group("ventes", &[]).await;
    let enter = |account: AccountId, role| w.relais.set_group_member(group.id, account, Some(role), OPERATOR);
    enter(two.id, GroupRole::Admin).await.unwrap();
    enter(one.id, GroupRole::Member).await.unwrap();
    w.run_until_idle().await;
    assert_eq!(inbox(w, &two), [], "gathered for a minute");
    an_hour_later(w).await;
    let told = inbox(w, &two);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "2 nouvelles de Bonne Mine");
    assert!(told[0].1.contains("Vous êtes maintenant administrateur du groupe ventes."), "{}", told[0].1);
    assert!(told[0].1.contains("user1@bm.com fait maintenant partie du groupe ventes."), "{}", told[0].1);
    assert_eq!(inbox(w, &one)[0].0, "Vous faites maintenant partie du groupe ventes");

    // Who looks after their groups, and who answers for the organisation; not they themselves.
    w.command(one.id, deactivate()).await;
    an_hour_later(w).await;
    assert_eq!(inbox(w, &two).len(), 2);
    assert_eq!(inbox(w, &owner)[0].0, "Le compte user1@bm.com a été désactivé");
    assert_eq!(inbox(w, &one).len(), 1);
    w.command(one.id, Command::Reactivate).await;
    an_hour_later(w).await;
    let back =
        inbox(w, &one).into_iter().any(|(subject, _)| subject.starts_with("Votre compte est réactivé"));
    assert!(back, "{:?}", inbox(w, &one));
    w.assert_chain_whole().await;
}

async fn nobody_is_told_what_they_did_themselves_or_do_not_want_to_hear(w: &mut World) {
    let [owner, one, two] = people(w).await;
    w.relais.execute(one.id, deactivate(), as_person(&owner)).await.unwrap();
    an_hour_later(w).await;
    assert_eq!(inbox(w, &owner), []);

    let muted = Preferences { muted: BTreeSet::from([Topic::People]) };
    let set = |by| w.relais.set_notification_preferences(owner.id, muted.clone(), by);
    assert!(set(as_person(&two)).await.is_err(), "nobody else's business");
    set(as_person(&owner)).await.unwrap();
    w.command(two.id, deactivate()).await;
    w.command(owner.id, Command::Rename { to: world::address("la.maire@bm.com") }).await;
    an_hour_later(w).await;
    let told = inbox(w, &owner);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "Votre adresse est maintenant la.maire@bm.com (c'était maire@bm.com)");
}

async fn what_waits_for_somebody_who_is_closed_is_dropped_and_counted(w: &mut World) {
    let [_, one, _] = people(w).await;
    let before = count(w, one.id).await;
    w.command(one.id, Command::Rename { to: world::address("un@bm.com") }).await;
    w.run_until_idle().await;
    assert_eq!(count(w, one.id).await.waiting, 1);
    w.command(one.id, deactivate()).await;
    w.run_until_idle().await;
    let now = count(w, one.id).await;
    assert_eq!((now.waiting, now.dropped, now.sent), (0, before.dropped + 1, before.sent));
    // Back within the minute: what was dropped stays so.
    w.command(one.id, Command::Reactivate).await;
    an_hour_later(w).await;
    let told = inbox(w, &one);
    assert!(told.iter().all(|(_, text)| !text.contains("un@bm.com (")), "{told:?}");
    let dropped = w.kinds_of_events().await;
    assert_eq!(dropped.iter().filter(|kind| *kind == "account.notifications_dropped").count(), 1);

    // Nothing is put in line for somebody who is closed already.
    w.command(one.id, deactivate()).await;
    an_hour_later(w).await;
    let before = count(w, one.id).await;
    w.command(one.id, Command::Rename { to: world::address("uno@bm.com") }).await;
    an_hour_later(w).await;
    assert_eq!(count(w, one.id).await, before);
}

async fn a_letter_that_was_posted_is_not_sent_to_somebody_who_is_closed_by_then(w: &mut World) {
    let [_, one, _] = people(w).await;
    w.break_mailbox(one.mailbox);
    w.command(one.id, Command::Rename { to: world::address("un@bm.com") }).await;
    an_hour_later(w).await;
    let row = w.spool().await.pop().expect("a letter");
    assert_eq!((row.notifies, row.state), (Some(one.id), SpoolState::Waiting));
    w.mend_mailbox(one.mailbox);
    let inbound = Inbound::always(Treatment::deliver()).unwrap();
    w.command(one.id, Command::Deactivate { cause: Cause::Admin, inbound: Some(inbound), content: None })
        .await;
    an_hour_later(w).await;
    let row = w.spool().await.into_iter().find(|found| found.id == row.id).expect("its row");
    assert_eq!(row.state, SpoolState::Failed);
    assert!(row.answer.expect("why").starts_with("dropped"));
    assert_eq!(inbox(w, &one), []);
}

async fn killed_anywhere_each_letter_is_posted_once(w: &mut World) {
    let [owner, one, two] = people(w).await;
    w.command(one.id, deactivate()).await;
    w.command(two.id, deactivate()).await;
    w.run_until_idle().await;
    w.clock.advance(1);
    for waits in 1.. {
        let done = w.work_for(waits).await;
        w.reopen().await;
        if done {
            break;
        }
    }
    w.run_until_idle().await;
    let told = inbox(w, &owner);
    assert_eq!(told.len(), 1, "{told:?}");
}

async fn hundreds_of_news_are_one_letter_of_a_few_lines(w: &mut World) {
    let [owner, ..] = people(w).await;
    for number in 0..LINES_MAX + 60 {
        w.invited(&format!("agent{number:03}")).await;
    }
    an_hour_later(w).await;
    let told = inbox(w, &owner);
    assert_eq!((told.len(), told[0].0.as_str()), (1, "100 nouvelles de Bonne Mine"));
    assert_eq!(told[0].1.matches("a été créé.").count(), LINES_MAX);
    assert!(told[0].1.contains("et 60 autres"), "{}", told[0].1);
}
