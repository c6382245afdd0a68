//! Accounts, and where they redirect to.

use crate::columns::{at, json, name, opt_time, time};
use crate::tx::{Error, Tx};
use crate::value::{Row, Value};
use relais_core::account::Account;
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::ids::{AccountId, MailboxId, OrganisationId};
use relais_core::password::PasswordHash;
use relais_core::rights::State;

const COLUMNS: &str = "id, organisation, mailbox, name, address, role, state, deactivation, leaves_at, inbound, \
                       quota_bytes, password, epoch, created_at";

fn read(row: &Row) -> Result<Account, Error> {
    let id = row.int(0)?;
    let place = |column| at("accounts", column);
    Ok(Account {
        id: AccountId::from_number(id),
        organisation: OrganisationId::from_number(row.int(1)?),
        mailbox: MailboxId::from_number(row.int(2)?),
        name: row.text(3)?.to_owned(),
        address: place("address").parse(id, row.text(4)?)?,
        role: place("role").name(id, row.text(5)?)?,
        state: place("state").name(id, row.text(6)?)?,
        deactivation: row.opt_text(7)?.map(|text| place("deactivation").json(id, text)).transpose()?,
        leaves_at: place("leaves_at").opt_time(id, row.opt_int(8)?)?,
        inbound: place("inbound").json(id, row.text(9)?)?,
        quota_bytes: row.opt_int(10)?,
        password: row.opt_text(11)?.map(|text| PasswordHash::from_phc(text.to_owned())),
        epoch: row.int(12)?,
        created_at: place("created_at").time(id, row.int(13)?)?,
    })
}

fn arguments(account: &Account) -> [Value; 14] {
    [
        account.id.number().into(),
        account.organisation.number().into(),
        account.mailbox.number().into(),
        account.name.as_str().into(),
        account.address.as_str().into(),
        name(&account.role),
        name(&account.state),
        account.deactivation.as_ref().map_or(Value::Null(crate::value::Kind::Text), json),
        opt_time(account.leaves_at),
        json(&account.inbound),
        account.quota_bytes.into(),
        account.password.as_ref().map(PasswordHash::as_phc).into(),
        account.epoch.into(),
        time(account.created_at),
    ]
}

pub fn insert(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO accounts ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    );
    tx.execute_one(&sql, &arguments(account))?;
    write_redirects(tx, account)
}

pub fn update(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE accounts SET organisation = $2, mailbox = $3, name = $4, address = $5, role = $6, state = $7, \
         deactivation = $8, leaves_at = $9, inbound = $10, quota_bytes = $11, password = $12, epoch = $13, \
         created_at = $14 WHERE id = $1",
        &arguments(account),
    )?;
    tx.execute("DELETE FROM redirects WHERE account = $1", &[account.id.number().into()])?;
    write_redirects(tx, account)
}

fn write_redirects(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    for address in account.inbound.redirect_targets() {
        tx.execute(
            "INSERT INTO redirects (account, address) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[account.id.number().into(), address.as_str().into()],
        )?;
    }
    Ok(())
}

pub fn get(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE id = $1");
    tx.query_opt(&sql, &[id.number().into()])?.as_ref().map(read).transpose()
}

/// The account that holds `address`, as primary or alias.
pub fn holding(tx: &mut Tx<'_>, address: &EmailAddress) -> Result<Option<Account>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE id = \
         (SELECT target_id FROM addresses WHERE address = $1 AND target_kind = 'account')"
    );
    tx.query_opt(&sql, &[address.as_str().into()])?.as_ref().map(read).transpose()
}

/// The account whose primary address is `address`, whatever its state: the newest if a deleted one had it too.
pub fn named(
    tx: &mut Tx<'_>,
    address: &EmailAddress,
    organisation: OrganisationId,
) -> Result<Option<Account>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE organisation = $1 AND address = $2 ORDER BY created_at DESC, id DESC LIMIT 1"
    );
    let args = [organisation.number().into(), address.as_str().into()];
    tx.query_opt(&sql, &args)?.as_ref().map(read).transpose()
}

/// A page of the organisation's accounts by address, behind the account `after`; every state unless one is named. A
/// deleted account and the one that has its address now share it, so the address alone does not say where a page ends.
pub fn page(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    state: Option<State>,
    after: Option<AccountId>,
    count_max: i64,
) -> Result<Vec<Account>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE organisation = $1 AND ($2 = '' OR state = $2) \
         AND ($3 < 0 OR (address, id) > (SELECT a.address, a.id FROM accounts a WHERE a.id = $3 AND a.organisation = $1)) \
         ORDER BY address, id LIMIT $4"
    );
    let args = [
        organisation.number().into(),
        state.map_or("", State::as_str).into(),
        after.map_or(-1, AccountId::number).into(),
        count_max.into(),
    ];
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// The accounts of a role, in whatever state; the oldest first.
pub fn with_role(tx: &mut Tx<'_>, organisation: OrganisationId, role: Role) -> Result<Vec<Account>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE organisation = $1 AND role = $2 ORDER BY created_at, id"
    );
    tx.query(&sql, &[organisation.number().into(), name(&role)])?.iter().map(read).collect()
}

/// Owners and company admins who can act, other than `except`.
pub fn count_other_admins(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    except: AccountId,
) -> Result<u64, Error> {
    let row = tx.query_opt(
        "SELECT COUNT(*) FROM accounts WHERE organisation = $1 AND id <> $2 AND state = 'active' \
         AND role IN ('owner', 'company_admin')",
        &[organisation.number().into(), except.number().into()],
    )?;
    Ok(row.map_or(Ok(0), |row| row.int(0))?.cast_unsigned())
}

/// Accounts of the same organisation other than `leaver` that redirect to one of the leaver's addresses.
pub fn redirecting_to(tx: &mut Tx<'_>, leaver: AccountId) -> Result<Vec<EmailAddress>, Error> {
    tx.query(
        "SELECT DISTINCT a.address FROM redirects r JOIN accounts a ON a.id = r.account \
         JOIN addresses d ON d.address = r.address \
         WHERE d.target_kind = 'account' AND d.target_id = $1 AND a.id <> $1 AND a.organisation = d.organisation \
         ORDER BY a.address",
        &[leaver.number().into()],
    )?
    .iter()
    .map(|row| at("accounts", "address").parse(row.text(0)?, row.text(0)?))
    .collect()
}

/// Every account that still has a mailbox, for servers that ask for a list of users.
pub fn for_each_with_mailbox(
    tx: &mut Tx<'_>,
    visit: &mut dyn FnMut(AccountId) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.for_each("SELECT id FROM accounts WHERE state <> 'deleted' ORDER BY id", &[], &mut |row| {
        visit(AccountId::from_number(row.int(0)?))
    })
}
