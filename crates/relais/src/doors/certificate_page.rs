//! The certificate as a page to read and print. It says what the certificate says and nothing else; everything that
//! people wrote is escaped by maud.

mod kept;
pub mod wording;

use crate::doors::numbers::{count, moment, size};
use crate::doors::sheet::{Sheet, sheet};
use maud::{Markup, html};
use relais_app::Certificate;
use relais_app::core::address::EmailAddress;
use relais_app::core::departure::{AddressHeir, Step};
use relais_app::core::language::Language;
use relais_app::core::money::Money;
use serde_json::Value;

pub fn page(certificate: &Certificate, language: Language) -> Markup {
    sheet(&Sheet {
        language,
        title: language.pick("Attestation de départ", "Certificate of departure"),
        about: certificate.plan.leaver.as_str(),
        under: &format!("{} · {}", certificate.organisation.name, certificate.departure),
        main: html! {
            (who_and_when(certificate, language))
            (new_mail(certificate, language))
            (addresses(certificate, language))
            (old_mail(certificate, language))
            (kept::collections(certificate, language))
            (kept::content(certificate, language))
            (kept::meetings(certificate, language))
            (kept::export(certificate, language))
            (kept::backup(certificate, language))
            (money(certificate, language))
            (steps(certificate, language))
            (evidence(certificate, language))
        },
    })
}

fn who_and_when(certificate: &Certificate, language: Language) -> Markup {
    let plan = &certificate.plan;
    let none = language.pick("aucun", "none");
    let given = groups_given(certificate);
    html! {
        section {
            h2 { (language.pick("Qui et quand", "Who and when")) }
            dl {
                dt { (language.pick("Personne", "Person")) } dd { (plan.name) }
                dt { (language.pick("Adresse", "Address")) } dd { (plan.leaver) }
                dt { (language.pick("Ordonné par", "Ordered by")) }
                dd { (wording::actor(certificate.started_by.as_ref(), language)) }
                dt { (language.pick("Motif", "Reason")) }
                dd { (plan.reason.as_deref().unwrap_or(language.pick("non précisé", "not given"))) }
                dt { (language.pick("Commencé le", "Begun")) } dd { (moment(certificate.started_at, language)) }
                dt { (language.pick("Achevé le", "Finished")) } dd { (moment(certificate.finished_at, language)) }
                dt { (language.pick("Successeur", "Successor")) }
                dd { @match &plan.successor { Some(address) => (address), None => (none) } }
                @if !given.is_empty() {
                    dt { (language.pick("Groupes remis", "Groups given on")) }
                    dd { (given.join(", ")) " → " (plan.groups_to.as_ref().map_or("", EmailAddress::as_str)) }
                }
                @if !plan.findings.groups.is_empty() {
                    dt { (language.pick("Groupes", "Groups")) } dd { (plan.findings.groups.join(", ")) }
                }
            }
        }
    }
}

/// The groups that had no other admin.
fn groups_given(certificate: &Certificate) -> Vec<&str> {
    let freeze = certificate.steps.iter().find(|report| report.step == Step::Freeze);
    let given = freeze.and_then(|report| report.detail.get("groups_given")).and_then(Value::as_array);
    given.into_iter().flatten().filter_map(|given| given.get("name")?.as_str()).collect()
}

fn new_mail(certificate: &Certificate, language: Language) -> Markup {
    html! {
        section {
            h2 { (language.pick("Nouveaux messages", "New mail")) }
            p { (wording::new_mail(&certificate.plan.new_mail, language)) }
        }
    }
}

