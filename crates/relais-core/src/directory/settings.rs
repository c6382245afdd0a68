//! How a directory is reached and read, and what of it becomes what here.

use super::{Person, Said, Values};
use crate::refusal::{DirectoryFault, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub kind: DirectoryKind,
    /// Name or address of the server.
    #[schema(examples("ldap.bm.com"))]
    pub host: String,
    /// 636 with TLS and 389 without, if absent.
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub encryption: Encryption,
    /// Whoever signed the server's certificate (PEM), if no authority that this machine trusts.
    #[serde(default)]
    pub ca: Option<String>,
    /// As whom it is read; nobody if empty.
    #[serde(default)]
    #[schema(examples("cn=relais,ou=services,dc=bm,dc=com"))]
    pub bind_dn: String,
    /// Below which people are.
    #[schema(examples("ou=people,dc=bm,dc=com"))]
    pub base: String,
    /// Which entries are people (RFC 4515).
    #[serde(default)]
    #[schema(examples("(objectClass=inetOrgPerson)"))]
    pub filter: Option<String>,
    /// Which of them may not sign in, besides those whose own attributes say so.
    #[serde(default)]
    pub disabled_filter: Option<String>,
    #[serde(default)]
    pub reading: Reading,
    #[serde(default)]
    pub attributes: Attributes,
    /// Put behind an address that has no domain, where it is a login.
    #[serde(default)]
    #[schema(examples("bm.com"))]
    pub domain: Option<String>,
    /// Groups are left alone without it.
    #[serde(default)]
    pub groups: Option<GroupSettings>,
    #[serde(default)]
    pub guard: Guard,
    /// How often it is read by itself; only when asked if absent.
    #[serde(default = "quarter_of_an_hour")]
    #[schema(examples(15))]
    pub every_minutes: Option<u32>,
    #[serde(default)]
    pub sign_in: SignIn,
    /// Where several directories know a person, the one with the lowest number decides.
    #[serde(default = "first")]
    pub precedence: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryKind {
    /// OpenLDAP, or another server of RFC 4511 with entryUUID (RFC 4530).
    OpenLdap,
    ActiveDirectory,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// From the first byte (LDAPS).
    #[default]
    Tls,
    /// Asked for before anything else (RFC 4511, section 4.14).
    StartTls,
    /// Only to a server on the same machine.
    None,
}

/// How much is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// What changed since the last time: RFC 4533, or uSNChanged with Active Directory.
    #[default]
    Changes,
    /// Everything, page by page.
    Whole,
}

/// Whether people sign in with the password they have there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    #[default]
    Off,
    Bind,
}

/// Which attribute is what. Absent: the usual one of the directory's kind. Empty: not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Attributes {
    /// The address, or the login to which `domain` is added.
    pub address: Option<String>,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub phone: Option<String>,
    pub mobile: Option<String>,
    pub job_title: Option<String>,
    pub department: Option<String>,
}

/// Which groups of the directory become groups here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    pub base: String,
    #[serde(default)]
    #[schema(examples("(objectClass=groupOfNames)"))]
    pub filter: Option<String>,
    /// `cn` if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// `member` if absent; its values are names of entries.
    #[serde(default)]
    pub member: Option<String>,
}

/// When so many would be suspended at once, a person has to say so (X8). Nothing read at all is held too, whatever the
/// numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    pub count_max: u32,
    /// Of those who are there; up to three people are never too many.
    pub percent_max: u32,
}

