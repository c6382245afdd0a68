//! What a provider of identities says of people and groups by SCIM, as far as it is rules: which attributes there are
//! (RFC 7643), what a filter and a change mean (RFC 7644, sections 3.4.2.2 and 3.5.2), and what Relais itself takes
//! from them.
//!
//! What a provider says of a person is kept word for word and given back so. The account and the profile take from it
//! what they have a place for, whenever the provider changes it; what somebody changes here in between stays until then.

mod document;
mod filter;
mod patch;
mod path;
mod person;
mod schema;

pub use document::{Document, canonical};
pub use filter::{Filter, Literal, Operator};
pub use patch::{Change, Operation, Step, apply, members_changed, operations};
pub use path::{Path, parse_shape};
pub use person::{
    Known, address_of, check_frozen, merge_profile, name_of, profile_of, role_of, role_wanted, shown_roles,
};
pub use schema::{
    Attribute, ENTERPRISE, GROUP, Kind, Mutability, Resource, Returned, SCHEMAS, Schema, USER, Uniqueness,
};

/// Which act says whether a resource is `active`: whoever can be deactivated is.
pub const ACTIVE: crate::rights::Act = crate::rights::Act::BeDeactivated;
/// And which, whether there is a resource at all: a tombstone is none.
pub const THERE: crate::rights::Act = crate::rights::Act::ChangeAttributes;
