//! Lists that are searched by a word and shown a page at a time.

use super::fields::Fields;
use super::visitor::Visitor;
use maud::{Markup, html};
use relais_app::core::text::fold;
use std::fmt::Display;

/// Lines of one page.
const PAGE_MAX: usize = 50;

/// Which lines are asked for.
pub struct Finder {
    search: String,
    skip: usize,
}

/// What is on the page that is asked for.
pub struct Found<T> {
    pub lines: Vec<T>,
    skip: usize,
    more: bool,
}

impl Finder {
    pub fn of(asked: &Fields) -> Self {
        Self {
            search: asked.get("search").map(fold).unwrap_or_default(),
            skip: asked.read("skip").unwrap_or_default(),
        }
    }

    /// Whether what is searched for stands in one of `texts`.
    pub fn fits(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| fold(text).contains(&self.search))
    }

    pub fn page<T>(&self, all: impl IntoIterator<Item = T>) -> Found<T> {
        let mut rest = all.into_iter().skip(self.skip);
        let lines = rest.by_ref().take(PAGE_MAX).collect();
        Found { lines, skip: self.skip, more: rest.next().is_some() }
    }
}

impl<T> Found<T> {
    /// The same page, with more said of each line.
    pub fn with<U, E>(self, tell: impl FnMut(T) -> Result<U, E>) -> Result<Found<U>, E> {
        let lines = self.lines.into_iter().map(tell).collect::<Result<_, E>>()?;
        Ok(Found { lines, skip: self.skip, more: self.more })
    }

    pub fn pages(&self, visitor: &Visitor, place: &str, asked: &Fields) -> Markup {
        pages(visitor, place, asked, "skip", self.more.then_some(self.skip + PAGE_MAX))
    }
}

/// The way to the next page, and back to the first: where a page begins, the field `name` says.
pub fn pages(
    visitor: &Visitor,
    place: &str,
    asked: &Fields,
    name: &'static str,
    next: Option<impl Display>,
) -> Markup {
    let is_first = !asked.has(name);
    // That something was done was said on the page before.
    let others = asked.without(name).filter(|(other, _)| *other != "done");
    let next = next.map(|next| next.to_string());
    html! {
        @if next.is_some() || !is_first {
            form.actions method="get" action=(place) {
                @for (other, value) in others { input type="hidden" name=(other) value=(value); }
                @if !is_first { button type="submit" { (visitor.pick("Première page", "First page")) } }
                @if let Some(next) = next { button type="submit" name=(name) value=(next) { (visitor.pick("Page suivante", "Next page")) } }
            }
        }
    }
}

/// The field to search with, and for whoever may the way to make a new one.
pub fn field(visitor: &Visitor, place: &str, asked: &Fields, label: &str, make: Option<&str>) -> Markup {
    html! {
        form.filters method="get" action=(place) {
            div.field.grow {
                label for="search" { (label) }
                input #search name="search" type="search" value=[asked.get("search")];
            }
            button type="submit" { (visitor.pick("Chercher", "Search")) }
            @if let Some(make) = make { a.button.primary href={ (place) "/new" } { (make) } }
        }
    }
}

/// In the place of an empty list: that nothing fits, or that there is `none`.
pub fn nothing(visitor: &Visitor, place: &str, asked: &Fields, none: &str) -> Markup {
    html! {
        p.empty {
            @if asked.has("search") {
                (visitor.pick("Rien ne correspond.", "Nothing fits."))
                " " a href=(place) { (visitor.pick("Tout montrer", "Show all")) }
            } @else { (none) }
        }
    }
}
