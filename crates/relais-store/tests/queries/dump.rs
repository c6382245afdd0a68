//! An organisation's rows, out of one database and into another.

mod filled;

use crate::*;
use relais_store::dump::{self, DumpError, Loaded, Rows, TABLES};
use relais_store::{Kind, Row, Value, events, ledger, offers, settings};
use std::collections::BTreeSet;
use std::io::BufReader;

const SEEDS: u64 = 6;

/// Two organisations with something in every table.
fn filled_with(db: &Database, seed: u64) {
    db.write(move |tx| {
        filled::operator(tx)?;
        filled::organisation_of(tx, 1, seed)?;
        filled::organisation_of(tx, 2, seed)
    });
}

fn dumped(db: &Database, organisation: i64) -> String {
    let text = db.store.read_blocking(move |tx| {
        let mut text = Vec::new();
        dump::dump(tx, org(organisation), &mut text)?;
        Ok::<_, DumpError>(text)
    });
    String::from_utf8(text.unwrap()).unwrap()
}

fn loaded(db: &Database, text: &str) -> Result<Loaded, DumpError> {
    let text = text.to_owned();
    db.store.write_blocking(move |tx| dump::load(tx, &mut text.as_bytes()))
}

/// The rows of a table for which `of` holds, whatever order the database gives them in.
fn rows(tx: &mut Tx<'_>, table: &dump::Table, of: &str, args: &[Value]) -> Result<Vec<Row>, Error> {
    let columns: Vec<_> =
        table.columns().filter(|column| table.emptied.iter().all(|e| e.column != *column)).collect();
    let sql = format!("SELECT {} FROM {} WHERE {of}", columns.join(", "), table.name);
    let mut rows = tx.query(&sql, args)?;
    rows.sort_by_key(|row| format!("{row:?}"));
    Ok(rows)
}

/// Every row that a dump of the organisation is to hold, by table.
fn everything(db: &Database, organisation: i64) -> Vec<(&'static str, Vec<Row>)> {
    db.write(move |tx| {
        let mut all = Vec::new();
        for table in TABLES {
            for part in table.rows {
                match part {
                    Rows::Kept(of) => all.push((table.name, rows(tx, table, of, &[organisation.into()])?)),
                    Rows::Instance { of, .. } => all.push((table.name, rows(tx, table, of, &[])?)),
                    Rows::LeftOut(_) => {}
                }
            }
        }
        Ok(all)
    })
}

fn assert_moves(from: &Database, to: &Database, seed: u64) {
    let text = dumped(from, 1);
    loaded(to, &text).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    for (before, after) in everything(from, 1).iter().zip(&everything(to, 1)) {
        assert!(!before.1.is_empty(), "seed {seed}: {} was not tried: fill it", before.0);
        assert_eq!(before, after, "seed {seed}");
    }
    let amounts = |tx: &mut Tx<'_>| Ok((events::verify(tx, org(1))?, ledger::check(tx, org(1))?));
    let (before, after) = (from.write(amounts), to.write(amounts));
    assert_eq!(before, after, "seed {seed}");
    assert_eq!((before.0.broken_at, before.1.broken_at), (None, None), "seed {seed}");
    assert!(before.0.events > 0 && before.1.entries > 0);
    to.write(|tx| {
        let leases = "SELECT 1 FROM departures WHERE lease_owner IS NOT NULL OR lease_until IS NOT NULL";
        assert_eq!(tx.query(leases, &[])?, [], "no worker holds a departure here");
        for table in ["sessions", "password_resets", "outbox", "spool"] {
            assert_eq!(tx.query(&format!("SELECT 1 FROM {table}"), &[])?, [], "{table}");
        }
        assert!(relais_store::credentials::tokens(tx, None)?.is_empty());
        Ok(())
    });
    // The second comes to where the first is, with the same offers and settings.
    let second = loaded(to, &dumped(from, 2)).unwrap();
    assert_eq!(second.already_there, 5, "seed {seed}");
    assert_eq!(everything(from, 2), everything(to, 2), "seed {seed}");
    assert_eq!(everything(from, 1), everything(to, 1), "seed {seed}");
}

#[test]
fn on_sqlite_an_organisation_is_elsewhere_what_it_was_row_by_row() {
    for seed in 0..SEEDS {
        let from = Database::sqlite();
        filled_with(&from, seed);
        assert_moves(&from, &Database::sqlite(), seed);
    }
}

