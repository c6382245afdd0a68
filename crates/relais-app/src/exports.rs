//! What a person takes along: an archive of everything that is theirs, personal messages included, under a password that
//! only their link knows. It outlives the account (Cass. soc. 18 June 2025, no 23-19.022).

use crate::backups::{ArchiveScope, reading_error, snapshot_id, write_archive};
use crate::credentials::{new_secret, require_the_person, secret_hash};
use crate::letters::Letter;
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::SignedDuration;
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::{Actor, Power};
use relais_core::backup::{Holder, Snapshot};
use relais_core::ids::{AccountId, ExportId};
use relais_core::language::Language;
use relais_core::organisation::Organisation;
use relais_core::refusal::{BackupFault, Refusal};
use relais_core::rights::{Act, require};
use relais_engines::export::Archive;
use relais_store::exports::{self, Export};
use relais_store::{accounts, generations, organisations};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;

/// For how long a link can be used.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 60);

/// An archive about to be taken.
pub struct TakenExport {
    pub export: Export,
    pub organisation: Organisation,
    /// What opens the archive; nobody but the holder of the link has it.
    pub password: String,
}

impl Relais {
    /// Makes the archive of what a verified snapshot holds and sends the link to it; the one it stands for, if any, is
    /// void with that. Files come before their rows and go after them: one that a kill leaves goes at the next start.
    pub(crate) async fn make_export(
        &self,
        account: &Account,
        snapshot: &Snapshot,
        sent_to: EmailAddress,
        replaced: Option<ExportId>,
        actor: Actor,
    ) -> Result<Export, Error> {
        let organisation_id = account.organisation;
        let found = self.look(move |tx| organisations::get(tx, organisation_id)).await?;
        let organisation = found.ok_or(Error::NotFound)?;
        let secret = new_secret("rlx");
        let id = ExportId::from_number(self.ids.next());
        let size_bytes = self.write_export(id, snapshot, password_of(&secret)).await?;
        let now = self.now();
        let export = Export {
            id,
            organisation: organisation.id,
            account: account.id,
            sent_to: sent_to.clone(),
            size_bytes: i64::try_from(size_bytes).unwrap_or(i64::MAX),
            made_at: now,
            expires_at: now + LIFE,
            taken_at: None,
        };
        let letter =
            link_letter(&organisation, account, &export, &format!("{}/exports/{secret}", self.public_url));
        let (made, hash, organisation) = (export.clone(), secret_hash(&secret), organisation.id);
        let done = self
            .act_with_letter(letter, move |tx, written| {
                if let Some(replaced) = replaced {
                    // Somebody else has replaced it meanwhile, or its time is over.
                    exports::get(tx, replaced)?.ok_or(Error::Conflict)?;
                    exports::remove(tx, replaced)?;
                }
                exports::insert(tx, &made, &hash)?;
                written.post(tx)?;
                let detail = json!({
                    "export": made.id, "sent_to": made.sent_to, "size_bytes": made.size_bytes, "instead_of": replaced,
                });
                note(tx, organisation, "account.export_sent", made.account, detail, actor, now)
            })
            .await;
        // After any other error the commit may have been made.
        if matches!(done, Err(Error::Refused(_) | Error::RefusedAll(_) | Error::NotFound | Error::Conflict)) {
            self.remove_export_file(id).await?;
        }
        done?;
        if let Some(replaced) = replaced {
            self.remove_export_file(replaced).await?;
        }
        Ok(export)
    }

    /// Makes an archive of everything that is the person's who asks, of their newest verified backup, and sends the link to their
    /// own address. The one that they asked for before is void with that.
    ///
    /// # Errors
    /// The refusal: nobody takes another's along, nor what they may not read; [`BackupFault::OwnBackupMissing`].
    pub async fn export_own(&self, id: AccountId, actor: Actor) -> Result<Export, Error> {
        let (holder, now) = (Holder::Account(id), self.now());
        let (account, snapshot, made) = self
            .store
            .read(move |tx| {
                let account = accounts::get(tx, id)?.ok_or(Error::NotFound)?;
                require_the_person(&account, &actor)?;
                require(&account, Act::ReadMail, now)?;
                let snapshot = generations::newest(tx, holder)?;
                let snapshot = snapshot.ok_or(Refusal::from(BackupFault::OwnBackupMissing))?;
                Ok::<_, Error>((account, snapshot, exports::of_account(tx, id)?))
            })
            .await?;
        let waits = |export: &Export| {
            export.taken_at.is_none() && export.expires_at > now && export.sent_to == account.address
        };
        let replaced = made.iter().find(|export| waits(export)).map(|export| export.id);
        self.make_export(&account, &snapshot, account.address.clone(), replaced, actor).await
    }

