//! Why something cannot be backed up, found in a backup, or deleted without one.

use super::Refusal;
use crate::address::EmailAddress;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupFault {
    /// No verified backup is newer than the closing of the account.
    Missing,
    LegalHold {
        reason: String,
    },
    /// The repository does not hold what it should.
    Damaged {
        location: String,
    },
    WrongKey {
        location: String,
    },
    /// The repository is not there, or does not answer.
    Unreachable {
        location: String,
    },
    LocationInvalid {
        text: String,
    },
    /// Something is there already that another organisation, or another program, has made.
    LocationTaken {
        location: String,
    },
    /// The generation is under way, or has failed: nothing can be read from it.
    NotVerified,
    /// Nobody but the person reads these.
    Personal,
    RetentionEmpty,
    /// The organisation, or its parts, are here already.
    AlreadyHere {
        name: String,
    },
    /// Made by a version of the program that is newer than this one.
    FromNewerVersion,
    ExternalAddressMissing {
        account: EmailAddress,
    },
    ExportVoid,
    /// The backup that an archive was made of is kept no longer.
    ExportSourceGone,
    /// Nothing to make a person's own archive of.
    OwnBackupMissing,
    /// What is shared goes with the account that is to be deleted.
    SharesEnd,
}

impl From<BackupFault> for Refusal {
    fn from(fault: BackupFault) -> Self {
        Self::Backup(fault)
    }
}

impl BackupFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Missing => "backup_missing",
            Self::LegalHold { .. } => "legal_hold",
            Self::Damaged { .. } => "backup_damaged",
            Self::WrongKey { .. } => "backup_key_wrong",
            Self::Unreachable { .. } => "backup_unreachable",
            Self::LocationInvalid { .. } => "backup_location_invalid",
            Self::LocationTaken { .. } => "backup_location_taken",
            Self::NotVerified => "backup_not_verified",
            Self::Personal => "personal",
            Self::RetentionEmpty => "retention_empty",
            Self::AlreadyHere { .. } => "organisation_already_here",
            Self::FromNewerVersion => "backup_from_newer_version",
            Self::ExternalAddressMissing { .. } => "external_address_missing",
            Self::ExportVoid => "export_void",
            Self::ExportSourceGone => "export_source_gone",
            Self::OwnBackupMissing => "own_backup_missing",
            Self::SharesEnd => "shares_end",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::Missing => "Aucune sauvegarde vérifiée ne contient ce compte tel qu'il est depuis sa fermeture ; sauvegardez-le (relais backup run --account ADRESSE), puis supprimez-le.".into(),
            Self::LegalHold { reason } => format!("Ce compte doit être conservé ({reason}) ; levez d'abord cette obligation (relais account hold --end)."),
            Self::Damaged { location } => format!("La sauvegarde {location} est abîmée ; contrôlez-la (relais backup check) et lancez une nouvelle sauvegarde ailleurs avant de compter sur elle."),
            Self::WrongKey { location } => format!("La clé n'ouvre pas la sauvegarde {location} ; donnez celle qu'affiche « relais backup key »."),
            Self::Unreachable { location } => format!("La sauvegarde {location} ne répond pas ou n'existe pas ; vérifiez l'emplacement, le réseau et les droits d'accès."),
            Self::LocationInvalid { text } => format!("« {text} » n'est pas un emplacement de sauvegarde ; donnez un chemin absolu ou s3:https://serveur/seau/dossier."),
            Self::LocationTaken { location } => format!("L'emplacement {location} contient déjà une autre sauvegarde ; choisissez-en un autre."),
            Self::NotVerified => "Cette sauvegarde n'est pas terminée et vérifiée ; choisissez-en une autre ou attendez sa fin.".into(),
            Self::Personal => "Ceci est personnel : seule la personne peut le lire ou le partager ; demandez-le-lui, ou passez-vous-en.".into(),
            Self::RetentionEmpty => "Avec ces durées aucune sauvegarde ne serait conservée ; gardez au moins un jour, une semaine ou un mois.".into(),
            Self::AlreadyHere { name } => format!("« {name} » est déjà sur cette instance ; restaurez l'organisation sur une instance où rien d'elle ne se trouve."),
            Self::FromNewerVersion => "Cette sauvegarde vient d'une version plus récente du programme ; installez cette version, puis recommencez.".into(),
            Self::ExternalAddressMissing { account } => format!("{account} n'a pas d'adresse externe à laquelle envoyer son export ; indiquez-la (relais profile set {account} --external-address …) ou renoncez à l'export."),
            Self::ExportVoid => "Ce lien a déjà servi ou a expiré ; demandez à l'administrateur d'en envoyer un autre.".into(),
            Self::ExportSourceGone => "La sauvegarde dont cette archive est tirée n'est plus conservée ; tirez-en une d'une sauvegarde plus récente (relais backup download), sans ce qui est personnel.".into(),
            Self::OwnBackupMissing => "Il n\'y a pas encore de sauvegarde vérifiée de ce compte, dont l\'archive serait tirée ; réessayez après la prochaine sauvegarde, ou demandez-en une à un administrateur.".into(),
            Self::SharesEnd => "Des agendas partagés disparaîtraient avec le compte à sa suppression ; faites-les passer au successeur (--collections move).".into(),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::Missing => "No verified backup holds this account as it is since it was closed; back it up (relais backup run --account ADDRESS), then delete it.".into(),
            Self::LegalHold { reason } => format!("This account has to be kept ({reason}); end the hold first (relais account hold --end)."),
            Self::Damaged { location } => format!("The backup {location} is damaged; check it (relais backup check) and back up to another place before relying on it."),
            Self::WrongKey { location } => format!("The key does not open the backup {location}; give the one that \u{201c}relais backup key\u{201d} shows."),
            Self::Unreachable { location } => format!("The backup {location} does not answer or is not there; check its location, the network and its access rights."),
            Self::LocationInvalid { text } => format!("\u{201c}{text}\u{201d} is not a place for backups; give an absolute path or s3:https://server/bucket/folder."),
            Self::LocationTaken { location } => format!("The place {location} holds another backup already; choose another."),
            Self::NotVerified => "This backup has not ended verified; choose another or wait for its end.".into(),
            Self::Personal => "This is personal: nobody but the person reads or shares it; ask them for it, or do without.".into(),
            Self::RetentionEmpty => "No backup would be kept for these times; keep at least one day, week or month.".into(),
            Self::AlreadyHere { name } => format!("\u{201c}{name}\u{201d} is on this instance already; restore the organisation on one where nothing of it is."),
            Self::FromNewerVersion => "This backup was made by a newer version of the program; install that version, then try again.".into(),
            Self::ExternalAddressMissing { account } => format!("{account} has no external address to send the export to; set it (relais profile set {account} --external-address …) or do without the export."),
            Self::ExportVoid => "This link was used already or has expired; ask the administrator to send another.".into(),
            Self::ExportSourceGone => "The backup that this archive was made of is kept no longer; make one of a later backup (relais backup download), without what is personal.".into(),
            Self::OwnBackupMissing => "There is no verified backup of this account yet, of which the archive would be made; try again after the next backup, or ask an administrator for one.".into(),
            Self::SharesEnd => "Calendars that are shared would go with the account when it is deleted; let them pass to the successor (--collections move).".into(),
        }
    }
}
