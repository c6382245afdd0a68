//! Who gets in with an account: its sessions, a new password by whoever may give one, and once it is closed a dated permission
//! to read its mail.

use super::{Part, page_of};
use crate::doors::console::Console;
use crate::doors::console::accounts::called;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Fields, Sent};
use crate::doors::console::layout::{Page, shown_once};
use crate::doors::console::said::{Said, answered};
use crate::doors::console::section::Section;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::routing::post;
use jiff::civil::Date;
use maud::{Markup, html};
use relais_app::NewSecret;
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::password::LENGTH_MIN;
use relais_app::core::refusal::Refusal;
use relais_app::core::rights::{Act, Verdict, allows, may, standing};
use relais_app::read::{Grant, Session, grants};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/accounts/{account}/password", post(set_password))
        .route("/console/accounts/{account}/grants", post(grant))
}

pub async fn section(visitor: &Visitor, account: &Account, typed: &Fields) -> Result<Markup, Fault> {
    let open = visitor.app.sessions_of(account, &visitor.actor()).await?;
    let now = visitor.app.now();
    let gives_password = visitor.account.id != account.id && allows(account, Act::ChangeIdentity, now);
    let reads_with_grant = visitor.has_over(Power::EndAccounts, account)
        && may(standing(account, now), Act::ReadMail) == Verdict::WithGrant;
    Ok(html! {
        @if open.is_empty() {
            p.empty { (visitor.pick("Personne n'est connecté avec ce compte.", "Nobody is signed in with this account.")) }
        } @else { (sessions(visitor, account, &open)) }
        @if gives_password { (password_form(visitor, account)) }
        @if reads_with_grant { (recovery(visitor, account, typed).await?) }
    })
}

fn sessions(visitor: &Visitor, account: &Account, open: &[Session]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Avec", "With")) }
                th { (visitor.pick("Depuis", "Since")) }
                th { (visitor.pick("Vue pour la dernière fois", "Last seen")) }
                th { span.unseen { (visitor.pick("Actions", "Actions")) } }
            } }
            tbody { @for session in open { tr {
                td { (session.agent) @if !session.network.is_empty() { span.hint { " " (session.network) } } }
                td { (visitor.minute(session.created_at)) }
                td { (visitor.minute(session.seen_at)) }
                td.number { form method="post" action={ "/console/accounts/" (account.id) "/sessions/end" } {
                    button.quiet type="submit" name="session" value=(session.id) { (visitor.pick("Terminer", "End")) }
                } }
            } } }
        } }
    }
}

fn password_form(visitor: &Visitor, account: &Account) -> Markup {
    html! {
        form.card.apart method="post" action={ "/console/accounts/" (account.id) "/password" } {
            div.field {
                label for="password" { (visitor.pick("Lui donner un nouveau mot de passe", "Give them a new password")) }
                div.joined {
                    input #password name="password" type="password" autocomplete="new-password" required aria-describedby="password-hint";
                    button type="submit" { (visitor.pick("Changer", "Change")) }
                }
                p.hint #password-hint {
                    (visitor.pick("Au moins ", "At least ")) (LENGTH_MIN) (visitor.pick(
                        " caractères. Ses sessions se terminent, et les mots de passe de ses appareils ne valent plus rien.",
                        " characters. Their sessions end, and the passwords of their devices are void.",
                    ))
                }
            }
        }
    }
}

