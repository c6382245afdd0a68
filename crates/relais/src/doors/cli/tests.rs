//! The words in which a departure and a route are shown, and what whole commands ask, print and return.

mod commands;
mod fake_api;
mod grammar;
mod people;
mod words_of_departures;
mod words_of_groups;
mod words_of_money;
mod words_of_people;
mod words_of_routes;
