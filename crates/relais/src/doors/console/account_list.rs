//! A list of accounts: given out; and taken in, tried first, line by line, then carried out as it was tried.

use super::Console;
use super::fault::{Answer, Fault};
use super::layout::Page;
use super::said::Said;
use super::section::Section;
use super::upload::Upload;
use super::visitor::Visitor;
use crate::doors::download;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::job::Run;
use relais_app::{LineOutcome, LineReport};

/// Tens of thousands of lines; longer ones are for the API.
const UPLOAD_BYTES_MAX: usize = 8 << 20;
/// Lines that are shown: all that are refused come first.
const SHOWN_MAX: usize = 500;

pub fn routes() -> Router<Console> {
    let import = get(ask).post(import).layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX));
    Router::new().route("/console/accounts/import", import).route("/console/accounts.csv", get(export))
}

async fn export(visitor: Visitor) -> Answer {
    visitor.require(Power::Read)?;
    Ok(download::account_list(&visitor.app, visitor.organisation.id).await?)
}

async fn ask(visitor: Visitor) -> Answer {
    visitor.require(Power::ManageAccounts)?;
    Ok(page(&visitor, "", &Said::Nothing, &html! {}))
}

fn page(visitor: &Visitor, typed: &str, said: &Said<'_>, first: &Markup) -> axum::response::Response {
    let main = html! {
        (said.shown(visitor))
        (first)
        form.card.stack method="post" action="/console/accounts/import" enctype="multipart/form-data" {
            div.field {
                label for="file" { (visitor.pick("Fichier CSV", "CSV file")) }
                input #file name="file" type="file" accept=".csv,text/csv" aria-describedby="file-hint";
                p.hint #file-hint { (visitor.pick(
                    "En UTF-8, avec virgules ou points-virgules. La première ligne nomme les colonnes\u{a0}: address et name, et si vous voulez role, quota, aliases, password, given_name, family_name, job_title, department, phone_work, phone_mobile, external_address…",
                    "In UTF-8, with commas or semicolons. The first line names the columns: address and name, and if you like role, quota, aliases, password, given_name, family_name, job_title, department, phone_work, phone_mobile, external_address…",
                )) }
            }
            div.field {
                label for="list" { (visitor.pick("Ou les lignes elles-mêmes", "Or the lines themselves")) }
                textarea #list name="list" rows="5" spellcheck="false" placeholder="address,name,role" { (typed) }
            }
            p.hint { (visitor.pick(
                "Une ligne crée un compte, ou change celui qui existe\u{a0}; une cellule vide laisse ce qu'il y a. Rien n'est fait avant une confirmation.",
                "A line makes an account, or changes the one that is there; an empty cell leaves what there is. Nothing is done before you confirm.",
            )) }
            p.actions { button.primary type="submit" { (visitor.pick("Essayer la liste", "Try the list")) } }
        }
    };
    let title = visitor.pick("Importer des comptes", "Import accounts");
    visitor.page_with(said.status(), &Page { title, section: Some(Section::Accounts), main })
}

async fn import(visitor: Visitor, upload: Upload) -> Answer {
    visitor.require(Power::ManageAccounts)?;
    let typed = upload.fields.get("list").unwrap_or_default();
    let list = upload.file.unwrap_or_else(|| typed.as_bytes().to_vec());
    let run = if upload.fields.has("confirmed") { Run::Apply } else { Run::Dry };
    let asked = visitor.app.import_accounts(visitor.organisation.id, list.clone(), run, visitor.actor());
    match asked.await.map_err(Fault::from) {
        Ok(lines) => {
            // What was read as a list is text.
            let text = String::from_utf8(list).map_err(|_| Fault::Unreadable)?;
            Ok(page(&visitor, "", &Said::Nothing, &outcome(&visitor, run, &lines, &text)))
        }
        Err(fault) if fault.is_for_the_form() => Ok(page(&visitor, typed, &Said::Refused(&fault), &html! {})),
        Err(fault) => Err(fault),
    }
}

fn outcome(visitor: &Visitor, run: Run, lines: &[LineReport], list: &str) -> Markup {
    let count = |outcome| lines.iter().filter(|line| line.outcome == outcome).count();
    let (created, changed) = (count(LineOutcome::Created), count(LineOutcome::Changed));
    let refused = count(LineOutcome::Refused);
    let mut shown: Vec<&LineReport> = lines.iter().collect();
    shown.sort_by_key(|line| line.outcome != LineOutcome::Refused);
    shown.truncate(SHOWN_MAX);
    html! {
        div class=(if refused > 0 { "warning" } else if run == Run::Apply { "done" } else { "note" }) role="status" {
            p { strong { @match run {
                Run::Dry => (visitor.pick("Ce que ferait la liste", "What the list would do")),
                Run::Apply => (visitor.pick("Ce qu'a fait la liste", "What the list did")),
            } } }
            p {
                (visitor.pick("créés\u{a0}: ", "created: ")) (created) " · " (visitor.pick("changés\u{a0}: ", "changed: ")) (changed)
                " · " (visitor.pick("inchangés\u{a0}: ", "unchanged: ")) (count(LineOutcome::Unchanged)) " · " (visitor.pick("refusés\u{a0}: ", "refused: ")) (refused)
            }
        }
        @if run == Run::Dry && created + changed > 0 {
            form.actions.before method="post" action="/console/accounts/import" enctype="multipart/form-data" {
                textarea name="list" hidden { (list) }
                button.primary type="submit" name="confirmed" value="yes" { (visitor.pick("Importer maintenant", "Import now")) " (" (created + changed) ")" }
            }
        }
        div.listing { table.folds {
            thead { tr {
                th.number { (visitor.pick("Ligne", "Line")) }
                th { (visitor.pick("Adresse", "Address")) }
                th { (visitor.pick("Résultat", "Result")) }
            } }
            tbody { @for line in shown { tr {
                td.number data-label=(visitor.pick("ligne", "line")) { (line.line) }
                td { (line.address) }
                td { (word(visitor, line.outcome))
                    @for refusal in &line.refusals { p.hint { (refusal.sentence(visitor.language)) } } }
            } } }
        } }
        h2 { (visitor.pick("Une autre liste", "Another list")) }
    }
}

fn word(visitor: &Visitor, outcome: LineOutcome) -> Markup {
    let (tone, word) = match outcome {
        LineOutcome::Created => ("badge good", visitor.pick("créé", "created")),
        LineOutcome::Changed => ("badge good", visitor.pick("changé", "changed")),
        LineOutcome::Unchanged => ("badge", visitor.pick("inchangé", "unchanged")),
        LineOutcome::Refused => ("badge bad", visitor.pick("refusé", "refused")),
    };
    html! { span class=(tone) { (word) } }
}
