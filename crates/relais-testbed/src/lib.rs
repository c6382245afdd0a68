//! Starts the real program and real servers for tests and demonstrations, and speaks to them as a client.

pub mod corpus;
pub mod postgres;
