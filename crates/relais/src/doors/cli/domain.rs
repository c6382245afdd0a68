//! Domains: added, proven, made ready, removed; and where the operator has mail.

use super::arguments::{DomainCommand, OneDomain, OperatorAddressCommand};
use super::client::Answer;
use super::reader::Reader;
use super::session::Form;
use super::{Failure, Session, words};
use relais_core::account::Account;
use relais_core::domain::readiness::{Hosting, Readiness, RecordCheck, RecordKind, RecordState};
use relais_core::domain::{Claim, Domain, DomainEntry, Finding};
use relais_core::language::Language;
use relais_core::organisation::{DomainKind, Target};
use serde_json::{Value, json};

pub async fn domain(session: &mut Session, command: DomainCommand) -> Result<(), Failure> {
    match command {
        DomainCommand::Add { domain, provider: true, .. } => {
            let answer = session.client.post(&["domains"], &json!({ "name": domain })).await?;
            session.confirm(
                &answer,
                &format!("Le domaine {domain} est hébergé ici, pour toutes les organisations."),
                &format!("The domain {domain} is hosted here, for every organisation."),
            )
        }
        DomainCommand::Add { domain, organisation, prove, provider: false } => {
            let organisation = session.organisation(organisation.organisation.as_deref()).await?;
            let mut body = json!({ "name": domain });
            if prove {
                body["proof"] = json!("record");
            }
            let answer = session.client.post(&["organisations", &organisation, "domains"], &body).await?;
            session.show(&answer, |reader, entry: DomainEntry| added(reader, &entry))
        }
        DomainCommand::List { organisation } => {
            let named = organisation.organisation.as_deref();
            session.list(named, "domains", |reader, rows: Vec<DomainEntry>| table(reader, rows)).await
        }
        DomainCommand::Show(which) => {
            let answer = session.client.get(&path(session, &which, None).await?.each()).await?;
            let keeper = keeper_of_the_rest(session, &answer.read()?).await?;
            session.show(&answer, |reader, entry: DomainEntry| sheet(reader, &entry, keeper))
        }
        DomainCommand::Prove(which) => prove(session, &which).await,
        DomainCommand::Readiness { domain, expect } => {
            let place = path(session, &domain, Some("readiness")).await?;
            let list: Vec<&str> = expect.iter().map(|address| address.as_str()).collect();
            let answer = session.client.search(&place.each(), &[("expect", &list.join(","))]).await?;
            session.show(&answer, |reader, found: Readiness| readiness(reader, &found))
        }
        DomainCommand::CatchAll { domain, to, off: _ } => {
            let place = path(session, &domain, Some("catch-all")).await?;
            let name = &domain.domain;
            match to {
                Some(to) => {
                    let answer = session.client.put(&place.each(), &json!({ "to": to })).await?;
                    session.confirm(
                        &answer,
                        &format!("Le courrier des adresses de {name} qui n'ont jamais été créées va à {to}."),
                        &format!("Mail for addresses of {name} that were never made goes to {to}."),
                    )
                }
                None => {
                    let answer = session.client.delete(&place.each()).await?;
                    session.confirm(
                        &answer,
                        &format!(
                            "Le courrier des adresses de {name} qui n'ont jamais été créées est refusé."
                        ),
                        &format!("Mail for addresses of {name} that were never made is refused."),
                    )
                }
            }
        }
        DomainCommand::Remove(which) => {
            let answer = session.client.delete(&path(session, &which, None).await?.each()).await?;
            let name = &which.domain;
            session.confirm(
                &answer,
                &format!("Le domaine {name} n'est plus ici ; l'historique de ses adresses reste."),
                &format!("The domain {name} is no longer here; the history of its addresses stays."),
            )
        }
    }
}

/// The account that has the mail for addresses never made, by its address: an id says nothing to people.
async fn keeper_of_the_rest(session: &Session, entry: &DomainEntry) -> Result<Option<String>, Failure> {
    let DomainEntry::Hosted(Domain { catch_all: Some(Target::Account(id)), .. }) = entry else {
        return Ok(None);
    };
    let account: Account = session.client.get(&["accounts", &id.to_string()]).await?.read()?;
    Ok(Some(account.address.to_string()))
}

/// Where the API has a domain.
struct Place {
    organisation: String,
    domain: String,
    below: Option<&'static str>,
}

impl Place {
    fn each(&self) -> Vec<&str> {
        let start = ["organisations", self.organisation.as_str(), "domains", self.domain.as_str()];
        start.into_iter().chain(self.below).collect()
    }
}

async fn path(session: &Session, which: &OneDomain, below: Option<&'static str>) -> Result<Place, Failure> {
    let named = which.organisation.organisation.as_deref();
    let organisation = session.organisation_with(&which.domain, named).await?;
    Ok(Place { organisation, domain: which.domain.clone(), below })
}