#[test]
fn what_one_database_wrote_the_other_loads() {
    for seed in 0..SEEDS {
        let (sqlite, postgres) = (Database::sqlite(), Database::postgres());
        filled_with(&sqlite, seed);
        filled_with(&postgres, seed);
        assert_moves(&sqlite, &Database::postgres(), seed);
        assert_moves(&postgres, &Database::sqlite(), seed);
        assert_moves(&postgres, &Database::postgres(), seed);
    }
}

pub fn every_table_and_column_has_its_place_in_a_dump(db: &Database) {
    let here = db.write(|tx| tx.catalog());
    let here: BTreeSet<_> = here.into_iter().map(|column| (column.table, column.name)).collect();
    let owned = |(table, column): (&str, &str)| (table.to_owned(), column.to_owned());
    let listed = TABLES.iter().flat_map(|table| table.columns().map(|column| (table.name, column)));
    let listed: BTreeSet<_> = listed.map(owned).collect();
    let forgotten: Vec<_> = here.difference(&listed).collect();
    assert!(forgotten.is_empty(), "say in dump/tables.rs what becomes of {forgotten:?}");
    let gone: Vec<_> = listed.difference(&here).collect();
    assert!(gone.is_empty(), "dump/tables.rs names {gone:?}, which the schema does not have");
    for table in TABLES {
        let of_rows = table.emptied.iter().map(|emptied| emptied.column);
        for column in table.key().chain(of_rows) {
            assert!(table.columns().any(|known| known == column), "{}.{column}", table.name);
        }
        let reasons = table.emptied.iter().map(|emptied| emptied.reason);
        let left_out = table.rows.iter().filter_map(|rows| match rows {
            Rows::LeftOut(reason) => Some(*reason),
            Rows::Kept(_) | Rows::Instance { .. } => None,
        });
        assert!(reasons.chain(left_out).all(|reason| !reason.is_empty()));
    }
}

/// Together, the organisations and the operator have everything but what is left out for a reason.
pub fn every_row_is_somebodys(db: &Database) {
    filled_with(db, 7);
    db.write(|tx| {
        for table in TABLES {
            let mut expected = 0;
            for part in table.rows {
                expected += match part {
                    Rows::Kept(of) => {
                        rows(tx, table, of, &[1.into()])?.len() + rows(tx, table, of, &[2.into()])?.len()
                    }
                    Rows::Instance { of, .. } => rows(tx, table, of, &[])?.len(),
                    Rows::LeftOut(_) if table.name == "tokens" => 1,
                    Rows::LeftOut(_) => rows(tx, table, "1 = 1", &[])?.len(),
                };
            }
            assert_eq!(rows(tx, table, "1 = 1", &[])?.len(), expected, "{}", table.name);
        }
        Ok(())
    });
}

pub fn a_dump_is_refused_where_something_of_it_is_there(db: &Database) {
    filled_with(db, 1);
    let text = dumped(db, 1);
    let refusal = |db: &Database, text: &str| loaded(db, text).unwrap_err().to_string();
    let told = refusal(db, &text);
    assert!(told.starts_with("organisations has 1 already"), "{told}");
    for (taken, expected) in [
        (
            "INSERT INTO organisations (id, name, language, created_at) VALUES (9, 'Organisation n° 1', 'fr', 0)",
            "organisations has 1",
        ),
        ("INSERT INTO domains (name, kind) VALUES ('org1.fr', 'provider')", "domains has org1.fr"),
        (
            "INSERT INTO plans (id, name, terms, created_at) VALUES (7, 'Grande', '{}', 0)",
            "plans 1 is something else",
        ),
        (
            "INSERT INTO plans (id, name, terms, created_at) VALUES (1, 'Autre', '{}', 0)",
            "plans 1 is something else",
        ),
        (
            "INSERT INTO organisations (id, name, language, created_at) VALUES (9, 'x', 'fr', 0); \
             INSERT INTO domains (name, kind, organisation) VALUES ('host.test', 'own', 9)",
            "domains host.test is something else",
        ),
    ] {
        let other = Database::sqlite();
        other.write(move |tx| taken.split(';').try_for_each(|sql| tx.execute(sql, &[]).map(drop)));
        let told = refusal(&other, &text);
        assert!(told.starts_with(expected), "{told}");
        assert_eq!(other.write(|tx| organisations::get(tx, org(1))), None, "nothing of it stays");
    }
    // What the operator set here is left as it is.
    let other = Database::sqlite();
    other.write(|tx| settings::set_operator_address(tx, Some(&address("me@here.test"))));
    assert_eq!(loaded(&other, &text).unwrap().already_there, 1);
    other.write(|tx| {
        assert_eq!(settings::operator_address(tx)?, Some(address("me@here.test")));
        assert_eq!(offers::plans(tx)?.len(), 2);
        Ok(())
    });
    assert!(matches!(
        db.store.read_blocking(|tx| dump::dump(tx, org(99), &mut Vec::new())),
        Err(DumpError::Absent(absent)) if absent == org(99)
    ));
}

