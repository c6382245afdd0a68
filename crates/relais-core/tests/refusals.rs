//! A refusal is product: a stable code, and a sentence in two languages that says what to do next.

use jiff::civil::date;
use relais_core::address::EmailAddress;
use relais_core::content::ContentKind;
use relais_core::directory::EntryId;
use relais_core::domain::TxtRecord;
use relais_core::language::Language;
use relais_core::money::{Currency, Money};
use relais_core::profile::ProfileField;
use relais_core::refusal::{
    BackupFault, ContentFault, DirectoryFault, GroupFault, InvitationFault, ListFault, ProfileFault, Refusal,
    ScimFault,
};
use relais_core::rights::{Act, State};
use std::collections::HashSet;

/// One of each. A new variant does not compile here until it has its place in [`every_refusal`].
fn is_listed(refusal: &Refusal) {
    match refusal {
        Refusal::NotAllowed
        | Refusal::NotInThisState { .. }
        | Refusal::OwnerCannotLeave
        | Refusal::RevokeRoleFirst
        | Refusal::LastCompanyAdmin
        | Refusal::OnlyGroupAdmin { .. }
        | Refusal::DeactivateFirst
        | Refusal::DeactivatedByAPerson
        | Refusal::DepartureInProgress
        | Refusal::AddressTaken { .. }
        | Refusal::AddressReserved { .. }
        | Refusal::AddressRetired { .. }
        | Refusal::AddressNotHeld { .. }
        | Refusal::AddressIsPrimary { .. }
        | Refusal::AddressStays { .. }
        | Refusal::DomainNotHosted { .. }
        | Refusal::DomainTaken { .. }
        | Refusal::DomainInvalid { .. }
        | Refusal::DomainNotProven { .. }
        | Refusal::DomainInUse { .. }
        | Refusal::DomainIsProvider { .. }
        | Refusal::TargetNotActive { .. }
        | Refusal::NameInvalid
        | Refusal::InboundPhases
        | Refusal::InboundDropsMail
        | Refusal::InboundInThePast
        | Refusal::RedirectLoop { .. }
        | Refusal::RedirectNowhere { .. }
        | Refusal::PasswordLength { .. }
        | Refusal::SuccessorIsLeaver
        | Refusal::SuccessorNotActive { .. }
        | Refusal::SuccessorMissing
        | Refusal::NewMailAmbiguous
        | Refusal::DateInThePast
        | Refusal::DatesOutOfOrder
        | Refusal::ReasonMissing
        | Refusal::GrantTooLong { .. }
        | Refusal::DepartureNotUndoable
        | Refusal::DepartureNotHeld
        | Refusal::DepartureOver
        | Refusal::ProvisionShort { .. }
        | Refusal::AmountInvalid
        | Refusal::NumberInvalid { .. }
        | Refusal::CurrencyDiffers { .. }
        | Refusal::TimeZoneUnknown { .. }
        | Refusal::NoLongerOffered { .. }
        | Refusal::PlanFull { .. }
        | Refusal::PlanTooSmall { .. }
        | Refusal::PlanUnpaid
        | Refusal::SubscriptionNeeded { .. }
        | Refusal::FullLicencesUsed { .. }
        | Refusal::OwnDomainsUsed { .. }
        | Refusal::AliasLimit { .. }
        | Refusal::PaymentDiffers { .. }
        | Refusal::ReferenceInvalid
        | Refusal::PeriodEmpty { .. } => {}
        Refusal::QuotaInvalid
        | Refusal::PasswordResetVoid
        | Refusal::WebhookUrlInvalid { .. }
        | Refusal::JobOver
        | Refusal::JobItemFailed
        | Refusal::JobTargetGone
        | Refusal::CollectionUnknown { .. }
        | Refusal::SharedWithOwner => {}
        Refusal::Profile(fault) => match fault {
            ProfileFault::TextInvalid { .. }
            | ProfileFault::TooMany { .. }
            | ProfileFault::PhoneInvalid { .. }
            | ProfileFault::CountryUnknown { .. }
            | ProfileFault::BirthDateInTheFuture
            | ProfileFault::ExternalAddressHosted { .. }
            | ProfileFault::PhotoTooLarge { .. }
            | ProfileFault::PhotoKindUnknown
            | ProfileFault::PhotoSides { .. } => {}
        },
        Refusal::Backup(fault) => is_backup_fault_listed(fault),
        Refusal::Content(fault) => is_content_fault_listed(fault),
        Refusal::Directory(fault) => is_directory_fault_listed(fault),
        Refusal::Group(fault) => is_group_fault_listed(fault),
        Refusal::Scim(fault) => is_scim_fault_listed(fault),
        Refusal::Invitation(fault) => match fault {
            InvitationFault::NotInvited { .. }
            | InvitationFault::ExternalAddressMissing { .. }
            | InvitationFault::NotFlexible { .. } => {}
        },
        Refusal::List(fault) => is_list_fault_listed(fault),
    }
}

