//! Inside a snapshot: its folders, its messages searched and shown as text, and everything as files.

use super::snapshot::Opened;
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields};
use crate::doors::console::said::Said;
use crate::doors::console::visitor::Visitor;
use crate::doors::download::{disposition, downloaded};
use crate::doors::numbers::size;
use crate::doors::words;
use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};
use relais_app::core::collection::CollectionKind;
use relais_app::{Contents, MessagePage, Personal, Query};

/// Messages of one page.
const PAGE_MAX: usize = 50;

type Names = (String, String);

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/backups/{generation}/{holder}", get(contents))
        .route("/console/backups/{generation}/{holder}/messages", get(messages))
        .route("/console/backups/{generation}/{holder}/message", get(message))
        .route("/console/backups/{generation}/{holder}/message.eml", get(message_file))
        .route("/console/backups/{generation}/{holder}/folder.mbox", get(folder))
        .route("/console/backups/{generation}/{holder}/collection", get(collection))
        .route("/console/backups/{generation}/{holder}/archive.zip", get(archive))
}

async fn contents(visitor: Visitor, Path(names): Path<Names>, Asked(asked): Asked) -> Answer {
    let opened = Opened::find(&visitor, names, &asked).await?;
    if opened.reason.is_none() {
        return Ok(opened.why(&visitor));
    }
    let looker = opened.looker(&visitor);
    let found = visitor.app.backup_contents(opened.generation.id, opened.holder, looker).await?;
    let main = html! {
        p.actions.before {
            a.button.primary href=(opened.place("/restore", &[])) { (visitor.pick("Restaurer…", "Restore…")) }
            a.button href=(opened.place("/messages", &[])) { (visitor.pick("Chercher un message", "Find a message")) }
            a.button href=(opened.place("/archive.zip", &[])) download { (visitor.pick("Tout télécharger (zip)", "Download everything (zip)")) }
        }
        (folders(&visitor, &opened, &found))
        (collections(&visitor, &opened, &found))
    };
    Ok(opened.page(&visitor, opened.called(&visitor), &Said::Nothing, &main))
}

fn folders(visitor: &Visitor, opened: &Opened, found: &Contents) -> Markup {
    html! {
        h2 { (visitor.pick("Courrier", "Mail")) }
        @if found.folders.is_empty() { p.empty { (visitor.pick("Aucun dossier.", "No folder.")) } } @else {
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Dossier", "Folder")) }
                    th.number { (visitor.pick("Messages", "Messages")) }
                    th.number { (visitor.pick("Taille", "Size")) }
                    th { span.unseen { (visitor.pick("Actions", "Actions")) } }
                } }
                tbody { @for folder in &found.folders { tr {
                    @let depth = folder.name.matches('/').count().min(5);
                    td class={ "depth-" (depth) } { a href=(opened.place("/messages", &[("folder", &folder.name)])) dir="auto" { (folder.name) } }
                    td.number { (visitor.number(folder.messages))
                        @if folder.personal_messages > 0 { span.hint { " " (visitor.pick("dont personnels\u{a0}: ", "personal: ")) (folder.personal_messages) } } }
                    td.number { (size(folder.size_bytes, visitor.language)) }
                    td.number {
                        a.button.quiet href=(opened.place("/folder.mbox", &[("folder", &folder.folder)])) download
                            aria-label={ (visitor.pick("Télécharger ", "Download ")) (folder.name) } { "mbox" }
                        a.button.quiet href=(opened.place("/restore", &[("what", "folder"), ("folder", &folder.folder), ("called", &folder.name)]))
                            aria-label={ (visitor.pick("Restaurer ", "Restore ")) (folder.name) } { (visitor.pick("Restaurer…", "Restore…")) }
                    }
                } } }
            } }
        }
    }
}

fn collections(visitor: &Visitor, opened: &Opened, found: &Contents) -> Markup {
    html! {
        @if !found.collections.is_empty() {
            h2 { (visitor.pick("Agendas et carnets d'adresses", "Calendars and address books")) }
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Nom", "Name")) }
                    th { (visitor.pick("Sorte", "Kind")) }
                    th.number { (visitor.pick("Entrées", "Entries")) }
                    th { span.unseen { (visitor.pick("Actions", "Actions")) } }
                } }
                tbody { @for one in &found.collections { tr {
                    td dir="auto" { (one.name) }
                    td { (words::collection_kind(one.kind, visitor.language)) }
                    td.number { (visitor.number(one.items)) }
                    td.number {
                        a.button.quiet href=(opened.place("/collection", &[("collection", &one.collection)])) download
                            aria-label={ (visitor.pick("Télécharger ", "Download ")) (one.name) } { (visitor.pick("Télécharger", "Download")) }
                        a.button.quiet href=(opened.place("/restore", &[("what", "collection"), ("collection", &one.collection), ("called", &one.name)]))
                            aria-label={ (visitor.pick("Restaurer ", "Restore ")) (one.name) } { (visitor.pick("Restaurer…", "Restore…")) }
                    }
                } } }
            } }
        }
    }
}

