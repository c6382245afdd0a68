//! The provision of an organisation: what it holds, what is coming, its entries and statements; paying in.

use super::arguments::{InOrganisation, ProvisionCommand, StatementArguments};
use super::offers::paid;
use super::reader::Reader;
use super::{Failure, Session, words};
use relais_app::read::LedgerCheck;
use relais_app::{Provision, Renewal, Statement};
use relais_core::ledger::Entry;
use relais_core::money::Currency;
use relais_core::organisation::Organisation;
use relais_core::plan::{LicencesUsed, PlanTerms};
use serde_json::json;
use std::path::Path;

pub async fn provision(session: &mut Session, command: ProvisionCommand) -> Result<(), Failure> {
    match command {
        ProvisionCommand::Show { organisation } => {
            let id = of(session, &organisation).await?;
            let answer = session.client.get(&["organisations", &id, "provision"]).await?;
            session.show(&answer, in_words)
        }
        ProvisionCommand::Forecast { organisation } => {
            let found = organisation_of(session, &organisation).await?;
            let path = ["organisations", &found.id.to_string(), "provision", "forecast"];
            let answer = session.client.get(&path).await?;
            session.show(&answer, |reader, rows| forecast(reader, rows, found.currency))
        }
        ProvisionCommand::Entries { organisation, after, limit } => {
            entries(session, &organisation, after, limit).await
        }
        ProvisionCommand::Statement(arguments) => statement(session, arguments).await,
        ProvisionCommand::TopUp { organisation, amount, reference } => {
            top_up(session, &organisation, amount, reference).await
        }
        ProvisionCommand::Correct { organisation, amount, reason } => {
            let currency = currency_of(session, &organisation).await?;
            let path = ["organisations", &organisation, "provision", "corrections"];
            let body = json!({ "amount_minor": amount, "reason": reason });
            let answer = session.client.post(&path, &body).await?;
            let entry: Entry = answer.read()?;
            let holds = currency.format(entry.balance_minor, session.language());
            session.confirm(
                &answer,
                &format!("La provision de {organisation} est corrigée ; elle contient {holds}."),
                &format!("Corrected the provision of {organisation}; it holds {holds}."),
            )
        }
        ProvisionCommand::Check { organisation } => check(session, &organisation).await,
    }
}

async fn of(session: &Session, organisation: &InOrganisation) -> Result<String, Failure> {
    session.organisation(organisation.organisation.as_deref()).await
}

async fn organisation_of(session: &Session, organisation: &InOrganisation) -> Result<Organisation, Failure> {
    let id = of(session, organisation).await?;
    session.client.get(&["organisations", &id]).await?.read()
}

async fn currency_of(session: &Session, organisation: &str) -> Result<Currency, Failure> {
    let found: Organisation = session.client.get(&["organisations", organisation]).await?.read()?;
    Ok(found.currency)
}

fn in_words(reader: &Reader, found: Provision) -> String {
    let mut rows = vec![
        ("provision", "provision", found.currency.format(found.balance_minor, reader.language)),
        ("aujourd'hui", "today", found.today.to_string()),
    ];
    let none = || reader.pick("aucune : rien n'est compté", "none: nothing is counted").to_owned();
    let plan = found.plan.as_ref().map(|plan| &plan.terms);
    let on = plan.map(|terms| match found.plan_term {
        Some(term) => format!("{}, {}", terms.name, paid(reader, "payée", term)),
        None => terms.name.clone(),
    });
    rows.push(("formule", "plan", on.unwrap_or_else(none)));
    rows.extend(licences(reader, found.licences, plan));
    reader.sheet(&rows)
}

fn licences<'a>(
    reader: &Reader,
    used: LicencesUsed,
    plan: Option<&PlanTerms>,
) -> [(&'a str, &'a str, String); 3] {
    let of = |used: i64, max: Option<i64>| match max {
        Some(max) => format!("{used} {} {max}", reader.pick("sur", "of")),
        None => used.to_string(),
    };
    [
        ("comptes", "accounts", of(used.accounts, plan.and_then(|plan| plan.accounts_max))),
        ("dont gratuits", "free", of(used.free, plan.map(|plan| plan.accounts_free))),
        ("licences complètes", "full licences", of(used.full, plan.and_then(|plan| plan.full_licences_max))),
    ]
}

