//! Departures from the order to the certificate: where mail goes before, during and after, for each form.
//!
//! B rows are those of BlueMind's procedure, X rows what no system read has.

#[path = "support/world.rs"]
mod world;

use jiff::{SignedDuration, Timestamp};
use relais_app::Certificate;
use relais_core::account::{Account, Cause};
use relais_core::departure::{Departure, DepartureState, Order, Step, Warning};
use relais_core::inbound::{Inbound, LocalCopy, Treatment};
use relais_core::lifecycle::Command;
use relais_core::organisation::Target;
use relais_core::rights::State;
use relais_store::{credentials, events};
use sha2::{Digest, Sha256};
use world::{OPERATOR, World, address, code};

const CLIENT: &str = "client@elsewhere.test";

on_both! {
    b3_b5_b13_new_mail_goes_to_the_successor_who_gets_the_address
    b8_with_a_copy_the_address_stays_with_the_closed_account
    b4_b7_a_shared_mailbox_takes_over_old_mail_new_mail_and_the_address
    b14_the_account_answers_itself_for_a_month_then_refuses
    b15_a_responder_answers_for_everyone_who_left
    the_lawful_default_answers_hands_nothing_over_and_says_so
    a_scheduled_departure_begins_on_its_day
    b12_the_account_is_deleted_when_its_time_has_come
    with_a_copy_what_came_until_the_deletion_is_handed_over_before_it
    mail_that_came_while_a_responder_was_not_yet_asked_is_handed_over_too
    folders_flags_and_dates_are_handed_over_and_personal_messages_are_not
    the_certificate_rests_on_the_chain_and_can_be_checked
    someone_already_deactivated_may_depart
    what_would_stop_on_the_way_is_refused_before_anything_happens
}

fn to(successor: &Account) -> Order {
    Order { to: Some(successor.address.clone()), reason: Some("continuité".into()), ..Order::default() }
}

fn in_days(w: &World, days: i64) -> Timestamp {
    w.relais.now() + SignedDuration::from_hours(24 * days)
}

async fn two(w: &World) -> (Account, Account) {
    let one = w.person("user1").await;
    w.alias(one.id, "un").await;
    let cs = w.person("usercs").await;
    assert_eq!(w.deliver(CLIENT, "user1", "avant").await, "ok");
    (one, cs)
}

async fn certificate(w: &World, departure: &Departure) -> Certificate {
    assert_eq!(departure.state, DepartureState::Finished, "{:?}", departure.trouble);
    w.relais.certificate(departure.id).await.unwrap()
}

async fn b3_b5_b13_new_mail_goes_to_the_successor_who_gets_the_address(w: &mut World) {
    let (one, cs) = two(w).await;
    let departure = w.depart(&one, to(&cs)).await;
    assert_eq!(departure.state, DepartureState::Finished);
    let closed = w.account(one.id).await;
    assert_eq!((closed.state, closed.address.as_str()), (State::Deactivated, "user1.bck@bm.com"));
    assert_eq!(w.addresses(one.id).await, ["user1.bck@bm.com Primary"]);
    assert_eq!(w.addresses(cs.id).await, ["usercs@bm.com Primary", "un@bm.com Alias", "user1@bm.com Alias"]);
    for (name, subject) in [("user1", "après"), ("un", "par l'alias"), ("user1.bck", "par le nom de côté")]
    {
        assert_eq!(w.deliver(CLIENT, name, subject).await, "ok", "{name}");
    }
    assert_eq!(
        w.mailbox("usercs").await,
        [
            "INBOX: après",
            "INBOX: par l'alias",
            "INBOX: par le nom de côté",
            "user1@bm\u{2024}com/INBOX: avant"
        ]
    );
    assert_eq!(w.listing(one.mailbox), ["INBOX: avant"]);
    // X6: the address knows both.
    let (before, now) = (Target::Account(one.id), Target::Account(cs.id));
    assert_eq!(w.history("user1").await, [(before, false), (now, true)]);
}

