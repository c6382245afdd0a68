//! Organisations: their names, languages and owners.

use super::arguments::OrganisationCommand;
use super::reader::Reader;
use super::{Failure, Session};
use jiff::civil::Date;
use relais_app::LicenceReport;
use relais_core::language::Language;
use relais_core::organisation::Organisation;
use relais_core::plan::LicenceCount;
use serde_json::json;

pub async fn organisation(session: &mut Session, command: OrganisationCommand) -> Result<(), Failure> {
    match command {
        OrganisationCommand::Create { name, time_zone, currency } => {
            let mut body = json!({ "name": name, "language": session.language(), "currency": currency });
            let zone = time_zone.or_else(|| session.zone.iana_name().map(str::to_owned));
            // A machine that runs on UTC says nothing of where its people are.
            if let Some(zone) = zone.filter(|zone| !["UTC", "Etc/UTC"].contains(&zone.as_str())) {
                body["time_zone"] = json!(zone);
            }
            let answer = session.client.post(&["organisations"], &body).await?;
            session.confirm(
                &answer,
                &format!("L'organisation {name} est créée ; donnez-lui un domaine : relais domain add DOMAINE --organisation \"{name}\""),
                &format!("Created the organisation {name}; give it a domain: relais domain add DOMAIN --organisation \"{name}\""),
            )
        }
        OrganisationCommand::List => list(session).await,
        OrganisationCommand::Owner { organisation, account } => {
            let path = ["organisations", &organisation, "owner"];
            let answer = session.client.post(&path, &json!({ "account": account })).await?;
            session.confirm(
                &answer,
                &format!("{account} est maintenant propriétaire de l'organisation {organisation} ; l'ancien propriétaire en reste administrateur, et tous deux se reconnectent."),
                &format!("{account} now owns the organisation {organisation}; its former owner stays a company admin, and both sign in again."),
            )
        }
        OrganisationCommand::Rename { organisation, name } => {
            let answer =
                session.client.patch(&["organisations", &organisation], &json!({ "name": name })).await?;
            session.confirm(
                &answer,
                &format!("L'organisation {organisation} s'appelle maintenant {name}."),
                &format!("The organisation {organisation} is now called {name}."),
            )
        }
        OrganisationCommand::Language { organisation, of } => {
            let answer =
                session.client.patch(&["organisations", &organisation], &json!({ "language": of })).await?;
            let said = match of {
                Language::French => session.language().pick("en français", "in French"),
                Language::English => session.language().pick("en anglais", "in English"),
            };
            session.confirm(
                &answer,
                &format!(
                    "Les réponses et attestations de l'organisation {organisation} sont maintenant {said}."
                ),
                &format!("Replies and certificates of the organisation {organisation} are now {said}."),
            )
        }
        OrganisationCommand::Licences { organisation, from, until } => {
            licences(session, organisation.organisation.as_deref(), from, until).await
        }
        OrganisationCommand::DefaultSubscription { organisation, subscription } => {
            default_subscription(session, &organisation, subscription).await
        }
        OrganisationCommand::TimeZone { organisation, zone } => {
            let answer = session
                .client
                .patch(&["organisations", &organisation], &json!({ "time_zone": zone }))
                .await?;
            session.confirm(
                &answer,
                &format!("Les jours de l'organisation {organisation} sont maintenant ceux de {zone}."),
                &format!("The days of the organisation {organisation} are now those of {zone}."),
            )
        }
    }
}

async fn list(session: &mut Session) -> Result<(), Failure> {
    let answer = session.client.get(&["organisations"]).await?;
    session.show(&answer, |reader, rows: Vec<Organisation>| {
        let row = |found: Organisation| {
            [
                found.id.to_string(),
                found.name,
                found.language.tag().to_owned(),
                found.time_zone.to_string(),
                found.currency.code().to_owned(),
                reader.time(found.created_at),
            ]
        };
        reader.table(
            [
                ("id", "id"),
                ("nom", "name"),
                ("langue", "language"),
                ("fuseau", "time zone"),
                ("monnaie", "currency"),
                ("créée le", "created"),
            ],
            rows.into_iter().map(row).collect(),
        )
    })
}

async fn default_subscription(
    session: &mut Session,
    organisation: &str,
    subscription: Option<String>,
) -> Result<(), Failure> {
    let place = ["organisations", organisation, "default-subscription"];
    let answer = session.client.put(&place, &json!({ "subscription": subscription })).await?;
    let none = session
        .language()
        .pick("aucun : un compte compris dans la formule", "none: an account that the plan includes");
    let said = subscription.unwrap_or_else(|| none.to_owned());
    session.confirm(
        &answer,
        &format!("Abonnement des comptes créés par SCIM, un annuaire ou l'authentification unique : {said}."),
        &format!("Subscription of accounts that SCIM, a directory or a sign-on makes: {said}."),
    )
}

async fn licences(
    session: &mut Session,
    organisation: Option<&str>,
    from: Option<Date>,
    until: Option<Date>,
) -> Result<(), Failure> {
    let organisation = session.organisation(organisation).await?;
    let (from, until) = (from.map(|day| day.to_string()), until.map(|day| day.to_string()));
    let asked = [("from", &from), ("until", &until)];
    let query: Vec<_> = asked.iter().filter_map(|(name, day)| Some((*name, day.as_deref()?))).collect();
    let answer = session.client.search(&["organisations", &organisation, "licences"], &query).await?;
    session.show(&answer, |reader, report: LicenceReport| licences_in_words(reader, &report))
}

/// One line a day, then what is held now and what the plan allows.
pub fn licences_in_words(reader: &Reader, report: &LicenceReport) -> String {
    let row = |name: String, count: &LicenceCount| {
        let used = count.used;
        let counts = [used.accounts, used.free, used.full, used.accounts - used.full, count.guests];
        let [accounts, free, full, restricted, guests] = counts.map(|count| count.to_string());
        [name, accounts, free, full, restricted, guests]
    };
    let mut rows: Vec<_> = report.days.iter().map(|count| row(count.day.to_string(), count)).collect();
    rows.push(row(reader.pick("maintenant", "now").to_owned(), &report.now));
    if let Some(plan) = report.plan.as_ref().map(|plan| &plan.terms) {
        let most = |max: Option<i64>| max.map_or_else(|| "–".to_owned(), |max| max.to_string());
        let (accounts, full) = (most(plan.accounts_max), most(plan.full_licences_max));
        let none = || "–".to_owned();
        let allowed = reader.pick("au plus", "at most").to_owned();
        rows.push([allowed, accounts, plan.accounts_free.to_string(), full, none(), none()]);
    }
    reader.table(
        [
            ("jour", "day"),
            ("comptes", "accounts"),
            ("gratuits", "free"),
            ("licences complètes", "full licences"),
            ("restreintes", "restricted"),
            ("invités", "guests"),
        ],
        rows,
    )
}
