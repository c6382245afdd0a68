//! What is done for whoever a provider of identities or a directory closes.

use super::arguments::DeparturePolicyCommand;
use super::{Failure, Session, words};
use relais_core::departure::{DeparturePolicy, PolicyMail};

pub async fn departure_policy(session: &mut Session, command: DeparturePolicyCommand) -> Result<(), Failure> {
    let named = match &command {
        DeparturePolicyCommand::Show { organisation } | DeparturePolicyCommand::Set { organisation, .. } => {
            organisation.organisation.clone()
        }
    };
    let id = session.organisation(named.as_deref()).await?;
    let place = ["organisations", id.as_str(), "departure-policy"];
    let mut answer = session.client.get(&place).await?;
    if let DeparturePolicyCommand::Set {
        refuse, reply, redirect_to, days, content_to, keep_content, ..
    } = command
    {
        let mut policy: DeparturePolicy = answer.read()?;
        let text = reply.map(|source| source.read()).transpose()?;
        policy.new_mail = match (refuse, text, redirect_to) {
            (true, _, _) => PolicyMail::Refuse,
            (false, Some(text), _) => PolicyMail::Reply { text, days },
            (false, None, Some(to)) => PolicyMail::Redirect { to, days },
            (false, None, None) => policy.new_mail,
        };
        policy.content_to = content_to.or(policy.content_to).filter(|_| !keep_content);
        answer = session.client.put(&place, &policy).await?;
    }
    session.show(&answer, |reader, policy: DeparturePolicy| {
        let mail = match &policy.new_mail {
            PolicyMail::Refuse => reader.pick("refusés", "refused").to_owned(),
            PolicyMail::Reply { text, days } => {
                let how = reader.pick("réponse pendant", "answered for");
                format!("{how} {days} {} : {}", reader.pick("jours", "days"), words::printable(text))
            }
            PolicyMail::Redirect { to, days } => {
                let how = reader.pick("envoyés à", "sent on to");
                format!("{how} {to}, {days} {}", reader.pick("jours", "days"))
            }
        };
        let stays = || reader.pick("reste où il est", "stays where it is").to_owned();
        let content = policy.content_to.as_ref().map_or_else(stays, ToString::to_string);
        reader.sheet(&[("nouveaux messages", "new mail", mail), ("contenu", "content", content)])
    })
}
