//! Accounts, and where they redirect to.

use crate::columns::{at, json, name, opt_time, target, time};
use crate::departures::IS_OPEN;
use crate::tx::{Error, Tx};
use crate::value::{Kind, Row, Value};
use jiff::Timestamp;
use jiff::civil::Date;
use relais_core::account::{Account, Cause};
use relais_core::address::EmailAddress;
use relais_core::authority::Role;
use relais_core::ids::{AccountId, GroupId, MailboxId, OrganisationId, SubscriptionId};
use relais_core::organisation::Target;
use relais_core::password::PasswordHash;
use relais_core::rights::{Leaving, State};
use relais_core::text::fold;

const COLUMNS: &str = "id, organisation, mailbox, name, address, role, state, deactivation, leaves_at, inbound, \
                       quota_bytes, password, epoch, created_at, subscription, term, legal_hold";

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
        subscription: row.opt_int(14)?.map(SubscriptionId::from_number),
        term: row.opt_text(15)?.map(|text| place("term").json(id, text)).transpose()?,
        legal_hold: row.opt_text(16)?.map(|text| place("legal_hold").json(id, text)).transpose()?,
    })
}

fn arguments(account: &Account) -> [Value; 20] {
    let renews_on = account.term.and_then(|term| term.until());
    [
        account.id.number().into(),
        account.organisation.number().into(),
        account.mailbox.number().into(),
        account.name.as_str().into(),
        account.address.as_str().into(),
        name(&account.role),
        name(&account.state),
        account.deactivation.as_ref().map_or(Value::Null(Kind::Text), json),
        opt_time(account.leaves_at),
        json(&account.inbound),
        account.quota_bytes.into(),
        account.password.as_ref().map(PasswordHash::as_phc).into(),
        account.epoch.into(),
        time(account.created_at),
        account.subscription.map(SubscriptionId::number).into(),
        account.term.as_ref().map_or(Value::Null(Kind::Text), json),
        account.legal_hold.as_ref().map_or(Value::Null(Kind::Text), json),
        renews_on.map(|day| day.to_string()).into(),
        account.deactivation.as_ref().map_or(Value::Null(Kind::Text), |why| name(&why.cause)),
        fold(&account.name).into(),
    ]
}

pub fn insert(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    let sql = format!(
        "INSERT INTO accounts ({COLUMNS}, renews_on, closed_by, name_key) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
    );
    tx.execute_one(&sql, &arguments(account))?;
    write_redirects(tx, account)
}