/// As [`is_listed`].
fn is_list_fault_listed(fault: &ListFault) {
    match fault {
        ListFault::NotUtf8 { .. }
        | ListFault::NoColumns
        | ListFault::ColumnUnknown { .. }
        | ListFault::ColumnRepeated { .. }
        | ListFault::ColumnMissing { .. }
        | ListFault::LineLength { .. }
        | ListFault::LineRepeated { .. }
        | ListFault::CellEmpty { .. }
        | ListFault::CellInvalid { .. }
        | ListFault::StateDiffers { .. } => {}
    }
}

/// As [`is_listed`].
fn is_directory_fault_listed(fault: &DirectoryFault) {
    match fault {
        DirectoryFault::SettingInvalid { .. }
        | DirectoryFault::SettingsUnreadable { .. }
        | DirectoryFault::Unreachable { .. }
        | DirectoryFault::NotTrusted { .. }
        | DirectoryFault::NotEncrypted
        | DirectoryFault::NotLetIn { .. }
        | DirectoryFault::Garbled
        | DirectoryFault::CutShort { .. }
        | DirectoryFault::NothingHeld
        | DirectoryFault::BeingRead
        | DirectoryFault::AddressMissing { .. }
        | DirectoryFault::AddressInvalid { .. }
        | DirectoryFault::AddressTwice { .. }
        | DirectoryFault::LinkByHand { .. }
        | DirectoryFault::OtherEntry { .. }
        | DirectoryFault::AccountDeleted { .. }
        | DirectoryFault::EntryUnknown { .. }
        | DirectoryFault::GroupNameTaken { .. } => {}
    }
}

/// As [`is_listed`].
fn is_scim_fault_listed(fault: &ScimFault) {
    match fault {
        ScimFault::Filter { .. }
        | ScimFault::Path { .. }
        | ScimFault::NoTarget { .. }
        | ScimFault::Value { .. }
        | ScimFault::ReadOnly { .. }
        | ScimFault::Syntax
        | ScimFault::UserNameTaken { .. }
        | ScimFault::ExternalIdTaken { .. }
        | ScimFault::GroupNameTaken { .. }
        | ScimFault::AddressMissing { .. }
        | ScimFault::MemberUnknown { .. }
        | ScimFault::ClosedHere { .. }
        | ScimFault::VersionDiffers
        | ScimFault::CursorInvalid
        | ScimFault::CountInvalid => {}
    }
}

/// As [`is_listed`].
fn is_group_fault_listed(fault: &GroupFault) {
    match fault {
        GroupFault::Cycle { .. }
        | GroupFault::SendersMissing
        | GroupFault::SendersTooMany { .. }
        | GroupFault::CatchAll { .. }
        | GroupFault::RedirectedTo { .. } => {}
    }
}

/// As [`is_listed`].
fn is_backup_fault_listed(fault: &BackupFault) {
    match fault {
        BackupFault::Missing
        | BackupFault::LegalHold { .. }
        | BackupFault::Damaged { .. }
        | BackupFault::WrongKey { .. }
        | BackupFault::Unreachable { .. }
        | BackupFault::LocationInvalid { .. }
        | BackupFault::LocationTaken { .. }
        | BackupFault::NotVerified
        | BackupFault::Personal
        | BackupFault::RetentionEmpty
        | BackupFault::AlreadyHere { .. }
        | BackupFault::FromNewerVersion
        | BackupFault::ExternalAddressMissing { .. }
        | BackupFault::ExportVoid
        | BackupFault::ExportSourceGone
        | BackupFault::SharesEnd => {}
    }
}

