//! The console in a real Chromium, on the real program: what somebody who administers an organisation does in it.

mod backups;
mod details;
mod domains;
mod groups;
mod looks;
mod machines;
mod mailboxes;
mod money;
mod newcomers;
mod operator;
mod organisation;
mod passkeys;
mod people;
mod pictures;
mod refused;
mod world;
