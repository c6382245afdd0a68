//! The real program, the real Dovecot, real clients: what a person or a mail server meets. Rows of the reference are
//! cited by id.

mod backups;
mod backups_trouble;
mod bad_input;
mod collaboration;
mod crash;
mod dav;
mod directories;
mod domains;
mod doors_and_states;
mod edge;
mod every_credential;
mod feeds;
mod full_disk;
mod large_messages;
mod money;
mod people;
mod reference;
mod renewals;
mod scim;
mod sign_on;
mod whole_departure;
mod world;