fn forecast(reader: &Reader, rows: Vec<Renewal>, currency: Currency) -> String {
    let short = rows.iter().find(|renewal| renewal.balance_minor < 0).map(|renewal| renewal.on);
    let amounts =
        reader.right_aligned(rows.iter().map(|row| currency.format(row.amount_minor, reader.language)));
    let balances =
        reader.right_aligned(rows.iter().map(|row| currency.format(row.balance_minor, reader.language)));
    let row = |((renewal, amount), balance): ((Renewal, String), String)| {
        let whom = match renewal.accounts {
            0 => reader.pick("formule", "plan").to_owned(),
            count => count.to_string(),
        };
        [renewal.on.to_string(), renewal.name, whom, amount, balance]
    };
    let table = reader.table(
        [
            ("le", "on"),
            ("offre", "offer"),
            ("comptes", "accounts"),
            ("montant", "amount"),
            ("provision ensuite", "provision then"),
        ],
        rows.into_iter().zip(amounts).zip(balances).map(row).collect(),
    );
    match short {
        None => table,
        Some(day) => {
            let said = match reader.language {
                relais_core::language::Language::French => {
                    format!("La provision ne suffit plus le {day} ; créditez-la d'ici là.")
                }
                relais_core::language::Language::English => {
                    format!("The provision no longer suffices on {day}; top it up before.")
                }
            };
            format!("{table}\n{}", reader.careful(&said))
        }
    }
}

async fn entries(
    session: &mut Session,
    organisation: &InOrganisation,
    after: i64,
    limit: i64,
) -> Result<(), Failure> {
    let found = organisation_of(session, organisation).await?;
    let (id, after, limit_text) = (found.id.to_string(), after.to_string(), limit.to_string());
    let path = ["organisations", &id, "provision", "entries"];
    let query = [("after", after.as_str()), ("limit", limit_text.as_str())];
    let answer = session.client.search(&path, &query).await?;
    let mut more = None;
    session.show(&answer, |reader, rows: Vec<Entry>| {
        more = rows.last().map(|entry| entry.number).filter(|_| i64::try_from(rows.len()) == Ok(limit));
        table(reader, rows.iter().map(|entry| (entry, reader.time(entry.at), String::new())), found.currency)
    })?;
    match more {
        Some(last) => {
            let said = session.language().pick("La suite : --after", "To go on: --after");
            session.remark(&format!("{said} {last}"))
        }
        None => Ok(()),
    }
}

/// Entries, each with its day and its account's address.
fn table<'e>(
    reader: &Reader,
    entries: impl Iterator<Item = (&'e Entry, String, String)> + Clone,
    currency: Currency,
) -> String {
    let format = |amount_minor| currency.format(amount_minor, reader.language);
    let amounts = reader.right_aligned(entries.clone().map(|(entry, _, _)| format(entry.amount_minor)));
    let balances = reader.right_aligned(entries.clone().map(|(entry, _, _)| format(entry.balance_minor)));
    let row = |(((entry, day, address), amount), balance): (((&Entry, String, String), String), String)| {
        let service = entry.service.as_ref();
        let account = service.and_then(|service| service.account).map(|id| id.to_string());
        let what = match (service, &entry.reference) {
            (Some(service), _) => {
                let last = service.until.yesterday().unwrap_or(service.until);
                format!("{} {} – {last}", service.name, service.from)
            }
            (None, Some(reference)) => reference.clone(),
            (None, None) => String::new(),
        };
        let whose = if address.is_empty() { account.unwrap_or_default() } else { address };
        let kind = words::entry_kind(entry.kind, reader.language).to_owned();
        [entry.number.to_string(), day, kind, what, whose, amount, balance]
    };
    reader.table(
        [
            ("n°", "no."),
            ("le", "on"),
            ("sorte", "kind"),
            ("pour", "for"),
            ("compte", "account"),
            ("montant", "amount"),
            ("provision", "provision"),
        ],
        entries.zip(amounts).zip(balances).map(row).collect(),
    )
}

