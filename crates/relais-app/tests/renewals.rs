//! What runs by itself when paid time ends: renewal, the letter that says that money will be missing, the days of grace,
//! the closing that keeps mail, and the opening when money comes.

#[path = "support/world.rs"]
mod world;

use jiff::civil::date;
use relais_app::Days;
use relais_core::account::{Account, Cause};
use relais_core::authority::Role;
use relais_core::departure::Order;
use relais_core::language::Language;
use relais_core::lifecycle::Command;
use relais_core::money::{Currency, Money};
use relais_core::rights::State;
use relais_store::organisations;
use world::{OPERATOR, World};

on_both! {
    unpaid_accounts_close_after_their_grace_with_their_mail_and_open_when_money_comes
    whoever_answers_for_the_provision_is_told_once_that_it_runs_low
    an_account_that_left_is_not_renewed
    whoever_is_to_leave_is_open_again_after_a_payment_and_still_leaves_then
    one_organisation_in_trouble_keeps_no_other_waiting
    licences_are_counted_once_on_every_day
}

async fn pay_in(w: &World, amount_minor: i64) {
    let amount = Money { amount_minor, currency: Currency::Eur };
    w.relais.top_up(w.organisation, amount, None, OPERATOR).await.unwrap();
    w.relais.work_once().await;
}

async fn on_base(w: &World, name: &str) -> Account {
    let account = w.person(name).await;
    let to = Some(w.subscription(1000).await);
    w.command(account.id, Command::SetSubscription { to }).await
}

