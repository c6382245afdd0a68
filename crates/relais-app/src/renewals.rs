//! Renewals: what is due is paid from the provision, once per period however often this runs or is killed, because the
//! charge and the new term of an account are one transaction. What cannot be paid goes on for a while, is then closed with
//! its mail kept and delivered, and opens again by itself when the provision suffices.

use crate::execute::apply;
use crate::letters::Letter;
use crate::licences::count_today;
use crate::means::{enter, for_plan, next_day};
use crate::organisations::{answerable, note};
use crate::provision::{Renewal, forecast};
use crate::{Error, Relais};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use relais_core::account::{Account, Cause};
use relais_core::authority::Actor;
use relais_core::ids::{AccountId, OrganisationId};
use relais_core::language::Language;
use relais_core::lifecycle::{Command, GRACE_DAYS};
use relais_core::organisation::Organisation;
use relais_core::plan::renew_plan;
use relais_core::refusal::Refusal;
use relais_store::{Tx, accounts, organisations};
use serde_json::json;

/// Accounts in one transaction: others wait for it.
const BATCH: i64 = 100;
/// After trouble in one organisation.
const RETRY_DELAY: SignedDuration = SignedDuration::from_mins(1);

impl Relais {
    /// Renews what is due in every organisation. One in which that fails is tried again later, and keeps no other waiting.
    ///
    /// # Errors
    /// When the store cannot be read or written; what was renewed stays so.
    pub(crate) async fn renew_due(&self) -> Result<(), Error> {
        let now = self.now();
        for (organisation, asked_at) in self.look(move |tx| organisations::to_bill(tx, now)).await? {
            let renewed = self.renew_organisation(&organisation, now).await;
            let again = match renewed.and_then(|()| next_day(&organisation, now)) {
                Ok(tomorrow) => tomorrow,
                Err(error) => {
                    tracing::warn!(%error, organisation = %organisation.id, "renewals are tried again later");
                    now + RETRY_DELAY
                }
            };
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
        self.store.write(move |tx| count_today(tx, id, now)).await?;
        self.tell_low_provision(organisation, now).await?;
        self.settle_effects().await;
        Ok(())
    }
}

impl Relais {
    /// Tells once that the provision will not cover what is coming, until money is paid in.
    async fn tell_low_provision(&self, organisation: &Organisation, now: Timestamp) -> Result<(), Error> {
        let id = organisation.id;
        let Some(short) = self.store.write(move |tx| untold_shortage(tx, id, now)).await? else {
            return Ok(());
        };
        for account in self.store.read(move |tx| answerable(tx, id, now)).await? {
            let letter = low_letter(organisation, &account, &short);
            self.act_with_letter(letter, |tx, written| written.post(tx)).await?;
        }
        self.store
            .write(move |tx| {
                organisations::set_low_noticed(tx, id, Some(now))?;
                let detail = json!({ "on": short.on, "missing_minor": -short.balance_minor });
                note(tx, id, "provision.low", id, detail, Actor::Billing { organisation: id }, now)
            })
            .await
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
        let close = Command::Deactivate { cause: Cause::Billing, inbound: None, content: None };
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

/// The first renewals that the provision will not cover, if nobody was told of them.
fn untold_shortage(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Option<Renewal>, Error> {
    let short = forecast(tx, organisation, now)?.into_iter().find(|renewal| renewal.balance_minor < 0);
    let told = organisations::low_noticed_at(tx, organisation)?.is_some();
    if told && short.is_none() {
        organisations::set_low_noticed(tx, organisation, None)?;
    }
    Ok(short.filter(|_| !told))
}

fn low_letter(organisation: &Organisation, to: &Account, short: &Renewal) -> Letter {
    let language = organisation.language;
    let missing = organisation.currency.format(-short.balance_minor, language);
    let name = &organisation.name;
    let (subject, text) = match language {
        Language::French => {
            let day = short.on.strftime("%d/%m/%Y");
            (
                format!("La provision ne suffira pas le {day}"),
                format!(
                    "Bonjour,\n\nLa provision de {name} ne suffira pas pour les renouvellements du {day} : il manquera {missing}.\n\n\
                     Créditez-la avant ce jour. Sinon les comptes concernés restent ouverts {GRACE_DAYS} jours de plus, puis \
                     sont fermés ; leurs messages continuent d'arriver et d'être gardés, et ils rouvrent d'eux-mêmes dès que la \
                     provision suffit.\n"
                ),
            )
        }
        Language::English => {
            let day = short.on.strftime("%-d %B %Y");
            (
                format!("The provision will fall short on {day}"),
                format!(
                    "Hello,\n\nThe provision of {name} will not cover the renewals of {day}: {missing} will be missing.\n\n\
                     Top it up before that day. Otherwise the accounts concerned stay open for {GRACE_DAYS} more days and are then \
                     closed; their mail goes on arriving and is kept, and they open again by themselves as soon as the provision \
                     suffices.\n"
                ),
            )
        }
    };
    let key = format!("provision low {} {} {} {}", organisation.id, to.id, short.on, short.balance_minor);
    Letter {
        organisation: organisation.clone(),
        to: to.address.clone(),
        subject,
        text,
        key,
        notifies: Some(to.id),
    }
}
