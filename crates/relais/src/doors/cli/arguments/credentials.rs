//! What can be typed about what lets people in.

use super::{InOrganisation, TextSource};
use clap::{Subcommand, ValueEnum};
use relais_core::sign_in::{AppPasswordRule, SecondFactorRule};

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Sign in with a login; prints a secret for --token
    Open {
        login: String,
        /// Of the second factor, where one is asked for
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
        /// Read the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the sessions that an account has open
    List { account: String },
    /// End a session of an account, or all of them but the one that asks
    End {
        account: String,
        /// Its id; all if absent
        session: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ScopeWord {
    Mail,
    Calendars,
}

#[derive(Debug, Subcommand)]
pub enum AppPasswordCommand {
    /// Create one for a device of your own, with your own session (--token); it is shown once
    Create {
        account: String,
        /// The device
        name: String,
        /// What it opens; may be repeated
        #[arg(long = "for", value_enum, required = true)]
        scopes: Vec<ScopeWord>,
    },
    /// List the app passwords of an account, and when each was used
    List { account: String },
    /// Make one void
    Revoke {
        account: String,
        /// Its id
        app_password: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum SecondFactorCommand {
    /// Say whether an account has one
    Show { account: String },
    /// Begin to set up your own, with your own session (--token): the secret goes into an authenticator app
    Begin { account: String },
    /// Confirm it with a code of the app; prints the recovery codes
    Confirm { account: String, code: String },
    /// Make other recovery codes
    RecoveryCodes { account: String, code: String },
    /// Remove it: your own with a code, another person's without
    Remove {
        account: String,
        /// A code of the app, or a recovery code
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum PasskeyCommand {
    /// List the passkeys of an account, and when each was used; a browser registers them
    List { account: String },
    /// Rename one of your own, with your own session (--token)
    Rename {
        account: String,
        /// Its id
        passkey: String,
        name: String,
    },
    /// Remove one
    Remove {
        account: String,
        /// Its id
        passkey: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum SignInPolicyCommand {
    /// Show what an organisation asks of its people when they sign in
    Show {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Change it; what is not named stays
    #[command(group = clap::ArgGroup::new("what").multiple(true).required(true))]
    Set {
        #[command(flatten)]
        organisation: InOrganisation,
        /// Whether mail and calendar programs need app passwords
        #[arg(long, group = "what", value_parser = super::parse_name::<AppPasswordRule>, value_name = "optional|required")]
        app_passwords: Option<AppPasswordRule>,
        /// Who needs a second factor
        #[arg(long, group = "what", value_parser = super::parse_name::<SecondFactorRule>, value_name = "optional|administrators|everyone")]
        second_factor: Option<SecondFactorRule>,
    },
}

#[derive(Debug, Subcommand)]
pub enum SignOnCommand {
    /// Show where an organisation's people sign in
    Show {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Say where they sign in: an OpenID Connect provider
    Set {
        /// As the provider names itself
        issuer: String,
        #[arg(long, value_name = "ID")]
        client_id: String,
        /// The client's secret, or @FILE; what is kept stays if absent
        #[arg(long, value_name = "SECRET|@FILE")]
        client_secret: Option<TextSource>,
        /// A proven domain whose addresses the provider knows; may be repeated
        #[arg(long = "domain", value_name = "DOMAIN", required = true)]
        domains: Vec<String>,
        /// Passwords open nothing any more, but for the owner
        #[arg(long)]
        required: bool,
        /// Whoever the provider knows and the organisation does not gets an account as a member
        #[arg(long)]
        newcomers: bool,
        /// The claim with the address
        #[arg(long, value_name = "CLAIM", default_value = "email")]
        address_claim: String,
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Ask the provider whether it is there; nobody signs in
    Test {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Let people sign in with passwords again
    Remove {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Link your own account with who you are at the provider, with your own session (--token)
    Link { account: String },
    /// List as whom providers know an account
    Links { account: String },
    /// Forget as whom providers know an account
    Unlink { account: String },
}
