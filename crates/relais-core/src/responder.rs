//! Responders: when one may go.

use crate::address::EmailAddress;
use crate::organisation::Responder;
use crate::refusal::Refusal;

/// Whether mail would be lost without the responder: its own addresses go with it, what others lead to it does not.
///
/// # Errors
/// [`Refusal::ResponderInUse`].
pub fn check_unneeded(
    responder: &Responder,
    catch_all_of: Vec<String>,
    redirected_by: Vec<EmailAddress>,
) -> Result<(), Refusal> {
    let redirects = redirected_by.iter().map(ToString::to_string);
    let by: Vec<String> = catch_all_of.into_iter().chain(redirects).collect();
    if by.is_empty() {
        Ok(())
    } else {
        Err(Refusal::ResponderInUse { responder: responder.name.clone(), by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{OrganisationId, ResponderId};
    use jiff::Timestamp;

    #[test]
    fn what_still_leads_to_it_is_named() {
        let responder = Responder {
            id: ResponderId::from_number(1),
            organisation: OrganisationId::from_number(1),
            name: "Partis".into(),
            text: "Parti.".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(check_unneeded(&responder, vec![], vec![]), Ok(()));
        let redirecting = vec!["user1@bm.com".parse().expect("an address")];
        let by = vec!["bm.com".to_owned(), "user1@bm.com".to_owned()];
        assert_eq!(
            check_unneeded(&responder, vec!["bm.com".into()], redirecting),
            Err(Refusal::ResponderInUse { responder: "Partis".into(), by })
        );
    }
}
