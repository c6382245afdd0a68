//! The doors: each speaks one protocol, asks, and translates the answer. They decide nothing and never import each
//! other.

pub mod api;
pub mod cli;
pub mod dav;
pub mod dict;
pub mod scim;
pub mod smtp;
