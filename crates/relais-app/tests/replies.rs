//! Automatic replies: to whom, how often, with which text, and what is refused instead (RFC 3834, RFC 5230).

#[path = "support/world.rs"]
mod world;

use jiff::{SignedDuration, Timestamp};
use relais_core::account::{Account, Cause};
use relais_core::inbound::{Inbound, LocalCopy, Treatment};
use relais_core::lifecycle::Command;
use relais_core::mail_refusal::MailRefusal;
use world::{OPERATOR, World, address, said};

const CLIENT: &str = "client@elsewhere.test";

on_both! {
    a_sender_is_answered_once_in_seven_days
    the_same_message_again_is_neither_answered_twice_nor_refused
    what_is_automatic_or_came_through_a_list_is_not_answered
    a_reply_without_copy_refuses_what_it_may_not_answer
    a_person_is_answered_for_once_whatever_address_was_written_to
    phases_follow_each_other_reply_then_refusal
    a_responder_has_a_common_text_and_one_for_an_address
    a_responder_answers_once_for_each_who_left
    a_responder_refuses_what_it_may_not_answer_and_after_its_end
    two_who_left_do_not_answer_each_other_for_ever
    one_of_two_messages_at_once_is_answered_and_the_other_is_not_dropped
}

fn replying(text: &str, copy: LocalCopy) -> Inbound {
    Inbound::always(Treatment::reply(text.into(), copy)).unwrap()
}

async fn absent(w: &World, name: &str, copy: LocalCopy) -> Account {
    let person = w.person(name).await;
    w.set_inbound(person.id, replying("Je suis absent.", copy)).await;
    person
}

fn in_days(w: &World, days: i64) -> Timestamp {
    w.relais.now() + SignedDuration::from_hours(24 * days)
}

async fn a_sender_is_answered_once_in_seven_days(w: &mut World) {
    absent(w, "user1", LocalCopy::Keep).await;
    for (days, from, answers) in [
        (0, CLIENT, 1),
        (3, CLIENT, 1),
        (0, "Client@Elsewhere.TEST", 1),
        (0, "other@elsewhere.test", 2),
        (3, CLIENT, 2),
        (1, CLIENT, 3),
        (1, CLIENT, 3),
    ] {
        w.advance_days(days);
        assert_eq!(w.deliver(from, "user1", "bonjour").await, "ok");
        assert_eq!(w.outbound().await.len(), answers, "{from} after {days} more days");
    }
    assert_eq!(w.mailbox("user1").await.len(), 7, "each is kept, answered or not");
    let reply = w.spool_file(&w.spool().await[0]).unwrap();
    for expected in [
        "To: <client@elsewhere.test>",
        "Auto-Submitted: auto-replied",
        "user1@bm.com",
        "In-Reply-To: <0@test>",
        "Je suis absent.",
    ] {
        assert!(reply.contains(expected), "{expected} is missing in {reply}");
    }
    assert_eq!(w.outbound().await[0], "<> -> client@elsewhere.test waiting", "a null sender");
}

async fn the_same_message_again_is_neither_answered_twice_nor_refused(w: &mut World) {
    let one = absent(w, "user1", LocalCopy::None).await;
    w.alias(one.id, "un").await;
    let message = w.message(CLIENT, "user1@bm.com", "bonjour");
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(w.deliver_raw(CLIENT, &["user1", "un"], &message).await, [Ok(()); 2]);
        }
        w.reopen().await;
    }
    assert_eq!(w.outbound().await.len(), 1);
    assert_eq!(w.spool_file_count(), 1);
    // Another message of the same sender is neither kept nor answered, and says so.
    assert_eq!(w.deliver(CLIENT, "user1", "encore").await, "5.2.1");
    assert!(w.mailbox("user1").await.is_empty());
}

