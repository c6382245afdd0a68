//! Archives that people take along: which were made, and a new link.

use super::arguments::ExportCommand;
use super::{Failure, Session, quota::size};
use relais_app::read::Export;
use serde_json::json;

pub async fn export(session: &mut Session, command: ExportCommand) -> Result<(), Failure> {
    match command {
        ExportCommand::List { account } => list(session, &account).await,
        ExportCommand::Take { account } => {
            let answer =
                session.client.post_patiently(&["accounts", &account, "exports"], &json!({})).await?;
            let sent_to = answer.read::<Export>()?.sent_to;
            session.confirm(
                &answer,
                &format!("L'archive est faite ; le lien part à {sent_to}."),
                &format!("The archive is made; the link goes to {sent_to}."),
            )
        }
        ExportCommand::Send { account } => {
            let answer =
                session.client.post_patiently(&["accounts", &account, "exports", "link"], &json!({})).await?;
            let sent_to = answer.read::<Export>()?.sent_to;
            session.confirm(
                &answer,
                &format!("Un nouveau lien part à {sent_to} ; le précédent ne sert plus."),
                &format!("A new link goes to {sent_to}; the one before is void."),
            )
        }
    }
}

async fn list(session: &mut Session, account: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["accounts", account, "exports"]).await?;
    session.show(&answer, |reader, made: Vec<Export>| {
        let row = |export: Export| {
            [
                export.id.to_string(),
                export.sent_to.to_string(),
                size(export.size_bytes.unsigned_abs(), reader.language),
                reader.time(export.made_at),
                reader.time(export.expires_at),
                export.taken_at.map_or_else(String::new, |at| reader.time(at)),
            ]
        };
        let heads = [
            ("id", "id"),
            ("envoyée à", "sent to"),
            ("taille", "size"),
            ("faite le", "made"),
            ("jusqu'au", "until"),
            ("prise le", "taken"),
        ];
        reader.table(heads, made.into_iter().map(row).collect())
    })
}
