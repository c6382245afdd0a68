//! Messages as text: what a head says, whether a message may be answered automatically, the answer, letters of our own, and which
//! messages are marked personal.
//!
//! Input comes from anyone and may be anything: nothing here fails on it or panics. Touches no file and no clock.

mod answerable;
mod head;
mod invitation;
mod letter;
mod notice;
mod personal_marks;
mod reply;
mod summary;
mod view;

pub use answerable::{NotAnswerable, answerable};
pub use head::Head;
pub use invitation::{Invitation, MeetingChange, invitation};
pub use letter::{Letter, letter};
pub use notice::{Notice, notice};
pub use personal_marks::PersonalMarks;
pub use reply::{ENGLISH_PREFIX, FRENCH_PREFIX, Reply, reply};
pub use summary::Summary;
pub use view::{Attachment, View};
