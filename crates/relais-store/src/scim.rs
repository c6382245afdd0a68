//! What providers of identities say of accounts and groups.

mod filter;
mod finding;
mod tokens;

pub use finding::{Page, Query, Sort, Standings, Start, find_groups, find_people};
pub use tokens::{ScimToken, insert_token, revoke_token, token_by_secret, token_used, tokens};

use crate::columns::{at, json, opt_time};
use crate::tx::{Error, Tx};
use crate::value::Value;
use crate::{accounts, groups};
use jiff::Timestamp;
use relais_core::account::Account;
use relais_core::authority::Role;
use relais_core::ids::{AccountId, GroupId, OrganisationId};
use relais_core::organisation::Group;
use relais_core::scim::{Document, ENTERPRISE, Kind, Resource};
use serde_json::Value as Json;

/// What is said of an account, besides its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub user_name: String,
    pub external_id: Option<String>,
    /// Everything else, word for word.
    pub attributes: Document,
    /// Since when it is not there for providers.
    pub detached_at: Option<Timestamp>,
}

/// An account with what is said of it; nothing of whoever was made here.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub account: Account,
    pub said: Option<Said>,
    pub changed_at: Timestamp,
    /// The number of the last event that told of it.
    pub version: i64,
}

pub fn person(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Person>, Error> {
    let Some(account) = accounts::get(tx, id)? else { return Ok(None) };
    let sql = "SELECT a.changed_at, a.last_event, s.user_name, s.external_id, s.attributes, s.detached_at \
               FROM accounts a LEFT JOIN scim_users s ON s.account = a.id WHERE a.id = $1";
    let Some(row) = tx.query_opt(sql, &[id.number().into()])? else { return Ok(None) };
    let place = |column| at("scim_users", column);
    let said = match row.opt_text(2)? {
        None => None,
        Some(user_name) => Some(Said {
            user_name: user_name.to_owned(),
            external_id: row.opt_text(3)?.map(str::to_owned),
            attributes: place("attributes").json(id, row.text(4)?)?,
            detached_at: place("detached_at").opt_time(id.number(), row.opt_int(5)?)?,
        }),
    };
    let changed_at = at("accounts", "changed_at").opt_time(id.number(), row.opt_int(0)?)?;
    Ok(Some(Person {
        changed_at: changed_at.unwrap_or(account.created_at),
        account,
        said,
        version: row.int(1)?,
    }))
}

/// The account that is called `user_name`, in any case: by what is said of it, or by its address where nothing is.
pub fn by_user_name(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    user_name: &str,
) -> Result<Option<AccountId>, Error> {
    let args = [organisation.number().into(), filter::key(user_name).into()];
    let said = "SELECT account FROM scim_users WHERE organisation = $1 AND user_name_key = $2";
    if let Some(row) = tx.query_opt(said, &args)? {
        return Ok(Some(AccountId::from_number(row.int(0)?)));
    }
    let held = "SELECT a.id FROM accounts a JOIN addresses d ON d.target_kind = 'account' AND d.target_id = a.id \
                WHERE a.organisation = $1 AND a.address = $2 AND d.address = $2 \
                AND NOT EXISTS (SELECT 1 FROM scim_users s WHERE s.account = a.id)";
    tx.query_opt(held, &args)?.map(|row| Ok(AccountId::from_number(row.int(0)?))).transpose()
}

pub fn by_external_id(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    external_id: &str,
) -> Result<Option<AccountId>, Error> {
    let sql = "SELECT account FROM scim_users WHERE organisation = $1 AND external_id = $2";
    tx.query_opt(sql, &[organisation.number().into(), external_id.into()])?
        .map(|row| Ok(AccountId::from_number(row.int(0)?)))
        .transpose()
}

/// Keeps what is said in the place of what was.
///
/// # Errors
/// `Constraint` when another account is called so, or has the external id.
pub fn set(
    tx: &mut Tx<'_>,
    account: AccountId,
    organisation: OrganisationId,
    said: &Said,
) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO scim_users (account, organisation, user_name, user_name_key, external_id, attributes, detached_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account) DO UPDATE SET user_name = excluded.user_name, \
         user_name_key = excluded.user_name_key, external_id = excluded.external_id, attributes = excluded.attributes, \
         detached_at = excluded.detached_at",
        &[
            account.number().into(),
            organisation.number().into(),
            said.user_name.as_str().into(),
            filter::key(&said.user_name).into(),
            said.external_id.as_deref().into(),
            json(&said.attributes),
            opt_time(said.detached_at),
        ],
    )?;
    tx.execute("DELETE FROM scim_values WHERE account = $1", &[account.number().into()])?;
    let values = values_of(&said.attributes);
    for rows in values.chunks(ROWS_AT_ONCE) {
        let mut args: Vec<Value> = vec![account.number().into(), organisation.number().into()];
        let mut places = Vec::new();
        for row in rows {
            let first = args.len() + 1;
            let [list, item, part, key, value] = [first, first + 1, first + 2, first + 3, first + 4];
            places.push(format!("($1, $2, ${list}, ${item}, ${part}, ${key}, ${value})"));
            args.extend([
                row.list.as_str().into(),
                row.item.into(),
                row.part.into(),
                filter::key(row.value).into(),
                filter::shortened(row.value).into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO scim_values (account, organisation, list, item, part, key, value) VALUES {}",
            places.join(", ")
        );
        tx.execute(&sql, &args)?;
    }
    Ok(())
}

const ROWS_AT_ONCE: usize = 100;

/// One value that can be asked for.
struct Indexed<'a> {
    list: String,
    item: i64,
    part: &'a str,
    value: &'a str,
}

