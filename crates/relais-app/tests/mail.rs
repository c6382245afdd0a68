//! Mail that comes in, from the envelope to the files: who gets it, once, and what the client hears.

#[path = "support/world.rs"]
mod world;

use relais_app::GroupChange;
use relais_core::account::Cause;
use relais_core::group::Posting;
use relais_core::inbound::{Inbound, LocalCopy, Treatment};
use relais_core::lifecycle::Command;
use relais_core::mail_refusal::MailRefusal;
use relais_core::organisation::GroupRole;
use world::{OPERATOR, World, address, said};

const CLIENT: &str = "client@elsewhere.test";

on_both! {
    mail_reaches_addresses_aliases_tags_and_groups
    every_refusal_has_its_code
    a_message_that_comes_again_is_stored_once
    a_person_reached_twice_has_one_copy
    a_redirect_inside_passes_on_with_or_without_copy
    a_redirect_outside_waits_and_is_listed_while_there_is_no_smarthost
    bounces_are_kept_and_never_redirected_outside
    a_loop_that_exists_all_the_same_keeps_the_message
    a_full_mailbox_is_for_later
    an_unusable_mailbox_costs_nothing_but_time
    a_member_who_redirects_to_a_closed_address_keeps_the_message
    one_full_mailbox_keeps_no_group_from_its_mail
    nobody_submits_after_the_door_was_closed
    whoever_signed_in_sends_as_themselves_alone
    what_is_refused_elsewhere_for_good_comes_back
    a_group_takes_mail_from_whom_its_policy_lets_in
    a_row_that_is_left_of_a_crash_goes_with_its_file
}

fn redirect(to: &str, copy: LocalCopy) -> Inbound {
    Inbound::always(Treatment::redirect(address(to), copy)).unwrap()
}

async fn mail_reaches_addresses_aliases_tags_and_groups(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    w.alias(one.id, "un").await;
    w.group("tous", &[one.id, two.id]).await;
    for (to, subject) in
        [("user1", "direct"), ("un", "alias"), ("User1+etiquette", "tag"), ("tous", "groupe")]
    {
        assert_eq!(w.asked(CLIENT, to).await, "ok");
        assert_eq!(w.deliver(CLIENT, to, subject).await, "ok");
    }
    assert_eq!(w.mailbox("user1").await, ["INBOX: alias", "INBOX: direct", "INBOX: groupe", "INBOX: tag"]);
    assert_eq!(w.mailbox("user2").await, ["INBOX: groupe"]);
    // Without a password yet, mail is kept all the same.
    w.invited("user3").await;
    assert_eq!(w.deliver(CLIENT, "user3", "bienvenue").await, "ok");
}

async fn a_group_takes_mail_from_whom_its_policy_lets_in(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    w.person("user3").await;
    let group = w.group("tous", &[two.id]).await.id;
    let inner = w.group("dedans", &[one.id, two.id]).await.id;
    w.relais.put_group_in(group, inner, OPERATOR).await.unwrap();
    w.relais.set_group_member(group, two.id, Some(GroupRole::Admin), OPERATOR).await.unwrap();
    let members = GroupChange { posting: Some(Posting::Members), ..GroupChange::default() };
    w.relais.change_group(group, members, OPERATOR).await.unwrap();
    for (from, subject, expected) in [
        (CLIENT, "réclame", "5.7.1"),
        ("user3@bm.com", "question", "5.7.1"),
        ("user1@bm.com", "réunion", "ok"),
        ("", "avis", "ok"),
    ] {
        assert_eq!(w.asked(from, "tous").await, expected, "{from}");
        assert_eq!(w.deliver(from, "tous", subject).await, expected, "{from}");
    }
    // Once each, though one is in both; a notice is for who looks after the group.
    assert_eq!(w.mailbox("user1").await, ["INBOX: réunion"]);
    assert_eq!(w.mailbox("user2").await, ["INBOX: avis", "INBOX: réunion"]);
}

