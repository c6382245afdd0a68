//! A refusal is product: a stable code, and a sentence in two languages that says what to do next.

mod faults;

use faults::{
    is_backup_fault_listed, is_content_fault_listed, is_directory_fault_listed, is_group_fault_listed,
    is_list_fault_listed, is_mailbox_fault_listed, is_scim_fault_listed, named_faults,
};
use jiff::civil::date;
use relais_core::address::EmailAddress;
use relais_core::domain::TxtRecord;
use relais_core::language::Language;
use relais_core::money::{Currency, Money};
use relais_core::refusal::{InvitationFault, OperatorFault, PolicyFault, ProfileFault, Refusal};
use relais_core::rights::{Act, State};
use std::collections::HashSet;

/// One of each. A new variant does not compile here until it has its place in [`every_refusal`].
fn is_listed(refusal: &Refusal) {
    match refusal {
        Refusal::NotAllowed
        | Refusal::NotInThisState { .. }
        | Refusal::OwnerCannotLeave
        | Refusal::RevokeRoleFirst
        | Refusal::LastCompanyAdmin
        | Refusal::OnlyGroupAdmin { .. }
        | Refusal::DeactivateFirst
        | Refusal::DeactivatedByAPerson
        | Refusal::DepartureInProgress
        | Refusal::AddressTaken { .. }
        | Refusal::AddressReserved { .. }
        | Refusal::AddressRetired { .. }
        | Refusal::AddressNotHeld { .. }
        | Refusal::AddressIsPrimary { .. }
        | Refusal::AddressStays { .. }
        | Refusal::DomainNotHosted { .. }
        | Refusal::DomainTaken { .. }
        | Refusal::DomainInvalid { .. }
        | Refusal::DomainNotProven { .. }
        | Refusal::DomainInUse { .. }
        | Refusal::ResponderInUse { .. }
        | Refusal::DomainIsProvider { .. }
        | Refusal::TargetNotActive { .. }
        | Refusal::NameInvalid
        | Refusal::InboundPhases
        | Refusal::InboundDropsMail
        | Refusal::InboundInThePast
        | Refusal::RedirectLoop { .. }
        | Refusal::RedirectNowhere { .. }
        | Refusal::PasswordLength { .. }
        | Refusal::SuccessorIsLeaver
        | Refusal::SuccessorNotActive { .. }
        | Refusal::SuccessorMissing
        | Refusal::NewMailAmbiguous
        | Refusal::DateInThePast
        | Refusal::DatesOutOfOrder
        | Refusal::ReasonMissing
        | Refusal::GrantTooLong { .. }
        | Refusal::DepartureNotUndoable
        | Refusal::DepartureNotHeld
        | Refusal::DepartureOver
        | Refusal::ProvisionShort { .. }
        | Refusal::AmountInvalid
        | Refusal::NumberInvalid { .. }
        | Refusal::CurrencyDiffers { .. }
        | Refusal::TimeZoneUnknown { .. }
        | Refusal::NoLongerOffered { .. }
        | Refusal::PlanFull { .. }
        | Refusal::PlanTooSmall { .. }
        | Refusal::PlanUnpaid
        | Refusal::SubscriptionNeeded { .. }
        | Refusal::FullLicencesUsed { .. }
        | Refusal::OwnDomainsUsed { .. }
        | Refusal::AliasLimit { .. }
        | Refusal::PaymentDiffers { .. }
        | Refusal::ReferenceInvalid
        | Refusal::PeriodEmpty { .. } => {}
        Refusal::QuotaInvalid
        | Refusal::PasswordResetVoid
        | Refusal::WebhookUrlInvalid { .. }
        | Refusal::JobOver
        | Refusal::JobItemFailed
        | Refusal::JobTargetGone
        | Refusal::CollectionUnknown { .. }
        | Refusal::SharedWithOwner => {}
        Refusal::Profile(fault) => match fault {
            ProfileFault::TextInvalid { .. }
            | ProfileFault::TooMany { .. }
            | ProfileFault::PhoneInvalid { .. }
            | ProfileFault::CountryUnknown { .. }
            | ProfileFault::BirthDateInTheFuture
            | ProfileFault::ExternalAddressHosted { .. }
            | ProfileFault::PhotoTooLarge { .. }
            | ProfileFault::PhotoKindUnknown
            | ProfileFault::PhotoSides { .. } => {}
        },
        Refusal::Backup(fault) => is_backup_fault_listed(fault),
        Refusal::Content(fault) => is_content_fault_listed(fault),
        Refusal::Directory(fault) => is_directory_fault_listed(fault),
        Refusal::Credential(_) | Refusal::Passkey(_) | Refusal::SignOn(_) | Refusal::Feed(_) => {}
        Refusal::Policy(fault) => match fault {
            PolicyFault::Days { .. } | PolicyFault::TextInvalid { .. } | PolicyFault::HeirUnknown { .. } => {}
        },
        Refusal::Operator(OperatorFault::LinkVoid | OperatorFault::LeadsNothing) => {}
        Refusal::Group(fault) => is_group_fault_listed(fault),
        Refusal::Mailbox(fault) => is_mailbox_fault_listed(fault),
        Refusal::Scim(fault) => is_scim_fault_listed(fault),
        Refusal::Invitation(fault) => match fault {
            InvitationFault::NotInvited { .. }
            | InvitationFault::ExternalAddressMissing { .. }
            | InvitationFault::NotFlexible { .. } => {}
        },
        Refusal::List(fault) => is_list_fault_listed(fault),
    }
}

