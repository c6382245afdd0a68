//! What a reading of a directory does to accounts: pure, entry by entry, and then the guard over all of them.
//!
//! Only what *changed* in the directory is acted on. Whoever was suspended because their entry had gone, and was
//! reactivated by a person, stays so: the entry has not gone a second time.

use super::settings::Guard;
use super::{Digest, EntryId, Person, Said};
use crate::account::Cause;
use crate::address::EmailAddress;
use crate::ids::AccountId;
use crate::refusal::DirectoryFault;
use crate::rights::{Act, State, Verdict, may};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// An entry that has to be thought about, with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub entry: EntryId,
    /// Now.
    pub said: Said,
    /// As read now, or as kept since it could not be applied; `None` where nothing of it has changed.
    pub person: Option<Person>,
    /// What was known of it before.
    pub known: Option<Known>,
    pub account: Option<Linked>,
    pub claim: Claim,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub said: Said,
    pub digest: Digest,
    /// Whether what it asked for was done.
    pub settled: Settled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Yes,
    /// Refused then; asked again each time.
    No,
}

/// The account of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    pub account: AccountId,
    pub address: EmailAddress,
    /// As [`crate::rights::standing`] has it.
    pub state: State,
    pub cause: Option<Cause>,
    /// What other directories say of it.
    pub elsewhere: Vec<Elsewhere>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// Whose word counts more than this directory's, or less.
    pub rank: Rank,
    pub said: Said,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Before,
    Behind,
}

/// Who has the address of an entry that has no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody, as far as accounts go.
    Free,
    Account(Claimant),
    /// Another entry of the same reading has it too.
    Twice,
}

/// An account of the organisation that holds the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    pub account: AccountId,
    pub address: EmailAddress,
    pub leads: Leads,
    /// Whether another entry of this directory has it, or had.
    pub entry: Option<EntryId>,
    pub linked: Linked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads {
    Yes,
    No,
}

/// What is done for an entry, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryAct {
    /// An account is made.
    Create,
    /// The account that has its address becomes its own.
    Link,
    Resume,
    /// Name, address and personal data become what the directory has.
    Update,
    Suspend,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanItem {
    pub entry: EntryId,
    pub said: Said,
    pub person: Option<Person>,
    pub account: Option<AccountId>,
    pub address: Option<String>,
    /// None: it is only remembered.
    pub acts: Vec<EntryAct>,
    /// Why nothing more is done.
    pub fault: Option<DirectoryFault>,
}

/// Everything that a reading does, and whether a person has to be asked first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub items: Vec<PlanItem>,
    pub hold: Option<Hold>,
}

/// Why a plan waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hold {
    pub suspended: u64,
    /// Of so many who were there.
    pub of: u64,
}

/// How far a plan may go without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval<'a> {
    /// As the guard says.
    Guard(Guard),
    /// A person has seen these go, and nobody else.
    These(&'a BTreeSet<EntryId>),
}

/// `there`: entries with an account that the directory knew and let in before this reading.
#[must_use]
pub fn plan(cases: Vec<Case>, there: u64, approval: Approval<'_>) -> Plan {
    let items: Vec<PlanItem> = cases.into_iter().filter_map(item_of).collect();
    let suspended = || items.iter().filter(|item| item.acts.contains(&EntryAct::Suspend));
    let count = suspended().count() as u64;
    let is_held = match approval {
        Approval::Guard(guard) => is_too_many(count, there, guard),
        Approval::These(seen) => suspended().any(|item| !seen.contains(&item.entry)),
    };
    Plan { hold: is_held.then_some(Hold { suspended: count, of: there }), items }
}

/// So few are looked at one by one: a percentage says nothing of them.
const FEW: u64 = 3;

/// Whether so many at once are rather a mistake than departures (X8).
#[must_use]
pub fn is_too_many(suspended: u64, there: u64, guard: Guard) -> bool {
    let all = suspended > 1 && suspended >= there;
    let part = suspended > FEW && suspended * 100 > there * u64::from(guard.percent_max);
    all || part || suspended > u64::from(guard.count_max)
}