async fn b8_with_a_copy_the_address_stays_with_the_closed_account(w: &mut World) {
    let (one, cs) = two(w).await;
    let order = Order { copy: Some(LocalCopy::Keep), until: Some(in_days(w, 60)), ..to(&cs) };
    let departure = w.depart(&one, order).await;
    assert_eq!(departure.state, DepartureState::Finished);
    // B6: the old address lives on as an alias.
    assert_eq!(
        w.addresses(one.id).await,
        ["user1.bck@bm.com Primary", "un@bm.com Alias", "user1@bm.com Alias"]
    );
    assert_eq!(w.deliver(CLIENT, "user1", "après").await, "ok");
    assert_eq!(w.listing(one.mailbox), ["INBOX: après", "INBOX: avant"]);
    assert_eq!(w.mailbox("usercs").await, ["INBOX: après", "user1@bm\u{2024}com/INBOX: avant"]);
    w.advance_days(60);
    assert_eq!(w.deliver(CLIENT, "user1", "trop tard").await, "5.2.1");
}

async fn b4_b7_a_shared_mailbox_takes_over_old_mail_new_mail_and_the_address(w: &mut World) {
    let (one, cs) = two(w).await;
    let order = Order { shared_mailbox: Some(address("bp.user1@bm.com")), ..to(&cs) };
    let departure = w.depart(&one, order).await;
    assert_eq!(departure.state, DepartureState::Finished);
    assert_eq!(w.deliver(CLIENT, "user1", "après").await, "ok");
    assert_eq!(w.deliver(CLIENT, "bp.user1", "directement").await, "ok");
    assert_eq!(
        w.mailbox("bp.user1").await,
        ["INBOX: après", "INBOX: directement", "user1@bm\u{2024}com/INBOX: avant"]
    );
    assert!(w.mailbox("usercs").await.is_empty());
    let shared = w.mailbox_of("bp.user1").await;
    let members = w.read(move |tx| relais_store::mailboxes::members(tx, shared)).await;
    assert_eq!(members.iter().map(|member| member.account).collect::<Vec<_>>(), [cs.id]);
    let rights = std::fs::read_to_string(w.home(shared).join("Maildir/dovecot-acl")).unwrap();
    assert!(rights.contains(&cs.id.to_string()), "{rights}");
    assert_eq!(w.history("user1").await.last(), Some(&(Target::SharedMailbox(shared), true)));
}

async fn b14_the_account_answers_itself_for_a_month_then_refuses(w: &mut World) {
    let (one, cs) = two(w).await;
    let order = Order { reply: Some("Écrivez à usercs.".into()), ..to(&cs) };
    w.depart(&one, order).await;
    assert_eq!(w.deliver(CLIENT, "user1", "après").await, "ok");
    let reply = w.spool_file(&w.spool().await[0]).unwrap();
    assert!(reply.contains("usercs") && reply.contains("Auto-Submitted: auto-replied"), "{reply}");
    assert_eq!(w.mailbox("usercs").await, ["user1@bm\u{2024}com/INBOX: avant"], "the old mail, not the new");
    assert_eq!(w.listing(one.mailbox), ["INBOX: avant"]);
    w.advance_days(31);
    assert_eq!(w.deliver(CLIENT, "user1", "trop tard").await, "5.2.1");
}

async fn b15_a_responder_answers_for_everyone_who_left(w: &mut World) {
    let (one, cs) = two(w).await;
    let three = w.person("user3").await;
    let four = w.person("user4").await;
    let by = |order: Order| Order { responder: Some("Anciens".into()), ..order };
    let departure = w.depart(&one, by(to(&cs))).await;
    assert_eq!(departure.state, DepartureState::Finished, "{:?}", departure.trouble);
    w.depart(&three, by(Order { reply: Some("Texte pour user3.".into()), ..Order::default() })).await;
    w.depart(&four, by(Order { until: Some(in_days(w, 30)), ..Order::default() })).await;
    for name in ["user1", "un", "user3", "user4"] {
        assert_eq!(w.deliver(CLIENT, name, "après").await, "ok", "{name}");
    }
    let spool = w.spool().await;
    let texts: Vec<_> = spool.iter().map(|row| w.spool_file(row).unwrap()).collect();
    for (text, expected, other) in [
        (&texts[0], "user1@bm.com", "user4"),
        (&texts[1], "user1@bm.com", "user4"),
        (&texts[2], "Texte pour user3.", "user1"),
        (&texts[3], "user4@bm.com", "user1"),
    ] {
        assert!(text.contains(expected) && !text.contains(other), "{text}");
    }
    assert!(w.listing(one.mailbox).len() == 1 && w.listing(three.mailbox).is_empty());
    // X5: then it is refused, and the account itself had refused all along.
    w.advance_days(30);
    assert_eq!(w.deliver(CLIENT, "user4", "trop tard").await, "5.1.6");
    assert_eq!(w.deliver(CLIENT, "user1", "encore").await, "ok");
    assert_eq!(w.deliver(CLIENT, "user1.bck", "de côté").await, "5.2.1");
    // A common text that someone wrote is what those without a text of their own have.
    let made =
        w.relais.create_responder(w.organisation, "Partis".into(), "Le texte commun.".into(), OPERATOR);
    made.await.unwrap();
    let five = w.person("user5").await;
    w.depart(&five, Order { responder: Some("Partis".into()), ..Order::default() }).await;
    assert_eq!(w.deliver(CLIENT, "user5", "après").await, "ok");
    assert!(w.spool_file(w.spool().await.last().unwrap()).unwrap().contains("Le texte commun."));
}

