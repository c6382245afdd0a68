//! The run of a generation: holder after holder is read, written and read back; only then does it count.

use super::{LEASE, RETRY_DELAY};
use crate::letters::Letter;
use crate::organisations::note;
use crate::{Error, Relais};
use jiff::SignedDuration;
use relais_core::account::Account;
use relais_core::authority::Actor;
use relais_core::backup::{Generation, GenerationState, Holder, Occasion, Scope, Snapshot};
use relais_core::ids::{GenerationId, OrganisationId};
use relais_core::language::Language;
use relais_core::organisation::Organisation;
use relais_engines::repository::Packs;
use relais_store::{accounts, generations, mailboxes, organisations, repositories};
use serde_json::json;
use std::convert::Infallible;

/// Holders that are written before they are read back.
const BATCH: usize = 64;
/// How long a generation is tried again before it ends as it is.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(12);

impl Relais {
    /// Takes one generation that waits for somebody and works on it. `false` when none did.
    pub(crate) async fn advance_one_generation(&self) -> bool {
        let (node, now) = (self.node.clone(), self.now());
        let claimed = self
            .store
            .write(move |tx| generations::claim(tx, &node, now, now + LEASE).map_err(Error::from))
            .await;
        let id = match claimed {
            Ok(Some(id)) => id,
            Ok(None) => return false,
            Err(error) => {
                tracing::warn!(%error, "generations cannot be read");
                return false;
            }
        };
        if let Err(error) = self.run_claimed(id).await {
            tracing::warn!(%error, %id, "a generation is tried again");
        }
        true
    }

    /// Runs a generation whose lease is ours, and lets it go. Returns what could not be done.
    async fn run_claimed(&self, id: GenerationId) -> Result<Vec<Error>, Error> {
        let run = tokio::select! {
            run = self.run_generation(id) => run,
            never = self.keep_generation(id) => match never {},
        };
        self.let_generation_go(id).await;
        run
    }

    async fn keep_generation(&self, id: GenerationId) -> Infallible {
        loop {
            tokio::time::sleep(LEASE.unsigned_abs() / 4).await;
            let (node, until) = (self.node.clone(), self.now() + LEASE);
            let kept =
                self.store.write(move |tx| Ok::<_, Error>(generations::keep(tx, id, &node, until)?)).await;
            if let Err(error) = kept {
                tracing::warn!(%error, %id, "the lease of a generation could not be renewed");
            }
        }
    }

    /// Does what is left of a generation. What passes is an error, and left for another time; what does not ends it, and
    /// comes back beside it.
    async fn run_generation(&self, id: GenerationId) -> Result<Vec<Error>, Error> {
        let mut generation = self.look(move |tx| generations::get(tx, id)).await?.ok_or(Error::NotFound)?;
        if generation.state != GenerationState::Running {
            return Ok(Vec::new());
        }
        let (mut failed, mut words) = (Vec::new(), Vec::new());
        match self.read_all(&mut generation).await {
            Ok(troubles) => {
                for (holder, error) in troubles {
                    words.push(self.in_words(generation.organisation, Some(holder), &error).await?);
                    failed.push(error);
                }
            }
            Err(error) => {
                words.push(self.in_words(generation.organisation, None, &error).await?);
                if self.now() < generation.started_at + GIVE_UP_AFTER && error.passes() {
                    generation.trouble = words.pop();
                    self.write_generation(&generation).await?;
                    return Err(error);
                }
                failed.push(error);
            }
        }
        self.end_generation(generation, words).await?;
        Ok(failed)
    }

