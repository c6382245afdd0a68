//! What is wrong with personal data that someone gave.

use crate::address::EmailAddress;
use crate::profile::ProfileField;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileFault {
    TextInvalid { field: ProfileField, chars_max: usize },
    TooMany { field: ProfileField, count_max: usize },
    PhoneInvalid { number: String },
    CountryUnknown { text: String },
    BirthDateInTheFuture,
    ExternalAddressHosted { address: EmailAddress },
    PhotoTooLarge { mib_max: usize },
    PhotoKindUnknown,
    PhotoSides { pixels_max: usize },
}

impl ProfileFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::TextInvalid { .. } => "field_text_invalid",
            Self::TooMany { .. } => "field_too_many",
            Self::PhoneInvalid { .. } => "phone_invalid",
            Self::CountryUnknown { .. } => "country_unknown",
            Self::BirthDateInTheFuture => "birth_date_in_the_future",
            Self::ExternalAddressHosted { .. } => "external_address_hosted",
            Self::PhotoTooLarge { .. } => "photo_too_large",
            Self::PhotoKindUnknown => "photo_kind_unknown",
            Self::PhotoSides { .. } => "photo_sides",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::TextInvalid { field, chars_max } => format!(
                "Le champ « {} » dépasse {chars_max} caractères ou contient des caractères de contrôle ; corrigez-le ou laissez-le vide.",
                french_name(*field)
            ),
            Self::TooMany { field, count_max } => format!(
                "Le champ « {} » compte plus de {count_max} entrées ; gardez les plus utiles.",
                french_name(*field)
            ),
            Self::PhoneInvalid { number } => {
                format!("« {number} » n'est pas un numéro de téléphone ; écrivez-le comme +33 1 23 45 67 89.")
            }
            Self::CountryUnknown { text } => format!(
                "« {text} » n'est pas un code de pays ; écrivez ses deux lettres (ISO 3166), comme FR ou BE."
            ),
            Self::BirthDateInTheFuture => "La date de naissance est à venir ; corrigez-la.".into(),
            Self::ExternalAddressHosted { address } => format!(
                "{address} est hébergée ici, et la personne ne pourrait pas l'ouvrir sans son mot de passe ; donnez une adresse extérieure."
            ),
            Self::PhotoTooLarge { mib_max } => {
                format!("La photo dépasse {mib_max} Mio ; réduisez-la et renvoyez-la.")
            }
            Self::PhotoKindUnknown => {
                "Ce fichier n'est pas une image JPEG, PNG ou WebP lisible ; choisissez-en une autre.".into()
            }
            Self::PhotoSides { pixels_max } => {
                format!("Une photo a de 1 à {pixels_max} pixels de côté ; redimensionnez-la et renvoyez-la.")
            }
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::TextInvalid { field, chars_max } => format!(
                "The field \u{201c}{}\u{201d} is longer than {chars_max} characters or holds control characters; correct it or leave it empty.",
                english_name(*field)
            ),
            Self::TooMany { field, count_max } => format!(
                "The field \u{201c}{}\u{201d} has more than {count_max} entries; keep the most useful ones.",
                english_name(*field)
            ),
            Self::PhoneInvalid { number } => {
                format!("\u{201c}{number}\u{201d} is not a phone number; write it like +33 1 23 45 67 89.")
            }
            Self::CountryUnknown { text } => format!(
                "\u{201c}{text}\u{201d} is not a country code; write its two letters (ISO 3166), like FR or BE."
            ),
            Self::BirthDateInTheFuture => "The birth date is in the future; correct it.".into(),
            Self::ExternalAddressHosted { address } => format!(
                "{address} is hosted here, and the person could not open it without their password; give an address elsewhere."
            ),
            Self::PhotoTooLarge { mib_max } => {
                format!("The photo is larger than {mib_max} MiB; make it smaller and send it again.")
            }
            Self::PhotoKindUnknown => {
                "This file is no readable JPEG, PNG or WebP image; choose another.".into()
            }
            Self::PhotoSides { pixels_max } => {
                format!("A photo has 1 to {pixels_max} pixels a side; resize it and send it again.")
            }
        }
    }
}

fn french_name(field: ProfileField) -> &'static str {
    match field {
        ProfileField::GivenName => "prénom",
        ProfileField::FamilyName => "nom de famille",
        ProfileField::Phones => "téléphones",
        ProfileField::Street => "rue",
        ProfileField::PostalCode => "code postal",
        ProfileField::City => "ville",
        ProfileField::Country => "pays",
        ProfileField::BirthDate => "date de naissance",
        ProfileField::ExternalAddress => "adresse extérieure",
        ProfileField::JobTitle => "fonction",
        ProfileField::Department => "service",
    }
}

fn english_name(field: ProfileField) -> &'static str {
    match field {
        ProfileField::GivenName => "given name",
        ProfileField::FamilyName => "family name",
        ProfileField::Phones => "phones",
        ProfileField::Street => "street",
        ProfileField::PostalCode => "postal code",
        ProfileField::City => "city",
        ProfileField::Country => "country",
        ProfileField::BirthDate => "birth date",
        ProfileField::ExternalAddress => "external address",
        ProfileField::JobTitle => "job title",
        ProfileField::Department => "department",
    }
}
