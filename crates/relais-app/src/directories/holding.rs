//! Plans that are held: who is told, and what is kept of one until a person has decided.

use super::reading::Reading;
use crate::letters::Letter;
use crate::organisations::{answerable, note};
use crate::{Error, Relais};
use jiff::Timestamp;
use relais_core::directory::plan::PlanItem;
use relais_core::directory::{Counts, Directory, EntryAct, EntryId, Hold, Outcome, Report, ReportItem};
use relais_core::language::Language;
use relais_core::organisation::Organisation;
use relais_store::{directories, organisations};
use serde_json::json;

impl Relais {
    /// Nothing is applied; who answers for the organisation is told, once.
    pub(super) async fn hold(
        &self,
        reading: &Reading,
        hold: Hold,
        items: &[PlanItem],
    ) -> Result<Report, Error> {
        let (id, now) = (reading.directory.id, self.now());
        let gone: Vec<&PlanItem> =
            items.iter().filter(|item| item.acts.contains(&EntryAct::Suspend)).collect();
        let entries: Vec<EntryId> = gone.iter().map(|item| item.entry).collect();
        let told = gone.iter().map(|item| ReportItem {
            entry: item.entry,
            name: item.address.clone().unwrap_or_default(),
            account: item.account,
            acts: vec![EntryAct::Suspend],
            refusals: vec![],
        });
        let told = told.collect();
        let is_new = reading.directory.held_since.is_none();
        if is_new {
            self.tell_held(&reading.directory, hold, now).await?;
        }
        let (organisation, actor) = (reading.directory.organisation, reading.actor);
        self.store
            .write(move |tx| {
                directories::set_held(tx, id, &entries)?;
                if let Some(mut directory) = directories::get(tx, id)?.filter(|_| is_new) {
                    directory.held_since = Some(now);
                    directories::update(tx, &directory)?;
                    let detail = json!({ "suspended": hold.suspended, "of": hold.of });
                    note(tx, organisation, "directory.held", id, detail, actor, now)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        let counts = Counts { suspended: hold.suspended, ..Counts::default() };
        self.end_reading(reading, Outcome::Held(hold), counts, told, None).await
    }

    /// Each of those who answer for the organisation has one letter of one hold.
    async fn tell_held(&self, directory: &Directory, hold: Hold, now: Timestamp) -> Result<(), Error> {
        let id = directory.organisation;
        let told = self.store.read(move |tx| {
            let organisation = organisations::get(tx, id)?.ok_or(Error::NotFound)?;
            Ok::<_, Error>((organisation, answerable(tx, id, now)?))
        });
        let (organisation, people) = told.await?;
        for person in people {
            let page = format!("{}/console/directories/{}", self.public_url, directory.id);
            let (subject, text) = held_in_words(directory, &organisation, hold, &page);
            let key = format!("directory held {} {} {}", directory.id, person.id, now.as_second());
            let letter = Letter {
                organisation: organisation.clone(),
                to: person.address.clone(),
                subject,
                text,
                key,
                notifies: Some(person.id),
            };
            self.act_with_letter(letter, |tx, written| written.post(tx)).await?;
        }
        Ok(())
    }
}

fn held_in_words(
    directory: &Directory,
    organisation: &Organisation,
    hold: Hold,
    page: &str,
) -> (String, String) {
    let Hold { suspended, of } = hold;
    let (name, of_whom) = (&directory.name, &organisation.name);
    match organisation.language {
        Language::French => (
            format!("Annuaire « {name} » : {suspended} comptes seraient suspendus"),
            format!(
                "Bonjour,\n\nL'annuaire « {name} » de {of_whom} ne montre plus, ou n'autorise plus, {suspended} personnes sur \
                 {of}. C'est beaucoup à la fois : rien n'a été changé, et rien ne le sera avant que quelqu'un l'ait décidé.\n\n\
                 Voyez de qui il s'agit, et décidez :\n\n    {page}\n\nou, si ces personnes sont bien parties :\n\n    \
                 relais directory apply \"{name}\"\n\nSinon, corrigez l'annuaire ou ses réglages : la lecture suivante reprend \
                 d'elle-même.\n"
            ),
        ),
        Language::English => (
            format!("Directory \u{201c}{name}\u{201d}: {suspended} accounts would be suspended"),
            format!(
                "Hello,\n\nThe directory \u{201c}{name}\u{201d} of {of_whom} does not show, or does not let in, {suspended} \
                 people of {of} any more. These are many at once: nothing was changed, and nothing will be until somebody says so.\n\n\
                 See who they are, and decide:\n\n    {page}\n\nor, if they have left:\n\n    relais directory apply \
                 \"{name}\"\n\nIf not, mend the directory or its settings: the next reading goes on by itself.\n"
            ),
        ),
    }
}
