//! A file as lines of accounts: its encoding, its separator, its columns, its cells. Asks nobody: what depends on how
//! things stand is decided later.

use super::columns::{Column, plain};
use crate::cells::unguarded;
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::profile::{Phone, PhoneKind, PostalAddress, Profile};
use relais_core::quota;
use relais_core::refusal::{ListFault, Refusal};
use relais_core::rights::State;
use std::collections::{HashMap, HashSet};
use std::str::FromStr;

/// What people call roles and states in French, as [`plain`] leaves it; in English they have the API's names.
const ROLES: [(&str, Role); 5] = [
    ("proprietaire", Role::Owner),
    ("administrateur", Role::CompanyAdmin),
    ("gestionnaire_de_comptes", Role::AccountManager),
    ("membre", Role::Member),
    ("invite", Role::Guest),
];
const STATES: [(&str, State); 4] = [
    ("invite", State::Invited),
    ("actif", State::Active),
    ("desactive", State::Deactivated),
    ("supprime", State::Deleted),
];

/// One line of the file: what it says, or everything that cannot be read in it.
pub struct Line {
    pub number: u64,
    /// As it is written.
    pub address: String,
    pub listed: Result<Listed, Vec<Refusal>>,
}

/// What a line says of an account. What it leaves empty stays as it is.
pub struct Listed {
    pub address: EmailAddress,
    pub name: Option<String>,
    pub state: Option<State>,
    pub role: Option<Role>,
    /// The name of what it is on.
    pub subscription: Option<String>,
    pub quota_bytes: Option<i64>,
    pub aliases: Vec<EmailAddress>,
    pub password: Option<String>,
    profile: Profile,
}

impl Listed {
    /// The displayed name of a new account: made of the person's names if it is not given.
    pub fn name_of_new(&self) -> Option<String> {
        let names = [self.profile.given_name.as_deref(), self.profile.family_name.as_deref()];
        let both = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        self.name.clone().or((!both.is_empty()).then_some(both))
    }

    /// What is known of the person once the line is taken in.
    pub fn profile_over(&self, known: &Profile) -> Profile {
        let own = self.profile.clone();
        let (place, before) = (own.postal_address, known.postal_address.clone());
        let or = |own: Option<String>, known: &Option<String>| own.or_else(|| known.clone());
        let told: HashSet<PhoneKind> = own.phones.iter().map(|phone| phone.kind).collect();
        let kept = known.phones.iter().filter(|phone| !told.contains(&phone.kind)).cloned();
        Profile {
            given_name: or(own.given_name, &known.given_name),
            family_name: or(own.family_name, &known.family_name),
            phones: kept.chain(own.phones).collect(),
            postal_address: PostalAddress {
                street: if place.street.is_empty() { before.street } else { place.street },
                postal_code: place.postal_code.or(before.postal_code),
                city: place.city.or(before.city),
                country: place.country.or(before.country),
            },
            birth_date: own.birth_date.or(known.birth_date),
            external_address: own.external_address.or_else(|| known.external_address.clone()),
            job_title: or(own.job_title, &known.job_title),
            department: or(own.department, &known.department),
        }
    }
}

/// The lines of a list; those without any content are left out.
///
/// # Errors
/// Everything that is wrong with the list as a whole.
pub fn read(list: &[u8]) -> Result<Vec<Line>, Vec<Refusal>> {
    let list = list.strip_prefix(b"\xef\xbb\xbf").unwrap_or(list);
    let text = std::str::from_utf8(list).map_err(|error| {
        let before = &list[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
        vec![Refusal::from(ListFault::NotUtf8 { line })]
    })?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    // Memory holds the whole text already, and it is UTF-8: reading it cannot fail.
    let mut records = reader.records().map_while(Result::ok);
    let columns = columns(records.next().as_ref())?;
    let mut lines = Vec::new();
    let mut seen = HashMap::new();
    let mut place = Place { text, byte: 0, line: 1 };
    for record in records.filter(|record| record.iter().any(|cell| !cell.trim().is_empty())) {
        let number = place.line_at(record.position().map_or(0, csv::Position::byte));
        let mut line = read_line(number, &columns, &record);
        if let Ok(listed) = &line.listed
            && let Some(before) = seen.insert(listed.address.clone(), number)
        {
            seen.insert(listed.address.clone(), before);
            line.listed = Err(vec![ListFault::LineRepeated { line: before }.into()]);
        }
        lines.push(line);
    }
    Ok(lines)
}

/// How far a text was read, for the numbers of its lines: the reader's own stand before line ends and empty lines.
struct Place<'t> {
    text: &'t str,
    byte: usize,
    line: u64,
}

