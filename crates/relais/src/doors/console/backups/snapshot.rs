//! What a generation holds of somebody, as a page opens it: whose, from when, and why it is looked at. The reason goes along in
//! every address, since every look is written into the log with it.

use crate::doors::console::escape::escaped;
use crate::doors::console::fault::Fault;
use crate::doors::console::fields::Fields;
use crate::doors::console::layout::Page;
use crate::doors::console::said::Said;
use crate::doors::console::section::Section;
use crate::doors::console::visitor::Visitor;
use crate::doors::numbers::size;
use axum::response::Response;
use maud::{Markup, html};
use relais_app::Looker;
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::backup::{Generation, Holder};
use relais_app::core::ids::{AccountId, MailboxId};
use relais_app::read::generations;

/// Snapshots that the page of an account shows.
const SHOWN_MAX: i64 = 100;

pub struct Opened {
    pub generation: Generation,
    pub holder: Holder,
    /// As people call whom it is of; empty for whoever is not known any more.
    pub name: String,
    pub address: String,
    pub reason: Option<String>,
}

impl Opened {
    pub async fn find(
        visitor: &Visitor,
        (generation, holder): (String, String),
        asked: &Fields,
    ) -> Result<Self, Fault> {
        let generation = visitor.find_generation(&generation).await?;
        let account = holder.parse::<AccountId>().map(Holder::Account);
        let holder = account
            .or_else(|_| holder.parse::<MailboxId>().map(Holder::SharedMailbox))
            .map_err(|_| Fault::not_found())?;
        let id = generation.id;
        let look = move |tx: &mut relais_app::read::Tx<'_>| {
            Ok((generations::snapshot(tx, id, holder)?, super::named(tx, holder)?))
        };
        let (snapshot, (name, address)) = visitor.app.look(look).await?;
        snapshot.ok_or_else(Fault::not_found)?;
        let reason = asked.get("reason").map(str::to_owned);
        Ok(Self { generation, holder, name, address, reason })
    }

    /// A page of it, with the reason and whatever else it is asked with.
    pub fn place(&self, part: &str, asked: &[(&str, &str)]) -> String {
        let mut place = format!("/console/backups/{}/{}{part}", self.generation.id, self.holder);
        let reason = self.reason.as_deref().map(|reason| ("reason", reason));
        for (number, (name, value)) in reason.into_iter().chain(asked.iter().copied()).enumerate() {
            let sign = if number == 0 { '?' } else { '&' };
            place.push_str(&format!("{sign}{name}={}", escaped(value)));
        }
        place
    }

    pub fn looker(&self, visitor: &Visitor) -> Looker {
        Looker { actor: visitor.actor(), reason: self.reason.clone().unwrap_or_default() }
    }

    /// Whose it is.
    pub fn called<'a>(&'a self, visitor: &Visitor) -> &'a str
    where
        'static: 'a,
    {
        if self.name.is_empty() { visitor.pick("(sans nom)", "(no name)") } else { &self.name }
    }

    pub fn page(&self, visitor: &Visitor, title: &str, said: &Said<'_>, main: &Markup) -> Response {
        let main = html! {
            p.under-title {
                a href={ "/console/backups/" (self.generation.id) } { (visitor.pick("Sauvegarde du ", "Backup of ")) (visitor.minute(self.generation.started_at)) }
                " · " a href=(self.place("", &[])) dir="auto" { (self.called(visitor)) } " " span.muted { (self.address) }
            }
            (said.shown(visitor))
            (main)
        };
        visitor.page_with(said.status(), &Page { title, section: Some(Section::Backups), main })
    }

    /// Asks why, before anything is shown.
    pub fn why(&self, visitor: &Visitor) -> Response {
        let main = html! {
            form.card.stack method="get" action=(self.place("", &[])) {
                div.field {
                    label for="reason" { (visitor.pick("Pourquoi regardez-vous ces données\u{a0}?", "Why do you look at this data?")) }
                    input #reason name="reason" required maxlength="500" aria-describedby="reason-hint" placeholder=(visitor.pick("Recherche du contrat de l'école", "Looking for the school's contract"));
                    p.hint #reason-hint { (visitor.pick(
                        "Le motif est inscrit au journal, avec votre nom. Les messages personnels ne sont montrés à personne.",
                        "The reason is written into the log, with your name. Personal messages are shown to nobody.",
                    )) }
                }
                p.actions { button.primary type="submit" { (visitor.pick("Regarder", "Look")) } }
            }
        };
        self.page(visitor, self.called(visitor), &Said::Nothing, &main)
    }
}

