//! Filters (RFC 7644, section 3.4.2.2): read from text against the attributes there are. The store makes SQL of one; what
//! selects items of a list in a change is asked here.

use super::path::Path;
use super::schema::{Attribute, Kind, Resource, Returned};
use crate::refusal::ScimFault;
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Operator {
    fn read(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "co" => Self::Contains,
            "sw" => Self::StartsWith,
            "ew" => Self::EndsWith,
            "gt" => Self::Greater,
            "ge" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "le" => Self::LessOrEqual,
            _ => return None,
        })
    }

    /// Whether `own` stands so to `wanted`; both in the case in which they are compared.
    #[must_use]
    pub fn holds(self, own: &str, wanted: &str) -> bool {
        match self {
            Self::Equal => own == wanted,
            Self::NotEqual => own != wanted,
            Self::Contains => own.contains(wanted),
            Self::StartsWith => own.starts_with(wanted),
            Self::EndsWith => own.ends_with(wanted),
            Self::Greater => own > wanted,
            Self::GreaterOrEqual => own >= wanted,
            Self::Less => own < wanted,
            Self::LessOrEqual => own <= wanted,
        }
    }
}

/// What an attribute is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Text(String),
    Truth(bool),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    Both(Box<Filter>, Box<Filter>),
    Either(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare {
        path: Path,
        operator: Operator,
        value: Literal,
    },
    Present {
        path: Path,
    },
    /// One item of the list is all of this; the paths in it are of its sub-attributes.
    Within {
        list: Path,
        filter: Box<Filter>,
    },
}

const CHARS_MAX: usize = 8_000;
const DEPTH_MAX: usize = 30;

impl Filter {
    /// # Errors
    /// [`ScimFault::Filter`] with the place where it cannot be read.
    pub fn parse(resource: Resource, text: &str) -> Result<Self, ScimFault> {
        whole(text, Scope::Resource(resource))
    }

    /// What stands in the brackets behind the name of a list.
    ///
    /// # Errors
    /// As [`Filter::parse`].
    pub fn parse_within(list: Path, text: &str) -> Result<Self, ScimFault> {
        whole(text, Scope::Item(list))
    }

    /// Whether an item of a list is one of those.
    #[must_use]
    pub fn selects(&self, item: &Value) -> bool {
        match self {
            Self::Both(one, other) => one.selects(item) && other.selects(item),
            Self::Either(one, other) => one.selects(item) || other.selects(item),
            Self::Not(filter) => !filter.selects(item),
            Self::Present { path } => item.get(path.leaf().name).is_some_and(|value| !value.is_null()),
            Self::Within { .. } => false,
            Self::Compare { path, operator, value } => {
                compare(path.leaf(), item.get(path.leaf().name), *operator, value)
            }
        }
    }

    /// What an item has to hold to be selected, if the filter says so plainly: of `type eq "work"`, the type.
    #[must_use]
    pub fn implied(&self) -> Option<Vec<(&'static str, Literal)>> {
        match self {
            Self::Both(one, other) => {
                let mut all = one.implied()?;
                all.extend(other.implied()?);
                Some(all)
            }
            Self::Compare { path, operator: Operator::Equal, value } => {
                Some(vec![(path.leaf().name, value.clone())])
            }
            Self::Either(..)
            | Self::Not(_)
            | Self::Compare { .. }
            | Self::Present { .. }
            | Self::Within { .. } => None,
        }
    }
}

fn compare(attribute: &Attribute, own: Option<&Value>, operator: Operator, wanted: &Literal) -> bool {
    match (own, wanted) {
        (Some(Value::Bool(own)), Literal::Truth(wanted)) => match operator {
            Operator::Equal => own == wanted,
            Operator::NotEqual => own != wanted,
            Operator::Contains
            | Operator::StartsWith
            | Operator::EndsWith
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::Less
            | Operator::LessOrEqual => false,
        },
        (Some(Value::String(own)), Literal::Text(wanted)) if attribute.is_case_exact => {
            operator.holds(own, wanted)
        }
        (Some(Value::String(own)), Literal::Text(wanted)) => {
            operator.holds(&own.to_lowercase(), &wanted.to_lowercase())
        }
        (_, _) => operator == Operator::NotEqual,
    }
}

/// What names are read against.
#[derive(Clone, Copy)]
enum Scope {
    Resource(Resource),
    Item(Path),
}

