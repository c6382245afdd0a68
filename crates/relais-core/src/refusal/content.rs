//! Why content cannot be registered, shared, given away or left behind.

use super::Refusal;
use crate::address::EmailAddress;
use crate::content::ContentKind;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentFault {
    ExternalIdInvalid,
    TextInvalid {
        field: &'static str,
        chars_max: usize,
    },
    UrlInvalid {
        url: String,
    },
    /// Calendars and address books are kept here, and by no application.
    KindIsOurs,
    KindFixed {
        kind: ContentKind,
    },
    ParentUnknown {
        parent: String,
    },
    /// Only a project holds others, and no project another.
    NotHeld {
        parent: String,
    },
    OwnerUnknown {
        text: String,
    },
    OwnerClosed {
        address: EmailAddress,
    },
    SameOwner {
        address: EmailAddress,
    },
    ShareeUnknown {
        text: String,
    },
    ItemUnknown {
        item: String,
    },
    Erasing,
    NothingChosen,
    /// Kinds and single items at once.
    KindsOrItems,
    TooMany {
        count_max: usize,
    },
    /// Content stays where it is when a machine deactivates (R13).
    NotByMachine,
    /// Who is deleted owns something.
    FateMissing {
        items: u64,
        collections: u64,
    },
    /// A departure that deletes nothing erases nothing.
    EraseWithoutDeletion,
    /// The former owner is deleted.
    UndoTooLate,
}

impl From<ContentFault> for Refusal {
    fn from(fault: ContentFault) -> Self {
        Self::Content(fault)
    }
}

