//! The console: pages in a browser, for whoever administers an organisation and for each person's own account. HTML from
//! the server; a small script makes some things quicker, and nothing needs it.
//!
//! A page asks the application as the API does, and decides nothing: which buttons it shows is asked of
//! `Actor::has` and `rights::may`, and pressing one that should not have been there ends in the same refusal.

mod account;
mod account_list;
mod accounts;
mod acts;
mod applications;
mod assets;
mod backups;
mod chart;
mod departures;
mod directories;
mod domains;
mod ending;
mod escape;
mod events;
mod fault;
mod fields;
mod find;
mod finder;
mod groups;
mod guard;
mod invitations;
mod jobs;
mod layout;
mod mailboxes;
mod me;
mod newcomers;
mod operator;
mod organisation;
mod overview;
mod passkeys;
mod personal;
mod photo;
mod place;
mod policies;
mod provision;
mod responders;
mod routing;
mod said;
mod scim;
mod section;
mod set_up;
mod sign_in;
mod sign_on;
mod subscriptions;
mod suggest;
mod upload;
mod visitor;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use fault::Fault;
use relais_app::Relais;
use std::sync::Arc;

/// The largest form.
const BODY_BYTES_MAX: usize = 1 << 20;

/// What handlers share.
#[derive(Clone)]
struct Console {
    app: Arc<Relais>,
}

/// The door, to be served with `ConnectInfo<SocketAddr>`: sign-ins are counted by where they come from.
pub fn router(app: Arc<Relais>) -> Router {
    let console = Console { app };
    let nothing_here = || any(async || Fault::not_found());
    let inside = Router::new()
        .merge(overview::routes())
        .merge(me::routes())
        .merge(accounts::routes())
        .merge(newcomers::routes())
        .merge(account_list::routes())
        .merge(invitations::routes())
        .merge(account::routes())
        .merge(ending::routes())
        .merge(groups::routes())
        .merge(mailboxes::routes())
        .merge(responders::routes())
        .merge(domains::routes())
        .merge(backups::routes())
        .merge(departures::routes())
        .merge(jobs::routes())
        .merge(routing::routes())
        .merge(events::routes())
        .merge(directories::routes())
        .merge(sign_on::routes())
        .merge(scim::routes())
        .merge(applications::routes())
        .merge(policies::routes())
        .merge(provision::routes())
        .merge(subscriptions::routes())
        .merge(operator::routes())
        .merge(organisation::routes())
        .route("/console/{*rest}", nothing_here())
        .route("/me/{*rest}", nothing_here())
        .route("/operator/{*rest}", nothing_here())
        .layer(from_fn_with_state(console.clone(), visitor::enter));
    Router::new()
        .merge(inside)
        .merge(sign_in::routes())
        .merge(set_up::routes())
        .merge(passkeys::routes())
        .merge(assets::routes())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(console.clone(), guard::guard))
        .with_state(console)
}