async fn prove(session: &mut Session, which: &OneDomain) -> Result<(), Failure> {
    let place = path(session, which, Some("prove")).await?;
    let answer = session.client.post(&place.each(), &json!({})).await?;
    let name = &which.domain;
    match answer.read::<DomainEntry>()? {
        DomainEntry::Hosted(_) => session.confirm(
            &answer,
            &format!("Le domaine {name} est prouvé et hébergé ici ; créez ses adresses avant de changer les MX : relais domain readiness {name}"),
            &format!("The domain {name} is proven and hosted here; create its addresses before you switch the MX records: relais domain readiness {name}"),
        ),
        DomainEntry::Claimed(claim) => {
            if session.form == Form::Json {
                session.say(answer.text.trim_end())?;
            }
            Err(Failure::NotDone(not_proven(&claim, session.language())))
        }
    }
}

fn not_proven(claim: &Claim, language: Language) -> String {
    let Claim { unicode, record, .. } = claim;
    let (name, value) = (&record.name, &record.value);
    match (claim.found, language) {
        (Finding::Taken, Language::French) => {
            format!(
                "Le domaine {unicode} est déjà hébergé ici pour quelqu'un d'autre ; adressez-vous à l'exploitant."
            )
        }
        (Finding::Taken, Language::English) => {
            format!("The domain {unicode} is hosted here for someone else already; ask the operator.")
        }
        (Finding::NoRoom, Language::French) => {
            format!(
                "La preuve de {unicode} est là, mais la formule n'a plus de place pour un domaine ; retirez-en un ou demandez une formule plus grande."
            )
        }
        (Finding::NoRoom, Language::English) => {
            format!(
                "The proof of {unicode} is there, but the plan has no room for another domain; remove one or ask for a larger plan."
            )
        }
        (Finding::Trouble, Language::French) => {
            format!(
                "Le DNS ne répond pas pour {name} ; réessayez dans quelques minutes, ou vérifiez le résolveur."
            )
        }
        (Finding::Trouble, Language::English) => {
            format!("The DNS gives no answer for {name}; try again in a few minutes, or check the resolver.")
        }
        (Finding::Waiting | Finding::NotFound, Language::French) => format!(
            "L'enregistrement TXT {name} de valeur {value} n'est pas encore publié ; publiez-le, puis réessayez (le DNS peut demander quelques heures)."
        ),
        (Finding::Waiting | Finding::NotFound, Language::English) => format!(
            "The TXT record {name} with the value {value} is not published yet; publish it, then try again (the DNS may take some hours)."
        ),
    }
}

fn added(reader: &Reader, entry: &DomainEntry) -> String {
    match (entry, reader.language) {
        (DomainEntry::Hosted(domain), Language::French) => {
            format!("Le domaine {} est hébergé ici.", domain.unicode)
        }
        (DomainEntry::Hosted(domain), Language::English) => {
            format!("The domain {} is hosted here.", domain.unicode)
        }
        (DomainEntry::Claimed(claim), Language::French) => format!(
            "Le domaine {0} attend sa preuve. Publiez cet enregistrement TXT, puis : relais domain prove {0}\n\n{1}",
            claim.unicode,
            sheet(reader, entry, None)
        ),
        (DomainEntry::Claimed(claim), Language::English) => format!(
            "The domain {0} waits for its proof. Publish this TXT record, then: relais domain prove {0}\n\n{1}",
            claim.unicode,
            sheet(reader, entry, None)
        ),
    }
}

/// As people read it, with the form of the DNS behind where that is another.
fn name(unicode: &str, name: &str) -> String {
    if unicode == name { name.to_owned() } else { format!("{unicode} ({name})") }
}

fn state(entry: &DomainEntry, reader: &Reader) -> String {
    let said = match entry {
        DomainEntry::Hosted(_) => reader.pick("hébergé", "hosted"),
        DomainEntry::Claimed(claim) => match claim.found {
            Finding::Waiting => reader.pick("attend sa preuve", "waits for its proof"),
            Finding::NotFound => reader.pick("preuve introuvable", "proof not found"),
            Finding::Taken => reader.pick("hébergé pour quelqu'un d'autre", "hosted for someone else"),
            Finding::NoRoom => reader.pick("formule pleine", "no room in the plan"),
            Finding::Trouble => reader.pick("le DNS ne répond pas", "the DNS gives no answer"),
        },
    };
    said.to_owned()
}

fn table(reader: &Reader, rows: Vec<DomainEntry>) -> String {
    let row = |entry: DomainEntry| {
        let state = state(&entry, reader);
        let (shown, kind, holder) = match entry {
            DomainEntry::Hosted(Domain { unicode, name: ascii, kind, organisation, .. }) => {
                (name(&unicode, &ascii), kind, organisation.map_or_else(String::new, |id| id.to_string()))
            }
            DomainEntry::Claimed(claim) => {
                (name(&claim.unicode, &claim.name), DomainKind::Own, claim.organisation.to_string())
            }
        };
        [shown, words::domain_kind(kind, reader.language).to_owned(), state, holder]
    };
    reader.table(
        [("domaine", "domain"), ("sorte", "kind"), ("état", "state"), ("organisation", "organisation")],
        rows.into_iter().map(row).collect(),
    )
}

