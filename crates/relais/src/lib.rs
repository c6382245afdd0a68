//! The doors of Relais: each speaks one protocol, asks, and translates the answer. The program that opens them is
//! `main.rs`.

pub mod doors;