/// What is searched for; a day counts whole.
fn query(visitor: &Visitor, asked: &Fields) -> Query {
    let day = |name| asked.read::<Date>(name);
    let begins = |day: Option<Date>| -> Option<Timestamp> { visitor.beginning(day?) };
    let text = |name| asked.get(name).map(str::to_owned);
    Query {
        sender: text("from"),
        subject: text("subject"),
        folder: text("folder"),
        since: begins(day("since")),
        before: begins(day("until").map(|last| last.saturating_add(1.day()))),
        ..Query::all(Personal::LeaveOut)
    }
}

async fn messages(visitor: Visitor, Path(names): Path<Names>, Asked(asked): Asked) -> Answer {
    let opened = Opened::find(&visitor, names, &asked).await?;
    let skip: usize = asked.read("skip").unwrap_or_default();
    let (generation, holder) = (opened.generation.id, opened.holder);
    let query = query(&visitor, &asked);
    let looker = opened.looker(&visitor);
    let found = visitor.app.backup_messages(generation, holder, query, (skip, PAGE_MAX), looker).await?;
    let main = html! {
        (search(&visitor, &opened, &asked))
        p.hint role="status" { (words::messages(found.found, visitor.language))
            @if found.personal_messages > 0 { " · " (visitor.pick("personnels, jamais montrés\u{a0}: ", "personal, never shown: ")) (found.personal_messages) } }
        @if found.messages.is_empty() {
            p.empty { (visitor.pick("Aucun message ne correspond.", "No message fits.")) }
        } @else { (list(&visitor, &opened, &found)) }
        @let reaches = skip + found.messages.len();
        @if skip > 0 || (reaches as u64) < found.found {
            form.actions method="get" action=(opened.place("/messages", &[])) {
                @for (name, value) in asked.without("skip") { input type="hidden" name=(name) value=(value); }
                @if skip > 0 { button type="submit" name="skip" value=(skip.saturating_sub(PAGE_MAX)) { (visitor.pick("Plus récents", "Newer")) } }
                @if (reaches as u64) < found.found { button type="submit" name="skip" value=(reaches) { (visitor.pick("Plus anciens", "Older")) } }
            }
        }
    };
    let title = match asked.get("folder") {
        Some(folder) => folder,
        None => visitor.pick("Messages", "Messages"),
    };
    Ok(opened.page(&visitor, title, &Said::Nothing, &main))
}

fn search(visitor: &Visitor, opened: &Opened, asked: &Fields) -> Markup {
    let field = |name: &'static str, label: &'static str, kind: &'static str| {
        html! {
            div.field {
                label for=(name) { (label) }
                input id=(name) name=(name) type=(kind) value=[asked.get(name)];
            }
        }
    };
    html! {
        form.filters method="get" action=(opened.place("/messages", &[])) {
            @if let Some(reason) = &opened.reason { input type="hidden" name="reason" value=(reason); }
            (field("folder", visitor.pick("Dossier", "Folder"), "search"))
            (field("from", visitor.pick("De", "From"), "search"))
            (field("subject", visitor.pick("Objet", "Subject"), "search"))
            (field("since", visitor.pick("Depuis le", "Since"), "date"))
            (field("until", visitor.pick("Jusqu'au", "Until"), "date"))
            button.primary type="submit" { (visitor.pick("Chercher", "Search")) }
        }
    }
}

fn list(visitor: &Visitor, opened: &Opened, found: &MessagePage) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Objet", "Subject")) }
                th { (visitor.pick("De", "From")) }
                th { (visitor.pick("Date", "Date")) }
                th.number { (visitor.pick("Taille", "Size")) }
            } }
            tbody { @for one in &found.messages { tr {
                @let asked = [("folder", one.folder.as_str()), ("message", one.message.as_str())];
                td.who { a.name href=(opened.place("/message", &asked)) dir="auto" {
                    @if one.subject.is_empty() { (visitor.pick("(sans objet)", "(no subject)")) } @else { (one.subject) } } }
                td dir="auto" { (one.from) }
                td.nowrap { (visitor.minute(one.date)) }
                td.number { (size(one.size_bytes, visitor.language)) }
            } } }
        } }
    }
}

