//! What lets people and programs in.

use super::{Account, Database, account, at, org};
use relais_core::ids::{AppPasswordId, GrantId, PasskeyId, SessionId, TokenId};
use relais_core::password::PasswordHash;
use relais_core::sign_in::{AppPasswordRule, Scope, SecondFactorRule, SignInPolicy};
use relais_core::sign_on::{IdentityProvider, Newcomers, SignOnDemand};
use relais_store::app_passwords::{self, AppPassword};
use relais_store::credentials::{self, Grant, Token};
use relais_store::passkeys::{self, Ceremony, Passkey, Purpose};
use relais_store::second_factors::{self, Factor, HalfSignIn};
use relais_store::sessions::{self, Session, SignOn};
use relais_store::sign_on::{self, Attempt, Kept, SignOnLink, Ticket};
use relais_store::{Tx, accounts, known_networks, organisations};

fn session(number: i64, epoch: i64) -> Session {
    Session {
        id: SessionId::from_number(number),
        account: account(1).id,
        epoch,
        created_at: at(-1),
        seen_at: at(-1),
        expires_at: at(1),
        network: "192.0.2.0/24".into(),
        agent: "Firefox, Linux".into(),
        sign_on: None,
    }
}

/// What is listed is what is good now; ending all but one leaves that one.
pub fn sessions_are_listed_and_ended(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        for number in 1..=3 {
            sessions::insert(tx, &session(number, 4), format!("s{number}").as_bytes())?;
        }
        sessions::insert(tx, &session(4, 3), b"void")?;
        sessions::seen(tx, session(2, 4).id, at(0))?;
        let second = Session { seen_at: at(0), ..session(2, 4) };
        let listed = sessions::of_account(tx, account(1).id, 4, at(0))?;
        assert_eq!(listed, [session(3, 4), second.clone(), session(1, 4)]);
        assert!(sessions::of_account(tx, account(1).id, 4, at(1))?.is_empty(), "expired");
        assert_eq!(sessions::end_all(tx, account(1).id, Some(second.id))?, 3);
        assert_eq!(sessions::of_account(tx, account(1).id, 4, at(0))?, [second]);
        assert_eq!(sessions::end_all(tx, account(1).id, None)?, 1);
        Ok(())
    });
}

pub fn app_passwords_are_good_under_their_epoch(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let made = |number, epoch| AppPassword {
            id: AppPasswordId::from_number(number),
            account: account(1).id,
            name: "Téléphone".into(),
            scopes: vec![Scope::Mail, Scope::Calendars],
            epoch,
            created_at: at(0),
            used_at: None,
        };
        app_passwords::insert(tx, &made(1, 4), b"one")?;
        app_passwords::insert(tx, &made(2, 5), b"two")?;
        assert_eq!(app_passwords::by_secret(tx, b"one")?, Some(made(1, 4)));
        assert_eq!(app_passwords::of_account(tx, account(1).id, 5)?, [made(2, 5)]);
        app_passwords::used(tx, made(1, 4).id, at(1))?;
        app_passwords::carry_over(tx, account(1).id, 4, 6)?;
        let carried = AppPassword { used_at: Some(at(1)), ..made(1, 6) };
        assert_eq!(app_passwords::of_account(tx, account(1).id, 6)?, [carried]);
        app_passwords::forget_void(tx, account(1).id, 6)?;
        assert_eq!(app_passwords::by_secret(tx, b"two")?, None);
        assert!(!app_passwords::revoke(tx, account(2).id, made(1, 6).id)?, "another's");
        assert!(app_passwords::revoke(tx, account(1).id, made(1, 6).id)?);
        app_passwords::insert(tx, &made(3, 6), b"three")?;
        app_passwords::forget_account(tx, account(1).id)?;
        assert!(app_passwords::of_account(tx, account(1).id, 6)?.is_empty());
        Ok(())
    });
}

