//! The unit of work, proved on both databases with the same bodies; then what only one of them can do wrong.

mod failures;

use relais_store::{Error, Kind, Migration, Store, Tx, Value};

use std::sync::mpsc;
use std::time::{Duration, Instant};

use relais_testbed::postgres::PrivatePostgres;

const WAIT_MAX: Duration = Duration::from_secs(20);

const SCHEMA: &[Migration] = &[
    Migration {
        version: 1,
        name: "addresses",
        sql: "CREATE TABLE addresses (
                id BIGINT PRIMARY KEY,
                address TEXT NOT NULL UNIQUE,
                local_part TEXT, host TEXT,
                kind TEXT NOT NULL DEFAULT 'user' CONSTRAINT address_kind CHECK (kind IN ('user', 'group')),
                note TEXT, size BIGINT, picture BYTES, -- BYTES_USED is not a type
                UNIQUE (local_part, host));
              CREATE UNIQUE INDEX addresses_note ON addresses (lower(note));
              CREATE UNIQUE INDEX addresses_size ON addresses (size) WHERE kind = 'group';",
    },
    Migration {
        version: 2,
        name: "owners",
        sql: "CREATE TABLE owners (
                address_id BIGINT NOT NULL REFERENCES addresses (id),
                by_id BIGINT REFERENCES addresses (id) DEFERRABLE INITIALLY DEFERRED,
                PRIMARY KEY (address_id, by_id));
              CREATE TABLE counter (id BIGINT PRIMARY KEY, value BIGINT NOT NULL);
              INSERT INTO counter (id, value) VALUES (1, 0);",
    },
];

struct Database {
    store: Store,
    url: String,
    /// Removed after the store is closed.
    _dir: Option<tempfile::TempDir>,
}

impl Database {
    fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/relais.db", dir.path().display());
        Database { store: Store::open(&url, SCHEMA).unwrap(), url, _dir: Some(dir) }
    }

    fn postgres() -> Self {
        let url = PrivatePostgres::shared().fresh_database().unwrap();
        Database { store: Store::open(&url, SCHEMA).unwrap(), url, _dir: None }
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.store.write_blocking(work)
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.store.read_blocking(work)
    }

    fn ids(&self) -> Vec<i64> {
        self.read(|tx| {
            let rows = tx.query("SELECT id FROM addresses ORDER BY id", &[])?;
            rows.iter().map(|row| row.int(0)).collect()
        })
        .unwrap()
    }

    /// Runs `works` at once, so that on SQLite they share one commit.
    fn write_together(&self, works: Vec<Work>) -> Vec<Result<(), Error>> {
        let (started, has_started) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let store = self.store.clone();
        let first = std::thread::spawn(move || {
            store.write_blocking::<_, Error>(move |_| {
                started.send(()).unwrap();
                may_go.recv().unwrap();
                Ok(())
            })
        });
        has_started.recv().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let results = runtime.block_on(async {
            let mut waiting: Vec<_> =
                works.into_iter().map(|work| Box::pin(self.store.write(work))).collect();
            // Polled once, each has queued its work.
            for one in &mut waiting {
                let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(one.as_mut().poll(cx))).await;
                assert!(polled.is_pending(), "is under way");
            }
            go.send(()).unwrap();
            let mut results = Vec::new();
            for one in waiting {
                results.push(one.await);
            }
            results
        });
        first.join().unwrap().unwrap();
        results
    }
}

type Work = Box<dyn FnMut(&mut Tx<'_>) -> Result<(), Error> + Send>;

fn add(tx: &mut Tx<'_>, id: i64) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO addresses (id, address) VALUES ($1, $2)",
        &[id.into(), format!("a{id}").into()],
    )
}

fn adding(id: i64) -> Work {
    Box::new(move |tx| add(tx, id))
}

