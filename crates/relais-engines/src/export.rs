//! What a person takes away: mail as `.mbox` or `.eml`, in one ZIP file that is written as it goes.
//!
//! Nothing here knows a mailbox or a snapshot: callers say what lies where, and give readers.

mod archive;
mod mbox;

pub use archive::Archive;
pub use mbox::write_mbox;
