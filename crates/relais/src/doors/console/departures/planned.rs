//! A plan as a page to read and print: what will happen, what was found, what to look at twice.

use super::super::visitor::Visitor;
use super::timeline;
use crate::doors::certificate_page::wording;
use crate::doors::numbers::size;
use crate::doors::words;
use maud::{Markup, html};
use relais_app::core::address::EmailAddress;
use relais_app::core::departure::{
    AddressHeir, BackupChoice, CollectionsChoice, ContentChoice, MeetingsChoice, Plan, Warning,
};

fn joined(addresses: &[EmailAddress]) -> String {
    addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(", ")
}

pub fn plan(visitor: &Visitor, plan: &Plan) -> Markup {
    html! {
        @if !plan.warnings.is_empty() {
            div.warning {
                p { strong { (visitor.pick("À regarder de près", "Look at this twice")) } }
                ul { @for warning in &plan.warnings { li { (warned(visitor, warning)) } } }
            }
        }
        (timeline::days(visitor, plan))
        dl.facts.plan {
            dt { (visitor.pick("Nouveaux messages", "New mail")) } dd { (wording::new_mail(&plan.new_mail, visitor.language)) }
            dt { (visitor.pick("Anciens messages", "Old mail")) }
            dd { @match &plan.old_mail_to {
                Some(to) => { (visitor.pick("transmis à ", "handed over to ")) (to) (visitor.pick(", sauf ce qui est personnel", ", but for what is personal")) },
                None => (visitor.pick("restent dans la boîte fermée", "stays in the closed mailbox")),
            } }
            dt { (visitor.pick("Adresses", "Addresses")) }
            dd { (joined(&plan.findings.addresses)) " → " (heir(visitor, &plan.heir)) }
            dt { (visitor.pick("Le compte devient", "The account becomes")) } dd { (plan.renamed_to) }
            dt { (visitor.pick("Agendas et carnets", "Calendars and address books")) }
            dd { (match plan.collections {
                CollectionsChoice::Move => visitor.pick("donnés au successeur", "given to the successor"),
                CollectionsChoice::Share => visitor.pick("ouverts au successeur, sans changer de place", "opened to the successor where they are"),
                CollectionsChoice::Keep => visitor.pick("gardés avec le compte", "kept with the account"),
            }) @if !plan.findings.collections.is_empty() { " (" (plan.findings.collections.join(", ")) ")" } }
            @if !plan.findings.meetings.is_empty() {
                dt { (visitor.pick("Réunions à venir", "Meetings to come")) }
                dd { (visitor.number(plan.findings.meetings.len() as u64)) " " (match plan.meetings {
                    MeetingsChoice::Transfer => visitor.pick("confiées au successeur, les invités prévenus", "given to the successor, those invited are told"),
                    MeetingsChoice::Cancel => visitor.pick("annulées, les invités prévenus", "cancelled, those invited are told"),
                    MeetingsChoice::Keep => visitor.pick("laissées telles quelles", "left as they are"),
                }) }
            }
            @if !plan.findings.content.is_empty() {
                dt { (visitor.pick("Contenus", "Content")) }
                dd {
                    @for counted in &plan.findings.content { (words::content_kind(counted.kind, visitor.language)) " × " (counted.count) " " }
                    (match plan.content {
                        ContentChoice::Reassign => visitor.pick("→ au successeur", "→ to the successor"),
                        ContentChoice::Keep => visitor.pick("gardés avec le compte", "kept with the account"),
                        ContentChoice::Erase => visitor.pick("effacés avec le compte", "erased with the account"),
                    })
                }
            }
            @if !plan.findings.groups.is_empty() {
                dt { (visitor.pick("Groupes", "Groups")) }
                dd { (plan.findings.groups.join(", "))
                    @if let Some(to) = &plan.groups_to { (visitor.pick("\u{a0}; repris par ", "; taken over by ")) (to) } }
            }
            dt { (visitor.pick("Sauvegarde", "Backup")) }
            dd { (match plan.backup {
                BackupChoice::Start => visitor.pick("faite et relue dès la fermeture, avant de rien déplacer", "made and read back after closing, before anything is moved"),
                BackupChoice::WaitForNext => visitor.pick("attend la prochaine sauvegarde de l'organisation", "waits for the organisation's next backup"),
            }) }
            dt { (visitor.pick("Archive pour la personne", "Archive for the person")) }
            dd { @match &plan.export_to {
                Some(to) => { (visitor.pick("lien envoyé à ", "a link goes to ")) (to) },
                None => (visitor.pick("aucune", "none")),
            } }
            dt { (visitor.pick("Boîte", "Mailbox")) }
            dd { (words::messages(plan.findings.messages, visitor.language)) ", " (size(plan.findings.size_bytes, visitor.language)) }
            dt { (visitor.pick("Abonnement", "Subscription")) }
            dd { @match &plan.findings.subscription {
                Some(name) => { (name) (visitor.pick(", libéré aussitôt", ", freed at once")) },
                None => (visitor.pick("une place de la formule, libérée aussitôt", "a place of the plan, freed at once")),
            }
            @if let Some(credit) = plan.findings.credit { (visitor.pick("\u{a0}; crédité à la suppression\u{a0}: ", "; credited on deletion: ")) (credit.format(visitor.language)) } }
            @if let Some(reason) = &plan.reason { dt { (visitor.pick("Motif", "Reason")) } dd { (reason) } }
            dt { (visitor.pick("Suppression", "Deletion")) }
            dd { @match plan.delete_after {
                Some(at) => (visitor.day(at)),
                None => (visitor.pick("jamais d'elle-même\u{a0}; le compte reste fermé", "never by itself; the account stays closed")),
            } }
        }
    }
}

