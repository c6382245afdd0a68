//! The API, in process: the router as start-up serves it, on SQLite in a directory of its own, with a clock that stands
//! and ids that are counted.

mod account_lists;
mod applications;
mod authority;
mod backed_up;
mod bad_input;
mod certificate;
mod collections;
mod console;
mod content;
mod credentials;
mod departure_policies;
mod description;
mod directories;
mod domains;
mod feeds;
mod groups;
mod invitations;
mod jobs;
mod me;
mod money;
mod organisations;
mod passkeys;
mod password_resets;
mod payments;
mod people;
mod scim;
mod scim_dialects;
mod scim_states;
mod sessions;
mod shared_mailboxes;
mod sign_on;
mod statements;
mod states;
mod webhooks;
mod world;
