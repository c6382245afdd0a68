//! What else is changed of an account: its photo, its addresses, how much it may keep, that it must be kept.

use super::{Part, page_of};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Fields, Sent};
use crate::doors::console::photo;
use crate::doors::console::said::{Said, answered};
use crate::doors::console::upload::Upload;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::routing::{get, post};
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::lifecycle::Command;
use relais_app::core::{quota, refusal::Refusal};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/console/accounts/{account}/photo", get(show_photo).post(set_photo))
        .layer(DefaultBodyLimit::max(photo::UPLOAD_BYTES_MAX))
        .route("/console/accounts/{account}/photo/remove", post(remove_photo))
        .route("/console/accounts/{account}/aliases", post(add_alias))
        .route("/console/accounts/{account}/aliases/remove", post(remove_alias))
        .route("/console/accounts/{account}/aliases/give", post(give_alias))
        .route("/console/accounts/{account}/rename", post(rename))
        .route("/console/accounts/{account}/quota", post(set_quota))
        .route("/console/accounts/{account}/legal-hold", post(set_legal_hold))
        .route("/console/accounts/{account}/legal-hold/end", post(end_legal_hold))
}

/// Back to a part of the account's page, with what was typed if it was refused.
async fn back(
    visitor: &Visitor,
    account: &Account,
    part: Part,
    sent: &Fields,
    done: Result<(), Fault>,
) -> Answer {
    let again = async |fault: &Fault| page_of(visitor, account, part, sent, &Said::Refused(fault)).await;
    answered(done, &part.place(account), again).await
}

/// Carries a command out, if the form could be read as one.
async fn command(
    visitor: &Visitor,
    account: &Account,
    part: Part,
    sent: &Fields,
    command: Result<Command, Fault>,
) -> Answer {
    let done = match command {
        Ok(command) => {
            let done = visitor.app.execute(account.id, command, visitor.actor()).await;
            done.map(drop).map_err(Fault::from)
        }
        Err(fault) => Err(fault),
    };
    back(visitor, account, part, sent, done).await
}

async fn add_alias(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let wanted = sent.need_address("address", &visitor).map(|address| Command::AddAlias { address });
    command(&visitor, &account, Part::Addresses, &sent, wanted).await
}

async fn remove_alias(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let wanted = sent.need_address("address", &visitor).map(|address| Command::RemoveAlias { address });
    command(&visitor, &account, Part::Addresses, &Fields::default(), wanted).await
}

async fn give_alias(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let wanted = given(&visitor, &account, &sent).await;
    command(&visitor, &account, Part::Addresses, &sent, wanted).await
}

async fn given(visitor: &Visitor, account: &Account, sent: &Fields) -> Result<Command, Fault> {
    // Asked before anything is looked up by name.
    if !visitor.has_over(Power::EndAccounts, account) {
        return Err(Refusal::NotAllowed.into());
    }
    let address = sent.need_address("given", visitor)?;
    let to = visitor.target_named(sent.need("to")?).await?;
    Ok(Command::MoveAddress { address, to })
}

async fn rename(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let wanted = sent.need_address("primary", &visitor).map(|to| Command::Rename { to });
    command(&visitor, &account, Part::Addresses, &sent, wanted).await
}

async fn set_quota(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let read = sent.get("quota").map(quota::parse).transpose();
    let wanted = read.map(|quota_bytes| Command::SetQuota { quota_bytes }).map_err(Fault::from);
    command(&visitor, &account, Part::Profile, &sent, wanted).await
}

async fn set_legal_hold(visitor: Visitor, Path(account): Path<String>, Sent(sent): Sent) -> Answer {
    let account = visitor.find_account(&account).await?;
    let wanted = sent.need("hold").map(|reason| Command::SetLegalHold { reason: Some(reason.to_owned()) });
    command(&visitor, &account, Part::Backups, &sent, wanted).await
}

async fn end_legal_hold(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let ended = Ok(Command::SetLegalHold { reason: None });
    command(&visitor, &account, Part::Backups, &Fields::default(), ended).await
}

async fn show_photo(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    photo::show(&visitor, account.id).await
}

async fn set_photo(visitor: Visitor, Path(account): Path<String>, upload: Upload) -> Answer {
    let account = visitor.find_account(&account).await?;
    let done = photo::set(&visitor, account.id, upload).await;
    back(&visitor, &account, Part::Profile, &Fields::default(), done).await
}

async fn remove_photo(visitor: Visitor, Path(account): Path<String>) -> Answer {
    let account = visitor.find_account(&account).await?;
    let done = photo::remove(&visitor, account.id).await;
    back(&visitor, &account, Part::Profile, &Fields::default(), done).await
}
