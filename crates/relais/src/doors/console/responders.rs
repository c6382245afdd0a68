//! Responders: what each answers, and the addresses it answers for.

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::layout::Page;
use super::said::{Said, answered, answered_at};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::organisation::{Address, Responder, Target};
use relais_app::read::{Tx, addresses, responders};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/responders", get(list))
        .route("/console/responders/new", get(ask_new).post(create))
        .route("/console/responders/{responder}", get(show).post(set_text))
        .route("/console/responders/{responder}/addresses", post(add_address))
        .route("/console/responders/{responder}/addresses/remove", post(free_address))
        .route("/console/responders/{responder}/delete", get(ask_removal).post(remove))
}

fn place(responder: &Responder) -> String {
    format!("/console/responders/{}", responder.id)
}

async fn list(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::Read)?;
    let organisation = visitor.organisation.id;
    let look = move |tx: &mut Tx<'_>| {
        let mut found = Vec::new();
        for responder in responders::list(tx, organisation)? {
            let held = addresses::of_target(tx, Target::Responder(responder.id))?;
            found.push((responder, held.len()));
        }
        Ok(found)
    };
    let found = visitor.app.look(look).await?;
    let main = html! {
        (Said::by(&asked).shown(&visitor))
        p.lead { (visitor.pick(
            "Un répondeur répond et ne garde rien. Il sert aux adresses de ceux qui sont partis, ou qui ont changé.",
            "A responder answers and keeps nothing. It serves the addresses of those who left, or that changed.",
        )) }
        @if visitor.has(Power::ManageAccounts) {
            p.actions.before { a.button.primary href="/console/responders/new" { (visitor.pick("Créer un répondeur", "Create a responder")) } }
        }
        @if found.is_empty() {
            p.empty { (visitor.pick("Pas encore de répondeur.", "No responder yet.")) }
        } @else { (table(&visitor, &found)) }
    };
    let title = visitor.pick("Répondeurs", "Responders");
    Ok(visitor.page(&Page { title, section: Some(Section::Responders), main }))
}

fn table(visitor: &Visitor, found: &[(Responder, usize)]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Répondeur", "Responder")) }
                th { (visitor.pick("Répond", "Answers")) }
                th.number { (visitor.pick("Adresses", "Addresses")) }
            } }
            tbody { @for (responder, held) in found { tr {
                td.who { a.name href=(place(responder)) dir="auto" { (responder.name) } }
                td { span.clamp dir="auto" { (responder.text) } }
                td.number data-label=(visitor.pick("Adresses\u{a0}:", "Addresses:")) { (held) }
            } } }
        } }
    }
}

async fn ask_new(visitor: Visitor) -> Answer {
    visitor.require(Power::ManageAccounts)?;
    Ok(form(&visitor, &Fields::default(), &Said::Nothing))
}

fn form(visitor: &Visitor, typed: &Fields, said: &Said<'_>) -> Response {
    let main = html! {
        (said.shown(visitor))
        form.card.stack method="post" action="/console/responders/new" {
            div.field {
                label for="name" { (visitor.pick("Nom", "Name")) }
                input #name name="name" required maxlength="200" dir="auto" value=[typed.get("name")] placeholder=(visitor.pick("Personnes parties", "People who left"));
            }
            div.field {
                label for="text" { (visitor.pick("Ce qu'il répond", "What it answers")) }
                textarea #text name="text" rows="6" required aria-describedby="text-hint" { (typed.get("text").unwrap_or_default()) }
                p.hint #text-hint { (visitor.pick(
                    "Une fois par semaine au plus à la même personne\u{a0}; rien aux listes de diffusion ni aux machines.",
                    "Once a week at most to the same person; nothing to mailing lists and machines.",
                )) }
            }
            p.actions {
                button.primary type="submit" { (visitor.pick("Créer le répondeur", "Create the responder")) }
                a.button href="/console/responders" { (visitor.pick("Ne rien faire", "Do nothing")) }
            }
        }
    };
    let title = visitor.pick("Créer un répondeur", "Create a responder");
    visitor.page_with(said.status(), &Page { title, section: Some(Section::Responders), main })
}

async fn create(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let made = make(&visitor, &sent).await.map(|responder| place(&responder));
    answered_at(made, async |fault| Ok(form(&visitor, &sent, &Said::Refused(fault)))).await
}

async fn make(visitor: &Visitor, sent: &Fields) -> Result<Responder, Fault> {
    let (name, text) = (sent.need("name")?.to_owned(), sent.need("text")?.to_owned());
    Ok(visitor.app.create_responder(visitor.organisation.id, name, text, visitor.actor()).await?)
}

