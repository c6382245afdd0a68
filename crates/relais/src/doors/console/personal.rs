//! What both forms of a profile ask besides names and phones: birth date and postal address.

use super::fault::Fault;
use super::fields::Fields;
use super::visitor::Visitor;
use maud::{Markup, html};
use relais_app::core::profile::{PostalAddress, Profile};

/// What is known, as the fields have it.
pub fn typed_of(profile: &Profile) -> Vec<(&'static str, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let place = &profile.postal_address;
    vec![
        ("birth_date", profile.birth_date.map(|day| day.to_string()).unwrap_or_default()),
        ("street", place.street.join("\n")),
        ("postal_code", text(&place.postal_code)),
        ("city", text(&place.city)),
        ("country", text(&place.country)),
    ]
}

/// The profile with what the fields say.
pub fn filled(visitor: &Visitor, profile: Profile, sent: &Fields) -> Result<Profile, Fault> {
    let unfit = |_| Fault::Unfit { field: visitor.pick("date de naissance", "birth date") };
    let text = |name: &str| sent.get(name).map(str::to_owned);
    Ok(Profile {
        birth_date: sent.get("birth_date").map(str::parse).transpose().map_err(unfit)?,
        postal_address: PostalAddress {
            street: sent.get("street").unwrap_or_default().lines().map(str::to_owned).collect(),
            postal_code: text("postal_code"),
            city: text("city"),
            country: text("country"),
        },
        ..profile
    })
}

pub fn fields(visitor: &Visitor, typed: &Fields) -> Markup {
    let field = |name: &'static str, kind: &'static str, label: &'static str| {
        html! {
            div.field {
                label for=(name) { (label) }
                input id=(name) name=(name) type=(kind) value=[typed.get(name)] dir="auto";
            }
        }
    };
    html! {
        div.columns.apart {
            div.field {
                label for="street" { (visitor.pick("Adresse postale", "Postal address")) }
                textarea #street name="street" rows="2" dir="auto" { (typed.get("street").unwrap_or_default()) }
            }
            (field("postal_code", "text", visitor.pick("Code postal", "Postal code")))
            (field("city", "text", visitor.pick("Ville", "City")))
            div.field {
                label for="country" { (visitor.pick("Pays", "Country")) }
                input #country name="country" maxlength="2" placeholder="FR" value=[typed.get("country")] aria-describedby="country-hint";
                p.hint #country-hint { (visitor.pick("En deux lettres, par exemple FR ou BE.", "Two letters, for example FR or BE.")) }
            }
            (field("birth_date", "date", visitor.pick("Date de naissance", "Birth date")))
        }
    }
}
