#![no_main]

use libfuzzer_sys::fuzz_target;
use relais_core::ids::{
    AccountId, DepartureId, GrantId, GroupId, MailboxId, OrganisationId, ResponderId, SessionId, SpoolId,
    TokenId,
};

/// How many kinds the text is an id of. One that is reads back as itself.
macro_rules! kinds {
    ($text:ident: $($kind:ident),*) => {
        [$($text.parse::<$kind>().ok().map(|id| {
            assert_eq!(id.to_string(), $text);
            assert_eq!($kind::from_number(id.number()), id);
        })),*].into_iter().flatten().count()
    };
}

fuzz_target!(|text: &str| {
    let kinds = kinds!(text: AccountId, DepartureId, GrantId, GroupId, MailboxId, OrganisationId, ResponderId,
        SessionId, SpoolId, TokenId);
    assert!(kinds <= 1, "{text:?} is of {kinds} kinds");
});
