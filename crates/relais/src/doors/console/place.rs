//! The places of the console: the organisation's pages, the operator's, one's own. The list at the side shows the pages of one
//! of them, and the way to the others.

use super::section::{self, Section};
use super::visitor::{Duty, Visitor};
use super::{me, operator};
use maud::{Markup, html};
use relais_app::core::authority::Power;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Organisation,
    Operator,
    Own,
}

impl Place {
    const ALL: [Self; 3] = [Self::Organisation, Self::Operator, Self::Own];

    fn of(path: &str) -> Self {
        let is_under = |place: &Self| path.split('/').nth(1) == place.first().split('/').nth(1);
        Self::ALL.into_iter().find(is_under).unwrap_or(Self::Organisation)
    }

    /// Its first page.
    fn first(self) -> &'static str {
        match self {
            Self::Organisation => "/console",
            Self::Operator => "/operator",
            Self::Own => "/me",
        }
    }

    fn name(self, visitor: &Visitor) -> &'static str {
        match self {
            Self::Organisation => visitor.pick("Mon organisation", "My organisation"),
            Self::Operator => visitor.pick("Exploitation", "Operation"),
            Self::Own => visitor.pick("Mon compte", "My account"),
        }
    }

    fn is_open_to(self, visitor: &Visitor) -> bool {
        match self {
            Self::Organisation => visitor.has(Power::Read),
            Self::Operator => visitor.duty == Duty::Operates,
            Self::Own => true,
        }
    }
}

/// The list at the side.
pub fn list(visitor: &Visitor, current: Option<Section>) -> Markup {
    let here = Place::of(path(visitor));
    let mut others = Place::ALL.to_vec();
    others.retain(|place| *place != here && place.is_open_to(visitor));
    html! {
        @if here.is_open_to(visitor) { @match here {
            Place::Organisation => (section::list(visitor, current)),
            Place::Operator => {
                p.part { (here.name(visitor)) }
                (links(visitor, operator::pages(visitor), here))
            },
            Place::Own => {
                p.part { (here.name(visitor)) }
                (links(visitor, me::pages(visitor), here))
            },
        } }
        @if !others.is_empty() {
            p.part.others { (visitor.pick("Aller à", "Go to")) }
            ul { @for place in others { li { a href=(place.first()) { (place.name(visitor)) } } } }
        }
    }
}

fn path(visitor: &Visitor) -> &str {
    visitor.place.split('?').next().unwrap_or_default()
}

/// Pages and their names. The first of a place is marked on itself alone, since all others lie under it.
fn links<'a>(visitor: &Visitor, pages: impl Iterator<Item = (&'static str, &'a str)>, of: Place) -> Markup {
    let path = path(visitor);
    let is_it = |page: &str| path == page || page != of.first() && path.starts_with(page);
    html! {
        ul { @for (page, name) in pages {
            li { a href=(page) aria-current=[is_it(page).then_some("page")] { (name) } }
        } }
    }
}
