//! What a person was told by letter, and what they want to be told.

use super::arguments::NotificationsArguments;
use super::{Failure, Session, words};
use relais_app::NotificationReport;
use relais_core::notification::Topic;
use std::collections::BTreeSet;

pub async fn notifications(session: &mut Session, arguments: NotificationsArguments) -> Result<(), Failure> {
    let NotificationsArguments { account, mute, tell } = arguments;
    let path = ["accounts", account.as_str(), "notifications"];
    let mut answer = session.client.get(&path).await?;
    if !mute.is_empty() || !tell.is_empty() {
        let before: NotificationReport = answer.read()?;
        let mut wanted = before.preferences;
        wanted.muted.extend(mute);
        wanted.muted.retain(|topic| !tell.contains(topic));
        answer = session.client.put(&path, &wanted).await?;
    }
    session.show(&answer, |reader, found: NotificationReport| {
        let muted = &found.preferences.muted;
        let told: BTreeSet<Topic> = Topic::ALL.into_iter().filter(|topic| !muted.contains(topic)).collect();
        let named = |topics: &BTreeSet<Topic>| {
            let names: Vec<_> = topics.iter().map(|topic| words::topic(*topic, reader.language)).collect();
            if names.is_empty() { reader.pick("rien", "nothing").to_owned() } else { names.join(", ") }
        };
        let sheet = reader.sheet(&[
            ("averti de", "told of", named(&told)),
            ("pas averti de", "not told of", named(muted)),
            ("en attente", "waiting", found.count.waiting.to_string()),
            ("envoyées", "sent", found.count.sent.to_string()),
            ("abandonnées", "dropped", found.count.dropped.to_string()),
        ]);
        if found.last.is_empty() {
            return sheet;
        }
        let rows = found.last.iter().map(|told| {
            [
                reader.time(told.at),
                words::topic(told.topic, reader.language).to_owned(),
                words::notification_state(told.state, reader.language).to_owned(),
                words::printable(&told.sentence),
            ]
        });
        let headings = [("quand", "when"), ("sujet", "topic"), ("état", "state"), ("nouvelle", "news")];
        format!("{sheet}\n\n{}", reader.table(headings, rows.collect()))
    })
}
