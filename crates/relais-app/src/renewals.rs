//! Renewals: what is due is paid from the provision, once per period however often this runs or is killed, because the
//! charge and the new term of an account are one transaction. What cannot be paid goes on for a while, is then closed with
//! its mail kept and delivered, and opens again by itself when the provision suffices.

use crate::execute::apply;
use crate::means::{enter, for_plan, next_day};
use crate::organisations::note;
use crate::provision::forecast;
use crate::{Error, Relais};
use jiff::Timestamp;
use jiff::civil::Date;
use relais_core::account::{Account, Cause};
use relais_core::authority::Actor;
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::lifecycle::{Command, GRACE_DAYS};
use relais_core::organisation::Organisation;
use relais_core::plan::renew_plan;
use relais_core::refusal::Refusal;
use relais_store::{Tx, accounts, organisations};
use serde_json::json;

/// Accounts in one transaction: others wait for it.
const BATCH: i64 = 100;

impl Relais {
    /// Renews what is due in every organisation.
    ///
    /// # Errors
    /// When the store cannot be read or written; what was renewed stays so.
    pub(crate) async fn renew_due(&self) -> Result<(), Error> {
        let now = self.now();
        for (organisation, asked_at) in self.look(move |tx| organisations::to_bill(tx, now)).await? {
            self.renew_organisation(&organisation, now).await?;
            let again = next_day(&organisation, now)?;
            // Not if someone paid in meanwhile: then it is looked at once more.
            self.store
                .write(move |tx| Ok::<_, Error>(organisations::billed(tx, organisation.id, asked_at, again)?))
                .await?;
        }
        Ok(())
    }

    async fn renew_organisation(&self, organisation: &Organisation, now: Timestamp) -> Result<(), Error> {
        let id = organisation.id;
        self.store.write(move |tx| renew_own_plan(tx, id, now)).await?;
        let mut after = None;
        loop {
            let ids = self.ids.clone();
            let last = self.store.write(move |tx| renew_page(tx, &ids, id, after, now)).await?;
            match last {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        let mut after = None;
        loop {
            let ids = self.ids.clone();
            match self.store.write(move |tx| reopen_page(tx, &ids, id, after, now)).await? {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        self.store.write(move |tx| notice_low(tx, id, now)).await?;
        self.settle_effects().await;
        Ok(())
    }
}

fn renew_own_plan(tx: &mut Tx<'_>, id: OrganisationId, now: Timestamp) -> Result<(), Error> {
    let actor = Actor::Billing { organisation: id };
    loop {
        let organisation = organisations::get(tx, id)?.ok_or(Error::NotFound)?;
        if organisation.plan_term.is_none() {
            return Ok(());
        }
        let facts = for_plan(tx, &organisation, now)?;
        match renew_plan(&organisation, &facts) {
            Ok(Some((next, entries))) => {
                organisations::update(tx, &next)?;
                enter(tx, id, &entries, &actor, now)?;
                let until = next.plan_term.and_then(|term| term.until());
                note(tx, id, "organisation.plan_renewed", id, json!({ "until": until }), actor, now)?;
            }
            // Unpaid: nothing new may be opened once the grace is over (`Means::check_room`).
            Ok(None) | Err(_) => return Ok(()),
        }
    }
}

/// Renews a page of what is due. Returns where it ended; `None` when nothing was left.
fn renew_page(
    tx: &mut Tx<'_>,
    ids: &crate::Ids,
    organisation: OrganisationId,
    after: Option<(Date, AccountId)>,
    now: Timestamp,
) -> Result<Option<(Date, AccountId)>, Error> {
    let found = organisations::get(tx, organisation)?.ok_or(Error::NotFound)?;
    let today = crate::means::day_of(&found, now)?;
    let due = accounts::due(tx, organisation, today, after, BATCH)?;
    let mut last = None;
    for account in due {
        last = account.term.and_then(|term| term.until()).map(|day| (day, account.id));
        renew_account(tx, ids, &account, today, now)?;
    }
    Ok(last)
}

fn renew_account(
    tx: &mut Tx<'_>,
    ids: &crate::Ids,
    account: &Account,
    today: Date,
    now: Timestamp,
) -> Result<(), Error> {
    let actor = Actor::Billing { organisation: account.organisation };
    let mut before = account.clone();
    loop {
        match apply(tx, ids, account.id, Command::Renew, &actor, now) {
            Ok(next) if next.term == before.term => return Ok(()),
            Ok(next) => before = next,
            Err(Error::Refused(Refusal::ProvisionShort { .. })) => break,
            Err(error) => return Err(error),
        }
    }
    let overdue = before.term.and_then(|term| term.overdue_days(today));
    if overdue.is_some_and(|days| days >= GRACE_DAYS) {
        let close = Command::Deactivate { cause: Cause::Billing, inbound: None };
        // Whoever answers for the provision stays, or nobody could pay.
        ignore_refusal(apply(tx, ids, account.id, close, &actor, now))?;
    }
    Ok(())
}

/// Opens what was closed for want of money, as far as there is some again.
fn reopen_page(
    tx: &mut Tx<'_>,
    ids: &crate::Ids,
    organisation: OrganisationId,
    after: Option<AccountId>,
    now: Timestamp,
) -> Result<Option<AccountId>, Error> {
    let actor = Actor::Billing { organisation };
    let closed = accounts::closed_by(tx, organisation, Cause::Billing, after, BATCH)?;
    for account in &closed {
        ignore_refusal(apply(tx, ids, account.id, Command::Reactivate, &actor, now))?;
    }
    Ok(closed.last().map(|account| account.id))
}

/// What a rule refuses stays as it is; what the store cannot do is tried again.
fn ignore_refusal(applied: Result<Account, Error>) -> Result<(), Error> {
    match applied {
        Ok(_) | Err(Error::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Tells once that the provision will not cover what is coming, until money is paid in.
fn notice_low(tx: &mut Tx<'_>, organisation: OrganisationId, now: Timestamp) -> Result<(), Error> {
    let short = forecast(tx, organisation, now)?.into_iter().find(|renewal| renewal.balance_minor < 0);
    let told = organisations::low_noticed_at(tx, organisation)?.is_some();
    match short {
        Some(renewal) if !told => {
            organisations::set_low_noticed(tx, organisation, Some(now))?;
            let detail = json!({ "on": renewal.on, "missing_minor": -renewal.balance_minor });
            let actor = Actor::Billing { organisation };
            note(tx, organisation, "provision.low", organisation, detail, actor, now)
        }
        None if told => Ok(organisations::set_low_noticed(tx, organisation, None)?),
        Some(_) | None => Ok(()),
    }
}
