//! Plans and subscriptions: offered, listed, withdrawn, and who is put on them.

use super::arguments::{PlanCommand, PlanCreate, SubscriptionCommand, SubscriptionCreate};
use super::quota::size;
use super::reader::Reader;
use super::{Failure, Session};
use relais_core::account::Account;
use relais_core::language::Language;
use relais_core::plan::{Licence, Plan, PlanTerms, Subscription, SubscriptionTerms};
use relais_core::term::{Course, Period, Term};
use serde_json::json;

pub async fn plan(session: &mut Session, command: PlanCommand) -> Result<(), Failure> {
    match command {
        PlanCommand::Create(arguments) => create_plan(session, arguments).await,
        PlanCommand::List => {
            let answer = session.client.get(&["plans"]).await?;
            session.show(&answer, plans)
        }
        PlanCommand::Retire { plan } => {
            let answer = session.client.post(&["plans", &plan, "retire"], &json!({})).await?;
            session.confirm(
                &answer,
                &format!("La formule {plan} n'est plus proposée ; les organisations qui l'ont la gardent."),
                &format!("The plan {plan} is no longer offered; organisations that are on it stay."),
            )
        }
        PlanCommand::Set { organisation, plan, none: _ } => {
            let path = ["organisations", &organisation, "plan"];
            let answer = session.client.put(&path, &json!({ "plan": plan })).await?;
            let (french, english) = match plan {
                Some(plan) => (
                    format!("L'organisation {organisation} a la formule {plan}."),
                    format!("The organisation {organisation} is on the plan {plan}."),
                ),
                None => (
                    format!("L'organisation {organisation} n'a plus de formule : rien n'est compté."),
                    format!("The organisation {organisation} is on no plan any more: nothing is counted."),
                ),
            };
            session.confirm(&answer, &french, &english)
        }
    }
}

async fn create_plan(session: &mut Session, arguments: PlanCreate) -> Result<(), Failure> {
    let terms = PlanTerms {
        name: arguments.name,
        price_minor: arguments.price,
        currency: arguments.currency,
        period: arguments.period.into(),
        accounts_free: arguments.free_accounts,
        accounts_max: arguments.max_accounts,
        full_licences_max: arguments.full_licences,
        own_domains_max: arguments.own_domains,
        flexible_licences: arguments.flexible_licences,
    };
    let answer = session.client.post(&["plans"], &terms).await?;
    let name = terms.name;
    session.confirm(
        &answer,
        &format!("La formule {name} est proposée ; pour y mettre une organisation : relais plan set ORGANISATION \"{name}\""),
        &format!("The plan {name} is offered; to put an organisation on it: relais plan set ORGANISATION \"{name}\""),
    )
}

fn plans(reader: &Reader, rows: Vec<Plan>) -> String {
    let prices = reader.right_aligned(rows.iter().map(|plan| {
        let terms = &plan.terms;
        price(reader, terms.currency.format(terms.price_minor, reader.language), terms.period)
    }));
    let row = |(plan, price): (Plan, String)| {
        let terms = plan.terms;
        [
            terms.name,
            price,
            terms.accounts_free.to_string(),
            limit(reader, terms.accounts_max),
            limit(reader, terms.full_licences_max),
            limit(reader, terms.own_domains_max),
            yes_or_no(reader, terms.flexible_licences),
            offered(reader, plan.retired_at.is_none()),
            plan.id.to_string(),
        ]
    };
    reader.table(
        [
            ("nom", "name"),
            ("prix", "price"),
            ("gratuits", "free"),
            ("comptes", "accounts"),
            ("licences complètes", "full licences"),
            ("domaines", "domains"),
            ("flexible", "flexible"),
            ("proposée", "offered"),
            ("id", "id"),
        ],
        rows.into_iter().zip(prices).map(row).collect(),
    )
}

pub async fn subscription(session: &mut Session, command: SubscriptionCommand) -> Result<(), Failure> {
    match command {
        SubscriptionCommand::Create(arguments) => create_subscription(session, arguments).await,
        SubscriptionCommand::List => {
            let answer = session.client.get(&["subscriptions"]).await?;
            session.show(&answer, subscriptions)
        }
        SubscriptionCommand::Retire { subscription } => {
            let path = ["subscriptions", &subscription, "retire"];
            let answer = session.client.post(&path, &json!({})).await?;
            session.confirm(
                &answer,
                &format!("L'abonnement {subscription} n'est plus proposé ; les comptes qui l'ont le gardent et sont renouvelés."),
                &format!("The subscription {subscription} is no longer offered; accounts that are on it stay and are renewed."),
            )
        }
    }
}

