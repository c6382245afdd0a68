//! What can be typed about applications that are SCIM servers.

use super::super::text::TextSource;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum FeedCommand {
    /// Set up, or change, what it is told; it is told nothing before the first run
    Set {
        application: String,
        #[command(flatten)]
        settings: Box<FeedArguments>,
    },
    /// Show how it is set up, and what the last comparison found
    Show { application: String },
    /// See what would be done there, without doing it
    Plan { application: String },
    /// Tell it from now on: compare everything now, and try again what could not be told
    Run { application: String },
    /// List what it could not be told yet, and why
    Errors {
        application: String,
        /// The last subject that was shown
        #[arg(long, value_name = "ID", default_value = "")]
        after: String,
    },
    /// Tell it nothing more; what it has stays there
    Off { application: String },
}

#[derive(Debug, Args)]
pub struct FeedArguments {
    /// Where its SCIM is: what stands before /Users
    #[arg(long, value_name = "https://…")]
    pub scim_url: Option<String>,
    /// Its token: @FILE, @- or as typed
    #[arg(long, value_name = "@FILE")]
    pub scim_token: Option<TextSource>,
    /// Only accounts in this group; may be repeated
    #[arg(long, value_name = "GROUP", conflicts_with = "everybody")]
    pub only_group: Vec<String>,
    /// All accounts, whatever their groups
    #[arg(long)]
    pub everybody: bool,
    /// What a person is called there
    #[arg(long, value_name = "SOURCE")]
    pub user_name: Option<SourceWord>,
    /// By what a person is recognised there
    #[arg(long, value_name = "SOURCE")]
    pub external_id: Option<SourceWord>,
    /// What it is told of a person besides; may be repeated, and takes the place of what was
    #[arg(long, value_name = "ATTRIBUTE")]
    pub tell: Vec<ToldWord>,
    /// Whether it has the groups
    #[arg(long)]
    pub groups: Option<GroupsWord>,
    /// What becomes there of whoever is deactivated
    #[arg(long)]
    pub when_closed: Option<FateWord>,
    /// What becomes there of whoever is deleted
    #[arg(long)]
    pub when_deleted: Option<FateWord>,
    /// How a change is told: PUT for servers without PATCH
    #[arg(long)]
    pub changes: Option<ChangesWord>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SourceWord {
    Account,
    Address,
    LocalPart,
    ProviderName,
    ProviderId,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ToldWord {
    DisplayName,
    Name,
    Emails,
    Title,
    Department,
    PhoneNumbers,
    PostalAddress,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum GroupsWord {
    Sent,
    LeftOut,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FateWord {
    Close,
    Remove,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ChangesWord {
    Patch,
    Put,
}
