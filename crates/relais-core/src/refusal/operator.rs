//! Why somebody does not come to operate the instance.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorFault {
    /// The link of the first start was used, is too old, or somebody operates by now.
    LinkVoid,
    /// Whoever manages accounts could set their password, and operate in their place.
    LeadsNothing,
}

impl OperatorFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::LinkVoid => "set_up_link_void",
            Self::LeadsNothing => "operator_leads_nothing",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::LinkVoid => "Ce lien n'est plus valable : il a déjà servi ou date de plus d'un jour ; connectez-vous, ou relancez « relais serve » tant qu'il n'existe aucune organisation.".into(),
            Self::LeadsNothing => "Seul un propriétaire ou un administrateur peut exploiter le service ; donnez d'abord ce rôle à ce compte.".into(),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::LinkVoid => "This link is no longer valid: it was used, or is more than a day old; sign in, or start `relais serve` again while there is no organisation.".into(),
            Self::LeadsNothing => "Only an owner or a company admin may operate the service; give this account that role first.".into(),
        }
    }
}
