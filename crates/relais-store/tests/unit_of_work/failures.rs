//! What only one of the two databases can do wrong.

use super::{Database, SCHEMA, WAIT_MAX, Work, add, adding, value};
use relais_store::{Error, Store};
use relais_testbed::postgres::PrivatePostgres;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

#[test]
fn sqlite_says_what_is_wrong_with_a_path() {
    let dir = tempfile::tempdir().unwrap();
    let text_file = dir.path().join("letter.txt");
    std::fs::write(&text_file, "Dear Sir, this is a letter, and much longer than a header.".repeat(50))
        .unwrap();
    let at = |path: &std::path::Path| match Store::open(&format!("sqlite://{}", path.display()), SCHEMA) {
        Err(Error::Open(text)) => text,
        other => panic!("{:?}", other.map(drop)),
    };
    assert!(at(&text_file).contains("is not a Relais database"));
    assert!(at(&dir.path().join("absent/relais.db")).contains("cannot write the database"));
    assert!(at(dir.path()).contains("cannot write the database"));
    let private = dir.path().join("relais.db");
    Store::open(private.to_str().unwrap(), SCHEMA).unwrap();
    assert_eq!(std::fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o600);
    let Err(Error::Open(text)) = Store::open("mysql://localhost/relais", SCHEMA) else { panic!("opened") };
    assert!(text.contains("sqlite:// or postgres://"), "{text}");
}

#[test]
fn sqlite_flushes_each_commit_and_checks_foreign_keys() {
    let pragma = |name: &'static str| {
        Database::sqlite()
            .write(move |tx| tx.query_opt(&format!("PRAGMA {name}"), &[])?.unwrap().int(0))
            .unwrap()
    };
    let full = 2;
    assert_eq!((pragma("synchronous"), pragma("foreign_keys")), (full, 1));
}

#[test]
fn sqlite_without_room_says_so_keeps_nothing_of_the_group_and_works_again_once_there_is_room() {
    let database = Database::sqlite();
    let pages = |count: &'static str| {
        database
            .write(move |tx| tx.query(&format!("PRAGMA max_page_count = {count}"), &[]).map(drop))
            .unwrap();
    };
    database.write(|tx| add(tx, 1)).unwrap();
    pages("20");
    let mut works: Vec<Work> = (2..=4).map(adding).collect();
    works[1] = Box::new(|tx| {
        let picture = vec![7; 1_000_000];
        tx.execute_one("UPDATE addresses SET picture = $1 WHERE id = 1", &[picture.into()])
    });
    let results = database.write_together(works);
    assert_eq!(results[1], Err(Error::StorageFull));
    // The neighbours are told the truth about their own work, whichever way SQLite ended the transaction.
    let kept = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(database.ids().len(), 1 + kept);
    pages("100000");
    database.write(|tx| add(tx, 5)).unwrap();
    assert!(database.ids().contains(&5));
}

#[test]
fn postgres_absent_is_said_at_the_start_with_where_it_was_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("postgres:///relais?user=relais&host={}", dir.path().display());
    let Err(Error::Unavailable(text)) = Store::open(&url, SCHEMA) else { panic!("opened") };
    assert!(
        text.contains("no connection to PostgreSQL") && text.contains(dir.path().to_str().unwrap()),
        "{text}"
    );
    let Err(Error::Open(text)) = Store::open("postgres://u:secret@localhost/x?sslmode=require", SCHEMA)
    else {
        panic!("opened")
    };
    assert!(text.contains("TLS") && !text.contains("secret"), "{text}");
    let url = PrivatePostgres::shared().url("no_such_database");
    let Err(Error::Open(text)) = Store::open(&url, SCHEMA) else { panic!("opened") };
    assert!(text.contains("no_such_database"), "{text}");
}

#[test]
fn postgres_killed_and_started_again_is_unavailable_and_then_works() {
    let dir = tempfile::tempdir().unwrap();
    let mut postgres =
        PrivatePostgres::start(&dir.path().join("pg")).unwrap_or_else(|error| panic!("{error:#}"));
    postgres.create_database("relais").unwrap();
    let url = postgres.url("relais");
    let database = Database { store: Store::open(&url, SCHEMA).unwrap(), url, _dir: None };
    for ending in [PrivatePostgres::kill_9, PrivatePostgres::stop] {
        database.write(|tx| tx.execute_one("UPDATE counter SET value = value + 1", &[])).unwrap();
        ending(&mut postgres).unwrap();
        // The server's children may outlive a kill -9 for a moment, and answer.
        let deadline = Instant::now() + WAIT_MAX;
        while database.write(|tx| value(tx).map(drop)).is_ok() || database.read(value).is_ok() {
            assert!(Instant::now() < deadline, "still answers");
        }
        assert!(matches!(database.write(|tx| add(tx, 1)), Err(Error::Unavailable(_))));
        assert!(matches!(database.read(value), Err(Error::Unavailable(_))));
        postgres.restart().unwrap();
        let deadline = Instant::now() + WAIT_MAX;
        while let Err(error) = database.read(value).and_then(|_| database.write(|tx| value(tx).map(drop))) {
            assert!(Instant::now() < deadline, "{error}");
        }
    }
    assert_eq!(database.read(value), Ok(2));
    drop(database);
}

#[test]
fn postgres_connection_lost_in_the_work_runs_it_again_and_lost_in_the_commit_does_not() {
    let database = Database::postgres();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let lost_once = database.write(move |tx| {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            tx.query("SELECT pg_terminate_backend(pg_backend_pid())", &[])?;
        }
        tx.execute_one("UPDATE counter SET value = value + 1", &[])
    });
    assert_eq!((lost_once, runs.load(Ordering::SeqCst)), (Ok(()), 2));

    database
        .write(|tx| {
            tx.execute(
                "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql
                 AS $body$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $body$",
                &[],
            )?;
            tx.execute(
                "CREATE CONSTRAINT TRIGGER cut AFTER UPDATE ON counter DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION cut()",
                &[],
            )
        })
        .unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let uncertain = database.write(move |tx| {
        counted.fetch_add(1, Ordering::SeqCst);
        tx.execute_one("UPDATE counter SET value = value + 1", &[])
    });
    assert!(
        matches!(&uncertain, Err(Error::Unavailable(text)) if text.contains("during the commit")),
        "{uncertain:?}"
    );
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert_eq!(database.read(value), Ok(1));
}
