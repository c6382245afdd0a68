//! The organisations: a list to search, and a new one.

use super::{Operator, currencies, page, to};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::finder::{self, Finder, Found};
use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::NewOrganisationRequest;
use relais_app::core::language::Language;
use relais_app::core::money::Currency;
use relais_app::core::organisation::Organisation;
use relais_app::core::plan::Plan;
use relais_app::core::text::fold;
use relais_app::read::{StoreError, Tx, ledger, offers, organisations};

const LIST: &str = "/operator/organisations";

pub fn routes() -> Router<Console> {
    Router::new().route(LIST, get(list).post(create)).route("/operator/organisations/new", get(ask))
}

/// A line of the list.
struct Line {
    organisation: Organisation,
    plan: Option<Plan>,
    balance_minor: i64,
}

/// A page of those whose name fits, by name.
fn look(tx: &mut Tx<'_>, finder: &Finder) -> Result<Found<Line>, StoreError> {
    let mut all = organisations::list(tx)?;
    all.retain(|organisation| finder.fits(&[&organisation.name]));
    all.sort_by_cached_key(|organisation| (fold(&organisation.name), organisation.id));
    finder.page(all).with(|organisation| {
        let plan = organisation.plan.map(|id| offers::plan(tx, id)).transpose()?.flatten();
        let balance_minor = ledger::balance_minor(tx, organisation.id)?;
        Ok(Line { organisation, plan, balance_minor })
    })
}

async fn list(operator: Operator, Asked(asked): Asked) -> Answer {
    let finder = Finder::of(&asked);
    let found = operator.app.look(move |tx| look(tx, &finder)).await?;
    let make = Some(operator.pick("Nouvelle organisation", "New organisation"));
    let main = html! {
        (finder::field(&operator, LIST, &asked, operator.pick("Nom", "Name"), make))
        @if found.lines.is_empty() {
            (finder::nothing(&operator, LIST, &asked, operator.pick(
                "Aucune organisation encore\u{a0}: créez la première.",
                "No organisation yet: create the first.",
            )))
        } @else { (table(&operator, &found.lines)) }
        (found.pages(&operator, LIST, &asked))
    };
    Ok(page(&operator, operator.pick("Organisations", "Organisations"), main))
}

fn table(operator: &Operator, lines: &[Line]) -> Markup {
    html! {
        div.listing { table.folds {
            thead { tr {
                th scope="col" { (operator.pick("Organisation", "Organisation")) }
                th scope="col" { (operator.pick("Formule", "Plan")) }
                th.number scope="col" { (operator.pick("Provision", "Provision")) }
                th scope="col" { (operator.pick("Créée le", "Created")) }
            } }
            tbody { @for line in lines { tr {
                td.who { a.name dir="auto" href={ "/operator/organisations/" (line.organisation.id) } { (line.organisation.name) } }
                td { @match &line.plan { Some(plan) => span dir="auto" { (plan.terms.name) }, None => span.muted { (operator.pick("sans formule", "no plan")) } } }
                td.number { (line.organisation.currency.format(line.balance_minor, operator.language)) }
                td { (operator.day(line.organisation.created_at)) }
            } } }
        } }
    }
}

async fn ask(operator: Operator) -> Answer {
    let main = html! {
        form.card.stack method="post" action="/operator/organisations" {
            (name_and_place(&operator, None))
            (currencies(&operator))
            p.hint { (operator.pick("La monnaie de la provision est choisie une fois pour toutes.", "The currency of the provision is chosen once and for all.")) }
            p.actions {
                button.primary type="submit" { (operator.pick("Créer", "Create")) }
                a.button href="/operator/organisations" { (operator.pick("Ne rien faire", "Do nothing")) }
            }
        }
    };
    Ok(page(&operator, operator.pick("Nouvelle organisation", "New organisation"), main))
}

/// The fields that every organisation has, filled in with those of one that is there.
pub fn name_and_place(
    visitor: &crate::doors::console::visitor::Visitor,
    of: Option<&Organisation>,
) -> Markup {
    let language = of.map_or(visitor.language, |organisation| organisation.language);
    let zone = of.map_or("Europe/Paris", |organisation| &organisation.time_zone);
    html! {
        div.field {
            label for="name" { (visitor.pick("Nom", "Name")) }
            input #name name="name" required maxlength="200" value=[of.map(|organisation| &organisation.name)];
        }
        div.field {
            label for="organisation-language" { (visitor.pick("Langue", "Language")) }
            select #organisation-language name="language" aria-describedby="language-hint" {
                option value="fr" selected[language == Language::French] { "Français" }
                option value="en" selected[language == Language::English] { "English" }
            }
            p.hint #language-hint { (visitor.pick("Celle des réponses automatiques, des lettres et des attestations.", "That of automatic replies, letters and certificates.")) }
        }
        div.field {
            label for="zone" { (visitor.pick("Fuseau horaire", "Time zone")) }
            input #zone name="time_zone" required value=(zone) aria-describedby="zone-hint";
            p.hint #zone-hint { (visitor.pick("Où commencent et finissent ses jours, comme Europe/Paris ou America/Cayenne.", "Where its days begin and end, such as Europe/Paris or America/Cayenne.")) }
        }
    }
}

pub fn language(sent: &Fields) -> Result<Language, Fault> {
    Language::from_tag(sent.need("language")?).ok_or(Fault::Unreadable)
}

async fn create(operator: Operator, Sent(sent): Sent) -> Answer {
    let request = NewOrganisationRequest {
        name: sent.need("name")?.to_owned(),
        language: language(&sent)?,
        time_zone: sent.need("time_zone")?.to_owned(),
        currency: Currency::from_code(sent.need("currency")?).ok_or(Fault::Unreadable)?,
    };
    let made = operator.app.create_organisation(request, operator.actor()).await?;
    Ok(to(&format!("/operator/organisations/{}", made.id)))
}