fn values_of(attributes: &Document) -> Vec<Indexed<'_>> {
    let mut found = Vec::new();
    for (name, value) in attributes {
        match value {
            Json::Object(inner) if name == ENTERPRISE => {
                for (name, value) in inner {
                    push_all(&mut found, &format!("enterprise:{name}"), value);
                }
            }
            // Our own roles are those of the account, whatever was said of them.
            Json::Array(items) if name == "roles" => {
                let own = |item: &&Json| {
                    let named = item.get("value").and_then(Json::as_str).unwrap_or_default();
                    !Role::ALL.iter().any(|role| role.as_str().eq_ignore_ascii_case(named))
                };
                for (number, item) in (0..).zip(items.iter().filter(own)) {
                    push_parts(&mut found, name, number, item);
                }
            }
            value => push_all(&mut found, name, value),
        }
    }
    let binary = |row: &Indexed<'_>| {
        let attribute = Resource::User.attribute(&row.list).and_then(|attribute| attribute.part(row.part));
        attribute.is_some_and(|attribute| attribute.kind == Kind::Binary)
    };
    found.retain(|row| !binary(row));
    found
}

fn push_all<'a>(found: &mut Vec<Indexed<'a>>, list: &str, value: &'a Json) {
    match value {
        Json::Array(items) => {
            for (number, item) in (0..).zip(items) {
                push_parts(found, list, number, item);
            }
        }
        Json::Object(_) => push_parts(found, list, 0, value),
        value => found.extend(text_of(value).map(|value| Indexed {
            list: list.to_owned(),
            item: 0,
            part: "",
            value,
        })),
    }
}

fn push_parts<'a>(found: &mut Vec<Indexed<'a>>, list: &str, item: i64, value: &'a Json) {
    for (part, value) in value.as_object().into_iter().flatten() {
        let list = list.to_owned();
        found.extend(text_of(value).map(|value| Indexed { list, item, part, value }));
    }
}

fn text_of(value: &Json) -> Option<&str> {
    match value {
        Json::String(text) => Some(text),
        Json::Bool(true) => Some("true"),
        Json::Bool(false) => Some("false"),
        Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Forgets what is said of whoever is gone for good.
pub fn erase(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    for table in ["scim_values", "scim_users"] {
        tx.execute(&format!("DELETE FROM {table} WHERE account = $1"), &[account.number().into()])?;
    }
    Ok(())
}

/// A group with what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Team {
    pub group: Group,
    pub external_id: Option<String>,
    pub changed_at: Timestamp,
    /// The number of the last event that told of it.
    pub version: i64,
}

pub fn team(tx: &mut Tx<'_>, id: GroupId) -> Result<Option<Team>, Error> {
    let Some(group) = groups::get(tx, id)? else { return Ok(None) };
    let sql = "SELECT g.changed_at, g.last_event, s.external_id FROM member_groups g \
               LEFT JOIN scim_groups s ON s.member_group = g.id WHERE g.id = $1";
    let Some(row) = tx.query_opt(sql, &[id.number().into()])? else { return Ok(None) };
    let changed_at = at("member_groups", "changed_at").opt_time(id.number(), row.opt_int(0)?)?;
    Ok(Some(Team {
        changed_at: changed_at.unwrap_or(group.created_at),
        group,
        external_id: row.opt_text(2)?.map(str::to_owned),
        version: row.int(1)?,
    }))
}

pub fn group_by_external_id(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    external_id: &str,
) -> Result<Option<GroupId>, Error> {
    let sql = "SELECT member_group FROM scim_groups WHERE organisation = $1 AND external_id = $2";
    tx.query_opt(sql, &[organisation.number().into(), external_id.into()])?
        .map(|row| Ok(GroupId::from_number(row.int(0)?)))
        .transpose()
}

pub fn group_named(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    name: &str,
) -> Result<Option<GroupId>, Error> {
    let sql = "SELECT id FROM member_groups WHERE organisation = $1 AND name = $2";
    tx.query_opt(sql, &[organisation.number().into(), name.into()])?
        .map(|row| Ok(GroupId::from_number(row.int(0)?)))
        .transpose()
}

/// Who is in a group itself, as far as providers see them.
pub fn members(tx: &mut Tx<'_>, group: GroupId, standings: &Standings) -> Result<Vec<AccountId>, Error> {
    let mut conditions = filter::Conditions { args: vec![group.number().into()], standings };
    let there = conditions.states("a.state", &standings.there);
    let sql = format!(
        "SELECT m.account FROM group_members m JOIN accounts a ON a.id = m.account \
         LEFT JOIN scim_users s ON s.account = a.id \
         WHERE m.member_group = $1 AND s.detached_at IS NULL AND {there} ORDER BY m.account"
    );
    tx.query(&sql, &conditions.args)?.iter().map(|row| Ok(AccountId::from_number(row.int(0)?))).collect()
}

/// # Errors
/// `Constraint` when another group has it.
pub fn set_group_external_id(
    tx: &mut Tx<'_>,
    group: GroupId,
    organisation: OrganisationId,
    external_id: Option<&str>,
) -> Result<(), Error> {
    match external_id {
        Some(external_id) => tx.execute_one(
            "INSERT INTO scim_groups (member_group, organisation, external_id) VALUES ($1, $2, $3) \
             ON CONFLICT (member_group) DO UPDATE SET external_id = excluded.external_id",
            &[group.number().into(), organisation.number().into(), external_id.into()],
        ),
        None => {
            tx.execute("DELETE FROM scim_groups WHERE member_group = $1", &[group.number().into()]).map(drop)
        }
    }
}
