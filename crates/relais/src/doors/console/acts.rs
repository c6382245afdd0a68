//! Which acts are offered for an account: those that the table and the visitor's role allow. Where something else stands in
//! the way, the act's own page says so.

use super::visitor::Visitor;
use maud::{Markup, html};
use relais_app::core::account::Account;
use relais_app::core::authority::Power;
use relais_app::core::rights::{Act, State, allows, standing};

/// What can be asked of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    Depart,
    Deactivate,
    Reactivate,
    Delete,
}

impl Offer {
    const ALL: [Self; 4] = [Self::Depart, Self::Deactivate, Self::Reactivate, Self::Delete];

    fn name(self, visitor: &Visitor) -> &'static str {
        match self {
            Self::Depart => visitor.pick("Organiser son départ", "Arrange their departure"),
            Self::Deactivate => visitor.pick("Désactiver", "Deactivate"),
            Self::Reactivate => visitor.pick("Réactiver", "Reactivate"),
            Self::Delete => visitor.pick("Supprimer", "Delete"),
        }
    }

    fn last_part(self) -> &'static str {
        match self {
            Self::Depart => "departure",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::Delete => "delete",
        }
    }

    fn is_for(self, visitor: &Visitor, account: &Account) -> bool {
        let (power, act) = match self {
            Self::Depart => {
                // A departure takes out whoever is here, and whoever was closed before it could be planned.
                let open = [Act::BeDeactivated, Act::BeReactivated];
                return visitor.has_over(Power::EndAccounts, account)
                    && open.into_iter().any(|act| allows(account, act, visitor.app.now()));
            }
            Self::Deactivate => (Power::EndAccounts, Act::BeDeactivated),
            Self::Reactivate => (Power::Reactivate, Act::BeReactivated),
            Self::Delete => (Power::EndAccounts, Act::BeDeleted),
        };
        visitor.has_over(power, account) && allows(account, act, visitor.app.now())
    }
}

/// The links to what can be asked of `account`.
pub fn offered(visitor: &Visitor, account: &Account) -> Vec<(Offer, String, &'static str)> {
    let offers = Offer::ALL.into_iter().filter(|offer| offer.is_for(visitor, account));
    offers
        .map(|offer| {
            let place = format!("/console/accounts/{}/{}", account.id, offer.last_part());
            (offer, place, offer.name(visitor))
        })
        .collect()
}

/// The state of an account, and what is about to change it.
pub fn state_badges(visitor: &Visitor, account: &Account) -> Markup {
    let state = standing(account, visitor.app.now());
    let tone = match state {
        State::Active => "badge good",
        State::Invited => "badge plain",
        State::Deactivated => "badge warn",
        State::Deleted => "badge",
    };
    html! {
        span class=(tone) { (crate::doors::words::state(state, visitor.language)) }
        @if let Some(at) = account.leaves_at.filter(|at| *at > visitor.app.now()) {
            " " span.badge.warn { (visitor.pick("part le ", "leaves on ")) (visitor.day(at)) }
        }
        @if account.legal_hold.is_some() {
            " " span.badge.bad { (visitor.pick("à conserver", "legal hold")) }
        }
    }
}
