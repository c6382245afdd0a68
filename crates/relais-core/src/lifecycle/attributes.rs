//! What changes on an account without touching its state: its displayed name and its quota.

use super::{Answer, Decision, changed, check_name, done, require};
use crate::account::Account;
use crate::quota;
use crate::rights::Act;
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
