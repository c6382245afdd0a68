//! Calendars and address books, and with whom they are shared.

use super::arguments::CollectionCommand;
use super::{Failure, Session, words};
use relais_core::address::EmailAddress;
use relais_core::collection::{Share, ShareRight};
use relais_engines::radicale::Collection;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the list needs of a share, as the API tells it.
#[derive(Serialize, Deserialize)]
struct Shared {
    #[serde(flatten)]
    share: Share,
    owner_address: EmailAddress,
    with_name: String,
}

#[derive(Serialize, Deserialize)]
struct Collections {
    own: Vec<Collection>,
    given: Vec<Shared>,
    received: Vec<Shared>,
}

pub async fn collection(session: &mut Session, command: CollectionCommand) -> Result<(), Failure> {
    match command {
        CollectionCommand::List { account } => list(session, &account).await,
        CollectionCommand::Share { account, collection, with, write } => {
            let right = if write { ShareRight::Write } else { ShareRight::Read };
            let body = json!({ "collection": collection, "with": with, "right": right });
            let answer = session.client.post(&["accounts", &account, "shares"], &body).await?;
            let said = words::share_right(right, session.language());
            session.confirm(
                &answer,
                &format!("« {collection} » est partagé avec {with} : {said}."),
                &format!("Shared \u{201c}{collection}\u{201d} with {with}: {said}."),
            )
        }
        CollectionCommand::Unshare { share } => {
            let answer = session.client.delete(&["shares", &share]).await?;
            session.confirm(
                &answer,
                &format!("Le partage {share} est terminé."),
                &format!("Ended the share {share}."),
            )
        }
    }
}

async fn list(session: &mut Session, account: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["accounts", account, "collections"]).await?;
    session.show(&answer, |reader, found: Collections| {
        let own = |found: Collection| {
            let kind = words::collection_kind(found.kind, reader.language).to_owned();
            [found.name.to_string(), kind, words::printable(&found.title)]
        };
        let heads = [("nom", "name"), ("sorte", "kind"), ("titre", "title")];
        let own = reader.table(heads, found.own.into_iter().map(own).collect());
        let share = |found: Shared| {
            let right = words::share_right(found.share.right, reader.language).to_owned();
            let name = found.share.collection.to_string();
            [found.owner_address.to_string(), name, found.with_name, right, found.share.id.to_string()]
        };
        let shares: Vec<_> = found.given.into_iter().chain(found.received).map(share).collect();
        if shares.is_empty() {
            return own;
        }
        let heads =
            [("de", "of"), ("nom", "name"), ("avec", "with"), ("droit", "right"), ("partage", "share")];
        format!("{own}\n\n{}", reader.table(heads, shares))
    })
}