async fn what_is_automatic_or_came_through_a_list_is_not_answered(w: &mut World) {
    absent(w, "user1", LocalCopy::Keep).await;
    for (number, field) in [
        "Auto-Submitted: auto-replied",
        "Precedence: bulk",
        "List-Id: <liste.elsewhere.test>",
        "X-Auto-Response-Suppress: All",
    ]
    .iter()
    .enumerate()
    {
        let from = format!("client{number}@elsewhere.test");
        let message = format!("{field}\r\n{}", w.message(&from, "user1@bm.com", "automatique"));
        assert_eq!(w.deliver_raw(&from, &["user1"], &message).await, [Ok(())]);
    }
    for from in ["", "noreply@elsewhere.test", "user1@bm.com", "\"a b\"@elsewhere.test"] {
        assert_eq!(w.deliver(from, "user1", "à soi ou d'un robot").await, "ok");
    }
    assert_eq!(w.outbound().await, Vec::<String>::new());
    assert_eq!(w.mailbox("user1").await.len(), 8);
    // To a group of theirs it is not the person who is written to.
    let two = w.person("user2").await;
    let one = w.read(|tx| relais_store::accounts::holding(tx, &address("user1@bm.com"))).await.unwrap();
    w.group("tous", &[one.id, two.id]).await;
    assert_eq!(w.deliver(CLIENT, "tous", "à tous").await, "ok");
    assert!(w.outbound().await.is_empty());
}

async fn a_reply_without_copy_refuses_what_it_may_not_answer(w: &mut World) {
    absent(w, "user1", LocalCopy::None).await;
    assert_eq!(w.deliver("", "user1", "échec").await, "5.2.1");
    assert_eq!(w.deliver("noreply@elsewhere.test", "user1", "robot").await, "5.2.1");
    assert_eq!(w.deliver(CLIENT, "user1", "bonjour").await, "ok");
    assert!(w.mailbox("user1").await.is_empty());
    assert_eq!(w.outbound().await.len(), 1);
}

async fn a_person_is_answered_for_once_whatever_address_was_written_to(w: &mut World) {
    let one = absent(w, "user1", LocalCopy::Keep).await;
    w.alias(one.id, "un").await;
    for to in ["user1", "un", "user1+x"] {
        assert_eq!(w.deliver(CLIENT, to, "bonjour").await, "ok");
    }
    assert_eq!(w.outbound().await.len(), 1);
}

async fn phases_follow_each_other_reply_then_refusal(w: &mut World) {
    let one = w.person("user1").await;
    let reply = Treatment::reply("Parti.".into(), LocalCopy::None);
    let inbound = Inbound::until_then_refuse(reply, in_days(w, 30)).unwrap();
    w.command(one.id, Command::Deactivate { cause: Cause::Admin, inbound: Some(inbound), content: None })
        .await;
    assert_eq!(w.deliver(CLIENT, "user1", "au début").await, "ok");
    w.advance_days(29);
    assert_eq!(w.deliver(CLIENT, "user1", "vers la fin").await, "ok");
    w.advance_days(1);
    assert_eq!(w.asked(CLIENT, "user1").await, "5.2.1");
    assert_eq!(w.deliver("other@elsewhere.test", "user1", "après").await, "5.2.1");
    assert_eq!(w.outbound().await.len(), 2);
}

async fn a_responder_has_a_common_text_and_one_for_an_address(w: &mut World) {
    let common = "Texte commun.".to_owned();
    let responder =
        w.relais.create_responder(w.organisation, "Anciens".into(), common, OPERATOR).await.unwrap();
    let give = |name: &'static str, text: Option<&'static str>| {
        let relais = w.relais.clone();
        async move {
            let text = text.map(str::to_owned);
            relais.add_responder_address(responder.id, address(name), text, None, OPERATOR).await.unwrap();
        }
    };
    give("un@bm.com", None).await;
    give("deux@bm.com", Some("Texte pour deux.")).await;
    give("trois@bm.com", Some("  ")).await;
    for to in ["un", "deux", "trois"] {
        assert_eq!(w.deliver(CLIENT, to, "bonjour").await, "ok");
    }
    let spool = w.spool().await;
    let texts: Vec<_> = spool.iter().map(|row| w.spool_file(row).unwrap()).collect();
    for (text, expected, from) in [
        (&texts[0], "Texte commun.", "un@bm.com"),
        (&texts[1], "Texte pour deux.", "deux@bm.com"),
        (&texts[2], "Texte commun.", "trois@bm.com"),
    ] {
        assert!(text.contains(expected) && text.contains(&format!("Anciens\" <{from}>")), "{text}");
    }
}

