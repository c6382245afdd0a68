//! What Relais takes of what a provider says: the address, the name, the profile, the role.

use super::document::Document;
use super::schema::ENTERPRISE;
use crate::account::Account;
use crate::address::EmailAddress;
use crate::authority::Role;
use crate::profile::{LIST_ITEMS_MAX, Phone, PhoneKind, PostalAddress, Profile, TEXT_CHARS_MAX};
use crate::refusal::{Refusal, ScimFault};
use crate::rights::{Act, require};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The domains that addresses can be made on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// All whose addresses the organisation may give.
    pub open: Vec<String>,
    /// Those of them that are its own.
    pub own: Vec<String>,
}

fn text<'a>(document: &'a Document, name: &str) -> Option<&'a str> {
    document.get(name)?.as_str()
}

fn within<'a>(document: &'a Document, name: &str, part: &str) -> Option<&'a str> {
    document.get(name)?.get(part)?.as_str()
}

fn items<'a>(document: &'a Document, name: &str) -> &'a [Value] {
    document.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The address of the account: the first that the organisation may give of the userName, the preferred mail address,
/// the one for work, the others; a userName that is no address, before the organisation's own domain, if it has one
/// alone. What cannot be given is answered all the same where it is the only one: the refusal then names the domain.
///
/// # Errors
/// [`ScimFault::AddressMissing`] when there is none.
pub fn address_of(document: &Document, known: &Known) -> Result<EmailAddress, ScimFault> {
    let user_name = text(document, "userName").unwrap_or_default();
    let mut emails: Vec<&Value> = items(document, "emails").iter().collect();
    emails.sort_by_key(|email| {
        let is_primary = email.get("primary") == Some(&Value::Bool(true));
        (!is_primary, email.get("type").and_then(Value::as_str) != Some("work"))
    });
    let said = std::iter::once(user_name)
        .chain(emails.iter().filter_map(|email| email.get("value")?.as_str()))
        .filter_map(|text| text.trim().parse::<EmailAddress>().ok());
    let said: Vec<EmailAddress> = said.collect();
    let hosted = said.iter().find(|address| known.open.iter().any(|domain| domain == address.domain()));
    if let Some(address) = hosted {
        return Ok(address.clone());
    }
    let missing = || ScimFault::AddressMissing { user_name: user_name.to_owned() };
    match (&known.own[..], user_name.contains('@')) {
        ([domain], false) => format!("{user_name}@{domain}").parse().map_err(|_| missing()),
        (_, _) => said.into_iter().next().ok_or_else(missing),
    }
}

/// The name that others see.
#[must_use]
pub fn name_of(document: &Document) -> String {
    let whole = |name: Option<&str>| name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    let parts: Vec<&str> =
        ["givenName", "familyName"].iter().filter_map(|part| within(document, "name", part)).collect();
    let name = whole(text(document, "displayName"))
        .or_else(|| whole(within(document, "name", "formatted")))
        .or_else(|| whole(Some(&parts.join(" "))))
        .or_else(|| whole(text(document, "userName")))
        .unwrap_or_default();
    name.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

/// What has a place in a profile. A value that would be refused there is the provider's alone: it is kept word for word
/// all the same.
#[must_use]
pub fn profile_of(document: &Document, known: &Known) -> Profile {
    let short = |text: &str| {
        let text = text.trim();
        let fits = text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control);
        (fits && !text.is_empty()).then(|| text.to_owned())
    };
    let department = document.get(ENTERPRISE).and_then(|said| said.get("department")?.as_str());
    let number = |item: &Value| {
        let kind = match item.get("type")?.as_str()? {
            "work" => PhoneKind::Work,
            "mobile" => PhoneKind::Mobile,
            "home" => PhoneKind::Home,
            _ => return None,
        };
        let value = item.get("value")?.as_str()?;
        let number = value.strip_prefix("tel:").unwrap_or(value).trim().to_owned();
        crate::profile::is_phone_number(&number).then_some(Phone { kind, number })
    };
    let elsewhere = items(document, "emails").iter().filter_map(|email| {
        let address: EmailAddress = email.get("value")?.as_str()?.trim().parse().ok()?;
        (!known.open.iter().any(|domain| domain == address.domain())).then_some(address)
    });
    Profile {
        given_name: within(document, "name", "givenName").and_then(short),
        family_name: within(document, "name", "familyName").and_then(short),
        phones: items(document, "phoneNumbers").iter().filter_map(number).take(LIST_ITEMS_MAX).collect(),
        postal_address: postal_address(document, &short),
        birth_date: None,
        external_address: elsewhere.into_iter().next(),
        job_title: text(document, "title").and_then(short),
        department: department.and_then(short),
    }
    .tidied()
}