/// The message that an address names.
fn one(asked: &Fields) -> Result<(String, String), Fault> {
    Ok((asked.need("folder")?.to_owned(), asked.need("message")?.to_owned()))
}

async fn message(visitor: Visitor, Path(names): Path<Names>, Asked(asked): Asked) -> Answer {
    let opened = Opened::find(&visitor, names, &asked).await?;
    let (folder, message) = one(&asked)?;
    let named = [("folder", folder.as_str()), ("message", message.as_str())];
    let (generation, holder) = (opened.generation.id, opened.holder);
    let which = (folder.clone(), message.clone());
    let view = visitor.app.backup_message(generation, holder, which, opened.looker(&visitor)).await?;
    let restored = [named[0], named[1], ("what", "messages")];
    let main = html! {
        section.card { dl.facts {
            dt { (visitor.pick("De", "From")) } dd dir="auto" { (view.from) }
            dt { (visitor.pick("À", "To")) } dd dir="auto" { (view.to) }
            @if !view.cc.is_empty() { dt { (visitor.pick("Copie", "Cc")) } dd dir="auto" { (view.cc) } }
            @if let Some(date) = view.date { dt { (visitor.pick("Date", "Date")) } dd { (visitor.minute(date)) } }
            @if !view.attachments.is_empty() {
                dt { (visitor.pick("Pièces jointes", "Attachments")) }
                dd { @for file in &view.attachments { div { span dir="auto" { (file.name) } " " span.hint { (file.media_type) ", " (size(file.size_bytes, visitor.language)) } } } }
            }
        } }
        div.card.letter dir="auto" tabindex="0" role="region" aria-label=(visitor.pick("Texte du message", "Text of the message")) { (view.text) }
        @if view.truncated { p.hint { (visitor.pick("Le message continue\u{a0}: téléchargez-le pour le lire en entier.", "The message goes on: download it to read all of it.")) } }
        p.actions {
            a.button href=(opened.place("/message.eml", &named)) download { (visitor.pick("Télécharger (eml)", "Download (eml)")) }
            a.button href=(opened.place("/restore", &restored)) { (visitor.pick("Restaurer ce message…", "Restore this message…")) }
        }
    };
    let title =
        if view.subject.is_empty() { visitor.pick("(sans objet)", "(no subject)") } else { &view.subject };
    Ok(opened.page(&visitor, title, &Said::Nothing, &main))
}

async fn message_file(visitor: Visitor, Path(names): Path<Names>, Asked(asked): Asked) -> Answer {
    let opened = Opened::find(&visitor, names, &asked).await?;
    let (generation, holder, looker) = (opened.generation.id, opened.holder, opened.looker(&visitor));
    Ok(downloaded(visitor.app.backup_message_file(generation, holder, one(&asked)?, looker).await?))
}

async fn folder(visitor: Visitor, Path(names): Path<Names>, Asked(asked): Asked) -> Answer {
    let opened = Opened::find(&visitor, names, &asked).await?;
    let (generation, holder, looker) = (opened.generation.id, opened.holder, opened.looker(&visitor));
    let folder = asked.need("folder")?.to_owned();
    Ok(downloaded(visitor.app.backup_folder(generation, holder, folder, looker).await?))
}

async fn collection(visitor: Visitor, Path(names): Path<Names>, Asked(asked): Asked) -> Answer {
    let opened = Opened::find(&visitor, names, &asked).await?;
    let (generation, holder, looker) = (opened.generation.id, opened.holder, opened.looker(&visitor));
    let name = asked.need("collection")?.to_owned();
    let (kind, exported) = visitor.app.backup_collection(generation, holder, name.clone(), looker).await?;
    let (media_type, ending) = match kind {
        CollectionKind::Calendar => ("text/calendar; charset=utf-8", "ics"),
        CollectionKind::AddressBook => ("text/vcard; charset=utf-8", "vcf"),
    };
    let head = [(header::CONTENT_TYPE, media_type.to_owned()), disposition(&format!("{name}.{ending}"))];
    Ok((head, exported.bytes).into_response())
}

async fn archive(visitor: Visitor, Path(names): Path<Names>, Asked(asked): Asked) -> Answer {
    let opened = Opened::find(&visitor, names, &asked).await?;
    let (generation, holder, looker) = (opened.generation.id, opened.holder, opened.looker(&visitor));
    Ok(downloaded(visitor.app.backup_archive(generation, holder, looker).await?))
}
