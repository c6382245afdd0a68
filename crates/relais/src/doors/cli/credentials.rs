//! What lets people in: sessions, app passwords, second factors, and what an organisation asks of them.

use super::account::{ask_password, read_password};
use super::arguments::{
    AppPasswordCommand, PasskeyCommand, ScopeWord, SecondFactorCommand, SessionCommand, SignInPolicyCommand,
};
use super::client::Answer;
use super::reader::Reader;
use super::{Failure, Session, words};
use relais_app::SecondFactorState;
use relais_app::read::{AppPassword, Passkey, Session as OpenSession};
use relais_core::sign_in::{AppPasswordRule, Scope, SecondFactorRule, SignInPolicy};
use serde_json::{Value, json};

pub async fn session(session: &mut Session, command: SessionCommand) -> Result<(), Failure> {
    match command {
        SessionCommand::Open { login, code, password_stdin } => {
            open(session, &login, code.as_deref(), password_stdin).await
        }
        SessionCommand::List { account } => {
            let answer = session.client.get(&["accounts", &account, "sessions"]).await?;
            session.show(&answer, |reader, rows: Vec<OpenSession>| sessions_in_words(reader, rows))
        }
        SessionCommand::End { account, session: Some(one) } => {
            let answer = session.client.delete(&["accounts", &account, "sessions", &one]).await?;
            session.confirm(
                &answer,
                &format!("La session {one} est terminée."),
                &format!("Ended the session {one}."),
            )
        }
        SessionCommand::End { account, session: None } => {
            let answer = session.client.delete(&["accounts", &account, "sessions"]).await?;
            session.show(&answer, |reader, ended: Value| {
                let count = ended["sessions"].to_string();
                reader.pick("Sessions terminées : ", "Sessions ended: ").to_owned() + &count
            })
        }
    }
}

async fn open(
    session: &mut Session,
    login: &str,
    code: Option<&str>,
    password_stdin: bool,
) -> Result<(), Failure> {
    let password = if password_stdin { read_password()? } else { ask_password(session, login)? };
    let body = json!({ "login": login, "password": password });
    let mut answer = session.client.post(&["sessions"], &body).await?;
    let first: Value = answer.read()?;
    // Without an account it is only the first half.
    if first.get("account").is_none() {
        let Some(code) = code else {
            let said = session.language().pick(
                "Ce compte a un second facteur ; recommencez avec --code CODE.",
                "This account has a second factor; repeat with --code CODE.",
            );
            return Err(Failure::NotDone(said.to_owned()));
        };
        let body = json!({ "secret": first["secret"], "code": code });
        answer = session.client.post(&["sessions", "second-half"], &body).await?;
    }
    session.show(&answer, |reader, whole: Value| {
        let secret = words::printable(whole["secret"].as_str().unwrap_or_default());
        let explained = reader.pick(
            "Ce secret vaut douze heures. Donnez-le avec --token ou dans RELAIS_TOKEN.",
            "This secret is good for twelve hours. Give it with --token or in RELAIS_TOKEN.",
        );
        format!("{secret}\n\n{explained}")
    })
}

fn sessions_in_words(reader: &Reader, rows: Vec<OpenSession>) -> String {
    let row = |one: OpenSession| {
        [one.id.to_string(), reader.time(one.created_at), reader.time(one.seen_at), one.network, one.agent]
    };
    reader.table(
        [("id", "id"), ("ouverte le", "opened"), ("vue le", "seen"), ("réseau", "network"), ("avec", "with")],
        rows.into_iter().map(row).collect(),
    )
}

fn scopes_in_words(reader: &Reader, scopes: &[Scope]) -> String {
    let word = |scope: &Scope| match scope {
        Scope::Mail => reader.pick("courrier", "mail"),
        Scope::Calendars => reader.pick("agendas", "calendars"),
    };
    scopes.iter().map(word).collect::<Vec<_>>().join(", ")
}

