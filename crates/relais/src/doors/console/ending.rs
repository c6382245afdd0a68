//! Closing an account, opening it again, deleting it: each page shows what follows before anything is done, and what stands
//! in the way together with the way out.

use super::Console;
use super::accounts::called;
use super::fault::{Answer, Fault};
use super::fields::{Fields, Sent};
use super::layout::{Page, refused};
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::failure;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use jiff::ToSpan;
use maud::{Markup, html};
use relais_app::Error;
use relais_app::core::account::{Account, Cause};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Role;
use relais_app::core::backup::{Holder, Occasion, Scope};
use relais_app::core::content::{ContentFate, Reassign, Selection};
use relais_app::core::departure::default_reply;
use relais_app::core::inbound::{Inbound, LocalCopy, Treatment};
use relais_app::core::lifecycle::Command;
use relais_app::core::organisation::{Group, GroupRole};
use relais_app::core::refusal::{BackupFault, ContentFault, Refusal};
use relais_app::read::{Tx, generations, groups};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/accounts/{account}/deactivate", get(ask_deactivate).post(deactivate))
        .route("/console/accounts/{account}/reactivate", get(ask_reactivate).post(reactivate))
        .route("/console/accounts/{account}/delete", get(ask_delete).post(delete))
        .route("/console/accounts/{account}/back-up", post(back_up))
        .route("/console/groups/{group}/lead", post(lead))
}

/// How soon a page that waits for a backup looks again.
const RELOAD_S: u32 = 3;

/// What stands in the way of an act; none where it may be done.
fn in_the_way(tried: Result<(), Error>) -> Result<Vec<Refusal>, Fault> {
    match tried {
        Ok(()) => Ok(Vec::new()),
        Err(Error::Refused(refusal)) => Ok(vec![refusal]),
        Err(Error::RefusedAll(refusals)) => Ok(refusals),
        Err(error) => Err(error.into()),
    }
}

/// Whether nothing can be asked before something else is mended. What the form itself mends does not count.
fn blocks(refusals: &[Refusal]) -> bool {
    !refusals.iter().all(|refusal| matches!(refusal, Refusal::Content(ContentFault::FateMissing { .. })))
}

/// Each obstacle with what takes it away, as buttons where a button can.
async fn obstacles(visitor: &Visitor, account: &Account, refusals: &[Refusal]) -> Result<Markup, Fault> {
    let id = account.id;
    let led = visitor.app.look(move |tx| groups::led_by(tx, id)).await?;
    let sentences: Vec<String> = refusals.iter().map(|refusal| refusal.sentence(visitor.language)).collect();
    Ok(html! {
        (refused(&sentences))
        @for refusal in refusals { (way_out(visitor, account, refusal, &led)) }
    })
}

fn way_out(visitor: &Visitor, account: &Account, refusal: &Refusal, led: &[Group]) -> Markup {
    match refusal {
        Refusal::OnlyGroupAdmin { groups } => html! {
            section.card {
                h2 { (visitor.pick("Prenez le relais dans ces groupes", "Take over in these groups")) }
                ul.plain { @for group in led.iter().filter(|group| groups.contains(&group.name)) {
                    li.between {
                        span dir="auto" { (group.name) }
                        form method="post" action={ "/console/groups/" (group.id) "/lead" } {
                            input type="hidden" name="account" value=(account.id);
                            button type="submit" { (visitor.pick("M'ajouter comme administrateur", "Add me as an admin")) }
                        }
                    }
                } }
            }
        },
        Refusal::RevokeRoleFirst => html! {
            form.actions.before method="post" action={ "/console/accounts/" (account.id) "/role" } {
                input type="hidden" name="then" value="deactivate";
                button.primary type="submit" name="role" value=(Role::Member.as_str()) {
                    (visitor.pick("Retirer le rôle d'administrateur", "Take back the role of company admin"))
                }
            }
        },
        Refusal::OwnerCannotLeave if account.id == visitor.account.id => html! {
            p.actions.before { a.button.primary href="/console/organisation/owner" { (visitor.pick("Remettre l'organisation", "Hand the organisation over")) } }
        },
        Refusal::DeactivateFirst => html! {
            p.actions.before { a.button.primary href={ "/console/accounts/" (account.id) "/deactivate" } { (visitor.pick("Désactiver d'abord", "Deactivate first")) } }
        },
        Refusal::Backup(BackupFault::Missing) => html! {
            form.actions.before method="post" action={ "/console/accounts/" (account.id) "/back-up" } {
                button.primary type="submit" { (visitor.pick("Sauvegarder ce compte maintenant", "Back this account up now")) }
            }
        },
        Refusal::DepartureInProgress => html! {
            p.actions.before { a.button href="/console/departures" { (visitor.pick("Voir les départs", "See the departures")) } }
        },
        _ => html! {},
    }
}