fn every_refusal() -> Vec<Refusal> {
    let address = |text: &str| -> EmailAddress { text.parse().expect("an address") };
    let user1 = address("user1@bm.com");
    let record = TxtRecord { name: "_relais.bm.com".into(), value: "relais-domain-verification=abc".into() };
    let mut every = vec![
        Refusal::NotAllowed,
        Refusal::NotInThisState { act: Act::BeDeleted, state: State::Active },
        Refusal::OwnerCannotLeave,
        Refusal::RevokeRoleFirst,
        Refusal::LastCompanyAdmin,
        Refusal::OnlyGroupAdmin { groups: vec!["Ventes".into(), "Achats".into()] },
        Refusal::DeactivateFirst,
        Refusal::DeactivatedByAPerson,
        Refusal::DepartureInProgress,
        Refusal::AddressTaken { address: user1.clone() },
        Refusal::AddressReserved { address: address("abuse@bm.com") },
        Refusal::AddressRetired { address: user1.clone() },
        Refusal::AddressNotHeld { address: user1.clone() },
        Refusal::AddressIsPrimary { address: user1.clone() },
        Refusal::AddressStays { address: user1.clone() },
        Refusal::DomainNotHosted { domain: "bm.com".into() },
        Refusal::DomainTaken { domain: "bm.com".into() },
        Refusal::DomainInvalid { text: "bm".into() },
        Refusal::DomainNotProven { domain: "bm.com".into(), record },
        Refusal::ResponderInUse { responder: "Partis".into(), by: vec!["bm.com".into()] },
        Refusal::DomainInUse { domain: "bm.com".into(), addresses: vec![user1.clone()] },
        Refusal::DomainIsProvider { domain: "host.net".into() },
        Refusal::TargetNotActive { address: user1.clone() },
        Refusal::NameInvalid,
        Refusal::InboundPhases,
        Refusal::InboundDropsMail,
        Refusal::InboundInThePast,
        Refusal::RedirectLoop { through: vec![user1.clone(), address("user2@bm.com")] },
        Refusal::RedirectNowhere { address: user1.clone() },
        Refusal::PasswordLength { characters_min: 15 },
        Refusal::SuccessorIsLeaver,
        Refusal::SuccessorNotActive { address: user1 },
        Refusal::SuccessorMissing,
        Refusal::NewMailAmbiguous,
        Refusal::DateInThePast,
        Refusal::DatesOutOfOrder,
        Refusal::ReasonMissing,
        Refusal::GrantTooLong { days_max: 30 },
        Refusal::DepartureNotUndoable,
        Refusal::DepartureNotHeld,
        Refusal::DepartureOver,
        Refusal::ProvisionShort { missing: Money { amount_minor: 250, currency: Currency::Eur } },
        Refusal::AmountInvalid,
        Refusal::NumberInvalid { field: "accounts_max" },
        Refusal::CurrencyDiffers { offered: Currency::Chf, own: Currency::Eur },
        Refusal::TimeZoneUnknown { text: "Paris".into() },
        Refusal::NoLongerOffered { name: "Base".into() },
        Refusal::PlanFull { accounts_max: 50 },
        Refusal::PlanTooSmall { plan: "Mairie".into(), used: 51, max: 50 },
        Refusal::PlanUnpaid,
        Refusal::SubscriptionNeeded { accounts_free: 5 },
        Refusal::FullLicencesUsed { full_licences_max: 10 },
        Refusal::OwnDomainsUsed { own_domains_max: 1 },
        Refusal::AliasLimit { aliases_max: 3 },
        Refusal::PaymentDiffers { reference: "pay-1".into() },
        Refusal::ReferenceInvalid,
        Refusal::PeriodEmpty { from: date(2026, 12, 1), until: date(2026, 11, 1) },
        Refusal::QuotaInvalid,
        Refusal::PasswordResetVoid,
        Refusal::Operator(OperatorFault::LinkVoid),
        Refusal::Operator(OperatorFault::LeadsNothing),
        Refusal::JobOver,
        Refusal::JobItemFailed,
        Refusal::JobTargetGone,
        Refusal::WebhookUrlInvalid { url: "boards.example".into() },
        Refusal::CollectionUnknown { collection: "travail".into() },
        Refusal::SharedWithOwner,
    ];
    every.extend(named_faults().into_iter().map(|(refusal, _)| refusal));
    every.iter().for_each(is_listed);
    every
}