/// The backups of one account, the newest first, on its own page.
pub async fn of_account(visitor: &Visitor, account: &Account) -> Result<Markup, Fault> {
    visitor.require(Power::EndAccounts)?;
    let holder = Holder::Account(account.id);
    let found = visitor.app.look(move |tx| generations::of_holder(tx, holder, SHOWN_MAX)).await?;
    Ok(html! {
        form.actions.before method="post" action={ "/console/accounts/" (account.id) "/backups" } {
            button type="submit" { (visitor.pick("Sauvegarder ce compte maintenant", "Back this account up now")) }
        }
        @if found.is_empty() {
            p.empty { (visitor.pick("Aucune sauvegarde relue de ce compte.", "No backup of this account that was read back.")) }
        } @else {
            div.listing { table.folds {
                thead { tr {
                    th { (visitor.pick("Lue le", "Read on")) }
                    th.number { (visitor.pick("Messages", "Messages")) }
                    th.number { (visitor.pick("dont personnels", "of which personal")) }
                    th.number { (visitor.pick("Agendas et contacts", "Calendars and contacts")) }
                    th.number { (visitor.pick("Taille", "Size")) }
                } }
                tbody { @for snapshot in &found { tr {
                    td { a href={ "/console/backups/" (snapshot.generation) "/" (snapshot.holder) } { (visitor.minute(snapshot.begun_at)) } }
                    td.number data-label=(visitor.pick("Messages\u{a0}:", "Messages:")) { (visitor.number(snapshot.messages.unsigned_abs())) }
                    td.number data-label=(visitor.pick("dont personnels\u{a0}:", "of which personal:")) { (visitor.number(snapshot.personal_messages.unsigned_abs())) }
                    td.number data-label=(visitor.pick("Agendas et contacts\u{a0}:", "Calendars and contacts:")) { (visitor.number(snapshot.items.unsigned_abs())) }
                    td.number { (size(snapshot.size_bytes.unsigned_abs(), visitor.language)) }
                } } }
            } }
        }
        (legal_hold(visitor, account))
    })
}

fn legal_hold(visitor: &Visitor, account: &Account) -> Markup {
    let place = format!("/console/accounts/{}/legal-hold", account.id);
    html! {
        section.card.apart {
            h2 { (visitor.pick("Obligation de conservation", "Legal hold")) }
            p { (visitor.pick(
                "Tant qu'elle dure, ni le compte ni aucune de ses sauvegardes ne disparaît.",
                "As long as it lasts, neither the account nor any of its backups goes.",
            )) }
            @match &account.legal_hold {
                Some(hold) => {
                    p.note { strong { (visitor.pick("Depuis le ", "Since ")) (visitor.day(hold.since)) (visitor.pick("\u{a0}: ", ": ")) } span dir="auto" { (hold.reason) } }
                    form method="post" action={ (place) "/end" } {
                        button.grave type="submit" { (visitor.pick("Lever l'obligation", "End the hold")) }
                    }
                }
                None => form method="post" action=(place) {
                    div.field {
                        label for="hold" { (visitor.pick("Motif, inscrit au journal", "Reason, written into the log")) }
                        div.joined {
                            input #hold name="hold" required maxlength="500" placeholder=(visitor.pick("Litige, référence du dossier", "Dispute, reference of the file"));
                            button type="submit" { (visitor.pick("Imposer", "Impose")) }
                        }
                    }
                },
            }
        }
    }
}
