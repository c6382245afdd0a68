//! Lists of accounts as CSV: taken in and given out.

use super::arguments::InOrganisation;
use super::session::Form;
use super::{Failure, Session, words};
use anyhow::Context as _;
use relais_app::LineOutcome;
use relais_core::job::Run;
use relais_core::language::Language;
use serde::Deserialize;
use std::path::Path;

/// As much of the answer as is shown.
#[derive(Deserialize)]
struct Report {
    created: u64,
    changed: u64,
    unchanged: u64,
    refused: u64,
    lines: Vec<ReportedLine>,
}

#[derive(Deserialize)]
struct ReportedLine {
    line: u64,
    address: String,
    outcome: LineOutcome,
    #[serde(default)]
    refusals: Vec<super::failure::ProblemRefusal>,
}

pub async fn import(
    session: &mut Session,
    file: &Path,
    run: Run,
    organisation: &InOrganisation,
) -> Result<(), Failure> {
    let list = std::fs::read(file).with_context(|| file.display().to_string())?;
    let organisation = session.organisation(organisation.organisation.as_deref()).await?;
    let asked = match run {
        Run::Dry => "dry",
        Run::Apply => "apply",
    };
    let path = ["organisations", organisation.as_str(), "accounts", "import"];
    let answer = session.client.post_file(&path, &[("run", asked)], "text/csv", list).await?;
    let report: Report = answer.read()?;
    match session.form {
        Form::Json => session.say(answer.text.trim_end())?,
        Form::Words => {
            for line in report.lines.iter().filter(|line| line.outcome == LineOutcome::Refused) {
                session.say(&refused(line, session.language()))?;
            }
            session.say(&summary(&report, run, session.language()))?;
        }
    }
    if report.refused == 0 {
        return Ok(());
    }
    let said = session.language().pick(
        "Des lignes sont refusées ; corrigez-les et recommencez : ce qui est déjà en place ne change pas.",
        "Lines were refused; correct them and try again: what is in place does not change.",
    );
    Err(Failure::NotDone(said.to_owned()))
}

fn refused(line: &ReportedLine, language: Language) -> String {
    let why: Vec<&str> = line.refusals.iter().map(|refusal| refusal.detail.as_str()).collect();
    let (number, address) = (line.line, &line.address);
    let colon = language.pick(" :", ":");
    words::printable(&format!(
        "{} {number}, {address}{colon} {}",
        language.pick("ligne", "line"),
        why.join(" ")
    ))
}

fn summary(report: &Report, run: Run, language: Language) -> String {
    let Report { created, changed, unchanged, refused, .. } = report;
    match (run, language) {
        (Run::Dry, Language::French) => format!(
            "À créer : {created}, à modifier : {changed}, inchangés : {unchanged}, refusés : {refused}. Rien n'est encore fait ; pour appliquer la liste, ajoutez --apply."
        ),
        (Run::Dry, Language::English) => format!(
            "To create: {created}, to change: {changed}, unchanged: {unchanged}, refused: {refused}. Nothing is done yet; to carry the list out, add --apply."
        ),
        (Run::Apply, Language::French) => {
            format!("Créés : {created}, modifiés : {changed}, inchangés : {unchanged}, refusés : {refused}.")
        }
        (Run::Apply, Language::English) => {
            format!("Created: {created}, changed: {changed}, unchanged: {unchanged}, refused: {refused}.")
        }
    }
}

/// The list as the server gives it, to a file or to the output.
pub async fn export(
    session: &mut Session,
    output: Option<&Path>,
    organisation: &InOrganisation,
) -> Result<(), Failure> {
    let organisation = session.organisation(organisation.organisation.as_deref()).await?;
    let list = session.client.download(&["organisations", &organisation, "accounts.csv"], "text/csv").await?;
    match output {
        Some(file) => {
            std::fs::write(file, &list).with_context(|| file.display().to_string())?;
            let file = file.display();
            session.say_unless_json(&match session.language() {
                Language::French => format!("La liste est dans {file}."),
                Language::English => format!("The list is in {file}."),
            })
        }
        None => session.say(String::from_utf8_lossy(&list).trim_end()),
    }
}
