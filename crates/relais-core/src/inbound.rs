//! What happens to mail that arrives for an account: phases in time, each with one treatment.

use crate::address::EmailAddress;
use crate::refusal::Refusal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether a redirected or answered message also stays in the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LocalCopy {
    Keep,
    None,
}

/// What is done with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Treatment {
    /// Accepted: stored, sent on, answered, in any combination that leaves the message somewhere or answers it.
    Accept {
        copy: LocalCopy,
        #[serde(default)]
        redirect_to: Vec<EmailAddress>,
        /// The text of an automatic reply.
        #[serde(default)]
        reply: Option<String>,
    },
    Refuse,
}

impl Treatment {
    #[must_use]
    pub fn deliver() -> Self {
        Self::Accept { copy: LocalCopy::Keep, redirect_to: Vec::new(), reply: None }
    }

    #[must_use]
    pub fn redirect(to: EmailAddress, copy: LocalCopy) -> Self {
        Self::Accept { copy, redirect_to: vec![to], reply: None }
    }

    #[must_use]
    pub fn reply(text: String, copy: LocalCopy) -> Self {
        Self::Accept { copy, redirect_to: Vec::new(), reply: Some(text) }
    }

    #[must_use]
    pub fn redirect_targets(&self) -> &[EmailAddress] {
        match self {
            Self::Accept { redirect_to, .. } => redirect_to,
            Self::Refuse => &[],
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Phase {
    /// When the next phase begins; `None` for the last one.
    pub until: Option<Timestamp>,
    #[serde(flatten)]
    pub treatment: Treatment,
}

/// One or more phases, in time order; only the last has no end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<Phase>", into = "Vec<Phase>")]
pub struct Inbound(Vec<Phase>);

impl Inbound {
    /// # Errors
    /// [`Refusal::InboundPhases`] when the ends do not rise or the last phase has one, and
    /// [`Refusal::InboundDropsMail`] when a phase would accept messages and do nothing with them.
    pub fn new(phases: Vec<Phase>) -> Result<Self, Refusal> {
        let (Some(last), ends) = (phases.last(), phases.split_last().map_or(&[][..], |(_, before)| before))
        else {
            return Err(Refusal::InboundPhases);
        };
        let rising = ends.windows(2).all(|pair| pair[0].until < pair[1].until);
        if last.until.is_some() || ends.iter().any(|phase| phase.until.is_none()) || !rising {
            return Err(Refusal::InboundPhases);
        }
        let drops = phases.iter().any(|phase| {
            matches!(&phase.treatment, Treatment::Accept { copy: LocalCopy::None, redirect_to, reply: None } if redirect_to.is_empty())
        });
        if drops {
            return Err(Refusal::InboundDropsMail);
        }
        Ok(Self(phases))
    }

    /// The same treatment for ever.
    ///
    /// # Errors
    /// As [`Inbound::new`].
    pub fn always(treatment: Treatment) -> Result<Self, Refusal> {
        Self::new(vec![Phase { until: None, treatment }])
    }

    #[must_use]
    pub fn deliver() -> Self {
        Self(vec![Phase { until: None, treatment: Treatment::deliver() }])
    }

    #[must_use]
    pub fn refuse() -> Self {
        Self(vec![Phase { until: None, treatment: Treatment::Refuse }])
    }

    /// `treatment` until `end`, then refused.
    ///
    /// # Errors
    /// As [`Inbound::new`].
    pub fn until_then_refuse(treatment: Treatment, end: Timestamp) -> Result<Self, Refusal> {
        Self::new(vec![
            Phase { until: Some(end), treatment },
            Phase { until: None, treatment: Treatment::Refuse },
        ])
    }

    /// What is done with a message that arrives at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> &Treatment {
        let phase = self.0.iter().find(|phase| phase.until.is_none_or(|end| now < end));
        &phase.expect("the last phase has no end").treatment
    }

    /// The same from `now` on: without the phases that have ended.
    #[must_use]
    pub fn from_now(&self, now: Timestamp) -> Self {
        let to_come = self.0.iter().filter(|phase| phase.until.is_none_or(|end| now < end));
        Self(to_come.cloned().collect())
    }

    #[must_use]
    pub fn phases(&self) -> &[Phase] {
        &self.0
    }

    /// Every address any phase redirects to.
    pub fn redirect_targets(&self) -> impl Iterator<Item = &EmailAddress> {
        self.0.iter().flat_map(|phase| phase.treatment.redirect_targets())
    }
}

impl TryFrom<Vec<Phase>> for Inbound {
    type Error = Refusal;
    fn try_from(phases: Vec<Phase>) -> Result<Self, Refusal> {
        Self::new(phases)
    }
}

impl From<Inbound> for Vec<Phase> {
    fn from(inbound: Inbound) -> Self {
        inbound.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn phases_follow_each_other_in_time() {
        let month = at("2026-12-21T00:00:00Z");
        let inbound =
            Inbound::until_then_refuse(Treatment::reply("parti".into(), LocalCopy::None), month).unwrap();
        assert!(matches!(inbound.at(at("2026-12-20T23:59:59Z")), Treatment::Accept { reply: Some(_), .. }));
        assert_eq!(inbound.at(month), &Treatment::Refuse);
        assert_eq!(inbound.from_now(at("2026-12-20T23:59:59Z")), inbound);
        assert_eq!(inbound.from_now(month), Inbound::refuse());
    }

    #[test]
    fn a_treatment_that_loses_mail_or_phases_out_of_order_are_refused() {
        let nothing = Treatment::Accept { copy: LocalCopy::None, redirect_to: vec![], reply: None };
        assert_eq!(Inbound::always(nothing), Err(Refusal::InboundDropsMail));
        assert_eq!(Inbound::new(vec![]), Err(Refusal::InboundPhases));
        let phase = |until: Option<&str>| Phase { until: until.map(at), treatment: Treatment::Refuse };
        for ends in [
            vec![Some("2027-01-01T00:00:00Z")],
            vec![None, None],
            vec![Some("2027-02-01T00:00:00Z"), Some("2027-01-01T00:00:00Z"), None],
        ] {
            assert_eq!(Inbound::new(ends.into_iter().map(phase).collect()), Err(Refusal::InboundPhases));
        }
    }
}