fn whole(text: &str, scope: Scope) -> Result<Filter, ScimFault> {
    let mut reader = Reader { text, at: 0, scope, depth: 0 };
    if text.chars().count() > CHARS_MAX {
        return Err(reader.fault());
    }
    let filter = reader.either()?;
    reader.space();
    if reader.at == text.len() { Ok(filter) } else { Err(reader.fault()) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    scope: Scope,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn fault(&self) -> ScimFault {
        let before = self.text.get(..self.at).unwrap_or_default();
        ScimFault::Filter { place: before.chars().count() + 1 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn takes(&mut self, sign: char) -> bool {
        self.space();
        let takes = self.rest().starts_with(sign);
        if takes {
            self.at += sign.len_utf8();
        }
        takes
    }

    /// A word up to a space, a bracket or a parenthesis.
    fn word(&mut self) -> &'a str {
        self.space();
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || "()[]\"".contains(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let before = self.at;
        let takes = self.word().eq_ignore_ascii_case(wanted);
        if !takes {
            self.at = before;
        }
        takes
    }

    fn either(&mut self) -> Result<Filter, ScimFault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fault());
        }
        let mut filter = self.both()?;
        while self.takes_word("or") {
            filter = Filter::Either(Box::new(filter), Box::new(self.both()?));
        }
        self.depth -= 1;
        Ok(filter)
    }

    fn both(&mut self) -> Result<Filter, ScimFault> {
        let mut filter = self.single()?;
        while self.takes_word("and") {
            filter = Filter::Both(Box::new(filter), Box::new(self.single()?));
        }
        Ok(filter)
    }

    fn single(&mut self) -> Result<Filter, ScimFault> {
        let before = self.at;
        if self.takes_word("not") {
            if self.takes('(') {
                return Ok(Filter::Not(Box::new(self.closed(')')?)));
            }
            self.at = before;
        }
        if self.takes('(') {
            return self.closed(')');
        }
        let path = self.path()?;
        if self.rest().starts_with('[') {
            self.at += 1;
            let outer = self.scope;
            let has_parts = path.part.is_none() && !path.attribute.parts().is_empty();
            if matches!(outer, Scope::Item(_)) || !has_parts {
                return Err(self.fault());
            }
            self.scope = Scope::Item(path);
            let filter = Box::new(self.closed(']')?);
            self.scope = outer;
            return Ok(Filter::Within { list: path, filter });
        }
        let at_operator = self.at;
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Present { path });
        }
        let Some(operator) = Operator::read(word) else {
            self.at = at_operator;
            return Err(self.fault());
        };
        self.compared(path, operator)
    }

    fn closed(&mut self, end: char) -> Result<Filter, ScimFault> {
        let filter = self.either()?;
        if self.takes(end) { Ok(filter) } else { Err(self.fault()) }
    }

    fn path(&mut self) -> Result<Path, ScimFault> {
        self.space();
        let before = self.at;
        let name = self.word();
        let found = match self.scope {
            Scope::Resource(resource) => Path::parse(resource, name).ok(),
            Scope::Item(list) => list.attribute.part(name).map(|part| Path { part: Some(part), ..list }),
        };
        // What is never shown is not guessed by asking either.
        found.filter(|path| path.leaf().returned != Returned::Never).ok_or_else(|| {
            self.at = before;
            self.fault()
        })
    }

    fn compared(&mut self, path: Path, operator: Operator) -> Result<Filter, ScimFault> {
        self.space();
        let before = self.at;
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<Value>();
        let Some(Ok(value)) = values.next() else { return Err(self.fault()) };
        self.at += values.byte_offset();
        let ordered = !matches!(operator, Operator::Equal | Operator::NotEqual);
        let value = match (path.leaf().kind, value) {
            (_, Value::Null) if operator == Operator::Equal => {
                return Ok(Filter::Not(Box::new(Filter::Present { path })));
            }
            (_, Value::Null) if operator == Operator::NotEqual => return Ok(Filter::Present { path }),
            (Kind::Boolean, Value::Bool(truth)) if !ordered => Literal::Truth(truth),
            // Entra writes truths as texts.
            (Kind::Boolean, Value::String(text)) if !ordered => match text.to_ascii_lowercase().as_str() {
                "true" => Literal::Truth(true),
                "false" => Literal::Truth(false),
                _ => return Err(self.fault()),
            },
            (Kind::Text | Kind::Time | Kind::Reference(_), Value::String(text)) => Literal::Text(text),
            (Kind::Text, Value::Number(number)) => Literal::Text(number.to_string()),
            (Kind::Binary, Value::String(text)) if !ordered => Literal::Text(text),
            (_, _) => {
                self.at = before;
                return Err(self.fault());
            }
        };
        Ok(Filter::Compare { path, operator, value })
    }
}