impl Default for Guard {
    fn default() -> Self {
        Self { count_max: 50, percent_max: 10 }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what is absent and what is null differ")]
fn quarter_of_an_hour() -> Option<u32> {
    Some(15)
}

fn first() -> i64 {
    1
}

/// Longer ones are nobody's.
const TEXT_BYTES_MAX: usize = 1000;
const CA_BYTES_MAX: usize = 100_000;
const MINUTES_MAX: u32 = 7 * 24 * 60;

impl Settings {
    /// # Errors
    /// [`DirectoryFault::SettingInvalid`] with the field.
    pub fn check(&self) -> Result<(), Refusal> {
        let wrong = |field: &'static str| Err(DirectoryFault::SettingInvalid { field }.into());
        let plain = |text: &str| {
            text.len() <= TEXT_BYTES_MAX && !text.chars().any(char::is_control) && !text.is_empty()
        };
        let host = |letter: char| letter.is_ascii_alphanumeric() || ".-:".contains(letter);
        if !plain(&self.host) || !self.host.chars().all(host) {
            return wrong("host");
        }
        if !plain(&self.base) {
            return wrong("base");
        }
        if !self.bind_dn.is_empty() && !plain(&self.bind_dn) {
            return wrong("bind_dn");
        }
        for (field, filter) in [
            ("filter", &self.filter),
            ("disabled_filter", &self.disabled_filter),
            ("groups.filter", &self.groups.as_ref().and_then(|groups| groups.filter.clone())),
        ] {
            if filter.as_ref().is_some_and(|filter| !plain(filter) || !is_balanced(filter)) {
                return wrong(field);
            }
        }
        if self.groups.as_ref().is_some_and(|groups| !plain(&groups.base)) {
            return wrong("groups.base");
        }
        if self.domain.as_ref().is_some_and(|domain| crate::address::domain_name(domain).is_none()) {
            return wrong("domain");
        }
        if self.ca.as_ref().is_some_and(|ca| ca.len() > CA_BYTES_MAX || !ca.contains("BEGIN CERTIFICATE")) {
            return wrong("ca");
        }
        if !self.attribute_names().iter().all(|name| is_attribute(name)) {
            return wrong("attributes");
        }
        if self.guard.percent_max > 100 {
            return wrong("guard.percent_max");
        }
        if self.every_minutes.is_some_and(|minutes| !(1..=MINUTES_MAX).contains(&minutes)) {
            return wrong("every_minutes");
        }
        Ok(())
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.encryption {
            Encryption::Tls => 636,
            Encryption::StartTls | Encryption::None => 389,
        })
    }

    #[must_use]
    pub fn people_filter(&self) -> &str {
        self.filter.as_deref().unwrap_or(match self.kind {
            DirectoryKind::OpenLdap => "(objectClass=inetOrgPerson)",
            // Machines are users there too, and this leaves them out.
            DirectoryKind::ActiveDirectory => "(&(objectCategory=person)(objectClass=user))",
        })
    }

    /// Which entries may not sign in, where that is asked for besides what each says of itself: it says everything, so that
    /// whoever is not found may.
    #[must_use]
    pub fn disabled_filter(&self) -> Option<String> {
        let own = match self.kind {
            DirectoryKind::OpenLdap => "(pwdAccountLockedTime=000001010000Z)(nsAccountLock=TRUE)",
            // A bit of a number ([MS-ADTS], section 3.1.1.3.4.4.1).
            DirectoryKind::ActiveDirectory => "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        };
        let asked = self.disabled_filter.as_ref()?;
        Some(format!("(&{}(|{asked}{own}))", self.people_filter()))
    }

    /// Whether reading goes on behind what was read by `before`: not once other entries or other values are meant.
    #[must_use]
    pub fn reads_as(&self, before: &Self) -> bool {
        let read = |settings: &Self| {
            let Self { kind, host, port, base, filter, disabled_filter, attributes, domain, .. } =
                settings.clone();
            (kind, host, port, base, filter, disabled_filter, attributes, domain)
        };
        read(self) == read(before)
    }

    /// Everything that has to be read of a person.
    #[must_use]
    pub fn attribute_names(&self) -> Vec<String> {
        let own = Field::ALL.into_iter().filter_map(|field| self.attribute(field));
        let mut names: Vec<String> = own.chain(std::iter::once("cn")).map(str::to_lowercase).collect();
        names.extend(self.flags().iter().map(|name| (*name).to_owned()));
        names.sort();
        names.dedup();
        names
    }

    fn flags(&self) -> &'static [&'static str] {
        match self.kind {
            DirectoryKind::OpenLdap => &["pwdaccountlockedtime", "nsaccountlock"],
            DirectoryKind::ActiveDirectory => &["useraccountcontrol"],
        }
    }

    fn attribute(&self, field: Field) -> Option<&str> {
        let Attributes { address, name, given_name, family_name, phone, mobile, job_title, department } =
            &self.attributes;
        let is_ad = self.kind == DirectoryKind::ActiveDirectory;
        let (chosen, usual) = match field {
            Field::Address => (address, "mail"),
            Field::Name => (name, if is_ad { "displayName" } else { "cn" }),
            Field::GivenName => (given_name, "givenName"),
            Field::FamilyName => (family_name, "sn"),
            Field::Phone => (phone, "telephoneNumber"),
            Field::Mobile => (mobile, "mobile"),
            Field::JobTitle => (job_title, "title"),
            Field::Department => (department, if is_ad { "department" } else { "ou" }),
        };
        Some(chosen.as_deref().unwrap_or(usual)).filter(|name| !name.is_empty())
    }

    /// Who an entry is.
    #[must_use]
    pub fn person_of(&self, values: &Values) -> Person {
        let value_of = |name: &str| {
            let value = values.get(&name.to_lowercase())?.first()?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let value = |field| self.attribute(field).and_then(value_of);
        let address = value(Field::Address).map(|text| match &self.domain {
            Some(domain) if !text.contains('@') => format!("{text}@{domain}"),
            Some(_) | None => text,
        });
        Person {
            name: value(Field::Name)
                .or_else(|| value_of("cn"))
                .or_else(|| address.clone())
                .unwrap_or_default(),
            address,
            given_name: value(Field::GivenName),
            family_name: value(Field::FamilyName),
            phone: value(Field::Phone),
            mobile: value(Field::Mobile),
            job_title: value(Field::JobTitle),
            department: value(Field::Department),
        }
    }

    /// Whether an entry's own attributes let its person sign in.
    #[must_use]
    pub fn said_of(&self, values: &Values) -> Said {
        let value = |name: &str| values.get(name).and_then(|values| values.first()).map(String::as_str);
        let disabled = match self.kind {
            // Locked for good by somebody. Any other time is a lock after wrong passwords, which a stranger can cause.
            DirectoryKind::OpenLdap => {
                value("pwdaccountlockedtime") == Some("000001010000Z")
                    || value("nsaccountlock").is_some_and(|text| text.eq_ignore_ascii_case("true"))
            }
            DirectoryKind::ActiveDirectory => value("useraccountcontrol")
                .and_then(|text| text.parse::<i64>().ok())
                .is_some_and(|flags| flags & ACCOUNT_DISABLED != 0),
        };
        if disabled { Said::Disabled } else { Said::Enabled }
    }

    /// Whether a field is kept as the directory has it.
    #[must_use]
    pub fn reads(&self, field: Field) -> bool {
        self.attribute(field).is_some()
    }
}

/// ADS_UF_ACCOUNTDISABLE ([MS-ADTS], section 2.2.16).
const ACCOUNT_DISABLED: i64 = 2;

/// What is read of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Address,
    Name,
    GivenName,
    FamilyName,
    Phone,
    Mobile,
    JobTitle,
    Department,
}

impl Field {
    const ALL: [Self; 8] = [
        Self::Address,
        Self::Name,
        Self::GivenName,
        Self::FamilyName,
        Self::Phone,
        Self::Mobile,
        Self::JobTitle,
        Self::Department,
    ];
}

/// A name of RFC 4512, section 1.4.
fn is_attribute(name: &str) -> bool {
    name.len() <= 100 && name.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-;".contains(letter))
}

/// As far as a look without the grammar tells: it stands in parentheses that close.
fn is_balanced(filter: &str) -> bool {
    let mut depth = 0_i32;
    let whole = filter.trim();
    for (place, letter) in whole.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth < 0 || (depth == 0 && place + 1 < whole.len()) {
            return false;
        }
    }
    depth == 0 && whole.starts_with('(')
}