pub async fn app_password(session: &mut Session, command: AppPasswordCommand) -> Result<(), Failure> {
    match command {
        AppPasswordCommand::Create { account, name, scopes } => {
            let scope = |word| match word {
                ScopeWord::Mail => Scope::Mail,
                ScopeWord::Calendars => Scope::Calendars,
            };
            let scopes: Vec<Scope> = scopes.into_iter().map(scope).collect();
            let body = json!({ "name": name, "scopes": scopes });
            let answer = session.client.post(&["accounts", &account, "app-passwords"], &body).await?;
            let made: AppPassword = answer.read()?;
            session.show(&answer, |reader, whole: Value| {
                let sheet = reader.sheet(&[
                    ("appareil", "device", made.name.clone()),
                    ("ouvre", "opens", scopes_in_words(reader, &made.scopes)),
                    ("mot de passe", "password", whole["secret"].as_str().unwrap_or_default().to_owned()),
                    ("id", "id", made.id.to_string()),
                ]);
                let once = reader.pick(
                    "Ce mot de passe n'est affiché qu'une fois : saisissez-le maintenant dans l'appareil.",
                    "This password is shown once: type it into the device now.",
                );
                format!("{sheet}\n\n{once}")
            })
        }
        AppPasswordCommand::List { account } => {
            let answer = session.client.get(&["accounts", &account, "app-passwords"]).await?;
            session.show(&answer, |reader, rows: Vec<AppPassword>| {
                let row = |one: AppPassword| {
                    [
                        one.id.to_string(),
                        one.name,
                        scopes_in_words(reader, &one.scopes),
                        reader.time(one.created_at),
                        one.used_at.map_or_else(String::new, |at| reader.time(at)),
                    ]
                };
                reader.table(
                    [
                        ("id", "id"),
                        ("appareil", "device"),
                        ("ouvre", "opens"),
                        ("créé le", "created"),
                        ("utilisé le", "used"),
                    ],
                    rows.into_iter().map(row).collect(),
                )
            })
        }
        AppPasswordCommand::Revoke { account, app_password } => {
            let answer =
                session.client.delete(&["accounts", &account, "app-passwords", &app_password]).await?;
            session.confirm(
                &answer,
                &format!("Le mot de passe d'application {app_password} ne vaut plus rien."),
                &format!("The app password {app_password} is void."),
            )
        }
    }
}

pub async fn passkey(session: &mut Session, command: PasskeyCommand) -> Result<(), Failure> {
    match command {
        PasskeyCommand::List { account } => {
            let answer = session.client.get(&["accounts", &account, "passkeys"]).await?;
            session.show(&answer, |reader, rows: Vec<Passkey>| passkeys_in_words(reader, rows))
        }
        PasskeyCommand::Rename { account, passkey, name } => {
            let place = ["accounts", &account, "passkeys", &passkey];
            let answer = session.client.put(&place, &json!({ "name": name })).await?;
            session.confirm(
                &answer,
                &format!("La clé d'accès {passkey} s'appelle maintenant « {name} »."),
                &format!("The passkey {passkey} is now called \u{201c}{name}\u{201d}."),
            )
        }
        PasskeyCommand::Remove { account, passkey } => {
            let answer = session.client.delete(&["accounts", &account, "passkeys", &passkey]).await?;
            session.confirm(
                &answer,
                &format!(
                    "La clé d'accès {passkey} n'ouvre plus rien ; la personne en est prévenue par une lettre."
                ),
                &format!("The passkey {passkey} opens nothing any more; the person is told by a letter."),
            )
        }
    }
}

fn passkeys_in_words(reader: &Reader, rows: Vec<Passkey>) -> String {
    let row = |one: Passkey| {
        let devices = match one.backed_up {
            true => reader.pick("plusieurs", "several"),
            false => reader.pick("un seul", "one"),
        };
        [
            one.id.to_string(),
            one.name,
            devices.to_owned(),
            reader.time(one.created_at),
            one.used_at.map_or_else(String::new, |at| reader.time(at)),
        ]
    };
    reader.table(
        [
            ("id", "id"),
            ("nom", "name"),
            ("appareils", "devices"),
            ("ajoutée le", "added"),
            ("utilisée le", "used"),
        ],
        rows.into_iter().map(row).collect(),
    )
}

