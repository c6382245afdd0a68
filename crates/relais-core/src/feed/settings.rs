//! How a feed is set up: where, whom, and what of them.

use crate::application::is_whole_url;
use crate::ids::GroupId;
use crate::refusal::{FeedFault, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedSettings {
    /// Where its SCIM is: what stands before `/Users`.
    #[schema(example = "https://boards.example/scim/v2")]
    pub url: String,
    /// Only accounts in these groups, or in groups in them, are there; all where none is named.
    #[serde(default)]
    pub only_groups: Vec<GroupId>,
    /// What a person is called there.
    #[serde(default = "Source::address")]
    pub user_name: Source,
    /// By what a person is recognised there.
    #[serde(default = "Source::account")]
    pub external_id: Source,
    /// What is told of a person besides.
    #[serde(default = "Told::usual")]
    pub attributes: Vec<Told>,
    #[serde(default)]
    pub groups: GroupsSent,
    #[serde(default)]
    pub when_closed: WhenClosed,
    #[serde(default)]
    pub when_deleted: WhenGone,
    #[serde(default)]
    pub changes: Changes,
}

/// Where a name is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The account's id: it never changes.
    Account,
    /// The main address.
    Address,
    /// What stands before the @ of it.
    LocalPart,
    /// What the organisation's identity provider calls the person; the address, where it says nothing.
    ProviderName,
    /// The external id that the identity provider gave.
    ProviderId,
}

impl Source {
    fn address() -> Self {
        Self::Address
    }

    fn account() -> Self {
        Self::Account
    }
}

/// What may be told of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    DisplayName,
    Name,
    Emails,
    Title,
    Department,
    PhoneNumbers,
    PostalAddress,
}

impl Told {
    /// No more than an application needs to show who somebody is.
    fn usual() -> Vec<Self> {
        vec![Self::DisplayName, Self::Name, Self::Emails]
    }
}

/// Whether the application has the groups too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupsSent {
    /// All; where accounts are chosen by groups, those groups.
    #[default]
    Sent,
    LeftOut,
}

/// What becomes there of whoever is deactivated here, or is no longer among those it is to have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenClosed {
    /// `active: false`.
    #[default]
    Close,
    Remove,
}

/// What becomes there of whoever is deleted here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenGone {
    #[default]
    Remove,
    /// `active: false`.
    Close,
}

/// How a change is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changes {
    /// By PATCH (RFC 7644, section 3.5.2): only what differs.
    #[default]
    Patch,
    /// By PUT (section 3.5.1), for servers without PATCH: what it has, with what differs put in.
    Put,
}

pub const TOKEN_BYTES_MAX: usize = 8_000;

impl FeedSettings {
    /// # Errors
    /// [`FeedFault::UrlInvalid`].
    pub fn check(&self) -> Result<(), Refusal> {
        if is_whole_url(&self.url) && !self.url.contains('?') {
            Ok(())
        } else {
            Err(FeedFault::UrlInvalid { url: self.url.clone() }.into())
        }
    }
}

/// Whether `token` can stand in a header (RFC 6750, section 2.1).
///
/// # Errors
/// [`FeedFault::TokenInvalid`].
pub fn check_token(token: &str) -> Result<(), Refusal> {
    let fits = !token.is_empty() && token.len() <= TOKEN_BYTES_MAX;
    if fits && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(FeedFault::TokenInvalid.into())
    }
}
