//! What is wrong with a directory, or with what stands in it.

use crate::address::EmailAddress;
use crate::directory::EntryId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryFault {
    SettingInvalid {
        field: &'static str,
    },
    SettingsUnreadable {
        because: String,
    },
    /// The server cannot be reached or does not answer in time.
    Unreachable {
        because: String,
    },
    /// The certificate is not one that is trusted, or of another server.
    NotTrusted {
        because: String,
    },
    NotEncrypted,
    /// The server does not let us in, or does not let us read.
    NotLetIn {
        because: String,
    },
    /// The server answered something that no directory says.
    Garbled,
    /// The reading broke off before its end.
    CutShort {
        because: String,
    },
    NothingHeld,
    BeingRead,
    AddressMissing {
        entry: EntryId,
    },
    AddressInvalid {
        text: String,
    },
    AddressTwice {
        address: String,
    },
    /// The account that has the address leads the organisation.
    LinkByHand {
        entry: EntryId,
        address: EmailAddress,
    },
    /// The account that has the address belongs to another entry, or did.
    OtherEntry {
        entry: EntryId,
        address: EmailAddress,
    },
    AccountDeleted {
        address: EmailAddress,
    },
    EntryUnknown {
        entry: EntryId,
    },
    GroupNameTaken {
        name: String,
    },
}

