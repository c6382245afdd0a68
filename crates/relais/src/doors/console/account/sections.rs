//! What each section of an account's page shows.

use super::super::events::table as events_table;
use super::super::fault::Fault;
use super::super::fields::Fields;
use super::super::personal;
use super::super::visitor::Visitor;
use crate::doors::numbers::size;
use crate::doors::words;
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::{Power, Role};
use relais_app::core::profile::{PhoneKind, Profile};
use relais_app::core::rights::{Act, allows};
use relais_app::core::term::Period;
use relais_app::read::{self, Tx, events, offers, profiles};

pub async fn profile(visitor: &Visitor, account: &Account, typed: &Fields) -> Result<Markup, Fault> {
    let id = account.id;
    let look = move |tx: &mut Tx<'_>| Ok((profiles::get(tx, id)?, profiles::photo(tx, id)?.is_some()));
    let (profile, has_photo) = visitor.app.look(look).await?;
    let usage = visitor.app.mailbox_usage(account).await?;
    let now = visitor.app.now();
    let changes =
        visitor.has_over(Power::ManageAccounts, account) && allows(account, Act::ChangeAttributes, now);
    let gives_roles = visitor.has_over(Power::EndAccounts, account)
        && account.role != Role::Owner
        && allows(account, Act::ChangeIdentity, now);
    Ok(html! {
        @if changes { (profile_form(visitor, account, &profile)) } @else { (profile_facts(visitor, &profile)) }
        div.columns.apart {
            section.card {
                h2 { (visitor.pick("Compte", "Account")) }
                dl.facts {
                    dt { (visitor.pick("Créé le", "Created on")) } dd { (visitor.day(account.created_at)) }
                    dt { (visitor.pick("Messages", "Messages")) } dd { (visitor.number(usage.messages)) }
                    dt { (visitor.pick("Taille de la boîte", "Size of the mailbox")) }
                    dd {
                        (size(usage.bytes, visitor.language))
                        @if let Some(quota) = usage.quota_bytes {
                            (visitor.pick(" sur ", " of ")) (size(quota.unsigned_abs(), visitor.language))
                        }
                    }
                    @if let Some(hold) = &account.legal_hold {
                        dt { (visitor.pick("À conserver", "Legal hold")) } dd { (hold.reason) }
                    }
                }
                @if changes { (quota_form(visitor, account, typed)) }
            }
            (photo_card(visitor, account, Photographed { has_photo, changes }))
            @if gives_roles {
                section.card {
                    h2 { (visitor.pick("Rôle dans l'organisation", "Role in the organisation")) }
                    form.stack method="post" action={ "/console/accounts/" (account.id) "/role" } {
                        div.field {
                            label.unseen for="role" { (visitor.pick("Rôle", "Role")) }
                            select #role name="role" {
                                @for role in Role::ALL { @if role != Role::Owner {
                                    option value=(role.as_str()) selected[role == account.role] { (role.called(visitor.language)) }
                                } }
                            }
                        }
                        p.actions { button type="submit" { (visitor.pick("Changer le rôle", "Change the role")) } }
                    }
                }
            }
        }
    })
}

/// What there is to see and to do of a photo.
struct Photographed {
    has_photo: bool,
    changes: bool,
}

