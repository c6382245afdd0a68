//! The long rehearsal of crashes: the real process killed at random instants during deliveries and departures, on each
//! database. Not a speed: ours is what went wrong, and the limit is zero.

use anyhow::bail;
use relais_testbed::crash::{Plan, rehearse};
use relais_testbed::postgres::PrivatePostgres;
use relais_testbed::server::Configuration;
use serde_json::json;

use super::{BenchContext, Figure};
use crate::run::scenario;
use crate::workspace::{self, Profile};

const KILLS: u32 = 300;
const DEPARTURES: u32 = 60;

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_relais(Profile::Release)?;
    let postgres = PrivatePostgres::start(&context.directory("postgres")?)?;
    postgres.create_database("relais")?;
    let mut figures = Vec::new();
    for (name, database) in [("sqlite", None), ("postgresql", Some(postgres.url("relais")))] {
        let mut configuration = Configuration::for_test();
        if let Some(url) = database {
            configuration.rest.insert("database".to_owned(), url.into());
        }
        let data = context.directory(name)?;
        let mut server = super::start(&program, &data, configuration)?;
        scenario::create_organisation(&server)?;
        let plan = Plan { kills: KILLS, seed: 300, departures: DEPARTURES };
        let report = rehearse(&mut server, scenario::ORGANISATION, &plan)?;
        let chain = server.must("GET", &scenario::of_organisation("/events/verify"), &json!(null))?;
        eprintln!("    {name}: {report:?}; chain {chain}");
        if !chain["broken_at"].is_null() {
            bail!("the event chain of {name} is broken: {chain}");
        }
        let figure = |what: &str, ours: usize, unit| Figure {
            name: format!("crash-{name}-{what}"),
            ours: ours as f64,
            peer: None,
            limit: None,
            unit,
        };
        figures.push(figure("kills", report.kills as usize, "kills"));
        figures.push(figure("acknowledged", report.acknowledged, "messages"));
        figures.push(figure("missing", report.missing.len(), "messages"));
        figures.push(figure("twice", report.twice.len(), "messages"));
        figures.push(figure("unfinished", report.unfinished.len(), "departures"));
    }
    Ok(figures)
}
