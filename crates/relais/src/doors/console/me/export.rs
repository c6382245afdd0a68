//! Taking along what is one's own: an archive, by a link that goes to one's own address.

use super::{Said, Tab, answered, show};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::fields::Asked;
use crate::doors::console::visitor::Visitor;
use crate::doors::numbers::size;
use axum::Router;
use axum::routing::get;
use maud::{Markup, html};
use relais_app::core::backup::Holder;
use relais_app::read::{Export, generations};

pub fn routes() -> Router<Console> {
    Router::new().route("/me/export", get(look).post(make))
}

async fn look(visitor: Visitor, Asked(asked): Asked) -> Answer {
    page(&visitor, &Said::by(&asked)).await
}

async fn make(visitor: Visitor) -> Answer {
    let made = visitor.app.export_own(visitor.account.id, visitor.actor()).await;
    let done = made.map(drop).map_err(Fault::from);
    answered(done, Tab::Export, async |fault| page(&visitor, &Said::Refused(fault)).await).await
}

async fn page(visitor: &Visitor, said: &Said<'_>) -> Answer {
    let id = visitor.account.id;
    let newest = visitor.app.look(move |tx| generations::newest(tx, Holder::Account(id))).await?;
    let made = visitor.app.exports_of(id, visitor.actor()).await?;
    let main = html! {
        p.lead { (visitor.pick(
            "Vos messages (les personnels aussi), vos contacts et vos agendas, dans une archive protégée par un mot de passe.",
            "Your messages (personal ones too), your contacts and your calendars, in an archive under a password.",
        )) }
        section.card {
            @match &newest {
                None => p { (visitor.pick(
                    "Il n'y a pas encore de sauvegarde vérifiée de votre compte, dont l'archive serait tirée\u{a0}; revenez après la prochaine.",
                    "There is no verified backup of your account yet, of which the archive would be made; come back after the next one.",
                )) },
                Some(snapshot) => {
                    p {
                        (visitor.pick("Elle est tirée de la sauvegarde du ", "It is made of the backup of ")) (visitor.minute(snapshot.begun_at)) ". "
                        (visitor.pick("Le lien part à votre adresse et ne sert qu'une fois\u{a0}; sa page donne le mot de passe.", "The link goes to your own address and works once; its page gives the password."))
                    }
                    form.actions method="post" action="/me/export" {
                        button.primary type="submit" { (visitor.pick("M'envoyer mon archive", "Send me my archive")) }
                    }
                },
            }
        }
        @if !made.is_empty() { (archives(visitor, &made)) }
    };
    Ok(show(visitor, Tab::Export, said, &main))
}

fn archives(visitor: &Visitor, made: &[Export]) -> Markup {
    html! {
        h2 { (visitor.pick("Archives faites", "Archives made")) }
        div.listing { table.folds {
            thead { tr {
                th { (visitor.pick("Faite", "Made")) }
                th { (visitor.pick("Envoyée à", "Sent to")) }
                th { (visitor.pick("Taille", "Size")) }
                th { (visitor.pick("Lien", "Link")) }
            } }
            tbody { @for export in made { tr {
                td { (visitor.minute(export.made_at)) }
                td { (export.sent_to) }
                td { (size(export.size_bytes.unsigned_abs(), visitor.language)) }
                td { @match export.taken_at {
                    Some(at) => { (visitor.pick("utilisé le ", "used on ")) (visitor.minute(at)) },
                    None => { (visitor.pick("ouvert jusqu'au ", "open until ")) (visitor.day(export.expires_at)) },
                } }
            } } }
        } }
    }
}