    /// Makes the last archive of an account anew, of the same backup, and sends the link where the last one went. The
    /// last one is void then: its password was in its link alone, so nobody can open that archive for the person.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`]; [`Error::NotFound`] when none was made, or its time is over;
    /// [`BackupFault::ExportSourceGone`].
    pub async fn send_export_again(&self, account: AccountId, actor: Actor) -> Result<Export, Error> {
        let made = self.exports_of(account, actor).await?;
        let found = self.look(move |tx| accounts::get(tx, account)).await?.ok_or(Error::NotFound)?;
        if !actor.has_over(Power::EndAccounts, &found) {
            return Err(Refusal::NotAllowed.into());
        }
        let last = made.into_iter().find(|export| export.expires_at > self.now()).ok_or(Error::NotFound)?;
        let (holder, made_at) = (Holder::Account(account), last.made_at);
        let (account, snapshot) = self
            .look(move |tx| Ok((accounts::get(tx, account)?, generations::newest_at(tx, holder, made_at)?)))
            .await?;
        let account = account.ok_or(Error::NotFound)?;
        let snapshot = snapshot.ok_or(Refusal::from(BackupFault::ExportSourceGone))?;
        self.make_export(&account, &snapshot, last.sent_to, Some(last.id), actor).await
    }

    async fn write_export(&self, id: ExportId, snapshot: &Snapshot, password: String) -> Result<u64, Error> {
        let repository = self.repository(snapshot.organisation).await?;
        let (path, snapshot_id) = (self.export_path(id), snapshot_id(&snapshot.id)?);
        let (dir, marks) = (self.exports_dir.clone(), self.personal_marks.clone());
        let written = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&dir)?;
            let writer = BufWriter::new(File::create(&path)?);
            let archive = Archive::new(writer, Some(&password))?;
            let writer = write_archive(&repository, &snapshot_id, &marks, ArchiveScope::Everything, archive)?;
            let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            File::open(&dir)?.sync_all()?;
            Ok::<u64, io::Error>(file.metadata()?.len())
        })
        .await?;
        match written {
            Ok(size_bytes) => Ok(size_bytes),
            Err(error) => {
                self.remove_export_file(id).await?;
                Err(reading_error(&self.location(snapshot.organisation).await?, error))
            }
        }
    }

    /// What the holder of a link may take.
    ///
    /// # Errors
    /// [`BackupFault::ExportVoid`] for a link that is unknown, was used, or has expired.
    pub async fn export_of_link(&self, secret: &str) -> Result<TakenExport, Error> {
        let (hash, now) = (secret_hash(secret), self.now());
        let found = self
            .look(move |tx| {
                let Some(export) = exports::by_secret(tx, &hash)? else { return Ok(None) };
                let organisation = organisations::get(tx, export.organisation)?;
                Ok(organisation.map(|organisation| (export, organisation)))
            })
            .await?;
        let usable = found.filter(|(export, _)| export.taken_at.is_none() && export.expires_at > now);
        let (export, organisation) = usable.ok_or(Refusal::from(BackupFault::ExportVoid))?;
        Ok(TakenExport { export, organisation, password: password_of(secret) })
    }

    /// The archive behind a link, to be sent as it is.
    ///
    /// # Errors
    /// As [`Relais::export_of_link`].
    pub async fn open_export(&self, secret: &str) -> Result<(TakenExport, tokio::fs::File), Error> {
        let taken = self.export_of_link(secret).await?;
        let file = tokio::fs::File::open(self.export_path(taken.export.id)).await?;
        Ok((taken, file))
    }

    /// The archive was sent whole: the link is used up, and the archive goes.
    ///
    /// # Errors
    /// When that cannot be written down; the link can be used once more then.
    pub async fn export_was_taken(&self, export: &Export) -> Result<(), Error> {
        let (export, now) = (export.clone(), self.now());
        let id = export.id;
        let taken = self
            .store
            .write(move |tx| {
                let taken = exports::take(tx, export.id, now)?;
                if taken {
                    let actor = Actor::Schedule { organisation: export.organisation };
                    let detail = json!({ "export": export.id });
                    note(
                        tx,
                        export.organisation,
                        "account.export_taken",
                        export.account,
                        detail,
                        actor,
                        now,
                    )?;
                }
                Ok::<_, Error>(taken)
            })
            .await?;
        if taken { self.remove_export_file(id).await } else { Ok(()) }
    }

    /// The archives made for an account, the newest first.
    ///
    /// # Errors
    /// [`Refusal::NotAllowed`] for whoever is not the person and may not end the account.
    pub async fn exports_of(&self, account: AccountId, actor: Actor) -> Result<Vec<Export>, Error> {
        let found = self.look(move |tx| accounts::get(tx, account)).await?.ok_or(Error::NotFound)?;
        if actor.person() != Some(account) && !actor.has_over(Power::EndAccounts, &found) {
            return Err(Refusal::NotAllowed.into());
        }
        self.look(move |tx| exports::of_account(tx, account)).await
    }

    /// Takes an archive back that nobody has taken.
    pub(crate) async fn withdraw(&self, id: ExportId) -> Result<(), Error> {
        self.store.write(move |tx| Ok::<_, Error>(exports::remove(tx, id)?)).await?;
        self.remove_export_file(id).await
    }

    /// Removes archives whose time is over.
    pub(crate) async fn forget_exports(&self) -> Result<(), Error> {
        let now = self.now();
        for id in self.look(move |tx| exports::over(tx, now)).await? {
            self.withdraw(id).await?;
        }
        Ok(())
    }

    /// Removes archives that no row offers: a kill came before their rows, or after these were gone or used up.
    pub(crate) async fn remove_leftover_exports(&self) -> Result<(), Error> {
        let dir = self.exports_dir.clone();
        let listed = tokio::task::spawn_blocking(move || {
            let listing = match std::fs::read_dir(&dir) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                listing => listing?,
            };
            let names: Result<Vec<_>, io::Error> = listing.map(|file| Ok(file?.file_name())).collect();
            names
        });
        for name in listed.await?? {
            let id = name.to_str().and_then(|name| name.strip_suffix(".zip")?.parse::<ExportId>().ok());
            // What is none of ours stays.
            let Some(id) = id else { continue };
            let row = self.look(move |tx| exports::get(tx, id)).await?;
            if row.is_none_or(|export| export.taken_at.is_some()) {
                self.remove_export_file(id).await?;
            }
        }
        Ok(())
    }

    fn export_path(&self, id: ExportId) -> PathBuf {
        self.exports_dir.join(format!("{id}.zip"))
    }

    async fn remove_export_file(&self, id: ExportId) -> Result<(), Error> {
        match tokio::fs::remove_file(self.export_path(id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Five groups of five letters and digits that are not taken for each other: 125 bits, kept nowhere.
fn password_of(secret: &str) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let digest = Sha256::digest(format!("password of the archive {secret}").as_bytes());
    let letters: Vec<char> =
        digest.iter().take(25).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    letters.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn link_letter(organisation: &Organisation, account: &Account, export: &Export, link: &str) -> Letter {
    let name = &organisation.name;
    let (subject, text) = match organisation.language {
        Language::French => {
            let until = export.expires_at.strftime("%d/%m/%Y");
            (
                "Vos messages, contacts et agendas",
                format!(
                    "Bonjour,\n\n\
                     {name} a préparé une archive de ce qui est à vous dans le compte {} : messages (les personnels \
                     aussi), contacts et agendas.\n\n\
                     Pour la télécharger, ouvrez ce lien avant le {until} ; il ne sert qu'une fois :\n\n\
                     {link}\n\n\
                     La page vous donne aussi le mot de passe de l'archive : notez-le, personne d'autre ne l'a.\n",
                    account.address
                ),
            )
        }
        Language::English => {
            let until = export.expires_at.strftime("%-d %B %Y");
            (
                "Your messages, contacts and calendars",
                format!(
                    "Hello,\n\n\
                     {name} has prepared an archive of what is yours in the account {}: messages (personal ones \
                     too), contacts and calendars.\n\n\
                     To download it, open this link before {until}; it works once:\n\n\
                     {link}\n\n\
                     The page also gives you the password of the archive: write it down, nobody else has it.\n",
                    account.address
                ),
            )
        }
    };
    Letter {
        organisation: organisation.clone(),
        to: export.sent_to.clone(),
        subject: subject.to_owned(),
        text,
        key: format!("export {}", export.id),
        notifies: None,
    }
}
