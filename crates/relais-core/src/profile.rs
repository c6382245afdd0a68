//! What is known of a person besides their account: names, phones, postal address, birth date, an address elsewhere.
//! All of it may be left out; none of it outlives the account, and no event holds a value of it.

use crate::account::Account;
use crate::address::EmailAddress;
use crate::authority::{Actor, Power};
use crate::event::Happening;
use crate::refusal::{ProfileFault, Refusal};
use crate::rights::{Act, require};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub phones: Vec<Phone>,
    pub postal_address: PostalAddress,
    #[schema(value_type = Option<String>, format = Date)]
    pub birth_date: Option<Date>,
    /// Where the person is reached when they cannot sign in; not hosted here.
    pub external_address: Option<EmailAddress>,
    pub job_title: Option<String>,
    pub department: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhoneKind {
    Work,
    Mobile,
    Home,
}

impl PhoneKind {
    pub const ALL: [Self; 3] = [Self::Work, Self::Mobile, Self::Home];
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    pub kind: PhoneKind,
    #[schema(examples("+33 1 23 45 67 89"))]
    pub number: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PostalAddress {
    /// The lines above the postal code.
    pub street: Vec<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    /// ISO 3166-1, two letters.
    #[schema(examples("FR"))]
    pub country: Option<String>,
}

/// A field of a profile, as refusals and events name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileField {
    GivenName,
    FamilyName,
    Phones,
    Street,
    PostalCode,
    City,
    Country,
    BirthDate,
    ExternalAddress,
    JobTitle,
    Department,
}

impl ProfileField {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GivenName => "given_name",
            Self::FamilyName => "family_name",
            Self::Phones => "phones",
            Self::Street => "street",
            Self::PostalCode => "postal_code",
            Self::City => "city",
            Self::Country => "country",
            Self::BirthDate => "birth_date",
            Self::ExternalAddress => "external_address",
            Self::JobTitle => "job_title",
            Self::Department => "department",
        }
    }
}

pub const TEXT_CHARS_MAX: usize = 100;
pub const LIST_ITEMS_MAX: usize = 10;

/// What the store knows besides the account and the profile there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileFacts {
    /// The domain of the external address that is wanted is hosted here.
    pub external_is_hosted: bool,
}