async fn show(visitor: Visitor, Path(responder): Path<String>, Asked(asked): Asked) -> Answer {
    let responder = visitor.find_responder(&responder).await?;
    page(&visitor, &responder, &Fields::default(), &Said::by(&asked)).await
}

async fn page(visitor: &Visitor, responder: &Responder, typed: &Fields, said: &Said<'_>) -> Answer {
    let target = Target::Responder(responder.id);
    let held = visitor.app.look(move |tx| addresses::of_target(tx, target)).await?;
    let changes = visitor.has(Power::ManageAccounts);
    let text = typed.get("text").unwrap_or(&responder.text);
    let main = html! {
        (said.shown(visitor))
        @if changes {
            form.card.stack method="post" action=(place(responder)) {
                div.field {
                    label for="text" { (visitor.pick("Ce qu'il répond", "What it answers")) }
                    textarea #text name="text" rows="6" required dir="auto" { (text) }
                }
                p.actions { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
            }
        } @else { section.card { p dir="auto" { (responder.text) } } }
        h2 { (visitor.pick("Adresses pour lesquelles il répond", "Addresses it answers for")) }
        @if held.is_empty() {
            p.empty { (visitor.pick(
                "Aucune\u{a0}: il ne répond encore à personne.",
                "None: it answers nobody yet.",
            )) }
        } @else { (answered_for(visitor, responder, &held)) }
        @if changes {
            (adding(visitor, responder, typed))
            p.actions { a.button.grave href={ (place(responder)) "/delete" } { (visitor.pick("Supprimer le répondeur…", "Delete the responder…")) } }
        }
    };
    let page = Page { title: &responder.name, section: Some(Section::Responders), main };
    Ok(visitor.page_with(said.status(), &page))
}

fn answered_for(visitor: &Visitor, responder: &Responder, held: &[Address]) -> Markup {
    let changes = visitor.has(Power::ManageAccounts);
    html! {
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Adresse", "Address")) }
                th { (visitor.pick("Texte", "Text")) }
                th { (visitor.pick("Jusqu'au", "Until")) }
                th { span.unseen { (visitor.pick("Actions", "Actions")) } }
            } }
            tbody { @for address in held { tr {
                td { strong { (address.address) } " "
                    a.hint href={ "/console/routing?address=" (address.address) } { (visitor.pick("où va le courrier\u{a0}?", "where does mail go?")) } }
                td { @match &address.reply_text {
                    Some(text) => span dir="auto" { (text) },
                    None => span.muted { (visitor.pick("le texte ci-dessus", "the text above")) },
                } }
                td { @match address.reply_until {
                    Some(until) if until <= visitor.app.now() => span.badge.warn { (visitor.pick("fini le ", "over since ")) (visitor.day(until)) },
                    Some(until) => { (visitor.day(until)) },
                    None => span.muted { (visitor.pick("sans fin", "no end")) },
                } }
                td.number { @if changes {
                    form method="post" action={ (place(responder)) "/addresses/remove" } {
                        button.quiet type="submit" name="address" value=(address.address) aria-label={ (visitor.pick("Retirer ", "Remove ")) (address.address) } { (visitor.pick("Retirer", "Remove")) }
                    }
                } }
            } } }
        } }
    }
}

fn adding(visitor: &Visitor, responder: &Responder, typed: &Fields) -> Markup {
    html! {
        form.card.stack.apart method="post" action={ (place(responder)) "/addresses" } {
            h2 { (visitor.pick("Lui donner une adresse", "Give it an address")) }
            div.columns {
                div.field {
                    label for="address" { (visitor.pick("Adresse libre", "Free address")) }
                    input #address name="address" type="email" required value=[typed.get("address")];
                }
                div.field {
                    label for="last" { (visitor.pick("Dernier jour (facultatif)", "Last day (optional)")) }
                    input #last name="last" type="date" value=[typed.get("last")] aria-describedby="last-hint";
                    p.hint #last-hint { (visitor.pick("Ensuite, le courrier est refusé.", "After that, mail is refused.")) }
                }
            }
            div.field {
                label for="own" { (visitor.pick("Un texte pour cette adresse (facultatif)", "A text for this address (optional)")) }
                textarea #own name="own" rows="3" { (typed.get("own").unwrap_or_default()) }
            }
            p.hint { (visitor.pick(
                "L'adresse de quelqu'un se donne depuis la page de son compte, à «\u{a0}Adresses\u{a0}».",
                "Somebody's address is given from the page of their account, under \u{201c}Addresses\u{201d}.",
            )) }
            p.actions { button type="submit" { (visitor.pick("Donner l'adresse", "Give the address")) } }
        }
    }
}