async fn recovery(visitor: &Visitor, account: &Account, typed: &Fields) -> Result<Markup, Fault> {
    let id = account.id;
    let given = visitor.app.look(move |tx| grants(tx, id)).await?;
    Ok(html! {
        h2 { (visitor.pick("Accès de reprise", "Recovery grants")) }
        @if !given.is_empty() {
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Motif", "Reason")) }
                    th { (visitor.pick("Donné", "Given")) }
                    th { (visitor.pick("Jusqu'au", "Until")) }
                } }
                tbody { @for grant in &given { tr {
                    td dir="auto" { (grant.reason) }
                    td { (visitor.minute(grant.created_at)) }
                    td { (visitor.minute(grant.ends_at)) }
                } } }
            } }
        }
        form.card.stack.apart method="post" action={ "/console/accounts/" (account.id) "/grants" } {
            p { (visitor.pick(
                "Un mot de passe pour lire le courrier de ce compte fermé avec un programme de messagerie, jusqu'à une date. Les messages personnels sont mis de côté\u{a0}; le motif est inscrit au journal, avec votre nom.",
                "A password to read the mail of this closed account with a mail program, until a date. Personal messages are set aside; the reason is written into the log, with your name.",
            )) }
            div.columns {
                div.field {
                    label for="reason" { (visitor.pick("Motif", "Reason")) }
                    input #reason name="reason" required maxlength="500" value=[typed.get("reason")]
                        placeholder=(visitor.pick("Retrouver le contrat de l'école", "Finding the school's contract"));
                }
                div.field {
                    label for="until" { (visitor.pick("Jusqu'au", "Until")) }
                    input #until name="until" type="date" required value=[typed.get("until")];
                }
            }
            p.actions { button type="submit" { (visitor.pick("Donner l'accès", "Give access")) } }
        }
    })
}

async fn set_password(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    // One's own is changed by whoever knows it, under `/me/password`.
    if account.id == visitor.account.id {
        return Err(Refusal::NotAllowed.into());
    }
    let password = sent.verbatim("password").unwrap_or_default().to_owned();
    let done = visitor.app.set_password(account.id, password, visitor.actor()).await;
    let again = async |fault: &Fault| {
        page_of(&visitor, &account, Part::Sessions, &Fields::default(), &Said::Refused(fault)).await
    };
    answered(done.map(drop).map_err(Fault::from), &Part::Sessions.place(&account), again).await
}

async fn grant(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    match give(&visitor, &account, &sent).await {
        Ok(made) => Ok(given_once(&visitor, &account, &made)),
        Err(fault) if fault.is_for_the_form() => {
            page_of(&visitor, &account, Part::Sessions, &sent, &Said::Refused(&fault)).await
        }
        Err(fault) => Err(fault),
    }
}

async fn give(visitor: &Visitor, account: &Account, sent: &Fields) -> Result<NewSecret<Grant>, Fault> {
    // Asked before the form is read: whoever may not, is told nothing else.
    if !visitor.has_over(Power::EndAccounts, account) {
        return Err(Refusal::NotAllowed.into());
    }
    let field = visitor.pick("jusqu'au", "until");
    let day: Date = sent.read("until").ok_or(Fault::Missing { field })?;
    let ends_at = visitor.beginning(day).ok_or(Fault::Unfit { field })?;
    let reason = sent.get("reason").unwrap_or_default().to_owned();
    Ok(visitor.app.grant_recovery(account.id, reason, ends_at, visitor.actor()).await?)
}

/// What a mail program asks for, and the password that is never shown again.
fn given_once(visitor: &Visitor, account: &Account, made: &NewSecret<Grant>) -> axum::response::Response {
    let what = visitor.pick("Mot de passe pour lire la boîte de ", "Password to read the mailbox of ");
    let main = html! {
        (shown_once(visitor, what, called(visitor, account), &made.secret))
        section.card { dl.facts {
            dt { (visitor.pick("Identifiant", "Login")) } dd { (account.address) }
            dt { (visitor.pick("Jusqu'au", "Until")) } dd { (visitor.minute(made.of.ends_at)) }
        } }
        p.actions { a.button href=(Part::Sessions.place(account)) { (visitor.pick("Retour au compte", "Back to the account")) } }
    };
    let title = visitor.pick("Accès de reprise", "Recovery grant");
    visitor.page(&Page { title, section: Some(Section::Accounts), main })
}
