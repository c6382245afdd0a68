//! Times of the corpus: seconds since 1970 in, header and IMAP texts out. The real clock is never asked.

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_S: i64 = 86_400;

/// A calendar date and the time of day, as a clock in Paris shows it.
pub(super) struct Local {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    weekday: usize,
    second_of_day: i64,
    offset_hours: i64,
}

impl Local {
    pub(super) fn of(unix_s: i64) -> Local {
        // Summer time is taken by whole months; the offset is written beside the time, so every instant stays exact.
        let (_, winter_month, _) = civil(unix_s.div_euclid(DAY_S));
        let offset_hours = if (4..=10).contains(&winter_month) { 2 } else { 1 };
        let shifted_s = unix_s + offset_hours * 3600;
        let days = shifted_s.div_euclid(DAY_S);
        let (year, month, day) = civil(days);
        Local {
            year,
            month,
            day,
            weekday: (days + 3).rem_euclid(7) as usize,
            second_of_day: shifted_s.rem_euclid(DAY_S),
            offset_hours,
        }
    }

    fn clock(&self) -> String {
        let s = self.second_of_day;
        format!("{:02}:{:02}:{:02} +0{}00", s / 3600, s / 60 % 60, s % 60, self.offset_hours)
    }

    fn month_name(&self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }

    /// The `Date:` field (RFC 5322, section 3.3).
    pub(super) fn header(&self) -> String {
        let day = DAYS[self.weekday];
        format!("{day}, {} {} {} {}", self.day, self.month_name(), self.year, self.clock())
    }

    /// The date-time of an IMAP `APPEND` (RFC 3501, section 9), without its quotes.
    pub(super) fn imap(&self) -> String {
        format!("{:02}-{}-{} {}", self.day, self.month_name(), self.year, self.clock())
    }

    pub(super) fn is_weekend(&self) -> bool {
        self.weekday >= 5
    }
}

/// Year, month and day of a count of days since 1970-01-01, in the Gregorian calendar (Hinnant's algorithm).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::Local;

    #[test]
    fn known_instants_print_as_the_calendar_says() {
        assert_eq!(Local::of(0).header(), "Thu, 1 Jan 1970 01:00:00 +0100");
        assert_eq!(Local::of(1_709_164_800).header(), "Thu, 29 Feb 2024 01:00:00 +0100");
        assert_eq!(Local::of(1_751_371_200).imap(), "01-Jul-2025 14:00:00 +0200");
    }

    #[test]
    fn saturday_and_sunday_are_the_weekend() {
        let weekend: Vec<bool> = (0..7).map(|day| Local::of(day * 86_400).is_weekend()).collect();
        // 1970-01-01 was a Thursday.
        assert_eq!(weekend, [false, false, true, true, false, false, false]);
    }
}
