//! What every page has around it: the head, the way to the other pages, the language, signing out.

use super::assets::PLACES;
use super::fault::Fault;
use super::place;
use super::section::Section;
use super::visitor::Visitor;
use crate::doors::failure;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::language::Language;

/// After how many seconds a page is read again.
#[derive(Debug, Clone, Copy)]
enum Again {
    Always(u32),
    /// The script follows what goes on by itself.
    WithoutScript(u32),
}

/// One page of somebody who is signed in.
pub struct Page<'a> {
    pub title: &'a str,
    /// What is marked in the list at the side.
    pub section: Option<Section>,
    pub main: Markup,
}

impl Visitor {
    pub fn page(&self, page: &Page<'_>) -> Response {
        self.page_with(StatusCode::OK, page)
    }

    pub fn page_with(&self, status: StatusCode, page: &Page<'_>) -> Response {
        self.written(status, page, None)
    }

    /// A page of something that goes on: without the script it is read again after so many seconds.
    pub fn page_read_again(&self, page: &Page<'_>, after_s: u32) -> Response {
        self.written(StatusCode::OK, page, Some(Again::WithoutScript(after_s)))
    }

    /// A page that waits for something: it is read again after so many seconds.
    pub fn page_reloading(&self, page: &Page<'_>, after_s: u32) -> Response {
        self.written(StatusCode::OK, page, Some(Again::Always(after_s)))
    }

    fn written(&self, status: StatusCode, page: &Page<'_>, again: Option<Again>) -> Response {
        let language = self.language;
        let title = format!("{} · {}", page.title, self.organisation.name);
        let body = html! {
            a.skip href="#main" { (language.pick("Aller au contenu", "Skip to the content")) }
            (head(self))
            div.frame {
                nav #menu popover="auto" aria-label=(language.pick("Rubriques", "Sections")) { (place::list(self, page.section)) }
                main #main tabindex="-1" {
                    h1 { (page.title) }
                    (page.main)
                }
            }
        };
        answer(status, &document(&title, &body, language, again), language)
    }
}

fn head(visitor: &Visitor) -> Markup {
    let language = visitor.language;
    html! {
        header.head {
            a.brand href="/" {
                img src=(PLACES.sign) alt="" width="28" height="28";
                span { (visitor.organisation.name) }
            }
            @if visitor.has(Power::Read) {
                form.search role="search" method="get" action="/console/accounts" {
                    label.unseen for="find" { (language.pick("Chercher un compte", "Find an account")) }
                    input #find name="search" type="search" placeholder=(language.pick("Nom ou adresse…", "Name or address…"));
                }
            }
            div.tools {
                (languages(&visitor.place, language))
                details.account {
                    summary { span.initials aria-hidden="true" { (initials(&visitor.account.name)) } span.who { (visitor.account.name) } }
                    div.sheet {
                        p.hint { (visitor.account.address) }
                        p { a href="/me" { (language.pick("Mon compte", "My account")) } }
                        form method="post" action="/sign-out" {
                            button.wide type="submit" { (language.pick("Se déconnecter", "Sign out")) }
                        }
                    }
                }
                button.menu type="button" popovertarget="menu" { (language.pick("Menu", "Menu")) }
            }
        }
    }
}

/// The first letters of the first and the last word of a name.
fn initials(name: &str) -> String {
    let first = |word: &str| word.chars().next();
    let mut words = name.split_whitespace();
    let letters = [words.next().and_then(first), words.next_back().and_then(first)];
    letters.into_iter().flatten().collect()
}

/// The other language, by its own name.
fn languages(place: &str, language: Language) -> Markup {
    let (other, name) = match language {
        Language::French => (Language::English, "English"),
        Language::English => (Language::French, "Français"),
    };
    html! {
        form.language method="post" action="/language" {
            input type="hidden" name="wanted" value=(place);
            button.quiet type="submit" name="language" value=(other.tag()) lang=(other.tag()) { (name) }
        }
    }
}

/// A page without the rest of the console: for whoever is not signed in, or cannot be.
pub fn alone(status: StatusCode, title: &str, main: &Markup, language: Language) -> Response {
    let body = html! {
        main.alone #main {
            img src=(PLACES.sign) alt="Relais" width="40" height="40";
            h1 { (title) }
            (main)
            div.under { (languages("/sign-in", language)) }
        }
    };
    answer(status, &document(title, &body, language, None), language)
}

/// The page of what went wrong, with the way back.
pub fn fault(visitor: &Visitor, fault: &Fault) -> Response {
    let main = html! {
        (refused(&fault.sentences(visitor.language)))
        p.actions {
            @if visitor.has(Power::Read) {
                a.button href="/console" { (visitor.pick("Vue d'ensemble", "Overview")) }
            }
            a.button href="/me" { (visitor.pick("Mon compte", "My account")) }
        }
    };
    let title = failure::title(fault.status(), visitor.language);
    visitor.page_with(fault.status(), &Page { title, section: None, main })
}

/// What stands in the way, one sentence each.
pub fn refused(sentences: &[String]) -> Markup {
    html! {
        div.refusal role="alert" {
            @match sentences {
                [one] => p { (one) },
                many => ul { @for sentence in many { li { (sentence) } } },
            }
        }
    }
}

/// What was done.
pub fn done(sentence: &str) -> Markup {
    html! { p.done role="status" { (sentence) } }
}

/// A secret that is shown this once: what it is for, and whose.
pub fn shown_once(visitor: &Visitor, what: &str, whose: &str, secret: &str) -> Markup {
    html! {
        section.card {
            h2 { (what) span dir="auto" { (whose) } }
            p.warning { (visitor.pick(
                "Copiez-le maintenant\u{a0}: il ne sera plus jamais affiché.",
                "Copy it now: it will never be shown again.",
            )) }
            p { code.secret { (secret) } }
        }
    }
}

fn document(title: &str, body: &Markup, language: Language, again: Option<Again>) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                meta name="color-scheme" content="light dark";
                @match again {
                    Some(Again::Always(seconds)) => meta http-equiv="refresh" content=(seconds);,
                    Some(Again::WithoutScript(seconds)) => noscript { meta http-equiv="refresh" content=(seconds); },
                    None => {},
                }
                title { (title) }
                link rel="icon" href=(PLACES.sign) type="image/svg+xml";
                link rel="stylesheet" href=(PLACES.style);
                script type="module" src=(PLACES.script) {}
            }
            body { (body) }
        }
    }
}

fn answer(status: StatusCode, page: &Markup, language: Language) -> Response {
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_LANGUAGE, language.tag()),
        (header::VARY, "accept-language, cookie"),
    ];
    (status, head, page.0.clone()).into_response()
}
