//! What the doors of HTTP say when something does not succeed: one status and one sentence for each refusal and failure,
//! the same for programs and in a browser. What is wrong inside is never told.

mod title;

pub use title::title;

use axum::http::StatusCode;
use relais_app::core::language::Language;
use relais_app::core::refusal::{
    BackupFault, ContentFault, CredentialFault, DirectoryFault, FeedFault, GroupFault, PasskeyFault,
    ProfileFault, Refusal, SignOnFault,
};
use relais_app::{Error, SignInRefusal};

/// The status of a failure.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::Refused(refusal) => status_of(refusal),
        Error::RefusedAll(refusals) => status_of_all(refusals),
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Conflict => StatusCode::CONFLICT,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status of a sign-in that lets nobody in.
pub fn status_of_sign_in(refusal: &SignInRefusal) -> StatusCode {
    match refusal {
        SignInRefusal::Credentials => StatusCode::UNAUTHORIZED,
        SignInRefusal::Closed | SignInRefusal::AppPasswordNeeded | SignInRefusal::SignOnNeeded { .. } => {
            StatusCode::FORBIDDEN
        }
        SignInRefusal::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
        SignInRefusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The status of what is wrong with a directory, or with what stands in it.
fn status_of_directory(fault: &DirectoryFault) -> StatusCode {
    match fault {
        DirectoryFault::SettingInvalid { .. }
        | DirectoryFault::SettingsUnreadable { .. }
        | DirectoryFault::EntryUnknown { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        DirectoryFault::Unreachable { .. } | DirectoryFault::CutShort { .. } | DirectoryFault::BeingRead => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        DirectoryFault::NotTrusted { .. }
        | DirectoryFault::NotEncrypted
        | DirectoryFault::NotLetIn { .. }
        | DirectoryFault::Garbled
        | DirectoryFault::NothingHeld
        | DirectoryFault::AddressMissing { .. }
        | DirectoryFault::AddressInvalid { .. }
        | DirectoryFault::AddressTwice { .. }
        | DirectoryFault::LinkByHand { .. }
        | DirectoryFault::OtherEntry { .. }
        | DirectoryFault::AccountDeleted { .. }
        | DirectoryFault::GroupNameTaken { .. } => StatusCode::CONFLICT,
    }
}

fn status_of_feed(fault: &FeedFault) -> StatusCode {
    match fault {
        FeedFault::UrlInvalid { .. } | FeedFault::TokenInvalid | FeedFault::GroupUnknown { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        FeedFault::Missing { .. } => StatusCode::NOT_FOUND,
        FeedFault::Denied { .. } | FeedFault::Away { .. } => StatusCode::CONFLICT,
    }
}

fn status_of_backup(fault: &BackupFault) -> StatusCode {
    match fault {
        BackupFault::Personal => StatusCode::FORBIDDEN,
        BackupFault::LocationInvalid { .. }
        | BackupFault::RetentionEmpty
        | BackupFault::SharesEnd
        | BackupFault::ExternalAddressMissing { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        BackupFault::Unreachable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        BackupFault::Missing
        | BackupFault::LegalHold { .. }
        | BackupFault::Damaged { .. }
        | BackupFault::WrongKey { .. }
        | BackupFault::LocationTaken { .. }
        | BackupFault::NotVerified
        | BackupFault::AlreadyHere { .. }
        | BackupFault::FromNewerVersion
        | BackupFault::ExportVoid
        | BackupFault::ExportSourceGone
        | BackupFault::OwnBackupMissing => StatusCode::CONFLICT,
    }
}

fn status_of_credential(fault: &CredentialFault) -> StatusCode {
    match fault {
        CredentialFault::PasswordCommon
        | CredentialFault::PasswordFamiliar
        | CredentialFault::ScopesMissing => StatusCode::UNPROCESSABLE_ENTITY,
        CredentialFault::OnlyThePerson { .. }
        | CredentialFault::SecondFactorToSetUp
        | CredentialFault::SignInAgain => StatusCode::FORBIDDEN,
        CredentialFault::CodeWrong | CredentialFault::HalfSignInVoid => StatusCode::UNAUTHORIZED,
        CredentialFault::TooManyCodes => StatusCode::TOO_MANY_REQUESTS,
        CredentialFault::TooManyAppPasswords { .. }
        | CredentialFault::SecondFactorPresent { .. }
        | CredentialFault::SecondFactorAbsent { .. }
        | CredentialFault::SecondFactorNotBegun => StatusCode::CONFLICT,
    }
}

fn status_of_passkey(fault: &PasskeyFault) -> StatusCode {
    match fault {
        PasskeyFault::AnswerInvalid | PasskeyFault::Unknown | PasskeyFault::Copied => {
            StatusCode::UNAUTHORIZED
        }
        PasskeyFault::Unavailable { .. }
        | PasskeyFault::TooMany { .. }
        | PasskeyFault::CeremonyVoid
        | PasskeyFault::Present => StatusCode::CONFLICT,
    }
}

fn status_of_sign_on(fault: &SignOnFault) -> StatusCode {
    match fault {
        SignOnFault::IssuerInvalid { .. }
        | SignOnFault::ClientInvalid
        | SignOnFault::DomainsMissing
        | SignOnFault::DomainNotOwn { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        SignOnFault::ProviderAway { .. } => StatusCode::SERVICE_UNAVAILABLE,
        SignOnFault::TooManyStarts => StatusCode::TOO_MANY_REQUESTS,
        SignOnFault::AnswerInvalid
        | SignOnFault::Unknown
        | SignOnFault::LeaderLinks { .. }
        | SignOnFault::OtherSubject { .. }
        | SignOnFault::Closed { .. }
        | SignOnFault::Required { .. } => StatusCode::FORBIDDEN,
        SignOnFault::ProviderMissing | SignOnFault::AttemptVoid | SignOnFault::LinkedElsewhere => {
            StatusCode::CONFLICT
        }
    }
}

fn status_of_content(fault: &ContentFault) -> StatusCode {
    match fault {
        ContentFault::ExternalIdInvalid
        | ContentFault::TextInvalid { .. }
        | ContentFault::UrlInvalid { .. }
        | ContentFault::KindIsOurs
        | ContentFault::OwnerUnknown { .. }
        | ContentFault::SameOwner { .. }
        | ContentFault::ShareeUnknown { .. }
        | ContentFault::ItemUnknown { .. }
        | ContentFault::NothingChosen
        | ContentFault::KindsOrItems
        | ContentFault::TooMany { .. }
        | ContentFault::NotByMachine => StatusCode::UNPROCESSABLE_ENTITY,
        ContentFault::KindFixed { .. }
        | ContentFault::ParentUnknown { .. }
        | ContentFault::NotHeld { .. }
        | ContentFault::OwnerClosed { .. }
        | ContentFault::Erasing
        | ContentFault::FateMissing { .. }
        | ContentFault::EraseWithoutDeletion
        | ContentFault::UndoTooLate => StatusCode::CONFLICT,
    }
}

/// The status of a refusal: 403 for whom the caller is, 422 for what the request says by itself, 409 for how things
/// stand.
fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NotAllowed => StatusCode::FORBIDDEN,
        Refusal::Backup(fault) => status_of_backup(fault),
        Refusal::Content(fault) => status_of_content(fault),
        Refusal::Directory(fault) => status_of_directory(fault),
        Refusal::Credential(fault) => status_of_credential(fault),
        Refusal::Passkey(fault) => status_of_passkey(fault),
        Refusal::SignOn(fault) => status_of_sign_on(fault),
        Refusal::Feed(fault) => status_of_feed(fault),
        Refusal::Profile(ProfileFault::PhotoTooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::DomainInvalid { .. }
        | Refusal::NameInvalid
        | Refusal::InboundPhases
        | Refusal::InboundDropsMail
        | Refusal::InboundInThePast
        | Refusal::PasswordLength { .. }
        | Refusal::SuccessorIsLeaver
        | Refusal::SuccessorMissing
        | Refusal::NewMailAmbiguous
        | Refusal::DateInThePast
        | Refusal::DatesOutOfOrder
        | Refusal::ReasonMissing
        | Refusal::GrantTooLong { .. }
        | Refusal::AmountInvalid
        | Refusal::ReferenceInvalid
        | Refusal::PeriodEmpty { .. }
        | Refusal::NumberInvalid { .. }
        | Refusal::TimeZoneUnknown { .. }
        | Refusal::QuotaInvalid
        | Refusal::SharedWithOwner
        | Refusal::WebhookUrlInvalid { .. }
        | Refusal::Group(GroupFault::SendersMissing | GroupFault::SendersTooMany { .. })
        | Refusal::Profile(_)
        | Refusal::List(_)
        | Refusal::Policy(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Group(
            GroupFault::Cycle { .. } | GroupFault::CatchAll { .. } | GroupFault::RedirectedTo { .. },
        )
        | Refusal::Mailbox(_)
        | Refusal::Invitation(_)
        | Refusal::Scim(_) => StatusCode::CONFLICT,
        Refusal::NotInThisState { .. }
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
        | Refusal::DomainNotProven { .. }
        | Refusal::DomainInUse { .. }
        | Refusal::ResponderInUse { .. }
        | Refusal::DomainIsProvider { .. }
        | Refusal::TargetNotActive { .. }
        | Refusal::RedirectLoop { .. }
        | Refusal::RedirectNowhere { .. }
        | Refusal::SuccessorNotActive { .. }
        | Refusal::DepartureNotUndoable
        | Refusal::DepartureNotHeld
        | Refusal::DepartureOver
        | Refusal::ProvisionShort { .. }
        | Refusal::CurrencyDiffers { .. }
        | Refusal::NoLongerOffered { .. }
        | Refusal::PlanFull { .. }
        | Refusal::PlanTooSmall { .. }
        | Refusal::PlanUnpaid
        | Refusal::SubscriptionNeeded { .. }
        | Refusal::FullLicencesUsed { .. }
        | Refusal::OwnDomainsUsed { .. }
        | Refusal::AliasLimit { .. }
        | Refusal::PaymentDiffers { .. }
        | Refusal::PasswordResetVoid
        | Refusal::Operator(_)
        | Refusal::JobOver
        | Refusal::JobItemFailed
        | Refusal::JobTargetGone
        | Refusal::CollectionUnknown { .. } => StatusCode::CONFLICT,
    }
}

/// Of several: 403 wins, then 409; 422 only when nothing but the request has to change.
pub fn status_of_all(refusals: &[Refusal]) -> StatusCode {
    let all: Vec<StatusCode> = refusals.iter().map(status_of).collect();
    [StatusCode::FORBIDDEN, StatusCode::CONFLICT]
        .into_iter()
        .find(|status| all.contains(status))
        .unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// What is said to whoever is not let in, and what to do next.
pub fn sentence_of_sign_in(refusal: &SignInRefusal, language: Language) -> String {
    let said = |french: &str, english: &str| language.pick(french, english).to_owned();
    match refusal {
        SignInRefusal::Credentials => said(
            "L'identifiant ou le mot de passe est faux ; vérifiez-les, puis demandez un nouveau mot de passe à votre administrateur.",
            "The login or the password is wrong; check them, or ask your administrator for a new password.",
        ),
        SignInRefusal::Closed => said(
            "Ce compte est fermé ; adressez-vous à un administrateur de l'organisation.",
            "This account is closed; ask an administrator of the organisation.",
        ),
        SignInRefusal::AppPasswordNeeded => said(
            "Seul un mot de passe d'application ouvre cette porte ; créez-en un (POST /api/v1/accounts/COMPTE/app-passwords).",
            "Only an app password opens this door; create one (POST /api/v1/accounts/ACCOUNT/app-passwords).",
        ),
        SignInRefusal::SignOnNeeded { url } => {
            Refusal::from(SignOnFault::Required { url: url.clone() }).sentence(language)
        }
        SignInRefusal::TooManyAttempts => said(
            "Trop de tentatives ont échoué ; réessayez dans cinq minutes.",
            "Too many attempts have failed; try again in five minutes.",
        ),
        SignInRefusal::Unavailable => unavailable(language),
    }
}

/// What a failure says, and what to do next.
pub fn sentence(error: &Error, language: Language) -> String {
    let said = |french: &str, english: &str| language.pick(french, english).to_owned();
    match error {
        Error::Refused(refusal) => refusal.sentence(language),
        Error::RefusedAll(refusals) => {
            let sentences: Vec<String> = refusals.iter().map(|refusal| refusal.sentence(language)).collect();
            sentences.join(" ")
        }
        Error::NotFound => said(
            "Introuvable ; vérifiez l'identifiant, le nom ou l'adresse.",
            "Not found; check the id, the name or the address.",
        ),
        Error::Conflict => said(
            "Ce nom est déjà pris, ou quelqu'un a changé la même chose au même moment ; relisez, puis recommencez ou choisissez un autre nom.",
            "This name is in use, or someone changed the same thing at the same moment; look again, then repeat or choose another name.",
        ),
        Error::Unavailable(_) => unavailable(language),
        Error::StorageFull => said(
            "Il n'y a plus de place sur le serveur ; rien n'a été changé, prévenez l'exploitant.",
            "There is no storage left on the server; nothing was changed, tell its operator.",
        ),
        Error::Internal(_) => said(
            "Une erreur est survenue dans Relais ; transmettez l'identifiant de cette demande à l'exploitant.",
            "Something went wrong inside Relais; give the id of this request to its operator.",
        ),
    }
}

fn unavailable(language: Language) -> String {
    language
        .pick(
            "Le service est indisponible pour l'instant ; rien n'a été changé, réessayez dans quelques secondes.",
            "The service is not available for now; nothing was changed, try again in a few seconds.",
        )
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_refusals_the_one_that_asks_most_gives_the_status() {
        for (refusals, expected) in [
            (vec![Refusal::DateInThePast, Refusal::SuccessorIsLeaver], 422),
            (vec![Refusal::DateInThePast, Refusal::OwnerCannotLeave], 409),
            (vec![Refusal::OwnerCannotLeave, Refusal::NotAllowed], 403),
        ] {
            assert_eq!(status_of_all(&refusals).as_u16(), expected, "{refusals:?}");
        }
    }
}
