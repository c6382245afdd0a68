//! Start-up: builds the engines, hands them to the application and opens the doors. Placeholder.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct ServeArguments {
    /// Where everything is kept.
    #[arg(long, value_name = "DIR", default_value = "data", env = "RELAIS_DATA")]
    pub data: PathBuf,
}

/// # Errors
/// Always, as long as nothing is behind it.
pub async fn serve(_: ServeArguments) -> anyhow::Result<()> {
    anyhow::bail!("this build cannot serve yet")
}