pub fn update(tx: &mut Tx<'_>, account: &Account) -> Result<(), Error> {
    tx.execute_one(
        "UPDATE accounts SET organisation = $2, mailbox = $3, name = $4, address = $5, role = $6, state = $7, \
         deactivation = $8, leaves_at = $9, inbound = $10, quota_bytes = $11, password = $12, epoch = $13, \
         created_at = $14, subscription = $15, term = $16, legal_hold = $17, renews_on = $18, closed_by = $19, name_key = $20 WHERE id = $1",
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

/// Keeps the same password under another hash, unless it was changed meanwhile.
pub fn rehash(tx: &mut Tx<'_>, id: AccountId, from: &PasswordHash, to: &PasswordHash) -> Result<(), Error> {
    tx.execute(
        "UPDATE accounts SET password = $3 WHERE id = $1 AND password = $2",
        &[id.number().into(), from.as_phc().into(), to.as_phc().into()],
    )?;
    Ok(())
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

/// Which accounts a list shows, or an act on many is about; all if nothing is said.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<State>,
    pub role: Option<Role>,
    /// A part of the name or of the address, whatever its case and accents.
    pub search: Option<String>,
    pub subscription: Option<SubscriptionId>,
    /// Members of this group.
    pub group: Option<GroupId>,
    /// Only those with a departure that is neither finished nor undone.
    pub departing: bool,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    #[default]
    Address,
    Name,
}

/// A condition with its arguments: each `?` is one, named by its place in the whole.
struct Conditions {
    sql: String,
    args: Vec<Value>,
}

impl Conditions {
    fn also(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        let mut parts = condition.split('?');
        self.sql.push_str(" AND ");
        self.sql.push_str(parts.next().unwrap_or_default());
        for (part, value) in parts.zip(values) {
            self.args.push(value);
            self.sql.push_str(&format!("${}{part}", self.args.len()));
        }
    }
}

/// What makes an account one of those that `filter` finds, and the arguments of it from `$1` on.
pub(crate) fn conditions(organisation: OrganisationId, filter: &Filter) -> (String, Vec<Value>) {
    let mut found =
        Conditions { sql: "organisation = $1".to_owned(), args: vec![organisation.number().into()] };
    match &filter.states[..] {
        [] => {}
        [state] => found.also("state = ?", [state.as_str().into()]),
        states => {
            let places = vec!["?"; states.len()].join(", ");
            found.also(&format!("state IN ({places})"), states.iter().map(|state| state.as_str().into()));
        }
    }
    if let Some(role) = filter.role {
        // Not as a key: an index that begins with it would be read and sorted whole.
        found.also("(role || '') = ?", [role.as_str().into()]);
    }
    if let Some(search) = &filter.search {
        let escaped = fold(search).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let part = format!("%{escaped}%");
        found.also(
            "(name_key LIKE ? ESCAPE '\\' OR address LIKE ? ESCAPE '\\')",
            [part.as_str().into(), part.as_str().into()],
        );
    }
    if let Some(subscription) = filter.subscription {
        found.also("subscription = ?", [subscription.number().into()]);
    }
    if let Some(group) = filter.group {
        found.also(
            "id IN (SELECT account FROM group_members WHERE member_group = ?)",
            [group.number().into()],
        );
    }
    if filter.departing {
        found.also(
            &format!("id IN (SELECT account FROM departures WHERE organisation = ? AND {IS_OPEN})"),
            [organisation.number().into()],
        );
    }
    (found.sql, found.args)
}

/// A page of the organisation's accounts, behind the account `after`. A deleted account and the one that has its address now
/// share it, so what is sorted by does not alone say where a page ends.
pub fn page(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    filter: &Filter,
    sort: Sort,
    after: Option<AccountId>,
    count_max: i64,
) -> Result<Vec<Account>, Error> {
    let key = match sort {
        Sort::Address => "address",
        Sort::Name => "name_key",
    };
    let (sql, args) = conditions(organisation, filter);
    let mut found = Conditions { sql, args };
    if let Some(after) = after {
        let end = format!(
            "({key}, id) > (SELECT a.{key}, a.id FROM accounts a WHERE a.id = ? AND a.organisation = $1)"
        );
        found.also(&end, [after.number().into()]);
    }
    let Conditions { sql, mut args } = found;
    args.push(count_max.into());
    let sql = format!("SELECT {COLUMNS} FROM accounts WHERE {sql} ORDER BY {key}, id LIMIT ${}", args.len());
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// The accounts with one of `roles`, whatever their state: few.
pub fn with_roles(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    roles: &[Role],
) -> Result<Vec<Account>, Error> {
    let mut found = Vec::new();
    for role in roles {
        let sql = "SELECT id FROM accounts WHERE organisation = $1 AND role = $2 ORDER BY id";
        for row in tx.query(sql, &[organisation.number().into(), name(role)])? {
            found.extend(get(tx, AccountId::from_number(row.int(0)?))?);
        }
    }
    Ok(found)
}

/// Accounts that are alike in what licences depend on.
pub struct Group {
    pub state: State,
    pub leaving: Leaving,
    pub role: Role,
    pub subscription: Option<SubscriptionId>,
    pub count: i64,
}

/// How many accounts there are of each kind: several groups may be of one, as people leave on different days.
pub fn census(tx: &mut Tx<'_>, organisation: OrganisationId, now: Timestamp) -> Result<Vec<Group>, Error> {
    // In the order of its index, which answers alone and unsorted.
    let sql = "SELECT state, role, subscription, leaves_at, COUNT(*) FROM accounts WHERE organisation = $1 \
               GROUP BY state, role, subscription, leaves_at";
    let place = |column| at("accounts", column);
    tx.query(sql, &[organisation.number().into()])?
        .iter()
        .map(|row| {
            let leaves_at = place("leaves_at").opt_time(3, row.opt_int(3)?)?;
            Ok(Group {
                state: place("state").name(0, row.text(0)?)?,
                leaving: if leaves_at.is_some_and(|end| end <= now) { Leaving::Due } else { Leaving::NotDue },
                role: place("role").name(1, row.text(1)?)?,
                subscription: row.opt_int(2)?.map(SubscriptionId::from_number),
                count: row.int(4)?,
            })
        })
        .collect()
}

/// A page of accounts whose paid time ends on `day` or before, in the order in which they are due, behind `after`.
pub fn due(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    day: Date,
    after: Option<(Date, AccountId)>,
    count_max: i64,
) -> Result<Vec<Account>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE organisation = $1 AND renews_on <= $2 AND (renews_on, id) > ($3, $4) \
         ORDER BY renews_on, id LIMIT $5"
    );
    let (from, id) = after.map_or((String::new(), -1), |(day, id)| (day.to_string(), id.number()));
    let args =
        [organisation.number().into(), day.to_string().into(), from.into(), id.into(), count_max.into()];
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// A page of accounts that were deactivated with `cause`, behind the account `after`.
pub fn closed_by(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    cause: Cause,
    after: Option<AccountId>,
    count_max: i64,
) -> Result<Vec<Account>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE organisation = $1 AND closed_by = $2 AND id > $3 ORDER BY id LIMIT $4"
    );
    let args = [
        organisation.number().into(),
        name(&cause),
        after.map_or(-1, AccountId::number).into(),
        count_max.into(),
    ];
    tx.query(&sql, &args)?.iter().map(read).collect()
}

