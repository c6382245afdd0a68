//! Amounts: whole minor units of one currency. Nothing here is ever a fraction.

use crate::language::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Currencies of ISO 4217 with two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    #[default]
    Eur,
    Chf,
    Gbp,
    Usd,
}

/// Minor units from an amount as people type it, with a point or a comma: `120`, `-120,50`. Digits are never grouped:
/// `1,234` could be meant two ways, so it is none.
#[must_use]
pub fn parse_minor(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, minor) = unsigned.split_once(['.', ',']).unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(minor) || minor.len() > 2 {
        return None;
    }
    let cents: i64 = format!("{minor:0<2}").parse().ok()?;
    let amount = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?;
    Some(if text.starts_with('-') { -amount } else { amount })
}

impl Currency {
    pub const ALL: [Self; 4] = [Self::Eur, Self::Chf, Self::Gbp, Self::Usd];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Chf => "CHF",
            Self::Gbp => "GBP",
            Self::Usd => "USD",
        }
    }

    /// The one that is written so, in capitals or not.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code().eq_ignore_ascii_case(code))
    }

    /// An amount as people write it: `1 234,50 EUR`, `1,234.50 EUR`.
    #[must_use]
    pub fn format(self, amount_minor: i64, language: Language) -> String {
        let (group, point) = match language {
            Language::French => ('\u{202f}', ','),
            Language::English => (',', '.'),
        };
        let minor = amount_minor.unsigned_abs();
        let whole = (minor / 100).to_string();
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(group);
            }
            grouped.push(digit);
        }
        let sign = if amount_minor < 0 { "-" } else { "" };
        format!("{sign}{grouped}{point}{:02}\u{a0}{}", minor % 100, self.code())
    }
}

/// An amount of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Money {
    pub amount_minor: i64,
    pub currency: Currency,
}

impl Money {
    #[must_use]
    pub fn format(self, language: Language) -> String {
        self.currency.format(self.amount_minor, language)
    }
}