async fn responder_with(w: &World, names: &[&str], until: Option<Timestamp>) {
    let made = w.relais.create_responder(w.organisation, "Anciens".into(), "Partis.".into(), OPERATOR);
    let id = made.await.unwrap().id;
    for name in names {
        let at = address(&format!("{name}@bm.com"));
        w.relais.add_responder_address(id, at, None, until, OPERATOR).await.unwrap();
    }
}

async fn a_responder_answers_once_for_each_who_left(w: &mut World) {
    responder_with(w, &["un", "deux"], None).await;
    let message = w.message(CLIENT, "un@bm.com", "à vous deux");
    assert_eq!(w.deliver_raw(CLIENT, &["un", "deux"], &message).await, [Ok(()); 2]);
    assert_eq!(w.outbound().await.len(), 2);
    assert_eq!(w.deliver(CLIENT, "un", "encore").await, "5.2.1");
    w.advance_days(7);
    assert_eq!(w.deliver(CLIENT, "un", "encore").await, "ok");
}

async fn a_responder_refuses_what_it_may_not_answer_and_after_its_end(w: &mut World) {
    responder_with(w, &["un"], Some(in_days(w, 30))).await;
    assert_eq!(w.asked("", "un").await, "5.2.1");
    assert_eq!(w.deliver("noreply@elsewhere.test", "un", "robot").await, "5.2.1");
    assert_eq!(w.deliver(CLIENT, "un", "bonjour").await, "ok");
    w.advance_days(30);
    assert_eq!(w.deliver(CLIENT, "un", "trop tard").await, "5.1.6");
}

/// vexim/vexim2#298.
async fn two_who_left_do_not_answer_each_other_for_ever(w: &mut World) {
    let one = absent(w, "user1", LocalCopy::Keep).await;
    let two = absent(w, "user2", LocalCopy::Keep).await;
    for person in [&one, &two] {
        let inbound = Some(replying("Parti.", LocalCopy::Keep));
        w.command(person.id, Command::Deactivate { cause: Cause::Admin, inbound, content: None }).await;
    }
    assert_eq!(w.deliver("user1@bm.com", "user2", "bonjour").await, "ok");
    for _ in 0..5 {
        w.run_until_idle().await;
        w.advance_days(1);
    }
    assert_eq!(w.outbound().await, ["<> -> user1@bm.com sent"], "one answer, and no answer to it");
    let kept = [w.mailbox("user1").await, w.mailbox("user2").await].concat();
    assert_eq!(kept.len(), 2, "{kept:?}");
}

async fn one_of_two_messages_at_once_is_answered_and_the_other_is_not_dropped(w: &mut World) {
    absent(w, "user1", LocalCopy::None).await;
    for round in 0..20 {
        let from = format!("client{round}@elsewhere.test");
        let (first, second) =
            (w.message(&from, "user1@bm.com", "un"), w.message(&from, "user1@bm.com", "deux"));
        let at_once =
            tokio::join!(w.deliver_raw(&from, &["user1"], &first), w.deliver_raw(&from, &["user1"], &second));
        let mut answers = [said(&at_once.0[0]), said(&at_once.1[0])];
        answers.sort();
        assert_eq!(answers, [said(&Err(MailRefusal::Unanswerable)), "ok".into()]);
    }
    assert_eq!(w.outbound().await.len(), 20);
}
