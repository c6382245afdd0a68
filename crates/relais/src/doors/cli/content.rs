//! What accounts own besides mail, and giving it to somebody else.

use super::arguments::{ContentCommand, ReassignArguments};
use super::client::Answer;
use super::reader::Reader;
use super::{Failure, Session, words};
use relais_app::ContentOwned;
use relais_app::read::content::reassigning::Move;
use relais_core::account::Account;
use relais_core::collection::ShareRight;
use relais_core::content::{ContentItem, ContentKind, Erasure, MoveState, Reassignment};
use serde::Deserialize;
use serde_json::json;

/// The most that a page has.
const PAGE: usize = 200;

pub async fn content(session: &mut Session, command: ContentCommand) -> Result<(), Failure> {
    match command {
        ContentCommand::List { account, kind } => list(session, &account, kind).await,
        ContentCommand::Received { account } => received(session, &account).await,
        ContentCommand::Show { item } => show(session, &item).await,
        ContentCommand::Reassign(arguments) => reassign(session, arguments).await,
        ContentCommand::Reassignments { organisation } => {
            session.list(organisation.organisation.as_deref(), "reassignments", table).await
        }
        ContentCommand::Reassignment { reassignment } => moves(session, &reassignment).await,
        ContentCommand::Undo { reassignment } => {
            let answer = session.client.post(&["reassignments", &reassignment, "undo"], &json!({})).await?;
            session.confirm(
                &answer,
                &format!("La réattribution {reassignment} est annulée : ce qui est encore au nouveau propriétaire est rendu."),
                &format!("Undid the reassignment {reassignment}: what is still the new owner's was given back."),
            )
        }
        ContentCommand::Erasures { organisation } => {
            session.list(organisation.organisation.as_deref(), "erasures", erasures).await
        }
    }
}

/// Page after page, each behind the last of the one before.
async fn pages(
    session: &Session,
    path: &[&str],
    query: &[(&str, &str)],
    last: impl Fn(&Answer) -> Result<(usize, Option<String>), Failure>,
) -> Result<Answer, Failure> {
    let limit = PAGE.to_string();
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut asked = vec![("limit", limit.as_str())];
        asked.extend_from_slice(query);
        asked.extend(after.as_deref().map(|after| ("after", after)));
        let page = session.client.search(path, &asked).await?;
        let (count, id) = last(&page)?;
        all.push(page);
        if count < PAGE {
            return Ok(Answer::joined(all));
        }
        after = id;
    }
}

fn last_item(page: &Answer) -> Result<(usize, Option<String>), Failure> {
    let items: Vec<ContentItem> = page.read()?;
    Ok((items.len(), items.last().map(|item| item.id.to_string())))
}

async fn list(session: &mut Session, account: &str, kind: Option<ContentKind>) -> Result<(), Failure> {
    let owned: ContentOwned = session.client.get(&["accounts", account, "content"]).await?.read()?;
    let query: Vec<_> = kind.map(|kind| ("kind", kind.as_str())).into_iter().collect();
    let answer = pages(session, &["accounts", account, "content", "items"], &query, last_item).await?;
    session.show(&answer, |reader, items: Vec<ContentItem>| {
        let ours = owned.collections.iter().map(|found| {
            let of = ContentKind::from(found.kind);
            (
                of,
                [
                    words::content_kind(of, reader.language).to_owned(),
                    words::printable(&found.display_name),
                    found.name.clone(),
                ],
            )
        });
        let ours = ours.filter(|(of, _)| kind.is_none_or(|kind| kind == *of)).map(|(_, row)| row);
        let items = items.into_iter().map(|item| row(reader, &item));
        let rows = reader.table(heads(), ours.chain(items).collect());
        format!("{rows}\n\n{}", words::content_counts(&owned.counts, reader))
    })
}

fn heads() -> [(&'static str, &'static str); 3] {
    [("sorte", "kind"), ("titre", "title"), ("id", "id")]
}

fn row(reader: &Reader, item: &ContentItem) -> [String; 3] {
    let kind = words::content_kind(item.kind, reader.language).to_owned();
    [kind, words::printable(&item.title), item.id.to_string()]
}

/// As the API tells it.
#[derive(Deserialize)]
struct Received {
    #[serde(flatten)]
    item: ContentItem,
    right: ShareRight,
}

async fn received(session: &mut Session, account: &str) -> Result<(), Failure> {
    let answer = pages(session, &["accounts", account, "content", "received"], &[], last_item).await?;
    session.show(&answer, |reader, items: Vec<Received>| {
        let shared = |found: Received| {
            let [kind, title, id] = row(reader, &found.item);
            [kind, title, words::share_right(found.right, reader.language).to_owned(), id]
        };
        let heads = [("sorte", "kind"), ("titre", "title"), ("droit", "right"), ("id", "id")];
        reader.table(heads, items.into_iter().map(shared).collect())
    })
}

