//! What is wrong with a list of accounts, or with a line of one.

use crate::rights::State;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListFault {
    NotUtf8 { line: u64 },
    NoColumns,
    ColumnUnknown { name: String },
    ColumnRepeated { name: String },
    ColumnMissing { name: String },
    LineLength { cells: usize, columns: usize },
    LineRepeated { line: u64 },
    CellEmpty { column: String },
    CellInvalid { column: String, text: String },
    StateDiffers { is: Option<State> },
}

impl ListFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 { .. } => "list_not_unicode",
            Self::NoColumns => "list_without_columns",
            Self::ColumnUnknown { .. } => "column_unknown",
            Self::ColumnRepeated { .. } => "column_repeated",
            Self::ColumnMissing { .. } => "column_missing",
            Self::LineLength { .. } => "line_length",
            Self::LineRepeated { .. } => "line_repeated",
            Self::CellEmpty { .. } => "cell_empty",
            Self::CellInvalid { .. } => "cell_invalid",
            Self::StateDiffers { .. } => "state_differs",
        }
    }

    pub(super) fn french(&self) -> String {
        match self {
            Self::NotUtf8 { line } => format!("La ligne {line} n'est pas en UTF-8 ; enregistrez le fichier en « CSV UTF-8 »."),
            Self::NoColumns => "La première ligne ne nomme pas les colonnes ; commencez par exemple par « address,name ».".into(),
            Self::ColumnUnknown { name } => format!("La colonne « {name} » est inconnue ; renommez-la ou retirez-la."),
            Self::ColumnRepeated { name } => format!("La colonne « {name} » est là deux fois ; gardez-en une."),
            Self::ColumnMissing { name } => format!("Il manque la colonne « {name} » ; ajoutez-la à la première ligne."),
            Self::LineLength { cells, columns } => {
                format!("Cette ligne compte {cells} cellules pour {columns} colonnes ; vérifiez les séparateurs et les guillemets.")
            }
            Self::LineRepeated { line } => format!("Cette adresse est déjà à la ligne {line} ; gardez une seule des deux lignes."),
            Self::CellEmpty { column } => format!("La cellule « {column} » est vide ; un nouveau compte en a besoin, remplissez-la."),
            Self::CellInvalid { column, text } => format!("« {text} » ne convient pas dans la colonne « {column} » ; {}.", written_fr(column)),
            Self::StateDiffers { is: Some(is) } => {
                format!("Ce compte est {}, et une liste ne change pas l'état ; laissez la cellule vide et changez-le à part.", super::state_fr(*is))
            }
            Self::StateDiffers { is: None } => "Une liste ne crée que des comptes actifs ou invités ; laissez la cellule vide ou retirez la ligne.".into(),
        }
    }

    pub(super) fn english(&self) -> String {
        match self {
            Self::NotUtf8 { line } => format!("Line {line} is not UTF-8; save the file as \u{201c}CSV UTF-8\u{201d}."),
            Self::NoColumns => "The first line does not name the columns; begin for example with \u{201c}address,name\u{201d}.".into(),
            Self::ColumnUnknown { name } => format!("The column \u{201c}{name}\u{201d} is unknown; rename it or take it out."),
            Self::ColumnRepeated { name } => format!("The column \u{201c}{name}\u{201d} is there twice; keep one."),
            Self::ColumnMissing { name } => format!("The column \u{201c}{name}\u{201d} is missing; add it to the first line."),
            Self::LineLength { cells, columns } => {
                format!("This line has {cells} cells for {columns} columns; check its separators and quotes.")
            }
            Self::LineRepeated { line } => format!("This address is on line {line} already; keep one of the two lines."),
            Self::CellEmpty { column } => format!("The cell \u{201c}{column}\u{201d} is empty; a new account needs it, fill it in."),
            Self::CellInvalid { column, text } => {
                format!("\u{201c}{text}\u{201d} will not do in the column \u{201c}{column}\u{201d}; {}.", written_en(column))
            }
            Self::StateDiffers { is: Some(is) } => {
                format!("This account is {}, and a list changes no state; leave the cell empty and change it apart.", is.as_str())
            }
            Self::StateDiffers { is: None } => {
                "A list makes active or invited accounts only; leave the cell empty or take the line out.".into()
            }
        }
    }
}

/// How a cell of the column is written; columns are known here by the names that exports give them.
fn written_fr(column: &str) -> &'static str {
    match column {
        "role" => "écrivez membre, invité, gestionnaire de comptes, administrateur ou propriétaire",
        "state" => "écrivez actif ou invité",
        "quota" => "écrivez une taille comme 500M ou 5G",
        "birth_date" => "écrivez la date comme 2000-12-31",
        "subscription" => "écrivez le nom d'un abonnement proposé",
        "address" | "aliases" | "external_address" => "écrivez une adresse comme nom@exemple.fr",
        _ => "corrigez la cellule",
    }
}

fn written_en(column: &str) -> &'static str {
    match column {
        "role" => "write member, guest, account_manager, company_admin or owner",
        "state" => "write active or invited",
        "quota" => "write it as 500M or 5G",
        "birth_date" => "write it as 2000-12-31",
        "subscription" => "write the name of a subscription that is offered",
        "address" | "aliases" | "external_address" => "write an address as name@example.com",
        _ => "correct the cell",
    }
}
