//! `docs/roles.md` is the table of roles.

use relais_core::authority::print_table;
use std::path::Path;

#[test]
fn the_page_of_roles_is_the_table() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/roles.md");
    if std::env::var_os("RELAIS_BLESS").is_some() {
        std::fs::write(&page, print_table()).expect("docs/roles.md can be written");
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == print_table(),
        "docs/roles.md is not the table of relais_core::authority any more: \
         run this test with RELAIS_BLESS=1 to refresh it, and review the difference"
    );
}