/// R9: what is freed shows from the next day on.
async fn licences_are_counted_once_on_every_day(w: &mut World) {
    let one = w.person("user1").await;
    w.invited("user2").await;
    w.person_with("visiteur", "a good password", Role::Guest).await;
    w.relais.work_once().await;
    w.command(one.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    for _ in 0..2 {
        w.advance_days(1);
        w.relais.work_once().await;
        w.relais.work_once().await;
    }
    let november = Days { from: Some(date(2026, 11, 1)), until: Some(date(2026, 12, 1)) };
    let report = w.relais.licence_report(w.organisation, november, OPERATOR).await.unwrap();
    let days: Vec<_> =
        report.days.iter().map(|count| (count.day.day(), count.used.accounts, count.guests)).collect();
    assert_eq!(days, [(21, 2, 1), (22, 1, 1), (23, 1, 1)]);
    assert_eq!((report.now.used.accounts, report.now.guests), (1, 1));
    let empty = Days { from: november.until, until: november.from };
    assert!(w.relais.licence_report(w.organisation, empty, OPERATOR).await.is_err());
}

async fn unpaid_accounts_close_after_their_grace_with_their_mail_and_open_when_money_comes(w: &mut World) {
    pay_in(w, 1000).await;
    let one = on_base(w, "user1").await;
    // Paid on 21 November for a month; 14 days of grace begin on 21 December.
    for (days, state) in [(30, State::Active), (13, State::Active), (1, State::Deactivated)] {
        w.advance_days(days);
        w.relais.work_once().await;
        assert_eq!(w.account(one.id).await.state, state, "after {days} more days");
    }
    let closed = w.account(one.id).await;
    assert_eq!(closed.deactivation.map(|why| why.cause), Some(Cause::Billing));
    assert_eq!(w.deliver("client@far.example", "user1", "Pendant").await, "ok");
    assert_eq!(w.mailbox("user1").await, ["INBOX: Pendant"]);

    pay_in(w, 999).await;
    assert_eq!(w.account(one.id).await.state, State::Deactivated, "a cent is missing");
    pay_in(w, 1).await;
    let open = w.account(one.id).await;
    assert_eq!((open.state, open.deactivation), (State::Active, None));
    // A new period begins on the day it opens: 4 January.
    assert_eq!(open.term.and_then(|term| term.until()), Some(jiff::civil::date(2027, 2, 4)));
    assert_eq!(w.deliver("client@far.example", "user1", "Après").await, "ok");

    // A person's decision is not undone by money.
    w.command(one.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    pay_in(w, 5000).await;
    assert_eq!(w.account(one.id).await.state, State::Deactivated);
}

async fn whoever_answers_for_the_provision_is_told_once_that_it_runs_low(w: &mut World) {
    for (name, role) in [("owner", Role::Owner), ("admin", Role::CompanyAdmin), ("member", Role::Member)] {
        let one = w.person_with(name, "a good password", role).await;
        w.tell_nothing(one.id).await;
    }
    pay_in(w, 1999).await;
    on_base(w, "user1").await;
    let letters = async |w: &World, name: &str| w.mailbox(name).await;
    for _ in 0..3 {
        w.advance_days(2);
        w.relais.work_once().await;
        w.run_until_idle().await;
    }
    let told = "INBOX: La provision ne suffira pas le 21/12/2026";
    assert_eq!(letters(w, "owner").await, [told]);
    assert_eq!(letters(w, "admin").await, [told]);
    assert_eq!(letters(w, "member").await, Vec::<String>::new());
    assert_eq!(w.kinds_of_events().await.iter().filter(|kind| *kind == "provision.low").count(), 1);

    // Not enough: told again. Enough: not.
    pay_in(w, 1).await;
    w.advance_days(1);
    w.run_until_idle().await;
    assert_eq!(letters(w, "owner").await.len(), 1, "{:?}", w.spool().await);
}

async fn an_account_that_left_is_not_renewed(w: &mut World) {
    pay_in(w, 5000).await;
    let one = on_base(w, "user1").await;
    let at = Some(world::moment("2026-12-01T09:00:00Z"));
    w.command(one.id, Command::SetLeaving { at }).await;
    w.advance_days(90);
    w.relais.work_once().await;
    let organisation = w.organisation;
    let balance = w.read(move |tx| relais_store::ledger::balance_minor(tx, organisation)).await;
    assert_eq!(balance, 4000, "R9: nothing was charged after it left");
    // What was paid for the 20 days after the day it left comes back with its deletion.
    w.command(one.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    w.backed_up(one.id).await;
    w.command(one.id, Command::Delete { content: None }).await;
    let balance = w.read(move |tx| relais_store::ledger::balance_minor(tx, organisation)).await;
    assert_eq!(balance, 4000 + 1000 * 20 / 30, "M15");
}

async fn whoever_is_to_leave_is_open_again_after_a_payment_and_still_leaves_then(w: &mut World) {
    pay_in(w, 1000).await;
    let one = on_base(w, "user1").await;
    let order = Order { on: Some(world::moment("2027-02-01T09:00:00Z")), ..Order::default() };
    w.start(&one, order).await;
    w.advance_days(44);
    w.relais.work_once().await;
    assert_eq!(w.account(one.id).await.state, State::Deactivated, "unpaid");
    pay_in(w, 1000).await;
    let open = w.account(one.id).await;
    assert_eq!(open.state, State::Active);
    assert_eq!(open.leaves_at, Some(world::moment("2027-02-01T09:00:00Z")));
    w.advance_days(40);
    w.relais.work_once().await;
    let closed = w.account(one.id).await;
    assert_eq!(closed.deactivation.map(|why| why.cause), Some(Cause::Departure));
}

async fn one_organisation_in_trouble_keeps_no_other_waiting(w: &mut World) {
    pay_in(w, 2000).await;
    let one = on_base(w, "user1").await;
    let first = w.relais.create_organisation(world::organisation("autre", Language::French), OPERATOR).await;
    let first = first.unwrap().id;
    w.write(move |tx| {
        // Looked at first, and its zone is gone from the database of time zones.
        let mut broken = organisations::get(tx, first)?.unwrap();
        broken.time_zone = "Atlantis/Poseidonis".into();
        organisations::update(tx, &broken)?;
        organisations::bill_at(tx, first, jiff::Timestamp::UNIX_EPOCH)
    })
    .await;
    w.advance_days(31);
    w.relais.work_once().await;
    assert_eq!(
        w.account(one.id).await.term.and_then(|term| term.until()),
        Some(jiff::civil::date(2027, 1, 21))
    );
    let now = w.clock.now();
    let waiting = w.read(move |tx| organisations::to_bill(tx, now)).await;
    assert_eq!(waiting.len(), 0, "it is tried again, and not at once");
}
