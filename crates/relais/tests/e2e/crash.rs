//! The real process killed at random instants: nothing acknowledged is missing, nothing is there twice, every
//! departure ends or can be undone, the chain holds. The long run is `cargo xtask bench crash`.

use crate::world::{Database, World};
use relais_testbed::crash::{Plan, rehearse};

fn survive(database: Database) {
    let mut world = World::start(database);
    let plan = Plan { kills: 12, seed: 2026, departures: 4 };
    let report = rehearse(&mut world.server, crate::world::ORGANISATION, &plan).expect("rehearsed");
    assert_eq!(report.missing, Vec::<String>::new(), "acknowledged and missing");
    assert_eq!(report.twice, Vec::<String>::new(), "there twice");
    assert_eq!(report.unfinished, Vec::<String>::new(), "departures that neither end nor undo");
    assert!(report.acknowledged > 0 && report.kills == 12, "{report:?}");
    world.check_chain();
}

#[test]
fn killed_at_random_instants_on_sqlite() {
    survive(Database::Sqlite);
}

#[test]
fn killed_at_random_instants_on_postgresql() {
    survive(Database::Postgres);
}
