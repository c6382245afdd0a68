//! Whether mail for a domain may be switched to this server: what the DNS says, what it should say, and which addresses
//! would refuse their mail. Pure: the answers of the DNS come in, as does what routing says of the addresses.

use crate::address::EmailAddress;
use crate::language::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of record, by the name people know it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// Which servers take the domain's mail (RFC 5321, section 5.1).
    Mx,
    /// Which servers send for it (RFC 7208).
    Spf,
    /// The key its mail is signed with (RFC 6376).
    Dkim,
    /// What to do with mail that fails both (RFC 7489).
    Dmarc,
}

/// How a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// It says what is recommended, as far as can be judged from here.
    Good,
    /// It says something else.
    Different,
    Missing,
    /// The resolver could not say.
    Unknown,
}

/// One record as it is, and as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordCheck {
    pub kind: RecordKind,
    /// The name it is published under.
    pub name: String,
    pub state: RecordState,
    pub found: Vec<String>,
    pub recommended: String,
}

/// A server that takes mail, as an MX record names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exchange {
    pub preference: u16,
    /// Lower case, without the last dot.
    pub host: String,
}

/// What the DNS was asked; `None` where the resolver could not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    pub mx: Option<Vec<Exchange>>,
    /// Texts of the domain itself, of its DKIM key and of its DMARC policy.
    pub txt: Option<Vec<String>>,
    pub dkim: Option<Vec<String>>,
    pub dmarc: Option<Vec<String>>,
}

/// Whether the domain's mail ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hosting {
    Hosted,
    NotProven,
}

/// What is wrong already, or would be after the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The MX record points here and the domain is not proven: its mail is refused now.
    SwitchedBeforeProof,
    /// The MX record points here and some addresses refuse their mail now.
    SwitchedBeforeAddresses,
    /// Not to be switched yet: the domain is not proven.
    NotProven,
    /// Not to be switched yet: some addresses would refuse their mail.
    AddressesMissing,
}

impl Warning {
    #[must_use]
    pub fn sentence(self, language: Language) -> &'static str {
        let (french, english) = match self {
            Self::SwitchedBeforeProof => (
                "Les MX du domaine désignent déjà ce serveur, mais le domaine n'est pas prouvé : son courrier est refusé en ce moment ; publiez l'enregistrement TXT de preuve, ou remettez les anciens MX.",
                "The domain's MX records point to this server already, but the domain is not proven: its mail is refused at this moment; publish the TXT record that proves it, or put the old MX records back.",
            ),
            Self::SwitchedBeforeAddresses => (
                "Les MX du domaine désignent déjà ce serveur, mais des adresses n'ont pas de titulaire : leur courrier est refusé en ce moment ; créez-les, ou remettez les anciens MX.",
                "The domain's MX records point to this server already, but some addresses have no holder: their mail is refused at this moment; create them, or put the old MX records back.",
            ),
            Self::NotProven => (
                "Ne changez pas encore les MX : le domaine n'est pas prouvé et son courrier serait refusé ; publiez d'abord l'enregistrement TXT de preuve.",
                "Do not switch the MX records yet: the domain is not proven and its mail would be refused; publish the TXT record that proves it first.",
            ),
            Self::AddressesMissing => (
                "Ne changez pas encore les MX : le courrier de certaines adresses serait refusé ; créez-les d'abord.",
                "Do not switch the MX records yet: mail for some addresses would be refused; create them first.",
            ),
        };
        language.pick(french, english)
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    pub domain: String,
    pub unicode: String,
    pub hosting: Hosting,
    pub records: Vec<RecordCheck>,
    /// Addresses whose mail would be refused here.
    pub missing: Vec<EmailAddress>,
    pub warnings: Vec<Warning>,
}

