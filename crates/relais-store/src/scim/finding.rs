//! Finding accounts and groups: filters, order, pages by place or behind the last one shown.

use super::filter::{Conditions, is_selective, list_of, part_of};
use crate::tx::{Error, Tx};
use jiff::Timestamp;
use relais_core::ids::{AccountId, GroupId, OrganisationId};
use relais_core::refusal::ScimFault;
use relais_core::rights::State;
use relais_core::scim::{Filter, Path};

/// What the table says of states, for those that are many.
#[derive(Debug, Clone)]
pub struct Standings {
    /// Of which there is a resource.
    pub there: Vec<State>,
    /// Which are active, and which while their leaving time has passed.
    pub active: Vec<State>,
    pub active_when_due: Vec<State>,
    pub now: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Ascending(Path),
    Descending(Path),
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Behind so many.
    After(i64),
    /// Behind the one with this number, in the order of ids.
    Behind(i64),
}

#[derive(Debug, Clone)]
pub struct Query {
    pub filter: Option<Filter>,
    pub sort: Option<Sort>,
    pub start: Start,
    pub count_max: i64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub found: Vec<T>,
    /// How many there are on all pages; not counted again behind the first.
    pub total: Option<i64>,
}

/// What one kind of resource is read from.
struct Source {
    from: &'static str,
    organisation: &'static str,
    id: &'static str,
    order: String,
}

/// # Errors
/// In the inner result, the attribute that cannot be asked for like this.
pub fn find_people(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    query: &Query,
    standings: &Standings,
) -> Result<Result<Page<AccountId>, ScimFault>, Error> {
    let mut conditions = Conditions { args: vec![organisation.number().into()], standings };
    let there = conditions.states("a.state", &standings.there);
    let mut sql = format!("{there} AND s.detached_at IS NULL");
    if let Some(filter) = &query.filter {
        match conditions.people(filter) {
            Ok(condition) => sql.push_str(&format!(" AND {condition}")),
            Err(fault) => return Ok(Err(fault)),
        }
    }
    let mut sorted = |path: &Path| match (path.extension.is_some(), path.attribute.name) {
        (false, "userName") => Some("COALESCE(s.user_name_key, a.address)".to_owned()),
        (false, "id") => Some("a.id".to_owned()),
        (false, "externalId") => Some("s.external_id".to_owned()),
        (false, "meta") if path.leaf().name == "created" => Some("a.created_at".to_owned()),
        (false, "meta") if path.leaf().name == "lastModified" => {
            Some("COALESCE(a.changed_at, a.created_at)".to_owned())
        }
        (false, "meta" | "groups" | "active") => None,
        (_, name) => {
            let (list, part) = (conditions.place(list_of(path)), conditions.place(part_of(path)));
            let said = format!(
                "(SELECT v.key FROM scim_values v WHERE v.account = a.id AND v.list = {list} AND v.part = {part} \
                 ORDER BY v.item LIMIT 1)"
            );
            let known = match name {
                "displayName" => "a.name_key",
                "emails" if part_of(path) == "value" => "a.address",
                _ => return Some(said),
            };
            Some(format!("COALESCE({said}, CASE WHEN s.account IS NULL THEN {known} END)"))
        }
    };
    let order = match order(query.sort, "a.id", &mut sorted) {
        Ok(order) => order,
        Err(fault) => return Ok(Err(fault)),
    };
    let source = Source {
        from: "accounts a LEFT JOIN scim_users s ON s.account = a.id",
        organisation: "a.organisation",
        id: "a.id",
        order,
    };
    let total = match &query.filter {
        None if matches!(query.start, Start::After(_)) => Some(count_all(tx, organisation, standings)?),
        None | Some(_) => None,
    };
    let page = page(tx, &source, sql, conditions, query, total)?;
    Ok(Ok(Page { found: page.found.into_iter().map(AccountId::from_number).collect(), total: page.total }))
}

/// From an index alone: a list of everybody is asked for a page at a time, with the number of all.
fn count_all(tx: &mut Tx<'_>, organisation: OrganisationId, standings: &Standings) -> Result<i64, Error> {
    let mut total = 0;
    for state in &standings.there {
        let args = [organisation.number().into(), state.as_str().into()];
        let sql = "SELECT COUNT(*) FROM accounts WHERE organisation = $1 AND state = $2";
        total += tx.query_opt(sql, &args)?.map_or(Ok(0), |row| row.int(0))?;
    }
    let mut conditions = Conditions { args: vec![organisation.number().into()], standings };
    let there = conditions.states("a.state", &standings.there);
    let sql = format!(
        "SELECT COUNT(*) FROM scim_users s JOIN accounts a ON a.id = s.account \
         WHERE s.organisation = $1 AND s.detached_at IS NOT NULL AND {there}"
    );
    let detached = tx.query_opt(&sql, &conditions.args)?.map_or(Ok(0), |row| row.int(0))?;
    Ok(total - detached)
}

