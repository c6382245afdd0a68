//! The protocols through which someone asks.

pub mod dict;