pub fn passkeys_are_one_of_a_kind_and_questions_are_answered_once(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let (one, other) = (account(1).id, account(2).id);
        let made = |number, account, credential: &[u8]| Passkey {
            id: PasskeyId::from_number(number),
            account,
            name: "Téléphone".into(),
            credential_id: credential.to_vec(),
            public_key: b"\0key\xff".to_vec(),
            signatures: 4,
            backup_eligible: true,
            backed_up: false,
            created_at: at(0),
            used_at: None,
        };
        assert!(passkeys::insert(tx, &made(1, one, b"a"))?);
        assert!(!passkeys::insert(tx, &made(2, other, b"a"))?, "somebody has it");
        assert!(passkeys::insert(tx, &made(3, one, b"b"))?);
        assert_eq!(passkeys::by_credential(tx, b"a")?, Some(made(1, one, b"a")));
        assert_eq!(passkeys::by_credential(tx, b"c")?, None);
        let told = Passkey { signatures: 9, backed_up: true, used_at: Some(at(1)), ..made(1, one, b"a") };
        passkeys::used(tx, &told, at(1))?;
        assert!(!passkeys::rename(tx, other, told.id, "x")? && passkeys::rename(tx, one, told.id, "Clé")?);
        let renamed = Passkey { name: "Clé".into(), ..told };
        assert_eq!(passkeys::of_account(tx, one)?, [renamed.clone(), made(3, one, b"b")]);
        assert!(!passkeys::remove(tx, other, renamed.id)? && passkeys::remove(tx, one, renamed.id)?);

        let asked = |account| Ceremony { purpose: Purpose::SignIn, account };
        passkeys::begin(tx, asked(None), b"q", at(1))?;
        assert_eq!(passkeys::take(tx, Purpose::Registration, b"q", at(0))?, None, "asked for something else");
        assert_eq!(passkeys::take(tx, Purpose::SignIn, b"q", at(1))?, None, "too late");
        assert_eq!(passkeys::take(tx, Purpose::SignIn, b"q", at(0))?, Some(asked(None)));
        assert_eq!(passkeys::take(tx, Purpose::SignIn, b"q", at(0))?, None, "once");
        passkeys::begin(tx, asked(Some((one, 7))), b"q", at(1))?;
        assert_eq!(passkeys::take(tx, Purpose::SignIn, b"q", at(0))?, Some(asked(Some((one, 7)))));
        passkeys::begin(tx, asked(Some((one, 7))), b"q", at(1))?;
        passkeys::begin(tx, asked(None), b"r", at(1))?;
        passkeys::forget_account(tx, one)?;
        assert!(passkeys::of_account(tx, one)?.is_empty());
        assert_eq!((passkeys::forget(tx, at(0))?, passkeys::forget(tx, at(1))?), (0, 1));
        Ok(())
    });
}

pub fn second_factors_codes_and_half_done_sign_ins(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let id = account(1).id;
        let begun = |secret: &[u8]| Factor {
            account: id,
            secret: secret.to_vec(),
            begun_at: at(0),
            confirmed_at: None,
            last_step: 0,
        };
        assert!(second_factors::get(tx, id)?.is_none());
        second_factors::set(tx, &begun(b"\0first"))?;
        second_factors::set(tx, &begun(b"\xffsecond"))?;
        let confirmed = Factor { confirmed_at: Some(at(1)), last_step: 57, ..begun(b"\xffsecond") };
        second_factors::set(tx, &confirmed)?;
        assert!(second_factors::get(tx, id)? == Some(confirmed));
        second_factors::set_recovery_codes(tx, id, &[b"a".to_vec(), b"b".to_vec()])?;
        second_factors::set_recovery_codes(tx, id, &[b"c".to_vec(), b"d".to_vec()])?;
        assert!(!second_factors::use_recovery_code(tx, id, b"a")?, "of before");
        assert!(second_factors::use_recovery_code(tx, id, b"c")?);
        assert!(!second_factors::use_recovery_code(tx, id, b"c")?, "once");
        assert_eq!(second_factors::recovery_codes_left(tx, id)?, 1);
        assert!(second_factors::remove(tx, id)? && !second_factors::remove(tx, id)?);
        assert_eq!(second_factors::recovery_codes_left(tx, id)?, 0);

        let half = HalfSignIn { account: id, epoch: 4, failures: 0, expires_at: at(1) };
        second_factors::begin(tx, &half, b"h")?;
        second_factors::half_failed(tx, b"h")?;
        assert_eq!(second_factors::half(tx, b"h")?, Some(HalfSignIn { failures: 1, ..half.clone() }));
        assert!(second_factors::complete(tx, b"h")? && !second_factors::complete(tx, b"h")?);
        second_factors::begin(tx, &half, b"h")?;
        assert_eq!((second_factors::forget(tx, at(0))?, second_factors::forget(tx, at(1))?), (0, 1));
        Ok(())
    });
}

pub fn networks_are_known_for_a_while(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let id = account(1).id;
        known_networks::note(tx, id, "192.0.2.1", at(-5), at(0))?;
        assert!(known_networks::is_known(tx, id, "192.0.2.1", at(-1))?);
        assert!(!known_networks::is_known(tx, id, "192.0.2.1", at(0))?);
        assert!(!known_networks::is_known(tx, id, "192.0.2.2", at(-1))?);
        known_networks::note(tx, id, "192.0.2.1", at(-5), at(1))?;
        assert!(!known_networks::is_known(tx, id, "192.0.2.1", at(0))?, "noted lately: not written again");
        known_networks::note(tx, id, "192.0.2.1", at(1), at(2))?;
        assert!(known_networks::is_known(tx, id, "192.0.2.1", at(1))?);
        assert_eq!((known_networks::forget(tx, at(1))?, known_networks::forget(tx, at(2))?), (0, 1));
        Ok(())
    });
}

