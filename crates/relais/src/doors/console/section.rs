//! The parts of the console, as the list at the side names and groups them.

use super::visitor::Visitor;
use maud::{Markup, html};
use relais_app::core::authority::Power;
use relais_app::core::language::Language;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Overview,
    Accounts,
    Departures,
    Invitations,
    Groups,
    Mailboxes,
    Responders,
    Routing,
    Domains,
    Backups,
    Provision,
    Subscriptions,
    Organisation,
    Policies,
    SignOn,
    Directories,
    Scim,
    Applications,
    Events,
}

/// French, English, and what stands below it.
const PARTS: [(&str, &str, &[Section]); 5] = [
    ("", "", &[Section::Overview]),
    ("Personnes", "People", &[Section::Accounts, Section::Departures, Section::Invitations, Section::Groups]),
    (
        "Courrier",
        "Mail",
        &[Section::Mailboxes, Section::Responders, Section::Routing, Section::Domains, Section::Backups],
    ),
    ("Argent", "Money", &[Section::Provision, Section::Subscriptions]),
    (
        "Organisation",
        "Organisation",
        &[
            Section::Organisation,
            Section::Policies,
            Section::SignOn,
            Section::Directories,
            Section::Scim,
            Section::Applications,
            Section::Events,
        ],
    ),
];

impl Section {
    fn place(self) -> &'static str {
        match self {
            Self::Overview => "/console",
            Self::Accounts => "/console/accounts",
            Self::Departures => "/console/departures",
            Self::Invitations => "/console/invitations",
            Self::Groups => "/console/groups",
            Self::Mailboxes => "/console/mailboxes",
            Self::Responders => "/console/responders",
            Self::Routing => "/console/routing",
            Self::Domains => "/console/domains",
            Self::Backups => "/console/backups",
            Self::Provision => "/console/provision",
            Self::Subscriptions => "/console/subscriptions",
            Self::Organisation => "/console/organisation",
            Self::Policies => "/console/policies",
            Self::SignOn => "/console/sign-on",
            Self::Directories => "/console/directories",
            Self::Scim => "/console/scim",
            Self::Applications => "/console/applications",
            Self::Events => "/console/events",
        }
    }

    fn name(self, language: Language) -> &'static str {
        match self {
            Self::Overview => language.pick("Vue d'ensemble", "Overview"),
            Self::Accounts => language.pick("Comptes", "Accounts"),
            Self::Departures => language.pick("Départs", "Departures"),
            Self::Invitations => language.pick("Invitations", "Invitations"),
            Self::Groups => language.pick("Groupes", "Groups"),
            Self::Mailboxes => language.pick("Boîtes partagées", "Shared mailboxes"),
            Self::Responders => language.pick("Répondeurs", "Responders"),
            Self::Routing => language.pick("Où va le courrier\u{a0}?", "Where does mail go?"),
            Self::Domains => language.pick("Domaines", "Domains"),
            Self::Backups => language.pick("Sauvegardes", "Backups"),
            Self::Provision => language.pick("Provision", "Provision"),
            Self::Subscriptions => language.pick("Abonnements", "Subscriptions"),
            Self::Organisation => language.pick("Réglages", "Settings"),
            Self::Policies => language.pick("Règles", "Policies"),
            Self::SignOn => language.pick("Connexion unique (SSO)", "Single sign-on"),
            Self::Directories => language.pick("Annuaires", "Directories"),
            Self::Scim => language.pick("Approvisionnement (SCIM)", "Provisioning (SCIM)"),
            Self::Applications => language.pick("Applications", "Applications"),
            Self::Events => language.pick("Journal", "Log"),
        }
    }

    /// What one needs for it to be of any use.
    fn power(self) -> Power {
        match self {
            Self::Overview
            | Self::Accounts
            | Self::Departures
            | Self::Invitations
            | Self::Groups
            | Self::Mailboxes
            | Self::Responders
            | Self::Routing
            | Self::Domains => Power::Read,
            Self::Backups | Self::Scim | Self::Events => Power::EndAccounts,
            Self::Provision => Power::ReadProvision,
            Self::Subscriptions => Power::Subscribe,
            Self::Organisation | Self::Policies | Self::SignOn | Self::Directories | Self::Applications => {
                Power::ManageOrganisation
            }
        }
    }
}

/// Those that are of use to the visitor.
pub fn list(visitor: &Visitor, current: Option<Section>) -> Markup {
    html! {
        @for (french, english, all) in PARTS {
            @let useful: Vec<Section> = all.iter().copied().filter(|section| visitor.has(section.power())).collect();
            @if !useful.is_empty() {
                @if !french.is_empty() { p.part { (visitor.pick(french, english)) } }
                ul { @for section in useful {
                    li { a href=(section.place()) aria-current=[(current == Some(section)).then_some("page")] {
                        (section.name(visitor.language))
                    } }
                } }
            }
        }
    }
}