async fn the_lawful_default_answers_hands_nothing_over_and_says_so(w: &mut World) {
    let (one, _) = two(w).await;
    let plan = w.relais.plan_departure(one.id, Order::default(), OPERATOR).await.unwrap();
    assert_eq!(plan.warnings, [Warning::NobodyTakesOver]);
    assert_eq!((plan.findings.messages, plan.findings.addresses.len()), (1, 2));
    assert_eq!(w.account(one.id).await.state, State::Active, "a plan changes nothing");
    let departure = w.depart(&one, Order::default()).await;
    let certificate = certificate(w, &departure).await;
    assert_eq!((certificate.messages_handed_over, certificate.folders.len()), (0, 0));
    assert_eq!(w.listing(one.mailbox), ["INBOX: avant"]);
    assert_eq!(w.deliver(CLIENT, "user1", "après").await, "ok");
    let reply = w.spool_file(&w.spool().await[0]).unwrap();
    assert!(reply.contains("Subject: =?utf-8?") && reply.contains("user1@bm.com"), "{reply}");
}

async fn a_scheduled_departure_begins_on_its_day(w: &mut World) {
    let (one, cs) = two(w).await;
    let order = Order { on: Some(in_days(w, 10)), ..to(&cs) };
    let id = w.start(&one, order).await.id;
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Scheduled).await;
    w.advance_days(9);
    w.run_until_idle().await;
    assert_eq!(w.deliver(CLIENT, "user1", "le dernier jour").await, "ok");
    w.advance_days(1);
    // The day has come and no workflow ran: closed to the person, and no mail is lost.
    assert!(w.relais.open_mail_of(one.id).await.unwrap().is_none());
    assert_eq!(w.deliver(CLIENT, "user1", "le jour même").await, "ok");
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Finished).await;
    assert_eq!(w.account(one.id).await.leaves_at, None);
    let folder = "user1@bm\u{2024}com/INBOX";
    let expected = ["avant", "le dernier jour", "le jour même"].map(|subject| format!("{folder}: {subject}"));
    assert_eq!(w.mailbox("usercs").await, expected);
}

async fn b12_the_account_is_deleted_when_its_time_has_come(w: &mut World) {
    let (one, cs) = two(w).await;
    w.put(one.mailbox, "Perso", "mes clés", "S");
    let order = Order { delete_after: Some(in_days(w, 90)), ..to(&cs) };
    let id = w.start(&one, order).await.id;
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Running).await;
    assert_eq!(w.departure(id).await.next_step(), Some(Step::Wait));
    assert!(w.relais.certificate(id).await.is_err());
    w.advance_days(89);
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Running).await;
    w.advance_days(1);
    w.run_until_idle().await;
    let certificate = certificate(w, &w.departure(id).await).await;
    assert_eq!((certificate.messages_handed_over, certificate.personal_messages_left_out), (1, 1));
    let gone = w.account(one.id).await;
    assert_eq!((gone.state, gone.name.as_str()), (State::Deleted, ""));
    assert!(!w.home(one.mailbox).exists());
    assert_eq!(w.kept_aside(one.mailbox), ["Perso: mes clés S"], "the person's own, kept for them");
    assert_eq!(w.deliver(CLIENT, "user1", "toujours").await, "ok");
    assert_eq!(w.deliver(CLIENT, "user1.bck", "plus personne").await, "5.1.6");
    assert_eq!(w.mailbox("usercs").await, ["INBOX: toujours", "user1@bm\u{2024}com/INBOX: avant"]);
    let refused = w.relais.undo_departure(id, OPERATOR).await.unwrap_err();
    assert_eq!(code(&refused), "departure_not_undoable");
}

