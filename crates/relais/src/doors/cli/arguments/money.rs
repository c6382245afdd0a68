//! What can be typed about plans, subscriptions and the provision. Amounts are typed as people write them, `120` or
//! `120,50`, and are whole cents from here on.

use super::{InOrganisation, parse_quota};
use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use relais_core::money::{Currency, parse_minor};
use relais_core::term::Period;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Offer a plan; it is never changed afterwards
    Create(PlanCreate),
    /// List the plans
    List,
    /// Offer a plan no longer; who is on it stays
    Retire {
        /// Id or name
        plan: String,
    },
    /// Put an organisation on a plan, at once if its provision suffices
    #[command(
        group = clap::ArgGroup::new("wanted").args(["plan", "none"]).required(true),
        override_usage = "relais plan set [OPTIONS] <ORGANISATION> <PLAN|--none>"
    )]
    Set {
        /// Id or name
        organisation: String,
        /// Id or name
        plan: Option<String>,
        /// Without a plan nothing is counted
        #[arg(long)]
        none: bool,
    },
}

#[derive(Debug, Args)]
pub struct PlanCreate {
    pub name: String,
    /// For each period: 49 or 49,90
    #[arg(long, value_parser = parse_amount, value_name = "AMOUNT")]
    pub price: i64,
    #[arg(long, value_parser = parse_currency, default_value = "EUR", value_name = "EUR|CHF|GBP|USD")]
    pub currency: Currency,
    #[arg(long, value_enum, default_value_t = Every::Month)]
    pub period: Every,
    /// Accounts without a subscription
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub free_accounts: i64,
    /// Accounts that hold a licence, guests left out; without limit if absent
    #[arg(long, value_name = "COUNT")]
    pub max_accounts: Option<i64>,
    /// Those of them with a full licence; without limit if absent
    #[arg(long, value_name = "COUNT")]
    pub full_licences: Option<i64>,
    /// Domains of the organisation's own; without limit if absent
    #[arg(long, value_name = "COUNT")]
    pub own_domains: Option<i64>,
    /// An invitation reactivates a deactivated account
    #[arg(long)]
    pub flexible_licences: bool,
}

#[derive(Debug, Subcommand)]
pub enum SubscriptionCommand {
    /// Offer a subscription; it is never changed afterwards
    Create(SubscriptionCreate),
    /// List the subscriptions
    List,
    /// Offer a subscription no longer; who is on it stays and is renewed
    Retire {
        /// Id or name
        subscription: String,
    },
}

#[derive(Debug, Args)]
pub struct SubscriptionCreate {
    pub name: String,
    /// For each period: 3 or 3,50
    #[arg(long, value_parser = parse_amount, value_name = "AMOUNT")]
    pub price: i64,
    #[arg(long, value_parser = parse_currency, default_value = "EUR", value_name = "EUR|CHF|GBP|USD")]
    pub currency: Currency,
    #[arg(long, value_enum, default_value_t = Every::Month)]
    pub period: Every,
    /// Addresses besides the primary one; without limit if absent
    #[arg(long, value_name = "COUNT")]
    pub aliases: Option<i64>,
    /// Largest mailbox size: 500M, 5G, 1T; without limit if absent
    #[arg(long, value_parser = parse_quota, value_name = "SIZE")]
    pub quota: Option<i64>,
    /// Takes no full licence
    #[arg(long)]
    pub restricted: bool,
}

#[derive(Debug, Subcommand)]
pub enum ProvisionCommand {
    /// Show what an organisation has to spend, its plan and the licences that are used
    Show {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// List the renewals of the next 31 days
    Forecast {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// List the entries of the ledger
    Entries {
        #[command(flatten)]
        organisation: InOrganisation,
        /// Only entries after this number
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: i64,
        /// How many at most
        #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(i64).range(1..=200))]
        limit: i64,
    },
    /// Show a statement, or write it for a spreadsheet or a printer
    Statement(StatementArguments),
    /// Record money paid in
    TopUp {
        /// Id or name
        organisation: String,
        /// 120 or 120,50
        #[arg(value_parser = parse_amount, allow_negative_numbers = true)]
        amount: i64,
        /// The payment's own name: the same one counts once
        #[arg(long)]
        reference: Option<String>,
    },
    /// Put earlier top-ups right; a negative amount takes away
    Correct {
        /// Id or name
        organisation: String,
        /// 5, or -5,50
        #[arg(value_parser = parse_amount, allow_hyphen_values = true)]
        amount: i64,
        /// Why; kept in the log
        #[arg(long)]
        reason: String,
    },
    /// Add every posting of the ledger up again
    Check {
        #[command(flatten)]
        organisation: InOrganisation,
    },
}

#[derive(Debug, Args)]
pub struct StatementArguments {
    #[command(flatten)]
    pub organisation: InOrganisation,
    /// The first day, as 2026-11-01; the first of the month if absent
    #[arg(long, value_name = "DAY", value_parser = super::parse_day)]
    pub from: Option<Date>,
    /// The day after the last; the first of the next month if absent
    #[arg(long, value_name = "DAY", value_parser = super::parse_day)]
    pub until: Option<Date>,
    /// Write it for a spreadsheet
    #[arg(long, value_name = "FILE", conflicts_with = "html")]
    pub csv: Option<PathBuf>,
    /// Write it as a page that can be printed
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// A period, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Every {
    Month,
    Year,
}

impl From<Every> for Period {
    fn from(every: Every) -> Self {
        match every {
            Every::Month => Self::Month,
            Every::Year => Self::Year,
        }
    }
}

fn parse_amount(text: &str) -> Result<i64, String> {
    parse_minor(text).ok_or_else(|| "write an amount as 120, 120.50 or 120,50".to_owned())
}

pub(super) fn parse_currency(text: &str) -> Result<Currency, String> {
    Currency::from_code(text)
        .ok_or_else(|| format!("expected one of {}", Currency::ALL.map(Currency::code).join(", ")))
}