/// The preferred one, or the first.
fn postal_address(document: &Document, short: &impl Fn(&str) -> Option<String>) -> PostalAddress {
    let all = items(document, "addresses");
    let chosen = all.iter().find(|one| one.get("primary") == Some(&Value::Bool(true))).or(all.first());
    let part = |name: &str| chosen.and_then(|one| one.get(name)?.as_str());
    let country =
        part("country").map(str::to_ascii_uppercase).filter(|code| crate::profile::is_country(code));
    PostalAddress {
        street: part("streetAddress")
            .map(|lines| lines.lines().filter_map(short).take(LIST_ITEMS_MAX).collect())
            .unwrap_or_default(),
        postal_code: part("postalCode").and_then(short),
        city: part("locality").and_then(short),
        country,
    }
}

/// What is known of the person once the provider says `after` where it said `before`: what it does not change stays.
#[must_use]
pub fn merge_profile(known: Profile, before: &Profile, after: &Profile) -> Profile {
    fn pick<T: Clone + PartialEq>(known: T, before: &T, after: &T) -> T {
        if before == after { known } else { after.clone() }
    }
    Profile {
        given_name: pick(known.given_name, &before.given_name, &after.given_name),
        family_name: pick(known.family_name, &before.family_name, &after.family_name),
        phones: pick(known.phones, &before.phones, &after.phones),
        postal_address: pick(known.postal_address, &before.postal_address, &after.postal_address),
        birth_date: known.birth_date,
        external_address: pick(known.external_address, &before.external_address, &after.external_address),
        job_title: pick(known.job_title, &before.job_title, &after.job_title),
        department: pick(known.department, &before.department, &after.department),
    }
}

fn named(value: &Value) -> Option<Role> {
    let name = value.get("value")?.as_str()?;
    Role::ALL.into_iter().find(|role| role.as_str().eq_ignore_ascii_case(name))
}

/// The role that the provider names, if it names one of ours: the preferred one, or the first.
#[must_use]
pub fn role_of(document: &Document) -> Option<Role> {
    let roles = items(document, "roles");
    let primary = roles.iter().filter(|role| role.get("primary") == Some(&Value::Bool(true)));
    primary.chain(roles).find_map(named)
}

/// The roles of an account as they are shown: the provider's own words, and of ours the one that the account has.
#[must_use]
pub fn shown_roles(document: &Document, role: Role) -> Vec<Value> {
    let said = items(document, "roles");
    let mut shown: Vec<Value> =
        said.iter().filter(|one| named(one).is_none_or(|named| named == role)).cloned().collect();
    if role != Role::Member && !shown.iter().any(|one| named(one) == Some(role)) {
        shown.push(json!({ "value": role.as_str() }));
    }
    shown
}

/// What is frozen while an account may not change what it is (R10): its name at the provider, its type, its roles.
///
/// # Errors
/// The refusal of the table, when one of them changes.
pub fn check_frozen(
    account: &Account,
    before: &Document,
    after: &Document,
    now: Timestamp,
) -> Result<(), Refusal> {
    let roles = |of: &Document| -> Vec<Value> {
        items(of, "roles").iter().filter_map(|role| role.get("value").cloned()).collect()
    };
    let same = |name: &str| before.get(name) == after.get(name);
    if same("userName") && same("userType") && roles(before) == roles(after) {
        return Ok(());
    }
    require(account, Act::ChangeIdentity, now)
}

/// The role that is to be given, if one is: what the provider names, or that of a member where it named another one
/// before and names none any more. What was given here stays.
#[must_use]
pub fn role_wanted(account: &Account, said_before: Option<&Document>, after: &Document) -> Option<Role> {
    let wanted = match (role_of(after), said_before.and_then(role_of)) {
        (Some(named), _) => named,
        (None, Some(before)) if before == account.role => Role::Member,
        (None, _) => return None,
    };
    (wanted != account.role).then_some(wanted)
}
