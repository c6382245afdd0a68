//! Amounts as people type and read them, and what a page of the ledger sums to.

use jiff::Timestamp;
use relais_core::ids::OrganisationId;
use relais_core::language::Language;
use relais_core::ledger::{Entry, EntryKind, NewEntry, Sums};
use relais_core::money::{Currency, Money, parse_minor};
use relais_core::plan::{Licence, SubscriptionTerms, check_subscription};
use relais_core::refusal::Refusal;
use relais_core::term::Period;

#[test]
fn amounts_are_read_to_the_cent_or_not_at_all() {
    for (text, minor) in [
        ("120", Some(12_000)),
        ("120.50", Some(12_050)),
        ("120,50", Some(12_050)),
        ("120,5", Some(12_050)),
        ("0.07", Some(7)),
        ("0,29", Some(29)),
        ("-5,01", Some(-501)),
        ("-0.01", Some(-1)),
        ("92233720368547758.07", Some(i64::MAX)),
        ("92233720368547758.08", None),
        ("99999999999999999999", None),
        ("1,234", None),
        ("1 234", None),
        ("1.234,50", None),
        ("120.", None),
        (".50", None),
        ("--5", None),
        ("+5", None),
        ("5€", None),
        ("1e3", None),
        ("٣", None),
        ("", None),
        ("-", None),
    ] {
        assert_eq!(parse_minor(text), minor, "{text:?}");
    }
}

#[test]
fn what_is_written_can_be_typed_back() {
    for amount in [0, 7, -7, 99, 100, -12_050, 99_999] {
        let written = Currency::Eur.format(amount, Language::English);
        assert_eq!(parse_minor(written.trim_end_matches("\u{a0}EUR")), Some(amount), "{written}");
    }
    assert_eq!(Currency::Eur.format(-123_456_789, Language::French), "-1\u{202f}234\u{202f}567,89\u{a0}EUR");
    for currency in Currency::ALL {
        assert_eq!(Currency::from_code(&currency.code().to_lowercase()), Some(currency));
    }
    assert_eq!(Currency::from_code("XXX"), None);
}

#[test]
fn an_amount_beyond_all_measure_corrects_nothing() {
    let balance = Money { amount_minor: 100, currency: Currency::Eur };
    for amount_minor in [0, i64::MIN, i64::MIN + 1, i64::MAX, -1_000_000_000_001, 1_000_000_000_001] {
        assert_eq!(
            NewEntry::correction(amount_minor, balance),
            Err(Refusal::AmountInvalid),
            "{amount_minor}"
        );
    }
    assert!(NewEntry::correction(-100, balance).is_ok());
}

#[test]
fn a_subscription_offers_a_mailbox_that_holds_something() {
    let terms = SubscriptionTerms {
        name: "Base".into(),
        price_minor: 0,
        currency: Currency::Eur,
        period: Period::Month,
        aliases_max: Some(0),
        quota_bytes: Some(0),
        licence: Licence::Full,
    };
    assert_eq!(check_subscription(&terms), Err(Refusal::QuotaInvalid));
    assert_eq!(check_subscription(&SubscriptionTerms { quota_bytes: Some(1), ..terms }), Ok(()));
}

#[test]
fn a_reference_is_something_a_person_can_read_back() {
    let top_up = |reference: &str| NewEntry::top_up(100, Some(reference.to_owned()));
    for reference in ["pay_123", "virement du 3 novembre", "é", &"x".repeat(200)] {
        assert!(top_up(reference).is_ok(), "{reference:?}");
    }
    for reference in ["", " ", " pay", "pay ", "a\nb", &"x".repeat(201)] {
        assert_eq!(top_up(reference), Err(Refusal::ReferenceInvalid), "{reference:?}");
    }
}

#[test]
fn the_sums_of_entries_are_what_the_balance_changed_by() {
    let kinds =
        [EntryKind::TopUp, EntryKind::Charge, EntryKind::Credit, EntryKind::Correction, EntryKind::Charge];
    let mut balance_minor = 0;
    let mut entry = |(place, kind): (usize, EntryKind)| {
        let number = i64::try_from(place).expect("few") + 1;
        let amount_minor = if kind == EntryKind::Charge { -10 * number } else { 100 * number };
        balance_minor += amount_minor;
        Entry {
            organisation: OrganisationId::from_number(1),
            number,
            at: Timestamp::UNIX_EPOCH,
            kind,
            service: None,
            reference: None,
            amount_minor,
            balance_minor,
        }
    };
    let entries: Vec<Entry> = kinds.into_iter().enumerate().map(&mut entry).collect();
    let sums = Sums::of(&entries);
    let expected =
        Sums { payments_minor: 100, corrections_minor: 400, charges_minor: -70, credits_minor: 300 };
    assert_eq!(sums, expected);
    assert_eq!(sums.total_minor(), balance_minor);
    assert_eq!(Sums::of(&[]), Sums::default());
}