async fn create_subscription(session: &mut Session, arguments: SubscriptionCreate) -> Result<(), Failure> {
    let terms = SubscriptionTerms {
        name: arguments.name,
        price_minor: arguments.price,
        currency: arguments.currency,
        period: arguments.period.into(),
        aliases_max: arguments.aliases,
        quota_bytes: arguments.quota,
        licence: if arguments.restricted { Licence::Restricted } else { Licence::Full },
    };
    let answer = session.client.post(&["subscriptions"], &terms).await?;
    let name = terms.name;
    session.confirm(
        &answer,
        &format!("L'abonnement {name} est proposé ; pour y mettre un compte : relais account subscription COMPTE \"{name}\""),
        &format!("The subscription {name} is offered; to put an account on it: relais account subscription ACCOUNT \"{name}\""),
    )
}

fn subscriptions(reader: &Reader, rows: Vec<Subscription>) -> String {
    let prices = reader.right_aligned(rows.iter().map(|subscription| {
        let terms = &subscription.terms;
        price(reader, terms.currency.format(terms.price_minor, reader.language), terms.period)
    }));
    let row = |(subscription, price): (Subscription, String)| {
        let terms = subscription.terms;
        let quota = terms.quota_bytes.map(|bytes| size(bytes.max(0).cast_unsigned(), reader.language));
        [
            terms.name,
            price,
            limit(reader, terms.aliases_max),
            quota.unwrap_or_else(|| limit(reader, None)),
            match terms.licence {
                Licence::Full => reader.pick("complète", "full").to_owned(),
                Licence::Restricted => reader.pick("restreinte", "restricted").to_owned(),
            },
            offered(reader, subscription.retired_at.is_none()),
            subscription.id.to_string(),
        ]
    };
    reader.table(
        [
            ("nom", "name"),
            ("prix", "price"),
            ("alias", "aliases"),
            ("taille max.", "size limit"),
            ("licence", "licence"),
            ("proposé", "offered"),
            ("id", "id"),
        ],
        rows.into_iter().zip(prices).map(row).collect(),
    )
}

/// Puts an account on a subscription, or on none.
pub async fn subscribe(
    session: &mut Session,
    account: &str,
    subscription: Option<&str>,
) -> Result<(), Failure> {
    let path = ["accounts", account, "subscription"];
    let answer = session.client.put(&path, &json!({ "subscription": subscription })).await?;
    let found: Account = answer.read()?;
    let paid =
        found.term.map_or_else(String::new, |term| format!(", {}", paid(&session.reader, "payé", term)));
    let (french, english) = match subscription {
        Some(name) => (
            format!("Le compte {account} a l'abonnement {name}{paid}."),
            format!("The account {account} is on the subscription {name}{paid}."),
        ),
        None => (
            format!("Le compte {account} est l'un des comptes gratuits de la formule."),
            format!("The account {account} is one of the plan's free accounts."),
        ),
    };
    session.confirm(&answer, &french, &english)
}

/// What an account is on.
pub struct Subscribed {
    /// By its name where the reader may see it, and for how long it is paid.
    pub said: String,
    pub aliases_max: Option<i64>,
}

pub async fn subscription_of(session: &Session, account: &Account) -> Result<Option<Subscribed>, Failure> {
    let Some(id) = account.subscription.map(|id| id.to_string()) else { return Ok(None) };
    let (name, aliases_max) = match session.client.get(&["subscriptions", &id]).await {
        Ok(answer) => {
            let terms = answer.read::<Subscription>()?.terms;
            (terms.name, terms.aliases_max)
        }
        // A member sees what they are on, and not what is offered.
        Err(Failure::Problem { problem, .. }) if problem.status == 403 => (id, None),
        Err(failure) => return Err(failure),
    };
    let unpaid = || session.reader.pick("rien n'est payé", "nothing is paid").to_owned();
    let paid = account.term.map_or_else(unpaid, |term| paid(&session.reader, "payé", term));
    Ok(Some(Subscribed { said: format!("{name}, {paid}"), aliases_max }))
}

/// Until when, or how much of it waits; a subscription is « payé », a plan is « payée ».
pub fn paid(reader: &Reader, french: &str, term: Term) -> String {
    match term.course {
        Course::Running { until } => {
            let last = until.yesterday().unwrap_or(until);
            match reader.language {
                Language::French => format!("{french} jusqu'au {last}"),
                Language::English => format!("paid through {last}"),
            }
        }
        Course::Frozen { unused_days } => {
            let said = reader.pick("jours payés en attente", "paid days waiting");
            format!("{said}{} {unused_days}", reader.colon())
        }
    }
}

fn price(reader: &Reader, amount: String, period: Period) -> String {
    let period = match period {
        Period::Month => reader.pick("mois", "month"),
        Period::Year => reader.pick("an", "year"),
    };
    format!("{amount} / {period}")
}

fn limit(reader: &Reader, max: Option<i64>) -> String {
    max.map_or_else(|| reader.pick("sans limite", "unlimited").to_owned(), |max| max.to_string())
}

fn yes_or_no(reader: &Reader, yes: bool) -> String {
    if yes { reader.pick("oui", "yes") } else { reader.pick("non", "no") }.to_owned()
}

fn offered(reader: &Reader, still: bool) -> String {
    yes_or_no(reader, still)
}