/// `keeper` is the account of the catch-all, where it is one.
fn sheet(reader: &Reader, entry: &DomainEntry, keeper: Option<String>) -> String {
    let state = state(entry, reader);
    match entry {
        DomainEntry::Hosted(domain) => {
            let rest = match (keeper, domain.catch_all) {
                (Some(address), _) => address,
                (None, Some(target)) => words::target(target, reader.language),
                (None, None) => reader.pick("refusées", "refused").to_owned(),
            };
            reader.sheet(&[
                ("domaine", "domain", name(&domain.unicode, &domain.name)),
                ("sorte", "kind", words::domain_kind(domain.kind, reader.language).to_owned()),
                ("état", "state", state),
                ("adresses jamais créées", "addresses never made", rest),
            ])
        }
        DomainEntry::Claimed(claim) => {
            let checked = claim
                .checked_at
                .map_or_else(|| reader.pick("pas encore", "not yet").to_owned(), |at| reader.time(at));
            reader.sheet(&[
                ("domaine", "domain", name(&claim.unicode, &claim.name)),
                ("état", "state", state),
                ("TXT, nom", "TXT, name", claim.record.name.clone()),
                ("TXT, valeur", "TXT, value", claim.record.value.clone()),
                ("vérifié", "looked at", checked),
                ("prochaine fois", "next time", reader.time(claim.next_at)),
            ])
        }
    }
}

/// The records, then what is missing, then what to do.
fn readiness(reader: &Reader, found: &Readiness) -> String {
    let row = |record: &RecordCheck| {
        let kind = match record.kind {
            RecordKind::Mx => "MX",
            RecordKind::Spf => "SPF",
            RecordKind::Dkim => "DKIM",
            RecordKind::Dmarc => "DMARC",
        };
        let state = match record.state {
            RecordState::Good => reader.pick("bon", "good"),
            RecordState::Different => reader.pick("différent", "different"),
            RecordState::Missing => reader.pick("absent", "missing"),
            RecordState::Unknown => reader.pick("inconnu : le DNS ne répond pas", "unknown: no answer"),
        };
        let found = if record.found.is_empty() { "-".to_owned() } else { record.found.join(" | ") };
        [kind.to_owned(), record.name.clone(), state.to_owned(), found, record.recommended.clone()]
    };
    let mut text = reader.table(
        [
            ("sorte", "kind"),
            ("nom", "name"),
            ("état", "state"),
            ("publié", "published"),
            ("recommandé", "recommended"),
        ],
        found.records.iter().map(row).collect(),
    );
    if !found.missing.is_empty() {
        let said = reader
            .pick("Adresses qui refuseraient leur courrier :", "Addresses that would refuse their mail:");
        text.push_str(&format!("\n\n{}", reader.strong(said)));
        for address in &found.missing {
            text.push_str(&format!("\n  {address}"));
        }
    }
    for warning in &found.warnings {
        text.push_str(&format!("\n\n{}", reader.bad(warning.sentence(reader.language))));
    }
    if found.warnings.is_empty() && found.hosting == Hosting::Hosted {
        let said = reader.pick(
            "Toutes les adresses connues ont un titulaire : les MX peuvent désigner ce serveur.",
            "Every known address has a holder: the MX records may point to this server.",
        );
        text.push_str(&format!("\n\n{}", reader.good(said)));
    }
    text
}

pub async fn operator_address(session: &mut Session, command: OperatorAddressCommand) -> Result<(), Failure> {
    const PATH: [&str; 2] = ["operator", "address"];
    match command {
        OperatorAddressCommand::Show => {
            let answer: Answer = session.client.get(&PATH).await?;
            session.show(&answer, |reader, found: Value| {
                let address = found["address"].as_str();
                address.unwrap_or_else(|| reader.pick("(aucune)", "(none)")).to_owned()
            })
        }
        OperatorAddressCommand::Set { address } => {
            let answer = session.client.put(&PATH, &json!({ "address": address })).await?;
            session.confirm(
                &answer,
                &format!("Le courrier de l'exploitant va à {address}."),
                &format!("The operator's mail goes to {address}."),
            )
        }
        OperatorAddressCommand::Clear => {
            let answer = session.client.delete(&PATH).await?;
            session.confirm(
                &answer,
                "L'exploitant n'a plus d'adresse : ce courrier va aux propriétaires, là où il y en a.",
                "The operator has no address any more: the owners have that mail, where there are any.",
            )
        }
    }
}
