//! What is wrong with what a provider of identities asked by SCIM.

use crate::address::EmailAddress;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScimFault {
    /// It cannot be read from this letter on, counted from 1.
    Filter {
        place: usize,
    },
    Path {
        path: String,
    },
    /// Nothing is selected by the path of a change.
    NoTarget {
        path: String,
    },
    Value {
        attribute: String,
    },
    ReadOnly {
        attribute: String,
    },
    Syntax,
    UserNameTaken {
        user_name: String,
    },
    ExternalIdTaken {
        external_id: String,
    },
    GroupNameTaken {
        name: String,
    },
    /// No address can be made of what is said.
    AddressMissing {
        user_name: String,
    },
    MemberUnknown {
        id: String,
    },
    /// Deactivated by somebody or something else than the provider.
    ClosedHere {
        address: EmailAddress,
    },
    /// Another version than the one that the request was made for.
    VersionDiffers,
    /// The place where a page begins is not one that was given.
    CursorInvalid,
    CountInvalid,
}

impl ScimFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "scim_filter_invalid",
            Self::Path { .. } => "scim_path_invalid",
            Self::NoTarget { .. } => "scim_no_target",
            Self::Value { .. } => "scim_value_invalid",
            Self::ReadOnly { .. } => "scim_read_only",
            Self::Syntax => "scim_syntax",
            Self::UserNameTaken { .. } => "scim_user_name_taken",
            Self::GroupNameTaken { .. } => "scim_group_name_taken",
            Self::ExternalIdTaken { .. } => "scim_external_id_taken",
            Self::AddressMissing { .. } => "scim_address_missing",
            Self::MemberUnknown { .. } => "scim_member_unknown",
            Self::ClosedHere { .. } => "scim_closed_here",
            Self::VersionDiffers => "scim_version_differs",
            Self::CursorInvalid => "scim_cursor_invalid",
            Self::CountInvalid => "scim_count_invalid",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::Filter { place } => format!(
                "Le filtre ne peut pas être lu à partir du caractère {place} ; écrivez-le comme userName eq \"jeanne@exemple.fr\" (RFC 7644, section 3.4.2.2)."
            ),
            Self::Path { path } => format!(
                "« {path} » n'est le chemin d'aucun attribut ; voyez ceux qui existent à l'adresse /Schemas."
            ),
            Self::NoTarget { path } => format!(
                "Le chemin « {path} » ne désigne aucune valeur ; lisez d'abord la ressource, ou ajoutez la valeur (add)."
            ),
            Self::Value { attribute } => format!(
                "La valeur de « {attribute} » ne convient pas ; comparez-la à ce que dit /Schemas de cet attribut."
            ),
            Self::ReadOnly { attribute } => format!(
                "L'attribut « {attribute} » ne peut être ni changé ni retiré ainsi ; laissez-le hors de la demande."
            ),
            Self::Syntax => {
                "La demande n'a pas la forme que prévoit le RFC 7644 ; comparez-la à docs/scim.md.".into()
            }
            Self::UserNameTaken { user_name } => format!(
                "Un autre compte s'appelle déjà « {user_name} » ; associez-le plutôt que d'en créer un, ou choisissez un autre userName."
            ),
            Self::ExternalIdTaken { external_id } => format!(
                "Une autre ressource porte déjà l'externalId « {external_id} » ; corrigez-le chez le fournisseur d'identités."
            ),
            Self::GroupNameTaken { name } => format!(
                "L'organisation a déjà un groupe « {name} » ; associez-le plutôt que d'en créer un, ou choisissez un autre nom."
            ),
            Self::AddressMissing { user_name } => format!(
                "Aucune adresse ne se déduit de « {user_name} » ; envoyez en userName ou dans emails une adresse d'un domaine de l'organisation."
            ),
            Self::MemberUnknown { id } => format!(
                "« {id} » n'est ni un compte ni un groupe de cette organisation ; créez-le avant de l'ajouter au groupe."
            ),
            Self::ClosedHere { address } => format!(
                "Le compte {address} a été désactivé ici, et non par SCIM ; un administrateur le réactive ici (relais account reactivate)."
            ),
            Self::VersionDiffers => {
                "La ressource a changé depuis la version que nomme la demande ; relisez-la et recommencez.".into()
            }
            Self::CursorInvalid => {
                "Ce curseur n'a pas été donné par ce serveur pour cette demande ; reprenez depuis la première page.".into()
            }
            Self::CountInvalid => {
                "Les paramètres startIndex et count sont des nombres entiers ; corrigez-les ou omettez-les.".into()
            }
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::Filter { place } => format!(
                "The filter cannot be read from letter {place} on; write it like userName eq \"jeanne@example.com\" (RFC 7644, section 3.4.2.2)."
            ),
            Self::Path { path } => format!(
                "\u{201c}{path}\u{201d} is the path of no attribute; see at /Schemas which there are."
            ),
            Self::NoTarget { path } => format!(
                "The path \u{201c}{path}\u{201d} names no value; read the resource first, or add the value."
            ),
            Self::Value { attribute } => format!(
                "The value of \u{201c}{attribute}\u{201d} will not do; compare it with what /Schemas says of that attribute."
            ),
            Self::ReadOnly { attribute } => format!(
                "The attribute \u{201c}{attribute}\u{201d} can neither be changed nor removed like this; leave it out of the request."
            ),
            Self::Syntax => {
                "The request is not of the form that RFC 7644 gives it; compare it with docs/scim.md.".into()
            }
            Self::UserNameTaken { user_name } => format!(
                "Another account is called \u{201c}{user_name}\u{201d} already; match it instead of creating one, or choose another userName."
            ),
            Self::ExternalIdTaken { external_id } => format!(
                "Another resource has the externalId \u{201c}{external_id}\u{201d} already; correct it at the identity provider."
            ),
            Self::GroupNameTaken { name } => format!(
                "The organisation has a group \u{201c}{name}\u{201d} already; match it instead of creating one, or choose another name."
            ),
            Self::AddressMissing { user_name } => format!(
                "No address can be made of \u{201c}{user_name}\u{201d}; send one on a domain of the organisation as userName or in emails."
            ),
            Self::MemberUnknown { id } => format!(
                "\u{201c}{id}\u{201d} is neither an account nor a group of this organisation; create it before it is put into the group."
            ),
            Self::ClosedHere { address } => format!(
                "The account {address} was deactivated here and not by SCIM; an administrator reactivates it here (relais account reactivate)."
            ),
            Self::VersionDiffers => {
                "The resource has changed since the version that the request names; read it again and start over.".into()
            }
            Self::CursorInvalid => {
                "This cursor was not given by this server for this request; begin at the first page again.".into()
            }
            Self::CountInvalid => {
                "The parameters startIndex and count are whole numbers; correct them or leave them out.".into()
            }
        }
    }
}