pub fn what_is_asked_at_sign_in_is_optional_until_said(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        assert_eq!(organisations::sign_in_policy(tx, org(1))?, SignInPolicy::default());
        let policy = SignInPolicy {
            app_passwords: AppPasswordRule::Required,
            second_factor: SecondFactorRule::Administrators,
        };
        organisations::set_sign_in_policy(tx, org(1), policy)?;
        assert_eq!(organisations::sign_in_policy(tx, org(1))?, policy);
        assert_eq!(organisations::sign_in_policy(tx, org(2))?, SignInPolicy::default());
        let hash = |text: &str| PasswordHash::from_phc(text.to_owned());
        let (from, to) = (hash("$argon2id$x"), hash("$argon2id$y"));
        accounts::update(tx, &Account { password: Some(from.clone()), ..account(1) })?;
        accounts::rehash(tx, account(1).id, &to, &from)?;
        assert_eq!(accounts::get(tx, account(1).id)?.expect("there").password, Some(from.clone()));
        accounts::rehash(tx, account(1).id, &from, &to)?;
        assert_eq!(accounts::get(tx, account(1).id)?.expect("there").password, Some(to));
        Ok(())
    });
}

pub fn tokens_sessions_and_grants(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let token = |number, organisation: Option<i64>| Token {
            id: TokenId::from_number(number),
            organisation: organisation.map(org),
            name: "paie".into(),
            created_at: at(0),
            revoked_at: None,
        };
        credentials::insert_token(tx, &token(1, Some(1)), b"\0one")?;
        credentials::insert_token(tx, &token(2, None), b"\xfftwo")?;
        assert_eq!(credentials::token_by_secret(tx, b"\0one")?, Some(token(1, Some(1))));
        assert_eq!(credentials::token_by_secret(tx, b"\xfftwo")?, Some(token(2, None)));
        assert_eq!(credentials::token_by_secret(tx, b"other")?, None);
        assert!(!credentials::revoke_token(tx, org(2), token(1, None).id, at(1))?);
        assert!(credentials::revoke_token(tx, org(1), token(1, None).id, at(1))?);
        assert!(!credentials::revoke_token(tx, org(1), token(1, None).id, at(2))?);
        assert_eq!(credentials::token_by_secret(tx, b"\0one")?, None);
        assert_eq!(
            credentials::tokens(tx, org(1))?,
            [Token { revoked_at: Some(at(1)), ..token(1, Some(1)) }]
        );

        let session = session(1, 4);
        sessions::insert(tx, &session, b"s")?;
        assert_eq!(sessions::by_secret(tx, b"s")?, Some(session.clone()));
        assert_eq!(sessions::forget(tx, at(0))?, 0);
        assert_eq!(sessions::forget(tx, at(1))?, 1);
        sessions::insert(tx, &session, b"s")?;
        assert!(!sessions::end(tx, account(2).id, session.id)?, "another's");
        assert!(sessions::end(tx, account(1).id, session.id)?);
        assert_eq!(sessions::by_secret(tx, b"s")?, None);

        let grant = Grant {
            id: GrantId::from_number(1),
            account: account(1).id,
            reason: "dossier".into(),
            ends_at: at(5),
            created_at: at(0),
        };
        credentials::insert_grant(tx, &grant, b"g")?;
        let in_force = |tx: &mut Tx<'_>, account, secret: &[u8], now| {
            credentials::grant_in_force(tx, account, secret, now)
        };
        assert_eq!(in_force(tx, account(1).id, b"g", at(4))?, Some(grant.clone()));
        assert_eq!(in_force(tx, account(1).id, b"g", at(5))?, None);
        assert_eq!(in_force(tx, account(2).id, b"g", at(4))?, None);
        assert_eq!(in_force(tx, account(1).id, b"h", at(4))?, None);
        assert_eq!(credentials::end_grants(tx, account(1).id, at(2))?, 1);
        assert_eq!(credentials::end_grants(tx, account(1).id, at(2))?, 0);
        assert_eq!(credentials::grants(tx, account(1).id)?, [Grant { ends_at: at(2), ..grant }]);
        Ok(())
    });
    let twice = Token {
        id: TokenId::from_number(3),
        organisation: None,
        name: "x".into(),
        created_at: at(0),
        revoked_at: None,
    };
    assert_eq!(db.refused(move |tx| credentials::insert_token(tx, &twice, b"\0one")), "tokens.secret_hash");
}

fn provider(newcomers: Newcomers) -> IdentityProvider {
    IdentityProvider {
        organisation: org(1),
        issuer: "https://login.example.com".into(),
        client_id: "relais".into(),
        domains: vec!["bm.com".into()],
        demand: SignOnDemand::Required,
        newcomers,
        address_claim: "email".into(),
        created_at: at(0),
    }
}