macro_rules! on_both {
    ($($name:ident)*) => {
        mod on_sqlite { $( #[test] fn $name() { super::$name(&super::Database::sqlite()); } )* }
        mod on_postgres { $( #[test] fn $name() { super::$name(&super::Database::postgres()); } )* }
    };
}

on_both! {
    a_commit_is_seen_by_the_next_read
    an_error_undoes_its_own_work_and_the_others_of_its_group_commit
    a_deferred_constraint_fails_only_the_one_that_broke_it
    a_panic_undoes_its_own_work_and_the_store_goes_on
    two_hundred_increments_at_once_end_at_two_hundred
    constraints_have_the_same_name_on_both_databases
    parameters_are_bound_by_number_in_any_order_and_as_often_as_wanted
    every_kind_can_be_null_and_is_read_as_such
    a_column_of_another_kind_or_a_null_is_an_error_not_a_guess
    a_text_with_a_nul_character_is_refused
    truths_counts_and_sums_are_integers
    a_read_sees_one_snapshot
    a_read_changes_nothing
    a_failed_statement_cannot_be_kept_by_ignoring_it
    more_rows_than_one_are_an_error_where_one_is_expected
    a_listing_streams_and_can_be_stopped
    migrations_run_once
    two_that_start_at_once_migrate_once
    a_database_newer_than_the_program_is_refused
    a_migration_edited_after_it_ran_is_refused
    a_migration_put_in_between_later_is_refused
    a_unit_of_work_inside_another_is_a_bug_that_is_told
    a_migration_that_fails_leaves_nothing_of_it
    work_that_waits_is_done_before_the_store_closes
}

fn a_commit_is_seen_by_the_next_read(database: &Database) {
    database.write(|tx| add(tx, 1)).unwrap();
    assert_eq!(database.ids(), [1]);
}

fn an_error_undoes_its_own_work_and_the_others_of_its_group_commit(database: &Database) {
    let mut works: Vec<Work> = (1..=9).map(adding).collect();
    works[4] = Box::new(|tx| {
        add(tx, 5)?;
        Err(Error::Db("a change of mind".to_owned()))
    });
    works[7] = adding(1);
    let results = database.write_together(works);
    assert_eq!(results[4], Err(Error::Db("a change of mind".to_owned())));
    // On PostgreSQL they run side by side: either of the two that want the same id may be the one refused.
    let refused = results.iter().filter(|result| matches!(result, Err(Error::Constraint(_)))).count();
    assert_eq!(refused, 1, "{results:?}");
    assert_eq!(database.ids(), [1, 2, 3, 4, 6, 7, 9]);
}

fn a_deferred_constraint_fails_only_the_one_that_broke_it(database: &Database) {
    let mut works: Vec<Work> = (1..=4).map(adding).collect();
    works[1] = Box::new(|tx| {
        add(tx, 2)?;
        tx.execute_one("INSERT INTO owners (address_id, by_id) VALUES (2, 99)", &[])
    });
    let results = database.write_together(works);
    let foreign_key = Err(Error::Constraint("foreign key".to_owned()));
    assert_eq!(results, [Ok(()), foreign_key, Ok(()), Ok(())]);
    assert_eq!(database.ids(), [1, 3, 4]);
}

fn a_panic_undoes_its_own_work_and_the_store_goes_on(database: &Database) {
    let mut works: Vec<Work> = (1..=3).map(adding).collect();
    works[1] = Box::new(|tx| {
        add(tx, 2)?;
        panic!("the work is wrong");
    });
    let results = database.write_together(works);
    assert_eq!(results, [Ok(()), Err(Error::Panicked("the work is wrong".to_owned())), Ok(())]);
    let read = database.read::<()>(|_| panic!("{}", "so is this one"));
    assert_eq!(read, Err(Error::Panicked("so is this one".to_owned())));
    database.write(|tx| add(tx, 4)).unwrap();
    assert_eq!(database.ids(), [1, 3, 4]);
}

fn two_hundred_increments_at_once_end_at_two_hundred(database: &Database) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let increments: Vec<_> = (0..200)
            .map(|_| {
                let store = database.store.clone();
                tokio::spawn(async move { increment_until_done(&store).await })
            })
            .collect();
        for one in increments {
            one.await.unwrap();
        }
        let value = database.store.read::<_, Error>(value).await.unwrap();
        assert_eq!(value, 200);
    });
}

fn value(tx: &mut Tx<'_>) -> Result<i64, Error> {
    tx.query_opt("SELECT value FROM counter WHERE id = 1", &[])?.unwrap().int(0)
}

async fn increment_until_done(store: &Store) {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        let done = store
            .write::<_, Error>(|tx| {
                let next = value(tx)? + 1;
                tx.execute_one("UPDATE counter SET value = $1 WHERE id = $2", &[next.into(), 1.into()])
            })
            .await;
        match done {
            Ok(()) => return,
            // The layer gives up after some tries; a caller comes back later.
            Err(Error::Unavailable(_)) if Instant::now() < deadline => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn constraints_have_the_same_name_on_both_databases(database: &Database) {
    database
        .write(|tx| {
            tx.execute_one(
                "INSERT INTO addresses (id, address, local_part, host, note, size, kind)
                 VALUES (1, 'a(=)', 'x', 'y', 'Note', 3, 'group')",
                &[],
            )?;
            tx.execute_one("INSERT INTO owners (address_id, by_id) VALUES (1, 1)", &[])
        })
        .unwrap();
    let cases = [
        ("INSERT INTO addresses (id, address) VALUES (1, 'b')", "addresses.id"),
        ("INSERT INTO addresses (id, address) VALUES (2, 'a(=)')", "addresses.address"),
        (
            "INSERT INTO addresses (id, address, local_part, host) VALUES (2, 'b', 'x', 'y')",
            "addresses.local_part,host",
        ),
        ("INSERT INTO addresses (id, address, note) VALUES (2, 'b', 'NOTE')", "addresses_note"),
        ("INSERT INTO addresses (id, address, size, kind) VALUES (2, 'b', 3, 'group')", "addresses.size"),
        ("INSERT INTO addresses (id, address, kind) VALUES (2, 'b', 'robot')", "address_kind"),
        ("INSERT INTO addresses (id, address) VALUES (2, NULL)", "addresses.address not null"),
        ("INSERT INTO owners (address_id, by_id) VALUES (1, 1)", "owners.address_id,by_id"),
        ("INSERT INTO owners (address_id, by_id) VALUES (7, 1)", "foreign key"),
        ("INSERT INTO owners (address_id, by_id) VALUES (1, 7)", "foreign key"),
        ("DELETE FROM addresses", "foreign key"),
    ];
    for (sql, name) in cases {
        let refused = database.write(move |tx| tx.execute(sql, &[]));
        assert_eq!(refused, Err(Error::Constraint(name.to_owned())), "{sql}");
    }
}

fn parameters_are_bound_by_number_in_any_order_and_as_often_as_wanted(database: &Database) {
    let read = database.read(|tx| {
        let row = tx.query_opt(
            "SELECT CAST($3 AS TEXT), CAST($1 AS BIGINT), CAST($3 AS TEXT) WHERE $2 = 'b' AND $1 = 10 AND $1 < $4",
            &[10.into(), "b".into(), "c".into(), 11.into()],
        )?;
        let row = row.unwrap();
        Ok((row.text(0)?.to_owned(), row.int(1)?, row.text(2)?.to_owned()))
    });
    assert_eq!(read, Ok(("c".to_owned(), 10, "c".to_owned())));
    let too_few = database.read(|tx| tx.query("SELECT id FROM addresses WHERE id = $2", &[1.into()]));
    assert!(matches!(too_few, Err(Error::Shape(_) | Error::Db(_))), "{too_few:?}");
}

fn every_kind_can_be_null_and_is_read_as_such(database: &Database) {
    let insert = "INSERT INTO addresses (id, address, note, size, picture) VALUES ($1, $2, $3, $4, $5)";
    database
        .write(move |tx| {
            tx.execute_one(
                insert,
                &[1.into(), "a".into(), None::<&str>.into(), None::<i64>.into(), Value::Null(Kind::Blob)],
            )?;
            tx.execute_one(insert, &[2.into(), "b".into(), "é".into(), (-5).into(), vec![0, 255].into()])
        })
        .unwrap();
    let read = database.read(|tx| {
        let rows = tx.query("SELECT note, size, picture FROM addresses ORDER BY id", &[])?;
        assert_eq!((rows[0].opt_text(0)?, rows[0].opt_int(1)?, rows[0].opt_blob(2)?), (None, None, None));
        assert_eq!((rows[1].text(0)?, rows[1].int(1)?, rows[1].blob(2)?), ("é", -5, &[0, 255][..]));
        let absent = [None::<&str>.into(), None::<i64>.into(), None::<Vec<u8>>.into()];
        let found = tx.query(
            "SELECT id FROM addresses WHERE COALESCE(CAST($1 AS TEXT), 'é') = note
               AND COALESCE($2, -5) = size AND $3 IS NULL",
            &absent,
        )?;
        found[0].int(0)
    });
    assert_eq!(read, Ok(2));
}

fn a_column_of_another_kind_or_a_null_is_an_error_not_a_guess(database: &Database) {
    database.write(|tx| add(tx, 1)).unwrap();
    let row =
        database.read(|tx| tx.query_opt("SELECT id, address, note FROM addresses", &[])).unwrap().unwrap();
    assert_eq!(row.text(2), Err(Error::Shape("column 2 should be a text and is NULL".to_owned())));
    assert_eq!(row.text(0), Err(Error::Shape("column 0 should be a text and is an integer".to_owned())));
    assert_eq!(row.opt_int(1), Err(Error::Shape("column 1 should be an integer and is a text".to_owned())));
    assert_eq!(row.blob(1), Err(Error::Shape("column 1 should be bytes and is a text".to_owned())));
    assert_eq!(row.opt_int(3), Err(Error::Shape("column 3 was read of a row of 3 columns".to_owned())));
    let fraction = database.read(|tx| tx.query("SELECT AVG(id) FROM addresses", &[]));
    assert!(matches!(fraction, Err(Error::Shape(_))), "{fraction:?}");
}

fn a_text_with_a_nul_character_is_refused(database: &Database) {
    let refused = database.write(|tx| tx.execute("UPDATE addresses SET note = $1", &["a\0b".into()]));
    assert!(matches!(refused, Err(Error::Shape(_))), "{refused:?}");
}

fn truths_counts_and_sums_are_integers(database: &Database) {
    database.write(|tx| (1..=3).try_for_each(|id| add(tx, id))).unwrap();
    let read = database.read(|tx| {
        let row = tx.query_opt(
            "SELECT COUNT(*), CAST(SUM(id) AS BIGINT), EXISTS (SELECT 1 FROM addresses WHERE id = 2), 1 FROM addresses",
            &[],
        )?;
        let row = row.unwrap();
        (0..4).map(|column| row.int(column)).collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(read, Ok(vec![3, 6, 1, 1]));
}

fn a_read_sees_one_snapshot(database: &Database) {
    let (seen, was_seen) = mpsc::channel();
    let (wrote, was_written) = mpsc::channel();
    let store = database.store.clone();
    let reader = std::thread::spawn(move || {
        store.read_blocking::<_, Error>(move |tx| {
            let before = value(tx)?;
            seen.send(()).unwrap();
            was_written.recv_timeout(WAIT_MAX).unwrap();
            Ok((before, value(tx)?))
        })
    });
    was_seen.recv_timeout(WAIT_MAX).unwrap();
    database.write(|tx| tx.execute_one("UPDATE counter SET value = 8", &[])).unwrap();
    wrote.send(()).unwrap();
    assert_eq!(reader.join().unwrap(), Ok((0, 0)));
    assert_eq!(database.read(value), Ok(8));
}

fn a_read_changes_nothing(database: &Database) {
    let refused = database.read(|tx| add(tx, 1));
    assert!(matches!(refused, Err(Error::Db(_))), "{refused:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let refused = runtime.block_on(database.store.read(|tx| add(tx, 1)));
    assert!(matches!(refused, Err(Error::Db(_))), "{refused:?}");
    assert_eq!(database.ids(), [0; 0]);
}

fn a_failed_statement_cannot_be_kept_by_ignoring_it(database: &Database) {
    database.write(|tx| add(tx, 1)).unwrap();
    let kept = database.write(|tx| {
        add(tx, 2)?;
        let taken = tx.execute_one("INSERT INTO addresses (id, address) VALUES (1, 'other')", &[]);
        assert_eq!(add(tx, 3), taken);
        Ok(())
    });
    assert_eq!(kept, Err(Error::Constraint("addresses.id".to_owned())));
    assert_eq!(database.ids(), [1]);
}

fn more_rows_than_one_are_an_error_where_one_is_expected(database: &Database) {
    database.write(|tx| (1..=2).try_for_each(|id| add(tx, id))).unwrap();
    let sql = "UPDATE addresses SET note = NULL WHERE id <> $1";
    let changing = |id: i64| database.write(move |tx| tx.execute_one(sql, &[id.into()]));
    assert_eq!(changing(1), Ok(()));
    assert_eq!(changing(0), Err(Error::NotOneRow { found: 2, sql: sql.to_owned() }));
    let none = database.write(|tx| tx.execute_one("DELETE FROM addresses WHERE id = 9", &[]));
    assert!(matches!(none, Err(Error::NotOneRow { found: 0, .. })), "{none:?}");
    let two = database.read(|tx| tx.query_opt("SELECT id FROM addresses", &[]));
    assert!(matches!(two, Err(Error::NotOneRow { found: 2, .. })), "{two:?}");
    let returned = database
        .write(|tx| tx.query("UPDATE addresses SET note = address WHERE id <= $1 RETURNING id", &[2.into()]));
    assert_eq!(returned.unwrap().len(), 2);
}

fn a_listing_streams_and_can_be_stopped(database: &Database) {
    database.write(|tx| (1..=500).try_for_each(|id| add(tx, id))).unwrap();
    let read = database.read(|tx| {
        let mut seen = 0;
        let sql = "SELECT id FROM addresses WHERE id > $1 ORDER BY id";
        let stopped = tx.for_each(sql, &[100.into()], &mut |row| {
            seen = row.int(0)?;
            if seen == 103 { Err(Error::Db("enough".to_owned())) } else { Ok(()) }
        });
        assert_eq!((seen, stopped), (103, Err(Error::Db("enough".to_owned()))));
        let mut count = 0;
        tx.for_each(sql, &[0.into()], &mut |_| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    });
    assert_eq!(read, Ok(500));
}

fn migrations_run_once(database: &Database) {
    database.write(|tx| add(tx, 1)).unwrap();
    Store::open(&database.url, SCHEMA).unwrap();
    let names = database.read(|tx| {
        let rows = tx.query("SELECT name FROM schema_migrations ORDER BY version", &[])?;
        rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(names.unwrap(), ["addresses", "owners"]);
    assert_eq!(database.ids(), [1]);
}

fn two_that_start_at_once_migrate_once(database: &Database) {
    let schema: &'static [Migration] = Vec::leak({
        let third =
            Migration { version: 3, name: "third", sql: "CREATE TABLE third (id BIGINT PRIMARY KEY);" };
        [SCHEMA, &[third]].concat()
    });
    let starts: Vec<_> = (0..4)
        .map(|_| {
            let url = database.url.clone();
            std::thread::spawn(move || Store::open(&url, schema).map(drop))
        })
        .collect();
    for start in starts {
        assert_eq!(start.join().unwrap(), Ok(()));
    }
}

fn a_database_newer_than_the_program_is_refused(database: &Database) {
    let Err(Error::Open(text)) = Store::open(&database.url, &SCHEMA[..1]) else { panic!("opened") };
    assert!(text.contains("newer than this program") && text.contains("version 2 (owners)"), "{text}");
}

fn a_migration_edited_after_it_ran_is_refused(database: &Database) {
    let edited = [SCHEMA[0], Migration { sql: "CREATE TABLE other (id BIGINT);", ..SCHEMA[1] }];
    let Err(Error::Open(text)) = Store::open(&database.url, &edited) else { panic!("opened") };
    assert!(text.contains("another build"), "{text}");
}

fn a_migration_put_in_between_later_is_refused(database: &Database) {
    let late = Migration { version: 3, name: "late", sql: "CREATE TABLE late (id BIGINT);" };
    let later = Migration { version: 4, name: "later", sql: "CREATE TABLE later (id BIGINT);" };
    Store::open(&database.url, &[SCHEMA, &[later]].concat()).unwrap();
    let Err(Error::Open(text)) = Store::open(&database.url, &[SCHEMA, &[late, later]].concat()) else {
        panic!("opened")
    };
    assert!(text.contains("lacks schema version 3 (late)"), "{text}");
}

fn a_unit_of_work_inside_another_is_a_bug_that_is_told(database: &Database) {
    let store = database.store.clone();
    let nested = database.write(move |_| store.write_blocking::<_, Error>(|tx| add(tx, 1)));
    assert!(matches!(&nested, Err(Error::Panicked(text)) if text.contains("inside another")), "{nested:?}");
    let store = database.store.clone();
    let nested = database.read(move |_| store.read_blocking::<_, Error>(value));
    assert!(matches!(&nested, Err(Error::Panicked(text)) if text.contains("inside another")), "{nested:?}");
    database.write(|tx| add(tx, 2)).unwrap();
    assert_eq!(database.ids(), [2]);
}

fn a_migration_that_fails_leaves_nothing_of_it(database: &Database) {
    let broken =
        Migration { version: 3, name: "broken", sql: "CREATE TABLE half (id BIGINT); CREATE TABEL x;" };
    let Err(Error::Open(text)) = Store::open(&database.url, &[SCHEMA, &[broken]].concat()) else {
        panic!("opened")
    };
    assert!(text.contains("schema version 3 (broken)"), "{text}");
    let mended = Migration { sql: "CREATE TABLE half (id BIGINT);", ..broken };
    Store::open(&database.url, &[SCHEMA, &[mended]].concat()).unwrap();
}

fn work_that_waits_is_done_before_the_store_closes(database: &Database) {
    let store = Store::open(&database.url, SCHEMA).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for id in 1..=20 {
            let mut unit = Box::pin(store.write(adding(id)));
            // Polled once, then no longer waited for.
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(unit.as_mut().poll(cx))).await;
            drop(polled);
        }
    });
    drop(store);
    assert_eq!(database.ids().len(), 20);
}