#[test]
fn a_dump_that_was_cut_or_changed_is_refused_whole() {
    let from = Database::sqlite();
    filled_with(&from, 2);
    let (text, other) = (dumped(&from, 1), dumped(&from, 2));
    let lines: Vec<_> = text.lines().collect();
    let to = Database::sqlite();
    let refused = |text: &str, expected: &str| {
        let told = loaded(&to, text).unwrap_err().to_string();
        assert!(told.contains(expected), "{told}");
        assert_eq!(to.write(organisations::list), [], "{expected}");
        assert!(to.write(offers::plans).is_empty(), "{expected}");
    };
    refused("", "it ends before its last line");
    refused("no dump\n", "line 1 of the rows cannot be used");
    for count in [1, 2, lines.len() / 2, lines.len() - 1] {
        refused(&(lines[..count].join("\n") + "\n"), "it ends before its last line");
    }
    refused(text.trim_end(), "it ends before its last line");
    let without = |table: &str| {
        let place = lines.iter().rposition(|line| line.contains(&format!("\"{table}\""))).unwrap();
        let mut rest = lines.clone();
        rest.remove(place);
        rest.join("\n") + "\n"
    };
    refused(&without("replies"), "rows are missing before it");
    let of_another = other.lines().find(|line| line.contains("\"member_groups\"")).unwrap();
    let reply = lines.iter().find(|line| line.contains("\"replies\"")).unwrap();
    let added = |line: &str| text.replace(reply, line);
    refused(&added(of_another), "foreign key");
    refused(&added(lines[0]), "it begins a second time");
    let row =
        |table: &str, values: &str| format!("{{\"row\":{{\"table\":\"{table}\",\"values\":{values}}}}}");
    refused(&added(&row("sessions", "{}")), "sessions is not a table of it");
    refused(&added(&row("plans", "{}")), "plans is not a table of it");
    refused(&added(&row("sqlite_schema", "{}")), "sqlite_schema is not a table of it");
    refused(&added(&row("responders", "{}")), "responders has 5 columns");
    refused(
        &added(&row("replies", r#"{"target_kind":"account","target_id":"7","sender":"x","sent_at":1}"#)),
        "replies.target_id is missing or of another kind",
    );
    refused(
        &added(&row("replies", r#"{"target_kind":"account","target_id":2000,"sender":"x","sent_at":1}"#)),
        "replies has rows of another organisation",
    );
    let operators = r#"{"id":9,"organisation":null,"name":"x","secret_hash":{"base64":"AAAA"},"created_at":0,"revoked_at":null}"#;
    refused(&added(&row("tokens", operators)), "tokens has rows of another organisation");
    refused(&text.replace("test.happened", "test.hidden"), "the chain of events is not the one it was");
    refused(&text.replacen("4294967295", "4294967294", 1), "the ledger is not the one it was");
    loaded(&to, &text).unwrap();
}

/// A dump of the first schema: what later migrations made of such rows in place, they make of them here.
#[test]
fn rows_of_an_older_schema_are_renewed_and_those_of_a_newer_refused() {
    let account = r#"{"id":7,"organisation":1,"mailbox":8,"name":"ZOE","address":"zoe@bm.com","role":"owner","state":"active","deactivation":null,"leaves_at":null,"inbound":"[]","quota_bytes":null,"password":"$x","epoch":0,"created_at":5}"#;
    let old = [
        r#"{"begin":{"migration":1,"organisation":"org-0000000000001","name":"Mairie"}}"#.to_owned(),
        r#"{"row":{"table":"organisations","values":{"id":1,"name":"Mairie","language":"fr","created_at":5}}}"#.to_owned(),
        r#"{"row":{"table":"domains","values":{"name":"bm.com","organisation":1,"kind":"own"}}}"#.to_owned(),
        format!(r#"{{"row":{{"table":"accounts","values":{account}}}}}"#),
        r#"{"end":{"rows":3,"chain":{"events":0,"head":"","broken_at":null},"ledger":{"entries":0,"balance_minor":0,"broken_at":null}}}"#.to_owned(),
    ]
    .join("\n")
        + "\n";
    let head = dump::head(&mut old.as_bytes()).unwrap();
    assert_eq!((head.migration, head.organisation, head.name.as_str()), (1, org(1), "Mairie"));
    let to = Database::sqlite();
    assert!(matches!(loaded(&to, &old), Err(DumpError::Older { found: 1 })));

    let scratch = tempfile::tempdir().unwrap();
    let text = old.clone();
    let renewed = dump::renew(move || Ok(std::io::Cursor::new(text.clone())), scratch.path()).unwrap();
    let loaded_now = to
        .store
        .write_blocking(move |tx| dump::load(tx, &mut BufReader::new(std::fs::File::open(&renewed)?)));
    assert_eq!(loaded_now.unwrap().rows, 3);
    to.write(|tx| {
        let row = tx.query_opt("SELECT name, name_key, renews_on FROM accounts WHERE id = 7", &[])?.unwrap();
        assert_eq!((row.text(0)?, row.text(1)?, row.opt_text(2)?), ("ZOE", "zoe", None));
        Ok(())
    });

    let newer = old.replace("\"migration\":1", "\"migration\":999");
    let told = loaded(&to, &newer).unwrap_err().to_string();
    assert!(told.contains("restore them with the newer program"), "{told}");
    let scratch = tempfile::tempdir().unwrap();
    let told = dump::renew(move || Ok(std::io::Cursor::new(newer.clone())), scratch.path());
    assert!(matches!(told, Err(DumpError::Newer { found: 999 })));
}

pub fn holders_of_mail_are_listed_by_pages(db: &Database) {
    use mailboxes::{MailHolder, holders};
    use relais_core::backup::Holder;
    let db = Database { store: db.store.clone(), _dir: None }.with_people();
    db.write(|tx| {
        let shared = |number, organisation| SharedMailbox {
            id: MailboxId::from_number(number),
            organisation: org(organisation),
            address: address(&format!("boite{number}@bm.com")),
            name: "Commun".into(),
            created_at: at(0),
        };
        mailboxes::insert(tx, &shared(102_000, 1))?;
        mailboxes::insert(tx, &shared(50, 1))?;
        mailboxes::insert(tx, &shared(51, 2))?;
        let gone = Account { state: State::Deleted, name: String::new(), ..account(2) };
        accounts::update(tx, &gone)?;
        let all = holders(tx, org(1), None, 10)?;
        let told: Vec<_> =
            all.iter().map(|found| (found.mailbox.number(), found.holder, found.state)).collect();
        let of = |number, id, state| (number, Holder::Account(AccountId::from_number(id)), Some(state));
        let shared = |number| (number, Holder::SharedMailbox(MailboxId::from_number(number)), None);
        assert_eq!(
            told,
            [
                shared(50),
                of(101, 1, State::Active),
                of(102, 2, State::Deleted),
                of(103, 3, State::Active),
                shared(102_000),
            ]
        );
        let first = MailHolder {
            mailbox: MailboxId::from_number(101),
            holder: Holder::Account(account(1).id),
            state: Some(State::Active),
            address: account(1).address,
            name: account(1).name,
        };
        assert_eq!(all[1], first);
        let mut paged = holders(tx, org(1), None, 2)?;
        while let page @ [_, ..] = &holders(tx, org(1), paged.last().map(|last| last.mailbox), 2)?[..] {
            paged.extend_from_slice(page);
        }
        assert_eq!(paged, all);
        assert_eq!(holders(tx, org(3), None, 2)?, []);
        Ok(())
    });
}

pub fn the_catalog_tells_the_kind_of_each_column(db: &Database) {
    let columns = db.write(|tx| tx.catalog());
    let of = |table: &str| {
        let columns = columns.iter().filter(|column| column.table == table);
        columns.map(|column| (column.name.as_str(), column.kind)).collect::<Vec<_>>()
    };
    assert_eq!(of("photos"), [("account", Kind::Int), ("kind", Kind::Text), ("image", Kind::Blob)]);
    assert_eq!(of("nothing"), []);
}
