//! One's own photo, as others see it.

use super::{Said, Tab, answered, profile};
use crate::doors::console::Console;
use crate::doors::console::fault::{Answer, Fault};
use crate::doors::console::photo;
use crate::doors::console::upload::Upload;
use crate::doors::console::visitor::Visitor;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use maud::{Markup, html};
use relais_app::read::profiles;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/me/photo", get(show).post(set))
        .layer(DefaultBodyLimit::max(photo::UPLOAD_BYTES_MAX))
        .route("/me/photo/remove", post(remove))
}

async fn show(visitor: Visitor) -> Answer {
    photo::show(&visitor, visitor.account.id).await
}

async fn set(visitor: Visitor, upload: Upload) -> Answer {
    let done = photo::set(&visitor, visitor.account.id, upload).await;
    then(&visitor, done).await
}

async fn remove(visitor: Visitor) -> Answer {
    let done = photo::remove(&visitor, visitor.account.id).await;
    then(&visitor, done).await
}

async fn then(visitor: &Visitor, done: Result<(), Fault>) -> Answer {
    answered(done, Tab::Profile, async |fault| profile::as_it_is(visitor, &Said::Refused(fault)).await).await
}

/// On the page of one's own data.
pub async fn card(visitor: &Visitor) -> Result<Markup, Fault> {
    let id = visitor.account.id;
    let there = visitor.app.look(move |tx| profiles::photo(tx, id)).await?.is_some();
    Ok(html! {
        section.card.portrait {
            @if there { img src="/me/photo" alt=(visitor.pick("Ma photo", "My photo")) width="96" height="96"; }
            form.stack method="post" action="/me/photo" enctype="multipart/form-data" {
                div.field {
                    label for="photo" { (visitor.pick("Ma photo", "My photo")) }
                    input #photo name="photo" type="file" accept="image/jpeg,image/png,image/webp" required aria-describedby="photo-hint";
                    p.hint #photo-hint { (visitor.pick("JPEG, PNG ou WebP, 1\u{a0}Mo au plus.", "JPEG, PNG or WebP, 1\u{a0}MB at most.")) }
                }
                div { button type="submit" { (visitor.pick("Envoyer la photo", "Send the photo")) } }
            }
            @if there {
                form method="post" action="/me/photo/remove" { button.quiet type="submit" { (visitor.pick("Retirer la photo", "Remove the photo")) } }
            }
        }
    })
}