#[test]
fn every_refusal_has_a_code_of_its_own_in_snake_case() {
    let mut codes = HashSet::new();
    for refusal in every_refusal() {
        let code = refusal.code();
        assert!(codes.insert(code), "two refusals are called {code}");
        let words =
            code.split('_').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
        assert!(words, "{code}");
    }
}

#[test]
fn every_refusal_says_in_both_languages_what_to_do_next() {
    for refusal in every_refusal() {
        let (french, english) = (refusal.sentence(Language::French), refusal.sentence(Language::English));
        assert_ne!(french, english);
        for (sentence, semicolon) in [(&french, " ; "), (&english, "; ")] {
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
            let starts_well = sentence.starts_with(|c: char| !c.is_lowercase());
            // A sentence may begin with an address, which has no capital.
            assert!(starts_well || sentence.contains('@'), "{sentence}");
            let (_, next) =
                sentence.split_once(semicolon).unwrap_or_else(|| panic!("no instruction: {sentence}"));
            assert!(next.len() > 8, "{sentence}");
        }
        // English punctuation sticks, French punctuation does not.
        assert!(!english.contains(" ;") && !english.contains(" :"), "{english}");
        assert!(french.matches(';').count() == french.matches(" ; ").count(), "{french}");
        assert_eq!(refusal.to_string(), english);
    }
}

