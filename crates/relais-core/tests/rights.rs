//! `docs/rights.md` is the table, and the table is the design's.

use relais_core::rights::{Act, State, Verdict, may, print_table};
use std::path::Path;

#[test]
fn the_page_of_rights_is_the_table() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rights.md");
    if std::env::var_os("RELAIS_BLESS").is_some() {
        std::fs::write(&page, print_table()).expect("docs/rights.md can be written");
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == print_table(),
        "docs/rights.md is not the table of relais_core::rights any more: \
         run this test with RELAIS_BLESS=1 to refresh it, and review the difference"
    );
}

/// The rows of the design, section 3, in the order Invited, Active, Deactivated, Deleted. Written out here a second
/// time on purpose: a change of `may` that was not meant shows.
#[test]
fn the_table_is_the_designs() {
    use Verdict::{Activates, AsInbound, InvitationOnly, No, WithFlexibleLicences, WithGrant, Yes};
    let rows = [
        // M13, R3: no access; an invited account has no password yet.
        (Act::SignInWithPassword, [No, Yes, No, No]),
        // R4: no single sign-on.
        (Act::SignInWithSso, [Activates, Yes, No, No]),
        // B10a: only a dated grant opens a closed mailbox.
        (Act::ReadMail, [No, Yes, WithGrant, No]),
        (Act::SubmitMail, [No, Yes, No, No]),
        (Act::ReceiveMail, [AsInbound, AsInbound, AsInbound, No]),
        // R6: notifications are blocked.
        (Act::BeNotified, [InvitationOnly, Yes, No, No]),
        // R7: nobody can share with it.
        (Act::Share, [No, Yes, No, No]),
        (Act::BeSharedWith, [No, Yes, No, No]),
        // R8: flexible licences.
        (Act::JoinGroup, [Yes, Yes, WithFlexibleLicences, No]),
        // R2, R9: no licence, no bill.
        (Act::HoldLicence, [Yes, Yes, No, No]),
        (Act::BeBilled, [No, Yes, No, No]),
        // R10: userName, userType, roles frozen.
        (Act::ChangeIdentity, [Yes, Yes, No, No]),
        (Act::ChangeAttributes, [Yes, Yes, Yes, No]),
        // M15: only what is deactivated is deleted.
        (Act::BeDeleted, [No, No, Yes, No]),
        (Act::BeReactivated, [No, No, Yes, No]),
        (Act::BeDeactivated, [Yes, Yes, No, No]),
    ];
    for (act, expected) in rows {
        assert_eq!(State::ALL.map(|state| may(state, act)), expected, "{act:?}");
    }
}

#[test]
fn a_deleted_account_may_nothing() {
    for act in Act::ALL {
        assert_eq!(may(State::Deleted, act), Verdict::No, "{act:?}");
    }
}

/// X3: what opens a door to a person is open to active accounts only.
#[test]
fn only_an_active_account_has_every_door_open() {
    for act in [Act::SignInWithPassword, Act::ReadMail, Act::SubmitMail, Act::Share] {
        for state in State::ALL {
            assert_eq!(may(state, act) == Verdict::Yes, state == State::Active, "{state:?} {act:?}");
        }
    }
}
