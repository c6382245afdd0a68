//! The refusals of one subject each, with what their sentences have to name.

use relais_core::address::EmailAddress;
use relais_core::content::ContentKind;
use relais_core::directory::EntryId;
use relais_core::profile::ProfileField;
use relais_core::refusal::{
    BackupFault, ContentFault, CredentialFault, DirectoryFault, FeedFault, GroupFault, InvitationFault,
    ListFault, MailboxFault, PasskeyFault, PolicyFault, ProfileFault, Refusal, ScimFault, SignOnFault,
};
use relais_core::rights::State;

/// A new variant does not compile here until it stands in [`named_faults`].
pub fn is_list_fault_listed(fault: &ListFault) {
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

/// A new variant does not compile here until it stands in [`named_faults`].
pub fn is_directory_fault_listed(fault: &DirectoryFault) {
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

/// A new variant does not compile here until it stands in [`named_faults`].
pub fn is_scim_fault_listed(fault: &ScimFault) {
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

/// A new variant does not compile here until it stands in [`named_faults`].
pub fn is_group_fault_listed(fault: &GroupFault) {
    match fault {
        GroupFault::Cycle { .. }
        | GroupFault::SendersMissing
        | GroupFault::SendersTooMany { .. }
        | GroupFault::CatchAll { .. }
        | GroupFault::RedirectedTo { .. } => {}
    }
}

/// A new variant does not compile here until it stands in [`named_faults`].
pub fn is_mailbox_fault_listed(fault: &MailboxFault) {
    match fault {
        MailboxFault::InUse { .. }
        | MailboxFault::InDeparture { .. }
        | MailboxFault::HasReaders { .. }
        | MailboxFault::NotBackedUp { .. } => {}
    }
}

/// A new variant does not compile here until it stands in [`named_faults`].
pub fn is_backup_fault_listed(fault: &BackupFault) {
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
        | BackupFault::OwnBackupMissing
        | BackupFault::SharesEnd => {}
    }
}

/// A new variant does not compile here until it stands in [`named_faults`].
pub fn is_content_fault_listed(fault: &ContentFault) {
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

fn policy_faults() -> Vec<(PolicyFault, Vec<String>)> {
    let address = || "user1@bm.com".parse().expect("an address");
    vec![
        (PolicyFault::Days { days_max: 366 }, vec!["366".to_owned()]),
        (PolicyFault::TextInvalid { chars_max: 10_000 }, vec!["10000".to_owned()]),
        (PolicyFault::HeirUnknown { address: address() }, vec!["user1@bm.com".to_owned()]),
    ]
}

fn feed_faults() -> Vec<(FeedFault, Vec<String>)> {
    let url = || "https://boards.example/scim".to_owned();
    let all = vec![
        (FeedFault::UrlInvalid { url: url() }, vec![url()]),
        (FeedFault::TokenInvalid, vec![]),
        (FeedFault::GroupUnknown { id: "grp-1".to_owned() }, vec!["grp-1".to_owned()]),
        (FeedFault::Missing { application: "Tableaux".to_owned() }, vec!["Tableaux".to_owned()]),
        (FeedFault::Away { url: url(), trouble: "answered 503".to_owned() }, vec![url()]),
        (FeedFault::Denied { url: url() }, vec![url()]),
    ];
    for (fault, _) in &all {
        // A new one does not compile here until it stands above.
        match fault {
            FeedFault::UrlInvalid { .. }
            | FeedFault::TokenInvalid
            | FeedFault::GroupUnknown { .. }
            | FeedFault::Missing { .. }
            | FeedFault::Away { .. }
            | FeedFault::Denied { .. } => {}
        }
    }
    all
}

fn passkey_faults() -> Vec<(PasskeyFault, Vec<String>)> {
    let url = || "http://192.0.2.1".to_owned();
    let all = vec![
        (PasskeyFault::Unavailable { url: url() }, vec![url()]),
        (PasskeyFault::TooMany { max: 20 }, vec!["20".to_owned()]),
        (PasskeyFault::CeremonyVoid, vec![]),
        (PasskeyFault::AnswerInvalid, vec![]),
        (PasskeyFault::Present, vec![]),
        (PasskeyFault::Unknown, vec![]),
        (PasskeyFault::Copied, vec![]),
    ];
    for (fault, _) in &all {
        match fault {
            PasskeyFault::Unavailable { .. }
            | PasskeyFault::TooMany { .. }
            | PasskeyFault::CeremonyVoid
            | PasskeyFault::AnswerInvalid
            | PasskeyFault::Present
            | PasskeyFault::Unknown
            | PasskeyFault::Copied => {}
        }
    }
    all
}

fn sign_on_faults() -> Vec<(SignOnFault, Vec<String>)> {
    let account = || "user1@bm.com".parse::<EmailAddress>().expect("an address");
    let named = || vec!["user1@bm.com".to_owned()];
    let url = || "https://login.example.com/realm".to_owned();
    let all = vec![
        (SignOnFault::IssuerInvalid { url: url() }, vec![url()]),
        (SignOnFault::ClientInvalid, vec![]),
        (SignOnFault::DomainsMissing, vec![]),
        (SignOnFault::DomainNotOwn { domain: "bm.com".to_owned() }, vec!["bm.com".to_owned()]),
        (SignOnFault::ProviderMissing, vec![]),
        (SignOnFault::ProviderAway { issuer: url() }, vec![url()]),
        (SignOnFault::AnswerInvalid, vec![]),
        (SignOnFault::AttemptVoid, vec![]),
        (SignOnFault::TooManyStarts, vec![]),
        (SignOnFault::Unknown, vec![]),
        (SignOnFault::LeaderLinks { account: account() }, named()),
        (SignOnFault::OtherSubject { account: account() }, named()),
        (SignOnFault::LinkedElsewhere, vec![]),
        (SignOnFault::Closed { account: account() }, named()),
        (SignOnFault::Required { url: url() }, vec![url()]),
    ];
    for (fault, _) in &all {
        // A new one does not compile here until it stands above.
        match fault {
            SignOnFault::IssuerInvalid { .. }
            | SignOnFault::ClientInvalid
            | SignOnFault::DomainsMissing
            | SignOnFault::DomainNotOwn { .. }
            | SignOnFault::ProviderMissing
            | SignOnFault::ProviderAway { .. }
            | SignOnFault::AnswerInvalid
            | SignOnFault::AttemptVoid
            | SignOnFault::TooManyStarts
            | SignOnFault::Unknown
            | SignOnFault::LeaderLinks { .. }
            | SignOnFault::OtherSubject { .. }
            | SignOnFault::LinkedElsewhere
            | SignOnFault::Closed { .. }
            | SignOnFault::Required { .. } => {}
        }
    }
    all
}

fn credential_faults() -> Vec<(CredentialFault, Vec<String>)> {
    let account = || "user1@bm.com".parse::<EmailAddress>().expect("an address");
    let named = || vec!["user1@bm.com".to_owned()];
    let all = vec![
        (CredentialFault::PasswordCommon, vec![]),
        (CredentialFault::PasswordFamiliar, vec![]),
        (CredentialFault::ScopesMissing, vec!["mail".to_owned(), "calendars".to_owned()]),
        (CredentialFault::TooManyAppPasswords { max: 50 }, vec!["50".to_owned()]),
        (CredentialFault::OnlyThePerson { account: account() }, named()),
        (CredentialFault::SecondFactorPresent { account: account() }, named()),
        (CredentialFault::SecondFactorAbsent { account: account() }, named()),
        (CredentialFault::SecondFactorNotBegun, vec![]),
        (CredentialFault::SecondFactorToSetUp, vec!["/second-factor".to_owned()]),
        (CredentialFault::CodeWrong, vec![]),
        (CredentialFault::TooManyCodes, vec![]),
        (CredentialFault::HalfSignInVoid, vec![]),
        (CredentialFault::SignInAgain, vec![]),
    ];
    for (fault, _) in &all {
        // A new one does not compile here until it stands above.
        match fault {
            CredentialFault::PasswordCommon
            | CredentialFault::PasswordFamiliar
            | CredentialFault::ScopesMissing
            | CredentialFault::TooManyAppPasswords { .. }
            | CredentialFault::OnlyThePerson { .. }
            | CredentialFault::SecondFactorPresent { .. }
            | CredentialFault::SecondFactorAbsent { .. }
            | CredentialFault::SecondFactorNotBegun
            | CredentialFault::SecondFactorToSetUp
            | CredentialFault::CodeWrong
            | CredentialFault::TooManyCodes
            | CredentialFault::HalfSignInVoid
            | CredentialFault::SignInAgain => {}
        }
    }
    all
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

pub fn named_faults() -> Vec<(Refusal, Vec<String>)> {
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
        (BackupFault::OwnBackupMissing, vec![]),
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
        .chain(policy_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(feed_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(passkey_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(sign_on_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(credential_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(group.into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(mailbox_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(scim_faults().into_iter().map(|(fault, names)| (fault.into(), names)))
        .chain(invitation.into_iter().map(|fault| (fault.into(), names(&["user1@bm.com"]))))
        .chain(list.into_iter().map(|(fault, names)| (fault.into(), names)))
        .collect()
}

fn mailbox_faults() -> Vec<(MailboxFault, Vec<String>)> {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mailbox = || "Accueil".to_owned();
    let people = || vec!["user1@bm.com".parse().expect("an address")];
    vec![
        (
            MailboxFault::InUse { mailbox: mailbox(), by: vec!["bm.com".into()] },
            names(&["Accueil", "bm.com"]),
        ),
        (
            MailboxFault::InDeparture { mailbox: mailbox(), leavers: people() },
            names(&["Accueil", "user1@bm.com"]),
        ),
        (
            MailboxFault::HasReaders { mailbox: mailbox(), readers: people() },
            names(&["Accueil", "user1@bm.com"]),
        ),
        (MailboxFault::NotBackedUp { mailbox: mailbox() }, names(&["Accueil"])),
    ]
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
