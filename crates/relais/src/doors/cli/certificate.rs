//! The certificate: shown in words, as JSON, or kept as the page the server makes of it.

use super::quota::size;
use super::reader::Reader;
use super::{Failure, Session, departure, words};
use relais_app::Certificate;
use std::path::Path;

pub async fn certificate(session: &mut Session, id: &str, html: Option<&Path>) -> Result<(), Failure> {
    let path = ["departures", id, "certificate"];
    if let Some(file) = html {
        let page = session.client.page(&path).await?;
        std::fs::write(file, &page.text).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        let said = session.language().pick("Attestation écrite dans", "Certificate written to");
        return session.remark(&format!("{said} {}", file.display()));
    }
    let answer = session.client.get(&path).await?;
    session.show(&answer, |reader, found: Certificate| in_words(reader, &found))
}

fn in_words(reader: &Reader, found: &Certificate) -> String {
    let by = found.started_by.map_or_else(String::new, |actor| words::actor(actor, reader.language));
    let sheet = reader.sheet(&[
        ("attestation du départ", "certificate of departure", found.departure.to_string()),
        ("partant", "leaver", format!("{} <{}>", found.plan.name, found.plan.leaver)),
        ("organisation", "organisation", found.organisation.name.clone()),
        ("demandé par", "asked by", by),
        ("demandé le", "asked on", reader.time(found.started_at)),
        ("terminé le", "ended on", reader.time(found.finished_at)),
        ("messages transmis", "messages handed over", found.messages_handed_over.to_string()),
        (
            "messages personnels mis de côté",
            "personal messages set aside",
            found.personal_messages_left_out.to_string(),
        ),
        ("événement", "event", format!("{} {}", found.chain_event, found.chain_hash)),
        ("SHA-256", "SHA-256", found.sha256.clone()),
    ]);
    let steps: Vec<String> = found
        .steps
        .iter()
        .map(|report| {
            format!("  {}  {}", reader.time(report.done_at), departure::done(reader, &found.plan, report))
        })
        .collect();
    let mut text = format!("{sheet}\n\n{}", steps.join("\n"));
    if !found.folders.is_empty() {
        let row = |folder: &relais_engines::maildir::FolderReport| {
            [
                folder.name.clone(),
                folder.messages.to_string(),
                size(folder.bytes, reader.language),
                folder.sha256.clone().unwrap_or_default(),
            ]
        };
        let table = reader.table(
            [("dossier", "folder"), ("messages", "messages"), ("taille", "size"), ("SHA-256", "SHA-256")],
            found.folders.iter().map(row).collect(),
        );
        text.push_str(&format!("\n\n{table}"));
    }
    text
}