fn page(
    visitor: &Visitor,
    account: &Account,
    title: &str,
    status: StatusCode,
    main: &Markup,
) -> axum::response::Response {
    let main = html! {
        p.under-title { a href={ "/console/accounts/" (account.id) } dir="auto" { (called(visitor, account)) } " " span.muted { (account.address) } }
        (main)
    };
    visitor.page_with(status, &Page { title, section: Some(Section::Accounts), main })
}

async fn ask_deactivate(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let command = Command::Deactivate { cause: Cause::Admin, inbound: None, content: None };
    let refusals = in_the_way(visitor.app.foresee(account.id, command, visitor.actor()).await)?;
    deactivation(&visitor, &account, &refusals, StatusCode::OK).await
}

async fn deactivation(
    visitor: &Visitor,
    account: &Account,
    refusals: &[Refusal],
    status: StatusCode,
) -> Answer {
    let reply = default_reply(visitor.organisation.language, &account.address, None);
    let main = html! {
        @if !refusals.is_empty() { (obstacles(visitor, account, refusals).await?) }
        section.card {
            h2 { (visitor.pick("Ce qui se passe", "What happens")) }
            ul {
                li { (visitor.pick("Toutes les portes se ferment aussitôt\u{a0}: connexion, SSO, messagerie, agendas, applications.", "Every door closes at once: sign-in, SSO, mail, calendars, applications.")) }
                li { (visitor.pick("La licence est libérée et la facturation s'arrête\u{a0}; les jours payés sont gelés.", "The licence is freed and billing stops; paid days are frozen.")) }
                li { (visitor.pick("Messages, contenus et partages restent\u{a0}; les collaborateurs y accèdent toujours.", "Mail, content and shares stay; collaborators still reach them.")) }
                li { (visitor.pick("Une réactivation rend tout comme c'était.", "A reactivation gives everything back as it was.")) }
            }
        }
        @if refusals.is_empty() || !blocks(refusals) || status != StatusCode::OK {
            form.card.stack method="post" action={ "/console/accounts/" (account.id) "/deactivate" } {
                fieldset {
                    legend { (visitor.pick("Les nouveaux messages", "New mail")) }
                    label.choice { input type="radio" name="mail" value="refuse" checked;
                        span { (visitor.pick("sont refusés", "is refused")) }
                        span.hint { (visitor.pick("L'expéditeur l'apprend aussitôt.", "The sender is told at once.")) } }
                    label.choice { input type="radio" name="mail" value="reply";
                        span { (visitor.pick("reçoivent une réponse automatique pendant un mois, puis sont refusés", "is answered automatically for a month, then refused")) }
                        span.hint { (reply.lines().nth(2).unwrap_or_default()) } }
                    label.choice { input type="radio" name="mail" value="redirect";
                        span { (visitor.pick("sont redirigés pendant un mois, puis refusés", "is redirected for a month, then refused")) }
                        span.hint { (visitor.pick("À n'utiliser que pour la continuité du service, et en informant la personne.", "Only for continuity, and with the person informed.")) } }
                    div.field.indent {
                        label for="to" { (visitor.pick("Vers l'adresse", "To the address")) }
                        input #to name="to" type="email";
                    }
                }
                div.field {
                    label for="heir" { (visitor.pick("Donner ses contenus à (adresse, facultatif)", "Give their content to (address, optional)")) }
                    input #heir name="heir" type="email" aria-describedby="heir-hint";
                    p.hint #heir-hint { (visitor.pick("Tableaux, projets, agendas. Sans adresse, ils restent à leur place.", "Boards, projects, calendars. Without an address they stay where they are.")) }
                }
                p.actions {
                    button.primary type="submit" { (visitor.pick("Désactiver", "Deactivate")) }
                    a.button href={ "/console/accounts/" (account.id) } { (visitor.pick("Ne rien faire", "Do nothing")) }
                }
            }
        }
    };
    let title = visitor.pick("Désactiver le compte", "Deactivate the account");
    Ok(page(visitor, account, title, status, &main))
}

