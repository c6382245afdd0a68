//! Who one is to others, where one is reached, and the addresses one has.

use super::{Said, Tab, answered, photo, show};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::personal;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::lifecycle::{Command, check_name};
use relais_app::core::organisation::Target;
use relais_app::core::profile::{Phone, PhoneKind, Profile};
use relais_app::read::{addresses, profiles};

pub fn routes() -> Router<Console> {
    Router::new().route("/me", get(look).post(save))
}

async fn look(visitor: Visitor, Asked(asked): Asked) -> Answer {
    as_it_is(&visitor, &Said::by(&asked)).await
}

/// The page with nothing typed into it.
pub async fn as_it_is(visitor: &Visitor, said: &Said<'_>) -> Answer {
    let id = visitor.account.id;
    let profile = visitor.app.look(move |tx| profiles::get(tx, id)).await?;
    page(visitor, &typed_of(visitor, &profile), said).await
}

async fn save(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let done = change(&visitor, &sent).await;
    answered(done, Tab::Profile, async |fault| page(&visitor, &sent, &Said::Refused(fault)).await).await
}

const TEXTS: [(&str, &str, &str); 4] = [
    ("given_name", "Prénom", "Given name"),
    ("family_name", "Nom", "Family name"),
    ("job_title", "Fonction", "Job"),
    ("department", "Service", "Department"),
];

const PHONES: [(PhoneKind, &str, &str, &str); 3] = [
    (PhoneKind::Work, "phone_work", "Téléphone professionnel", "Work phone"),
    (PhoneKind::Mobile, "phone_mobile", "Téléphone mobile", "Mobile phone"),
    (PhoneKind::Home, "phone_home", "Téléphone personnel", "Home phone"),
];

/// What is known, as the form has it.
fn typed_of(visitor: &Visitor, profile: &Profile) -> Fields {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut pairs = vec![
        ("name", visitor.account.name.clone()),
        ("given_name", text(&profile.given_name)),
        ("family_name", text(&profile.family_name)),
        ("job_title", text(&profile.job_title)),
        ("department", text(&profile.department)),
        ("external_address", profile.external_address.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    for (kind, field, _, _) in PHONES {
        let phone = profile.phones.iter().find(|phone| phone.kind == kind);
        pairs.push((field, phone.map(|phone| phone.number.clone()).unwrap_or_default()));
    }
    pairs.extend(personal::typed_of(profile));
    pairs.into_iter().collect()
}

async fn change(visitor: &Visitor, sent: &Fields) -> Result<(), Fault> {
    let id = visitor.account.id;
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let external_address =
        match sent.get("external_address") {
            Some(typed) => Some(typed.parse().map_err(|_| Fault::Unfit {
                field: visitor.pick("adresse extérieure", "external address"),
            })?),
            None => None,
        };
    let kept = visitor.app.look(move |tx| profiles::get(tx, id)).await?;
    // One of each kind stands in the form; others stay.
    let mut phones: Vec<Phone> = Vec::new();
    for (kind, field, _, _) in PHONES {
        phones.extend(text(field).map(|number| Phone { kind, number }));
        phones.extend(kept.phones.iter().filter(|phone| phone.kind == kind).skip(1).cloned());
    }
    let wanted = Profile {
        given_name: text("given_name"),
        family_name: text("family_name"),
        job_title: text("job_title"),
        department: text("department"),
        phones,
        external_address,
        ..personal::filled(visitor, kept, sent)?
    };
    let name = text("name").unwrap_or_default();
    // Both or nothing.
    check_name(&name)?;
    visitor.app.set_profile(id, wanted, visitor.actor()).await?;
    visitor.app.execute(id, Command::SetName { name }, visitor.actor()).await?;
    Ok(())
}

async fn page(visitor: &Visitor, typed: &Fields, said: &Said<'_>) -> Answer {
    let target = Target::Account(visitor.account.id);
    let held = visitor.app.look(move |tx| addresses::of_target(tx, target)).await?;
    let main = html! {
        (photo::card(visitor).await?)
        form.stack.card method="post" action="/me" {
            (field("name", visitor.pick("Nom que les autres voient", "Name that others see"), "text", typed))
            div.columns {
                @for (name, french, english) in TEXTS { (field(name, visitor.pick(french, english), "text", typed)) }
                @for (_, name, french, english) in PHONES { (field(name, visitor.pick(french, english), "tel", typed)) }
            }
            (personal::fields(visitor, typed))
            div.field {
                label for="external_address" { (visitor.pick("Adresse extérieure", "External address")) }
                input #external_address name="external_address" type="email" autocomplete="off"
                    value=[typed.get("external_address")] aria-describedby="external-hint";
                p.hint #external-hint { (visitor.pick(
                    "Une adresse qui n'est pas hébergée ici\u{a0}: c'est là qu'arrive le lien si vous oubliez votre mot de passe.",
                    "An address that is not hosted here: the link goes there if you forget your password.",
                )) }
            }
            div { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
        h2 { (visitor.pick("Mes adresses", "My addresses")) }
        ul.card.plain-list {
            @for one in &held {
                li {
                    (one.address)
                    @if one.address == visitor.account.address {
                        " " span.badge.plain { (visitor.pick("principale", "main")) }
                    }
                }
            }
        }
    };
    Ok(show(visitor, Tab::Profile, said, &main))
}

fn field(name: &str, label: &str, kind: &str, typed: &Fields) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) value=[typed.get(name)];
        }
    }
}
