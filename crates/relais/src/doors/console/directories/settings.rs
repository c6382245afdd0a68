//! The form of a directory's settings. What is left empty is not set; the password only goes in.

use super::{place, titled};
use crate::doors::console::fault::Fault;
use crate::doors::console::fields::Fields;
use crate::doors::console::layout::refused;
use crate::doors::console::visitor::Visitor;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use relais_app::core::directory::{Directory, DirectoryKind, Encryption, Guard, Reading, SignIn};
use relais_app::core::refusal::{DirectoryFault, Refusal};
use relais_app::{DirectoryChange, NewDirectory};
use serde_json::{Map, Value, json};

/// What of a person is read from which attribute: the setting, its usual attribute, its name.
const ATTRIBUTES: [(&str, &str, &str, &str); 8] = [
    ("address", "mail", "Adresse ou identifiant", "Address or login"),
    ("name", "cn, displayName", "Nom affiché", "Name as shown"),
    ("given_name", "givenName", "Prénom", "Given name"),
    ("family_name", "sn", "Nom de famille", "Family name"),
    ("phone", "telephoneNumber", "Téléphone", "Phone"),
    ("mobile", "mobile", "Mobile", "Mobile phone"),
    ("job_title", "title", "Fonction", "Job title"),
    ("department", "ou, department", "Service", "Department"),
];

/// What stands in the form of a new one.
pub fn beginning() -> Fields {
    let guard = Guard::default();
    [
        ("every_minutes", "15".to_owned()),
        ("count_max", guard.count_max.to_string()),
        ("percent_max", guard.percent_max.to_string()),
        ("precedence", "1".to_owned()),
    ]
    .into_iter()
    .collect()
}

/// What stands in the form of one that is there.
pub fn typed_of(directory: &Directory) -> Fields {
    let settings = &directory.settings;
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let groups = settings.groups.as_ref();
    let attributes = &settings.attributes;
    [
        ("name", directory.name.clone()),
        ("kind", word(json!(settings.kind))),
        ("host", settings.host.clone()),
        ("port", settings.port.map(|port| port.to_string()).unwrap_or_default()),
        ("encryption", word(json!(settings.encryption))),
        ("ca", optional(&settings.ca)),
        ("bind_dn", settings.bind_dn.clone()),
        ("base", settings.base.clone()),
        ("filter", optional(&settings.filter)),
        ("disabled_filter", optional(&settings.disabled_filter)),
        ("reading", word(json!(settings.reading))),
        ("domain", optional(&settings.domain)),
        ("groups.base", groups.map(|groups| groups.base.clone()).unwrap_or_default()),
        ("groups.filter", groups.and_then(|groups| groups.filter.clone()).unwrap_or_default()),
        ("groups.name", groups.and_then(|groups| groups.name.clone()).unwrap_or_default()),
        ("groups.member", groups.and_then(|groups| groups.member.clone()).unwrap_or_default()),
        ("count_max", settings.guard.count_max.to_string()),
        ("percent_max", settings.guard.percent_max.to_string()),
        ("every_minutes", settings.every_minutes.map(|minutes| minutes.to_string()).unwrap_or_default()),
        ("sign_in", word(json!(settings.sign_in))),
        ("precedence", settings.precedence.to_string()),
        ("attributes.address", optional(&attributes.address)),
        ("attributes.name", optional(&attributes.name)),
        ("attributes.given_name", optional(&attributes.given_name)),
        ("attributes.family_name", optional(&attributes.family_name)),
        ("attributes.phone", optional(&attributes.phone)),
        ("attributes.mobile", optional(&attributes.mobile)),
        ("attributes.job_title", optional(&attributes.job_title)),
        ("attributes.department", optional(&attributes.department)),
    ]
    .into_iter()
    .collect()
}

/// What was typed as the settings are written: numbers as numbers where they are, and what is empty as null.
fn settings_of(sent: &Fields) -> Value {
    let text = |name: &str| sent.get(name).map_or(Value::Null, |text| json!(text));
    let number = |name: &str| {
        sent.get(name)
            .map_or(Value::Null, |text| text.parse::<i64>().map_or(json!(text), |number| json!(number)))
    };
    let attributes: Map<String, Value> = ATTRIBUTES
        .iter()
        .map(|(name, ..)| ((*name).to_owned(), text(&format!("attributes.{name}"))))
        .collect();
    let groups = sent.get("groups.base").map_or(Value::Null, |base| {
        json!({ "base": base, "filter": text("groups.filter"), "name": text("groups.name"), "member": text("groups.member") })
    });
    let plain = |name: &str| sent.get(name).unwrap_or_default();
    json!({
        "kind": text("kind"), "host": plain("host"), "port": number("port"), "encryption": text("encryption"),
        "ca": text("ca"), "bind_dn": plain("bind_dn"), "base": plain("base"), "filter": text("filter"),
        "disabled_filter": text("disabled_filter"), "reading": text("reading"), "attributes": attributes,
        "domain": text("domain"), "groups": groups,
        "guard": { "count_max": number("count_max"), "percent_max": number("percent_max") },
        "every_minutes": number("every_minutes"), "sign_in": text("sign_in"), "precedence": number("precedence"),
    })
}