/// What the form says of new mail.
fn inbound(visitor: &Visitor, account: &Account, sent: &Fields) -> Result<Option<Inbound>, Fault> {
    let now = visitor.app.now();
    let month = visitor.date(now).saturating_add(1.month());
    let end = visitor.beginning(month).unwrap_or(now);
    match sent.get("mail") {
        Some("reply") => {
            let text = default_reply(visitor.organisation.language, &account.address, None);
            Ok(Some(Inbound::until_then_refuse(Treatment::reply(text, LocalCopy::Keep), end)?))
        }
        Some("redirect") => {
            let field = visitor.pick("l'adresse de redirection", "the address to redirect to");
            let to: EmailAddress =
                sent.get("to").and_then(|to| to.parse().ok()).ok_or(Fault::Missing { field })?;
            Ok(Some(Inbound::until_then_refuse(Treatment::redirect(to, LocalCopy::Keep), end)?))
        }
        _ => Ok(None),
    }
}

async fn deactivate(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let content = match sent.get("heir") {
        Some(heir) => {
            let to = visitor.account_named(heir).await?.id;
            Some(Reassign { to, selection: Selection::Everything })
        }
        None => None,
    };
    let inbound = inbound(&visitor, &account, &sent)?;
    let command = Command::Deactivate { cause: Cause::Admin, inbound, content };
    match in_the_way(visitor.app.execute(account.id, command, visitor.actor()).await.map(drop))? {
        refusals if refusals.is_empty() => Ok(done(&account, "deactivated")),
        refusals => deactivation(&visitor, &account, &refusals, failure::status_of_all(&refusals)).await,
    }
}

fn done(account: &Account, what: &str) -> axum::response::Response {
    Redirect::to(&format!("/console/accounts/{}?done={what}", account.id)).into_response()
}

async fn ask_reactivate(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let tried = visitor.app.foresee(account.id, Command::Reactivate, visitor.actor()).await;
    reactivation(&visitor, &account, &in_the_way(tried)?, StatusCode::OK).await
}

async fn reactivation(
    visitor: &Visitor,
    account: &Account,
    refusals: &[Refusal],
    status: StatusCode,
) -> Answer {
    let main = html! {
        @if !refusals.is_empty() { (obstacles(visitor, account, refusals).await?) }
        section.card {
            h2 { (visitor.pick("Ce qui se passe", "What happens")) }
            ul {
                li { (visitor.pick("La personne peut se connecter aussitôt, avec son mot de passe d'avant.", "The person can sign in at once, with the password they had.")) }
                li { (visitor.pick("Groupes, rôles, partages et courrier reviennent comme avant\u{a0}; ce qui a été donné reste donné.", "Groups, roles, shares and mail come back as before; what was given away stays given.")) }
                li { (visitor.pick("Le compte reprend une licence, et les jours payés continuent.", "The account takes a licence again, and paid days go on.")) }
                li { (visitor.pick("Une adresse que quelqu'un d'autre tient entre-temps n'est pas reprise.", "An address that somebody else holds meanwhile is not taken back.")) }
            }
        }
        @if refusals.is_empty() {
            form.actions method="post" action={ "/console/accounts/" (account.id) "/reactivate" } {
                button.primary type="submit" { (visitor.pick("Réactiver", "Reactivate")) }
                a.button href={ "/console/accounts/" (account.id) } { (visitor.pick("Ne rien faire", "Do nothing")) }
            }
        }
    };
    let title = visitor.pick("Réactiver le compte", "Reactivate the account");
    Ok(page(visitor, account, title, status, &main))
}

async fn reactivate(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let tried = visitor.app.execute(account.id, Command::Reactivate, visitor.actor()).await.map(drop);
    match in_the_way(tried)? {
        refusals if refusals.is_empty() => Ok(done(&account, "reactivated")),
        refusals => reactivation(&visitor, &account, &refusals, failure::status_of_all(&refusals)).await,
    }
}

async fn ask_delete(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let tried = visitor.app.foresee(account.id, Command::Delete { content: None }, visitor.actor()).await;
    deletion(&visitor, &account, &in_the_way(tried)?, StatusCode::OK).await
}

