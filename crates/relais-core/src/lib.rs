//! The rules of Relais, pure: no IO, no async, no clock, no randomness, no SQL.
//!
//! What is decided here is decided nowhere else. Doors translate it, the store keeps it, engines carry it out.

pub mod address;
pub mod ids;
pub mod mail_refusal;