/// As [`is_listed`].
fn is_content_fault_listed(fault: &ContentFault) {
    match fault {
        ContentFault::ExternalIdInvalid
        | ContentFault::TextInvalid { .. }
        | ContentFault::UrlInvalid { .. }
        | ContentFault::KindIsOurs
        | ContentFault::KindFixed { .. }
        | ContentFault::ParentUnknown { .. }
        | ContentFault::NotHeld { .. }
        | ContentFault::OwnerUnknown { .. }
        | ContentFault::OwnerClosed { .. }
        | ContentFault::SameOwner { .. }
        | ContentFault::ShareeUnknown { .. }
        | ContentFault::ItemUnknown { .. }
        | ContentFault::Erasing
        | ContentFault::NothingChosen
        | ContentFault::KindsOrItems
        | ContentFault::TooMany { .. }
        | ContentFault::NotByMachine
        | ContentFault::FateMissing { .. }
        | ContentFault::EraseWithoutDeletion
        | ContentFault::UndoTooLate => {}
    }
}

fn content_faults() -> Vec<(ContentFault, Vec<String>)> {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let user: EmailAddress = "user1@bm.com".parse().expect("an address");
    let text = || "p-7".to_owned();
    vec![
        (ContentFault::ExternalIdInvalid, names(&["200"])),
        (ContentFault::TextInvalid { field: "title", chars_max: 500 }, names(&["title", "500"])),
        (ContentFault::UrlInvalid { url: "ftp:x".into() }, names(&["ftp:x"])),
        (ContentFault::KindIsOurs, names(&["board"])),
        (ContentFault::KindFixed { kind: ContentKind::Board }, names(&["board"])),
        (ContentFault::ParentUnknown { parent: text() }, vec![text()]),
        (ContentFault::NotHeld { parent: text() }, vec![text()]),
        (ContentFault::OwnerUnknown { text: text() }, vec![text()]),
        (ContentFault::OwnerClosed { address: user.clone() }, names(&["user1@bm.com"])),
        (ContentFault::SameOwner { address: user }, names(&["user1@bm.com"])),
        (ContentFault::ShareeUnknown { text: text() }, vec![text()]),
        (ContentFault::ItemUnknown { item: text() }, vec![text()]),
        (ContentFault::Erasing, vec![]),
        (ContentFault::NothingChosen, vec![]),
        (ContentFault::KindsOrItems, vec![]),
        (ContentFault::TooMany { count_max: 1000 }, names(&["1000"])),
        (ContentFault::NotByMachine, names(&["relais content reassign"])),
        (ContentFault::FateMissing { items: 7, collections: 1 }, names(&["7", "1", "--content-to"])),
        (ContentFault::EraseWithoutDeletion, names(&["--delete-after"])),
        (ContentFault::UndoTooLate, vec![]),
    ]
}

/// What the sentences on personal data, on lists, on groups and on backups have to name.
fn directory_faults() -> Vec<(DirectoryFault, Vec<String>)> {
    let entry: EntryId = "6fa459ea-ee8a-3ca4-894e-db77e160355e".parse().expect("an id");
    let address: EmailAddress = "user1@bm.com".parse().expect("an address");
    let because = || "LDAP 49".to_owned();
    let (id, said) = (entry.to_string(), address.to_string());
    vec![
        (DirectoryFault::SettingInvalid { field: "base" }, vec!["base".into()]),
        (DirectoryFault::SettingsUnreadable { because: because() }, vec![because()]),
        (DirectoryFault::Unreachable { because: because() }, vec![because()]),
        (DirectoryFault::NotTrusted { because: because() }, vec![because(), "--ca".into()]),
        (DirectoryFault::NotEncrypted, vec!["start-tls".into()]),
        (DirectoryFault::NotLetIn { because: because() }, vec![because()]),
        (DirectoryFault::Garbled, vec!["--reading whole".into()]),
        (DirectoryFault::CutShort { because: because() }, vec![because()]),
        (DirectoryFault::NothingHeld, vec!["relais directory sync".into()]),
        (DirectoryFault::BeingRead, vec![]),
        (DirectoryFault::AddressMissing { entry }, vec![id.clone()]),
        (DirectoryFault::AddressInvalid { text: "anna".into() }, vec!["anna".into()]),
        (DirectoryFault::AddressTwice { address: said.clone() }, vec![said.clone()]),
        (DirectoryFault::LinkByHand { entry, address: address.clone() }, vec![id.clone(), said.clone()]),
        (DirectoryFault::OtherEntry { entry, address: address.clone() }, vec![id.clone(), said.clone()]),
        (DirectoryFault::AccountDeleted { address }, vec![said]),
        (DirectoryFault::EntryUnknown { entry }, vec![id]),
        (DirectoryFault::GroupNameTaken { name: "Ventes".into() }, vec!["Ventes".into()]),
    ]
}

