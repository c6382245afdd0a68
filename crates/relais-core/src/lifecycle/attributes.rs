//! What changes on an account without touching its state: its displayed name, its quota, a legal hold.

use super::{Answer, Decision, changed, check_name, done};
use crate::account::{Account, LegalHold};
use crate::quota;
use crate::refusal::Refusal;
use crate::rights::{Act, require};
use jiff::Timestamp;
use serde_json::json;

/// The event tells that the name changed, not to what: the log outlives the account.
pub(super) fn set_name(account: &Account, name: String, now: Timestamp) -> Answer {
    require(account, Act::ChangeAttributes, now)?;
    check_name(&name)?;
    if name == account.name {
        return Ok(Decision::Unchanged);
    }
    let mut next = account.clone();
    next.name = name;
    done(changed(next, "account.profile_set", json!({ "fields": ["name"] })))
}

pub(super) fn set_quota(account: &Account, quota_bytes: Option<i64>, now: Timestamp) -> Answer {
    require(account, Act::ChangeAttributes, now)?;
    quota::check(quota_bytes)?;
    if quota_bytes == account.quota_bytes {
        return Ok(Decision::Unchanged);
    }
    let mut next = account.clone();
    next.quota_bytes = quota_bytes;
    let detail = json!({ "from": account.quota_bytes, "to": quota_bytes });
    done(changed(next, "account.quota_set", detail))
}

/// Somebody has to keep everything of this account, for a reason that is written down (X7).
pub(super) fn set_legal_hold(account: &Account, reason: Option<String>, now: Timestamp) -> Answer {
    require(account, Act::ChangeAttributes, now)?;
    let kept = account.legal_hold.as_ref().map(|hold| &hold.reason);
    if kept == reason.as_ref() {
        return Ok(Decision::Unchanged);
    }
    if reason.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Refusal::ReasonMissing);
    }
    let mut next = account.clone();
    next.legal_hold = reason.map(|reason| LegalHold { reason, since: now });
    let detail = json!({ "from": account.legal_hold, "to": next.legal_hold });
    done(changed(next, "account.legal_hold_set", detail))
}
