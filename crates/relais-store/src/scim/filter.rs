//! Filters as SQL: one text for both databases. What is compared without case is compared by its key, in lower case.

use super::finding::Standings;
use crate::columns::time;
use crate::value::Value;
use jiff::Timestamp;
use relais_core::ids::{AccountId, GroupId};
use relais_core::refusal::ScimFault;
use relais_core::rights::State;
use relais_core::scim::{Filter, Literal, Operator, Path};
use relais_core::text::fold;

/// Longer values are told apart by their beginning alone: an index has to hold them.
const KEY_CHARS_MAX: usize = 256;

/// What a text is compared by without case.
pub fn key(text: &str) -> String {
    shortened(&text.to_lowercase())
}

pub fn shortened(text: &str) -> String {
    text.chars().take(KEY_CHARS_MAX).collect()
}

/// What is asked of one value.
enum Test<'a> {
    Present,
    Text(Operator, &'a str),
    Truth(bool),
}

/// A condition in the making; `$1` is the organisation.
pub struct Conditions<'a> {
    pub args: Vec<Value>,
    pub standings: &'a Standings,
}

/// `1` is compared, since PostgreSQL has no truth that is a number.
const ALWAYS: &str = "1 = 1";
const NEVER: &str = "1 = 0";
/// Nothing was said of the account `b`.
const UNSAID: &str = "NOT EXISTS (SELECT 1 FROM scim_users t WHERE t.account = b.id)";