pub fn new_directory(sent: &Fields) -> Result<NewDirectory, Refusal> {
    let settings = serde_json::from_value(settings_of(sent))
        .map_err(|error| Refusal::from(DirectoryFault::SettingsUnreadable { because: error.to_string() }))?;
    Ok(NewDirectory {
        name: sent.get("name").unwrap_or_default().to_owned(),
        settings,
        bind_password: sent.verbatim("bind_password").unwrap_or_default().to_owned(),
    })
}

/// A password that is left empty stays.
pub fn change_of(directory: &Directory, sent: &Fields) -> DirectoryChange {
    DirectoryChange {
        name: Some(sent.get("name").unwrap_or(&directory.name).to_owned()),
        settings: Some(settings_of(sent)),
        bind_password: sent.verbatim("bind_password").filter(|text| !text.is_empty()).map(str::to_owned),
    }
}

pub fn new_page(visitor: &Visitor, typed: &Fields, fault: Option<&Fault>) -> Response {
    let form = form(visitor, typed, "/console/directories", "/console/directories");
    let title = visitor.pick("Relier un annuaire", "Connect a directory");
    answered(visitor, title, &form, fault)
}

pub fn page(visitor: &Visitor, directory: &Directory, typed: &Fields, fault: Option<&Fault>) -> Response {
    let here = place(directory);
    let form = form(visitor, typed, &format!("{here}/settings"), &here);
    let title = format!("{}\u{a0}: {}", directory.name, visitor.pick("réglages", "settings"));
    answered(visitor, &title, &form, fault)
}

fn answered(visitor: &Visitor, title: &str, form: &Markup, fault: Option<&Fault>) -> Response {
    let status = fault.map_or(StatusCode::OK, Fault::status);
    let main = html! {
        @if let Some(fault) = fault { (refused(&fault.sentences(visitor.language))) }
        (form)
    };
    titled(visitor, status, title, main)
}

/// A line to type in, with what it is for under it.
fn line(typed: &Fields, name: &str, label: &str, hint: &str) -> Markup {
    let note = format!("{name}-hint");
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) value=[typed.get(name)] aria-describedby=[(!hint.is_empty()).then_some(&note)]
                spellcheck="false" autocapitalize="off";
            @if !hint.is_empty() { p.hint id=(note) { (hint) } }
        }
    }
}

fn choice(typed: &Fields, name: &str, label: &str, options: &[(Value, &str)]) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) { @for (value, text) in options {
                @let word = value.as_str().unwrap_or_default();
                option value=(word) selected[typed.get(name) == Some(word)] { (text) }
            } }
        }
    }
}

fn form(visitor: &Visitor, typed: &Fields, action: &str, back: &str) -> Markup {
    html! {
        form.stack method="post" action=(action) {
            (server(visitor, typed))
            (people(visitor, typed))
            (mapping(visitor, typed))
            (rhythm(visitor, typed))
            p.actions {
                button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) }
                a.button href=(back) { (visitor.pick("Ne rien changer", "Change nothing")) }
            }
        }
    }
}

fn server(visitor: &Visitor, typed: &Fields) -> Markup {
    let pick = |french, english| visitor.pick(french, english);
    html! {
        section.card.stack {
            h2 { (pick("Le serveur", "The server")) }
            div.columns {
                (line(typed, "name", pick("Nom de l'annuaire", "Name of the directory"), pick("Comme vous l'appelez, par exemple «\u{a0}Mairie\u{a0}».", "As you call it, for example \u{201c}Town hall\u{201d}.")))
                (choice(typed, "kind", pick("Sorte", "Kind"), &[
                    (json!(DirectoryKind::OpenLdap), "OpenLDAP"), (json!(DirectoryKind::ActiveDirectory), "Active Directory")]))
                (line(typed, "host", pick("Serveur", "Server"), "ldap.exemple.fr"))
                (line(typed, "port", "Port", pick("636 avec TLS, 389 sinon, si rien n'est saisi.", "636 with TLS and 389 without, if nothing is typed.")))
                (choice(typed, "encryption", pick("Chiffrement", "Encryption"), &[
                    (json!(Encryption::Tls), pick("TLS (LDAPS)", "TLS (LDAPS)")), (json!(Encryption::StartTls), "StartTLS"),
                    (json!(Encryption::None), pick("aucun (serveur sur la même machine)", "none (server on the same machine)"))]))
            }
            div.columns {
                (line(typed, "bind_dn", pick("Lu en tant que (DN)", "Read as (DN)"), "cn=relais,ou=services,dc=exemple,dc=fr"))
                div.field {
                    label for="bind_password" { (pick("Son mot de passe", "Its password")) }
                    input #bind_password name="bind_password" type="password" autocomplete="off" aria-describedby="bind_password-hint";
                    p.hint #bind_password-hint { (pick("Il n'est jamais affiché\u{a0}; laissé vide, celui qui est enregistré reste.", "It is never shown; left empty, the one that is kept stays.")) }
                }
            }
            details {
                summary { (pick("Certificat d'une autorité à vous", "Certificate of an authority of your own")) }
                div.field {
                    label for="ca" { (pick("L'autorité qui a signé le certificat du serveur (PEM)", "Whoever signed the server's certificate (PEM)")) }
                    textarea #ca name="ca" spellcheck="false" { (typed.get("ca").unwrap_or_default()) }
                }
            }
        }
    }
}

