//! What stands against telling an application of accounts by SCIM.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedFault {
    UrlInvalid {
        url: String,
    },
    TokenInvalid,
    GroupUnknown {
        id: String,
    },
    /// The application has none.
    Missing {
        application: String,
    },
    /// It cannot be asked now.
    Away {
        url: String,
        trouble: String,
    },
    /// It does not take the token.
    Denied {
        url: String,
    },
}

impl FeedFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::UrlInvalid { .. } => "feed_url_invalid",
            Self::TokenInvalid => "feed_token_invalid",
            Self::GroupUnknown { .. } => "feed_group_unknown",
            Self::Missing { .. } => "feed_missing",
            Self::Away { .. } => "feed_away",
            Self::Denied { .. } => "feed_denied",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::UrlInvalid { url } => format!(
                "« {url} » n'est pas l'adresse d'un serveur SCIM que ce serveur puisse joindre ; écrivez ce qui précède /Users, comme https://tableaux.exemple/scim/v2, sans mot de passe ni paramètres."
            ),
            Self::TokenInvalid => "Le jeton de l'application manque ou contient des caractères qu'un jeton ne peut pas avoir ; copiez-le tel que l'application le donne.".into(),
            Self::GroupUnknown { id } => format!(
                "« {id} » n'est pas un groupe de cette organisation ; voyez les groupes avec relais group list."
            ),
            Self::Missing { application } => format!(
                "Aucune alimentation par SCIM n'est réglée pour l'application « {application} » ; réglez-la d'abord (relais application scim set)."
            ),
            Self::Away { url, trouble } => format!(
                "Le serveur SCIM {url} ne peut pas être interrogé ({trouble}) ; vérifiez l'adresse, puis réessayez dans quelques minutes."
            ),
            Self::Denied { url } => format!(
                "Le serveur SCIM {url} refuse le jeton ; demandez-en un nouveau à l'application et donnez-le avec relais application scim set."
            ),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::UrlInvalid { url } => format!(
                "\u{201c}{url}\u{201d} is no SCIM server's address that this server may reach; write what stands before /Users, like https://boards.example/scim/v2, without password or parameters."
            ),
            Self::TokenInvalid => "The application's token is missing or has characters that no token can have; copy it as the application gives it.".into(),
            Self::GroupUnknown { id } => format!(
                "\u{201c}{id}\u{201d} is no group of this organisation; see the groups with relais group list."
            ),
            Self::Missing { application } => format!(
                "No feed by SCIM is set up for the application \u{201c}{application}\u{201d}; set it up first (relais application scim set)."
            ),
            Self::Away { url, trouble } => format!(
                "The SCIM server {url} cannot be asked ({trouble}); check the address, then try again in a few minutes."
            ),
            Self::Denied { url } => format!(
                "The SCIM server {url} does not take the token; ask the application for a new one and give it with relais application scim set."
            ),
        }
    }
}