/// What has a name in it says the name: the person must not have to guess which group, which address.
#[test]
fn a_refusal_names_what_stands_in_the_way() {
    for language in [Language::French, Language::English] {
        let groups = Refusal::OnlyGroupAdmin { groups: vec!["Ventes".into(), "Achats".into()] };
        let sentence = groups.sentence(language);
        assert!(sentence.contains("Ventes") && sentence.contains("Achats"), "R16: {sentence}");
        for refusal in every_refusal() {
            let names = match &refusal {
                Refusal::AddressTaken { address }
                | Refusal::AddressReserved { address }
                | Refusal::AddressRetired { address }
                | Refusal::AddressNotHeld { address }
                | Refusal::AddressIsPrimary { address }
                | Refusal::AddressStays { address }
                | Refusal::TargetNotActive { address }
                | Refusal::RedirectNowhere { address }
                | Refusal::SuccessorNotActive { address } => vec![address.to_string()],
                Refusal::RedirectLoop { through } => through.iter().map(ToString::to_string).collect(),
                Refusal::DomainNotHosted { domain }
                | Refusal::DomainTaken { domain }
                | Refusal::DomainIsProvider { domain } => vec![domain.clone()],
                Refusal::DomainNotProven { domain, record } => {
                    vec![domain.clone(), record.name.clone(), record.value.clone()]
                }
                Refusal::DomainInUse { domain, addresses } => {
                    addresses.iter().map(ToString::to_string).chain([domain.clone()]).collect()
                }
                Refusal::ResponderInUse { responder, by } => {
                    [&by[..], std::slice::from_ref(responder)].concat()
                }
                Refusal::DomainInvalid { text } => vec![text.clone()],
                Refusal::PasswordLength { characters_min } => vec![characters_min.to_string()],
                Refusal::GrantTooLong { days_max } => vec![days_max.to_string()],
                Refusal::ProvisionShort { missing } => vec![missing.format(language)],
                Refusal::NumberInvalid { field } => vec![(*field).to_owned()],
                Refusal::CurrencyDiffers { offered, own } => {
                    vec![offered.code().to_owned(), own.code().to_owned()]
                }
                Refusal::TimeZoneUnknown { text } => vec![text.clone()],
                Refusal::NoLongerOffered { name } => vec![name.clone()],
                Refusal::PlanTooSmall { plan, used, max } => {
                    vec![plan.clone(), used.to_string(), max.to_string()]
                }
                Refusal::PlanFull { accounts_max: max }
                | Refusal::SubscriptionNeeded { accounts_free: max }
                | Refusal::FullLicencesUsed { full_licences_max: max }
                | Refusal::OwnDomainsUsed { own_domains_max: max }
                | Refusal::AliasLimit { aliases_max: max } => vec![max.to_string()],
                Refusal::PaymentDiffers { reference } => vec![reference.clone()],
                Refusal::CollectionUnknown { collection } => vec![collection.clone()],
                Refusal::PeriodEmpty { from, until } => vec![from.to_string(), until.to_string()],
                Refusal::NotAllowed
                | Refusal::NotInThisState { .. }
                | Refusal::OwnerCannotLeave
                | Refusal::RevokeRoleFirst
                | Refusal::LastCompanyAdmin
                | Refusal::OnlyGroupAdmin { .. }
                | Refusal::DeactivateFirst
                | Refusal::DeactivatedByAPerson
                | Refusal::DepartureInProgress
                | Refusal::NameInvalid
                | Refusal::InboundPhases
                | Refusal::InboundDropsMail
                | Refusal::InboundInThePast
                | Refusal::SuccessorIsLeaver
                | Refusal::SuccessorMissing
                | Refusal::NewMailAmbiguous
                | Refusal::DateInThePast
                | Refusal::DatesOutOfOrder
                | Refusal::ReasonMissing
                | Refusal::DepartureNotUndoable
                | Refusal::DepartureNotHeld
                | Refusal::AmountInvalid
                | Refusal::PlanUnpaid
                | Refusal::ReferenceInvalid
                | Refusal::DepartureOver
                | Refusal::QuotaInvalid
                | Refusal::PasswordResetVoid
                | Refusal::JobOver
                | Refusal::JobItemFailed
                | Refusal::JobTargetGone
                | Refusal::SharedWithOwner
                | Refusal::Operator(_) => vec![],
                Refusal::WebhookUrlInvalid { url } => vec![url.clone()],
                fault @ (Refusal::Profile(_)
                | Refusal::List(_)
                | Refusal::Backup(_)
                | Refusal::Group(_)
                | Refusal::Mailbox(_)
                | Refusal::Invitation(_)
                | Refusal::Content(_)
                | Refusal::Scim(_)
                | Refusal::Credential(_)
                | Refusal::Passkey(_)
                | Refusal::SignOn(_)
                | Refusal::Feed(_)
                | Refusal::Policy(_)
                | Refusal::Directory(_)) => {
                    let named = named_faults().into_iter().find(|(refusal, _)| refusal == fault);
                    named.expect("listed").1
                }
            };
            for name in names {
                assert!(refusal.sentence(language).contains(&name), "{}", refusal.code());
            }
        }
    }
}

/// Each act in each state makes a sentence, so that no door prints a hole.
#[test]
fn no_state_and_act_leave_a_hole_in_the_sentence() {
    for act in Act::ALL {
        for state in State::ALL {
            let refusal = Refusal::NotInThisState { act, state };
            for language in [Language::French, Language::English] {
                let sentence = refusal.sentence(language);
                assert!(sentence.len() > 40 && !sentence.contains("  "), "{sentence}");
            }
        }
    }
}
