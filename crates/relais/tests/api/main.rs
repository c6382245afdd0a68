//! The API, in process: the router as start-up serves it, on SQLite in a directory of its own, with a clock that stands
//! and ids that are counted.

mod account_lists;
mod applications;
mod authority;
mod bad_input;
mod certificate;
mod collections;
mod content;
mod description;
mod directories;
mod domains;
mod groups;
mod invitations;
mod jobs;
mod money;
mod organisations;
mod password_resets;
mod payments;
mod people;
mod scim;
mod scim_dialects;
mod scim_states;
mod sessions;
mod statements;
mod states;
mod webhooks;
mod world;
