//! How many licences were held on each day: one row an organisation and day.

use crate::columns::at;
use crate::tx::{Error, Tx};
use jiff::civil::Date;
use relais_core::ids::OrganisationId;
use relais_core::plan::{LicenceCount, LicencesUsed};

/// In the place of an earlier count of the same day.
pub fn set(tx: &mut Tx<'_>, organisation: OrganisationId, count: &LicenceCount) -> Result<(), Error> {
    tx.execute_one(
        "INSERT INTO licence_counts (organisation, day, accounts, free, full_licences, guests) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation, day) DO UPDATE SET \
         accounts = excluded.accounts, free = excluded.free, full_licences = excluded.full_licences, \
         guests = excluded.guests",
        &[
            organisation.number().into(),
            count.day.to_string().into(),
            count.used.accounts.into(),
            count.used.free.into(),
            count.used.full.into(),
            count.guests.into(),
        ],
    )
}

/// Those of the days from `from` on and before `until`, the first day first.
pub fn list(
    tx: &mut Tx<'_>,
    organisation: OrganisationId,
    from: Date,
    until: Date,
) -> Result<Vec<LicenceCount>, Error> {
    tx.query(
        "SELECT day, accounts, free, full_licences, guests FROM licence_counts \
         WHERE organisation = $1 AND day >= $2 AND day < $3 ORDER BY day",
        &[organisation.number().into(), from.to_string().into(), until.to_string().into()],
    )?
    .iter()
    .map(|row| {
        Ok(LicenceCount {
            day: at("licence_counts", "day").parse(organisation, row.text(0)?)?,
            used: LicencesUsed { accounts: row.int(1)?, free: row.int(2)?, full: row.int(3)? },
            guests: row.int(4)?,
        })
    })
    .collect()
}