#[derive(Deserialize)]
struct Shared {
    with_name: String,
    right: ShareRight,
}

#[derive(Deserialize)]
struct ItemWithShares {
    #[serde(flatten)]
    item: ContentItem,
    shares: Vec<Shared>,
}

async fn show(session: &mut Session, item: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["content", item]).await?;
    let found: ItemWithShares = answer.read()?;
    let owner = found.item.owner.to_string();
    let owner: Account = session.client.get(&["accounts", &owner]).await?.read()?;
    session.show(&answer, |reader, found: ItemWithShares| {
        let item = &found.item;
        let shares = found.shares.iter().map(|share| {
            format!("{} ({})", share.with_name, words::share_right(share.right, reader.language))
        });
        let mut rows = vec![
            ("élément", "item", item.id.to_string()),
            ("sorte", "kind", words::content_kind(item.kind, reader.language).to_owned()),
            ("titre", "title", words::printable(&item.title)),
            ("propriétaire", "owner", owner.address.to_string()),
            ("application", "application", item.application.to_string()),
            ("nommé là-bas", "named there", words::printable(item.external_id.as_str())),
            ("partagé avec", "shared with", shares.collect::<Vec<_>>().join(", ")),
        ];
        if let Some(parent) = item.parent {
            rows.push(("dans le projet", "in the project", parent.to_string()));
        }
        if let Some(url) = &item.url {
            rows.push(("adresse", "address", words::printable(url)));
        }
        if let Some(erasure) = item.erasure {
            rows.push(("à effacer", "to be erased", erasure.to_string()));
        }
        reader.sheet(&rows)
    })
}

async fn reassign(session: &mut Session, arguments: ReassignArguments) -> Result<(), Failure> {
    let ReassignArguments { accounts, to, kind, item, collection } = arguments;
    let first: Account = session.client.get(&["accounts", &accounts[0]]).await?.read()?;
    let organisation = first.organisation.to_string();
    let mut body = json!({ "from": accounts, "to": to });
    if !kind.is_empty() {
        body["kinds"] = json!(kind);
    }
    if !item.is_empty() {
        body["items"] = json!(item);
    }
    if !collection.is_empty() {
        body["collections"] = json!(collection);
    }
    let path = ["organisations", &organisation, "reassignments"];
    let answer = session.client.post(&path, &body).await?;
    session.show(&answer, table)
}

fn table(reader: &Reader, rows: Vec<Reassignment>) -> String {
    let row = |made: Reassignment| {
        let state = match made.undone_at {
            Some(at) => format!("{} {}", reader.pick("annulée le", "undone"), reader.time(at)),
            None => String::new(),
        };
        let collections = match &made.collections {
            Some(moved) => moved.len().to_string(),
            None => reader.pick("en cours", "under way").to_owned(),
        };
        [
            reader.time(made.at),
            made.from.to_string(),
            made.to.to_string(),
            made.items.to_string(),
            collections,
            state,
            made.id.to_string(),
        ]
    };
    reader.table(
        [
            ("le", "at"),
            ("de", "from"),
            ("à", "to"),
            ("éléments", "items"),
            ("agendas et carnets", "calendars and address books"),
            ("état", "state"),
            ("id", "id"),
        ],
        rows.into_iter().map(row).collect(),
    )
}

async fn moves(session: &mut Session, reassignment: &str) -> Result<(), Failure> {
    let last = |page: &Answer| {
        let moves: Vec<Move> = page.read()?;
        Ok((moves.len(), moves.last().map(|one| one.item.to_string())))
    };
    let answer = pages(session, &["reassignments", reassignment, "items"], &[], last).await?;
    session.show(&answer, |reader, moves: Vec<Move>| {
        let row = |one: Move| {
            let title = one.content.map_or_else(String::new, |item| words::printable(&item.title));
            let state = words::move_state(one.state, reader.language).to_owned();
            let reason = one.reason.filter(|_| one.state == MoveState::Refused);
            [
                title,
                state,
                reason.map_or_else(String::new, |reason| words::printable(&reason)),
                one.item.to_string(),
            ]
        };
        let heads = [("titre", "title"), ("état", "state"), ("pourquoi", "why"), ("id", "id")];
        reader.table(heads, moves.into_iter().map(row).collect())
    })
}

fn erasures(reader: &Reader, rows: Vec<Erasure>) -> String {
    let row = |asked: Erasure| {
        [
            reader.time(asked.asked_at),
            asked.account.to_string(),
            asked.items.to_string(),
            asked.open.to_string(),
            asked.id.to_string(),
        ]
    };
    reader.table(
        [
            ("demandé le", "asked"),
            ("compte", "account"),
            ("éléments", "items"),
            ("restent", "left"),
            ("id", "id"),
        ],
        rows.into_iter().map(row).collect(),
    )
}
