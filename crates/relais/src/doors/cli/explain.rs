//! Where mail for an address goes now, drawn as a tree of the hops that routing notes.

use super::reader::Reader;
use super::{Failure, Session, words};
use relais_core::address::EmailAddress;
use relais_core::group::Posting;
use relais_core::language::Language;
use relais_core::reserved::Keeper;
use relais_core::routing::{Hop, Route};

pub async fn explain(
    session: &mut Session,
    address: &EmailAddress,
    from: Option<&str>,
) -> Result<(), Failure> {
    let from: Vec<_> = from.map(|sender| ("from", sender)).into_iter().collect();
    let answer = session.client.search(&["explain", address.as_str()], &from).await?;
    session.show(&answer, |reader, route: Route| tree(reader, address, &route))
}

pub fn tree(reader: &Reader, address: &EmailAddress, route: &Route) -> String {
    let mut lines = vec![reader.strong(address.as_str())];
    for (place, (depth, hop)) in route.trace.iter().enumerate() {
        let mut line = String::new();
        for level in 0..*depth {
            line.push_str(if goes_on(route, place, level) { "│  " } else { "   " });
        }
        line.push_str(if goes_on(route, place, *depth) { "├─ " } else { "└─ " });
        let said = words::printable(&reason(hop, reader.language));
        line.push_str(&match hop {
            Hop::Refused { .. } => reader.bad(&said),
            Hop::LoopCut { .. } | Hop::BounceKept | Hop::AdminsOnly | Hop::MemberLeftOut { .. } => {
                reader.careful(&said)
            }
            Hop::Stored { .. } | Hop::SentOutside { .. } | Hop::Answered { .. } => reader.good(&said),
            Hop::Tag { .. }
            | Hop::Reserved { .. }
            | Hop::CatchAll { .. }
            | Hop::Account { .. }
            | Hop::SharedMailbox { .. }
            | Hop::Group { .. }
            | Hop::InnerGroup { .. }
            | Hop::Responder { .. }
            | Hop::Redirected { .. } => said,
        });
        lines.push(line);
    }
    lines.push(outcome(reader, route));
    lines.join("\n")
}

/// Whether a later hop hangs on the same branch at `level` as the one at `place`.
fn goes_on(route: &Route, place: usize, level: u8) -> bool {
    let later = route.trace[place + 1..].iter().map(|(depth, _)| *depth);
    later.take_while(|depth| *depth >= level).any(|depth| depth == level)
}

fn reason(hop: &Hop, language: Language) -> String {
    let pick = |french: &'static str, english: &'static str| language.pick(french, english);
    match hop {
        Hop::Tag { base } => format!("{} {base}", pick("forme étiquetée de", "a tagged form of")),
        Hop::Reserved { address, keeper } => reserved(address, *keeper, language),
        Hop::CatchAll { domain } => match language {
            Language::French => format!(
                "adresse jamais créée : elle va à qui reçoit tout ce qui n'a pas de titulaire dans {domain}"
            ),
            Language::English => {
                format!("an address that was never made: it goes to whoever has such mail for {domain}")
            }
        },
        Hop::Account { address, name, state, .. } => {
            format!("{} {name} <{address}>, {}", pick("compte", "account"), words::state(*state, language))
        }
        Hop::SharedMailbox { address, .. } => {
            format!("{} {address}", pick("boîte partagée", "shared mailbox"))
        }
        Hop::Group { name, posting: Posting::Anyone, .. } => {
            format!("{} {name}", pick("groupe", "group"))
        }
        Hop::Group { name, posting, .. } => format!(
            "{} {name}, {} {}",
            pick("groupe", "group"),
            pick("peuvent y écrire :", "who may write to it:"),
            words::posting(posting, language)
        ),
        Hop::InnerGroup { name, .. } => {
            format!("{} {name}", pick("dont les membres du groupe", "with the members of the group"))
        }
        Hop::AdminsOnly => pick(
            "un avis de non-remise va aux seuls administrateurs du groupe",
            "a bounce goes to the group's admins alone",
        )
        .to_owned(),
        Hop::Responder { name, .. } => format!("{} {name}", pick("répondeur", "responder")),
        Hop::Stored { mailbox } => {
            format!("{} ({mailbox})", pick("conservé dans la boîte", "stored in the mailbox"))
        }
        Hop::Redirected { to, copy } => {
            format!("{} {to}, {}", pick("redirigé vers", "redirected to"), words::local_copy(*copy, language))
        }
        Hop::SentOutside { to } => format!("{} {to}", pick("envoyé à l'extérieur, à", "sent outside, to")),
        Hop::Answered { from } => format!(
            "{} {from}, {}",
            pick("réponse automatique de", "automatic reply from"),
            pick("au plus une par semaine à chacun", "to each sender once a week at most")
        ),
        Hop::BounceKept => pick(
            "un avis de non-remise n'est jamais redirigé dehors : gardé ici",
            "a bounce is never redirected outside: kept here",
        )
        .to_owned(),
        Hop::LoopCut { at } => match language {
            Language::French => format!("boucle coupée : on reviendrait à {at} ; le message reste ici"),
            Language::English => format!("loop cut: it would come back to {at}; the message stays here"),
        },
        Hop::MemberLeftOut { address, state } => format!(
            "{} {address}, {}",
            pick("membre laissé de côté :", "member left out:"),
            words::state(*state, language)
        ),
        Hop::Refused { refusal } => {
            format!("{} {}", pick("refusé :", "refused:"), words::mail_refusal(*refusal, language))
        }
    }
}

fn reserved(address: &EmailAddress, keeper: Keeper, language: Language) -> String {
    match (language, keeper) {
        (Language::French, Keeper::Owner) => {
            format!(
                "{address} est réservée et n'a pas de titulaire présent : elle va au propriétaire de l'organisation"
            )
        }
        (Language::French, Keeper::Operator) => format!("{address} est réservée : elle va à l'exploitant"),
        (Language::English, Keeper::Owner) => {
            format!(
                "{address} is reserved and nobody who is here holds it: it goes to the organisation's owner"
            )
        }
        (Language::English, Keeper::Operator) => format!("{address} is reserved: it goes to the operator"),
    }
}

fn outcome(reader: &Reader, route: &Route) -> String {
    if let Some(refusal) = route.refusal {
        let said = reader.pick("Le message est refusé :", "The message is refused:");
        return format!("{} {}.", reader.bad(said), words::mail_refusal(refusal, reader.language));
    }
    let count = |number: usize, one: (&str, &str), many: (&str, &str)| {
        let (french, english) = if number == 1 { one } else { many };
        (number > 0).then(|| format!("{number} {}", reader.pick(french, english)))
    };
    let parts = [
        count(
            route.deliveries.len(),
            ("boîte le reçoit", "mailbox gets it"),
            ("boîtes le reçoivent", "mailboxes get it"),
        ),
        count(
            route.redirects.len(),
            ("envoi à l'extérieur", "message sent outside"),
            ("envois à l'extérieur", "messages sent outside"),
        ),
        count(
            route.replies.len(),
            ("réponse automatique", "automatic reply"),
            ("réponses automatiques", "automatic replies"),
        ),
    ];
    let said = reader.pick("En bref :", "In short:");
    format!("{said} {}.", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
