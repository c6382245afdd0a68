//! What stands against a passkey.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasskeyFault {
    /// Browsers know no passkeys at this address.
    Unavailable {
        url: String,
    },
    TooMany {
        max: usize,
    },
    /// The question is too old, was answered, or is of another purpose or person.
    CeremonyVoid,
    /// What the device answered does not hold.
    AnswerInvalid,
    /// It is there already, perhaps as somebody else's.
    Present,
    /// No account has it.
    Unknown,
    /// Its count of signatures went back.
    Copied,
}

impl PasskeyFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "passkeys_unavailable",
            Self::TooMany { .. } => "too_many_passkeys",
            Self::CeremonyVoid => "passkey_ceremony_void",
            Self::AnswerInvalid => "passkey_answer_invalid",
            Self::Present => "passkey_present",
            Self::Unknown => "passkey_unknown",
            Self::Copied => "passkey_copied",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::Unavailable { url } => format!("Les navigateurs n'acceptent pas de clé d'accès à l'adresse {url} ; demandez à l'exploitant de servir le portail en https sous un nom (public_url)."),
            Self::TooMany { max } => format!("Ce compte a déjà {max} clés d'accès, le plus qu'il puisse y avoir ; supprimez celles qui ne servent plus."),
            Self::CeremonyVoid => "Cette demande a trop attendu ou a déjà servi ; recommencez-la.".into(),
            Self::AnswerInvalid => "La réponse de cette clé d'accès n'est pas valable ici ; recommencez, ou connectez-vous autrement.".into(),
            Self::Present => "Cette clé d'accès est déjà enregistrée ; prenez-en une autre, ou donnez-lui un autre nom.".into(),
            Self::Unknown => "Aucun compte n'a cette clé d'accès ; connectez-vous autrement, puis supprimez-la de votre appareil.".into(),
            Self::Copied => "Cette clé d'accès semble avoir été copiée et n'ouvre rien ; connectez-vous autrement, supprimez-la, et prévenez un administrateur.".into(),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::Unavailable { url } => format!("Browsers take no passkeys at {url}; ask the operator to serve the portal by https under a name (public_url)."),
            Self::TooMany { max } => format!("This account has {max} passkeys already, the most there may be; remove those that are no longer in use."),
            Self::CeremonyVoid => "This request waited too long or was used already; begin it again.".into(),
            Self::AnswerInvalid => "This passkey's answer does not hold here; try again, or sign in another way.".into(),
            Self::Present => "This passkey is registered already; take another one, or rename it.".into(),
            Self::Unknown => "No account has this passkey; sign in another way, then remove it from your device.".into(),
            Self::Copied => "This passkey seems to have been copied and opens nothing; sign in another way, remove it, and tell an administrator.".into(),
        }
    }
}
