//! What is done to a group: each form, and back to the page it is on.

use super::one::{Part, page};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Fields, Sent};
use crate::doors::console::said::{Said, answered};
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::extract::Path;
use axum::routing::post;
use relais_app::core::group::Posting;
use relais_app::core::organisation::{Group, GroupRole, Target};
use relais_app::{GroupAddress, GroupChange};
use std::collections::BTreeSet;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/groups/{group}/members", post(add_member))
        .route("/console/groups/{group}/members/change", post(change_member))
        .route("/console/groups/{group}/name", post(rename))
        .route("/console/groups/{group}/address", post(set_address))
        .route("/console/groups/{group}/address/drop", post(drop_address))
        .route("/console/groups/{group}/address/free", post(free_address))
        .route("/console/groups/{group}/posting", post(set_posting))
        .route("/console/groups/{group}/groups", post(put_in))
        .route("/console/groups/{group}/groups/take-out", post(take_out))
}

/// Back to a part of the group's page, with what was typed if it was refused.
async fn back(
    visitor: &Visitor,
    group: &Group,
    part: Part,
    sent: &Fields,
    done: Result<(), Fault>,
) -> Answer {
    let again = async |fault: &Fault| page(visitor, group, part, sent, &Said::Refused(fault)).await;
    answered(done, &part.place(group), again).await
}

/// The role a form names; `None` for out of the group.
fn role(sent: &Fields) -> Result<Option<GroupRole>, Fault> {
    match sent.need("role")? {
        "admin" => Ok(Some(GroupRole::Admin)),
        "member" => Ok(Some(GroupRole::Member)),
        "none" => Ok(None),
        _ => Err(Fault::Unreadable),
    }
}

async fn add_member(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let done = add(&visitor, &group, &sent).await;
    back(&visitor, &group, Part::Members, &sent, done).await
}

async fn add(visitor: &Visitor, group: &Group, sent: &Fields) -> Result<(), Fault> {
    let address = sent.need_address("address", visitor)?;
    let account = visitor.account_named(address.as_str()).await?;
    Ok(visitor.app.set_group_member(group.id, account.id, role(sent)?, visitor.actor()).await?)
}

async fn change_member(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let account = visitor.find_account(sent.need("account")?).await?;
    let done = visitor.app.set_group_member(group.id, account.id, role(&sent)?, visitor.actor()).await;
    back(&visitor, &group, Part::Members, &Fields::default(), done.map_err(Fault::from)).await
}

/// Changes the group and goes back to its settings.
async fn change(
    visitor: &Visitor,
    group: &Group,
    sent: &Fields,
    change: Result<GroupChange, Fault>,
) -> Answer {
    let done = match change {
        Ok(change) => {
            visitor.app.change_group(group.id, change, visitor.actor()).await.map(drop).map_err(Fault::from)
        }
        Err(fault) => Err(fault),
    };
    back(visitor, group, Part::Settings, sent, done).await
}

async fn rename(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let wanted =
        sent.need("name").map(|name| GroupChange { name: Some(name.to_owned()), ..GroupChange::default() });
    change(&visitor, &group, &sent, wanted).await
}

async fn set_address(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let wanted = sent.need_address("address", &visitor);
    let wanted = wanted
        .map(|address| GroupChange { address: Some(GroupAddress::Set(address)), ..GroupChange::default() });
    change(&visitor, &group, &sent, wanted).await
}

async fn drop_address(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let wanted = GroupChange { address: Some(GroupAddress::Drop), ..GroupChange::default() };
    change(&visitor, &group, &sent, Ok(wanted)).await
}

async fn free_address(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let address = visitor.address_of(Target::Group(group.id), &sent).await?;
    let done = visitor.app.free_alias(address, visitor.actor()).await.map_err(Fault::from);
    back(&visitor, &group, Part::Settings, &Fields::default(), done).await
}

async fn set_posting(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let wanted = posting(&visitor, &sent);
    let wanted = wanted.map(|posting| GroupChange { posting: Some(posting), ..GroupChange::default() });
    change(&visitor, &group, &sent, wanted).await
}

fn posting(visitor: &Visitor, sent: &Fields) -> Result<Posting, Fault> {
    match sent.need("who")? {
        "anyone" => Ok(Posting::Anyone),
        "organisation" => Ok(Posting::Organisation),
        "members" => Ok(Posting::Members),
        "listed" => {
            let lines = sent.get("senders").unwrap_or_default().lines().map(str::trim);
            let unfit =
                |_| Fault::Unfit { field: visitor.pick("une adresse par ligne", "one address a line") };
            let senders: Result<BTreeSet<_>, Fault> =
                lines.filter(|line| !line.is_empty()).map(|line| line.parse().map_err(unfit)).collect();
            Ok(Posting::Listed { senders: senders? })
        }
        _ => Err(Fault::Unreadable),
    }
}

async fn put_in(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let inner = visitor.find_group(sent.need("inner")?).await?;
    let done = visitor.app.put_group_in(group.id, inner.id, visitor.actor()).await;
    back(&visitor, &group, Part::Settings, &Fields::default(), done.map_err(Fault::from)).await
}

async fn take_out(visitor: Visitor, Path(group): Path<String>, Sent(sent): Sent) -> Answer {
    let group = visitor.find_group(&group).await?;
    let inner = visitor.find_group(sent.need("inner")?).await?;
    let done = visitor.app.take_group_out(group.id, inner.id, visitor.actor()).await;
    back(&visitor, &group, Part::Settings, &Fields::default(), done.map_err(Fault::from)).await
}