fn named_faults() -> Vec<(Refusal, Vec<String>)> {
    let field = ProfileField::City;
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let profile = [
        (ProfileFault::TextInvalid { field, chars_max: 100 }, names(&["100"])),
        (ProfileFault::TooMany { field: ProfileField::Street, count_max: 10 }, names(&["10"])),
        (ProfileFault::PhoneInvalid { number: "12".into() }, names(&["12"])),
        (ProfileFault::CountryUnknown { text: "XX".into() }, names(&["XX"])),
        (ProfileFault::BirthDateInTheFuture, vec![]),
        (
            ProfileFault::ExternalAddressHosted { address: "user1@bm.com".parse().expect("an address") },
            names(&["user1@bm.com"]),
        ),
        (ProfileFault::PhotoTooLarge { mib_max: 1 }, names(&["1 M"])),
        (ProfileFault::PhotoKindUnknown, names(&["JPEG", "PNG", "WebP"])),
        (ProfileFault::PhotoSides { pixels_max: 4096 }, names(&["4096"])),
    ];
    let list = [
        (ListFault::NotUtf8 { line: 7 }, names(&["7"])),
        (ListFault::NoColumns, names(&["address,name"])),
        (ListFault::ColumnUnknown { name: "taille".into() }, names(&["taille"])),
        (ListFault::ColumnRepeated { name: "nom".into() }, names(&["nom"])),
        (ListFault::ColumnMissing { name: "address".into() }, names(&["address"])),
        (ListFault::LineLength { cells: 3, columns: 5 }, names(&["3", "5"])),
        (ListFault::LineRepeated { line: 12 }, names(&["12"])),
        (ListFault::CellEmpty { column: "name".into() }, names(&["name"])),
        (ListFault::CellInvalid { column: "role".into(), text: "chef".into() }, names(&["role", "chef"])),
        (ListFault::StateDiffers { is: Some(State::Deactivated) }, vec![]),
    ];
    let place = || "s3:https://s3.example/seau".to_owned();
    let backup = [
        (BackupFault::Missing, names(&["relais backup run"])),
        (BackupFault::LegalHold { reason: "Litige".into() }, names(&["Litige"])),
        (BackupFault::Damaged { location: place() }, vec![place()]),
        (BackupFault::WrongKey { location: place() }, vec![place()]),
        (BackupFault::Unreachable { location: place() }, vec![place()]),
        (BackupFault::LocationInvalid { text: "ici".into() }, names(&["ici"])),
        (BackupFault::LocationTaken { location: place() }, vec![place()]),
        (BackupFault::NotVerified, vec![]),
        (BackupFault::ExportSourceGone, names(&["relais backup download"])),
        (BackupFault::Personal, vec![]),
        (BackupFault::RetentionEmpty, vec![]),
        (BackupFault::AlreadyHere { name: "Mairie".into() }, names(&["Mairie"])),
        (BackupFault::FromNewerVersion, vec![]),
        (
            BackupFault::ExternalAddressMissing { account: "user1@bm.com".parse().expect("an address") },
            names(&["user1@bm.com"]),
        ),
        (BackupFault::ExportVoid, vec![]),
        (BackupFault::SharesEnd, names(&["--collections move"])),
    ];
    let group = [
        (GroupFault::Cycle { path: vec!["Ventes".into(), "Tous".into()] }, names(&["Ventes → Tous"])),
        (GroupFault::SendersMissing, vec![]),
        (GroupFault::SendersTooMany { count_max: 1000 }, names(&["1000"])),
        (
            GroupFault::CatchAll { group: "Tous".into(), domains: vec!["bm.com".into()] },
            names(&["Tous", "bm.com"]),
        ),
        (
            GroupFault::RedirectedTo { group: "Tous".into(), by: vec!["user1@bm.com".into()] },
            names(&["Tous", "user1@bm.com"]),
        ),
    ];
    let account = || "user1@bm.com".parse().expect("an address");
    let invitation = [
        InvitationFault::NotInvited { account: account() },
        InvitationFault::ExternalAddressMissing { account: account() },
        InvitationFault::NotFlexible { account: account() },
    ];
    profile
        .into_iter()
        .map(|(fault, names)| (fault.into(), names))
        .chain(backup.into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(content_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(directory_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(group.into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(scim_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(invitation.into_iter().map(|fault| (fault.into(), names(&["user1@bm.com"]))))
        .chain(list.into_iter().map(|(fault, names)| (fault.into(), names)))
        .collect()
}

fn scim_faults() -> Vec<(ScimFault, Vec<String>)> {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    vec![
        (ScimFault::Filter { place: 12 }, names(&["12"])),
        (ScimFault::Path { path: "surnom".into() }, names(&["surnom"])),
        (
            ScimFault::NoTarget { path: "emails[type eq \"home\"]".into() },
            names(&["emails[type eq \"home\"]"]),
        ),
        (ScimFault::Value { attribute: "active".into() }, names(&["active"])),
        (ScimFault::ReadOnly { attribute: "id".into() }, names(&["id"])),
        (ScimFault::Syntax, vec![]),
        (ScimFault::UserNameTaken { user_name: "jeanne".into() }, names(&["jeanne"])),
        (ScimFault::ExternalIdTaken { external_id: "42".into() }, names(&["42"])),
        (ScimFault::GroupNameTaken { name: "Ventes".into() }, names(&["Ventes"])),
        (ScimFault::AddressMissing { user_name: "jeanne".into() }, names(&["jeanne"])),
        (ScimFault::MemberUnknown { id: "acc-1".into() }, names(&["acc-1"])),
        (
            ScimFault::ClosedHere { address: "user1@bm.com".parse().expect("an address") },
            names(&["user1@bm.com"]),
        ),
        (ScimFault::VersionDiffers, vec![]),
        (ScimFault::CursorInvalid, vec![]),
        (ScimFault::CountInvalid, vec![]),
    ]
}

fn every_refusal() -> Vec<Refusal> {
    let address = |text: &str| -> EmailAddress { text.parse().expect("an address") };
    let user1 = address("user1@bm.com");
    let record = TxtRecord { name: "_relais.bm.com".into(), value: "relais-domain-verification=abc".into() };
    let mut every = vec![
        Refusal::NotAllowed,
        Refusal::NotInThisState { act: Act::BeDeleted, state: State::Active },
        Refusal::OwnerCannotLeave,
        Refusal::RevokeRoleFirst,
        Refusal::LastCompanyAdmin,
        Refusal::OnlyGroupAdmin { groups: vec!["Ventes".into(), "Achats".into()] },
        Refusal::DeactivateFirst,
        Refusal::DeactivatedByAPerson,
        Refusal::DepartureInProgress,
        Refusal::AddressTaken { address: user1.clone() },
        Refusal::AddressReserved { address: address("abuse@bm.com") },
        Refusal::AddressRetired { address: user1.clone() },
        Refusal::AddressNotHeld { address: user1.clone() },
        Refusal::AddressIsPrimary { address: user1.clone() },
        Refusal::AddressStays { address: user1.clone() },
        Refusal::DomainNotHosted { domain: "bm.com".into() },
        Refusal::DomainTaken { domain: "bm.com".into() },
        Refusal::DomainInvalid { text: "bm".into() },
        Refusal::DomainNotProven { domain: "bm.com".into(), record },
        Refusal::DomainInUse { domain: "bm.com".into(), addresses: vec![user1.clone()] },
        Refusal::DomainIsProvider { domain: "host.net".into() },
        Refusal::TargetNotActive { address: user1.clone() },
        Refusal::NameInvalid,
        Refusal::InboundPhases,
        Refusal::InboundDropsMail,
        Refusal::InboundInThePast,
        Refusal::RedirectLoop { through: vec![user1.clone(), address("user2@bm.com")] },
        Refusal::RedirectNowhere { address: user1.clone() },
        Refusal::PasswordLength { characters_min: 8 },
        Refusal::SuccessorIsLeaver,
        Refusal::SuccessorNotActive { address: user1 },
        Refusal::SuccessorMissing,
        Refusal::NewMailAmbiguous,
        Refusal::DateInThePast,
        Refusal::DatesOutOfOrder,
        Refusal::ReasonMissing,
        Refusal::GrantTooLong { days_max: 30 },
        Refusal::DepartureNotUndoable,
        Refusal::DepartureNotHeld,
        Refusal::DepartureOver,
        Refusal::ProvisionShort { missing: Money { amount_minor: 250, currency: Currency::Eur } },
        Refusal::AmountInvalid,
        Refusal::NumberInvalid { field: "accounts_max" },
        Refusal::CurrencyDiffers { offered: Currency::Chf, own: Currency::Eur },
        Refusal::TimeZoneUnknown { text: "Paris".into() },
        Refusal::NoLongerOffered { name: "Base".into() },
        Refusal::PlanFull { accounts_max: 50 },
        Refusal::PlanTooSmall { plan: "Mairie".into(), used: 51, max: 50 },
        Refusal::PlanUnpaid,
        Refusal::SubscriptionNeeded { accounts_free: 5 },
        Refusal::FullLicencesUsed { full_licences_max: 10 },
        Refusal::OwnDomainsUsed { own_domains_max: 1 },
        Refusal::AliasLimit { aliases_max: 3 },
        Refusal::PaymentDiffers { reference: "pay-1".into() },
        Refusal::ReferenceInvalid,
        Refusal::PeriodEmpty { from: date(2026, 12, 1), until: date(2026, 11, 1) },
        Refusal::QuotaInvalid,
        Refusal::PasswordResetVoid,
        Refusal::JobOver,
        Refusal::JobItemFailed,
        Refusal::JobTargetGone,
        Refusal::WebhookUrlInvalid { url: "boards.example".into() },
        Refusal::CollectionUnknown { collection: "travail".into() },
        Refusal::SharedWithOwner,
    ];
    every.extend(named_faults().into_iter().map(|(refusal, _)| refusal));
    every.iter().for_each(is_listed);
    every
}

#[test]
fn every_refusal_has_a_code_of_its_own_in_snake_case() {
    let mut codes = HashSet::new();
    for refusal in every_refusal() {
        let code = refusal.code();
        assert!(codes.insert(code), "two refusals are called {code}");
        let words =
            code.split('_').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
        assert!(words, "{code}");
    }
}

#[test]
fn every_refusal_says_in_both_languages_what_to_do_next() {
    for refusal in every_refusal() {
        let (french, english) = (refusal.sentence(Language::French), refusal.sentence(Language::English));
        assert_ne!(french, english);
        for (sentence, semicolon) in [(&french, " ; "), (&english, "; ")] {
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
            let starts_well = sentence.starts_with(|c: char| !c.is_lowercase());
            // A sentence may begin with an address, which has no capital.
            assert!(starts_well || sentence.contains('@'), "{sentence}");
            let (_, next) =
                sentence.split_once(semicolon).unwrap_or_else(|| panic!("no instruction: {sentence}"));
            assert!(next.len() > 8, "{sentence}");
        }
        // English punctuation sticks, French punctuation does not.
        assert!(!english.contains(" ;") && !english.contains(" :"), "{english}");
        assert!(french.matches(';').count() == french.matches(" ; ").count(), "{french}");
        assert_eq!(refusal.to_string(), english);
    }
}

/// What has a name in it says the name: the person must not have to guess which group, which address.
#[test]
fn a_refusal_names_what_stands_in_the_way() {
    for language in [Language::French, Language::English] {
        let groups = Refusal::OnlyGroupAdmin { groups: vec!["Ventes".into(), "Achats".into()] };
        let sentence = groups.sentence(language);
        assert!(sentence.contains("Ventes") && sentence.contains("Achats"), "R16: {sentence}");
        for refusal in every_refusal() {
            let names = match &refusal {
                Refusal::AddressTaken { address }
                | Refusal::AddressReserved { address }
                | Refusal::AddressRetired { address }
                | Refusal::AddressNotHeld { address }
                | Refusal::AddressIsPrimary { address }
                | Refusal::AddressStays { address }
                | Refusal::TargetNotActive { address }
                | Refusal::RedirectNowhere { address }
                | Refusal::SuccessorNotActive { address } => vec![address.to_string()],
                Refusal::RedirectLoop { through } => through.iter().map(ToString::to_string).collect(),
                Refusal::DomainNotHosted { domain }
                | Refusal::DomainTaken { domain }
                | Refusal::DomainIsProvider { domain } => vec![domain.clone()],
                Refusal::DomainNotProven { domain, record } => {
                    vec![domain.clone(), record.name.clone(), record.value.clone()]
                }
                Refusal::DomainInUse { domain, addresses } => {
                    addresses.iter().map(ToString::to_string).chain([domain.clone()]).collect()
                }
                Refusal::DomainInvalid { text } => vec![text.clone()],
                Refusal::PasswordLength { characters_min } => vec![characters_min.to_string()],
                Refusal::GrantTooLong { days_max } => vec![days_max.to_string()],
                Refusal::ProvisionShort { missing } => vec![missing.format(language)],
                Refusal::NumberInvalid { field } => vec![(*field).to_owned()],
                Refusal::CurrencyDiffers { offered, own } => {
                    vec![offered.code().to_owned(), own.code().to_owned()]
                }
                Refusal::TimeZoneUnknown { text } => vec![text.clone()],
                Refusal::NoLongerOffered { name } => vec![name.clone()],
                Refusal::PlanTooSmall { plan, used, max } => {
                    vec![plan.clone(), used.to_string(), max.to_string()]
                }
                Refusal::PlanFull { accounts_max: max }
                | Refusal::SubscriptionNeeded { accounts_free: max }
                | Refusal::FullLicencesUsed { full_licences_max: max }
                | Refusal::OwnDomainsUsed { own_domains_max: max }
                | Refusal::AliasLimit { aliases_max: max } => vec![max.to_string()],
                Refusal::PaymentDiffers { reference } => vec![reference.clone()],
                Refusal::CollectionUnknown { collection } => vec![collection.clone()],
                Refusal::PeriodEmpty { from, until } => vec![from.to_string(), until.to_string()],
                Refusal::NotAllowed
                | Refusal::NotInThisState { .. }
                | Refusal::OwnerCannotLeave
                | Refusal::RevokeRoleFirst
                | Refusal::LastCompanyAdmin
                | Refusal::OnlyGroupAdmin { .. }
                | Refusal::DeactivateFirst
                | Refusal::DeactivatedByAPerson
                | Refusal::DepartureInProgress
                | Refusal::NameInvalid
                | Refusal::InboundPhases
                | Refusal::InboundDropsMail
                | Refusal::InboundInThePast
                | Refusal::SuccessorIsLeaver
                | Refusal::SuccessorMissing
                | Refusal::NewMailAmbiguous
                | Refusal::DateInThePast
                | Refusal::DatesOutOfOrder
                | Refusal::ReasonMissing
                | Refusal::DepartureNotUndoable
                | Refusal::DepartureNotHeld
                | Refusal::AmountInvalid
                | Refusal::PlanUnpaid
                | Refusal::ReferenceInvalid
                | Refusal::DepartureOver
                | Refusal::QuotaInvalid
                | Refusal::PasswordResetVoid
                | Refusal::JobOver
                | Refusal::JobItemFailed
                | Refusal::JobTargetGone
                | Refusal::SharedWithOwner => vec![],
                Refusal::WebhookUrlInvalid { url } => vec![url.clone()],
                fault @ (Refusal::Profile(_)
                | Refusal::List(_)
                | Refusal::Backup(_)
                | Refusal::Group(_)
                | Refusal::Invitation(_)
                | Refusal::Content(_)
                | Refusal::Scim(_)
                | Refusal::Directory(_)) => {
                    let named = named_faults().into_iter().find(|(refusal, _)| refusal == fault);
                    named.expect("listed").1
                }
            };
            for name in names {
                assert!(refusal.sentence(language).contains(&name), "{}", refusal.code());
            }
        }
    }
}

/// Each act in each state makes a sentence, so that no door prints a hole.
#[test]
fn no_state_and_act_leave_a_hole_in_the_sentence() {
    for act in Act::ALL {
        for state in State::ALL {
            let refusal = Refusal::NotInThisState { act, state };
            for language in [Language::French, Language::English] {
                let sentence = refusal.sentence(language);
                assert!(sentence.len() > 40 && !sentence.contains("  "), "{sentence}");
            }
        }
    }
}
