//! Shared mailboxes: when one may go, or have another address.

use crate::address::EmailAddress;
use crate::organisation::SharedMailbox;
use crate::refusal::{MailboxFault, Refusal};

/// Who needs a shared mailbox.
#[derive(Debug, Clone, Default)]
pub struct Uses {
    /// The domains whose mail for unknown addresses it has.
    pub catch_all_of: Vec<String>,
    pub redirected_by: Vec<EmailAddress>,
    /// Those whose departure under way counts on it.
    pub leavers: Vec<EmailAddress>,
    pub readers: Vec<EmailAddress>,
}

impl Uses {
    /// Whether nothing is lost without it: its own addresses go with it, what others lead to it does not. Whoever reads it may
    /// put a message into it at any moment, so nobody may.
    ///
    /// # Errors
    /// [`MailboxFault::InUse`], [`MailboxFault::InDeparture`], [`MailboxFault::HasReaders`].
    pub fn check_none(&self, mailbox: &SharedMailbox) -> Result<(), Refusal> {
        let redirects = self.redirected_by.iter().map(ToString::to_string);
        let by: Vec<String> = self.catch_all_of.iter().cloned().chain(redirects).collect();
        if !by.is_empty() {
            return Err(MailboxFault::InUse { mailbox: mailbox.name.clone(), by }.into());
        }
        self.check_address_may_change(mailbox)?;
        if !self.readers.is_empty() {
            let readers = self.readers.clone();
            return Err(MailboxFault::HasReaders { mailbox: mailbox.name.clone(), readers }.into());
        }
        Ok(())
    }

    /// A departure finds it by its address.
    ///
    /// # Errors
    /// [`MailboxFault::InDeparture`].
    pub fn check_address_may_change(&self, mailbox: &SharedMailbox) -> Result<(), Refusal> {
        if self.leavers.is_empty() {
            return Ok(());
        }
        let leavers = self.leavers.clone();
        Err(MailboxFault::InDeparture { mailbox: mailbox.name.clone(), leavers }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{MailboxId, OrganisationId};
    use jiff::Timestamp;

    #[test]
    fn who_still_needs_it_is_named() {
        let user1 = || vec!["user1@bm.com".parse::<EmailAddress>().expect("an address")];
        let mailbox = SharedMailbox {
            id: MailboxId::from_number(1),
            organisation: OrganisationId::from_number(1),
            address: "info@bm.com".parse().expect("an address"),
            name: "Info".into(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let named = || "Info".to_owned();
        assert_eq!(Uses::default().check_none(&mailbox), Ok(()));
        let all = Uses {
            catch_all_of: vec!["bm.com".into()],
            redirected_by: user1(),
            leavers: user1(),
            readers: user1(),
        };
        let by = vec!["bm.com".to_owned(), "user1@bm.com".to_owned()];
        assert_eq!(all.check_none(&mailbox), Err(MailboxFault::InUse { mailbox: named(), by }.into()));
        let counted_on = Uses { catch_all_of: vec![], redirected_by: vec![], ..all };
        let in_departure = || Err(MailboxFault::InDeparture { mailbox: named(), leavers: user1() }.into());
        assert_eq!(counted_on.check_none(&mailbox), in_departure());
        assert_eq!(counted_on.check_address_may_change(&mailbox), in_departure());
        let read = Uses { leavers: vec![], ..counted_on };
        let has_readers = MailboxFault::HasReaders { mailbox: named(), readers: user1() };
        assert_eq!(read.check_none(&mailbox), Err(has_readers.into()));
        assert_eq!(read.check_address_may_change(&mailbox), Ok(()));
    }
}
