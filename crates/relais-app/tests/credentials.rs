//! Who gets in: every credential dies at once (X3), a grant opens a closed mailbox for a while, guessing is slow.

#[path = "support/world.rs"]
mod world;

use jiff::{SignedDuration, Timestamp};
use relais_app::{Network, Origin, PortalAnswer, Relais, SignInRefusal};
use relais_core::account::{Account, Cause};
use relais_core::authority::{Actor, Role};
use relais_core::lifecycle::Command;
use relais_core::rights::State;
use world::{OPERATOR, World, code};

const PASSWORD: &str = "correct horse battery";
const HERE: Network = Network::V4([127, 0, 0, 1]);
const THERE: Network = Network::V4([192, 0, 2, 1]);

on_both! {
    a_session_dies_at_deactivation_and_stays_dead
    a_session_dies_with_the_password_the_role_and_the_day
    a_remembered_password_is_forgotten_when_it_changes_or_the_account_closes
    the_day_of_leaving_closes_the_door_before_any_workflow_ran
    a_grant_opens_a_closed_mailbox_until_its_date
    a_grant_opens_no_shared_mailbox_and_every_use_is_told
    guesses_that_were_let_through_together_count_together
    a_grant_ends_with_the_reactivation_for_good
    personal_mail_is_set_aside_before_a_grant_and_comes_back
    a_grant_asks_for_a_reason_a_near_date_and_an_admin
    ten_wrong_guesses_close_the_door_from_there_alone
    tokens_end_when_revoked_and_rule_only_their_organisation
}

async fn member(w: &World) -> Account {
    w.person_with("user1", PASSWORD, Role::Member).await
}

async fn sign_in(w: &World, password: &str) -> Result<Account, SignInRefusal> {
    portal(&w.relais, "User1@bm.com", password, HERE).await
}

/// At the portal, by somebody who is asked for no code.
async fn portal(
    relais: &Relais,
    login: &str,
    password: &str,
    network: Network,
) -> Result<Account, SignInRefusal> {
    match relais.sign_in_to_portal(login, password, network).await? {
        PortalAnswer::In(account) => Ok(*account),
        PortalAnswer::Code(_) => panic!("a code is asked for"),
    }
}

async fn read_mail(w: &World, password: &str) -> Result<State, SignInRefusal> {
    let read = w.relais.sign_in_to_read_mail("user1@bm.com", password, HERE).await;
    read.map(|account| account.state)
}

