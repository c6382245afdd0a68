//! Shared mailboxes and their members.

use crate::columns::{at, name, time};
use crate::tx::{Error, Tx};
use crate::value::Row;
use relais_core::address::EmailAddress;
use relais_core::backup::Holder;
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::organisation::{MailboxMember, MailboxRight, SharedMailbox};
use relais_core::rights::State;

const COLUMNS: &str = "s.id, s.organisation, s.address, s.name, s.created_at";

fn read(row: &Row) -> Result<SharedMailbox, Error> {
    let id = row.int(0)?;
    let place = |column| at("shared_mailboxes", column);
    Ok(SharedMailbox {
        id: MailboxId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        address: place("address").parse(id, row.text(2)?)?,
        name: row.text(3)?.to_owned(),
        created_at: place("created_at").time(id, row.int(4)?)?,
    })
}

/// Whoever has mail: an account or a shared mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailHolder {
    pub mailbox: MailboxId,
    pub holder: Holder,
    /// Of an account. What may become of it is for `rights::may` to say.
    pub state: Option<State>,
    pub address: EmailAddress,
    pub name: String,
}

/// A page of the organisation's accounts, in whatever state, and of its shared mailboxes, by the number of the mailbox and
/// behind `after`.
pub fn holders(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    after: Option<MailboxId>,
    count_max: i64,
) -> Result<Vec<MailHolder>, Error> {
    let sql = "SELECT mailbox, id, state, address, name FROM accounts WHERE organisation = $1 AND mailbox > $2 \
               UNION ALL SELECT id, NULL, NULL, address, name FROM shared_mailboxes WHERE organisation = $1 AND id > $2 \
               ORDER BY 1 LIMIT $3";
    let after = after.map_or(-1, MailboxId::number);
    tx.query(sql, &[organisation.number().into(), after.into(), count_max.into()])?
        .iter()
        .map(|row| {
            let mailbox = row.int(0)?;
            let account = row.opt_int(1)?.map(AccountId::from_number);
            let state =
                row.opt_text(2)?.map(|state| at("accounts", "state").name(mailbox, state)).transpose()?;
            let address = at("accounts", "address").parse(mailbox, row.text(3)?)?;
            let mailbox = MailboxId::from_number(mailbox);
            Ok(MailHolder {
                mailbox,
                holder: account.map_or(Holder::SharedMailbox(mailbox), Holder::Account),
                state,
                address,
                name: row.text(4)?.to_owned(),
            })
        })
        .collect()
}

pub fn insert(tx: &mut Tx<'_>, mailbox: &SharedMailbox) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO shared_mailboxes (id, organisation, address, name, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[
            mailbox.id.number().into(),
            mailbox.organisation.number().into(),
            mailbox.address.as_str().into(),
            mailbox.name.as_str().into(),
            time(mailbox.created_at),
        ],
    )
}

pub fn update(tx: &mut Tx<'_>, mailbox: &SharedMailbox) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE shared_mailboxes SET address = $2, name = $3 WHERE id = $1",
        &[mailbox.id.number().into(), mailbox.address.as_str().into(), mailbox.name.as_str().into()],
    )
}

/// With its memberships; its addresses are the caller's.
pub fn remove(tx: &mut Tx<'_>, id: MailboxId) -> Result<(), Error> {
    tx.execute("DELETE FROM mailbox_members WHERE mailbox = $1", &[id.number().into()])?;
    tx.execute_one("DELETE FROM shared_mailboxes WHERE id = $1", &[id.number().into()])
}

pub fn get(tx: &mut Tx<'_>, id: MailboxId) -> Result<Option<SharedMailbox>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM shared_mailboxes s WHERE s.id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

/// The shared mailbox whose own address is `address`.
pub fn named(tx: &mut Tx<'_>, address: &EmailAddress) -> Result<Option<SharedMailbox>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM shared_mailboxes s JOIN addresses d ON d.target_kind = 'shared_mailbox' \
         AND d.target_id = s.id WHERE d.address = $1 AND s.address = $1"
    );
    tx.query_opt(&sql, &[address.as_str().into()])?.as_ref().map(read).transpose()
}

pub fn list(tx: &mut Tx<'_>, organisation: OrganisationId) -> Result<Vec<SharedMailbox>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM shared_mailboxes s WHERE s.organisation = $1 ORDER BY s.address");
    tx.query(&sql, &[organisation.number().into()])?.iter().map(read).collect()
}

/// The shared mailboxes that `account` is a member of.
pub fn of_member(tx: &mut Tx<'_>, account: AccountId) -> Result<Vec<SharedMailbox>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM shared_mailboxes s JOIN mailbox_members m ON m.mailbox = s.id \
         WHERE m.account = $1 ORDER BY s.address"
    );
    tx.query(&sql, &[account.number().into()])?.iter().map(read).collect()
}

/// Makes `account` a member, or changes what it may do.
pub fn set_member(
    tx: &mut Tx<'_>,
    mailbox: MailboxId,
    account: AccountId,
    right: MailboxRight,
) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO mailbox_members (mailbox, account, access) VALUES ($1, $2, $3) \
         ON CONFLICT (mailbox, account) DO UPDATE SET access = excluded.access",
        &[mailbox.number().into(), account.number().into(), name(&right)],
    )
}

/// Returns whether `account` was a member.
pub fn remove_member(tx: &mut Tx<'_>, mailbox: MailboxId, account: AccountId) -> Result<bool, Error> {
    let gone = tx.execute(
        "DELETE FROM mailbox_members WHERE mailbox = $1 AND account = $2",
        &[mailbox.number().into(), account.number().into()],
    )?;
    Ok(gone > 0)
}

pub fn members(tx: &mut Tx<'_>, mailbox: MailboxId) -> Result<Vec<MailboxMember>, Error> {
    tx.query(
        "SELECT m.account, a.address, m.access FROM mailbox_members m JOIN accounts a ON a.id = m.account \
         WHERE m.mailbox = $1 ORDER BY a.address",
        &[mailbox.number().into()],
    )?
    .iter()
    .map(|row| {
        Ok(MailboxMember {
            account: AccountId::from_number(row.int(0)?),
            address: at("accounts", "address").parse(row.int(0)?, row.text(1)?)?,
            right: at("mailbox_members", "access").name(row.int(0)?, row.text(2)?)?,
        })
    })
    .collect()
}
