//! The door of calendars and address books: CalDAV (RFC 4791) and CardDAV (RFC 6352) under `/dav/`.
//!
//! The door lets in, looks at the path, and hands the request over to Radicale as whom it comes from. Who may see anything is
//! asked with every request; what a path may be used for is in [`place`]; the bytes pass by ([`relay`]).

mod answer;
mod place;
mod relay;

use answer::Denial;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metrics::counter;
use place::{Place, Wish};
use relais_app::core::account::Account;
use relais_app::core::collection::Share;
use relais_app::{Error, Extent, Network, Relais, Visitor};
use std::net::SocketAddr;
use std::sync::Arc;

/// What stands before every path of this door.
pub const PREFIX: &str = "/dav";
/// The largest body of a request: a whole calendar that is taken in at once.
pub const BODY_BYTES_MAX: u64 = 32 << 20;

/// The door, to be served with `ConnectInfo<SocketAddr>`: sign-ins are counted by where they come from.
pub fn router(app: Arc<Relais>) -> Router {
    Router::new()
        .route(PREFIX, any(visit))
        .route("/dav/", any(visit))
        .route("/dav/{*path}", any(visit))
        // How clients that know nothing but the host find it (RFC 6764, section 5).
        .route("/.well-known/caldav", any(home))
        .route("/.well-known/carddav", any(home))
        .with_state(app)
}

async fn home() -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, "/dav/")]).into_response()
}

async fn visit(
    State(app): State<Arc<Relais>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let response = match answer(&app, Network::from(peer.ip()), request).await {
        Ok(response) => response,
        Err(denial) => denial.into_response(),
    };
    counter!("relais_dav_requests_total", "status" => response.status().as_str().to_owned()).increment(1);
    response
}

async fn answer(app: &Arc<Relais>, network: Network, request: Request) -> Result<Response, Denial> {
    let visitor = let_in(app, network, request.headers()).await?;
    let path = request.uri().path();
    let place = place::read(path.strip_prefix(PREFIX).unwrap_or(path))?;
    let wish = Wish::of(request.method())?;
    app.open_home(&visitor).await?;
    let mut whole = Whole { app, visitor: &visitor, shares: None };
    whole.check(&place, wish).await?;
    if place == Place::Root && [Method::GET, Method::HEAD].contains(request.method()) {
        return Ok(answer::welcome());
    }
    let to = match relay::destination(&request)? {
        Some(to) => {
            whole.check(&to, Wish::Write).await?;
            Some(to)
        }
        None => None,
    };
    let owner = visitor.account.clone();
    if let Place::Own { collection, item: None, .. } = &place
        && *request.method() == Method::DELETE
    {
        let (app, collection) = (app.clone(), collection.clone());
        // Radicale removes it whether or not the client waits for the answer, and the shares of it go with it.
        let removing = tokio::spawn(async move {
            let response = pass(&app, &owner, request, &place, None).await?;
            if response.status().is_success() {
                app.collection_removed(&owner, &collection).await?;
            }
            Ok(response)
        });
        return removing.await.map_err(Error::from)?;
    }
    pass(app, &owner, request, &place, to.as_ref()).await
}

async fn pass(
    app: &Relais,
    visitor: &Account,
    request: Request,
    place: &Place,
    to: Option<&Place>,
) -> Result<Response, Denial> {
    let radicale = app.radicale().ok_or(Denial::Off)?;
    relay::pass(radicale, &visitor.id.to_string(), request, place, to).await
}

async fn let_in(app: &Relais, network: Network, headers: &HeaderMap) -> Result<Visitor, Denial> {
    let (login, password) = credentials(headers).ok_or(Denial::Unknown)?;
    Ok(app.visit_collections(&login, &password, network).await?)
}

/// RFC 7617.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (login, password) = text.split_once(':')?;
    Some((login.to_owned(), password.to_owned()))
}

/// A visit, with what is shared with the visitor as soon as that matters.
struct Whole<'a> {
    app: &'a Relais,
    visitor: &'a Visitor,
    shares: Option<Vec<Share>>,
}

impl Whole<'_> {
    /// Refuses what the visitor may not do at this place.
    async fn check(&mut self, place: &Place, wish: Wish) -> Result<(), Denial> {
        let own = self.visitor.account.id;
        if place.account().is_some_and(|account| account != own) {
            return Err(Denial::NotThere);
        }
        let share = match place {
            Place::Root | Place::Own { .. } => None,
            Place::Home { .. } => {
                self.shares().await?;
                None
            }
            Place::Shared { link, .. } => {
                let found = self.shares().await?.iter().find(|share| share.link() == *link).cloned();
                // Made by clients, it would be taken for one of ours.
                let missing = if wish == Wish::Make { Denial::Reserved } else { Denial::NotThere };
                Some(found.ok_or(missing)?)
            }
        };
        if self.visitor.extent == Extent::ReadOnly && wish != Wish::Read {
            return Err(Denial::Recovery);
        }
        place.check(wish, share.map(|share| share.right))
    }

    async fn shares(&mut self) -> Result<&Vec<Share>, Error> {
        let shares = match self.shares.take() {
            Some(shares) => shares,
            None => self.app.show_shares(self.visitor.account.id).await?,
        };
        Ok(self.shares.insert(shares))
    }
}
