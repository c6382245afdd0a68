//! The doors. They never import each other.

pub mod smtp;