impl Profile {
    /// As it is kept: texts without spaces around them, empty ones left out, phones by kind.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        let tidy = |text: &mut Option<String>| {
            *text = text.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        };
        let PostalAddress { street, postal_code, city, country } = &mut self.postal_address;
        for text in [
            &mut self.given_name,
            &mut self.family_name,
            &mut self.job_title,
            &mut self.department,
            postal_code,
            city,
            country,
        ] {
            tidy(text);
        }
        for line in street.iter_mut() {
            *line = line.trim().to_owned();
        }
        street.retain(|line| !line.is_empty());
        *country = country.take().map(|code| code.to_ascii_uppercase());
        for phone in &mut self.phones {
            phone.number = phone.number.trim().to_owned();
        }
        self.phones.sort_by_key(|phone| phone.kind);
        self
    }

    /// Everything that is wrong with it.
    #[must_use]
    pub fn faults(&self, facts: ProfileFacts, now: Timestamp) -> Vec<ProfileFault> {
        use ProfileField as Field;
        let mut faults = Vec::new();
        let place = &self.postal_address;
        let texts = [
            (Field::GivenName, &self.given_name),
            (Field::FamilyName, &self.family_name),
            (Field::JobTitle, &self.job_title),
            (Field::Department, &self.department),
            (Field::PostalCode, &place.postal_code),
            (Field::City, &place.city),
        ];
        let single = texts.iter().filter_map(|(field, text)| Some((*field, text.as_ref()?)));
        let lines = place.street.iter().map(|line| (Field::Street, line));
        for (field, text) in single.chain(lines) {
            if text.chars().count() > TEXT_CHARS_MAX || text.chars().any(char::is_control) {
                faults.push(ProfileFault::TextInvalid { field, chars_max: TEXT_CHARS_MAX });
            }
        }
        for (field, count) in [(Field::Phones, self.phones.len()), (Field::Street, place.street.len())] {
            if count > LIST_ITEMS_MAX {
                faults.push(ProfileFault::TooMany { field, count_max: LIST_ITEMS_MAX });
            }
        }
        let wrong = self.phones.iter().filter(|phone| !is_phone_number(&phone.number));
        faults.extend(wrong.map(|phone| ProfileFault::PhoneInvalid { number: phone.number.clone() }));
        faults.extend(place.country.as_ref().filter(|code| !is_country(code)).map(|code| {
            let text = code.clone();
            ProfileFault::CountryUnknown { text }
        }));
        if self.birth_date.is_some_and(|day| day > now.to_zoned(TimeZone::UTC).date()) {
            faults.push(ProfileFault::BirthDateInTheFuture);
        }
        if let Some(address) = self.external_address.as_ref().filter(|_| facts.external_is_hosted) {
            faults.push(ProfileFault::ExternalAddressHosted { address: address.clone() });
        }
        faults
    }

    /// The fields in which the two differ.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Vec<ProfileField> {
        use ProfileField as Field;
        let (own, its) = (&self.postal_address, &other.postal_address);
        let compared = [
            (Field::GivenName, self.given_name == other.given_name),
            (Field::FamilyName, self.family_name == other.family_name),
            (Field::Phones, self.phones == other.phones),
            (Field::Street, own.street == its.street),
            (Field::PostalCode, own.postal_code == its.postal_code),
            (Field::City, own.city == its.city),
            (Field::Country, own.country == its.country),
            (Field::BirthDate, self.birth_date == other.birth_date),
            (Field::ExternalAddress, self.external_address == other.external_address),
            (Field::JobTitle, self.job_title == other.job_title),
            (Field::Department, self.department == other.department),
        ];
        compared.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
    }
}

/// Whether `actor` may change what is known of the person now.
///
/// # Errors
/// The refusal.
pub fn check_may_change(account: &Account, actor: &Actor, now: Timestamp) -> Result<(), Refusal> {
    if !actor.has_over(Power::ChangeSelf, account) {
        return Err(Refusal::NotAllowed);
    }
    require(account, Act::ChangeAttributes, now)
}

/// What putting `wanted` in the place of `before` changes: what is kept from then on, with what is told of it. `None`
/// when it is so already.
///
/// # Errors
/// Every refusal at once.
pub fn replace(
    account: &Account,
    before: &Profile,
    wanted: Profile,
    facts: ProfileFacts,
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<(Profile, Happening)>, Vec<Refusal>> {
    check_may_change(account, actor, now).map_err(|refusal| vec![refusal])?;
    let wanted = wanted.tidied();
    let faults = wanted.faults(facts, now);
    if !faults.is_empty() {
        return Err(faults.into_iter().map(Refusal::from).collect());
    }
    let fields: Vec<&str> = wanted.differing(before).into_iter().map(ProfileField::as_str).collect();
    if fields.is_empty() {
        return Ok(None);
    }
    let happening = Happening {
        kind: "account.profile_set",
        subject: account.id.to_string(),
        detail: json!({ "fields": fields }),
    };
    Ok(Some((wanted, happening)))
}

/// As people write them: 3 to 15 digits (ITU-T E.164 has no longer ones), `+` only in front.
pub(crate) fn is_phone_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    (3..=15).contains(&digits)
        && text.len() <= 30
        && rest.chars().all(|letter| letter.is_ascii_digit() || " ().-/".contains(letter))
}

/// ISO 3166-1 alpha-2, and XK, which is in use for Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR \
MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU \
RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG \
UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

pub(crate) fn is_country(code: &str) -> bool {
    COUNTRIES.split_ascii_whitespace().any(|known| known == code)
}