async fn with_a_copy_what_came_until_the_deletion_is_handed_over_before_it(w: &mut World) {
    let (one, _) = two(w).await;
    let cs = w.person("archives").await;
    let order = Order {
        reply: Some("Parti.".into()),
        copy: Some(LocalCopy::Keep),
        delete_after: Some(in_days(w, 20)),
        ..to(&cs)
    };
    let plan = w.relais.plan_departure(one.id, order.clone(), OPERATOR).await.unwrap();
    assert!(plan.warnings.contains(&Warning::DeletionEndsReply), "{:?}", plan.warnings);
    let id = w.start(&one, order).await.id;
    w.run_until_idle().await;
    assert_eq!(w.deliver(CLIENT, "user1", "répondu et gardé").await, "ok");
    w.advance_days(20);
    w.run_until_idle().await;
    let certificate = certificate(w, &w.departure(id).await).await;
    assert_eq!(certificate.messages_handed_over, 2);
    assert_eq!(certificate.folders.iter().map(|folder| folder.messages).sum::<u64>(), 2);
    let folder = "user1@bm\u{2024}com/INBOX";
    assert_eq!(
        w.mailbox("archives").await,
        [format!("{folder}: avant"), format!("{folder}: répondu et gardé")]
    );
    assert_eq!(w.deliver(CLIENT, "user1", "trop tard").await, "5.1.6", "released");
}

async fn mail_that_came_while_a_responder_was_not_yet_asked_is_handed_over_too(w: &mut World) {
    let (one, cs) = two(w).await;
    // Stopped between the hand-over and the giving of the addresses.
    let taken = w.person("autre").await;
    let order = Order { responder: Some("Anciens".into()), ..to(&cs) };
    let id = w.start(&one, order).await.id;
    w.alias(taken.id, "user1.bck").await;
    w.run_until_idle().await;
    w.assert_state(id, DepartureState::Held).await;
    assert_eq!(w.departure(id).await.next_step(), Some(Step::Rename));
    assert_eq!(w.deliver(CLIENT, "user1", "entre-temps").await, "ok");
    w.command(taken.id, Command::RemoveAlias { address: address("user1.bck@bm.com") }).await;
    w.relais.resume_departure(id, OPERATOR).await.unwrap();
    w.run_until_idle().await;
    let certificate = certificate(w, &w.departure(id).await).await;
    assert_eq!(certificate.messages_handed_over, 2);
    let folder = "user1@bm\u{2024}com/INBOX";
    assert_eq!(w.mailbox("usercs").await, [format!("{folder}: avant"), format!("{folder}: entre-temps")]);
}

async fn folders_flags_and_dates_are_handed_over_and_personal_messages_are_not(w: &mut World) {
    let (one, cs) = two(w).await;
    for (folder, subject, flags) in [
        ("Sent", "envoyé", "S"),
        ("Projets.2024", "important", "FS"),
        ("INBOX", "[perso] samedi", "S"),
        ("INBOX", "Re: Privé : bail", "RS"),
        ("Perso.Banque", "relevé", "S"),
    ] {
        w.put(one.mailbox, folder, subject, flags);
    }
    let before = w.listing(one.mailbox);
    let departure = w.depart(&one, to(&cs)).await;
    let folder = "user1@bm\u{2024}com";
    assert_eq!(
        w.mailbox("usercs").await,
        [
            format!("{folder}/INBOX: avant"),
            format!("{folder}/Projets/2024: important FS"),
            format!("{folder}/Sent: envoyé S")
        ]
    );
    assert_eq!(w.listing(one.mailbox), before, "the source keeps everything");
    let certificate = certificate(w, &departure).await;
    assert_eq!((certificate.messages_handed_over, certificate.personal_messages_left_out), (3, 3));
    let page = serde_json::to_string(&certificate).unwrap();
    assert!(!page.contains("samedi") && !page.contains("bail") && !page.contains("relevé"), "{page}");
    let folders: Vec<_> = certificate.folders.iter().map(|folder| folder.name.as_str()).collect();
    assert_eq!(folders, ["INBOX", "Projets/2024", "Sent"]);
    assert!(
        certificate.folders.iter().all(|folder| folder.sha256.as_ref().is_some_and(|hash| hash.len() == 64))
    );
}

