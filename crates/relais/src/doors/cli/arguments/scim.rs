//! What can be typed about providers of identities.

use super::InOrganisation;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum ScimCommand {
    /// Tokens for identity providers
    #[command(subcommand)]
    Token(ScimTokenCommand),
}

#[derive(Debug, Subcommand)]
pub enum ScimTokenCommand {
    /// Create a token that opens /scim/v2 for this organisation; its secret is shown once
    Create {
        /// The provider that it is for
        name: String,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// List the SCIM tokens of an organisation
    List {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Make a SCIM token void
    Revoke {
        /// Its id
        token: String,
        #[command(flatten)]
        organisation: InOrganisation,
    },
}
