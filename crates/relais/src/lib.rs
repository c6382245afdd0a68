//! Relais as a program: the doors, and the start-up that builds what they ask. `main.rs` only calls it.

pub mod configuration;
pub mod doors;
mod privileges;
pub mod restore;
pub mod serve;
