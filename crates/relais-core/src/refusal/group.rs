//! What is wrong with what someone asked of a group.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupFault {
    /// The names of the groups, from the one that was to be put in to the one it was to be put into.
    Cycle {
        path: Vec<String>,
    },
    SendersMissing,
    SendersTooMany {
        count_max: usize,
    },
    CatchAll {
        group: String,
        domains: Vec<String>,
    },
    RedirectedTo {
        group: String,
        by: Vec<String>,
    },
}

impl GroupFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Cycle { .. } => "group_cycle",
            Self::SendersMissing => "group_senders_missing",
            Self::SendersTooMany { .. } => "group_senders_too_many",
            Self::CatchAll { .. } => "group_is_catch_all",
            Self::RedirectedTo { .. } => "group_redirected_to",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::Cycle { path } => format!(
                "Ce groupe se contiendrait lui-même : {} ; choisissez un autre groupe ou retirez d'abord l'un de ceux-ci.",
                path.join(" → ")
            ),
            Self::SendersMissing => {
                "Aucun expéditeur n'est indiqué, donc personne ne pourrait écrire à ce groupe ; donnez au moins une adresse ou choisissez une autre règle.".into()
            }
            Self::SendersTooMany { count_max } => format!(
                "La liste compte plus de {count_max} expéditeurs ; réunissez-les dans un groupe et réservez l'adresse à ses membres."
            ),
            Self::CatchAll { group, domains } => format!(
                "Le groupe « {group} » reçoit les messages sans titulaire de : {} ; changez d'abord cette adresse de repli (relais domain catch-all).",
                domains.join(", ")
            ),
            Self::RedirectedTo { group, by } => format!(
                "Des messages sont redirigés vers le groupe « {group} » par : {} ; changez d'abord ces redirections.",
                by.join(", ")
            ),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::Cycle { path } => format!(
                "This group would contain itself: {}; choose another group or take one of these out first.",
                path.join(" → ")
            ),
            Self::SendersMissing => {
                "No sender is given, so nobody could write to this group; give at least one address or choose another policy.".into()
            }
            Self::SendersTooMany { count_max } => format!(
                "The list has more than {count_max} senders; put them into a group and keep the address for its members."
            ),
            Self::CatchAll { group, domains } => format!(
                "The group \u{201c}{group}\u{201d} has the mail for unknown addresses of: {}; change that catch-all first (relais domain catch-all).",
                domains.join(", ")
            ),
            Self::RedirectedTo { group, by } => format!(
                "Mail is redirected to the group \u{201c}{group}\u{201d} by: {}; change these redirects first.",
                by.join(", ")
            ),
        }
    }
}