impl Place<'_> {
    /// The line of what follows `byte`, which is never less than the last one asked for.
    fn line_at(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let mut start = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
        while matches!(bytes.get(start), Some(b'\r' | b'\n')) {
            start += 1;
        }
        self.line += bytes[self.byte..start].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.byte = start;
        self.line
    }
}

/// Comma or semicolon: whichever there is more of in the line of the columns.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |wanted: char| first.chars().filter(|letter| *letter == wanted).count();
    if count(';') > count(',') { b';' } else { b',' }
}

fn columns(headings: Option<&csv::StringRecord>) -> Result<Vec<Column>, Vec<Refusal>> {
    let Some(headings) = headings.filter(|record| record.iter().any(|cell| !cell.trim().is_empty())) else {
        return Err(vec![ListFault::NoColumns.into()]);
    };
    let (mut columns, mut faults) = (Vec::new(), Vec::new());
    for heading in headings {
        let name = || heading.trim().to_owned();
        match Column::of(heading) {
            None => faults.push(ListFault::ColumnUnknown { name: name() }.into()),
            Some(column) if columns.contains(&column) => {
                faults.push(ListFault::ColumnRepeated { name: name() }.into());
            }
            Some(column) => columns.push(column),
        }
    }
    if !columns.contains(&Column::Address) {
        faults.push(ListFault::ColumnMissing { name: Column::Address.name().to_owned() }.into());
    }
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}

fn read_line(number: u64, columns: &[Column], record: &csv::StringRecord) -> Line {
    let mut cells = Cells { cells: HashMap::new(), faults: Vec::new() };
    for (column, cell) in columns.iter().zip(record) {
        // What is a password is not trimmed: its spaces count.
        let text = if *column == Column::Password { cell } else { unguarded(cell.trim()).trim() };
        if !text.is_empty() {
            cells.cells.insert(*column, text);
        }
    }
    let address = cells.text(Column::Address).unwrap_or_default();
    if record.len() != columns.len() {
        let fault = ListFault::LineLength { cells: record.len(), columns: columns.len() };
        return Line { number, address, listed: Err(vec![fault.into()]) };
    }
    if address.is_empty() {
        cells.faults.push(ListFault::CellEmpty { column: Column::Address.name().to_owned() }.into());
    }
    let primary = cells.parsed(Column::Address);
    let listed = |address: EmailAddress, cells: &mut Cells<'_>| Listed {
        address,
        name: cells.text(Column::Name),
        state: cells.named(Column::State, &STATES),
        role: cells.named(Column::Role, &ROLES),
        subscription: cells.text(Column::Subscription),
        quota_bytes: cells.read(Column::Quota, |text| quota::parse(text).ok()),
        aliases: cells.aliases(),
        password: cells.text(Column::Password),
        profile: cells.profile(),
    };
    // Read all the same where there is no address: every fault of a line is told at once.
    let nobody = || "nobody@nowhere.invalid".parse().expect("an address");
    let read = listed(primary.unwrap_or_else(nobody), &mut cells);
    Line { number, address, listed: if cells.faults.is_empty() { Ok(read) } else { Err(cells.faults) } }
}

/// The cells of a line that are not empty, and what cannot be read in them.
struct Cells<'a> {
    cells: HashMap<Column, &'a str>,
    faults: Vec<Refusal>,
}

impl Cells<'_> {
    fn text(&self, column: Column) -> Option<String> {
        self.cells.get(&column).map(|text| (*text).to_owned())
    }

    fn read<T>(&mut self, column: Column, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = *self.cells.get(&column)?;
        let value = read(text);
        if value.is_none() {
            self.faults.push(invalid(column, text));
        }
        value
    }

    fn parsed<T: FromStr>(&mut self, column: Column) -> Option<T> {
        self.read(column, |text| text.parse().ok())
    }

    /// A value by its French name, or by the one that the API gives it; `-` will do for `_`.
    fn named<T: Copy + serde::de::DeserializeOwned>(
        &mut self,
        column: Column,
        french: &[(&str, T)],
    ) -> Option<T> {
        self.read(column, |text| {
            let name = plain(text);
            match french.iter().find(|(word, _)| *word == name) {
                Some((_, value)) => Some(*value),
                None => serde_json::from_value(name.into()).ok(),
            }
        })
    }

    fn aliases(&mut self) -> Vec<EmailAddress> {
        let text = self.text(Column::Aliases).unwrap_or_default();
        let mut aliases = Vec::new();
        for word in text.split_whitespace() {
            match word.parse() {
                Ok(alias) => aliases.push(alias),
                Err(_) => self.faults.push(invalid(Column::Aliases, word)),
            }
        }
        aliases
    }

    fn phones(&self) -> Vec<Phone> {
        let columns = [Column::PhoneWork, Column::PhoneMobile, Column::PhoneHome];
        let mut phones = Vec::new();
        for (kind, column) in PhoneKind::ALL.into_iter().zip(columns) {
            let text = self.text(column).unwrap_or_default();
            let numbers = text.split(',').map(str::trim).filter(|number| !number.is_empty());
            phones.extend(numbers.map(|number| Phone { kind, number: number.to_owned() }));
        }
        phones
    }

    fn profile(&mut self) -> Profile {
        let street = self.text(Column::Street).unwrap_or_default();
        Profile {
            given_name: self.text(Column::GivenName),
            family_name: self.text(Column::FamilyName),
            phones: self.phones(),
            postal_address: PostalAddress {
                street: street.lines().map(str::to_owned).collect(),
                postal_code: self.text(Column::PostalCode),
                city: self.text(Column::City),
                country: self.text(Column::Country),
            },
            birth_date: self.parsed(Column::BirthDate),
            external_address: self.parsed(Column::ExternalAddress),
            job_title: self.text(Column::JobTitle),
            department: self.text(Column::Department),
        }
    }
}

