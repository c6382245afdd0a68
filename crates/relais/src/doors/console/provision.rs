//! The provision of the organisation: what it holds, how it went and how it will go, what falls due, its statement, and the
//! licences that it pays for.

mod statement;

use super::Console;
use super::chart::{Chart, Series};
use super::fault::{Answer, Fault};
use super::fields::{Asked, Fields};
use super::layout::Page;
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::numbers;
use axum::Router;
use axum::routing::get;
use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::plan::LicenceCount;
use relais_app::core::term::Period;
use relais_app::read::settings;
use relais_app::{Days, LicenceReport, Provision, Renewal, Statement};

/// How far back the picture of the balance goes.
const SHOWN_DAYS: i64 = 60;
/// How far back the picture of the licences goes, unless something else is asked for.
const COUNTED_DAYS: i64 = 90;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/provision", get(show))
        .route("/console/provision/licences", get(licences))
        .merge(statement::routes())
}

/// The pages of the provision.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Balance,
    Statement,
    Licences,
}

fn tabs(visitor: &Visitor, current: Part) -> Markup {
    let all = [
        (Part::Balance, "/console/provision", visitor.pick("Solde et échéances", "Balance and renewals")),
        (Part::Statement, "/console/provision/statement", visitor.pick("Relevé", "Statement")),
        (Part::Licences, "/console/provision/licences", visitor.pick("Licences", "Licences")),
    ];
    html! {
        nav.tabs aria-label=(visitor.pick("Rubriques de la provision", "Sections of the provision")) {
            @for (part, place, name) in all { a href=(place) aria-current=[(part == current).then_some("page")] { (name) } }
        }
    }
}

/// A price with what it pays for: `4,90 EUR par mois`.
pub fn price(visitor: &Visitor, price_minor: i64, period: Period) -> String {
    let amount = visitor.organisation.currency.format(price_minor, visitor.language);
    let each = match period {
        Period::Month => visitor.pick("par mois", "a month"),
        Period::Year => visitor.pick("par an", "a year"),
    };
    format!("{amount} {each}")
}

async fn show(visitor: Visitor) -> Answer {
    visitor.require(Power::ReadProvision)?;
    let (id, actor) = (visitor.organisation.id, visitor.actor());
    let provision = visitor.app.provision(id, actor).await?;
    let forecast = visitor.app.forecast(id, actor).await?;
    let days =
        Days { from: Some(before(provision.today, SHOWN_DAYS)), until: provision.today.tomorrow().ok() };
    let past = visitor.app.statement(id, days, actor).await?;
    let main = html! {
        (tabs(&visitor, Part::Balance))
        (low(&visitor, &provision, &forecast))
        div.columns.even {
            section.card {
                h2 { (visitor.pick("Disponible", "Available")) }
                p.figure { (provision.currency.format(provision.balance_minor, visitor.language)) }
                p.hint { (visitor.pick("au ", "on ")) (numbers::day(provision.today, visitor.language)) }
            }
            (plan(&visitor, &provision))
            (top_up(&visitor).await?)
        }
        section {
            h2 { (visitor.pick("Le solde, hier et demain", "The balance, yesterday and tomorrow")) }
            (picture(&visitor, &provision, &past, &forecast))
        }
        (renewals(&visitor, &provision, &forecast))
    };
    let title = visitor.pick("Provision", "Provision");
    Ok(visitor.page(&Page { title, section: Some(Section::Provision), main }))
}

fn before(day: Date, days: i64) -> Date {
    day.saturating_sub(days.days())
}

/// What the provision does not cover, if anything of the days to come.
fn low(visitor: &Visitor, provision: &Provision, forecast: &[Renewal]) -> Markup {
    let Some(short) = forecast.iter().find(|renewal| renewal.balance_minor < 0) else { return html! {} };
    let missing = forecast.last().map_or(0, |last| last.balance_minor.min(short.balance_minor)).abs();
    let missing = provision.currency.format(missing, visitor.language);
    html! {
        div.warning role="status" {
            p { strong {
                (visitor.pick("La provision ne suffit plus le ", "The provision runs short on ")) (numbers::day(short.on, visitor.language)) "."
            } }
            p { (visitor.pick("Versez au moins ", "Pay in at least ")) strong { (missing) }
                (visitor.pick(
                    " pour les échéances des trente et un jours à venir. Ce qui n'est pas payé continue quatorze jours\u{a0}; ensuite les comptes concernés se ferment, sans que rien ne soit effacé.",
                    " for what falls due in the next thirty-one days. What is not paid goes on for fourteen days; then the accounts concerned are closed, and nothing is erased.")) }
        }
    }
}