async fn set_text(visitor: Visitor, Path(responder): Path<String>, Sent(sent): Sent) -> Answer {
    let responder = visitor.find_responder(&responder).await?;
    let done = change(&visitor, &responder, &sent).await;
    let again = async |fault: &Fault| page(&visitor, &responder, &sent, &Said::Refused(fault)).await;
    answered(done, &place(&responder), again).await
}

async fn change(visitor: &Visitor, responder: &Responder, sent: &Fields) -> Result<(), Fault> {
    let text = sent.need("text")?.to_owned();
    visitor.app.set_responder_text(responder.id, text, visitor.actor()).await?;
    Ok(())
}

async fn add_address(visitor: Visitor, Path(responder): Path<String>, Sent(sent): Sent) -> Answer {
    let responder = visitor.find_responder(&responder).await?;
    let done = add(&visitor, &responder, &sent).await;
    let again = async |fault: &Fault| page(&visitor, &responder, &sent, &Said::Refused(fault)).await;
    answered(done, &place(&responder), again).await
}

async fn add(visitor: &Visitor, responder: &Responder, sent: &Fields) -> Result<(), Fault> {
    let address = sent.need_address("address", visitor)?;
    let own = sent.get("own").map(str::to_owned);
    let unfit = Fault::Unfit { field: visitor.pick("dernier jour", "last day") };
    let until = match sent.get("last").map(str::parse::<Date>) {
        None => None,
        Some(Ok(last)) => visitor.beginning(last.saturating_add(1.day())),
        Some(Err(_)) => return Err(unfit),
    };
    Ok(visitor.app.add_responder_address(responder.id, address, own, until, visitor.actor()).await?)
}

async fn free_address(visitor: Visitor, Path(responder): Path<String>, Sent(sent): Sent) -> Answer {
    let responder = visitor.find_responder(&responder).await?;
    let address = visitor.address_of(Target::Responder(responder.id), &sent).await?;
    let done = visitor.app.free_alias(address, visitor.actor()).await.map_err(Fault::from);
    let again =
        async |fault: &Fault| page(&visitor, &responder, &Fields::default(), &Said::Refused(fault)).await;
    answered(done, &place(&responder), again).await
}

async fn ask_removal(visitor: Visitor, Path(responder): Path<String>) -> Answer {
    let responder = visitor.find_responder(&responder).await?;
    visitor.require(Power::ManageAccounts)?;
    removal(&visitor, &responder, &Said::Nothing).await
}

async fn remove(visitor: Visitor, Path(responder): Path<String>) -> Answer {
    let responder = visitor.find_responder(&responder).await?;
    let done = visitor.app.remove_responder(responder.id, visitor.actor()).await.map_err(Fault::from);
    let again = async |fault: &Fault| removal(&visitor, &responder, &Said::Refused(fault)).await;
    answered(done, "/console/responders", again).await
}

async fn removal(visitor: &Visitor, responder: &Responder, said: &Said<'_>) -> Answer {
    let target = Target::Responder(responder.id);
    let held = visitor.app.look(move |tx| addresses::of_target(tx, target)).await?;
    let main = html! {
        p.under-title { a href=(place(responder)) dir="auto" { (responder.name) } }
        (said.shown(visitor))
        section.card {
            h2 { (visitor.pick("Ce qui se passe", "What happens")) }
            @if held.is_empty() {
                p { (visitor.pick("Il ne répond pour aucune adresse\u{a0}: rien ne change pour personne.", "It answers for no address: nothing changes for anybody.")) }
            } @else {
                p { (visitor.pick("Le courrier pour ces adresses est refusé\u{a0}:", "Mail for these addresses is refused:")) }
                ul { @for address in &held { li { (address.address) } } }
            }
        }
        form.actions method="post" action={ (place(responder)) "/delete" } {
            button.grave type="submit" { (visitor.pick("Supprimer le répondeur", "Delete the responder")) }
            a.button href=(place(responder)) { (visitor.pick("Ne rien faire", "Do nothing")) }
        }
    };
    let title = visitor.pick("Supprimer le répondeur", "Delete the responder");
    Ok(visitor.page_with(said.status(), &Page { title, section: Some(Section::Responders), main }))
}
