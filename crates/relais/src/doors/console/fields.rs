//! What a form or a query says: names and values, some of them more than once. A field that is left empty was not filled
//! in.

use super::fault::Fault;
use super::visitor::Visitor;
use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use relais_app::core::address::EmailAddress;
use std::str::FromStr;

#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Names and their values, as they came.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of `name` that is not empty, without the spaces around it.
    pub fn get<'a>(&'a self, name: &str) -> Option<&'a str> {
        let named = self.0.iter().filter(|(field, _)| field == name);
        named.map(|(_, value)| value.trim()).find(|value| !value.is_empty())
    }

    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Everything but `name`, to be asked again.
    pub fn without<'a>(&'a self, name: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let others = self.0.iter().filter(move |(field, value)| field != name && !value.is_empty());
        others.map(|(field, value)| (field.as_str(), value.as_str()))
    }

    /// As it was typed, spaces and all: for passwords.
    pub fn verbatim(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub fn need(&self, name: &'static str) -> Result<&str, Fault> {
        self.get(name).ok_or(Fault::Missing { field: name })
    }

    /// Read as something; `None` where it is absent or nothing of the kind.
    pub fn read<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// An address, if one is typed.
    pub fn address(&self, name: &str, visitor: &Visitor) -> Result<Option<EmailAddress>, Fault> {
        let unfit = |_| Fault::Unfit { field: visitor.pick("adresse", "address") };
        self.get(name).map(|typed| typed.parse().map_err(unfit)).transpose()
    }

    /// An address that has to be typed.
    pub fn need_address(&self, name: &str, visitor: &Visitor) -> Result<EmailAddress, Fault> {
        let missing = Fault::Missing { field: visitor.pick("adresse", "address") };
        self.address(name, visitor)?.ok_or(missing)
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl FromIterator<(&'static str, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (&'static str, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// The fields of the query.
pub struct Asked(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let Query(pairs) = Query::from_request_parts(parts, state).await?;
        Ok(Self(Fields(pairs)))
    }
}

/// The fields of a form that was sent.
pub struct Sent(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let Form(pairs) = Form::from_request(request, state).await?;
        Ok(Self(Fields(pairs)))
    }
}