async fn statement(session: &mut Session, arguments: StatementArguments) -> Result<(), Failure> {
    let StatementArguments { organisation, from, until, csv, html } = arguments;
    let id = of(session, &organisation).await?;
    let (from, until) = (from.map(|day| day.to_string()), until.map(|day| day.to_string()));
    let mut query = Vec::new();
    query.extend(from.as_deref().map(|day| ("from", day)));
    query.extend(until.as_deref().map(|day| ("until", day)));
    for (file, name) in [(csv, "statement.csv"), (html, "statement.html")] {
        if let Some(file) = file {
            let answer = session.client.search(&["organisations", &id, "provision", name], &query).await?;
            return write(session, &file, &answer.text);
        }
    }
    let answer = session.client.search(&["organisations", &id, "provision", "statement"], &query).await?;
    session.show(&answer, stated)
}

fn write(session: &mut Session, file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let said = session.language().pick("Relevé écrit dans", "Statement written to");
    session.remark(&format!("{said} {}", file.display()))
}

fn stated(reader: &Reader, found: Statement) -> String {
    let currency = found.organisation.currency;
    let sums = found.sums;
    let amounts = [
        found.opening_minor,
        sums.payments_minor,
        sums.corrections_minor,
        sums.charges_minor,
        sums.credits_minor,
        found.closing_minor,
    ];
    let amounts =
        reader.right_aligned(amounts.into_iter().map(|amount| currency.format(amount, reader.language)));
    let last = found.until.yesterday().unwrap_or(found.until);
    let mut rows = vec![
        ("organisation", "organisation", found.organisation.name.clone()),
        ("période", "period", format!("{} – {last}", found.from)),
    ];
    let names = [
        ("solde au début", "balance before"),
        ("versements", "payments"),
        ("corrections", "corrections"),
        ("débits", "charges"),
        ("crédits", "credits"),
        ("solde à la fin", "balance after"),
    ];
    rows.extend(names.into_iter().zip(amounts).map(|((french, english), amount)| (french, english, amount)));
    let lines = found.lines.iter().map(|line| {
        let address = line.address.as_ref().map(ToString::to_string);
        (&line.entry, line.on.to_string(), address.unwrap_or_default())
    });
    format!("{}\n\n{}", reader.sheet(&rows), table(reader, lines, currency))
}

async fn top_up(
    session: &mut Session,
    organisation: &str,
    amount_minor: i64,
    reference: Option<String>,
) -> Result<(), Failure> {
    let currency = currency_of(session, organisation).await?;
    let path = ["organisations", organisation, "provision", "top-ups"];
    let body = json!({ "amount_minor": amount_minor, "currency": currency, "reference": reference });
    let answer = session.client.post(&path, &body).await?;
    let entry: Entry = answer.read()?;
    let format = |amount_minor| currency.format(amount_minor, session.language());
    let (paid, holds) = (format(entry.amount_minor), format(entry.balance_minor));
    session.confirm(
        &answer,
        &format!(
            "{paid} versés à la provision de {organisation} (écriture {}) ; elle contenait alors {holds}.",
            entry.number
        ),
        &format!(
            "{paid} paid into the provision of {organisation} (entry {}); it then held {holds}.",
            entry.number
        ),
    )
}

async fn check(session: &mut Session, organisation: &InOrganisation) -> Result<(), Failure> {
    let found = organisation_of(session, organisation).await?;
    let path = ["organisations", &found.id.to_string(), "provision", "check"];
    let answer = session.client.get(&path).await?;
    let check: LedgerCheck = answer.read()?;
    let broken_at = check.broken_at;
    session.show(&answer, |reader, check: LedgerCheck| match check.broken_at {
        None => {
            let said = reader.pick(
                "écritures, tout s'additionne ; la provision contient",
                "entries, all adds up; the provision holds",
            );
            let holds = found.currency.format(check.balance_minor, reader.language);
            format!("{} {} {said} {holds}", reader.good("✓"), check.entries)
        }
        Some(number) => {
            let said =
                reader.pick("Le registre est faux à partir de l'écriture", "The ledger is wrong from entry");
            format!("{} {said} {number}", reader.bad("✗"))
        }
    })?;
    match broken_at {
        None => Ok(()),
        Some(_) => Err(Failure::NotDone(
            session
                .language()
                .pick("Prévenez l'exploitant ; ne touchez à rien.", "Tell the operator; touch nothing.")
                .to_owned(),
        )),
    }
}
