//! `relais restore`: the one command besides `serve` that needs no server, because it runs where there is none yet.

use crate::serve::{ServeArguments, open_store, settle};
use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use relais_app::{Clock, Error, FoundInBackup, Ids, InstanceRestore, RestoredHolder, RestoredInstance};
use relais_core::language::Language;
use relais_engines::collections::Collections;
use relais_engines::maildir::Maildirs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// The whole instance: everything its backups hold of an organisation. Once for each organisation
    #[arg(long, required = true)]
    pub instance: bool,
    /// Where its backups are: an absolute path, or s3:https://server/bucket/folder
    #[arg(long, value_name = "PLACE")]
    pub location: String,
    /// What opens them, as `relais backup key` showed it
    #[arg(long, value_name = "KEY", env = "RELAIS_BACKUP_KEY", hide_env_values = true)]
    pub key: String,
    #[command(flatten)]
    pub server: ServeArguments,
}

/// Restores an organisation into the data directory, and says what came back.
///
/// # Errors
/// With what has to be put right; the same command then goes on.
pub fn restore(data: &Path, language: Language, arguments: RestoreArguments) -> anyhow::Result<ExitCode> {
    if UnixStream::connect(data.join("relais.sock")).is_ok() {
        bail!(language.pick(
            "Un serveur tourne sur ce dossier ; arrêtez-le, puis recommencez.",
            "A server is running on this directory; stop it, then try again.",
        ));
    }
    let (data, configuration) = settle(data, arguments.server)?;
    let clock = Clock::System;
    let restore = InstanceRestore {
        store: open_store(&data, &configuration)?,
        maildirs: Arc::new(Maildirs::open(data.join("mail")).context("opening the mail directory")?),
        collections: Arc::new(
            Collections::open(data.join("dav")).context("opening the directory of calendars")?,
        ),
        ids: Ids::by_time(clock.clone()),
        clock,
        location: arguments.location,
    };
    let restored = restore.run(&arguments.key, &mut |holder| println!("{}", line(holder, language)));
    let restored = restored.map_err(|error| anyhow::anyhow!(in_words(error, language)))?;
    println!("\n{}", summary(&restored, language));
    Ok(if restored.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn in_words(error: Error, language: Language) -> String {
    match error {
        Error::Refused(refusal) => refusal.sentence(language),
        Error::StorageFull => language
            .pick(
                "Il n'y a plus de place sur le disque ; libérez-en, puis relancez la même commande : elle continuera.",
                "There is no room left on the disk; make some, then run the same command again: it goes on.",
            )
            .to_owned(),
        other => format!(
            "{} {other}",
            language.pick(
                "La restauration s'est arrêtée ; corrigez la cause, puis relancez la même commande : elle continuera.",
                "The restoration stopped; mend the cause, then run the same command again: it goes on."
            )
        ),
    }
}

fn line(holder: &RestoredHolder, language: Language) -> String {
    let RestoredHolder { address, messages, items, unreadable, .. } = holder;
    let as_of = match holder.found {
        FoundInBackup::AsOf(at) => at,
        FoundInBackup::Nothing => {
            let said = language.pick(" : rien n'en est sauvegardé", ": nothing of it is backed up");
            return format!("{address}{said}");
        }
        FoundInBackup::Damaged => {
            let said = language.pick(" : sa sauvegarde est abîmée", ": its backup is damaged");
            return format!("{address}{said}");
        }
    };
    let at = shown(as_of);
    let mut line = match language {
        Language::French => {
            format!("{address} : {messages} message(s), {items} fiche(s) et rendez-vous, état du {at}")
        }
        Language::English => {
            format!("{address}: {messages} message(s), {items} card(s) and event(s), as of {at}")
        }
    };
    if *unreadable > 0 {
        let (before, after) = language.pick((" ; ", "illisible(s)"), ("; ", "unreadable"));
        line.push_str(&format!("{before}{unreadable} {after}"));
    }
    line
}

fn summary(restored: &RestoredInstance, language: Language) -> String {
    let RestoredInstance { organisation, as_of, damaged_rows, holders } = restored;
    let (at, count) = (shown(*as_of), holders.len());
    let mut text = match language {
        Language::French => format!(
            "L'organisation « {organisation} » est restaurée : {count} boîte(s) aux lettres. Comptes, mots de passe, \
             jetons et droits sont ceux du {at} : ce qui a été fermé ou changé depuis est à refaire.\n\
             Ne reviennent pas : les sessions ouvertes, les liens envoyés, les archives à retirer et le courrier qui \
             attendait d'être envoyé.\n\
             Démarrez le serveur : relais serve"
        ),
        Language::English => format!(
            "The organisation \u{201c}{organisation}\u{201d} is restored: {count} mailbox(es). Accounts, passwords, tokens and \
             rights are those of {at}: what was closed or changed since has to be done again.\n\
             What does not come back: open sessions, links that were sent, archives to be fetched, and mail that \
             waited to be sent.\n\
             Start the server: relais serve"
        ),
    };
    if *damaged_rows > 0 {
        text.push_str(&match language {
            Language::French => format!(
                "\nAttention : {damaged_rows} état(s) plus récent(s) de l'organisation sont abîmés et n'ont pas pu être lus."
            ),
            Language::English => {
                format!("\nBeware: {damaged_rows} newer state(s) of the organisation are damaged and could not be read.")
            }
        });
    }
    text
}

fn shown(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}
