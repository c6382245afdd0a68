//! Where mail for an address goes now, drawn as a tree of the hops that routing notes.

use super::reader::Reader;
use super::{Failure, Session, words};
use relais_core::address::EmailAddress;

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
        let said = words::printable(&words::hop(hop, reader.language));
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
