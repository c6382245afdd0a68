//! Whom a field may name, offered while one types: a field takes any address, and nothing needs the list.

use super::fault::Fault;
use super::visitor::Visitor;
use maud::{Markup, html};
use relais_app::core::rights::State;
use relais_app::read::{Filter, Sort, accounts};

/// The id of the list, for `list=` of a field.
pub const PEOPLE: &str = "people";

/// More are found by typing the address.
const PEOPLE_MAX: i64 = 300;

/// The accounts that are open, by address, with their names.
pub async fn people(visitor: &Visitor) -> Result<Markup, Fault> {
    let organisation = visitor.organisation.id;
    let filter = Filter { states: vec![State::Active, State::Invited], ..Filter::default() };
    let look = move |tx: &mut relais_app::read::Tx<'_>| {
        accounts::page(tx, organisation, &filter, Sort::Name, None, PEOPLE_MAX)
    };
    let found = visitor.app.look(look).await?;
    Ok(html! {
        datalist id=(PEOPLE) { @for account in &found { option value=(account.address) { (account.name) } } }
    })
}