fn invalid(column: Column, text: &str) -> Refusal {
    let text = text.chars().filter(|letter| !letter.is_control()).take(100).collect();
    ListFault::CellInvalid { column: column.name().to_owned(), text }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(list: &str) -> Vec<u64> {
        read(list.as_bytes()).unwrap_or_else(|_| panic!("{list:?}")).iter().map(|line| line.number).collect()
    }

    #[test]
    fn lines_are_numbered_as_an_editor_does() {
        for (list, expected) in [
            ("address\na@b.fr\nc@b.fr\n", vec![2, 3]),
            ("address\r\na@b.fr\r\nc@b.fr", vec![2, 3]),
            ("\n\naddress\n\n\na@b.fr\n\nc@b.fr\n", vec![6, 8]),
            ("address,street\r\na@b.fr,\"1\r\n2\r\n3\"\r\nc@b.fr,x\r\n", vec![2, 5]),
            ("address,street\n,\n ; ,\na@b.fr,x\n", vec![3, 4]),
            ("address\n", vec![]),
        ] {
            assert_eq!(numbers(list), expected, "{list:?}");
        }
    }

    #[test]
    fn what_a_cell_holds_is_read_whatever_separates_it() {
        for list in [
            "\u{feff}Adresse;Nom;téléphone\nA@b.fr; Zoé ;'+33 1 23, 0456\n",
            "address,name,phone_work\nA@b.fr, Zoé ,\"+33 1 23, 0456\"\n",
        ] {
            let lines = read(list.as_bytes()).unwrap_or_else(|_| panic!("{list:?}"));
            let listed = lines[0].listed.as_ref().unwrap_or_else(|why| panic!("{why:?}"));
            assert_eq!((listed.address.as_str(), listed.name.as_deref()), ("a@b.fr", Some("Zoé")));
            let numbers: Vec<&str> =
                listed.profile.phones.iter().map(|phone| phone.number.as_str()).collect();
            assert_eq!(numbers, ["+33 1 23", "0456"]);
        }
    }

    #[test]
    fn roles_and_states_are_read_in_both_languages() {
        for (role, state, expected) in [
            ("member", "active", (Some(Role::Member), Some(State::Active))),
            ("Membre", "Actif", (Some(Role::Member), Some(State::Active))),
            ("gestionnaire de comptes", "Invité", (Some(Role::AccountManager), Some(State::Invited))),
            ("account-manager", "désactivé", (Some(Role::AccountManager), Some(State::Deactivated))),
            ("Propriétaire", "", (Some(Role::Owner), None)),
            ("Invité", "supprimé", (Some(Role::Guest), Some(State::Deleted))),
            ("administrateur", "deleted", (Some(Role::CompanyAdmin), Some(State::Deleted))),
        ] {
            let list = format!("adresse;rôle;état\na@b.fr;{role};{state}\n");
            let lines = read(list.as_bytes()).unwrap_or_else(|_| panic!("{list:?}"));
            let listed = lines[0].listed.as_ref().unwrap_or_else(|why| panic!("{why:?}"));
            assert_eq!((listed.role, listed.state), expected, "{list:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(head in 0usize..3, bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let heads: [&[u8]; 3] = [b"", b"address,name,quota,aliases,birth_date\n", b"\xef\xbb\xbfadresse;rue\r\n"];
            let head = heads[head];
            let _ = read(&[head, &bytes].concat());
        }
    }
}
