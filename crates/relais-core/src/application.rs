//! Applications: programs that are connected to one organisation, keep content for its accounts, and are told what
//! becomes of them.

use crate::ids::{ApplicationId, OrganisationId};
use crate::refusal::Refusal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Application {
    pub id: ApplicationId,
    pub organisation: OrganisationId,
    pub name: String,
    /// Where it is told what happens; without one it only asks.
    #[schema(example = "https://boards.example/relais")]
    pub url: Option<String>,
    pub created_at: Timestamp,
    /// From then on its token opens nothing and it is told nothing.
    pub ended_at: Option<Timestamp>,
}

const URL_BYTES_MAX: usize = 2000;

/// Whether webhooks may be sent to `url`: absolute, http or https, with a host and without user, password or fragment.
/// Which hosts may be reached is judged when it is sent, by what the host's name stands for then.
///
/// # Errors
/// [`Refusal::WebhookUrlInvalid`].
pub fn check_url(url: &str) -> Result<(), Refusal> {
    if is_whole_url(url) { Ok(()) } else { Err(Refusal::WebhookUrlInvalid { url: url.to_owned() }) }
}

/// Whether `url` is absolute, http or https, with a host and without user, password or fragment.
#[must_use]
pub(crate) fn is_whole_url(url: &str) -> bool {
    let rest = ["https://", "http://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
    let authority = rest.and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let plain = url.len() <= URL_BYTES_MAX && url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    plain && !host.is_empty() && !authority.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_goes_to_a_whole_address_and_names_nobody() {
        for good in ["https://a.example", "https://a.example:8443/x?y=1", "http://127.0.0.1:80/"] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in
            ["", "ftp://a", "https://", "https://:80", "https://u:p@a", "https://a/#b", "https://a/ b", "/x"]
        {
            assert_eq!(check_url(bad).map_err(|refusal| refusal.code()), Err("webhook_url_invalid"), "{bad}");
        }
    }
}