    /// Backs up one account now, for whoever goes on only with that.
    ///
    /// # Errors
    /// Why it could not be; nothing relies on what was written of it.
    pub(crate) async fn back_up_account(&self, account: &Account, actor: Actor) -> Result<Snapshot, Error> {
        let (id, organisation) = (account.id, account.organisation);
        let begun = self.look(move |tx| generations::running_of(tx, id, Occasion::Departure)).await?;
        let generation = match begun {
            Some(generation) => generation,
            None => {
                let scope = Scope::Account(id);
                self.begin_generation(organisation, scope, Occasion::Departure, actor).await?
            }
        };
        let (node, now) = (self.node.clone(), self.now());
        let claimed = self
            .store
            .write(move |tx| {
                Ok::<_, Error>(generations::claim_one(tx, generation.id, &node, now, now + LEASE)?)
            })
            .await?;
        if !claimed {
            return Err(Error::Conflict);
        }
        if let Some(error) = self.run_claimed(generation.id).await?.into_iter().next() {
            return Err(error);
        }
        let holder = Holder::Account(id);
        let held = self.look(move |tx| generations::snapshot(tx, generation.id, holder)).await?;
        held.ok_or_else(|| Error::Internal(format!("{} holds nothing of {id}", generation.id)))
    }

    async fn let_generation_go(&self, id: GenerationId) {
        let (node, wake_at) = (self.node.clone(), self.now() + RETRY_DELAY);
        let released = self
            .store
            .write(move |tx| generations::release(tx, id, &node, wake_at).map_err(Error::from))
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, %id, "the lease of a generation runs out by itself");
        }
    }

    /// What is left to be read, a few holders at a time: what was verified of them counts, whatever happens to us.
    async fn read_all(&self, generation: &mut Generation) -> Result<Vec<(Holder, Error)>, Error> {
        let organisation = generation.organisation;
        let policy =
            self.look(move |tx| repositories::get(tx, organisation)).await?.ok_or(Error::NotFound)?;
        let repository = self.repository(organisation).await?;
        let mut holders = self.holders_of(generation).await?;
        let id = generation.id;
        let mut packs = Packs::default();
        let held = self.look(move |tx| generations::snapshots(tx, id)).await?;
        let all = holders.len();
        holders
            .retain(|holder| !held.iter().any(|held| held.holder == *holder && held.verified_at.is_some()));
        generation.holders = all as i64;
        generation.holders_done = (all - holders.len()) as i64;
        self.write_generation(generation).await?;
        // The organisation's rows tell of every snapshot before them: they are a batch of their own.
        let mut failed = Vec::new();
        let batches = holders.chunk_by(|_, next| !matches!(next, Holder::Organisation(_)));
        for batch in batches.flat_map(|batch| batch.chunks(BATCH)) {
            let troubles = self.read_holders((&repository, &policy), generation, batch, &mut packs).await?;
            generation.holders_done += (batch.len() - troubles.len()) as i64;
            for (holder, error) in troubles {
                if error.passes() {
                    return Err(error);
                }
                failed.push((holder, error));
            }
            self.write_generation(generation).await?;
        }
        Ok(failed)
    }

    async fn end_generation(&self, mut generation: Generation, failed: Vec<String>) -> Result<(), Error> {
        let now = self.now();
        generation.state =
            if failed.is_empty() { GenerationState::Verified } else { GenerationState::Incomplete };
        generation.ended_at = Some(now);
        generation.trouble = (!failed.is_empty()).then(|| failed.join("\n"));
        let is_to_be_told =
            generation.state == GenerationState::Incomplete && generation.occasion == Occasion::Schedule;
        if is_to_be_told && let Err(error) = self.tell_incomplete(&generation).await {
            tracing::warn!(%error, generation = %generation.id, "nobody was told that a backup is incomplete");
        }
        let ended = generation.clone();
        self.store
            .write(move |tx| {
                generations::update(tx, &ended)?;
                let actor = generations::started_by(tx, ended.id)?.ok_or(Error::NotFound)?;
                let detail =
                    json!({ "state": ended.state, "holders": ended.holders_done, "trouble": ended.trouble });
                note(tx, ended.organisation, "backup.ended", ended.id, detail, actor, now)
            })
            .await?;
        if generation.scope == Scope::Everything {
            // What is kept too long is untidy; what was just backed up is safe all the same.
            if let Err(error) = self.forget_old_snapshots(generation.organisation).await {
                tracing::warn!(%error, organisation = %generation.organisation, "old snapshots stay for now");
            }
        }
        Ok(())
    }

    async fn write_generation(&self, generation: &Generation) -> Result<(), Error> {
        let generation = generation.clone();
        self.store.write(move |tx| Ok(generations::update(tx, &generation)?)).await
    }

    /// What a person reads of an error, and whose backup it spoils; what it was exactly stands in the log.
    async fn in_words(
        &self,
        organisation: OrganisationId,
        holder: Option<Holder>,
        error: &Error,
    ) -> Result<String, Error> {
        let found =
            self.look(move |tx| organisations::get(tx, organisation)).await?.ok_or(Error::NotFound)?;
        let (language, name) = (found.language, found.name);
        tracing::warn!(%error, %organisation, ?holder, "a backup meets trouble");
        let named = match holder {
            Some(Holder::Account(id)) => {
                let account = self.look(move |tx| accounts::get(tx, id)).await?;
                account.map(|account| account.address.to_string())
            }
            Some(Holder::SharedMailbox(id)) => {
                let mailbox = self.look(move |tx| mailboxes::get(tx, id)).await?;
                mailbox.map(|mailbox| mailbox.address.to_string())
            }
            Some(Holder::Organisation(_)) => Some(name),
            None => None,
        };
        let said = match error {
            Error::Refused(refusal) => refusal.sentence(language),
            Error::StorageFull => language
                .pick(
                    "Il n'y a plus de place pour la sauvegarde ; libérez-en ou choisissez un autre emplacement.",
                    "There is no room left for the backup; make some or choose another place.",
                )
                .to_owned(),
            _ => language
                .pick(
                    "La lecture ou l'écriture a échoué ; voyez le journal du serveur.",
                    "Reading or writing failed; see the server's log.",
                )
                .to_owned(),
        };
        Ok(match (named, language) {
            (Some(named), Language::French) => format!("{named} : {said}"),
            (Some(named), Language::English) => format!("{named}: {said}"),
            (None, _) => said,
        })
    }

    /// Somebody who can mend it hears that the night's backup is not whole.
    async fn tell_incomplete(&self, generation: &Generation) -> Result<(), Error> {
        let (id, now) = (generation.organisation, self.now());
        let organisation = self.look(move |tx| organisations::get(tx, id)).await?.ok_or(Error::NotFound)?;
        let leading = self.store.read(move |tx| crate::organisations::answerable(tx, id, now)).await?;
        for account in leading {
            let letter = incomplete_letter(&organisation, &account, generation);
            self.act_with_letter(letter, |tx, written| written.post(tx)).await?;
        }
        Ok(())
    }
}

fn incomplete_letter(organisation: &Organisation, to: &Account, generation: &Generation) -> Letter {
    let trouble = generation.trouble.as_deref().unwrap_or_default();
    let name = &organisation.name;
    let (subject, text) = match organisation.language {
        Language::French => (
            "La sauvegarde de la nuit n'est pas complète".to_owned(),
            format!(
                "Bonjour,\n\nLa sauvegarde de {name} s'est terminée sans tout contenir ({} sur {}) :\n\n{trouble}\n\n\
                 Les sauvegardes précédentes restent intactes. Corrigez la cause, puis relancez-la : relais backup run.\n",
                generation.holders_done, generation.holders
            ),
        ),
        Language::English => (
            "Last night's backup is not complete".to_owned(),
            format!(
                "Hello,\n\nThe backup of {name} ended without holding everything ({} of {}):\n\n{trouble}\n\n\
                 Earlier backups are intact. Mend the cause, then start it again: relais backup run.\n",
                generation.holders_done, generation.holders
            ),
        ),
    };
    let key = format!("backup incomplete {} {}", generation.id, to.id);
    Letter {
        organisation: organisation.clone(),
        to: to.address.clone(),
        subject,
        text,
        key,
        notifies: Some(to.id),
    }
}
