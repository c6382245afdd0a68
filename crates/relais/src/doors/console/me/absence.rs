//! An automatic reply while one is away, with the days of it.

use super::{Said, Tab, answered, show};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::{Asked, Fields, Sent};
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::routing::get;
use jiff::civil::Date;
use maud::html;
use relais_app::core::inbound::{Inbound, LocalCopy, Phase, Treatment};
use relais_app::core::lifecycle::Command;

pub fn routes() -> Router<Console> {
    Router::new().route("/me/absence", get(look).post(save))
}

async fn look(visitor: Visitor, Asked(asked): Asked) -> Answer {
    page(&visitor, &typed_of(&visitor), &Said::by(&asked))
}

async fn save(visitor: Visitor, Sent(sent): Sent) -> Answer {
    let done = set(&visitor, &sent).await;
    answered(done, Tab::Absence, async |fault| page(&visitor, &sent, &Said::Refused(fault))).await
}

/// The phase that answers, now or later: since when, until when, and with what.
fn reply_of(visitor: &Visitor) -> Option<(Option<Date>, Option<Date>, &str)> {
    let phases = visitor.account.inbound.phases();
    let answers = |phase: &&Phase| matches!(&phase.treatment, Treatment::Accept { reply: Some(_), .. });
    let place = phases.iter().position(|phase| answers(&phase))?;
    let Treatment::Accept { reply: Some(text), .. } = &phases[place].treatment else { return None };
    let first = place.checked_sub(1).and_then(|before| phases[before].until).map(|at| visitor.date(at));
    // It ends when the day after the last one begins.
    let last = phases[place].until.and_then(|at| visitor.date(at).yesterday().ok());
    Some((first, last, text))
}

fn typed_of(visitor: &Visitor) -> Fields {
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    match reply_of(visitor) {
        Some((first, last, text)) => {
            [("first", day(first)), ("last", day(last)), ("text", text.to_owned())].into_iter().collect()
        }
        None => Fields::default(),
    }
}

async fn set(visitor: &Visitor, sent: &Fields) -> Result<(), Fault> {
    let now = visitor.app.now();
    // What is done with mail besides stays as it is.
    let usual = match visitor.account.inbound.at(now) {
        Treatment::Accept { redirect_to, .. } => {
            Treatment::Accept { copy: LocalCopy::Keep, redirect_to: redirect_to.clone(), reply: None }
        }
        Treatment::Refuse => Treatment::deliver(),
    };
    let inbound = match (sent.has("end"), sent.get("text")) {
        (true, _) => Inbound::always(usual)?,
        (false, None) => return Err(Fault::Missing { field: visitor.pick("texte", "text") }),
        (false, Some(text)) => {
            let day = |name: &'static str, field: &'static str| match sent.get(name) {
                Some(typed) => typed.parse::<Date>().map(Some).map_err(|_| Fault::Unfit { field }),
                None => Ok(None),
            };
            let first = day("first", visitor.pick("premier jour", "first day"))?;
            let last = day("last", visitor.pick("dernier jour", "last day"))?;
            let begins = first.and_then(|day| visitor.beginning(day)).filter(|at| *at > now);
            let ends = last.and_then(|day| visitor.beginning(day.tomorrow().ok()?));
            let mut phases = Vec::new();
            if let Some(begins) = begins {
                phases.push(Phase { until: Some(begins), treatment: usual.clone() });
            }
            let redirect_to = usual.redirect_targets().to_vec();
            let answering =
                Treatment::Accept { copy: LocalCopy::Keep, redirect_to, reply: Some(text.to_owned()) };
            phases.push(Phase { until: ends, treatment: answering });
            if ends.is_some() {
                phases.push(Phase { until: None, treatment: usual });
            }
            Inbound::new(phases)?
        }
    };
    visitor.app.execute(visitor.account.id, Command::SetInbound { inbound }, visitor.actor()).await?;
    Ok(())
}

fn page(visitor: &Visitor, typed: &Fields, said: &Said<'_>) -> Answer {
    let main = html! {
        p { (visitor.pick(
            "Votre courrier continue d'arriver. Qui vous écrit reçoit cette réponse, une fois par semaine au plus\u{a0}; les listes de diffusion et les machines n'en reçoivent pas.",
            "Your mail goes on arriving. Whoever writes to you has this reply, once a week at most; mailing lists and machines have none.",
        )) }
        form.stack.card method="post" action="/me/absence" {
            div.columns {
                div.field {
                    label for="first" { (visitor.pick("Premier jour", "First day")) }
                    input #first name="first" type="date" value=[typed.get("first")] aria-describedby="first-hint";
                    p.hint #first-hint { (visitor.pick("Vide\u{a0}: dès maintenant.", "Empty: from now on.")) }
                }
                div.field {
                    label for="last" { (visitor.pick("Dernier jour", "Last day")) }
                    input #last name="last" type="date" value=[typed.get("last")] aria-describedby="last-hint";
                    p.hint #last-hint { (visitor.pick("Vide\u{a0}: jusqu'à ce que vous l'arrêtiez.", "Empty: until you end it.")) }
                }
            }
            div.field {
                label for="text" { (visitor.pick("Réponse", "Reply")) }
                textarea #text name="text" rows="7" required { (typed.get("text").unwrap_or_default()) }
            }
            div { button.primary type="submit" { (visitor.pick("Enregistrer", "Save")) } }
        }
        @if reply_of(visitor).is_some() {
            form.actions method="post" action="/me/absence" {
                button.grave type="submit" name="end" value="1" { (visitor.pick("Arrêter la réponse", "End the reply")) }
            }
        }
    };
    Ok(show(visitor, Tab::Absence, said, &main))
}