/// # Errors
/// As [`find_people`].
pub fn find_groups(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    query: &Query,
    standings: &Standings,
) -> Result<Result<Page<GroupId>, ScimFault>, Error> {
    let mut conditions = Conditions { args: vec![organisation.number().into()], standings };
    let sql = match query.filter.as_ref().map(|filter| conditions.teams(filter)).transpose() {
        Ok(condition) => condition.unwrap_or_else(|| "1 = 1".to_owned()),
        Err(fault) => return Ok(Err(fault)),
    };
    let mut sorted = |path: &Path| match (path.attribute.name, path.leaf().name) {
        ("displayName", _) => Some("LOWER(g.name)".to_owned()),
        ("id", _) => Some("g.id".to_owned()),
        ("externalId", _) => Some("s.external_id".to_owned()),
        ("meta", "created") => Some("g.created_at".to_owned()),
        ("meta", "lastModified") => Some("COALESCE(g.changed_at, g.created_at)".to_owned()),
        (_, _) => None,
    };
    let order = match order(query.sort, "g.id", &mut sorted) {
        Ok(order) => order,
        Err(fault) => return Ok(Err(fault)),
    };
    let source = Source {
        from: "member_groups g LEFT JOIN scim_groups s ON s.member_group = g.id",
        organisation: "g.organisation",
        id: "g.id",
        order,
    };
    let page = page(tx, &source, sql, conditions, query, None)?;
    Ok(Ok(Page { found: page.found.into_iter().map(GroupId::from_number).collect(), total: page.total }))
}

/// Whoever has no value comes last (RFC 7644, section 3.4.2.3), and first in the other direction.
fn order(
    sort: Option<Sort>,
    id: &str,
    sorted: &mut dyn FnMut(&Path) -> Option<String>,
) -> Result<String, ScimFault> {
    let (path, direction) = match sort {
        None => return Ok(id.to_owned()),
        Some(Sort::Ascending(path)) => (path, "ASC"),
        Some(Sort::Descending(path)) => (path, "DESC"),
    };
    let by = sorted(&path).ok_or_else(|| ScimFault::Path { path: path.key() })?;
    Ok(format!("CASE WHEN {by} IS NULL THEN 1 ELSE 0 END {direction}, {by} {direction}, {id}"))
}

fn page(
    tx: &mut Tx<'_>,
    source: &Source,
    sql: String,
    mut conditions: Conditions<'_>,
    query: &Query,
    counted: Option<i64>,
) -> Result<Page<i64>, Error> {
    let Source { from, organisation, id, order } = source;
    // Where an index leads to the few that are found, that of the organisation would only be in the way.
    let is_found_by_index = query.filter.as_ref().is_some_and(is_selective);
    let own = if is_found_by_index { format!("({organisation} + 0)") } else { (*organisation).to_owned() };
    let found = format!("FROM {from} WHERE {own} = $1 AND {sql}");
    let (behind, skip) = match query.start {
        Start::After(skip) => (String::new(), skip),
        Start::Behind(number) => {
            let place = conditions.place(number);
            (format!(" AND {id} > {place}"), 0)
        }
    };
    let mut page = Page { found: vec![], total: counted };
    if query.count_max > 0 && counted != Some(0) {
        let (limit, offset) = (conditions.place(query.count_max), conditions.place(skip));
        let sql = format!("SELECT {id} {found}{behind} ORDER BY {order} LIMIT {limit} OFFSET {offset}");
        let rows = tx.query(&sql, &conditions.args)?;
        page.found = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    }
    if page.total.is_none() && matches!(query.start, Start::After(_)) {
        let count = i64::try_from(page.found.len()).unwrap_or(i64::MAX);
        let is_last = count < query.count_max && (count > 0 || skip == 0);
        page.total = Some(if is_last { skip + count } else { count_found(tx, &found, &conditions)? });
    }
    Ok(page)
}

fn count_found(tx: &mut Tx<'_>, found: &str, conditions: &Conditions<'_>) -> Result<i64, Error> {
    let sql = format!("SELECT COUNT(*) {found}");
    // Places of the order are not in it, and PostgreSQL wants each argument used.
    let args = used(&sql, conditions);
    tx.query_opt(&sql, &args)?.map_or(Ok(0), |row| row.int(0))
}

/// The arguments that a statement names: those up to the last of them.
fn used(sql: &str, conditions: &Conditions<'_>) -> Vec<crate::value::Value> {
    let last = (1..=conditions.args.len()).rev().find(|number| {
        sql.match_indices(&format!("${number}"))
            .any(|(at, place)| !sql[at + place.len()..].starts_with(|next: char| next.is_ascii_digit()))
    });
    conditions.args[..last.unwrap_or(0)].to_vec()
}