/// What is to be renewed until `day`: how many accounts of each subscription on which day.
pub fn renewals(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    day: Date,
) -> Result<Vec<(Date, SubscriptionId, i64)>, Error> {
    let sql = "SELECT renews_on, subscription, COUNT(*) FROM accounts WHERE organisation = $1 AND renews_on <= $2 \
               AND subscription IS NOT NULL GROUP BY renews_on, subscription ORDER BY renews_on, subscription";
    tx.query(sql, &[organisation.number().into(), day.to_string().into()])?
        .iter()
        .map(|row| {
            let day = at("accounts", "renews_on").parse(0, row.text(0)?)?;
            Ok((day, SubscriptionId::from_number(row.int(1)?), row.int(2)?))
        })
        .collect()
}

/// Accounts of the same organisation, other than the target itself, that redirect to one of its addresses.
pub fn redirecting_to(tx: &mut Tx<'_>, to: Target) -> Result<Vec<EmailAddress>, Error> {
    let (kind, id) = target(to);
    tx.query(
        "SELECT DISTINCT a.address FROM redirects r JOIN accounts a ON a.id = r.account \
         JOIN addresses d ON d.address = r.address \
         WHERE d.target_kind = $1 AND d.target_id = $2 AND a.organisation = d.organisation \
         AND NOT ($1 = 'account' AND a.id = $2) ORDER BY a.address",
        &[kind, id],
    )?
    .iter()
    .map(|row| at("accounts", "address").parse(row.text(0)?, row.text(0)?))
    .collect()
}

/// Every account of the instance with its state, for servers that ask for a list of users.
pub fn for_each(
    tx: &mut Tx<'_>,
    visit: &mut dyn FnMut(AccountId, State) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.for_each("SELECT id, state FROM accounts ORDER BY id", &[], &mut |row| {
        let id = row.int(0)?;
        visit(AccountId::from_number(id), at("accounts", "state").name(id, row.text(1)?)?)
    })
}