fn plan(visitor: &Visitor, provision: &Provision) -> Markup {
    html! {
        section.card {
            h2 { (visitor.pick("Formule", "Plan")) }
            @match &provision.plan {
                None => p { (visitor.pick("Aucune\u{a0}: rien n'est compté.", "None: nothing is counted.")) },
                Some(plan) => {
                    p.figure { (plan.terms.name) }
                    p.hint {
                        (price(visitor, plan.terms.price_minor, plan.terms.period))
                        @if let Some(day) = provision.plan_term.and_then(|term| term.until()) {
                            (visitor.pick(", payée jusqu'au ", ", paid until ")) (numbers::day(day, visitor.language))
                        }
                    }
                },
            }
        }
    }
}

async fn top_up(visitor: &Visitor) -> Result<Markup, Fault> {
    let operator = visitor.app.look(settings::operator_address).await?;
    Ok(html! {
        section.card {
            h2 { (visitor.pick("Verser", "Pay in")) }
            p { (visitor.pick(
                "Indiquez cette référence à votre versement\u{a0}; il apparaît ici dès qu'il est enregistré, et ce qui n'avait pas pu être payé l'est aussitôt.",
                "Give this reference with your payment; it appears here as soon as it is recorded, and what could not be paid before is paid at once.")) }
            p { code.secret { (visitor.organisation.id) } }
            @if let Some(address) = operator {
                p.hint { (visitor.pick("Une question\u{a0}? Écrivez à ", "A question? Write to ")) a href={ "mailto:" (address) } { (address) } "." }
            }
        }
    })
}

fn picture(visitor: &Visitor, provision: &Provision, past: &Statement, forecast: &[Renewal]) -> Markup {
    let mut was: Vec<(Date, i64)> = vec![(past.from, past.opening_minor)];
    let mut balance_minor = past.opening_minor;
    for line in &past.lines {
        balance_minor += line.entry.amount_minor;
        match was.last_mut().filter(|(day, _)| *day == line.on) {
            Some((_, amount)) => *amount = balance_minor,
            None => was.push((line.on, balance_minor)),
        }
    }
    let now = (provision.today, provision.balance_minor);
    if was.last().is_some_and(|(day, _)| *day < provision.today) {
        was.push(now);
    }
    let mut will_be = vec![now];
    for renewal in forecast {
        // What is late is looked at today.
        let on = renewal.on.max(provision.today);
        match will_be.last_mut().filter(|(day, _)| *day == on) {
            Some((_, amount)) => *amount = renewal.balance_minor,
            None => will_be.push((on, renewal.balance_minor)),
        }
    }
    let mut series = vec![Series { name: visitor.pick("Solde", "Balance"), class: "line main", points: was }];
    if !forecast.is_empty() {
        let name = visitor.pick("Sans versement", "Without a payment");
        series.push(Series { name, class: "line later", points: will_be });
    }
    let said = visitor.pick(
        "Le solde de la provision jour par jour, et ce qu'il en restera après les échéances\u{a0}; les nombres sont dans le tableau dessous.",
        "The balance of the provision day by day, and what will be left after what falls due; the numbers are in the table below.",
    );
    let number = |amount| provision.currency.format(amount, visitor.language);
    Chart { said, series, today: provision.today, number: &number }.draw(visitor)
}

fn renewals(visitor: &Visitor, provision: &Provision, forecast: &[Renewal]) -> Markup {
    let amount = |minor| provision.currency.format(minor, visitor.language);
    html! {
        section {
            h2 { (visitor.pick("Échéances des trente et un jours à venir", "What falls due in the next thirty-one days")) }
            @if forecast.is_empty() {
                p.empty { (visitor.pick("Rien à payer d'ici là.", "Nothing is to be paid until then.")) }
            } @else {
                div.listing { table.folds {
                    thead { tr {
                        th scope="col" { (visitor.pick("Jour", "Day")) }
                        th scope="col" { (visitor.pick("Quoi", "What")) }
                        th.number scope="col" { (visitor.pick("Comptes", "Accounts")) }
                        th.number scope="col" { (visitor.pick("Montant", "Amount")) }
                        th.number scope="col" { (visitor.pick("Reste ensuite", "Left afterwards")) }
                    } }
                    tbody { @for renewal in forecast { tr {
                        td { (numbers::day(renewal.on, visitor.language))
                            @if renewal.on < provision.today { " " span.badge.bad { (visitor.pick("en retard", "late")) } } }
                        td { @if renewal.accounts == 0 { (visitor.pick("Formule\u{a0}: ", "Plan: ")) } (renewal.name) }
                        td.number data-label=(visitor.pick("Comptes\u{a0}:", "Accounts:")) { @if renewal.accounts > 0 { (visitor.number(renewal.accounts.unsigned_abs())) } @else { "–" } }
                        td.number data-label=(visitor.pick("Montant\u{a0}:", "Amount:")) { (amount(renewal.amount_minor)) }
                        td.number data-label=(visitor.pick("Reste\u{a0}:", "Left:")) {
                            @if renewal.balance_minor < 0 { span.badge.bad { (amount(renewal.balance_minor)) } } @else { (amount(renewal.balance_minor)) }
                        }
                    } } }
                } }
            }
        }
    }
}

