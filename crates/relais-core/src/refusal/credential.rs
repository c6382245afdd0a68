//! What stands against a credential, or against setting one up.

use crate::address::EmailAddress;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialFault {
    /// Guessed within a million attempts.
    PasswordCommon,
    /// Made of what is known of the person and the organisation.
    PasswordFamiliar,
    ScopesMissing,
    TooManyAppPasswords {
        max: usize,
    },
    /// Nobody makes for another what only the other is to know.
    OnlyThePerson {
        account: EmailAddress,
    },
    SecondFactorPresent {
        account: EmailAddress,
    },
    SecondFactorAbsent {
        account: EmailAddress,
    },
    SecondFactorNotBegun,
    /// Asked of this person, who has none.
    SecondFactorToSetUp,
    /// Wrong, too old, or used already: never told apart.
    CodeWrong,
    TooManyCodes,
    /// The half-done sign-in is too old, was completed, or saw too many wrong codes.
    HalfSignInVoid,
    /// Too long ago for whoever adds a way in.
    SignInAgain,
}

impl CredentialFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::PasswordCommon => "password_common",
            Self::PasswordFamiliar => "password_familiar",
            Self::ScopesMissing => "scopes_missing",
            Self::TooManyAppPasswords { .. } => "too_many_app_passwords",
            Self::OnlyThePerson { .. } => "only_the_person",
            Self::SecondFactorPresent { .. } => "second_factor_present",
            Self::SecondFactorAbsent { .. } => "second_factor_absent",
            Self::SecondFactorNotBegun => "second_factor_not_begun",
            Self::SecondFactorToSetUp => "second_factor_to_set_up",
            Self::CodeWrong => "code_wrong",
            Self::TooManyCodes => "too_many_codes",
            Self::HalfSignInVoid => "half_sign_in_void",
            Self::SignInAgain => "sign_in_again",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::PasswordCommon => "Ce mot de passe est de ceux que l'on essaie en premier ; prenez plutôt quatre ou cinq mots qui n'ont rien à voir entre eux.".into(),
            Self::PasswordFamiliar => "Ce mot de passe est fait de ce que chacun sait de vous ou de votre organisation ; prenez plutôt des mots qui n'ont rien à voir avec vous.".into(),
            Self::ScopesMissing => "Un mot de passe d'application doit ouvrir quelque chose ; indiquez « mail », « calendars » ou les deux.".into(),
            Self::TooManyAppPasswords { max } => format!("Ce compte a déjà {max} mots de passe d'application, le plus possible ; révoquez ceux qui ne servent plus."),
            Self::OnlyThePerson { account } => format!("Seule la personne du compte {account} peut le faire, avec sa propre session ; demandez-le-lui."),
            Self::SecondFactorPresent { account } => format!("Le compte {account} a déjà un second facteur ; supprimez-le d'abord."),
            Self::SecondFactorAbsent { account } => format!("Le compte {account} n'a pas de second facteur ; configurez-en un d'abord."),
            Self::SecondFactorNotBegun => "Aucun second facteur n'attend d'être confirmé ; commencez par en demander un.".into(),
            Self::SecondFactorToSetUp => "Votre organisation demande un second facteur et ce compte n'en a pas encore ; configurez-le d'abord (POST /api/v1/accounts/COMPTE/second-factor).".into(),
            Self::CodeWrong => "Ce code est faux, trop ancien ou déjà utilisé ; saisissez celui que votre appareil affiche maintenant, ou un code de secours.".into(),
            Self::TooManyCodes => "Trop de codes faux en peu de temps ; réessayez dans cinq minutes.".into(),
            Self::HalfSignInVoid => "Cette connexion a trop attendu ou a vu trop de codes faux ; recommencez avec l'identifiant et le mot de passe.".into(),
            Self::SignInAgain => "Une clé d'accès ou un mot de passe d'application s'ajoute dans les cinq minutes qui suivent une connexion ; connectez-vous à nouveau, puis recommencez.".into(),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::PasswordCommon => "This password is one of those that are tried first; rather take four or five words that have nothing to do with each other.".into(),
            Self::PasswordFamiliar => "This password is made of what everybody knows of you or your organisation; rather take words that have nothing to do with you.".into(),
            Self::ScopesMissing => "An app password has to open something; say \u{201c}mail\u{201d}, \u{201c}calendars\u{201d} or both.".into(),
            Self::TooManyAppPasswords { max } => format!("This account has {max} app passwords already, the most there may be; revoke those that are no longer in use."),
            Self::OnlyThePerson { account } => format!("Only the person of the account {account} can do this, with a session of their own; ask them."),
            Self::SecondFactorPresent { account } => format!("The account {account} has a second factor already; remove it first."),
            Self::SecondFactorAbsent { account } => format!("The account {account} has no second factor; set one up first."),
            Self::SecondFactorNotBegun => "No second factor waits for its confirmation; begin by asking for one.".into(),
            Self::SecondFactorToSetUp => "Your organisation asks for a second factor and this account has none yet; set it up first (POST /api/v1/accounts/ACCOUNT/second-factor).".into(),
            Self::CodeWrong => "This code is wrong, too old or was used already; type the one that your device shows now, or a recovery code.".into(),
            Self::TooManyCodes => "Too many wrong codes in a short time; try again in five minutes.".into(),
            Self::HalfSignInVoid => "This sign-in waited too long or saw too many wrong codes; begin again with login and password.".into(),
            Self::SignInAgain => "A passkey or an app password is added within five minutes of signing in; sign in again, then try once more.".into(),
        }
    }
}
