//! Relais as a program: the doors, and the start-up that builds what they ask. `main.rs` only calls it.

pub mod doors;
pub mod serve;