impl Conditions<'_> {
    pub fn place(&mut self, value: impl Into<Value>) -> String {
        self.args.push(value.into());
        format!("${}", self.args.len())
    }

    /// What makes the account `a` one of those; `s` is what is said of it.
    pub fn people(&mut self, filter: &Filter) -> Result<String, ScimFault> {
        self.tree(filter, Self::people, Self::person_leaf, Self::person_within)
    }

    /// What makes the group `g` one of those; `s` is what is said of it.
    pub fn teams(&mut self, filter: &Filter) -> Result<String, ScimFault> {
        self.tree(filter, Self::teams, Self::team_leaf, |this, _, inner| this.teams(inner))
    }

    fn tree(
        &mut self,
        filter: &Filter,
        again: fn(&mut Self, &Filter) -> Result<String, ScimFault>,
        leaf: fn(&mut Self, &Path, &Test<'_>) -> Result<String, ScimFault>,
        within: fn(&mut Self, &Path, &Filter) -> Result<String, ScimFault>,
    ) -> Result<String, ScimFault> {
        Ok(match filter {
            Filter::Both(one, other) => format!("({} AND {})", again(self, one)?, again(self, other)?),
            Filter::Either(one, other) => format!("({} OR {})", again(self, one)?, again(self, other)?),
            Filter::Not(filter) => format!("(NOT {})", again(self, filter)?),
            Filter::Present { path } => leaf(self, path, &Test::Present)?,
            Filter::Within { list, filter } => within(self, list, filter)?,
            // Whoever has no value has not that one.
            Filter::Compare { path, operator: Operator::NotEqual, value } => {
                format!("(NOT {})", leaf(self, path, &test(Operator::Equal, value))?)
            }
            Filter::Compare { path, operator, value } => leaf(self, path, &test(*operator, value))?,
        })
    }

    fn person_leaf(&mut self, path: &Path, test: &Test<'_>) -> Result<String, ScimFault> {
        let unknown = || ScimFault::Path { path: path.key() };
        if path.extension.is_some() {
            return Ok(self.said(path, test, None));
        }
        let part = path.leaf().name;
        Ok(match path.attribute.name {
            "id" => {
                self.id(test, "a.id", |text| text.parse().ok().map(AccountId::number)).ok_or_else(unknown)?
            }
            "meta" => self.meta(part, test, "a", "user").ok_or_else(unknown)?,
            "userName" => {
                let (own, held) = (
                    self.text(test, "u.user_name_key", Case::Lower),
                    self.text(test, "b.address", Case::Lower),
                );
                format!(
                    "a.id IN (SELECT u.account FROM scim_users u WHERE u.organisation = $1 AND {own} \
                     UNION ALL SELECT b.id FROM accounts b WHERE b.organisation = $1 AND {held} AND {UNSAID})"
                )
            }
            "externalId" => {
                let own = self.text(test, "u.external_id", Case::Exact);
                format!("a.id IN (SELECT u.account FROM scim_users u WHERE u.organisation = $1 AND {own})")
            }
            "active" => match test {
                Test::Present => ALWAYS.to_owned(),
                Test::Truth(true) => self.active(),
                Test::Truth(false) => format!("(NOT {})", self.active()),
                Test::Text(..) => return Err(unknown()),
            },
            "groups" => self.in_group(part, test).ok_or_else(unknown)?,
            "displayName" => {
                let made_here = self.text(test, "b.name_key", Case::Folded);
                self.said(path, test, Some(&format!("{made_here} AND {UNSAID}")))
            }
            "roles" if part == "value" => {
                let own = self.text(test, "b.role", Case::Lower);
                self.said(path, test, Some(&format!("b.role <> 'member' AND {own}")))
            }
            "emails" => {
                let made_here = self.own_address(part, test);
                self.said(path, test, Some(&format!("{made_here} AND {UNSAID}")))
            }
            _ => self.said(path, test, None),
        })
    }

    /// Accounts of which a value is said, and those of which the organisation itself knows it.
    fn said(&mut self, path: &Path, test: &Test<'_>, known: Option<&str>) -> String {
        let (list, part) = (self.place(list_of(path)), self.place(part_of(path)));
        let case = if path.leaf().is_case_exact { Case::Exact } else { Case::Lower };
        let column = if path.leaf().is_case_exact { "v.value" } else { "v.key" };
        let own = self.text(test, column, case);
        let said = format!(
            "SELECT v.account FROM scim_values v WHERE v.organisation = $1 AND v.list = {list} AND v.part = {part} AND {own}"
        );
        match known {
            None => format!("a.id IN ({said})"),
            Some(known) => format!(
                "a.id IN ({said} UNION ALL SELECT b.id FROM accounts b WHERE b.organisation = $1 AND {known})"
            ),
        }
    }

    /// One item of a list is all of it.
    fn person_within(&mut self, list: &Path, filter: &Filter) -> Result<String, ScimFault> {
        if list.attribute.name == "groups" {
            return self.people(filter);
        }
        let name = self.place(list_of(list));
        let start = match filter.implied().unwrap_or_default().into_iter().find(|(part, _)| *part == "value")
        {
            Some((_, Literal::Text(text))) => {
                let value = self.place(key(&text));
                format!("v.part = 'value' AND v.key = {value}")
            }
            Some((_, Literal::Truth(_))) | None => ALWAYS.to_owned(),
        };
        let item = self.item(filter)?;
        let known = if list.attribute.name == "emails" {
            let own = self.own_item(filter)?;
            format!(" UNION ALL SELECT b.id FROM accounts b WHERE b.organisation = $1 AND {own} AND {UNSAID}")
        } else {
            String::new()
        };
        Ok(format!(
            "a.id IN (SELECT v.account FROM scim_values v WHERE v.organisation = $1 AND v.list = {name} AND {start} AND \
             {item}{known})"
        ))
    }

    fn item(&mut self, filter: &Filter) -> Result<String, ScimFault> {
        self.tree(filter, Self::item, Self::item_leaf, |_, list, _| Err(ScimFault::Path { path: list.key() }))
    }

    fn item_leaf(&mut self, path: &Path, test: &Test<'_>) -> Result<String, ScimFault> {
        let part = self.place(part_of(path));
        let (column, case) =
            if path.leaf().is_case_exact { ("w.value", Case::Exact) } else { ("w.key", Case::Lower) };
        let own = self.text(test, column, case);
        Ok(format!(
            "EXISTS (SELECT 1 FROM scim_values w WHERE w.account = v.account AND w.list = v.list AND w.item = v.item \
             AND w.part = {part} AND {own})"
        ))
    }

    fn own_item(&mut self, filter: &Filter) -> Result<String, ScimFault> {
        self.tree(filter, Self::own_item, Self::own_item_leaf, |_, list, _| {
            Err(ScimFault::Path { path: list.key() })
        })
    }

    fn own_item_leaf(&mut self, path: &Path, test: &Test<'_>) -> Result<String, ScimFault> {
        Ok(self.own_address(path.leaf().name, test))
    }

    /// The address of an account of which nothing is said is its one, preferred address for work.
    fn own_address(&mut self, part: &str, test: &Test<'_>) -> String {
        let known = match (part, test) {
            ("value", test) => return self.text(test, "b.address", Case::Lower),
            ("type" | "primary", Test::Present) => true,
            ("type", Test::Text(operator, wanted)) => operator.holds("work", &wanted.to_lowercase()),
            ("primary", Test::Truth(wanted)) => *wanted,
            (_, _) => false,
        };
        if known { ALWAYS } else { NEVER }.to_owned()
    }

    fn active(&mut self) -> String {
        let standings = self.standings;
        let (now, before, due) = (
            self.place(time(standings.now)),
            self.states("a.state", &standings.active),
            self.states("a.state", &standings.active_when_due),
        );
        format!("CASE WHEN a.leaves_at <= {now} THEN {due} ELSE {before} END")
    }

    /// Not as a key: an index that begins with it would be read and sorted whole.
    pub fn states(&mut self, column: &str, states: &[State]) -> String {
        if states.is_empty() {
            return NEVER.to_owned();
        }
        let places: Vec<String> = states.iter().map(|state| self.place(state.as_str())).collect();
        format!("(({column} || '') IN ({}))", places.join(", "))
    }

    fn in_group(&mut self, part: &str, test: &Test<'_>) -> Option<String> {
        let own = match (part, test) {
            ("value", test) => {
                self.id(test, "m.member_group", |text| text.parse().ok().map(GroupId::number))?
            }
            ("display", test) => self.text(test, "LOWER(g.name)", Case::Lower),
            (_, _) => return None,
        };
        Some(format!(
            "a.id IN (SELECT m.account FROM group_members m JOIN member_groups g ON g.id = m.member_group \
             WHERE g.organisation = $1 AND {own})"
        ))
    }

    fn team_leaf(&mut self, path: &Path, test: &Test<'_>) -> Result<String, ScimFault> {
        let unknown = || ScimFault::Path { path: path.key() };
        Ok(match (path.attribute.name, path.leaf().name) {
            ("id", _) => {
                self.id(test, "g.id", |text| text.parse().ok().map(GroupId::number)).ok_or_else(unknown)?
            }
            ("meta", part) => self.meta(part, test, "g", "group").ok_or_else(unknown)?,
            ("displayName", _) => {
                let by_key = self.text(test, "LOWER(g.name)", Case::Lower);
                // SQLite lowers ASCII alone.
                let as_it_is = self.text(test, "g.name", Case::Exact);
                format!("({by_key} OR {as_it_is})")
            }
            ("externalId", _) => {
                let own = self.text(test, "e.external_id", Case::Exact);
                format!(
                    "g.id IN (SELECT e.member_group FROM scim_groups e WHERE e.organisation = $1 AND {own})"
                )
            }
            ("members", "value") => {
                let account = self.id(test, "m.account", |text| text.parse().ok().map(AccountId::number));
                let group = self.id(test, "i.inner_group", |text| text.parse().ok().map(GroupId::number));
                let (account, group) = account.zip(group).ok_or_else(unknown)?;
                format!(
                    "g.id IN (SELECT m.member_group FROM group_members m WHERE {account} \
                     UNION ALL SELECT i.member_group FROM group_groups i WHERE {group})"
                )
            }
            (_, _) => return Err(unknown()),
        })
    }

    /// Ids are compared whole.
    fn id(&mut self, test: &Test<'_>, column: &str, read: fn(&str) -> Option<i64>) -> Option<String> {
        match test {
            Test::Present => Some(ALWAYS.to_owned()),
            Test::Text(Operator::Equal, text) => Some(match read(text) {
                Some(number) => {
                    let place = self.place(number);
                    format!("{column} = {place}")
                }
                None => NEVER.to_owned(),
            }),
            Test::Text(..) | Test::Truth(_) => None,
        }
    }

    fn meta(&mut self, part: &str, test: &Test<'_>, row: &str, kind: &str) -> Option<String> {
        let column = match part {
            "created" => format!("{row}.created_at"),
            "lastModified" => format!("COALESCE({row}.changed_at, {row}.created_at)"),
            "resourceType" => {
                let holds = match test {
                    Test::Present => true,
                    Test::Text(operator, wanted) => operator.holds(kind, &wanted.to_lowercase()),
                    Test::Truth(_) => return None,
                };
                return Some(if holds { ALWAYS } else { NEVER }.to_owned());
            }
            _ => return None,
        };
        let sign = match test {
            Test::Present => return Some(ALWAYS.to_owned()),
            Test::Text(Operator::Equal, _) => "=",
            Test::Text(Operator::Greater, _) => ">",
            Test::Text(Operator::GreaterOrEqual, _) => ">=",
            Test::Text(Operator::Less, _) => "<",
            Test::Text(Operator::LessOrEqual, _) => "<=",
            Test::Text(
                Operator::NotEqual | Operator::Contains | Operator::StartsWith | Operator::EndsWith,
                _,
            )
            | Test::Truth(_) => return None,
        };
        let Test::Text(_, text) = test else { return None };
        let at: Timestamp = text.parse().ok()?;
        let place = self.place(time(at));
        Some(format!("{column} {sign} {place}"))
    }

    /// A text column, which holds what `case` says.
    fn text(&mut self, test: &Test<'_>, column: &str, case: Case) -> String {
        let (operator, wanted) = match test {
            Test::Present => return format!("{column} IS NOT NULL"),
            Test::Truth(truth) => (Operator::Equal, if *truth { "true" } else { "false" }),
            Test::Text(operator, wanted) => (*operator, *wanted),
        };
        let wanted = match case {
            Case::Lower => key(wanted),
            Case::Folded => shortened(&fold(wanted)),
            Case::Exact => shortened(wanted),
        };
        if wanted.is_empty()
            && matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith)
        {
            return format!("{column} IS NOT NULL");
        }
        let place = self.place(wanted);
        match operator {
            Operator::Equal => format!("{column} = {place}"),
            Operator::NotEqual => format!("{column} <> {place}"),
            Operator::Greater => format!("{column} > {place}"),
            Operator::GreaterOrEqual => format!("{column} >= {place}"),
            Operator::Less => format!("{column} < {place}"),
            Operator::LessOrEqual => format!("{column} <= {place}"),
            // LIKE knows case on one database and not on the other.
            Operator::Contains => format!("REPLACE({column}, {place}, '') <> {column}"),
            Operator::StartsWith => format!("SUBSTR({column}, 1, LENGTH({place})) = {place}"),
            Operator::EndsWith => format!(
                "(LENGTH({column}) >= LENGTH({place}) AND SUBSTR({column}, LENGTH({column}) - LENGTH({place}) + 1) = {place})"
            ),
        }
    }
}