/// The addresses that a step says it gave, or those that were found, with where each is now.
fn addresses(certificate: &Certificate, language: Language) -> Markup {
    let report = certificate.steps.iter().find(|report| report.step == Step::GiveAddresses);
    let listed = |field: &str| -> Vec<String> {
        let list = report.and_then(|report| report.detail.get(field)).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (given, stayed) = (listed("addresses"), listed("stayed"));
    let plan = &certificate.plan;
    let deleted = certificate.steps.iter().any(|report| report.step == Step::Delete);
    let closed = if deleted { wording::freed(language) } else { wording::closed_account(language) };
    let others = plan.findings.addresses.iter().map(ToString::to_string);
    let others: Vec<String> =
        others.filter(|address| !given.contains(address) && !stayed.contains(address)).collect();
    let renamed = certificate.steps.iter().any(|report| report.step == Step::Rename);
    let heir = match &plan.heir {
        AddressHeir::Successor { address } | AddressHeir::SharedMailbox { address } => address.to_string(),
        AddressHeir::Responder { name } => wording::responder(name, language),
        AddressHeir::Stay | AddressHeir::Released => closed.to_owned(),
    };
    html! {
        section {
            h2 { (language.pick("Adresses", "Addresses")) }
            table {
                thead { tr {
                    th { (language.pick("Adresse", "Address")) }
                    th { (language.pick("Va désormais à", "Now goes to")) }
                } }
                tbody {
                    @for address in &given { tr { td { (address) } td { (heir) } } }
                    @for address in stayed.iter().chain(&others) { tr { td { (address) } td { (closed) } } }
                    @if renamed {
                        tr { td { (plan.renamed_to) } td { (wording::new_name(deleted, language)) } }
                    }
                }
            }
        }
    }
}

fn old_mail(certificate: &Certificate, language: Language) -> Markup {
    let bytes: u64 = certificate.folders.iter().map(|folder| folder.bytes).sum();
    let messages: u64 = certificate.folders.iter().map(|folder| folder.messages).sum();
    html! {
        section {
            h2 { (language.pick("Messages transmis", "Mail handed over")) }
            p { @match &certificate.plan.old_mail_to {
                Some(to) => (wording::handed_over(certificate.messages_handed_over, to, language)),
                None => (language.pick(
                    "Les anciens messages n'ont été transmis à personne.", "The old mail was handed over to nobody.")),
            } }
            p { (wording::personal(certificate.personal_messages_left_out, language)) }
            @if !certificate.folders.is_empty() {
                table {
                    thead { tr {
                        th { (language.pick("Dossier", "Folder")) }
                        th.number { "Messages" }
                        th.number { (language.pick("Taille", "Size")) }
                        th { (language.pick("Empreinte SHA-256", "SHA-256 hash")) }
                    } }
                    tbody { @for folder in &certificate.folders { tr {
                        td { (folder.name) }
                        td.number { (count(folder.messages, language)) }
                        td.number { (size(folder.bytes, language)) }
                        td { code { (folder.sha256.as_deref().unwrap_or("–")) } }
                    } } }
                    tfoot { tr {
                        th { "Total" }
                        td.number { (count(messages, language)) }
                        td.number { (size(bytes, language)) }
                        td {}
                    } }
                }
            }
        }
    }
}

/// The subscription that the account leaves to another, and what its deletion gave back (X12).
fn money(certificate: &Certificate, language: Language) -> Markup {
    let findings = &certificate.plan.findings;
    let deletion = certificate.steps.iter().find(|report| report.step == Step::Delete);
    let credited: Option<Money> =
        deletion.and_then(|report| serde_json::from_value(report.detail.get("credited")?.clone()).ok());
    html! {
        @if let Some(subscription) = &findings.subscription {
            section {
                h2 { (language.pick("Abonnement", "Subscription")) }
                dl {
                    dt { (language.pick("Libéré", "Freed")) } dd { (subscription) }
                    @if let Some(credited) = credited {
                        dt { (language.pick("Crédité", "Credited")) }
                        dd { (credited.format(language)) (language.pick(" à la provision", " to the provision")) }
                    } @else if let Some(credit) = findings.credit && deletion.is_none() {
                        dt { (language.pick("À créditer", "To be credited")) }
                        dd { (credit.format(language)) (language.pick(", quand le compte sera supprimé", ", when the account is deleted")) }
                    }
                }
            }
        }
    }
}

fn steps(certificate: &Certificate, language: Language) -> Markup {
    html! {
        section {
            h2 { (language.pick("Étapes", "Steps")) }
            table {
                thead { tr {
                    th { (language.pick("Étape", "Step")) }
                    th { (language.pick("Faite le", "Done")) }
                } }
                tbody { @for report in &certificate.steps { tr {
                    td { (wording::step(report.step, language)) }
                    td { (moment(report.done_at, language)) }
                } } }
            }
        }
    }
}

fn evidence(certificate: &Certificate, language: Language) -> Markup {
    let number = count(certificate.chain_event.unsigned_abs(), language);
    html! {
        section {
            h2 { (language.pick("Preuve", "Evidence")) }
            p { (language.pick(
                "Chaque événement du journal porte l'empreinte de celui qui le précède. Notez la dernière ailleurs : une modification se verrait.",
                "Each event of the log carries the hash of the one before it. Note the last one elsewhere: a change would show.",
            )) }
            dl {
                dt { (language.pick("Dernier événement", "Last event")) } dd { (number) }
                dt { (language.pick("Empreinte du journal", "Hash of the log")) } dd { code { (certificate.chain_hash) } }
                dt { (language.pick("Empreinte du certificat", "Hash of this certificate")) } dd { code { (certificate.sha256) } }
            }
        }
    }
}
