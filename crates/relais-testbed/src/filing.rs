//! Puts messages of the corpus into a mailbox by IMAP, with their folders, flags and dates.

use crate::corpus::{CorpusMessage, Flag};
use crate::imap::{Imap, Refusal};
use anyhow::{Result, bail};
use std::collections::BTreeSet;

/// Files what is not there yet. Messages are filed in order, so that after an interruption their number says how far
/// it came.
///
/// # Errors
/// When the server refuses a message or the connection is gone.
pub fn file(mailbox: &mut Imap, messages: &[CorpusMessage]) -> Result<()> {
    let mut there = 0;
    for folder in messages.iter().map(|message| message.folder).collect::<BTreeSet<_>>() {
        match mailbox.select(folder)? {
            Ok(count) => there += count as usize,
            Err(Refusal(_)) => {
                mailbox.create(folder)?;
                mailbox.subscribe(folder)?;
            }
        }
    }
    for message in messages.iter().skip(there) {
        let flags: Vec<&str> = message.flags.iter().copied().map(Flag::imap).collect();
        let date = message.imap_date();
        if let Err(Refusal(text)) = mailbox.append(message.folder, &flags, Some(&date), &message.bytes)? {
            bail!("a message is refused in {}: {text}", message.folder);
        }
    }
    Ok(())
}