pub async fn second_factor(session: &mut Session, command: SecondFactorCommand) -> Result<(), Failure> {
    match command {
        SecondFactorCommand::Show { account } => {
            let answer = session.client.get(&["accounts", &account, "second-factor"]).await?;
            session.show(&answer, |reader, state: SecondFactorState| {
                let since = state.confirmed_at.map(|at| reader.time(at));
                reader.sheet(&[
                    (
                        "second facteur depuis",
                        "second factor since",
                        since.unwrap_or_else(|| reader.pick("aucun", "none").to_owned()),
                    ),
                    (
                        "codes de secours restants",
                        "recovery codes left",
                        state.recovery_codes_left.to_string(),
                    ),
                ])
            })
        }
        SecondFactorCommand::Begin { account } => {
            let answer = session.client.post(&["accounts", &account, "second-factor"], &json!({})).await?;
            session.show(&answer, |reader, begun: Value| {
                let text = |name: &str| begun[name].as_str().unwrap_or_default().to_owned();
                let sheet =
                    reader.sheet(&[("secret", "secret", text("secret")), ("adresse", "uri", text("uri"))]);
                let next = reader.pick(
                    "Saisissez ce secret dans une application d'authentification, puis confirmez avec un code :\n\
                     relais second-factor confirm COMPTE CODE",
                    "Type this secret into an authenticator app, then confirm it with a code:\n\
                     relais second-factor confirm ACCOUNT CODE",
                );
                format!("{sheet}\n\n{next}")
            })
        }
        SecondFactorCommand::Confirm { account, code } => {
            let place = ["accounts", &account, "second-factor", "confirm"];
            let answer = session.client.post(&place, &json!({ "code": code })).await?;
            show_codes(session, &answer)
        }
        SecondFactorCommand::RecoveryCodes { account, code } => {
            let place = ["accounts", &account, "second-factor", "recovery-codes"];
            let answer = session.client.post(&place, &json!({ "code": code })).await?;
            show_codes(session, &answer)
        }
        SecondFactorCommand::Remove { account, code } => {
            let place = ["accounts", &account, "second-factor"];
            let answer = session.client.delete_with(&place, &json!({ "code": code })).await?;
            session.confirm(
                &answer,
                &format!("Le second facteur de {account} est supprimé ; la personne en est prévenue par une lettre."),
                &format!("Removed the second factor of {account}; the person is told by a letter."),
            )
        }
    }
}

fn show_codes(session: &mut Session, answer: &Answer) -> Result<(), Failure> {
    session.show(answer, |reader, whole: Value| {
        let codes: Vec<String> = whole["recovery_codes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|code| code.as_str().map(words::printable))
            .collect();
        let once = reader.pick(
            "Chacun de ces codes de secours sert une fois, si l'appareil est perdu. Ils ne sont affichés qu'une fois :\n\
             gardez-les ailleurs que sur l'appareil.",
            "Each of these recovery codes works once, if the device is lost. They are shown once: keep them\n\
             somewhere else than on the device.",
        );
        format!("{}\n\n{once}", codes.join("\n"))
    })
}

pub async fn sign_in_policy(session: &mut Session, command: SignInPolicyCommand) -> Result<(), Failure> {
    let (organisation, change) = match command {
        SignInPolicyCommand::Show { organisation } => (organisation, None),
        SignInPolicyCommand::Set { organisation, app_passwords, second_factor } => {
            (organisation, Some((app_passwords, second_factor)))
        }
    };
    let id = session.organisation(organisation.organisation.as_deref()).await?;
    let place = ["organisations", id.as_str(), "sign-in-policy"];
    let mut answer = session.client.get(&place).await?;
    if let Some((app_passwords, second_factor)) = change {
        let mut policy: SignInPolicy = answer.read()?;
        policy.app_passwords = app_passwords.unwrap_or(policy.app_passwords);
        policy.second_factor = second_factor.unwrap_or(policy.second_factor);
        answer = session.client.put(&place, &policy).await?;
    }
    session.show(&answer, |reader, policy: SignInPolicy| {
        let programs = match policy.app_passwords {
            AppPasswordRule::Optional => reader.pick("facultatifs", "optional"),
            AppPasswordRule::Required => reader.pick("obligatoires", "required"),
        };
        let people = match policy.second_factor {
            SecondFactorRule::Optional => reader.pick("facultatif", "optional"),
            SecondFactorRule::Administrators => {
                reader.pick("obligatoire pour les administrateurs", "required of administrators")
            }
            SecondFactorRule::Everyone => reader.pick("obligatoire pour tous", "required of everyone"),
        };
        reader.sheet(&[
            ("mots de passe d'application", "app passwords", programs.to_owned()),
            ("second facteur", "second factor", people.to_owned()),
        ])
    })
}
