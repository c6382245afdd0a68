//! What is known of a person, their photo, their name and quota.

use super::arguments::{Limit, PhotoArguments, ProfileCommand, ProfileFields};
use super::{Failure, Session, quota, words};
use anyhow::Context as _;
use relais_core::language::Language;
use relais_core::profile::{Phone, PhoneKind, Profile};
use serde_json::json;

pub async fn profile(session: &mut Session, command: ProfileCommand) -> Result<(), Failure> {
    match command {
        ProfileCommand::Show { account } => show(session, &account).await,
        ProfileCommand::Set { account, fields } => set(session, &account, *fields).await,
    }
}

async fn show(session: &mut Session, account: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["accounts", account, "profile"]).await?;
    session.show(&answer, |reader, found: Profile| {
        let place = &found.postal_address;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let phones = found
            .phones
            .iter()
            .map(|phone| format!("{} ({})", phone.number, words::phone_kind(phone.kind, reader.language)));
        let town = [text(&place.postal_code), text(&place.city), text(&place.country)];
        let town = town.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let lines = place.street.iter().cloned().chain((!town.is_empty()).then_some(town));
        let rows = [
            ("prénom", "given name", text(&found.given_name)),
            ("nom de famille", "family name", text(&found.family_name)),
            ("fonction", "job title", text(&found.job_title)),
            ("service", "department", text(&found.department)),
            ("téléphones", "phones", phones.collect::<Vec<_>>().join(", ")),
            ("adresse postale", "postal address", lines.collect::<Vec<_>>().join(", ")),
            ("né le", "born", found.birth_date.map(|day| day.to_string()).unwrap_or_default()),
            (
                "adresse extérieure",
                "external address",
                found.external_address.as_ref().map(ToString::to_string).unwrap_or_default(),
            ),
        ];
        let known: Vec<_> = rows.into_iter().filter(|(_, _, value)| !value.is_empty()).collect();
        if known.is_empty() {
            return reader.pick("(rien)", "(nothing)").to_owned();
        }
        reader.sheet(&known)
    })
}

/// What is not named stays; an empty text forgets.
async fn set(session: &mut Session, account: &str, fields: ProfileFields) -> Result<(), Failure> {
    let before: Profile = session.client.get(&["accounts", account, "profile"]).await?.read()?;
    let wanted = fields.over(before);
    let answer = session.client.put(&["accounts", account, "profile"], &wanted).await?;
    session.confirm(
        &answer,
        &format!("Les données de {account} sont enregistrées."),
        &format!("Saved the data of {account}."),
    )
}

impl ProfileFields {
    fn over(self, before: Profile) -> Profile {
        let text = |given: Option<String>, before: Option<String>| match given {
            Some(text) => Some(text).filter(|text| !text.is_empty()),
            None => before,
        };
        let mut wanted = before;
        wanted.given_name = text(self.given_name, wanted.given_name);
        wanted.family_name = text(self.family_name, wanted.family_name);
        wanted.job_title = text(self.job_title, wanted.job_title);
        wanted.department = text(self.department, wanted.department);
        let place = &mut wanted.postal_address;
        place.postal_code = text(self.postal_code, place.postal_code.take());
        place.city = text(self.city, place.city.take());
        place.country = text(self.country, place.country.take());
        if !self.street.is_empty() {
            place.street = self.street.into_iter().filter(|line| !line.is_empty()).collect();
        }
        for (kind, numbers) in [
            (PhoneKind::Work, self.phone_work),
            (PhoneKind::Mobile, self.phone_mobile),
            (PhoneKind::Home, self.phone_home),
        ] {
            if !numbers.is_empty() {
                wanted.phones.retain(|phone| phone.kind != kind);
                let given = numbers.into_iter().filter(|number| !number.is_empty());
                wanted.phones.extend(given.map(|number| Phone { kind, number }));
            }
        }
        wanted.birth_date = self.birth_date.or(wanted.birth_date.filter(|_| !self.no_birth_date));
        let elsewhere = wanted.external_address.filter(|_| !self.no_external_address);
        wanted.external_address = self.external_address.or(elsewhere);
        wanted
    }
}

pub async fn photo(session: &mut Session, arguments: PhotoArguments) -> Result<(), Failure> {
    let PhotoArguments { account, set, save, remove: _ } = arguments;
    let path = ["accounts", account.as_str(), "photo"];
    if let Some(file) = set {
        let image = std::fs::read(&file).with_context(|| file.display().to_string())?;
        // What it is, the server reads from its bytes.
        let answer = session.client.put_file(&path, "application/octet-stream", image).await?;
        return session.confirm(
            &answer,
            &format!("La photo de {account} est enregistrée."),
            &format!("Saved the photo of {account}."),
        );
    }
    if let Some(file) = save {
        let image = session.client.download(&path, "image/*").await;
        let image = image.map_err(|failure| without_photo(session, &account, failure))?;
        std::fs::write(&file, &image).with_context(|| file.display().to_string())?;
        let file = file.display();
        return session.say_unless_json(&match session.language() {
            Language::French => format!("La photo de {account} est dans {file}."),
            Language::English => format!("The photo of {account} is in {file}."),
        });
    }
    let answer = session.client.delete(&path).await;
    let answer = answer.map_err(|failure| without_photo(session, &account, failure))?;
    session.confirm(
        &answer,
        &format!("La photo de {account} est retirée."),
        &format!("Removed the photo of {account}."),
    )
}

/// An account without a photo is answered as one that is not there.
fn without_photo(session: &Session, account: &str, failure: Failure) -> Failure {
    if !failure.is_not_found() {
        return failure;
    }
    Failure::NotDone(match session.language() {
        Language::French => {
            format!("Il n'y a pas de photo de {account} ; vérifiez l'adresse, ou donnez-en une avec --set.")
        }
        Language::English => {
            format!("There is no photo of {account}; check the address, or give one with --set.")
        }
    })
}

pub async fn name(session: &mut Session, account: &str, name: &str) -> Result<(), Failure> {
    let answer = session.client.put(&["accounts", account, "name"], &json!({ "name": name })).await?;
    session.confirm(
        &answer,
        &format!("Le compte {account} porte le nom « {name} »."),
        &format!("The account {account} has the name \u{201c}{name}\u{201d}."),
    )
}

pub async fn quota(session: &mut Session, account: &str, limit: Limit) -> Result<(), Failure> {
    let limit = match limit {
        Limit::Bytes(bytes) => Some(bytes),
        Limit::None => None,
    };
    let answer =
        session.client.put(&["accounts", account, "quota"], &json!({ "quota_bytes": limit })).await?;
    let size = |bytes: i64| quota::size(bytes.unsigned_abs(), session.language());
    let (french, english) = match limit {
        Some(bytes) => (
            format!("La boîte de {account} est limitée à {}.", size(bytes)),
            format!("The mailbox of {account} is limited to {}.", size(bytes)),
        ),
        None => (
            format!("La boîte de {account} n'est plus limitée."),
            format!("The mailbox of {account} is not limited any more."),
        ),
    };
    session.confirm(&answer, &french, &english)
}

pub async fn reset_password(session: &mut Session, login: &str) -> Result<(), Failure> {
    let answer = session.client.post(&["password-resets"], &json!({ "login": login })).await?;
    session.confirm(
        &answer,
        &format!("Si {login} peut se connecter et a une adresse extérieure, un lien y est envoyé."),
        &format!("If {login} may sign in and has an external address, a link is sent there."),
    )
}