fn heir(visitor: &Visitor, heir: &AddressHeir) -> String {
    match heir {
        AddressHeir::Successor { address } | AddressHeir::SharedMailbox { address } => address.to_string(),
        AddressHeir::Responder { name } => wording::responder(name, visitor.language),
        AddressHeir::Stay => {
            visitor.pick("restent au compte fermé", "stay with the closed account").to_owned()
        }
        AddressHeir::Released => visitor.pick("libérées à la suppression", "freed on deletion").to_owned(),
    }
}

fn warned(visitor: &Visitor, warning: &Warning) -> String {
    let said = |french: &str, english: &str| visitor.pick(french, english).to_owned();
    match warning {
        Warning::RedirectWithoutReason => said(
            "Une redirection demande un motif : la CNIL ne l'admet que pour la continuité du service, la personne étant informée.",
            "A redirect asks for a reason: it is allowed for continuity, with the person informed.",
        ),
        Warning::RedirectWithoutEnd => said(
            "La redirection n'a pas de date de fin ; donnez-en une.",
            "The redirect has no end; give it one.",
        ),
        Warning::ReplyLong => said(
            "Plus de trois mois de réponse automatique demandent un motif.",
            "More than three months of automatic replies ask for a reason.",
        ),
        Warning::NobodyTakesOver => said(
            "Personne ne reprend : les anciens messages restent dans la boîte fermée.",
            "Nobody takes over: the old mail stays in the closed mailbox.",
        ),
        Warning::RedirectsIn { from } => format!(
            "{} {}",
            visitor.pick(
                "Ces comptes redirigent vers la personne\u{a0}:",
                "These accounts redirect to the person:"
            ),
            joined(from)
        ),
        Warning::OnlyAdminOf { groups } => format!(
            "{} {}",
            visitor.pick("Seul administrateur de\u{a0}:", "The only admin of:"),
            groups.join(", ")
        ),
        Warning::DeletionEndsReply => said(
            "La suppression arrête la réponse automatique avant sa fin.",
            "The deletion ends the automatic reply before its time.",
        ),
        Warning::DeletionEndsRedirect => said(
            "La suppression arrête la redirection avant sa fin.",
            "The deletion ends the redirect before its time.",
        ),
        Warning::MeetingsKept { meetings } => format!(
            "{meetings} {}",
            visitor.pick(
                "réunions à venir gardent un organisateur absent.",
                "meetings to come keep an organiser who is gone."
            )
        ),
        Warning::ContentKept { items } => format!(
            "{items} {}",
            visitor.pick("contenus restent avec le compte fermé.", "items stay with the closed account.")
        ),
        Warning::DeletionWithoutExport => said(
            "La personne n'aura pas d'archive de ce qui est à elle avant la suppression.",
            "The person gets no archive of what is theirs before the deletion.",
        ),
    }
}
