//! Restoring out of a snapshot: what, to whom and where; first tried, then done.

use super::snapshot::Opened;
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::said::Said;
use crate::doors::console::suggest;
use crate::doors::console::visitor::Visitor;
use crate::doors::numbers::size;
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::{DryRun, RestorePlace, RestoreReport, RestoreRequest, RestoredPart};

pub fn routes() -> Router<Console> {
    Router::new().route("/console/backups/{generation}/{holder}/restore", get(ask).post(restore))
}

async fn ask(visitor: Visitor, Path(names): Path<(String, String)>, Asked(asked): Asked) -> Answer {
    let opened = Opened::find(&visitor, names, &asked).await?;
    page(&visitor, &opened, &asked, &Said::Nothing, html! {}).await
}

/// What a form or an address says is to be restored; everything if it says nothing.
fn part(asked: &Fields) -> Result<RestoredPart, Fault> {
    Ok(match asked.get("what") {
        None | Some("everything") => RestoredPart::Everything,
        Some("mail") => RestoredPart::Mail,
        Some("folder") => RestoredPart::Folder { folder: asked.need("folder")?.to_owned() },
        Some("messages") => {
            let messages = vec![asked.need("message")?.to_owned()];
            RestoredPart::Messages { folder: asked.need("folder")?.to_owned(), messages }
        }
        Some("collection") => RestoredPart::Collection { collection: asked.need("collection")?.to_owned() },
        Some(_) => return Err(Fault::Unreadable),
    })
}

fn request(
    visitor: &Visitor,
    opened: &Opened,
    sent: &Fields,
    dry_run: DryRun,
) -> Result<RestoreRequest, Fault> {
    let place = match sent.get("place") {
        Some("beside") => RestorePlace::Beside,
        _ => RestorePlace::InPlace,
    };
    Ok(RestoreRequest {
        what: part(sent)?,
        into: sent.address("into", visitor)?,
        place,
        dry_run,
        reason: opened.reason.clone().unwrap_or_default(),
    })
}

async fn restore(visitor: Visitor, Path(names): Path<(String, String)>, Sent(sent): Sent) -> Answer {
    let opened = Opened::find(&visitor, names, &sent).await?;
    let dry_run = if sent.has("confirmed") { DryRun::No } else { DryRun::Yes };
    match tried(&visitor, &opened, &sent, dry_run).await {
        Ok(report) => {
            let said = report_of(&visitor, &report);
            let again = match report.dry_run {
                DryRun::Yes => html! { (said) (confirm(&visitor, &opened, &sent)) },
                DryRun::No => said,
            };
            page(&visitor, &opened, &sent, &Said::Nothing, again).await
        }
        Err(fault) if fault.is_for_the_form() => {
            page(&visitor, &opened, &sent, &Said::Refused(&fault), html! {}).await
        }
        Err(fault) => Err(fault),
    }
}

async fn tried(
    visitor: &Visitor,
    opened: &Opened,
    sent: &Fields,
    dry_run: DryRun,
) -> Result<RestoreReport, Fault> {
    let request = request(visitor, opened, sent, dry_run)?;
    Ok(visitor.app.restore(opened.generation.id, opened.holder, request, visitor.actor()).await?)
}

async fn page(visitor: &Visitor, opened: &Opened, typed: &Fields, said: &Said<'_>, first: Markup) -> Answer {
    let main = html! {
        (first)
        (form(visitor, opened, typed).await?)
    };
    Ok(opened.page(visitor, visitor.pick("Restaurer", "Restore"), said, &main))
}

/// What was chosen before this page, which the form only carries along.
fn carried(opened: &Opened, typed: &Fields) -> Markup {
    html! {
        @if let Some(reason) = &opened.reason { input type="hidden" name="reason" value=(reason); }
        @for name in ["folder", "message", "collection", "called"] {
            @if let Some(value) = typed.get(name) { input type="hidden" name=(name) value=(value); }
        }
    }
}

