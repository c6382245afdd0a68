//! Who operates the instance in the console, and what the operator does to mail on its way.

use super::arguments::OperatorCommand;
use super::{Failure, Session, domain};
use relais_core::account::Account;
use serde_json::json;

pub async fn operator(session: &mut Session, command: OperatorCommand) -> Result<(), Failure> {
    match command {
        OperatorCommand::Address(command) => domain::operator_address(session, command).await,
        OperatorCommand::List => {
            let answer = session.client.get(&["operators"]).await?;
            session.show(&answer, |reader, rows: Vec<Account>| {
                let row = |account: Account| [account.address.to_string(), account.name];
                reader.table([("adresse", "address"), ("nom", "name")], rows.into_iter().map(row).collect())
            })
        }
        OperatorCommand::Appoint { account } => {
            let answer = session.client.put(&["operators", &account], &json!({})).await?;
            session.confirm(
                &answer,
                &format!("{account} exploite maintenant le service dans la console."),
                &format!("{account} now operates the instance in the console."),
            )
        }
        OperatorCommand::Dismiss { account } => {
            let answer = session.client.delete(&["operators", &account]).await?;
            session.confirm(
                &answer,
                &format!("{account} n'exploite plus le service."),
                &format!("{account} no longer operates the instance."),
            )
        }
        OperatorCommand::Retry { message } => {
            let answer = session.client.post(&["spool", &message, "retry"], &json!({})).await?;
            session.confirm(
                &answer,
                &format!("Le message {message} est essayé à nouveau."),
                &format!("The message {message} is tried again."),
            )
        }
        OperatorCommand::Withdraw { message } => {
            let answer = session.client.post(&["spool", &message, "withdraw"], &json!({})).await?;
            session.confirm(
                &answer,
                &format!("Le message {message} est retiré ; son expéditeur n'en est pas prévenu."),
                &format!("The message {message} is withdrawn; its sender is not told."),
            )
        }
    }
}
