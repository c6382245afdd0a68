//! The columns that a list of accounts may have: one stable name each, which exports write, and what people call them
//! in French.

/// In the order of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Address,
    Name,
    State,
    Role,
    Subscription,
    Quota,
    Aliases,
    Password,
    GivenName,
    FamilyName,
    JobTitle,
    Department,
    PhoneWork,
    PhoneMobile,
    PhoneHome,
    Street,
    PostalCode,
    City,
    Country,
    BirthDate,
    ExternalAddress,
}

impl Column {
    pub const ALL: [Self; 21] = [
        Self::Address,
        Self::Name,
        Self::State,
        Self::Role,
        Self::Subscription,
        Self::Quota,
        Self::Aliases,
        Self::Password,
        Self::GivenName,
        Self::FamilyName,
        Self::JobTitle,
        Self::Department,
        Self::PhoneWork,
        Self::PhoneMobile,
        Self::PhoneHome,
        Self::Street,
        Self::PostalCode,
        Self::City,
        Self::Country,
        Self::BirthDate,
        Self::ExternalAddress,
    ];

    pub fn name(self) -> &'static str {
        self.names()[0]
    }

    /// The stable name, then its synonyms; without accents, as [`Column::of`] compares them.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Address => &["address", "adresse"],
            Self::Name => &["name", "nom"],
            Self::State => &["state", "etat"],
            Self::Role => &["role"],
            Self::Subscription => &["subscription", "abonnement"],
            Self::Quota => &["quota", "taille_max"],
            Self::Aliases => &["aliases", "alias"],
            Self::Password => &["password", "mot_de_passe"],
            Self::GivenName => &["given_name", "prenom"],
            Self::FamilyName => &["family_name", "nom_de_famille"],
            Self::JobTitle => &["job_title", "fonction"],
            Self::Department => &["department", "service"],
            Self::PhoneWork => &["phone_work", "phone", "telephone", "telephone_professionnel"],
            Self::PhoneMobile => &["phone_mobile", "mobile", "portable", "telephone_mobile"],
            Self::PhoneHome => &["phone_home", "telephone_personnel"],
            Self::Street => &["street", "rue"],
            Self::PostalCode => &["postal_code", "code_postal"],
            Self::City => &["city", "ville"],
            Self::Country => &["country", "pays"],
            Self::BirthDate => &["birth_date", "date_de_naissance"],
            Self::ExternalAddress => &["external_address", "adresse_exterieure", "adresse_externe"],
        }
    }

    /// The column that a heading means: case, accents, and what stands between words make no difference.
    pub fn of(heading: &str) -> Option<Self> {
        let plain = plain(heading);
        Self::ALL.into_iter().find(|column| column.names().contains(&plain.as_str()))
    }
}

/// A heading or a word of a cell, without what makes no difference.
pub fn plain(text: &str) -> String {
    let letter = |letter: char| match letter {
        ' ' | '-' | '\u{a0}' => '_',
        'à' | 'â' => 'a',
        'é' | 'è' | 'ê' => 'e',
        'î' => 'i',
        'ô' => 'o',
        other => other,
    };
    text.trim().to_lowercase().chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_name_and_in_french() {
        for (heading, expected) in [
            ("address", Some(Column::Address)),
            (" Adresse ", Some(Column::Address)),
            ("NOM", Some(Column::Name)),
            ("Prénom", Some(Column::GivenName)),
            ("Nom de famille", Some(Column::FamilyName)),
            ("rôle", Some(Column::Role)),
            ("Téléphone", Some(Column::PhoneWork)),
            ("date-de-naissance", Some(Column::BirthDate)),
            ("Adresse extérieure", Some(Column::ExternalAddress)),
            ("salaire", None),
            ("", None),
        ] {
            assert_eq!(Column::of(heading), expected, "{heading}");
        }
        for column in Column::ALL {
            assert_eq!(Column::of(column.name()), Some(column));
        }
    }
}
