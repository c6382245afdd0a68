//! Lists: filter, order and pages, by place (RFC 7644, section 3.4.2) or by cursor (RFC 9865).

use super::ask::Ask;
use super::shape::Shape;
use super::{Denial, Reply, Visit};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use relais_app::core::ids::GroupId;
use relais_app::core::refusal::ScimFault;
use relais_app::core::scim::{Filter, Path, Resource};
use relais_app::read::scim::{Query, Sort, Start};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// How many a page has if nothing is said, and how many at most.
pub const COUNT: i64 = 100;
pub const COUNT_MAX: i64 = 1_000;
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// What a list is asked for.
struct Wanted {
    filter: Option<Filter>,
    sort: Option<Sort>,
    count: i64,
    place: Place,
    /// What a cursor is bound to: the same list.
    mark: String,
}

/// Where a page begins.
#[derive(Clone, Copy)]
enum Place {
    /// From 1.
    Index(i64),
    Cursor(Start),
}

/// A page that was found.
struct Found {
    resources: Vec<Value>,
    total: Option<i64>,
    /// Where the next one begins.
    next: Option<Start>,
}

impl Wanted {
    fn of(resource: Resource, said: &Map<String, Value>) -> Result<Self, Denial> {
        let text = |name: &str| said.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let number = |name: &str| match said.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => number.as_i64().map(Some).ok_or(ScimFault::CountInvalid),
            Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| ScimFault::CountInvalid),
            Some(_) => Err(ScimFault::CountInvalid),
        };
        let filter = text("filter").map(|text| Filter::parse(resource, text)).transpose()?;
        let is_down = text("sortOrder").is_some_and(|order| order.eq_ignore_ascii_case("descending"));
        let sort = text("sortBy").map(|name| Path::parse(resource, name)).transpose()?;
        let sort = sort.map(|path| if is_down { Sort::Descending(path) } else { Sort::Ascending(path) });
        let mut hash = Sha256::new();
        for name in ["filter", "sortBy", "sortOrder"] {
            hash.update(text(name).unwrap_or_default());
            hash.update([0]);
        }
        hash.update(resource.name());
        let mark = URL_SAFE_NO_PAD.encode(&hash.finalize()[..6]);
        let place = match said.get("cursor").and_then(Value::as_str) {
            Some("") => Place::Cursor(Start::After(0)),
            Some(cursor) => Place::Cursor(read_cursor(cursor, &mark)?),
            None => Place::Index(number("startIndex")?.unwrap_or(1).max(1)),
        };
        let count = number("count")?.unwrap_or(COUNT).clamp(0, COUNT_MAX);
        Ok(Self { filter, sort, count, place, mark })
    }

    fn query(&self) -> Query {
        let start = match self.place {
            Place::Index(index) => Start::After(index - 1),
            Place::Cursor(start) => start,
        };
        Query { filter: self.filter.clone(), sort: self.sort, start, count_max: self.count }
    }

    /// Where the page behind this one begins, if this one is full.
    fn next(&self, last: Option<i64>, found: usize) -> Option<Start> {
        let found = i64::try_from(found).unwrap_or(i64::MAX);
        if found < self.count || self.count == 0 {
            return None;
        }
        match (self.sort, self.place) {
            (None, Place::Cursor(_)) => last.map(Start::Behind),
            (Some(_), Place::Cursor(Start::After(skipped))) => Some(Start::After(skipped + found)),
            (_, _) => None,
        }
    }
}

fn write_cursor(start: Start, mark: &str) -> String {
    let text = match start {
        Start::After(skipped) => format!("a{skipped}.{mark}"),
        Start::Behind(number) => format!("b{number}.{mark}"),
    };
    URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(cursor: &str, mark: &str) -> Result<Start, ScimFault> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let read = || {
        let text = text.as_deref()?;
        let (start, own) = text.split_once('.')?;
        let number: i64 = start.get(1..)?.parse().ok()?;
        let start = match start.get(..1)? {
            "a" => Start::After(number),
            "b" => Start::Behind(number),
            _ => return None,
        };
        (own == mark && number >= 0).then_some(start)
    };
    read().ok_or(ScimFault::CursorInvalid)
}

