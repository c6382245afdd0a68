//! What the organisation asks of its people when they sign in, and what it wants done for whoever a machine closes.

use super::Console;
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields, Sent};
use super::layout::{Page, done, refused};
use super::section::Section;
use super::visitor::Visitor;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::core::address::EmailAddress;
use relais_app::core::authority::Power;
use relais_app::core::departure::{DeparturePolicy, POLICY_DAYS_MAX, PolicyMail};
use relais_app::core::sign_in::{AppPasswordRule, SecondFactorRule, SignInPolicy};
use relais_app::read::{Tx, organisations};

const PLACE: &str = "/console/policies";
const DAYS: i64 = 90;

pub fn routes() -> Router<Console> {
    Router::new()
        .route(PLACE, get(show))
        .route("/console/policies/sign-in", post(set_sign_in))
        .route("/console/policies/departure", post(set_departure))
}

async fn show(visitor: Visitor, Asked(asked): Asked) -> Answer {
    let said = if asked.has("done") {
        done(visitor.pick("La règle est enregistrée.", "The policy is saved."))
    } else {
        html! {}
    };
    page(&visitor, None, StatusCode::OK, said).await
}

async fn set_sign_in(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let policy = SignInPolicy {
        app_passwords: if sent.has("app_passwords") {
            AppPasswordRule::Required
        } else {
            AppPasswordRule::Optional
        },
        second_factor: match sent.get("second_factor") {
            Some("everyone") => SecondFactorRule::Everyone,
            Some("administrators") => SecondFactorRule::Administrators,
            _ => SecondFactorRule::Optional,
        },
    };
    let set = visitor.app.set_sign_in_policy(visitor.organisation.id, policy, visitor.actor()).await;
    then(&visitor, set.map(drop).map_err(Fault::from), None).await
}

async fn set_departure(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let set = match departure_of(&sent) {
        Ok(policy) => {
            let set =
                visitor.app.set_departure_policy(visitor.organisation.id, policy, visitor.actor()).await;
            set.map(drop).map_err(Fault::from)
        }
        Err(fault) => Err(fault),
    };
    then(&visitor, set, Some(&sent)).await
}

fn departure_of(sent: &Fields) -> Result<DeparturePolicy, Fault> {
    let address = |field: &'static str| {
        let text = sent.get(field);
        text.map(|text| text.parse::<EmailAddress>().map_err(|_| Fault::Unfit { field })).transpose()
    };
    let days = |field: &'static str| sent.read::<i64>(field).ok_or(Fault::Unfit { field });
    let new_mail = match sent.get("new_mail") {
        Some("reply") => PolicyMail::Reply {
            text: sent.get("text").unwrap_or_default().to_owned(),
            days: days("reply_days")?,
        },
        Some("redirect") => PolicyMail::Redirect {
            to: address("redirect_to")?.ok_or(Fault::Missing { field: "redirect_to" })?,
            days: days("redirect_days")?,
        },
        _ => PolicyMail::Refuse,
    };
    Ok(DeparturePolicy { new_mail, content_to: address("content_to")? })
}

async fn then(visitor: &Visitor, set: Result<(), Fault>, typed: Option<&Fields>) -> Answer {
    match set {
        Ok(()) => Ok(Redirect::to(&format!("{PLACE}?done=1")).into_response()),
        Err(fault) if fault.inner_text().is_some() => Err(fault),
        Err(fault) => page(visitor, typed, fault.status(), refused(&fault.sentences(visitor.language))).await,
    }
}

fn typed_of(policy: &DeparturePolicy) -> Fields {
    let mut fields =
        vec![("content_to", policy.content_to.as_ref().map(ToString::to_string).unwrap_or_default())];
    match &policy.new_mail {
        PolicyMail::Refuse => fields.push(("new_mail", "refuse".to_owned())),
        PolicyMail::Reply { text, days } => fields.extend([
            ("new_mail", "reply".to_owned()),
            ("text", text.clone()),
            ("reply_days", days.to_string()),
        ]),
        PolicyMail::Redirect { to, days } => fields.extend([
            ("new_mail", "redirect".to_owned()),
            ("redirect_to", to.to_string()),
            ("redirect_days", days.to_string()),
        ]),
    }
    fields.into_iter().collect()
}

async fn page(visitor: &Visitor, typed: Option<&Fields>, status: StatusCode, said: Markup) -> Answer {
    visitor.require(Power::ManageOrganisation)?;
    let id = visitor.organisation.id;
    let look = move |tx: &mut Tx<'_>| {
        Ok((organisations::sign_in_policy(tx, id)?, organisations::departure_policy(tx, id)?))
    };
    let (sign_in, departure) = visitor.app.look(look).await?;
    let standing = typed_of(&departure);
    let main = html! {
        (said)
        (sign_in_form(visitor, sign_in))
        (departure_form(visitor, typed.unwrap_or(&standing)))
    };
    let title = visitor.pick("Règles de l'organisation", "Policies of the organisation");
    Ok(visitor.page_with(status, &Page { title, section: Some(Section::Policies), main }))
}