pub fn identity_providers_and_whom_they_know(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let kept = |newcomers, secret: Option<&str>| Kept {
            provider: provider(newcomers),
            client_secret: secret.map(str::to_owned),
        };
        let first = kept(Newcomers::Refused, None);
        sign_on::set_provider(tx, &first)?;
        assert!(sign_on::provider(tx, org(1))? == Some(first));
        let second = kept(Newcomers::Members, Some("x"));
        sign_on::set_provider(tx, &second)?;
        assert!(sign_on::providers_at(tx, "https://login.example.com")? == [second]);
        assert!(sign_on::providers_at(tx, "https://elsewhere.example")?.is_empty());
        let link = |subject: &str| SignOnLink {
            organisation: org(1),
            issuer: "https://login.example.com".into(),
            subject: subject.into(),
            account: account(1).id,
            linked_at: at(0),
        };
        assert!(sign_on::link(tx, &link("a"))? && !sign_on::link(tx, &link("a"))?);
        assert_eq!(sign_on::linked(tx, org(1), &link("a").issuer, "a")?, Some(link("a")));
        assert_eq!(sign_on::linked(tx, org(2), &link("a").issuer, "a")?, None);
        assert_eq!(sign_on::linked_anywhere(tx, &link("a").issuer, "a")?, [link("a")]);
        assert_eq!(sign_on::links_of(tx, account(1).id)?, [link("a")]);
        assert_eq!((sign_on::unlink(tx, account(1).id)?, sign_on::unlink(tx, account(1).id)?), (1, 0));
        sign_on::link(tx, &link("b"))?;
        assert!(sign_on::remove_provider(tx, org(1))? && !sign_on::remove_provider(tx, org(1))?);
        assert!(sign_on::links_of(tx, account(1).id)?.is_empty());
        Ok(())
    });
}

pub fn attempts_and_tickets_are_taken_once_in_time_and_by_their_browser(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let ticket = Ticket { account: account(1).id, epoch: 4 };
        sign_on::insert_ticket(tx, ticket, b"t", at(1))?;
        assert_eq!(sign_on::take_ticket(tx, b"t", at(1))?, None, "too late");
        assert_eq!(sign_on::take_ticket(tx, b"t", at(0))?, Some(ticket));
        assert_eq!(sign_on::take_ticket(tx, b"t", at(0))?, None);
        let attempt = |ticket| Attempt {
            organisation: org(1),
            browser_hash: b"browser".to_vec(),
            nonce: "n".into(),
            verifier: "v".into(),
            ticket,
            expires_at: at(1),
        };
        for ticket in [None, Some(ticket)] {
            sign_on::insert_attempt(tx, &attempt(ticket), b"s")?;
            assert_eq!(sign_on::take_attempt(tx, b"s", b"another", at(0))?, None);
            assert_eq!(sign_on::take_attempt(tx, b"s", b"browser", at(1))?, None);
            assert_eq!(sign_on::take_attempt(tx, b"s", b"browser", at(0))?, Some(attempt(ticket)));
            assert_eq!(sign_on::take_attempt(tx, b"s", b"browser", at(0))?, None);
        }
        sign_on::insert_attempt(tx, &attempt(None), b"s")?;
        sign_on::insert_ticket(tx, ticket, b"t", at(1))?;
        assert_eq!((sign_on::forget(tx, at(0))?, sign_on::forget(tx, at(1))?), (0, 2));
        Ok(())
    });
}

pub fn sessions_of_a_provider_end_by_its_session_or_by_subject(db: &Database) {
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let issuer = "https://login.example.com";
        for (number, sid) in [(1, Some("x")), (2, Some("y")), (3, None)] {
            let by = SignOn {
                issuer: issuer.into(),
                subject: "a".into(),
                sid: sid.map(str::to_owned),
                id_token: "e30.e30.x".into(),
            };
            let opened = Session { sign_on: Some(by), ..session(number, 4) };
            sessions::insert(tx, &opened, format!("s{number}").as_bytes())?;
            assert_eq!(sessions::by_secret(tx, format!("s{number}").as_bytes())?, Some(opened));
        }
        sessions::insert(tx, &session(4, 4), b"password")?;
        assert_eq!(sign_on::end_sessions(tx, org(2), issuer, Some("a"), None)?, 0, "of another organisation");
        assert_eq!(sign_on::end_sessions(tx, org(1), issuer, Some("a"), Some("x"))?, 1);
        assert_eq!(sign_on::end_sessions(tx, org(1), issuer, None, None)?, 0);
        assert_eq!(sign_on::end_sessions(tx, org(1), issuer, Some("a"), None)?, 2);
        assert_eq!(sessions::of_account(tx, account(1).id, 4, at(0))?, [session(4, 4)]);
        Ok(())
    });
}
