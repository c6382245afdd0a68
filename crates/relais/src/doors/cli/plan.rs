//! A departure's plan in words: what will happen, in order, what was found, and what deserves a second look.

use super::quota::size;
use super::reader::Reader;
use super::words;
use relais_core::address::EmailAddress;
use relais_core::departure::{
    AddressHeir, BackupChoice, CollectionsChoice, Findings, Meeting, MeetingsChoice, NewMail, Plan, Step,
    Warning,
};
use relais_core::language::Language;

pub fn in_words(reader: &Reader, plan: &Plan) -> String {
    let title = format!("{} {} <{}>", reader.pick("Départ de", "Departure of"), plan.name, plan.leaver);
    let mut text = reader.strong(&words::printable(&title));
    text.push('\n');
    let mut facts = vec![(reader.pick("début", "begins"), reader.time(plan.begins_at))];
    facts.extend(plan.reason.iter().map(|reason| (reader.pick("motif", "reason"), reason.clone())));
    for (name, value) in facts {
        text.push_str(&format!("  {name}{} {}\n", reader.colon(), words::printable(&value)));
    }
    heading(reader, &mut text, "Ce qui se passera, dans l'ordre", "What will happen, in order");
    for (place, step) in plan.steps.iter().enumerate() {
        text.push_str(&format!(
            "  {:>2}. {}\n",
            place + 1,
            words::printable(&step_in_words(reader, plan, *step))
        ));
    }
    if let NewMail::Reply { text: reply, .. } | NewMail::Responder { text: reply, .. } = &plan.new_mail {
        heading(reader, &mut text, "La réponse automatique", "The automatic reply");
        for line in reply.trim_end().lines() {
            text.push_str(format!("  │ {}", words::printable(line)).trim_end());
            text.push('\n');
        }
    }
    heading(reader, &mut text, "Ce qui a été trouvé", "What was found");
    for (name, value) in findings(reader, &plan.findings) {
        text.push_str(&format!("  {name}{} {}\n", reader.colon(), words::printable(&value)));
    }
    if !plan.warnings.is_empty() {
        heading(reader, &mut text, "À regarder de plus près", "Worth a second look");
        for found in &plan.warnings {
            let said = words::printable(&warning(found, reader.language));
            text.push_str(&format!("  {} {said}\n", reader.careful("!")));
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn heading(reader: &Reader, text: &mut String, french: &str, english: &str) {
    let line = format!("{}{}", reader.pick(french, english), reader.colon());
    text.push_str(&format!("\n{}\n", reader.strong(&line)));
}

fn step_in_words(reader: &Reader, plan: &Plan, step: Step) -> String {
    let pick = |french: &'static str, english: &'static str| reader.pick(french, english).to_owned();
    match step {
        Step::Freeze => freeze(reader, plan),
        Step::CutSessions => pick(
            "Les connexions ouvertes sont coupées (IMAP, POP, sessions)",
            "Open connections are cut (IMAP, POP, sessions)",
        ),
        Step::Inventory => {
            pick("Ce que le compte possède est relevé", "What the account owns is written down")
        }
        Step::RouteInbound => new_mail(reader, &plan.new_mail),
        Step::BackUp => match plan.backup {
            BackupChoice::Start => pick(
                "Le compte est sauvegardé, et la sauvegarde relue avant d'aller plus loin",
                "The account is backed up, and the backup read back before anything else",
            ),
            BackupChoice::WaitForNext => pick(
                "On attend la prochaine sauvegarde de l'organisation ; elle est relue avant d'aller plus loin",
                "The organisation's next backup is waited for, and read back before anything else",
            ),
        },
        Step::Export => format!(
            "{} {}",
            reader.pick(
                "La personne reçoit une archive de ce qui est à elle : un lien part à",
                "The person gets an archive of what is theirs: a link goes to"
            ),
            plan.export_to.as_ref().map_or("", EmailAddress::as_str)
        ),
        Step::HandOverMail => hand_over(reader, plan),
        Step::HandOverCollections => collections(reader, plan),
        Step::ReassignContent => format!(
            "{} {}",
            reader.pick(
                "Ce que des applications tiennent pour lui passe à",
                "What applications keep for it passes to"
            ),
            plan.successor.as_ref().map_or("", EmailAddress::as_str)
        ),
        Step::SettleMeetings => match plan.meetings {
            MeetingsChoice::Cancel => pick(
                "Les réunions à venir que le compte organisait sont annulées ; les invités en sont prévenus",
                "The meetings to come that the account organised are cancelled; those invited are told",
            ),
            MeetingsChoice::Transfer | MeetingsChoice::Keep => format!(
                "{} {}",
                plan.successor.as_ref().map_or("", EmailAddress::as_str),
                reader.pick(
                    "devient l'organisateur des réunions à venir ; les invités en sont prévenus",
                    "becomes the organiser of the meetings to come; those invited are told",
                )
            ),
        },
        Step::Rename => {
            format!(
                "{} {}",
                reader.pick("Le compte est renommé en", "The account is renamed to"),
                plan.renamed_to
            )
        }
        Step::GiveAddresses => addresses(reader, plan),
        Step::Wait => format!("{} {}", reader.pick("On attend", "Waiting"), reader.end(plan.delete_after)),
        Step::Delete => match plan.heir {
            AddressHeir::Released => pick(
                "Le compte est supprimé pour toujours ; ses adresses redeviennent libres",
                "The account is deleted for good; its addresses are free again",
            ),
            AddressHeir::Successor { .. }
            | AddressHeir::SharedMailbox { .. }
            | AddressHeir::Responder { .. }
            | AddressHeir::Stay => {
                pick("Le compte est supprimé pour toujours", "The account is deleted for good")
            }
        },
        Step::Certificate => {
            pick("Une attestation dit ce qui a été fait", "A certificate says what was done")
        }
    }
}

fn freeze(reader: &Reader, plan: &Plan) -> String {
    let closed = reader.pick(
        "Le compte est fermé : plus aucune connexion n'est acceptée",
        "The account is closed: no sign-in is accepted any more",
    );
    let groups = plan.findings.only_admin_of.join(", ");
    match (&plan.groups_to, groups.is_empty()) {
        (Some(heir), false) => match reader.language {
            Language::French => {
                format!(
                    "{closed} ; {heir} devient administrateur de ses groupes qui n'en ont pas d'autre ({groups})"
                )
            }
            Language::English => {
                format!("{closed}; {heir} becomes the admin of its groups that have no other ({groups})")
            }
        },
        (Some(_) | None, _) => closed.to_owned(),
    }
}

fn new_mail(reader: &Reader, new_mail: &NewMail) -> String {
    let language = reader.language;
    match new_mail {
        NewMail::Redirect { to, copy, until } => format!(
            "{} {to}, {}, {}",
            reader.pick("Les nouveaux messages sont redirigés vers", "New mail is redirected to"),
            words::local_copy(*copy, language),
            then_refused(reader, *until)
        ),
        NewMail::Reply { copy, until, text: _ } => format!(
            "{}, {}, {}",
            reader.pick("Aux nouveaux messages il est répondu", "New mail is answered"),
            words::local_copy(*copy, language),
            then_refused(reader, Some(*until))
        ),
        NewMail::Responder { name, until, text: _ } => format!(
            "{} {name}, {}",
            reader.pick("Aux nouveaux messages répond le répondeur", "New mail is answered by the responder"),
            then_refused(reader, *until)
        ),
    }
}

fn then_refused(reader: &Reader, until: Option<jiff::Timestamp>) -> String {
    let end = reader.end(until);
    if until.is_none() {
        end
    } else {
        format!("{end}{}", reader.pick(", puis ils sont refusés", ", then it is refused"))
    }
}

fn hand_over(reader: &Reader, plan: &Plan) -> String {
    let to = plan.old_mail_to.as_ref().map_or("", EmailAddress::as_str);
    let Findings { messages, size_bytes, .. } = plan.findings;
    let size = size(size_bytes, reader.language);
    let messages = words::messages(messages, reader.language);
    let said = match reader.language {
        Language::French => format!(
            "Les anciens messages sont transmis à {to} ({messages}, {size}) ; les messages personnels sont mis de côté"
        ),
        Language::English => {
            format!("Old mail is handed over to {to} ({messages}, {size}); personal messages are set aside")
        }
    };
    match &plan.shared_mailbox {
        Some(_) if plan.successor.is_some() => {
            let member = reader.pick("en devient membre", "becomes its member");
            let successor = plan.successor.as_ref().map_or("", EmailAddress::as_str);
            format!("{said}{} {successor} {member}", reader.pick(" ;", ";"))
        }
        Some(_) | None => said,
    }
}

fn collections(reader: &Reader, plan: &Plan) -> String {
    let to = plan.successor.as_ref().map_or("", EmailAddress::as_str);
    let (said, aside) = match plan.collections {
        CollectionsChoice::Share => (
            reader.pick(
                "Ses agendas et carnets d'adresses sont partagés avec",
                "Its calendars and address books are shared with",
            ),
            reader.pick(
                " ; ceux qui contiennent quelque chose de personnel ne le sont pas",
                "; those with anything personal in them are not",
            ),
        ),
        CollectionsChoice::Move | CollectionsChoice::Keep => (
            reader.pick(
                "Ses agendas et carnets d'adresses passent à",
                "Its calendars and address books pass to",
            ),
            reader.pick(" ; ce qui est personnel est mis de côté", "; what is personal is set aside"),
        ),
    };
    format!("{said} {to}{aside}")
}

fn addresses(reader: &Reader, plan: &Plan) -> String {
    let to = match &plan.heir {
        AddressHeir::Successor { address } | AddressHeir::SharedMailbox { address } => {
            format!("{} {address}", reader.pick("à", "to"))
        }
        AddressHeir::Responder { name } => {
            format!("{} {name}", reader.pick("au répondeur", "to the responder"))
        }
        AddressHeir::Stay | AddressHeir::Released => String::new(),
    };
    let held: Vec<&str> = plan.findings.addresses.iter().map(EmailAddress::as_str).collect();
    match reader.language {
        Language::French => format!("Ses adresses ({}) passent {to}", held.join(", ")),
        Language::English => format!("Its addresses ({}) pass {to}", held.join(", ")),
    }
}

fn findings(reader: &Reader, found: &Findings) -> Vec<(String, String)> {
    let join = |addresses: &[EmailAddress]| {
        addresses.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(", ")
    };
    // X12: what the departure frees, and what the deletion gives back.
    let freed = found.subscription.clone().unwrap_or_default();
    let credit = found.credit.map_or_else(String::new, |credit| credit.format(reader.language));
    let meetings =
        found.meetings.iter().map(|meeting| meeting_in_words(reader, meeting)).collect::<Vec<_>>().join(", ");
    let external = found.external_address.as_ref().map_or_else(String::new, ToString::to_string);
    let mail = format!("{} ({})", found.messages, size(found.size_bytes, reader.language));
    [
        ("adresses", "addresses", join(&found.addresses)),
        ("messages", "messages", mail),
        ("groupes", "groups", found.groups.join(", ")),
        ("redirections vers ce compte", "redirects to this account", join(&found.redirects_in)),
        ("redirections de ce compte", "redirects from this account", join(&found.redirects_out)),
        ("boîtes partagées", "shared mailboxes", join(&found.shared_mailboxes)),
        ("agendas et carnets", "calendars and address books", found.collections.join(", ")),
        ("contenu d'applications", "content of applications", words::content_counts(&found.content, reader)),
        ("réunions à venir", "meetings to come", meetings),
        ("adresse externe", "external address", external),
        ("abonnement libéré", "subscription freed", freed),
        ("à créditer à la suppression", "to be credited on deletion", credit),
    ]
    .into_iter()
    .filter(|(_, _, value)| !value.is_empty())
    .map(|(french, english, value)| (reader.pick(french, english).to_owned(), value))
    .collect()
}

/// What a personal one is about stays with the person.
fn meeting_in_words(reader: &Reader, meeting: &Meeting) -> String {
    let about = meeting.summary.as_deref().unwrap_or(reader.pick("personnelle", "personal"));
    let repeats = if meeting.recurring { reader.pick(", régulière", ", recurring") } else { "" };
    format!("{about} ({}{repeats})", reader.time(meeting.next))
}

fn warning(found: &Warning, language: Language) -> String {
    let pick = |french: &'static str, english: &'static str| language.pick(french, english).to_owned();
    match found {
        Warning::ContentKept { items } => match language {
            Language::French => format!(
                "Le contenu tenu par des applications (éléments : {items}) reste au compte fermé ; --content reassign le donne au successeur."
            ),
            Language::English => format!(
                "What applications keep (items: {items}) stays with the closed account; --content reassign gives it to the successor."
            ),
        },
        Warning::RedirectWithoutReason => pick(
            "Transmettre le courrier de quelqu'un demande un motif ; indiquez-le avec --reason.",
            "Passing on someone's mail asks for a reason; give it with --reason.",
        ),
        Warning::RedirectWithoutEnd => pick(
            "Rien ne met fin à la redirection ; indiquez une date avec --until.",
            "Nothing ends the redirect; give a date with --until.",
        ),
        Warning::ReplyLong => pick(
            "Une réponse de plus de trois mois demande un motif ; indiquez-le avec --reason.",
            "A reply for more than three months asks for a reason; give it with --reason.",
        ),
        Warning::NobodyTakesOver => pick(
            "Personne ne reprend les anciens messages, ils restent dans le compte fermé ; indiquez --to ou --shared-mailbox.",
            "Nobody takes over the old mail, it stays in the closed account; give --to or --shared-mailbox.",
        ),
        Warning::RedirectsIn { from } => {
            let from: Vec<&str> = from.iter().map(EmailAddress::as_str).collect();
            match language {
                Language::French => {
                    format!("Redirigent vers ce compte : {} ; prévenez-les.", from.join(", "))
                }
                Language::English => {
                    format!("These redirect to this account: {}; let them know.", from.join(", "))
                }
            }
        }
        Warning::OnlyAdminOf { groups } => match language {
            Language::French => {
                format!(
                    "Seul administrateur de : {} ; ajoutez-en d'abord un autre, ou indiquez --groups-to.",
                    groups.join(", ")
                )
            }
            Language::English => {
                format!("Only admin of: {}; add another one first, or give --groups-to.", groups.join(", "))
            }
        },
        Warning::DeletionEndsReply => pick(
            "La suppression arrive avant la fin de la réponse automatique, qui s'arrête alors ; repoussez-la ou avancez --until.",
            "The deletion comes before the automatic reply ends and stops it; postpone it or bring --until forward.",
        ),
        Warning::DeletionEndsRedirect => pick(
            "La suppression arrive avant la fin de la redirection, qui s'arrête alors ; repoussez-la, avancez --until, ou laissez l'adresse au successeur en n'indiquant pas --until.",
            "The deletion comes before the redirect ends and stops it; postpone it, bring --until forward, or leave --until out and the address passes to the successor.",
        ),
        Warning::MeetingsKept { meetings } => match language {
            Language::French => format!(
                "Des réunions à venir ({meetings}) gardent un organisateur qui n'est plus là ; indiquez --meetings transfer ou cancel."
            ),
            Language::English => format!(
                "Meetings to come ({meetings}) keep an organiser who is gone; give --meetings transfer or cancel."
            ),
        },
        Warning::DeletionWithoutExport => pick(
            "La personne ne reçoit rien de ce qui est à elle avant la suppression ; indiquez --export pour lui envoyer son archive.",
            "The person gets nothing of what is theirs before the deletion; give --export to send them their archive.",
        ),
    }
}