/// What an entry asks for; `None` where nothing has to be done or remembered.
fn item_of(case: Case) -> Option<PlanItem> {
    let known = case.known;
    let is_new = known.is_none();
    let is_settled = known.is_some_and(|known| known.settled == Settled::Yes);
    let moved = known.is_none_or(|known| known.said != case.said);
    let differs = match (&case.person, known) {
        (Some(person), Some(known)) => person.digest() != known.digest,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if is_settled && !moved && !differs {
        return None;
    }
    let mut item = PlanItem {
        entry: case.entry,
        said: case.said,
        account: case.account.as_ref().map(|linked| linked.account),
        address: case.person.as_ref().and_then(|person| person.address.clone()),
        person: case.person,
        acts: vec![],
        fault: None,
    };
    match &case.account {
        Some(linked) => {
            item.address = Some(linked.address.to_string());
            let changed = differs || !is_settled;
            of_account(&mut item, linked, moved || !is_settled, changed);
        }
        None => of_stranger(&mut item, case.claim),
    }
    let nothing = item.acts.is_empty() && item.fault.is_none();
    (!nothing || is_new || moved || differs || !is_settled).then_some(item)
}

/// What the directories together say of an account: the first that knows it decides.
fn together(own: Said, elsewhere: &[Elsewhere]) -> (Said, Leader) {
    let decides = |rank| elsewhere.iter().find(|other| other.rank == rank && other.said != Said::Vanished);
    match (decides(Rank::Before), own, decides(Rank::Behind)) {
        (Some(before), _, _) => (before.said, Leader::Another),
        (None, Said::Enabled | Said::Disabled, _) => (own, Leader::This),
        (None, Said::Vanished, Some(behind)) => (behind.said, Leader::Another),
        (None, Said::Vanished, None) => (Said::Vanished, Leader::This),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leader {
    This,
    Another,
}

fn of_account(item: &mut PlanItem, linked: &Linked, moved: bool, changed: bool) {
    let (said, leader) = together(item.said, &linked.elsewhere);
    match said {
        Said::Enabled => {
            if moved && may(linked.state, Act::BeReactivated) == Verdict::Yes {
                match linked.cause {
                    Some(Cause::Directory) => item.acts.push(EntryAct::Resume),
                    // Another's decision stands.
                    Some(
                        Cause::Admin | Cause::Scim | Cause::Departure | Cause::Billing | Cause::Schedule,
                    )
                    | None => {}
                }
            }
            if changed && leader == Leader::This && item.person.is_some() {
                if may(linked.state, Act::ChangeAttributes) == Verdict::Yes {
                    item.acts.push(EntryAct::Update);
                } else {
                    item.fault = Some(DirectoryFault::AccountDeleted { address: linked.address.clone() });
                }
            }
        }
        Said::Disabled | Said::Vanished => {
            if moved && may(linked.state, Act::BeDeactivated) == Verdict::Yes {
                item.acts.push(EntryAct::Suspend);
            }
        }
    }
}

fn of_stranger(item: &mut PlanItem, claim: Claim) {
    match item.said {
        // Nobody was here who would have to go, and nobody is to come.
        Said::Vanished | Said::Disabled => return,
        Said::Enabled => {}
    }
    let Some(text) = item.person.as_ref().and_then(|person| person.address.clone()) else {
        item.fault = Some(DirectoryFault::AddressMissing { entry: item.entry });
        return;
    };
    if text.parse::<EmailAddress>().is_err() {
        item.fault = Some(DirectoryFault::AddressInvalid { text });
        return;
    }
    match claim {
        Claim::Free => item.acts.push(EntryAct::Create),
        Claim::Twice => item.fault = Some(DirectoryFault::AddressTwice { address: text }),
        Claim::Account(holder) => {
            item.account = None;
            if holder.leads == Leads::Yes {
                item.fault =
                    Some(DirectoryFault::LinkByHand { entry: item.entry, address: holder.address.clone() });
            } else if holder.entry.is_some() {
                // Perhaps somebody else of the same name: the mail of one is not for the other.
                item.fault =
                    Some(DirectoryFault::OtherEntry { entry: item.entry, address: holder.address.clone() });
            } else {
                item.account = Some(holder.account);
                item.acts.push(EntryAct::Link);
                of_account(item, &holder.linked, true, true);
            }
        }
    }
}