async fn form(visitor: &Visitor, opened: &Opened, typed: &Fields) -> Result<Markup, Fault> {
    let what = typed.get("what").unwrap_or("everything");
    let mut parts = vec![
        (
            "everything",
            visitor.pick(
                "Tout\u{a0}: courrier, agendas, carnets d'adresses",
                "Everything: mail, calendars, address books",
            ),
        ),
        ("mail", visitor.pick("Tout le courrier", "All mail")),
    ];
    match what {
        "folder" => parts.push(("folder", visitor.pick("Ce dossier", "This folder"))),
        "messages" => parts.push(("messages", visitor.pick("Ce message", "This message"))),
        "collection" => parts
            .push(("collection", visitor.pick("Cet agenda ou ce carnet", "This calendar or address book"))),
        _ => {}
    }
    let beside = typed.get("place") == Some("beside");
    Ok(html! {
        form.card.stack.apart method="post" action=(opened.place("/restore", &[])) {
            (carried(opened, typed))
            fieldset {
                legend { (visitor.pick("Quoi", "What")) }
                @for (word, label) in parts {
                    label.choice { input type="radio" name="what" value=(word) checked[what == word]; span { (label)
                        @if let (true, Some(called)) = (word == what, typed.get("called")) { " «\u{a0}" (called) "\u{a0}»" } } }
                }
            }
            div.field {
                label for="into" { (visitor.pick("Chez qui (adresse d'un compte ou d'une boîte partagée)", "To whom (address of an account or of a shared mailbox)")) }
                input #into name="into" type="email" list=(suggest::PEOPLE) autocomplete="off" value=[typed.get("into")] aria-describedby="into-hint";
                p.hint #into-hint { (visitor.pick("Vide\u{a0}: là d'où cela vient.", "Empty: where it came from.")) }
            }
            fieldset {
                legend { (visitor.pick("Où", "Where")) }
                label.choice { input type="radio" name="place" value="in_place" checked[!beside];
                    span { (visitor.pick("À sa place", "Where it was")) }
                    span.hint { (visitor.pick("Seul ce qui manque est ajouté\u{a0}; rien n'est changé de ce qui est là.", "Only what is missing is added; nothing that is there is changed.")) } }
                label.choice { input type="radio" name="place" value="beside" checked[beside];
                    span { (visitor.pick("À côté, dans un dossier daté", "Beside it, in a dated folder")) } }
            }
            p.actions {
                button.primary type="submit" { (visitor.pick("Essayer d'abord", "Try it first")) }
                a.button href=(opened.place("", &[])) { (visitor.pick("Ne rien faire", "Do nothing")) }
            }
            p.hint { (visitor.pick("L'essai compte et ne change rien.", "The trial counts and changes nothing.")) }
            (suggest::people(visitor).await?)
        }
    })
}

fn confirm(visitor: &Visitor, opened: &Opened, typed: &Fields) -> Markup {
    html! {
        form.actions.before method="post" action=(opened.place("/restore", &[])) {
            (carried(opened, typed))
            @for name in ["what", "into", "place"] {
                @if let Some(value) = typed.get(name) { input type="hidden" name=(name) value=(value); }
            }
            button.primary type="submit" name="confirmed" value="yes" { (visitor.pick("Restaurer maintenant", "Restore now")) }
        }
    }
}

fn report_of(visitor: &Visitor, report: &RestoreReport) -> Markup {
    let (tone, title) = match report.dry_run {
        DryRun::Yes => ("note", visitor.pick("Ce qui serait restauré chez ", "What would be restored to ")),
        DryRun::No => ("done", visitor.pick("Restauré chez ", "Restored to ")),
    };
    let items: u64 = report.collections.iter().map(|one| one.restored).sum();
    let present: u64 = report.collections.iter().map(|one| one.present).sum();
    let broken: usize = report.collections.iter().map(|one| one.broken.len()).sum();
    let lines = |label: &'static str, count: u64| {
        (count > 0).then(|| html! { li { (label) (visitor.number(count)) } })
    };
    html! {
        div class=(tone) role="status" {
            p { strong dir="auto" { (title) (report.into) } }
            ul {
                @if let Some(mail) = &report.mail {
                    li { (visitor.pick("messages\u{a0}: ", "messages: ")) (visitor.number(mail.added)) " (" (size(mail.added_bytes, visitor.language)) ")" }
                    @if let Some(line) = lines(visitor.pick("déjà là\u{a0}: ", "already there: "), mail.already_there) { (line) }
                    @if let Some(line) = lines(visitor.pick("messages personnels, qui ne vont qu'à la personne\u{a0}: ", "personal messages, which go to the person alone: "), mail.personal_left_out) { (line) }
                    @if let Some(line) = lines(visitor.pick("illisibles\u{a0}: ", "unreadable: "), mail.unreadable_messages) { (line) }
                }
                @if !report.collections.is_empty() {
                    li { (visitor.pick("entrées d'agendas et de carnets\u{a0}: ", "entries of calendars and address books: ")) (visitor.number(items)) }
                    @if let Some(line) = lines(visitor.pick("entrées déjà là\u{a0}: ", "entries already there: "), present) { (line) }
                    @if let Some(line) = lines(visitor.pick("entrées illisibles\u{a0}: ", "unreadable entries: "), broken as u64) { (line) }
                }
                @if let Some(line) = lines(visitor.pick("entrées personnelles laissées\u{a0}: ", "personal entries left out: "), report.personal_items_left_out) { (line) }
            }
        }
    }
}