async fn every_refusal_has_its_code(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    w.command(one.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    w.command(two.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    w.backed_up(two.id).await;
    w.command(two.id, Command::Delete { content: None }).await;
    for (to, expected) in
        [("user1", "5.2.1"), ("user2", "5.1.6"), ("personne", "5.1.1"), ("someone@elsewhere.test", "5.7.1")]
    {
        assert_eq!(w.asked(CLIENT, to).await, expected, "{to}");
        assert_eq!(w.deliver(CLIENT, to, "x").await, expected, "{to}");
    }
    // One message, an answer each.
    w.person("user3").await;
    let message = w.message(CLIENT, "user3@bm.com", "à tous");
    let answers = w.deliver_raw(CLIENT, &["user1", "user3", "personne"], &message).await;
    assert_eq!(answers.iter().map(said).collect::<Vec<_>>(), ["5.2.1", "ok", "5.1.1"]);
    assert_eq!(w.mailbox("user3").await, ["INBOX: à tous"]);
}

async fn a_message_that_comes_again_is_stored_once(w: &mut World) {
    w.person("user1").await;
    let message = w.message(CLIENT, "user1@bm.com", "une fois");
    for _ in 0..2 {
        assert_eq!(w.deliver_raw(CLIENT, &["user1"], &message).await, [Ok(())]);
    }
    w.reopen().await;
    assert_eq!(w.deliver_raw(CLIENT, &["user1"], &message).await, [Ok(())]);
    assert_eq!(w.mailbox("user1").await, ["INBOX: une fois"]);
    // From someone else it is another delivery.
    assert_eq!(w.deliver_raw("other@elsewhere.test", &["user1"], &message).await, [Ok(())]);
    assert_eq!(w.mailbox("user1").await.len(), 2);
}

async fn a_person_reached_twice_has_one_copy(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    w.alias(one.id, "un").await;
    w.group("tous", &[one.id, two.id]).await;
    w.set_inbound(two.id, redirect("user1@bm.com", LocalCopy::None)).await;
    let message = w.message(CLIENT, "tous@bm.com", "un seul");
    let answers = w.deliver_raw(CLIENT, &["user1", "un", "tous", "user2", "user1+x"], &message).await;
    assert_eq!(answers, [Ok(()); 5]);
    assert_eq!(w.mailbox("user1").await, ["INBOX: un seul"]);
}

async fn a_redirect_inside_passes_on_with_or_without_copy(w: &mut World) {
    let one = w.person("user1").await;
    w.person("userCS").await;
    w.set_inbound(one.id, redirect("usercs@bm.com", LocalCopy::None)).await;
    assert_eq!(w.deliver(CLIENT, "user1", "sans copie").await, "ok");
    w.set_inbound(one.id, redirect("usercs@bm.com", LocalCopy::Keep)).await;
    assert_eq!(w.deliver(CLIENT, "user1", "avec copie").await, "ok");
    assert_eq!(w.mailbox("user1").await, ["INBOX: avec copie"]);
    assert_eq!(w.mailbox("usercs").await, ["INBOX: avec copie", "INBOX: sans copie"]);
}

async fn a_redirect_outside_waits_and_is_listed_while_there_is_no_smarthost(w: &mut World) {
    let one = w.person("user1").await;
    w.set_inbound(one.id, redirect("ann@elsewhere.test", LocalCopy::None)).await;
    let message = w.message(CLIENT, "user1@bm.com", "dehors");
    for _ in 0..2 {
        assert_eq!(w.deliver_raw(CLIENT, &["user1"], &message).await, [Ok(())]);
    }
    w.reopen().await;
    assert_eq!(w.deliver_raw(CLIENT, &["user1"], &message).await, [Ok(())]);
    let waiting = "client@elsewhere.test -> ann@elsewhere.test waiting";
    assert_eq!(w.outbound().await, [waiting]);
    assert_eq!(w.spool_file_count(), 1);
    for _ in 0..10 {
        w.advance_days(1);
        w.run_until_idle().await;
    }
    assert_eq!(w.outbound().await, [waiting]);
    let row = &w.spool().await[0];
    assert!(w.spool_file(row).unwrap().contains("Subject: dehors"));
    assert!(row.answer.as_deref().unwrap().contains("smarthost"), "{row:?}");
}

async fn bounces_are_kept_and_never_redirected_outside(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    w.set_inbound(one.id, redirect("ann@elsewhere.test", LocalCopy::None)).await;
    w.set_inbound(two.id, Inbound::always(Treatment::reply("absent".into(), LocalCopy::Keep)).unwrap()).await;
    assert_eq!(w.deliver("", "user1", "échec").await, "ok");
    assert_eq!(w.deliver("", "user2", "échec").await, "ok");
    assert_eq!(w.mailbox("user1").await, ["INBOX: échec"]);
    assert_eq!(w.mailbox("user2").await, ["INBOX: échec"]);
    assert!(w.outbound().await.is_empty());
}

async fn a_loop_that_exists_all_the_same_keeps_the_message(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    w.set_inbound(one.id, redirect("user2@bm.com", LocalCopy::None)).await;
    let back = Command::SetInbound { inbound: redirect("user1@bm.com", LocalCopy::None) };
    assert_eq!(w.try_command(two.id, back).await.unwrap_err(), "redirect_loop");
    // As an older version, or a hand in the database, might have left it.
    let mut looping = w.account(two.id).await;
    looping.inbound = redirect("user1@bm.com", LocalCopy::None);
    w.write(move |tx| relais_store::accounts::update(tx, &looping)).await;
    assert_eq!(w.deliver(CLIENT, "user1", "en rond").await, "ok");
    let kept = [w.mailbox("user1").await, w.mailbox("user2").await].concat();
    assert_eq!(kept, ["INBOX: en rond"]);
}

async fn a_full_mailbox_is_for_later(w: &mut World) {
    let mut request = w.request("user1", None, relais_core::authority::Role::Member);
    request.quota_bytes = Some(100);
    w.relais.create_account(w.organisation, request, OPERATOR).await.unwrap();
    assert_eq!(w.deliver(CLIENT, "user1", "le premier").await, "ok");
    assert_eq!(w.asked(CLIENT, "user1").await, "4.2.2");
    assert_eq!(w.deliver(CLIENT, "user1", "le second").await, "4.2.2");
    assert_eq!(w.mailbox("user1").await, ["INBOX: le premier"]);
}

async fn an_unusable_mailbox_costs_nothing_but_time(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    w.group("tous", &[one.id, two.id]).await;
    w.break_mailbox(one.mailbox);
    let message = w.message(CLIENT, "user1@bm.com", "patience");
    let both = w.deliver_raw(CLIENT, &["user1", "user2", "tous"], &message).await;
    assert_eq!(both, [Err(MailRefusal::Unavailable), Ok(()), Err(MailRefusal::Unavailable)]);
    w.mend_mailbox(one.mailbox);
    assert_eq!(w.deliver_raw(CLIENT, &["user1", "tous"], &message).await, [Ok(()); 2]);
    assert_eq!(w.mailbox("user1").await, ["INBOX: patience"]);
    assert_eq!(w.mailbox("user2").await, ["INBOX: patience"]);
}

async fn a_member_who_redirects_to_a_closed_address_keeps_the_message(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    let gone = w.person("partie").await;
    w.set_inbound(one.id, redirect("partie@bm.com", LocalCopy::None)).await;
    w.command(gone.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    w.group("tous", &[one.id, two.id]).await;
    assert_eq!(w.deliver(CLIENT, "tous", "à tous").await, "ok");
    assert_eq!(w.mailbox("user1").await, ["INBOX: à tous"]);
    assert_eq!(w.mailbox("user2").await, ["INBOX: à tous"]);
    // To the person alone the sender is told.
    assert_eq!(w.deliver(CLIENT, "user1", "à un").await, "5.2.1");
}

async fn one_full_mailbox_keeps_no_group_from_its_mail(w: &mut World) {
    let mut request = w.request("user1", None, relais_core::authority::Role::Member);
    request.quota_bytes = Some(1);
    let one = w.relais.create_account(w.organisation, request, OPERATOR).await.unwrap();
    let two = w.person("user2").await;
    w.deliver(CLIENT, "user1", "le premier").await;
    w.group("tous", &[one.id, two.id]).await;
    assert_eq!(w.asked(CLIENT, "tous").await, "ok");
    let message = w.message(CLIENT, "tous@bm.com", "à tous");
    // For later, as one of them cannot have it yet; those who can have it now, once.
    for _ in 0..2 {
        assert_eq!(w.deliver_raw(CLIENT, &["tous"], &message).await, [Err(MailRefusal::OverQuota)]);
    }
    assert_eq!(w.mailbox("user2").await, ["INBOX: à tous"]);
    assert_eq!(w.mailbox("user1").await, ["INBOX: le premier"]);
}

async fn nobody_submits_after_the_door_was_closed(w: &mut World) {
    let one = w.person("user1").await;
    let to = address("ann@elsewhere.test");
    assert_eq!(w.relais.recipient(Some("user1@bm.com"), Some(one.id), &to).await, Ok(()));
    w.command(one.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    let refused = w.relais.recipient(Some("user1@bm.com"), Some(one.id), &to).await;
    assert_eq!(refused, Err(MailRefusal::RelayDenied));
    assert_eq!(submit(w, &one, "ann@elsewhere.test").await, [Err(MailRefusal::RelayDenied)]);
    assert!(w.outbound().await.is_empty());
}

async fn whoever_signed_in_sends_as_themselves_alone(w: &mut World) {
    let one = w.person("user1").await;
    let two = w.person("user2").await;
    w.alias(one.id, "un").await;
    let outside = "ann@elsewhere.test";
    for (sender, expected) in [
        (Some("user1@bm.com"), Ok(())),
        (Some("UN@bm.com"), Ok(())),
        (Some("user1+liste@bm.com"), Ok(())),
        // Receipts and notices.
        (None, Ok(())),
        (Some("user2@bm.com"), Err(MailRefusal::SenderNotHeld)),
        (Some("ceo@bank.test"), Err(MailRefusal::SenderNotHeld)),
        (Some("nobody@bm.com"), Err(MailRefusal::SenderNotHeld)),
        (Some("not an address"), Err(MailRefusal::SenderNotHeld)),
    ] {
        for to in [outside, "user2@bm.com"] {
            let asked = w.relais.recipient(sender, Some(one.id), &address(to)).await;
            assert_eq!(asked, expected, "{sender:?} to {to}");
        }
    }
    // An address that changed hands since RCPT.
    let forged = submit_as(w, &one, two.address.as_str(), outside).await;
    assert_eq!(forged, [Err(MailRefusal::SenderNotHeld)]);
    assert_eq!(submit_as(w, &one, "ceo@bank.test", "user2@bm.com").await, [Err(MailRefusal::SenderNotHeld)]);
    assert!(w.outbound().await.is_empty());
    assert!(w.mailbox("user2").await.is_empty());
    assert_eq!(w.deliver("ceo@bank.test", "user2", "du dehors").await, "ok", "from outside anyone writes");
}

async fn submit(w: &World, by: &relais_core::account::Account, to: &str) -> Vec<Result<(), MailRefusal>> {
    submit_as(w, by, by.address.as_str(), to).await
}

async fn submit_as(
    w: &World,
    by: &relais_core::account::Account,
    sender: &str,
    to: &str,
) -> Vec<Result<(), MailRefusal>> {
    let mut message = w.relais.begin_message().await.unwrap();
    message.write(w.message(sender, to, "sortie").as_bytes()).unwrap();
    let envelope = relais_app::Envelope {
        sender: Some(sender.to_owned()),
        recipients: vec![address(to)],
        submitter: Some(by.id),
    };
    w.relais.deliver(&envelope, message).await
}

async fn what_is_refused_elsewhere_for_good_comes_back(w: &mut World) {
    let one = w.person("user1").await;
    assert_eq!(submit(w, &one, "ann@elsewhere.test").await, [Ok(())]);
    assert_eq!(w.outbound().await, ["user1@bm.com -> ann@elsewhere.test waiting"]);
    // The domain comes to us before the message went out, and has nobody of that name.
    w.relais.add_domain(w.organisation, "elsewhere.test", OPERATOR).await.unwrap();
    w.run_until_idle().await;
    let states = w.outbound().await;
    assert_eq!(
        states,
        ["user1@bm.com -> ann@elsewhere.test failed", "<> -> user1@bm.com sent"],
        "the message failed, its notice arrived"
    );
    assert_eq!(w.mailbox("user1").await, ["INBOX: Message non remis / Undelivered message"]);
    assert_eq!(w.spool_file_count(), 0);
    w.run_until_idle().await;
    assert_eq!(w.outbound().await, states);
}

async fn a_row_that_is_left_of_a_crash_goes_with_its_file(w: &mut World) {
    let one = w.person("user1").await;
    w.set_inbound(one.id, redirect("ann@elsewhere.test", LocalCopy::None)).await;
    assert_eq!(w.deliver(CLIENT, "user1", "dehors").await, "ok");
    // A file whose row was never written.
    let row = &w.spool().await[0];
    let file = w.spool_file(row).unwrap();
    w.put_spool_file(999_999, &file);
    assert_eq!(w.spool_file_count(), 2);
    w.reopen().await;
    assert_eq!(w.spool_file_count(), 1);
    assert!(w.spool_file(row).is_some());
}