async fn close(w: &World, account: &Account) {
    w.command(account.id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
}

fn in_days(w: &World, days: i64) -> Timestamp {
    w.relais.now() + SignedDuration::from_hours(24 * days)
}

async fn is_in(w: &World, secret: &str) -> bool {
    w.relais.caller(secret).await.unwrap().is_some()
}

async fn a_session_dies_at_deactivation_and_stays_dead(w: &mut World) {
    let one = member(w).await;
    let signed_in = sign_in(w, PASSWORD).await.unwrap();
    let session = w.relais.open_session(&signed_in, &Origin::default()).await.unwrap();
    let caller = w.relais.caller(&session.secret).await.unwrap().unwrap();
    let organisation = w.organisation;
    assert_eq!(caller.actor, Actor::Account { id: one.id, organisation, role: Role::Member });
    close(w, &one).await;
    assert!(!is_in(w, &session.secret).await);
    assert_eq!(sign_in(w, PASSWORD).await.unwrap_err(), SignInRefusal::Closed);
    assert_eq!(read_mail(w, PASSWORD).await, Err(SignInRefusal::Closed));
    assert!(w.relais.open_mail_of(one.id).await.unwrap().is_none());
    w.command(one.id, Command::Reactivate).await;
    assert!(!is_in(w, &session.secret).await, "what was signed in before stays out");
    let again =
        w.relais.open_session(&sign_in(w, PASSWORD).await.unwrap(), &Origin::default()).await.unwrap();
    assert!(is_in(w, &again.secret).await);
    // One opened with what was known before the deactivation is dead from the beginning.
    let stale = w.relais.open_session(&signed_in, &Origin::default()).await.unwrap();
    assert!(!is_in(w, &stale.secret).await);
}

async fn a_session_dies_with_the_password_the_role_and_the_day(w: &mut World) {
    let one = member(w).await;
    let open =
        async || w.relais.open_session(&w.account(one.id).await, &Origin::default()).await.unwrap().secret;
    let first = open().await;
    w.relais.set_password(one.id, "another horse altogether".into(), OPERATOR).await.unwrap();
    assert!(!is_in(w, &first).await);
    let second = open().await;
    w.command(one.id, Command::SetRole { role: Role::Guest }).await;
    assert!(!is_in(w, &second).await);
    let third = open().await;
    assert!(is_in(w, &third).await);
    w.clock.advance(12);
    assert!(!is_in(w, &third).await, "half a day");
    let fourth = open().await;
    let session = w.relais.caller(&fourth).await.unwrap().unwrap().session.unwrap();
    w.relais.close_session(one.id, session).await.unwrap();
    assert!(!is_in(w, &fourth).await && !is_in(w, "rls_nothing").await);
}

async fn a_remembered_password_is_forgotten_when_it_changes_or_the_account_closes(w: &mut World) {
    let one = member(w).await;
    for _ in 0..3 {
        assert_eq!(read_mail(w, PASSWORD).await, Ok(State::Active));
    }
    assert_eq!(
        read_mail(w, "wrong").await,
        Err(SignInRefusal::Credentials),
        "right once is not right always"
    );
    w.relais.set_password(one.id, "another horse altogether".into(), OPERATOR).await.unwrap();
    assert_eq!(read_mail(w, PASSWORD).await, Err(SignInRefusal::Credentials));
    assert_eq!(read_mail(w, "another horse altogether").await, Ok(State::Active));
    close(w, &one).await;
    assert_eq!(read_mail(w, "another horse altogether").await, Err(SignInRefusal::Closed));
    w.backed_up(one.id).await;
    w.command(one.id, Command::Delete { content: None }).await;
    assert_eq!(read_mail(w, "another horse altogether").await, Err(SignInRefusal::Credentials));
}

async fn the_day_of_leaving_closes_the_door_before_any_workflow_ran(w: &mut World) {
    let one = member(w).await;
    let session = w.relais.open_session(&one, &Origin::default()).await.unwrap();
    w.command(one.id, Command::SetLeaving { at: Some(in_days(w, 1)) }).await;
    assert!(sign_in(w, PASSWORD).await.is_ok());
    w.advance_days(1);
    assert_eq!(sign_in(w, PASSWORD).await.unwrap_err(), SignInRefusal::Closed);
    assert!(!is_in(w, &session.secret).await);
    w.command(one.id, Command::SetLeaving { at: None }).await;
    assert!(sign_in(w, PASSWORD).await.is_ok());
    assert!(!is_in(w, &session.secret).await, "it had ended");
}

async fn grant(w: &World, one: &Account, days: i64) -> String {
    let made = w.relais.grant_recovery(one.id, "dossier en cours".into(), in_days(w, days), OPERATOR);
    made.await.unwrap().secret
}

async fn a_grant_opens_a_closed_mailbox_until_its_date(w: &mut World) {
    let one = member(w).await;
    close(w, &one).await;
    let secret = grant(w, &one, 10).await;
    assert_eq!(read_mail(w, &secret).await, Ok(State::Deactivated));
    assert_eq!(
        sign_in(w, &secret).await.unwrap_err(),
        SignInRefusal::Credentials,
        "to read mail, nothing else"
    );
    assert_eq!(read_mail(w, "rlg_made-up").await, Err(SignInRefusal::Credentials));
    assert!(w.relais.open_mail_of(one.id).await.unwrap().is_some());
    let other = w.person_with("user2", PASSWORD, Role::Member).await;
    close(w, &other).await;
    let elsewhere = w.relais.sign_in_to_read_mail("user2@bm.com", &secret, HERE).await;
    assert_eq!(elsewhere.unwrap_err(), SignInRefusal::Credentials);
    w.advance_days(10);
    assert_eq!(read_mail(w, &secret).await, Err(SignInRefusal::Credentials));
    assert!(w.relais.open_mail_of(one.id).await.unwrap().is_none());
    assert!(w.kinds_of_events().await.contains(&"account.recovery_granted".to_owned()));
}

async fn a_grant_opens_no_shared_mailbox_and_every_use_is_told(w: &mut World) {
    let one = member(w).await;
    let at = world::address("bp@bm.com");
    let shared = w.relais.create_shared_mailbox(w.organisation, at, "BP".into(), OPERATOR).await.unwrap();
    let right = Some(relais_core::organisation::MailboxRight::ReadWrite);
    w.relais.set_mailbox_member(shared.id, one.id, right, OPERATOR).await.unwrap();
    let listed = async |w: &World| {
        w.run_until_idle().await;
        let list = std::fs::read_to_string(w.home(shared.id).join("Maildir/dovecot-acl")).unwrap();
        let shown = w.relais.shared_with(one.id).await.unwrap().len();
        (list.contains(&one.id.to_string()), shown)
    };
    assert_eq!(listed(w).await, (true, 1));
    close(w, &one).await;
    let secret = grant(w, &one, 10).await;
    assert_eq!(read_mail(w, &secret).await, Ok(State::Deactivated));
    assert_eq!(listed(w).await, (false, 0), "its own mailbox and nothing else");
    let used = w.kinds_of_events().await.iter().filter(|kind| *kind == "account.recovery_used").count();
    assert_eq!(used, 1);
    w.assert_chain_whole().await;
    w.command(one.id, Command::Reactivate).await;
    assert_eq!(listed(w).await, (true, 1));
}

async fn guesses_that_were_let_through_together_count_together(w: &mut World) {
    member(w).await;
    // In one task, so that they begin in this order.
    let guess = async |number| {
        let password = if number == 24 { PASSWORD } else { "wrong" };
        let guess = portal(&w.relais, "user1@bm.com", password, HERE).await;
        guess.map(|_| ())
    };
    let answers = futures_util::future::join_all((0..=24).map(guess)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 0, "{answers:?}");
    assert!(answers.contains(&Err(SignInRefusal::TooManyAttempts)), "the right one came too late");
}

async fn a_grant_ends_with_the_reactivation_for_good(w: &mut World) {
    let one = member(w).await;
    close(w, &one).await;
    let secret = grant(w, &one, 10).await;
    w.command(one.id, Command::Reactivate).await;
    assert_eq!(read_mail(w, &secret).await, Err(SignInRefusal::Credentials));
    close(w, &one).await;
    assert_eq!(read_mail(w, &secret).await, Err(SignInRefusal::Credentials));
    assert!(w.relais.open_mail_of(one.id).await.unwrap().is_none());
}

async fn personal_mail_is_set_aside_before_a_grant_and_comes_back(w: &mut World) {
    let one = member(w).await;
    for (folder, subject) in
        [("INBOX", "devis"), ("INBOX", "[perso] samedi"), ("Privé", "bail"), ("Sent", "réponse")]
    {
        w.put(one.mailbox, &relais_engines::maildir::encode_utf7(folder), subject, "S");
    }
    let all = w.listing(one.mailbox);
    assert_eq!(all.len(), 4);
    close(w, &one).await;
    assert_eq!(w.listing(one.mailbox), all, "nobody reads it: nothing is moved");
    grant(w, &one, 10).await;
    assert_eq!(w.listing(one.mailbox), ["INBOX: devis S", "Sent: réponse S"]);
    w.command(one.id, Command::Reactivate).await;
    assert_eq!(w.listing(one.mailbox), all);
}

async fn a_grant_asks_for_a_reason_a_near_date_and_an_admin(w: &mut World) {
    let one = member(w).await;
    let ask = async |reason: &str, days: i64, actor: Actor| {
        let asked = w.relais.grant_recovery(one.id, reason.into(), in_days(w, days), actor).await;
        asked.map(|_| ()).map_err(|error| code(&error))
    };
    assert_eq!(ask("dossier", 5, OPERATOR).await.unwrap_err(), "not_in_this_state");
    close(w, &one).await;
    let organisation = w.organisation;
    let manager = Actor::Account { id: one.id, organisation, role: Role::AccountManager };
    for (reason, days, actor, expected) in [
        (" ", 5, OPERATOR, "reason_missing"),
        ("dossier", 0, OPERATOR, "date_in_the_past"),
        ("dossier", 32, OPERATOR, "grant_too_long"),
        ("dossier", 5, manager, "not_allowed"),
    ] {
        assert_eq!(ask(reason, days, actor).await.unwrap_err(), expected);
    }
    assert_eq!(ask("dossier", 31, OPERATOR).await, Ok(()));
}

async fn ten_wrong_guesses_close_the_door_from_there_alone(w: &mut World) {
    member(w).await;
    let guess = async |login: &str, password: &str, network| {
        let guessed = portal(&w.relais, login, password, network).await;
        guessed.map(|_| ()).err()
    };
    for _ in 0..10 {
        assert_eq!(guess("user1@bm.com", "wrong", HERE).await, Some(SignInRefusal::Credentials));
    }
    assert_eq!(guess("USER1@bm.com", PASSWORD, HERE).await, Some(SignInRefusal::TooManyAttempts));
    assert_eq!(guess("user1@bm.com", PASSWORD, THERE).await, None);
    let nobody = guess("nobody@bm.com", PASSWORD, HERE).await;
    assert_eq!(nobody, Some(SignInRefusal::Credentials), "an unknown login is like a wrong password");
    w.clock.advance(1);
    assert_eq!(guess("user1@bm.com", PASSWORD, HERE).await, None);
    // Guessing a grant's secret counts like guessing a password; whoever has it is not kept out by those who guess.
    let one = w.account(sign_in(w, PASSWORD).await.unwrap().id).await;
    close(w, &one).await;
    let secret = grant(w, &one, 10).await;
    for _ in 0..10 {
        assert_eq!(read_mail(w, "rlg_guess").await, Err(SignInRefusal::Credentials));
    }
    assert_eq!(read_mail(w, "rlg_guess").await, Err(SignInRefusal::TooManyAttempts));
    assert_eq!(read_mail(w, &secret).await, Ok(State::Deactivated));
}

async fn tokens_end_when_revoked_and_rule_only_their_organisation(w: &mut World) {
    let token = w.relais.create_token(Some(w.organisation), "paie".into(), OPERATOR).await.unwrap();
    let caller = w.relais.caller(&token.secret).await.unwrap().unwrap();
    let actor = Actor::Token { id: token.of.id, organisation: w.organisation };
    assert_eq!(caller.actor, actor);
    let refused = w.relais.create_token(None, "plus".into(), actor).await.unwrap_err();
    assert_eq!(code(&refused), "not_allowed");
    w.relais.revoke_token(w.organisation, token.of.id, actor).await.unwrap();
    assert!(!is_in(w, &token.secret).await);
    let again = w.relais.revoke_token(w.organisation, token.of.id, OPERATOR).await.unwrap_err();
    assert_eq!(code(&again), "NotFound");
    // The operator's are listed and end like any other, and an organisation's caller does not reach them.
    let operators = w.relais.create_token(None, "supervision".into(), OPERATOR).await.unwrap();
    let none = None::<relais_core::ids::OrganisationId>;
    let listed = w.read(move |tx| relais_app::read::tokens(tx, none)).await;
    assert_eq!(listed, std::slice::from_ref(&operators.of));
    let refused = w.relais.revoke_token(none, operators.of.id, actor).await.unwrap_err();
    assert_eq!(code(&refused), "not_allowed");
    let elsewhere = w.relais.revoke_token(w.organisation, operators.of.id, OPERATOR).await.unwrap_err();
    assert_eq!(code(&elsewhere), "NotFound");
    assert!(is_in(w, &operators.secret).await);
    w.relais.revoke_token(none, operators.of.id, OPERATOR).await.unwrap();
    assert!(!is_in(w, &operators.secret).await);
}