fn photo_card(visitor: &Visitor, account: &Account, photographed: Photographed) -> Markup {
    let place = format!("/console/accounts/{}/photo", account.id);
    let Photographed { has_photo, changes } = photographed;
    html! {
        @if has_photo || changes {
            section.card.stack {
                h2 { (visitor.pick("Photo", "Photo")) }
                @if has_photo { img.photo src=(place) alt={ (visitor.pick("Photo de ", "Photo of ")) (account.name) }; }
                @if changes {
                    form method="post" action=(place) enctype="multipart/form-data" {
                        div.field {
                            label for="photo" { (visitor.pick("Choisir une image", "Choose an image")) }
                            input #photo name="photo" type="file" required accept="image/jpeg,image/png,image/webp" aria-describedby="photo-hint";
                            p.hint #photo-hint { (visitor.pick("JPEG, PNG ou WebP, 1 Mio au plus.", "JPEG, PNG or WebP, at most 1 MiB.")) }
                        }
                        p.actions { button type="submit" { (visitor.pick("Envoyer", "Upload")) } }
                    }
                    @if has_photo {
                        form method="post" action={ (place) "/remove" } {
                            button.quiet type="submit" { (visitor.pick("Retirer la photo", "Remove the photo")) }
                        }
                    }
                }
            }
        }
    }
}

fn quota_form(visitor: &Visitor, account: &Account, typed: &Fields) -> Markup {
    html! {
        form.apart method="post" action={ "/console/accounts/" (account.id) "/quota" } {
            div.field {
                label for="quota" { (visitor.pick("Taille maximale de la boîte", "Largest size of the mailbox")) }
                div.joined {
                    input #quota name="quota" placeholder="5G" value=[typed.get("quota")] aria-describedby="quota-hint";
                    button type="submit" { (visitor.pick("Changer", "Change")) }
                }
                p.hint #quota-hint { (visitor.pick("Par exemple 5G ou 500M. Vide\u{a0}: sans limite.", "For example 5G or 500M. Empty: no limit.")) }
            }
        }
    }
}

fn phone(profile: &Profile, kind: PhoneKind) -> Option<&str> {
    profile.phones.iter().find(|phone| phone.kind == kind).map(|phone| phone.number.as_str())
}

fn profile_form(visitor: &Visitor, account: &Account, profile: &Profile) -> Markup {
    let external = profile.external_address.as_ref().map(ToString::to_string);
    let fields: [(&str, &str, &str, Option<&str>); 8] = [
        ("name", "text", visitor.pick("Nom affiché", "Name as shown"), Some(&account.name)),
        ("given_name", "text", visitor.pick("Prénom", "Given name"), profile.given_name.as_deref()),
        (
            "family_name",
            "text",
            visitor.pick("Nom de famille", "Family name"),
            profile.family_name.as_deref(),
        ),
        ("job_title", "text", visitor.pick("Fonction", "Job title"), profile.job_title.as_deref()),
        ("department", "text", visitor.pick("Service", "Department"), profile.department.as_deref()),
        (
            "work",
            "tel",
            visitor.pick("Téléphone professionnel", "Work phone"),
            phone(profile, PhoneKind::Work),
        ),
        ("mobile", "tel", visitor.pick("Mobile", "Mobile phone"), phone(profile, PhoneKind::Mobile)),
        (
            "external_address",
            "email",
            visitor.pick("Adresse extérieure", "External address"),
            external.as_deref(),
        ),
    ];
    html! {
        form.card method="post" action={ "/console/accounts/" (account.id) } {
            h2 { (visitor.pick("Données personnelles", "Personal data")) }
            div.columns {
                @for (name, kind, label, value) in fields {
                    div.field {
                        label for=(name) { (label) }
                        input id=(name) name=(name) type=(kind) value=[value] dir="auto" required[name == "name"]
                            aria-describedby=[(name == "external_address").then_some("external-hint")];
                        @if name == "external_address" {
                            p.hint #external-hint { (visitor.pick(
                                "Chez un autre fournisseur\u{a0}: pour un nouveau mot de passe, et l'archive au départ.",
                                "At another provider: for a new password, and the archive on leaving.")) }
                        }
                    }
                }
            }
            (personal::fields(visitor, &personal::typed_of(profile).into_iter().collect()))
            @if let Some(home) = phone(profile, PhoneKind::Home) { input type="hidden" name="home" value=(home); }
            p.actions { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
    }
}