fn people(visitor: &Visitor, typed: &Fields) -> Markup {
    let pick = |french, english| visitor.pick(french, english);
    html! {
        section.card.stack {
            h2 { (pick("Les personnes", "The people")) }
            div.columns {
                (line(typed, "base", pick("Sous quelle entrée elles se trouvent", "Below which entry they are"), "ou=people,dc=exemple,dc=fr"))
                (line(typed, "filter", pick("Filtre\u{a0}: qui est une personne", "Filter: who is a person"), "(objectClass=inetOrgPerson)"))
                (line(typed, "disabled_filter", pick("Filtre\u{a0}: qui ne peut pas se connecter", "Filter: who may not sign in"), pick("En plus de ce que chaque entrée dit d'elle-même.", "Besides what each entry says of itself.")))
                (line(typed, "domain", pick("Domaine ajouté aux identifiants", "Domain put behind logins"), pick("Si l'adresse est un identifiant sans domaine.", "Where the address is a login without a domain.")))
            }
        }
        section.card.stack {
            h2 { (pick("Les groupes", "The groups")) }
            div.columns {
                (line(typed, "groups.base", pick("Sous quelle entrée", "Below which entry"), pick("Laissé vide, les groupes restent tels quels.", "Left empty, groups are left alone.")))
                (line(typed, "groups.filter", pick("Filtre", "Filter"), "(objectClass=groupOfNames)"))
                (line(typed, "groups.name", pick("Attribut du nom", "Attribute of the name"), "cn"))
                (line(typed, "groups.member", pick("Attribut des membres", "Attribute of the members"), "member"))
            }
        }
    }
}

fn mapping(visitor: &Visitor, typed: &Fields) -> Markup {
    html! {
        details.card {
            summary { (visitor.pick("Correspondance des attributs", "Mapping of the attributes")) }
            p.hint { (visitor.pick("Laissé vide\u{a0}: l'attribut habituel de cette sorte d'annuaire.", "Left empty: the usual attribute of this kind of directory.")) }
            div.columns { @for (name, usual, french, english) in ATTRIBUTES {
                (line(typed, &format!("attributes.{name}"), visitor.pick(french, english), usual))
            } }
        }
    }
}

fn rhythm(visitor: &Visitor, typed: &Fields) -> Markup {
    let pick = |french, english| visitor.pick(french, english);
    html! {
        section.card.stack {
            h2 { (pick("Lecture et prudence", "Reading and caution")) }
            div.columns {
                (line(typed, "every_minutes", pick("Relu toutes les (minutes)", "Read every (minutes)"), pick("Laissé vide\u{a0}: seulement à la demande.", "Left empty: only when asked.")))
                (choice(typed, "reading", pick("Ce qui est lu", "What is read"), &[
                    (json!(Reading::Changes), pick("ce qui a changé", "what changed")), (json!(Reading::Whole), pick("tout, chaque fois", "everything, each time"))]))
                (line(typed, "count_max", pick("Retenir un plan au-delà de (suspensions)", "Hold a plan beyond (suspensions)"), ""))
                (line(typed, "percent_max", pick("… ou au-delà de (pour cent)", "… or beyond (per cent)"), pick("Un administrateur décide alors.", "An administrator decides then.")))
                (choice(typed, "sign_in", pick("Connexion avec le mot de passe de l'annuaire", "Sign-in with the password of the directory"), &[
                    (json!(SignIn::Off), pick("non", "no")), (json!(SignIn::Bind), pick("oui", "yes"))]))
                (line(typed, "precedence", pick("Priorité", "Precedence"), pick("Si plusieurs annuaires connaissent une personne, le plus petit nombre décide.", "Where several directories know a person, the lowest number decides.")))
            }
        }
    }
}