impl Visit {
    pub async fn list(&self, resource: Resource, ask: &Ask) -> Result<Reply, Denial> {
        self.listed(resource, &ask.query).await
    }

    /// The same with the query in the body (RFC 7644, section 3.4.3).
    pub async fn search(&self, resource: Resource, ask: &Ask) -> Result<Reply, Denial> {
        let Value::Object(said) = &ask.body else { return Err(ScimFault::Syntax.into()) };
        self.listed(resource, said).await
    }

    async fn listed(&self, resource: Resource, said: &Map<String, Value>) -> Result<Reply, Denial> {
        let (wanted, shape) = (Wanted::of(resource, said)?, Shape::of(resource, said));
        let found = self.found(resource, &wanted, &wanted.query(), &shape).await?;
        let mut body = json!({
            "schemas": [LIST], "itemsPerPage": found.resources.len(), "Resources": found.resources,
        });
        if let Some(total) = found.total {
            body["totalResults"] = json!(total);
        }
        match wanted.place {
            Place::Index(index) => body["startIndex"] = json!(index),
            Place::Cursor(_) => {
                if let Some(next) = found.next {
                    body["nextCursor"] = json!(write_cursor(next, &wanted.mark));
                }
            }
        }
        Ok(Reply::ok(body))
    }

    async fn found(
        &self,
        resource: Resource,
        wanted: &Wanted,
        query: &Query,
        shape: &Shape,
    ) -> Result<Found, Denial> {
        let own = self.organisation;
        let (resources, total, last): (Vec<_>, _, _) = match resource {
            Resource::User => {
                let page = self.app.find_enrolled(own, query.clone(), shape.ties("groups")).await?;
                let last = page.found.last().map(|found| found.person.account.id.number());
                (page.found.iter().map(|found| self.user(found)).collect(), page.total, last)
            }
            Resource::Group => {
                let page = self.app.find_enrolled_groups(own, query.clone()).await?;
                let last = page.found.last().copied().map(GroupId::number);
                (self.groups(page.found, shape).await?, page.total, last)
            }
        };
        let next = wanted.next(last, resources.len());
        let resources = resources.into_iter().map(|one| shape.apply(one)).collect();
        Ok(Found { resources, total, next })
    }

    /// Users, and behind them groups (RFC 7644, section 3.4.3). What only one of them has finds nothing of the other.
    pub async fn search_all(&self, ask: &Ask) -> Result<Reply, Denial> {
        let Value::Object(said) = &ask.body else { return Err(ScimFault::Syntax.into()) };
        let (mut resources, mut total, mut fault) = (Vec::new(), 0, None);
        let (mut index, mut is_known) = (1, false);
        for resource in Resource::ALL {
            let wanted = match Wanted::of(resource, said) {
                Ok(wanted) => wanted,
                Err(denial) => {
                    fault = Some(denial);
                    continue;
                }
            };
            is_known = true;
            let Place::Index(asked) = wanted.place else { return Err(ScimFault::CursorInvalid.into()) };
            index = asked;
            let shown = i64::try_from(resources.len()).unwrap_or(i64::MAX);
            let query = Query {
                start: Start::After((index - 1 - total).max(0)),
                count_max: wanted.count - shown,
                ..wanted.query()
            };
            let found = self.found(resource, &wanted, &query, &Shape::of(resource, said)).await?;
            total += found.total.unwrap_or_default();
            resources.extend(found.resources);
        }
        match fault {
            Some(fault) if !is_known => Err(fault),
            Some(_) | None => Ok(Reply::ok(json!({
                "schemas": [LIST], "totalResults": total, "startIndex": index,
                "itemsPerPage": resources.len(), "Resources": resources,
            }))),
        }
    }
}