/// What a column holds of a text.
#[derive(Clone, Copy)]
enum Case {
    Lower,
    Folded,
    Exact,
}

fn test(operator: Operator, value: &Literal) -> Test<'_> {
    match value {
        Literal::Text(text) => Test::Text(operator, text),
        Literal::Truth(truth) => Test::Truth(*truth),
    }
}

/// As values are kept.
pub fn list_of(path: &Path) -> String {
    Path { part: None, ..*path }.key()
}

pub fn part_of(path: &Path) -> &'static str {
    path.part.or_else(|| path.attribute.part("value")).map_or("", |part| part.name)
}

/// Whether an index leads to the few that are found: then nothing else should be read.
pub fn is_selective(filter: &Filter) -> bool {
    match filter {
        Filter::Both(one, other) => is_selective(one) || is_selective(other),
        Filter::Either(one, other) => is_selective(one) && is_selective(other),
        Filter::Compare { path, operator: Operator::Equal, .. } => {
            !matches!(path.attribute.name, "active" | "meta" | "roles" | "userType")
        }
        Filter::Within { filter, .. } => {
            filter.implied().is_some_and(|implied| implied.iter().any(|(part, _)| *part == "value"))
        }
        Filter::Not(_) | Filter::Compare { .. } | Filter::Present { .. } => false,
    }
}