/// A day that a field holds; a field that cannot be read says so.
pub fn day_asked(asked: &Fields, field: &'static str) -> Result<Option<Date>, Fault> {
    asked.get(field).map(|text| text.parse().map_err(|_| Fault::Unfit { field })).transpose()
}

async fn licences(visitor: Visitor, Asked(asked): Asked) -> Answer {
    visitor.require(Power::ReadProvision)?;
    let today = visitor.date(visitor.app.now());
    let from = day_asked(&asked, "from")?.unwrap_or(before(today, COUNTED_DAYS));
    let days = Days { from: Some(from), until: today.tomorrow().ok() };
    let report = visitor.app.licence_report(visitor.organisation.id, days, visitor.actor()).await?;
    let main = html! {
        (tabs(&visitor, Part::Licences))
        (now(&visitor, &report))
        section {
            h2 { (visitor.pick("Jour par jour", "Day by day")) }
            form.filters method="get" action="/console/provision/licences" {
                div.field {
                    label for="from" { (visitor.pick("Depuis le", "Since")) }
                    input #from type="date" name="from" value=(from) max=(today);
                }
                button type="submit" { (visitor.pick("Montrer", "Show")) }
            }
            @if report.days.is_empty() {
                p.empty { (visitor.pick(
                    "Aucun jour n'a encore été compté. Chaque jour l'est à son début\u{a0}: revenez demain.",
                    "No day was counted yet. Each is counted at its beginning: come back tomorrow.")) }
            } @else { (over_time(&visitor, &report, today)) }
        }
    };
    let title = visitor.pick("Licences", "Licences");
    Ok(visitor.page(&Page { title, section: Some(Section::Provision), main }))
}

fn restricted(count: &LicenceCount) -> i64 {
    count.used.accounts - count.used.full
}

fn now(visitor: &Visitor, report: &LicenceReport) -> Markup {
    let terms = report.plan.as_ref().map(|plan| &plan.terms);
    let used = report.now.used;
    let all = [
        (
            visitor.pick("Toutes licences", "All licences"),
            used.accounts,
            terms.and_then(|terms| terms.accounts_max),
        ),
        (visitor.pick("Complètes", "Full"), used.full, terms.and_then(|terms| terms.full_licences_max)),
        (visitor.pick("Restreintes", "Restricted"), restricted(&report.now), None),
        (
            visitor.pick("Comprises dans la formule", "Included in the plan"),
            used.free,
            terms.map(|terms| terms.accounts_free),
        ),
        (
            visitor.pick("Invités externes, sans licence", "Guests, without a licence"),
            report.now.guests,
            None,
        ),
    ];
    html! {
        ul.tally { @for (name, count, limit) in all { li.card {
            span.muted { (name) }
            p.figure { (visitor.number(count.unsigned_abs()))
                @if let Some(limit) = limit { span.of { (visitor.pick(" sur ", " of ")) (visitor.number(limit.unsigned_abs())) } } }
            @if let Some(limit) = limit.filter(|limit| *limit > 0) {
                meter min="0" max=(limit) value=(count) high=(limit * 9 / 10) aria-label=(name) {}
            }
        } } }
        @if report.plan.is_none() {
            p.hint { (visitor.pick("Sans formule, rien ne limite ces nombres.", "Without a plan nothing limits these numbers.")) }
        }
        p.hint { (visitor.pick(
            "Un compte désactivé ne tient aucune licence\u{a0}; elle est aussitôt libre pour un autre.",
            "A deactivated account holds no licence; it is free for another at once.")) }
    }
}

fn over_time(visitor: &Visitor, report: &LicenceReport, today: Date) -> Markup {
    let of = |number: fn(&LicenceCount) -> i64| {
        report.days.iter().map(|count| (count.day, number(count))).collect::<Vec<_>>()
    };
    let series = vec![
        Series {
            name: visitor.pick("Complètes", "Full"),
            class: "line main",
            points: of(|count| count.used.full),
        },
        Series {
            name: visitor.pick("Restreintes", "Restricted"),
            class: "line second",
            points: of(restricted),
        },
        Series {
            name: visitor.pick("Invités", "Guests"),
            class: "line third",
            points: of(|count| count.guests),
        },
    ];
    let said = visitor.pick(
        "Les licences prises jour par jour\u{a0}; les nombres sont dans le tableau dessous.",
        "The licences that were held day by day; the numbers are in the table below.",
    );
    let number = |count: i64| visitor.number(count.unsigned_abs());
    Chart { said, series, today, number: &number }.draw(visitor)
}
