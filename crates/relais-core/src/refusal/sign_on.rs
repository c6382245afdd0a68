//! What stands against single sign-on.

use crate::address::EmailAddress;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignOnFault {
    IssuerInvalid {
        url: String,
    },
    ClientInvalid,
    DomainsMissing,
    DomainNotOwn {
        domain: String,
    },
    /// The organisation has no provider.
    ProviderMissing,
    ProviderAway {
        issuer: String,
    },
    /// What the provider said does not hold.
    AnswerInvalid,
    /// The attempt is too old, was used, or began in another browser.
    AttemptVoid,
    /// From one network.
    TooManyStarts,
    /// Known to the provider, and to nobody here.
    Unknown,
    /// Whoever leads is not linked by an address alone.
    LeaderLinks {
        account: EmailAddress,
    },
    /// The account is linked with somebody else at the same provider.
    OtherSubject {
        account: EmailAddress,
    },
    /// Somebody at the provider is linked with another account.
    LinkedElsewhere,
    Closed {
        account: EmailAddress,
    },
    /// Passwords open nothing in this organisation.
    Required {
        url: String,
    },
}

impl SignOnFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::IssuerInvalid { .. } => "issuer_invalid",
            Self::ClientInvalid => "client_invalid",
            Self::DomainsMissing => "sign_on_domains_missing",
            Self::DomainNotOwn { .. } => "sign_on_domain_not_own",
            Self::ProviderMissing => "identity_provider_missing",
            Self::ProviderAway { .. } => "identity_provider_away",
            Self::AnswerInvalid => "identity_provider_answer_invalid",
            Self::AttemptVoid => "sign_on_void",
            Self::TooManyStarts => "sign_on_too_many",
            Self::Unknown => "sign_on_unknown",
            Self::LeaderLinks { .. } => "sign_on_leader_links",
            Self::OtherSubject { .. } => "sign_on_other_subject",
            Self::LinkedElsewhere => "sign_on_linked_elsewhere",
            Self::Closed { .. } => "sign_on_closed",
            Self::Required { .. } => "sign_on_required",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::IssuerInvalid { url } => format!("« {url} » n'est pas l'adresse d'un fournisseur d'identité que ce serveur puisse joindre ; écrivez-la comme https://login.exemple.fr/realm, sans mot de passe ni paramètres."),
            Self::ClientInvalid => "L'identifiant du client ou le nom de la revendication est vide ou trop long ; copiez-les tels que le fournisseur les donne.".into(),
            Self::DomainsMissing => "Un fournisseur d'identité doit parler pour au moins un domaine ; nommez ceux de l'organisation dont il connaît les adresses.".into(),
            Self::DomainNotOwn { domain } => format!("Le domaine {domain} n'est pas un domaine prouvé de cette organisation ; ajoutez-le et prouvez-le d'abord (relais domain add {domain})."),
            Self::ProviderMissing => "Aucune authentification unique n'est configurée pour cette adresse ; vérifiez l'adresse, ou connectez-vous avec votre mot de passe.".into(),
            Self::ProviderAway { issuer } => format!("Le fournisseur d'identité {issuer} ne répond pas comme il devrait ; réessayez dans quelques minutes, puis prévenez un administrateur."),
            Self::AnswerInvalid => "La réponse du fournisseur d'identité n'est pas valable ; recommencez la connexion, puis prévenez un administrateur.".into(),
            Self::AttemptVoid => "Cette connexion a trop attendu, a déjà servi ou a commencé dans un autre navigateur ; recommencez-la.".into(),
            Self::TooManyStarts => "Trop de connexions ont commencé depuis votre réseau en peu de temps ; réessayez dans cinq minutes.".into(),
            Self::Unknown => "Le fournisseur d'identité vous connaît, mais aucun compte de l'organisation n'est le vôtre ; demandez une invitation à un administrateur.".into(),
            Self::LeaderLinks { account } => format!("Le compte {account} dirige l'organisation et n'est jamais lié par une adresse seule ; connectez-vous avec son mot de passe, puis liez-le vous-même (relais sign-on link {account})."),
            Self::OtherSubject { account } => format!("Le compte {account} est déjà lié à quelqu'un d'autre chez ce fournisseur d'identité ; demandez à un administrateur de retirer l'ancien lien (relais sign-on unlink {account})."),
            Self::LinkedElsewhere => "Cette identité est déjà liée à un autre compte de l'organisation ; retirez d'abord ce lien-là.".into(),
            Self::Closed { account } => format!("Le compte {account} est fermé ; adressez-vous à un administrateur de l'organisation."),
            Self::Required { url } => format!("Votre organisation se connecte par son fournisseur d'identité, sans mot de passe ; ouvrez {url} pour entrer."),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::IssuerInvalid { url } => format!("\u{201c}{url}\u{201d} is no identity provider's address that this server may reach; write it like https://login.example.com/realm, without password or parameters."),
            Self::ClientInvalid => "The client's id or the claim's name is empty or too long; copy them as the provider gives them.".into(),
            Self::DomainsMissing => "An identity provider has to speak for at least one domain; name those of the organisation whose addresses it knows.".into(),
            Self::DomainNotOwn { domain } => format!("The domain {domain} is no proven domain of this organisation; add and prove it first (relais domain add {domain})."),
            Self::ProviderMissing => "No single sign-on is set up for this address; check the address, or sign in with your password.".into(),
            Self::ProviderAway { issuer } => format!("The identity provider {issuer} does not answer as it should; try again in a few minutes, then tell an administrator."),
            Self::AnswerInvalid => "The identity provider's answer does not hold; begin the sign-in again, then tell an administrator.".into(),
            Self::AttemptVoid => "This sign-in waited too long, was used already or began in another browser; begin it again.".into(),
            Self::TooManyStarts => "Too many sign-ins began from your network in a short time; try again in five minutes.".into(),
            Self::Unknown => "The identity provider knows you, but no account of the organisation is yours; ask an administrator for an invitation.".into(),
            Self::LeaderLinks { account } => format!("The account {account} leads the organisation and is never linked by an address alone; sign in with its password, then link it yourself (relais sign-on link {account})."),
            Self::OtherSubject { account } => format!("The account {account} is linked with somebody else at this identity provider; ask an administrator to remove the old link (relais sign-on unlink {account})."),
            Self::LinkedElsewhere => "This identity is linked with another account of the organisation; remove that link first.".into(),
            Self::Closed { account } => format!("The account {account} is closed; ask an administrator of the organisation."),
            Self::Required { url } => format!("Your organisation signs in by its identity provider, without a password; open {url} to enter."),
        }
    }
}
