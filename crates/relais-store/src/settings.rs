//! What the operator sets for the whole instance while it runs.

use crate::columns::at;
use crate::tx::{Error, Tx};
use relais_core::address::EmailAddress;

const OPERATOR_ADDRESS: &str = "operator_address";

/// Where the operator has mail.
pub fn operator_address(tx: &mut Tx<'_>) -> Result<Option<EmailAddress>, Error> {
    let row = tx.query_opt("SELECT value FROM settings WHERE name = $1", &[OPERATOR_ADDRESS.into()])?;
    row.map(|row| at("settings", "value").parse(OPERATOR_ADDRESS, row.text(0)?)).transpose()
}

pub fn set_operator_address(tx: &mut Tx<'_>, address: Option<&EmailAddress>) -> Result<(), Error> {
    match address {
        Some(address) => tx.execute_one(
            "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            &[OPERATOR_ADDRESS.into(), address.as_str().into()],
        ),
        None => tx.execute("DELETE FROM settings WHERE name = $1", &[OPERATOR_ADDRESS.into()]).map(drop),
    }
}