fn profile_facts(visitor: &Visitor, profile: &Profile) -> Markup {
    html! {
        section.card {
            h2 { (visitor.pick("Données personnelles", "Personal data")) }
            dl.facts {
                @if let Some(title) = &profile.job_title { dt { (visitor.pick("Fonction", "Job title")) } dd { (title) } }
                @if let Some(department) = &profile.department { dt { (visitor.pick("Service", "Department")) } dd { (department) } }
                @for phone in &profile.phones {
                    dt { (visitor.pick("Téléphone", "Phone")) " (" (words::phone_kind(phone.kind, visitor.language)) ")" }
                    dd { (phone.number) }
                }
                @if profile.phones.is_empty() && profile.job_title.is_none() && profile.department.is_none() {
                    dt { (visitor.pick("Rien n'est noté.", "Nothing is noted.")) } dd {}
                }
            }
        }
    }
}

pub async fn groups(visitor: &Visitor, account: &Account) -> Result<Markup, Fault> {
    let id = account.id;
    let look = move |tx: &mut Tx<'_>| {
        let mut found = Vec::new();
        for group in read::groups::of_member(tx, id)? {
            let role = read::groups::role_of(tx, group.id, id)?;
            found.push((group, role));
        }
        Ok(found)
    };
    let found = visitor.app.look(look).await?;
    Ok(html! {
        @if found.is_empty() {
            p.empty { (visitor.pick("Dans aucun groupe.", "In no group.")) }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Groupe", "Group")) }
                    th { (visitor.pick("Rôle", "Role")) }
                    th { (visitor.pick("Adresse", "Address")) }
                } }
                tbody { @for (group, role) in &found { tr {
                    td { a href={ "/console/groups/" (group.id) } dir="auto" { (group.name) } }
                    td { @if let Some(role) = role { (words::group_role(*role, visitor.language)) } }
                    td { @if let Some(address) = &group.address { (address) } }
                } } }
            } }
        }
    })
}

pub async fn billing(visitor: &Visitor, account: &Account) -> Result<Markup, Fault> {
    let id = account.subscription;
    let offer =
        visitor.app.look(move |tx| id.map(|id| offers::subscription(tx, id)).transpose()).await?.flatten();
    Ok(html! {
        section.card { dl.facts {
            dt { (visitor.pick("Abonnement", "Subscription")) }
            dd { @match &offer {
                Some(offer) => (offer.terms.name),
                None => (visitor.pick("aucun\u{a0}: compte compris dans la formule", "none: an account that the plan includes")),
            } }
            @if let Some(offer) = &offer {
                dt { (visitor.pick("Prix", "Price")) }
                dd {
                    (offer.terms.currency.format(offer.terms.price_minor, visitor.language))
                    @match offer.terms.period {
                        Period::Month => (visitor.pick(" par mois", " a month")),
                        Period::Year => (visitor.pick(" par an", " a year")),
                    }
                }
            }
            @if let Some(term) = account.term {
                dt { (visitor.pick("Payé", "Paid")) }
                dd { @match term.until() {
                    Some(day) => { (visitor.pick("jusqu'au ", "until ")) (crate::doors::numbers::day(day, visitor.language)) },
                    None => (visitor.pick("jours restants gelés pendant la désactivation", "days left, frozen while deactivated")),
                } }
            }
        } }
        @if visitor.has_over(Power::Subscribe, account) {
            p.actions { a.button href={ "/console/accounts/" (account.id) "/subscription" } { (visitor.pick("Changer d'abonnement", "Change the subscription")) } }
        }
    })
}

pub async fn events(visitor: &Visitor, account: &Account) -> Result<Markup, Fault> {
    visitor.require(Power::EndAccounts)?;
    let (organisation, subject) = (visitor.organisation.id, account.id.to_string());
    let look = move |tx: &mut Tx<'_>| events::newest(tx, organisation, &subject, "", i64::MAX, 100);
    let found = visitor.app.look(look).await?;
    events_table(visitor, &found).await
}
