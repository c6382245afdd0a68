//! The doors: each speaks one protocol, asks, and translates the answer. They decide nothing and never import each
//! other.

mod accept;
pub mod api;
mod certificate_page;
pub mod cli;
pub mod console;
mod cookies;
pub mod dav;
pub mod dict;
mod download;
pub mod edge;
mod failure;
mod link_page;
mod numbers;
pub mod scim;
mod sheet;
pub mod smtp;
pub mod sso;
mod statement_page;
mod statement_table;
mod words;
