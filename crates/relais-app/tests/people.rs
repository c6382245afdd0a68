//! What is known of people, and letters to them: what the doors do not show (M8, M10).

#[path = "support/world.rs"]
mod world;

use mail_parser::MessageParser;
use relais_app::LineOutcome;
use relais_core::account::Cause;
use relais_core::authority::Role;
use relais_core::ids::AccountId;
use relais_core::job::Run;
use relais_core::lifecycle::Command;
use relais_core::photo::Photo;
use relais_core::profile::Profile;
use relais_store::{accounts, password_resets, profiles};
use world::{OPERATOR, World, address, code};

on_both! {
    deactivation_keeps_what_is_known_and_deletion_erases_it_all
    of_two_who_use_a_link_at_once_one_does
    a_letter_to_an_address_that_is_hosted_here_by_now_is_delivered_here
    lines_of_a_list_that_are_refused_leave_nothing_and_the_others_stay
}

/// Gives the person an address elsewhere.
async fn reachable(w: &World, id: AccountId, elsewhere: &str) {
    let known = Profile {
        given_name: Some("Zoé".into()),
        external_address: Some(address(elsewhere)),
        ..Profile::default()
    };
    w.relais.set_profile(id, known, OPERATOR).await.unwrap();
}

/// The texts of the letters that wait, the oldest first.
async fn letters(w: &World) -> Vec<String> {
    let rows = w.spool().await;
    let text = |row| {
        let message = w.spool_file(row).expect("a row has its message");
        let parsed = MessageParser::default().parse(message.as_bytes()).expect("a message");
        parsed.body_text(0).expect("a text").into_owned()
    };
    rows.iter().map(text).collect()
}

async fn holder(w: &World, name: &str) -> Option<AccountId> {
    let address = address(name);
    w.read(move |tx| Ok(accounts::holding(tx, &address)?.map(|account| account.id))).await
}

/// The secret of the newest letter.
async fn secret(w: &World) -> String {
    let written = letters(w).await.pop().expect("a letter");
    let start = written.find("/reset/").expect("a link") + "/reset/".len();
    written[start..].split_whitespace().next().expect("a secret").to_owned()
}

async fn deactivation_keeps_what_is_known_and_deletion_erases_it_all(w: &mut World) {
    let one = w.person_with("user1", "a good password", Role::Member).await;
    reachable(w, one.id, "zoe@far.test").await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0".to_vec();
    w.relais.set_photo(one.id, png.clone(), OPERATOR).await.unwrap();
    w.relais.send_password_reset("user1@bm.com").await.unwrap();
    let id = one.id;
    let known = async |w: &World| {
        let look = move |tx: &mut relais_store::Tx<'_>| {
            let link = password_resets::of_account(tx, id)?.is_some();
            Ok((profiles::get(tx, id)?.given_name, profiles::photo(tx, id)?, link))
        };
        w.read(look).await
    };
    let (all, nothing) = ((Some("Zoé".to_owned()), Some(Photo::of(png).unwrap()), true), (None, None, false));
    w.command(id, Command::Deactivate { cause: Cause::Admin, inbound: None, content: None }).await;
    assert_eq!(known(w).await, all);
    w.backed_up(id).await;
    w.command(id, Command::Delete { content: None }).await;
    assert_eq!(known(w).await, nothing);
    let refused = w.relais.set_profile(id, Profile::default(), OPERATOR).await.unwrap_err();
    assert_eq!(code(&refused), "not_in_this_state");
}

async fn of_two_who_use_a_link_at_once_one_does(w: &mut World) {
    let one = w.person_with("user1", "a good password", Role::Member).await;
    reachable(w, one.id, "zoe@far.test").await;
    w.relais.send_password_reset("user1@bm.com").await.unwrap();
    let secret = secret(w).await;
    let (first, second) = tokio::join!(
        w.relais.use_password_reset(&secret, "the first password".into(), relais_app::Network::Local),
        w.relais.use_password_reset(&secret, "the second password".into(), relais_app::Network::Local),
    );
    let refused: Vec<String> =
        [&first, &second].iter().filter_map(|ended| ended.as_ref().err()).map(code).collect();
    assert_eq!(refused, ["password_reset_void"], "{first:?} {second:?}");
    // The link, and one notice: what was written for the other is gone.
    assert_eq!(letters(w).await.len(), 2);
    assert_eq!(w.spool_file_count(), 2);
}

async fn a_letter_to_an_address_that_is_hosted_here_by_now_is_delivered_here(w: &mut World) {
    let one = w.person_with("user1", "a good password", Role::Member).await;
    reachable(w, one.id, "zoe@far.test").await;
    w.relais.add_domain(w.organisation, "far.test", OPERATOR).await.unwrap();
    let two = w.person("user2").await;
    w.command(two.id, Command::AddAlias { address: address("zoe@far.test") }).await;
    w.relais.send_password_reset("user1@bm.com").await.unwrap();
    w.run_until_idle().await;
    let subjects = w.mailbox("user2").await;
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    assert_eq!(w.spool_file_count(), 0);
}

async fn lines_of_a_list_that_are_refused_leave_nothing_and_the_others_stay(w: &mut World) {
    let mut list = String::from("address,name,aliases,password\n");
    for number in 0..250 {
        // Every fifth wants an alias that another holds.
        let alias = if number % 5 == 4 { "p0@bm.com".to_owned() } else { format!("a{number}@bm.com") };
        let password = if number == 0 { "a good password" } else { "" };
        list.push_str(&format!("p{number}@bm.com,Personne,{alias},{password}\n"));
    }
    for run in [Run::Dry, Run::Apply] {
        let reports =
            w.relais.import_accounts(w.organisation, list.clone().into_bytes(), run, OPERATOR).await.unwrap();
        let count = |outcome| reports.iter().filter(|report| report.outcome == outcome).count();
        assert_eq!((count(LineOutcome::Created), count(LineOutcome::Refused)), (200, 50), "{run:?}");
    }
    assert!(holder(w, "p3@bm.com").await.is_some());
    assert_eq!(holder(w, "p3@bm.com").await, holder(w, "a3@bm.com").await);
    assert_eq!(holder(w, "p4@bm.com").await, None);
    assert_eq!(w.read(relais_store::outbox::count).await, 0);
}