impl DirectoryFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::SettingInvalid { .. } => "directory_setting_invalid",
            Self::SettingsUnreadable { .. } => "directory_settings_unreadable",
            Self::Unreachable { .. } => "directory_unreachable",
            Self::NotTrusted { .. } => "directory_not_trusted",
            Self::NotEncrypted => "directory_not_encrypted",
            Self::NotLetIn { .. } => "directory_not_let_in",
            Self::Garbled => "directory_garbled",
            Self::CutShort { .. } => "directory_cut_short",
            Self::NothingHeld => "directory_nothing_held",
            Self::BeingRead => "directory_being_read",
            Self::AddressMissing { .. } => "directory_address_missing",
            Self::AddressInvalid { .. } => "directory_address_invalid",
            Self::AddressTwice { .. } => "directory_address_twice",
            Self::LinkByHand { .. } => "directory_link_by_hand",
            Self::OtherEntry { .. } => "directory_other_entry",
            Self::AccountDeleted { .. } => "directory_account_deleted",
            Self::EntryUnknown { .. } => "directory_entry_unknown",
            Self::GroupNameTaken { .. } => "directory_group_name_taken",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::SettingInvalid { field } => format!("Le réglage « {field} » de l'annuaire est vide, mal formé ou démesuré ; corrigez-le."),
            Self::SettingsUnreadable { because } => format!("Les réglages de l'annuaire ne peuvent pas être lus ({because}) ; corrigez-les."),
            Self::Unreachable { because } => format!("L'annuaire ne répond pas ({because}) ; rien n'a été changé. Vérifiez son adresse et le réseau, puis recommencez."),
            Self::NotTrusted { because } => format!("Le certificat de l'annuaire n'est pas accepté ({because}) ; donnez le nom qui y figure (--host) ou l'autorité qui l'a signé (--ca)."),
            Self::NotEncrypted => "Cet annuaire n'est pas sur la même machine, et un mot de passe n'y est pas envoyé en clair ; choisissez --encryption tls ou start-tls.".into(),
            Self::NotLetIn { because } => format!("L'annuaire refuse l'accès ou la lecture ({because}) ; vérifiez --bind-dn, le mot de passe, --base et --filter."),
            Self::Garbled => "La réponse de l'annuaire n'a pas de sens ; rien n'a été changé. Vérifiez que c'est bien un serveur LDAP, ou lisez-le en entier (--reading whole).".into(),
            Self::CutShort { because } => format!("La lecture de l'annuaire s'est interrompue ({because}) ; rien n'a été changé, et elle est reprise plus tard."),
            Self::NothingHeld => "Aucun plan de cet annuaire n'est en attente ; demandez une lecture (relais directory sync).".into(),
            Self::BeingRead => "Cet annuaire est en cours de lecture ; recommencez dans un instant.".into(),
            Self::AddressMissing { entry } => format!("L'entrée {entry} n'a pas d'adresse ; ajoutez-la dans l'annuaire, ou indiquez l'attribut qui la contient."),
            Self::AddressInvalid { text } => format!("« {text} » n'est pas une adresse ; corrigez-la dans l'annuaire, ou indiquez le domaine à ajouter aux identifiants (--domain)."),
            Self::AddressTwice { address } => format!("Plusieurs entrées ont l'adresse {address} ; ne la laissez qu'à une seule dans l'annuaire."),
            Self::LinkByHand { entry, address } => format!("Le compte {address} dirige l'organisation et n'est pas relié d'office ; s'il s'agit bien de cette personne, reliez-le (relais directory link … {entry} {address})."),
            Self::OtherEntry { entry, address } => format!("Le compte {address} était celui d'une autre entrée ; s'il s'agit de la même personne, reliez-le (relais directory link … {entry} {address}), sinon donnez-lui une autre adresse."),
            Self::AccountDeleted { address } => format!("Le compte {address} a été supprimé ; si la personne revient, créez-lui un compte et reliez-le (relais directory link)."),
            Self::EntryUnknown { entry } => format!("L'annuaire n'a pas d'entrée {entry} ; prenez un identifiant du compte rendu (relais directory report)."),
            Self::GroupNameTaken { name } => format!("Un groupe « {name} » existe déjà et ne vient pas de cet annuaire ; renommez l'un des deux."),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::SettingInvalid { field } => format!("The directory's setting \u{201c}{field}\u{201d} is empty, malformed or too long; correct it."),
            Self::SettingsUnreadable { because } => format!("The directory's settings cannot be read ({because}); correct them."),
            Self::Unreachable { because } => format!("The directory does not answer ({because}); nothing was changed. Check its address and the network, then try again."),
            Self::NotTrusted { because } => format!("The directory's certificate is not accepted ({because}); give the name that is in it (--host) or whoever signed it (--ca)."),
            Self::NotEncrypted => "This directory is not on the same machine, and no password is sent there in the clear; choose --encryption tls or start-tls.".into(),
            Self::NotLetIn { because } => format!("The directory does not let us in or read ({because}); check --bind-dn, the password, --base and --filter."),
            Self::Garbled => "The directory's answer makes no sense; nothing was changed. Check that it is an LDAP server, or have it read whole (--reading whole).".into(),
            Self::CutShort { because } => format!("The reading of the directory broke off ({because}); nothing was changed, and it is read again later."),
            Self::NothingHeld => "No plan of this directory is held; ask for a reading (relais directory sync).".into(),
            Self::BeingRead => "This directory is being read; try again in a moment.".into(),
            Self::AddressMissing { entry } => format!("The entry {entry} has no address; add it in the directory, or say which attribute holds it."),
            Self::AddressInvalid { text } => format!("\u{201c}{text}\u{201d} is not an address; correct it in the directory, or say which domain is added to logins (--domain)."),
            Self::AddressTwice { address } => format!("Several entries have the address {address}; leave it to one of them in the directory."),
            Self::LinkByHand { entry, address } => format!("The account {address} leads the organisation and is not linked by itself; if it is this person's, link it (relais directory link … {entry} {address})."),
            Self::OtherEntry { entry, address } => format!("The account {address} was that of another entry; if it is the same person, link it (relais directory link … {entry} {address}), if not, give them another address."),
            Self::AccountDeleted { address } => format!("The account {address} was deleted; if the person comes back, create an account and link it (relais directory link)."),
            Self::EntryUnknown { entry } => format!("The directory has no entry {entry}; take an id from the report (relais directory report)."),
            Self::GroupNameTaken { name } => format!("A group \u{201c}{name}\u{201d} exists that is not of this directory; rename one of them."),
        }
    }
}
