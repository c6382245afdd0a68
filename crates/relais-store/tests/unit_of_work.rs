#[path = "../src/migrate.rs"]
mod migrate;
#[path = "../src/open.rs"]
mod open;
#[path = "../src/postgres.rs"]
mod postgres;
#[path = "../src/sqlite.rs"]
mod sqlite;
#[path = "../src/tx.rs"]
mod tx;
#[path = "../src/value.rs"]
mod value;
pub use open::Store;
#[test]
fn smoke() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/relais.db", dir.path().display());
    let ms = [migrate::Migration {
        version: 1,
        name: "first",
        sql: "CREATE TABLE t (id BIGINT PRIMARY KEY, b BYTES);",
    }];
    let store = Store::open(&url, &ms).unwrap();
    store
        .write_blocking::<_, tx::Error>(|tx| {
            tx.execute_one("INSERT INTO t (b, id) VALUES ($2, $1)", &[7.into(), (&b"x"[..]).into()])
        })
        .unwrap();
    let e = store
        .write_blocking::<_, tx::Error>(|tx| {
            tx.execute_one("INSERT INTO t (b, id) VALUES ($2, $1)", &[7.into(), (&b"x"[..]).into()])
        })
        .unwrap_err();
    assert_eq!(e, tx::Error::Constraint("t.id".into()));
    let n = store
        .read_blocking::<_, tx::Error>(|tx| {
            tx.query_opt("SELECT COUNT(*) FROM t WHERE id = $1", &[7.into()])?.unwrap().int(0)
        })
        .unwrap();
    assert_eq!(n, 1);
}
