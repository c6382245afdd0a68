//! Where mail for an address goes, drawn as a tree: each arrow with its reason.

use super::Console;
use super::fault::Answer;
use super::fields::Asked;
use super::layout::Page;
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::words;
use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::routing::{Hop, Route};

pub fn routes() -> Router<Console> {
    Router::new().route("/console/routing", get(show))
}

async fn show(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::Read)?;
    let typed = asked.get("address");
    let address = typed.and_then(|text| text.parse::<EmailAddress>().ok());
    let sender = asked.get("from").map(str::to_owned);
    let route = match &address {
        Some(address) => {
            let asked = visitor.app.explain_within(address.clone(), sender.clone(), visitor.organisation.id);
            Some(asked.await?)
        }
        None => None,
    };
    let main = html! {
        p.lead { (visitor.pick(
            "Le chemin d'un message, maintenant\u{a0}: qui le reçoit, qui répond, et pourquoi.",
            "The way of a message, now: who gets it, who answers, and why.",
        )) }
        form.filters method="get" action="/console/routing" {
            div.field.grow {
                label for="address" { (visitor.pick("Un message adressé à", "A message to")) }
                input #address name="address" type="email" required value=[typed];
            }
            div.field.grow {
                label for="from" { (visitor.pick("de la part de (facultatif)", "from (optional)")) }
                input #from name="from" value=[sender];
            }
            button.primary type="submit" { (visitor.pick("Montrer", "Show")) }
        }
        @if typed.is_some() && address.is_none() {
            p.refusal role="alert" { (visitor.pick(
                "Ce n'est pas une adresse\u{a0}; écrivez-la comme user1@exemple.fr.",
                "This is not an address; write it like user1@example.com.",
            )) }
        }
        @if let (Some(address), Some(route)) = (&address, &route) {
            (outcome(&visitor, route))
            figure.route aria-label=(visitor.pick("Le chemin du message", "The way of the message")) {
                div.stop.start { span.what { (visitor.pick("message pour", "message for")) } strong { (address) } }
                (branches(&visitor, &route.trace, 0))
            }
        }
    };
    let title = visitor.pick("Où va le courrier\u{a0}?", "Where does mail go?");
    Ok(visitor.page(&Page { title, section: Some(Section::Routing), main }))
}

fn outcome(visitor: &Visitor, route: &Route) -> Markup {
    if let Some(refusal) = route.refusal {
        return html! { p.refusal role="status" {
            strong { (visitor.pick("Le message est refusé\u{a0}: ", "The message is refused: ")) }
            (words::mail_refusal(refusal, visitor.language)) "."
        } };
    }
    let counted = |number: usize, one: (&str, &str), many: (&str, &str)| {
        let (french, english) = if number == 1 { one } else { many };
        (number > 0).then(|| format!("{number} {}", visitor.pick(french, english)))
    };
    let parts = [
        counted(
            route.deliveries.len(),
            ("boîte le reçoit", "mailbox gets it"),
            ("boîtes le reçoivent", "mailboxes get it"),
        ),
        counted(
            route.redirects.len(),
            ("envoi à l'extérieur", "message sent outside"),
            ("envois à l'extérieur", "messages sent outside"),
        ),
        counted(
            route.replies.len(),
            ("réponse automatique", "automatic reply"),
            ("réponses automatiques", "automatic replies"),
        ),
    ];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    html! { p.done role="status" { (said.join(" · ")) } }
}

/// The hops at `depth`, each with what hangs on it.
fn branches(visitor: &Visitor, trace: &[(u8, Hop)], depth: u8) -> Markup {
    let mut rest = trace;
    let mut stops = Vec::new();
    while let Some(((_, hop), behind)) = rest.split_first() {
        let end = behind.iter().position(|(level, _)| *level <= depth).unwrap_or(behind.len());
        stops.push((hop, &behind[..end]));
        rest = &behind[end..];
    }
    html! {
        @if !stops.is_empty() {
            ul { @for (hop, below) in stops {
                li {
                    div class={ "stop " (tone(hop)) } { (capital(&words::hop(hop, visitor.language))) }
                    (branches(visitor, below, below.first().map_or(depth, |(level, _)| *level)))
                }
            } }
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How a hop looks: where a message ends well, where somebody should look twice, where it is refused, what only leads on.
fn tone(hop: &Hop) -> &'static str {
    match hop {
        Hop::Refused { .. } => "bad",
        Hop::LoopCut { .. } | Hop::BounceKept | Hop::AdminsOnly | Hop::MemberLeftOut { .. } => "warn",
        Hop::Stored { .. } | Hop::SentOutside { .. } | Hop::Answered { .. } => "good",
        Hop::Account { .. } | Hop::SharedMailbox { .. } | Hop::Group { .. } | Hop::Responder { .. } => {
            "holder"
        }
        Hop::Tag { .. }
        | Hop::Reserved { .. }
        | Hop::CatchAll { .. }
        | Hop::InnerGroup { .. }
        | Hop::Redirected { .. } => "leads",
    }
}
