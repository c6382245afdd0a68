//! Accounts that count as backed up.

use crate::world::{World, id_of, start};
use relais_app::core::authority::Actor;
use relais_app::core::backup::{Generation, GenerationState, Holder, Occasion, Scope, Snapshot};
use relais_app::core::ids::{AccountId, GenerationId, OrganisationId};
use relais_app::read::generations;
use relais_app::{Store, schema};
use std::path::Path;

/// As if a verified backup held the account as it will ever be: for tests that are not about backups.
pub async fn pretend_backup(data: &Path, organisation: OrganisationId, account: AccountId) {
    let database = data.join("relais.db");
    let store = Store::open(database.to_str().expect("UTF-8"), schema::MIGRATIONS).expect("opens");
    let (generation, at) = (GenerationId::from_number(account.number()), start());
    let row = Generation {
        id: generation,
        organisation,
        scope: Scope::Account(account),
        occasion: Occasion::Asked,
        state: GenerationState::Verified,
        started_at: at,
        ended_at: Some(at),
        holders: 1,
        holders_done: 1,
        trouble: None,
    };
    let snapshot = Snapshot {
        generation,
        organisation,
        holder: Holder::Account(account),
        id: "0".repeat(64),
        begun_at: "9999-01-01T00:00:00Z".parse().expect("a moment"),
        verified_at: Some(at),
        messages: 0,
        personal_messages: 0,
        items: 0,
        size_bytes: 0,
        fingerprint: None,
    };
    let written = store.write(move |tx| {
        generations::insert(tx, &row, &Actor::Operator, at)?;
        generations::set_snapshot(tx, &snapshot)
    });
    written.await.expect("written");
}

impl World {
    pub async fn backed_up(&self, address: &str) {
        pretend_backup(self.data(), self.made.bm, id_of(&self.app, address).await).await;
    }
}