async fn the_certificate_rests_on_the_chain_and_can_be_checked(w: &mut World) {
    let (one, cs) = two(w).await;
    let departure = w.depart(&one, to(&cs)).await;
    let certificate = certificate(w, &departure).await;
    let organisation = w.organisation;
    let (number, hash) = w.read(move |tx| events::head(tx, organisation)).await;
    assert_eq!((certificate.chain_event, &certificate.chain_hash), (number, &hash));
    w.person("plus.tard").await;
    let after = certificate.chain_event - 1;
    let at = w.read(move |tx| events::page(tx, organisation, "", after, 1)).await;
    assert_eq!(at[0].hash, certificate.chain_hash, "the event is still there");
    let unsigned = Certificate { sha256: String::new(), ..certificate.clone() };
    let digest = Sha256::digest(serde_json::to_string(&unsigned).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, certificate.sha256);
    assert_eq!(certificate.steps.iter().map(|report| report.step).collect::<Vec<_>>(), departure.plan.steps);
    assert_eq!(certificate.started_by, Some(OPERATOR));
    assert_eq!(certificate.plan, departure.plan);
    w.assert_chain_whole().await;
}

async fn someone_already_deactivated_may_depart(w: &mut World) {
    let (one, cs) = two(w).await;
    let reply = Treatment::reply("Absent.".into(), LocalCopy::Keep);
    let inbound = Inbound::until_then_refuse(reply, in_days(w, 5)).unwrap();
    w.command(
        one.id,
        Command::Deactivate { cause: Cause::Directory, inbound: Some(inbound.clone()), content: None },
    )
    .await;
    let departure = w.depart(&one, to(&cs)).await;
    assert_eq!(departure.state, DepartureState::Finished, "{:?}", departure.trouble);
    assert_eq!(w.deliver(CLIENT, "user1", "après").await, "ok");
    // Undone it is closed as it was; what has ended since stays ended.
    w.advance_days(6);
    let undone = w.undo(departure.id).await;
    assert_eq!(undone.state, DepartureState::Undone, "{:?}", undone.trouble);
    let closed = w.account(one.id).await;
    assert_eq!((closed.state, closed.address.as_str()), (State::Deactivated, "user1@bm.com"));
    assert_eq!(closed.inbound, Inbound::refuse());
    let grants = w.read(move |tx| credentials::grants(tx, closed.id)).await;
    assert!(grants.is_empty());
}

async fn what_would_stop_on_the_way_is_refused_before_anything_happens(w: &mut World) {
    let (one, cs) = two(w).await;
    let three = w.person("user3").await;
    let redirect =
        |to: &Account| Inbound::always(Treatment::redirect(to.address.clone(), LocalCopy::None)).unwrap();
    w.set_inbound(three.id, redirect(&one)).await;
    w.set_inbound(cs.id, redirect(&three)).await;
    assert_eq!(w.try_start(&one, to(&cs)).await.unwrap_err(), "redirect_loop");
    w.set_inbound(cs.id, Inbound::deliver()).await;
    for (name, expected) in [
        ("usercs@bm.com", "address_taken"),
        ("abuse@bm.com", "address_reserved"),
        ("bp@elsewhere.test", "domain_not_hosted"),
    ] {
        let order = Order { shared_mailbox: Some(address(name)), ..Order::default() };
        assert_eq!(w.try_start(&one, order).await.unwrap_err(), expected, "{name}");
    }
    let order = Order { responder: Some(" ".into()), ..Order::default() };
    assert_eq!(w.try_start(&one, order).await.unwrap_err(), "name_invalid");
    assert_eq!(w.account(one.id).await.state, State::Active);
    w.start(&one, to(&cs)).await;
    assert_eq!(w.try_start(&one, to(&cs)).await.unwrap_err(), "departure_in_progress");
}