async fn deletion(visitor: &Visitor, account: &Account, refusals: &[Refusal], status: StatusCode) -> Answer {
    let holder = Holder::Account(account.id);
    let id = account.id;
    let look = move |tx: &mut Tx<'_>| {
        Ok((generations::newest(tx, holder)?, generations::running_of(tx, id, Occasion::Asked)?))
    };
    let (kept, running) = visitor.app.look(look).await?;
    let today = visitor.date(visitor.app.now());
    let credit = account.term.map(|term| term.unused_minor(today)).filter(|amount| *amount > 0);
    let main = html! {
        @if running.is_some() {
            p.note role="status" { (visitor.pick(
                "La sauvegarde du compte est en cours\u{a0}; cette page se recharge d'elle-même.",
                "The account is being backed up; this page reloads by itself.",
            )) }
        } @else if blocks(refusals) { (obstacles(visitor, account, refusals).await?) }
        div.columns {
            section.card {
                h2 { (visitor.pick("Ce qui disparaît", "What goes")) }
                ul {
                    li { (visitor.pick("la boîte et tous ses messages", "the mailbox and all its mail")) }
                    li { (visitor.pick("agendas, contacts, données personnelles", "calendars, contacts, personal data")) }
                    li { (visitor.pick("les adresses\u{a0}: libres sur vos domaines, retirées sur ceux de l'exploitant", "the addresses: free on your domains, retired on the operator's")) }
                }
                p { strong { (visitor.pick("C'est définitif.", "This is for good.")) } }
            }
            section.card {
                h2 { (visitor.pick("Ce qui reste", "What stays")) }
                dl.facts {
                    dt { (visitor.pick("Sauvegarde vérifiée", "Verified backup")) }
                    dd { @match &kept {
                        Some(snapshot) => (visitor.minute(snapshot.begun_at)),
                        None => (visitor.pick("aucune", "none")),
                    } }
                    @if let Some(amount) = credit {
                        dt { (visitor.pick("Crédité à la provision", "Credited to the provision")) }
                        dd { (visitor.organisation.currency.format(amount, visitor.language)) }
                    }
                    dt { (visitor.pick("Trace", "Tombstone")) }
                    dd { (visitor.pick("qui a tenu quelles adresses, et le journal", "who held which addresses, and the log")) }
                }
            }
        }
        @if !blocks(refusals) {
            form.card.stack.apart method="post" action={ "/console/accounts/" (account.id) "/delete" } {
                fieldset {
                    legend { (visitor.pick("Ses contenus (tableaux, projets, agendas…)", "Their content (boards, projects, calendars…)")) }
                    @if refusals.is_empty() {
                        label.choice { input type="radio" name="content" value="none" checked;
                            span { (visitor.pick("Il n'y en a pas.", "There is none.")) } }
                    }
                    label.choice { input type="radio" name="content" value="reassign" required;
                        span { (visitor.pick("Les donner à quelqu'un", "Give it to somebody")) } }
                    div.field.indent {
                        label for="to" { (visitor.pick("À l'adresse", "To the address")) }
                        input #to name="to" type="email";
                    }
                    label.choice { input type="radio" name="content" value="erase" required;
                        span { (visitor.pick("Les effacer avec le compte", "Erase it with the account")) } }
                }
                label { input type="checkbox" name="understood" value="yes" required;
                    (visitor.pick("J'ai compris que rien ne pourra être repris.", "I understand that nothing can be taken back.")) }
                p.actions {
                    button.grave type="submit" { (visitor.pick("Supprimer définitivement", "Delete for good")) }
                    a.button href={ "/console/accounts/" (account.id) } { (visitor.pick("Ne rien faire", "Do nothing")) }
                }
            }
        }
    };
    let title = visitor.pick("Supprimer le compte", "Delete the account");
    if running.is_some() {
        let page = Page { title, section: Some(Section::Accounts), main };
        return Ok(visitor.page_reloading(&page, RELOAD_S));
    }
    Ok(page(visitor, account, title, status, &main))
}

async fn delete(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    sent.need("understood")?;
    let content = match sent.get("content") {
        Some("erase") => Some(ContentFate::Erase),
        Some("reassign") => {
            let field = visitor.pick("à qui les donner", "whom to give it to");
            let to = sent.get("to").ok_or(Fault::Missing { field })?;
            Some(ContentFate::Reassign { to: visitor.account_named(to).await?.id })
        }
        _ => None,
    };
    let command = Command::Delete { content };
    match in_the_way(visitor.app.execute(account.id, command, visitor.actor()).await.map(drop))? {
        refusals if refusals.is_empty() => Ok(done(&account, "deleted")),
        refusals => deletion(&visitor, &account, &refusals, failure::status_of_all(&refusals)).await,
    }
}

/// The visitor becomes an admin of a group that would have none, and goes on where they were.
async fn lead(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let leaver = visitor.find_account(sent.need("account")?).await?;
    let own = visitor.account.id;
    visitor.app.set_group_member(group.id, own, Some(GroupRole::Admin), visitor.actor()).await?;
    Ok(Redirect::to(&format!("/console/accounts/{}/deactivate", leaver.id)).into_response())
}

/// A backup of this account, which its deletion waits for.
async fn back_up(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let scope = Scope::Account(account.id);
    visitor.app.start_backup(visitor.organisation.id, scope, visitor.actor()).await?;
    Ok(Redirect::to(&format!("/console/accounts/{}/delete", account.id)).into_response())
}
