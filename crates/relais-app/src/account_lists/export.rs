//! A list of all accounts, which can be taken in again. Whoever is deleted has nothing left to be listed; passwords
//! are never written.

use super::columns::Column;
use crate::cells::Table;
use crate::{Error, Relais};
use relais_core::account::Account;
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::organisation::{Address, AddressKind, Target};
use relais_core::profile::{PhoneKind, Profile};
use relais_core::rights::{Act, Verdict, may};
use relais_store::accounts::{Filter, Sort};
use relais_store::{Tx, accounts, addresses, offers, profiles};

const PAGE: i64 = 200;

/// Some rows of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRows {
    /// CSV (RFC 4180), in UTF-8.
    pub text: String,
    /// After whom the next rows begin; `None` at the end.
    pub next: Option<AccountId>,
}

impl Relais {
    /// The rows of an organisation's accounts behind the account `after`; the line of the columns before the first.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn account_rows(
        &self,
        organisation: OrganisationId,
        after: Option<AccountId>,
    ) -> Result<AccountRows, Error> {
        let (records, next) = self
            .look(move |tx| {
                let page = accounts::page(tx, organisation, &Filter::default(), Sort::Address, after, PAGE)?;
                let next = page.last().filter(|_| page.len() as i64 == PAGE).map(|last| last.id);
                let mut records = Vec::new();
                for account in page.iter().filter(|account| is_listed(account)) {
                    records.push(record(tx, account)?);
                }
                Ok((records, next))
            })
            .await?;
        let columns: Vec<_> = written_columns().map(Column::name).collect();
        let mut table = Table::new(if after.is_none() { &columns } else { &[] })?;
        for record in records {
            table.row(&record)?;
        }
        let text = table.finish()?;
        Ok(AccountRows { text, next })
    }
}

fn written_columns() -> impl Iterator<Item = Column> {
    Column::ALL.into_iter().filter(|column| *column != Column::Password)
}

/// Whoever can still be changed: of a deleted account there is nothing to take in again.
fn is_listed(account: &Account) -> bool {
    may(account.state, Act::ChangeAttributes) == Verdict::Yes
}

fn record(tx: &mut Tx<'_>, account: &Account) -> Result<Vec<String>, relais_store::Error> {
    let held = addresses::of_target(tx, Target::Account(account.id))?;
    let profile = profiles::get(tx, account.id)?;
    let subscription = account.subscription.map(|id| offers::subscription(tx, id)).transpose()?.flatten();
    let cell = |column| match column {
        Column::Subscription => subscription.as_ref().map_or_else(String::new, |on| on.terms.name.clone()),
        column => cell(column, account, &held, &profile),
    };
    Ok(written_columns().map(cell).collect())
}

fn cell(column: Column, account: &Account, held: &[Address], profile: &Profile) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let phones = |kind: PhoneKind| {
        let numbers = profile.phones.iter().filter(|phone| phone.kind == kind);
        numbers.map(|phone| phone.number.as_str()).collect::<Vec<_>>().join(", ")
    };
    let place = &profile.postal_address;
    match column {
        Column::Address => account.address.to_string(),
        Column::Name => account.name.clone(),
        Column::State => account.state.as_str().to_owned(),
        Column::Role => account.role.as_str().to_owned(),
        Column::Quota => account.quota_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
        Column::Aliases => {
            let aliases = held.iter().filter(|held| held.kind == AddressKind::Alias);
            aliases.map(|held| held.address.as_str()).collect::<Vec<_>>().join(" ")
        }
        // Not kept as it was given; and written by whoever knows its name.
        Column::Password | Column::Subscription => String::new(),
        Column::GivenName => text(&profile.given_name),
        Column::FamilyName => text(&profile.family_name),
        Column::JobTitle => text(&profile.job_title),
        Column::Department => text(&profile.department),
        Column::PhoneWork => phones(PhoneKind::Work),
        Column::PhoneMobile => phones(PhoneKind::Mobile),
        Column::PhoneHome => phones(PhoneKind::Home),
        Column::Street => place.street.join("\n"),
        Column::PostalCode => text(&place.postal_code),
        Column::City => text(&place.city),
        Column::Country => text(&place.country),
        Column::BirthDate => profile.birth_date.map(|day| day.to_string()).unwrap_or_default(),
        Column::ExternalAddress => {
            profile.external_address.as_ref().map(ToString::to_string).unwrap_or_default()
        }
    }
}
