//! The Relais server: the doors, and the start-up that builds what they ask.

pub mod doors;
