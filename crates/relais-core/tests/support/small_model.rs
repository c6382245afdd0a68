//! The small model of accounts and addresses that random commands are held against, and the words for those commands.
//! Written from the design, without the core's rules.

use relais_core::account::Cause;
use relais_core::authority::Role;
use relais_core::rights::State;
use std::collections::{BTreeMap, BTreeSet};

/// Names that commands ask for. `host.net` is the provider's domain, `other.fr` nobody's here.
pub const NAMES: [&str; 10] = [
    "n0@bm.com",
    "n1@bm.com",
    "n2@bm.com",
    "n3@bm.com",
    "n4@bm.com",
    "p0@host.net",
    "p1@host.net",
    "abuse@bm.com",
    "x@other.fr",
    "shared@bm.com",
];
pub const SHARED: i64 = 90;
/// The accounts that administer the one group.
pub const GROUP_ADMINS: [i64; 2] = [1, 2];
pub const ACCOUNTS_MAX: i64 = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mail {
    Deliver,
    Refuse,
    Redirect(&'static str),
    /// Answers until so many days after the beginning of the test, then refuses.
    Reply(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Operator,
    Admin,
    Manager,
    Member,
    Stranger,
    Departure,
    Oneself,
}

#[derive(Debug, Clone, Copy)]
pub enum Ask {
    SetPassword,
    Deactivate {
        cause: Cause,
        mail: Option<Mail>,
    },
    Reactivate,
    Delete,
    Rename(&'static str),
    AddAlias(&'static str),
    RemoveAlias(&'static str),
    SetMail(Mail),
    SetRole(Role),
    /// So many days from the day it is asked.
    SetLeaving(Option<i64>),
    /// To another account, or to the shared mailbox if there is no such account.
    Move(&'static str, i64),
}

#[derive(Debug, Clone, Copy)]
pub enum Step {
    Create { name: &'static str, role: Role, password: bool, who: Who },
    Ask { on: i64, ask: Ask, who: Who },
    Wait { days: i64 },
    Departure { on: i64, begins: bool },
}

// ---------------------------------------------------------------------------------------------------------------
// The model: written from the design, without the core's rules.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Changed,
    Unchanged,
    Refused,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub state: State,
    pub role: Role,
    pub password: bool,
    pub cause: Option<Cause>,
    pub leaves: Option<i64>,
    pub mail: Mail,
    pub mail_before: Mail,
    pub primary: &'static str,
    pub departing: bool,
    /// How often every credential died.
    pub deaths: i64,
}

impl Person {
    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Owner | Role::CompanyAdmin)
    }
}

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub today: i64,
    pub people: BTreeMap<i64, Person>,
    /// Account numbers, or [`SHARED`].
    pub holders: BTreeMap<&'static str, i64>,
    pub retired: BTreeSet<&'static str>,
}

pub fn is_by_a_person(cause: Cause) -> bool {
    matches!(cause, Cause::Admin | Cause::Departure)
}

impl Model {
    /// Open, or closed, today.
    pub fn is_open(&self, person: &Person) -> bool {
        matches!(person.state, State::Invited | State::Active)
            && person.leaves.is_none_or(|day| day > self.today)
    }

    pub fn may_command(person: &Person, ask: Ask, who: Who) -> bool {
        // 0: on oneself, 1: managing accounts, 2: ending them.
        let asked = match ask {
            Ask::SetPassword | Ask::SetMail(_) => 0,
            Ask::Rename(_) | Ask::AddAlias(_) | Ask::RemoveAlias(_) => 1,
            Ask::Deactivate { .. }
            | Ask::Reactivate
            | Ask::Delete
            | Ask::SetRole(_)
            | Ask::SetLeaving(_)
            | Ask::Move(..) => 2,
        };
        match who {
            Who::Operator | Who::Admin | Who::Departure => true,
            Who::Manager => asked < 2 && !person.leads(),
            Who::Oneself => {
                asked == 0 || person.leads() || (asked == 1 && person.role == Role::AccountManager)
            }
            Who::Member | Who::Stranger => false,
        }
    }

    pub fn is_to_be_had(&self, name: &str) -> bool {
        !name.starts_with("abuse@")
            && !name.ends_with("@other.fr")
            && !self.retired.contains(name)
            && !self.holders.contains_key(name)
    }

    pub fn mail_is_fine(&self, number: i64, mail: Mail) -> bool {
        match mail {
            Mail::Deliver | Mail::Refuse => true,
            Mail::Reply(until) => until > self.today || self.people[&number].mail == mail,
            Mail::Redirect(first) => {
                // Everyone redirects to one at most, so the way is a line.
                let mut walked = BTreeSet::new();
                let mut to = first;
                while let Some(holder) = self.holders.get(to) {
                    if *holder == number {
                        return false;
                    }
                    match self.people.get(holder).map(|person| person.mail) {
                        Some(Mail::Redirect(next)) if walked.insert(*holder) => to = next,
                        Some(_) | None => break,
                    }
                }
                first.ends_with("@other.fr") || self.holders.contains_key(first)
            }
        }
    }

    /// Whoever leads never; the only admin of a group not while it could be handed on, unless the money is missing.
    pub fn may_be_closed(&self, number: i64, cause: Cause) -> bool {
        self.may_leave(number) || (cause == Cause::Billing && !self.people[&number].leads())
    }

    pub fn may_leave(&self, number: i64) -> bool {
        let others = GROUP_ADMINS.iter().filter(|other| **other != number);
        let mut others = others.filter_map(|other| self.people.get(other));
        !self.people[&number].leads()
            && (!GROUP_ADMINS.contains(&number) || others.any(|other| self.is_open(other)))
    }

    pub fn create(&mut self, name: &'static str, role: Role, password: bool, who: Who) -> Answer {
        let admins = matches!(who, Who::Operator | Who::Admin | Who::Departure);
        let leads = matches!(role, Role::Owner | Role::CompanyAdmin);
        let names_an_owner = role == Role::Owner && who != Who::Operator;
        if !(admins || who == Who::Manager && !leads) || names_an_owner || !self.is_to_be_had(name) {
            return Answer::Refused;
        }
        let number = i64::try_from(self.people.len()).expect("few");
        self.holders.insert(name, number);
        let person = Person {
            state: if password { State::Active } else { State::Invited },
            role,
            password,
            cause: None,
            leaves: None,
            mail: Mail::Deliver,
            mail_before: Mail::Deliver,
            primary: name,
            departing: false,
            deaths: 0,
        };
        self.people.insert(number, person);
        Answer::Changed
    }

    pub fn ask(&mut self, number: i64, ask: Ask, who: Who) -> Answer {
        let mut person = self.people[&number].clone();
        if !Self::may_command(&person, ask, who) {
            return Answer::Refused;
        }
        let answer = match ask {
            Ask::SetPassword | Ask::SetRole(_) => self.set_identity(&mut person, number, ask, who),
            Ask::Deactivate { cause, mail } => self.deactivate(&mut person, number, cause, mail),
            Ask::Reactivate => self.reactivate(&mut person, who),
            Ask::Delete => self.delete(&mut person, number, who),
            Ask::Rename(_) | Ask::AddAlias(_) | Ask::RemoveAlias(_) | Ask::Move(..) => {
                self.change_addresses(&mut person, number, ask)
            }
            Ask::SetMail(_) if person.state == State::Deleted => Answer::Refused,
            Ask::SetMail(mail) if mail == person.mail => Answer::Unchanged,
            Ask::SetMail(mail) if !self.mail_is_fine(number, mail) => Answer::Refused,
            Ask::SetMail(mail) => {
                person.mail = mail;
                Answer::Changed
            }
            Ask::SetLeaving(leaves) if leaves == person.leaves => Answer::Unchanged,
            Ask::SetLeaving(None) if person.state != State::Deactivated && !self.is_open(&person) => {
                self.reactivate(&mut person, who)
            }
            Ask::SetLeaving(leaves) => {
                let fine = leaves
                    .is_none_or(|day| self.is_open(&person) && day > self.today && self.may_leave(number));
                person.leaves = leaves;
                if fine { Answer::Changed } else { Answer::Refused }
            }
        };
        if answer == Answer::Changed {
            self.people.insert(number, person);
        }
        answer
    }

    pub fn set_identity(&self, person: &mut Person, number: i64, ask: Ask, who: Who) -> Answer {
        if !self.is_open(person) {
            return Answer::Refused;
        }
        if let Ask::SetRole(role) = ask {
            let others = self.people.iter().filter(|(other, _)| **other != number);
            let mut others = others.map(|(_, other)| other);
            if role == person.role {
                return Answer::Unchanged;
            }
            let stays_led = matches!(role, Role::Owner | Role::CompanyAdmin)
                || !person.leads()
                || others.any(|other| other.leads() && other.state == State::Active && self.is_open(other));
            let names_an_owner = role == Role::Owner && who != Who::Operator;
            let demotes_an_owner = person.role == Role::Owner && who != Who::Operator;
            if demotes_an_owner || names_an_owner || !stays_led {
                return Answer::Refused;
            }
            person.role = role;
        } else {
            person.password = true;
            person.state = State::Active;
        }
        person.deaths += 1;
        Answer::Changed
    }

    pub fn deactivate(&self, person: &mut Person, number: i64, cause: Cause, mail: Option<Mail>) -> Answer {
        match person.state {
            State::Deleted => Answer::Refused,
            State::Deactivated => {
                let first = person.cause.expect("closed for a reason");
                let mail = mail
                    .filter(|mail| *mail != person.mail && (is_by_a_person(cause) || !is_by_a_person(first)));
                let takes_over = if first == Cause::Billing {
                    cause != Cause::Billing
                } else {
                    is_by_a_person(cause) && !is_by_a_person(first)
                };
                if mail.is_none() && !takes_over {
                    return Answer::Unchanged;
                }
                if mail.is_some_and(|mail| !self.mail_is_fine(number, mail)) {
                    return Answer::Refused;
                }
                person.mail = mail.unwrap_or(person.mail);
                person.cause = Some(if takes_over { cause } else { first });
                person.leaves = person.leaves.filter(|_| !takes_over);
                Answer::Changed
            }
            State::Invited | State::Active => {
                let unsaid = if cause == Cause::Billing { person.mail } else { Mail::Refuse };
                let next = mail.unwrap_or(unsaid);
                let mail_is_fine = mail.is_none_or(|mail| self.mail_is_fine(number, mail));
                if !self.may_be_closed(number, cause) || !mail_is_fine {
                    return Answer::Refused;
                }
                person.mail_before = person.mail;
                person.mail = next;
                person.cause = Some(cause);
                person.leaves = person.leaves.filter(|_| cause == Cause::Billing);
                person.state = State::Deactivated;
                person.deaths += 1;
                Answer::Changed
            }
        }
    }

    pub fn reactivate(&self, person: &mut Person, who: Who) -> Answer {
        if self.is_open(person) {
            return Answer::Unchanged;
        }
        if person.state == State::Deleted || (person.departing && who != Who::Departure) {
            return Answer::Refused;
        }
        if person.state == State::Deactivated {
            person.mail = person.mail_before;
            person.state = if person.password { State::Active } else { State::Invited };
        }
        person.cause = None;
        person.leaves = None;
        person.deaths += 1;
        Answer::Changed
    }

    pub fn delete(&mut self, person: &mut Person, number: i64, who: Who) -> Answer {
        match person.state {
            State::Deleted => return Answer::Unchanged,
            State::Invited | State::Active => return Answer::Refused,
            State::Deactivated if person.departing && who != Who::Departure => return Answer::Refused,
            State::Deactivated => {}
        }
        let held = self.holders.iter().filter(|(_, holder)| **holder == number);
        self.retired.extend(held.map(|(name, _)| *name).filter(|name| name.ends_with("@host.net")));
        self.holders.retain(|_, holder| *holder != number);
        person.state = State::Deleted;
        person.leaves = None;
        person.password = false;
        person.mail = Mail::Refuse;
        person.deaths += 1;
        Answer::Changed
    }

    pub fn change_addresses(&mut self, person: &mut Person, number: i64, ask: Ask) -> Answer {
        let holds = |name: &str| self.holders.get(name) == Some(&number);
        match ask {
            Ask::Rename(_) | Ask::AddAlias(_) if person.state == State::Deleted => Answer::Refused,
            Ask::Rename(name) if name == person.primary => Answer::Unchanged,
            Ask::AddAlias(name) if holds(name) => Answer::Unchanged,
            Ask::Rename(name) | Ask::AddAlias(name) if !self.is_to_be_had(name) && !holds(name) => {
                Answer::Refused
            }
            Ask::Rename(name) => {
                person.primary = name;
                self.holders.insert(name, number);
                Answer::Changed
            }
            Ask::AddAlias(name) => {
                self.holders.insert(name, number);
                Answer::Changed
            }
            Ask::Move(name, to) if to == number || self.holders.get(name) == Some(&to) => Answer::Unchanged,
            Ask::RemoveAlias(name) | Ask::Move(name, _)
                if !holds(name) || name == person.primary || name.ends_with("@host.net") =>
            {
                Answer::Refused
            }
            Ask::RemoveAlias(name) => {
                self.holders.remove(name);
                Answer::Changed
            }
            Ask::Move(name, to) => {
                self.holders.insert(name, to);
                Answer::Changed
            }
            Ask::SetPassword
            | Ask::Deactivate { .. }
            | Ask::Reactivate
            | Ask::Delete
            | Ask::SetMail(_)
            | Ask::SetRole(_)
            | Ask::SetLeaving(_) => unreachable!("no address in {ask:?}"),
        }
    }
}
