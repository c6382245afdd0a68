//! What people take along: for admins the list of what was made, for the person the page behind the link.

use super::find::require;
use super::input::Segment;
use super::{Answer, Api, Created, Problem};
use crate::doors::accept::asked_language;
use crate::doors::link_page::{self, FormLeads};
use crate::doors::numbers::size;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use http_body_util::channel::Channel;
use hyper::body::Bytes;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::language::Language;
use relais_app::read::Export;
use relais_app::{Caller, Error, Relais, TakenExport};
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const CHUNK_BYTES: usize = 64 << 10;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list, take_along)).routes(routes!(send_again))
}

/// The page that the link in a letter opens. Looking at it uses nothing up: mail programs look at links too.
pub fn pages() -> axum::Router<Api> {
    axum::Router::new().route("/exports/{secret}", get(show).post(take))
}

/// List the archives that were made for the person, and whether they were taken
#[utoipa::path(get, path = "/accounts/{account}/exports", tag = "exports", responses((status = 200, body = Vec<Export>)))]
async fn list(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Vec<Export>> {
    let found = api.account(&caller, &account).await?;
    Ok(Json(api.app.exports_of(found.id, caller.actor).await?))
}

/// Make an archive of everything that is one's own
///
/// Of the newest verified backup; the link to it goes to one's own address, and the one asked for before is void. Nobody asks for
/// another's: whoever leaves gets theirs by the departure.
#[utoipa::path(post, path = "/accounts/{account}/exports", tag = "exports", responses((status = 201, body = Export)))]
async fn take_along(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Result<Created<Export>, Problem> {
    let id = api.account(&caller, &account).await?.id;
    let of = api.app.export_own(id, caller.actor).await?;
    Ok(Created { location: format!("/api/v1/accounts/{id}/exports"), of })
}

/// Make the last archive anew and send its link; the link that was sent before is void
#[utoipa::path(post, path = "/accounts/{account}/exports/link", tag = "exports", responses((status = 200, body = Export)))]
async fn send_again(
    State(api): State<Api>,
    caller: Caller,
    Segment(account): Segment<String>,
) -> Answer<Export> {
    let found = api.account(&caller, &account).await?;
    require(&caller, Power::EndAccounts, found.organisation)?;
    Ok(Json(api.app.send_export_again(found.id, caller.actor).await?))
}

async fn show(
    State(api): State<Api>,
    Segment(secret): Segment<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match api.app.export_of_link(&secret).await {
        Ok(found) => {
            let language = asked_language(&headers).unwrap_or(found.organisation.language);
            let title = language.pick("Votre archive", "Your archive");
            let page = link_page::page(title, &offer(&found, language), language);
            Ok(link_page::answered(StatusCode::OK, page, FormLeads::Here, language))
        }
        Err(error) => void(error, &headers),
    }
}

async fn take(
    State(api): State<Api>,
    Segment(secret): Segment<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (found, file) = match api.app.open_export(&secret).await {
        Ok(opened) => opened,
        Err(error) => return void(error, &headers),
    };
    let name = format!("attachment; filename=\"{}.zip\"", found.export.account);
    let head = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, found.export.size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    Ok((head, sent(api.app.clone(), found, file)).into_response())
}

/// The file as fast as it is taken; the link is used up when its last byte was.
fn sent(app: Arc<Relais>, taken: TakenExport, mut file: tokio::fs::File) -> Body {
    let (mut sender, body) = Channel::<Bytes, Error>::new(1);
    tokio::spawn(async move {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let length = match file.read(&mut chunk).await {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) => {
                    tracing::warn!(%error, "an archive was cut off");
                    return sender.abort(error.into());
                }
            };
            if sender.send_data(Bytes::copy_from_slice(&chunk[..length])).await.is_err() {
                return;
            }
        }
        if let Err(error) = app.export_was_taken(&taken.export).await {
            tracing::warn!(%error, export = %taken.export.id, "a link that was used can be used once more");
        }
    });
    Body::new(body)
}

fn void(error: Error, headers: &HeaderMap) -> Result<Response, Problem> {
    let language = asked_language(headers).unwrap_or_default();
    let Error::Refused(refusal) = error else { return Err(error.into()) };
    let title = language.pick("Lien périmé", "Link no longer valid");
    let main = html! { p.wrong role="alert" { (refusal.sentence(language)) } };
    Ok(link_page::answered(
        StatusCode::CONFLICT,
        link_page::page(title, &main, language),
        FormLeads::Here,
        language,
    ))
}

fn offer(found: &TakenExport, language: Language) -> Markup {
    let until = match language {
        Language::French => found.export.expires_at.strftime("%d/%m/%Y"),
        Language::English => found.export.expires_at.strftime("%-d %B %Y"),
    };
    html! {
        p { (match language {
            Language::French => format!("{} a préparé cette archive pour vous : vos messages (les personnels aussi), vos contacts et vos agendas.", found.organisation.name),
            Language::English => format!("{} has prepared this archive for you: your messages (personal ones too), your contacts and your calendars.", found.organisation.name),
        }) }
        dl {
            dt { (language.pick("Taille", "Size")) } dd { (size(found.export.size_bytes.unsigned_abs(), language)) }
            dt { (language.pick("Disponible jusqu'au", "Available until")) } dd { (until) }
            dt { (language.pick("Mot de passe de l'archive", "Password of the archive")) } dd { code { (found.password) } }
        }
        p.under { (language.pick(
            "Notez d'abord le mot de passe : personne d'autre ne l'a, et cette page ne s'ouvre plus après le téléchargement. L'archive s'ouvre avec 7-Zip ou WinZip, ou Keka sur Mac ; l'explorateur de Windows n'y suffit pas toujours.",
            "Write the password down first: nobody else has it, and this page does not open again after the download. The archive opens with 7-Zip or WinZip, or Keka on a Mac; the explorer of Windows may not be enough.",
        )) }
        form method="post" { button type="submit" { (language.pick("Télécharger l'archive", "Download the archive")) } }
    }
}
