//! What applications keep for the leaver, given to the successor.

use super::steps::Run;
use super::undo;
use crate::content::reassigning::{reassign_in, undo_in};
use crate::{Error, Ids};
use jiff::Timestamp;
use relais_core::address::EmailAddress;
use relais_core::authority::Actor;
use relais_core::content::{ContentCount, ContentFate, ContentKind, Reassign, Selection, check_heir};
use relais_core::departure::{ContentChoice, StepReport};
use relais_core::ids::ReassignmentId;
use relais_core::refusal::Refusal;
use relais_store::Tx;
use relais_store::accounts;
use relais_store::content::{count_of_owner, reassigning};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the successor has now.
#[derive(Serialize, Deserialize)]
struct ContentGiven {
    reassignment: ReassignmentId,
    to: EmailAddress,
    items: i64,
    kinds: Vec<ContentCount>,
}

pub(super) fn reassign(run: &mut Run<'_, '_, '_>) -> Result<serde_json::Value, Error> {
    Ok(json!(give(run)?))
}

/// Calendars and address books have a step of their own.
fn give(run: &mut Run<'_, '_, '_>) -> Result<ContentGiven, Error> {
    let Some(address) = run.plan.successor.clone() else {
        return Err(Error::Internal("nobody takes over".into()));
    };
    let leaver = run.account()?;
    let successor = accounts::holding(run.tx, &address)?;
    let successor = successor.ok_or_else(|| Refusal::SuccessorNotActive { address: address.clone() })?;
    check_heir(&leaver, &successor, run.now)?;
    let selection = Selection::Kinds { kinds: ContentKind::OF_APPLICATIONS.to_vec() };
    let wanted = Reassign { to: successor.id, selection };
    let made = reassign_in(run.tx, run.ids, &leaver, &wanted, &run.actor, run.now)?;
    let kinds = reassigning::count_kinds(run.tx, made.id)?;
    Ok(ContentGiven { reassignment: made.id, to: address, items: made.items, kinds })
}

/// What was registered since goes after the rest; what is to be erased is erased with the account.
pub(super) fn before_deletion(run: &mut Run<'_, '_, '_>) -> Result<Option<ContentFate>, Error> {
    match run.plan.content {
        ContentChoice::Reassign => {
            if count_of_owner(run.tx, run.plan.account)? > 0 {
                give(run)?;
            }
            Ok(None)
        }
        ContentChoice::Erase => Ok(Some(ContentFate::Erase)),
        ContentChoice::Keep => Ok(None),
    }
}

/// What is still the successor's is the leaver's again.
pub(super) fn take_back(
    tx: &mut Tx<'_>,
    ids: &Ids,
    report: &StepReport,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let given: ContentGiven = undo::read(report)?;
    let made = reassigning::get(tx, given.reassignment)?.ok_or(Error::NotFound)?;
    undo_in(tx, ids, &made, actor, now)
}