/// What is looked at where, for `domain`.
#[must_use]
pub fn dkim_name(domain: &str, selector: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

#[must_use]
pub fn dmarc_name(domain: &str) -> String {
    format!("_dmarc.{domain}")
}

/// Judges what was found for `domain` on a server called `hostname`.
#[must_use]
pub fn judge(
    domain: &str,
    hosting: Hosting,
    found: Found,
    missing: Vec<EmailAddress>,
    hostname: &str,
    dkim_selector: &str,
) -> Readiness {
    let hostname = hostname.to_ascii_lowercase();
    let points_here = found.mx.as_ref().is_some_and(|list| list.iter().any(|mx| mx.host == hostname));
    let records = vec![
        mx(domain, found.mx, &hostname),
        spf(domain, found.txt, &hostname),
        text(
            RecordKind::Dkim,
            dkim_name(domain, dkim_selector),
            found.dkim,
            "v=DKIM1",
            "v=DKIM1; k=rsa; p=…".to_owned(),
        ),
        text(
            RecordKind::Dmarc,
            dmarc_name(domain),
            found.dmarc,
            "v=DMARC1",
            format!("v=DMARC1; p=none; rua=mailto:postmaster@{domain}"),
        ),
    ];
    let mut warnings = Vec::new();
    match (hosting, points_here) {
        (Hosting::NotProven, true) => warnings.push(Warning::SwitchedBeforeProof),
        (Hosting::NotProven, false) => warnings.push(Warning::NotProven),
        (Hosting::Hosted, true) if !missing.is_empty() => warnings.push(Warning::SwitchedBeforeAddresses),
        (Hosting::Hosted, false) if !missing.is_empty() => warnings.push(Warning::AddressesMissing),
        (Hosting::Hosted, true | false) => {}
    }
    let unicode = crate::address::domain_for_people(domain);
    Readiness { domain: domain.to_owned(), unicode, hosting, records, missing, warnings }
}

/// Good when this server is the only one, whatever its preference: mail must not go where nobody reads it any more.
fn mx(domain: &str, found: Option<Vec<Exchange>>, hostname: &str) -> RecordCheck {
    let state = match found.as_deref() {
        None => RecordState::Unknown,
        Some([]) => RecordState::Missing,
        Some(list) if list.iter().all(|mx| mx.host == hostname) => RecordState::Good,
        Some(_) => RecordState::Different,
    };
    let mut list = found.unwrap_or_default();
    list.sort();
    RecordCheck {
        kind: RecordKind::Mx,
        name: domain.to_owned(),
        state,
        found: list.iter().map(|mx| format!("{} {}.", mx.preference, mx.host)).collect(),
        recommended: format!("10 {hostname}."),
    }
}

/// Good when it names the server, or the servers that take the domain's mail, which it is then one of. What an
/// `include` allows cannot be judged from here.
fn spf(domain: &str, texts: Option<Vec<String>>, hostname: &str) -> RecordCheck {
    let recommended = format!("v=spf1 mx a:{hostname} ~all");
    let mut check = text(RecordKind::Spf, domain.to_owned(), texts, "v=spf1", recommended);
    let names_us = |text: &String| {
        let lower = text.to_ascii_lowercase();
        lower.split_whitespace().any(|term| {
            let term = term.trim_start_matches('+');
            term == "mx" || term.strip_prefix("a:").is_some_and(|host| host == hostname)
        })
    };
    // Two policies are an error, as if there were none (RFC 7208, section 4.5).
    if check.state == RecordState::Good && !(check.found.len() == 1 && check.found.iter().all(names_us)) {
        check.state = RecordState::Different;
    }
    check
}

fn text(
    kind: RecordKind,
    name: String,
    texts: Option<Vec<String>>,
    begins: &str,
    recommended: String,
) -> RecordCheck {
    let is_meant = |text: &String| {
        let head = text.trim_start().get(..begins.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(begins))
    };
    let is_known = texts.is_some();
    let found: Vec<String> = texts.unwrap_or_default().into_iter().filter(is_meant).collect();
    let state = match (is_known, found.is_empty()) {
        (false, _) => RecordState::Unknown,
        (true, true) => RecordState::Missing,
        (true, false) => RecordState::Good,
    };
    RecordCheck { kind, name, state, found, recommended }
}