impl ContentFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::ExternalIdInvalid => "external_id_invalid",
            Self::TextInvalid { .. } => "content_text_invalid",
            Self::UrlInvalid { .. } => "content_url_invalid",
            Self::KindIsOurs => "content_kind_is_ours",
            Self::KindFixed { .. } => "content_kind_fixed",
            Self::ParentUnknown { .. } => "content_parent_unknown",
            Self::NotHeld { .. } => "content_not_held",
            Self::OwnerUnknown { .. } => "content_owner_unknown",
            Self::OwnerClosed { .. } => "content_owner_closed",
            Self::SameOwner { .. } => "content_same_owner",
            Self::ShareeUnknown { .. } => "content_sharee_unknown",
            Self::ItemUnknown { .. } => "content_unknown",
            Self::Erasing => "content_erasing",
            Self::NothingChosen => "content_nothing_chosen",
            Self::KindsOrItems => "content_kinds_or_items",
            Self::TooMany { .. } => "content_too_many",
            Self::NotByMachine => "content_not_by_machine",
            Self::FateMissing { .. } => "content_fate_missing",
            Self::EraseWithoutDeletion => "content_erase_without_deletion",
            Self::UndoTooLate => "reassignment_not_undoable",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::ExternalIdInvalid => "L'identifiant externe est vide, dépasse 200 caractères ou contient des caractères de contrôle ; corrigez-le.".into(),
            Self::TextInvalid { field, chars_max } => format!("Le champ « {field} » est vide, dépasse {chars_max} caractères ou contient des caractères de contrôle ; corrigez-le."),
            Self::UrlInvalid { url } => format!("« {url} » n'est pas une adresse web ; écrivez-la comme https://exemple.fr/page."),
            Self::KindIsOurs => "Les agendas et les carnets d'adresses sont tenus ici même ; choisissez board, project, template ou document.".into(),
            Self::KindFixed { kind } => format!("Cet élément est enregistré comme {} et le reste ; enregistrez le nouveau sous un autre identifiant.", kind.as_str()),
            Self::ParentUnknown { parent } => format!("Aucun projet « {parent} » n'est enregistré par cette application ; enregistrez-le d'abord."),
            Self::NotHeld { parent } => format!("« {parent} » ne peut pas contenir cet élément : seul un projet en contient, et aucun projet n'en contient un autre ; choisissez un autre projet."),
            Self::OwnerUnknown { text } => format!("« {text} » n'est pas un compte de cette organisation ; vérifiez l'adresse ou l'identifiant."),
            Self::OwnerClosed { address } => format!("Le compte {address} n'est pas actif et ne peut pas recevoir de contenu ; choisissez un compte actif ou réactivez-le."),
            Self::SameOwner { address } => format!("Ce contenu appartient déjà à {address} ; choisissez un autre compte."),
            Self::ShareeUnknown { text } => format!("« {text} » n'est ni un compte ni un groupe de cette organisation ; vérifiez l'adresse ou l'identifiant."),
            Self::ItemUnknown { item } => format!("« {item} » n'est pas dans le contenu dont il s'agit ; vérifiez la liste (relais content list COMPTE)."),
            Self::Erasing => "Cet élément doit être effacé, car son propriétaire a été supprimé avec son contenu ; effacez-le, puis confirmez-le.".into(),
            Self::NothingChosen => "Rien n'est choisi ; indiquez des sortes ou des éléments, ou demandez tout le contenu.".into(),
            Self::KindsOrItems => "Le contenu se choisit par sortes ou élément par élément, pas des deux façons à la fois ; faites-en deux demandes.".into(),
            Self::TooMany { count_max } => format!("Cette demande compte plus de {count_max} éléments ; faites-en plusieurs."),
            Self::NotByMachine => "Une désactivation qui vient de l'annuaire ou de SCIM laisse le contenu en place ; réattribuez-le ensuite (relais content reassign).".into(),
            Self::FateMissing { items, collections } => format!(
                "Ce compte possède {} ; choisissez ce que cela devient : le donner à un autre compte (--content-to, ou --to pour un départ) ou l'effacer avec lui (--erase-content, ou --content erase pour un départ).",
                owned([
                    counted(*items, "élément", "éléments"),
                    counted(*collections, "agenda ou carnet d'adresses non vide", "agendas ou carnets d'adresses non vides"),
                ], " et ")
            ),
            Self::EraseWithoutDeletion => "Ce départ ne supprime pas le compte, il n'efface donc pas son contenu ; donnez une date de suppression (--delete-after) ou gardez le contenu.".into(),
            Self::UndoTooLate => "L'ancien propriétaire est supprimé, cette réattribution ne peut donc plus être annulée ; réattribuez le contenu à un autre compte.".into(),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::ExternalIdInvalid => "The external id is empty, longer than 200 characters or holds control characters; correct it.".into(),
            Self::TextInvalid { field, chars_max } => format!("The field \u{201c}{field}\u{201d} is empty, longer than {chars_max} characters or holds control characters; correct it."),
            Self::UrlInvalid { url } => format!("\u{201c}{url}\u{201d} is not a web address; write it like https://example.com/page."),
            Self::KindIsOurs => "Calendars and address books are kept here; choose board, project, template or document.".into(),
            Self::KindFixed { kind } => format!("This item is registered as {} and stays one; register the new one under another id.", kind.as_str()),
            Self::ParentUnknown { parent } => format!("This application has registered no project \u{201c}{parent}\u{201d}; register it first."),
            Self::NotHeld { parent } => format!("\u{201c}{parent}\u{201d} cannot hold this item: only a project holds any, and no project holds another; choose another project."),
            Self::OwnerUnknown { text } => format!("\u{201c}{text}\u{201d} is no account of this organisation; check the address or id."),
            Self::OwnerClosed { address } => format!("The account {address} is not active and cannot be given content; choose an active account or reactivate it."),
            Self::SameOwner { address } => format!("This content is {address}'s already; choose another account."),
            Self::ShareeUnknown { text } => format!("\u{201c}{text}\u{201d} is neither an account nor a group of this organisation; check the address or id."),
            Self::ItemUnknown { item } => format!("\u{201c}{item}\u{201d} is not among the content in question; check the list (relais content list ACCOUNT)."),
            Self::Erasing => "This item is to be erased, since its owner was deleted with its content; erase it, then confirm that.".into(),
            Self::NothingChosen => "Nothing is chosen; name kinds or items, or ask for all content.".into(),
            Self::KindsOrItems => "Content is chosen by kinds or item by item, not both at once; make two requests of it.".into(),
            Self::TooMany { count_max } => format!("This request has more than {count_max} items; make several of it."),
            Self::NotByMachine => "A deactivation by the directory or by SCIM leaves content where it is; reassign it afterwards (relais content reassign).".into(),
            Self::FateMissing { items, collections } => format!(
                "This account owns {}; choose what becomes of that: give it to another account (--content-to, or --to for a departure) or erase it with the account (--erase-content, or --content erase for a departure).",
                owned([
                    counted(*items, "item", "items"),
                    counted(*collections, "calendar or address book that is not empty", "calendars or address books that are not empty"),
                ], " and ")
            ),
            Self::EraseWithoutDeletion => "This departure does not delete the account, so it does not erase its content; give a date of deletion (--delete-after) or keep the content.".into(),
            Self::UndoTooLate => "The former owner is deleted, so this reassignment cannot be undone; reassign the content to another account.".into(),
        }
    }
}

fn owned(parts: [Option<String>; 2], and: &str) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(and)
}

/// Nothing where there is none.
fn counted(count: u64, one: &str, many: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
}
