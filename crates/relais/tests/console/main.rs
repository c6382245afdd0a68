//! The console in a real Chromium, on the real program: what somebody who administers an organisation does in it.

mod administering;
mod backups;
mod beyond;
mod deactivating;
mod departing;
mod details;
mod domains;
mod downloads;
mod groups;
mod keyboard;
mod looks;
mod machines;
mod mail;
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