fn sign_in_form(visitor: &Visitor, policy: SignInPolicy) -> Markup {
    let rules = [
        (
            SecondFactorRule::Optional,
            "optional",
            "De personne\u{a0}: chacun choisit.",
            "Of nobody: everybody chooses.",
        ),
        (
            SecondFactorRule::Administrators,
            "administrators",
            "De qui administre\u{a0}: propriétaire, administrateurs, gestionnaires de comptes.",
            "Of whoever administers: owner, company admins, account managers.",
        ),
        (SecondFactorRule::Everyone, "everyone", "De tout le monde.", "Of everybody."),
    ];
    html! {
        form.card.stack method="post" action="/console/policies/sign-in" {
            h2 { (visitor.pick("Connexion", "Signing in")) }
            fieldset {
                legend { (visitor.pick("Un second facteur est demandé", "A second factor is asked")) }
                @for (rule, word, french, english) in rules {
                    label.choice { input type="radio" name="second_factor" value=(word) checked[policy.second_factor == rule];
                        span { (visitor.pick(french, english)) } }
                }
                p.hint { (visitor.pick(
                    "Dès la prochaine page, qui n'en a pas ne peut plus qu'en installer un\u{a0}; les téléphones et Thunderbird ont alors besoin d'un mot de passe d'application.",
                    "From the next page on, whoever has none can only set one up; phones and Thunderbird then need an app password.",
                )) }
            }
            label { input type="checkbox" name="app_passwords" value="required" checked[policy.app_passwords == AppPasswordRule::Required];
                (visitor.pick("Les programmes de courrier et d'agenda ont besoin d'un mot de passe d'application, de toute façon.", "Mail and calendar programs need an app password in any case.")) }
            p.actions { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
    }
}

fn days(visitor: &Visitor, typed: &Fields, name: &str) -> Markup {
    html! {
        div.field.indent {
            label for=(name) { (visitor.pick("Pendant combien de jours\u{a0}? Ensuite, il est refusé.", "For how many days? Then it is refused.")) }
            input id=(name) name=(name) type="number" min="1" max=(POLICY_DAYS_MAX) value=(typed.get(name).map_or(DAYS.to_string(), str::to_owned));
        }
    }
}

fn departure_form(visitor: &Visitor, typed: &Fields) -> Markup {
    let chosen = typed.get("new_mail").unwrap_or("refuse");
    html! {
        form.card.stack.apart method="post" action="/console/policies/departure" {
            h2 { (visitor.pick("Qui est fermé par une machine", "Whoever a machine closes")) }
            p { (visitor.pick(
                "Un annuaire ou un fournisseur SCIM ferme un compte sans que personne ne réponde à des questions. Voici ce qui est fait alors\u{a0}; si ce n'est pas possible, le compte est fermé quand même.",
                "A directory or a SCIM provider closes an account without anybody answering questions. This is what is done then; if it cannot be, the account is closed all the same.",
            )) }
            fieldset {
                legend { (visitor.pick("Son nouveau courrier", "Its new mail")) }
                label.choice { input type="radio" name="new_mail" value="refuse" checked[chosen == "refuse"];
                    span { (visitor.pick("Est refusé, avec un message à l'expéditeur.", "Is refused, with a message to the sender.")) } }
                label.choice { input type="radio" name="new_mail" value="reply" checked[chosen == "reply"];
                    span { (visitor.pick("Est gardé, et une réponse automatique le dit.", "Is kept, and an automatic reply says so.")) } }
                div.field.indent {
                    label for="text" { (visitor.pick("La réponse", "The reply")) }
                    textarea #text name="text" { (typed.get("text").unwrap_or_default()) }
                }
                (days(visitor, typed, "reply_days"))
                label.choice { input type="radio" name="new_mail" value="redirect" checked[chosen == "redirect"];
                    span { (visitor.pick("Va à un collègue.", "Goes to a colleague.")) } }
                div.field.indent {
                    label for="redirect_to" { (visitor.pick("À l'adresse", "To the address")) }
                    input #redirect_to name="redirect_to" type="email" value=[typed.get("redirect_to")];
                }
                (days(visitor, typed, "redirect_days"))
            }
            div.field {
                label for="content_to" { (visitor.pick("Ses agendas, contacts et contenus sont donnés à", "Its calendars, contacts and content are given to")) }
                input #content_to name="content_to" type="email" value=[typed.get("content_to")] aria-describedby="content-hint";
                p.hint #content-hint { (visitor.pick("Laissé vide, ils restent où ils sont.", "Left empty, they stay where they are.")) }
            }
            p.actions { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
    }
}
