//! Who calls, and from where.

use super::{Api, Problem, Trust};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use relais_app::core::authority::Actor;
use relais_app::core::refusal::{CredentialFault, Refusal};
use relais_app::core::sign_in::SessionExtent;
use relais_app::{Caller, Error, Network};
use std::net::SocketAddr;

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let AnyCaller(caller) = AnyCaller::from_request_parts(parts, api).await?;
        match caller.extent {
            SessionExtent::Whole => Ok(caller),
            SessionExtent::SettingUp => Err(Refusal::from(CredentialFault::SecondFactorToSetUp).into()),
        }
    }
}

/// A caller who may still have to set up a second factor: for what leads there, and for signing out.
pub struct AnyCaller(pub Caller);

impl FromRequestParts<Api> for AnyCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(AUTHORIZATION) else {
            return match api.trust {
                Trust::OperatorSocket => Ok(Self(Caller::whole(Actor::Operator))),
                Trust::Network => Err(Problem::SecretMissing),
            };
        };
        let secret = value.to_str().ok().and_then(bearer).ok_or(Problem::SecretUnknown)?;
        api.app.caller(secret).await?.map(Self).ok_or(Problem::SecretUnknown)
    }
}

/// The secret behind `Bearer` (RFC 6750, section 2.1; the scheme's name is in any case, RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

/// Where a request comes from, as far as failed sign-ins are counted.
pub struct Peer(pub Network);

impl FromRequestParts<Api> for Peer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        match api.trust {
            Trust::OperatorSocket => Ok(Self(Network::Local)),
            Trust::Network => {
                let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
                let ConnectInfo(peer) = info.ok_or_else(|| {
                    Error::Internal("the API is served without the address of its peers".to_owned())
                })?;
                Ok(Self(Network::from(peer.ip())))
            }
        }
    }
}
