//! Servers with many accounts. Rows are written into the database file directly: how they come there is not what is
//! measured.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use relais_testbed::server::{Configuration, Server};

use super::BenchContext;
use crate::run::scenario;

/// A server with so many accounts `p0@bm.com`, `p1@bm.com`…
pub fn filled(program: &Path, context: &BenchContext, count: u32) -> anyhow::Result<Server> {
    let data = context.directory(&format!("accounts-{count}"))?;
    let mut configuration = Configuration::for_test();
    // Mail is only asked about; a second Dovecot would cost memory that is not ours.
    (configuration.imap_port, configuration.pop3_port, configuration.sieve_port) = (0, 0, 0);
    let mut server = super::start(program, &data, configuration)?;
    scenario::create_organisation(&server)?;
    server.kill_9()?;
    fill(&data.join("relais.db"), count)?;
    server.start_again()?;
    Ok(server)
}

fn fill(database: &Path, count: u32) -> anyhow::Result<()> {
    run(
        database,
        &format!(
            "BEGIN;
         CREATE TEMP TABLE number AS WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})
             SELECT i FROM n WHERE {count} > 0;
         INSERT INTO accounts (id, organisation, mailbox, name, name_key, address, role, state, inbound, epoch, created_at)
             SELECT 1000000 + i, (SELECT MIN(id) FROM organisations), 50000000 + i, 'Person ' || i, 'person ' || i,
                    'p' || i || '@bm.com', 'member', 'invited',
                    '[{{\"until\":null,\"do\":\"accept\",\"copy\":\"keep\",\"redirect_to\":[],\"reply\":null}}]', 0, 0 FROM number;
         INSERT INTO addresses (address, organisation, target_kind, target_id, kind, domain_kind, retired, since)
             SELECT 'p' || i || '@bm.com', (SELECT MIN(id) FROM organisations), 'account', 1000000 + i, 'primary', 'own', 0, 0
             FROM number;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);
         ANALYZE;"
        ),
    )?;
    Ok(())
}

/// What `sqlite3` prints for these statements.
pub fn run(database: &Path, sql: &str) -> anyhow::Result<String> {
    let mut sqlite = Command::new("sqlite3")
        .args(["-cmd", ".timeout 10000"])
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("sqlite3 does not start")?;
    sqlite.stdin.take().context("no way to speak to sqlite3")?.write_all(sql.as_bytes())?;
    let output = sqlite.wait_with_output()?;
    if !output.status.success() {
        bail!("sqlite3 failed: {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
