//! A small model of the provision, written from the rules and without the core's types: it counts paid days down one by one
//! and looks for renewal days in a calendar of its own.

use std::collections::BTreeMap;

/// Price in minor units, months of a period, whether its licence is full.
pub const OFFERS: [(i64, u32, bool); 4] =
    [(1000, 1, true), (2999, 1, true), (500, 1, false), (12_345, 12, true)];
/// Free accounts, accounts at most, full licences at most, price, months.
pub type Plan = (i64, Option<i64>, Option<i64>, i64, u32);
pub const PLANS: [Plan; 3] =
    [(2, Some(6), Some(4), 700, 1), (50, None, None, 9999, 12), (3, Some(12), None, 0, 1)];
pub const GRACE_DAYS: i64 = 14;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Invited,
    Active,
    Closed,
    ClosedUnpaid,
    Deleted,
}

/// Paid time: what is left of it, in days; negative when it is over.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    pub price: i64,
    pub days: i64,
    pub left: i64,
    /// Renewals fall on this day's day of the month.
    anchor: i64,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub state: State,
    pub owner: bool,
    pub guest: bool,
    pub offer: Option<usize>,
    pub paid: Option<Paid>,
    /// The hour at which it leaves.
    pub leaves: Option<i64>,
}

type Answer = Result<(), &'static str>;

/// The provision of one organisation in Paris.
#[derive(Debug, Default)]
pub struct Model {
    /// Hours since the beginning of 1970, UTC.
    pub hour: i64,
    pub balance: i64,
    pub people: BTreeMap<i64, Person>,
    pub plan: Option<usize>,
    pub plan_paid: Option<Paid>,
    /// The day on which what is due was last looked at, unless money came in since.
    pub looked_on: Option<i64>,
}

// ---------------------------------------------------------------------------------------------------------------
// The calendar: days since 1970, and the summer time of Paris.

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn month_days(year: i64, month: u32) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month, day.
pub fn civil(day: i64) -> (i64, u32, i64) {
    let (mut year, mut rest) = (1970, day);
    while rest >= 365 + i64::from(is_leap(year)) {
        rest -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while rest >= month_days(year, month) {
        rest -= month_days(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

/// The last Sunday of March and of October at 01:00 UTC (Directive 2000/84/EC).
fn is_summer(hour: i64) -> bool {
    let (year, month, day) = civil(hour.div_euclid(24));
    let weekday = |day: i64| (day + 4).rem_euclid(7);
    let today = hour.div_euclid(24);
    let last_sunday = {
        let last = today - day + month_days(year, month);
        last - weekday(last)
    };
    let change = last_sunday * 24 + 1;
    match month {
        3 => hour >= change,
        10 => hour < change,
        4..=9 => true,
        _ => false,
    }
}

pub fn day_in_paris(hour: i64) -> i64 {
    (hour + 1 + i64::from(is_summer(hour))).div_euclid(24)
}

/// The first day after `from` that is a renewal day of `anchor`.
fn next_renewal(anchor: i64, from: i64, months: u32) -> i64 {
    let (_, anchor_month, anchor_day) = civil(anchor);
    let is_one = |day: i64| {
        let (year, month, of_month) = civil(day);
        of_month == anchor_day.min(month_days(year, month)) && (months == 1 || month == anchor_month)
    };
    (from + 1..).find(|day| is_one(*day)).expect("there is always another month")
}

// ---------------------------------------------------------------------------------------------------------------
// The rules.

impl Model {
    pub fn today(&self) -> i64 {
        day_in_paris(self.hour)
    }

    /// Moves the clock: every account that is open uses up its days.
    pub fn wait(&mut self, hours: i64) {
        let (before, after) = (self.today(), day_in_paris(self.hour + hours));
        let start = self.hour;
        self.hour += hours;
        for person in self.people.values_mut() {
            let open = matches!(person.state, State::Active);
            let leaves = person.leaves.map(day_in_paris);
            let gone = person.leaves.is_some_and(|at| at <= start);
            if let Some(paid) = person.paid.as_mut().filter(|_| open && !gone) {
                let last =
                    leaves.filter(|_| person.leaves.is_some_and(|at| at <= self.hour)).unwrap_or(after);
                paid.left -= last - before;
            }
        }
        if let Some(paid) = &mut self.plan_paid {
            paid.left -= after - before;
        }
    }

    pub fn is_open(&self, person: &Person) -> bool {
        matches!(person.state, State::Invited | State::Active)
            && person.leaves.is_none_or(|at| at > self.hour)
    }

    /// Accounts, free ones, full licences.
    pub fn licences(&self) -> (i64, i64, i64) {
        let held = self.people.values().filter(|person| self.is_open(person) && !person.guest);
        held.fold((0, 0, 0), |(all, free, full), person| {
            let is_full = person.offer.is_none_or(|offer| OFFERS[offer].2);
            (all + 1, free + i64::from(person.offer.is_none()), full + i64::from(is_full))
        })
    }

    fn check_room(&self, guest: bool, offer: Option<usize>, (all, free, full): (i64, i64, i64)) -> Answer {
        if self.plan_paid.is_some_and(|paid| paid.left <= -GRACE_DAYS) {
            return Err("plan_unpaid");
        }
        let Some((free_max, all_max, full_max, _, _)) = self.plan.map(|plan| PLANS[plan]) else {
            return Ok(());
        };
        if guest {
            return Ok(());
        }
        if all_max.is_some_and(|max| all >= max) {
            return Err("plan_full");
        }
        if offer.is_none() && free >= free_max {
            return Err("subscription_needed");
        }
        if offer.is_none_or(|offer| OFFERS[offer].2) && full_max.is_some_and(|max| full >= max) {
            return Err("full_licences_used");
        }
        Ok(())
    }

    fn pay(&mut self, price: i64) -> Answer {
        if price > 0 && self.balance < price {
            return Err("provision_short");
        }
        self.balance -= price;
        Ok(())
    }

    fn first_period(&mut self, price: i64, months: u32) -> Result<Paid, &'static str> {
        self.pay(price)?;
        let today = self.today();
        let days = next_renewal(today, today, months) - today;
        Ok(Paid { price, days, left: days, anchor: today })
    }

    pub fn worth(paid: &Paid) -> i64 {
        paid.price * paid.left.clamp(0, paid.days) / paid.days
    }

    fn give_back(&mut self, paid: Option<Paid>) {
        let worth = paid.as_ref().map_or(0, Self::worth);
        self.balance += worth;
        if worth > 0 {
            self.looked_on = None;
        }
    }

    pub fn create(&mut self, id: i64, active: bool, guest: bool, offer: Option<usize>) -> Answer {
        self.check_room(guest, offer, self.licences())?;
        let paid = match offer.filter(|_| active) {
            Some(offer) => Some(self.first_period(OFFERS[offer].0, OFFERS[offer].1)?),
            None => None,
        };
        let state = if active { State::Active } else { State::Invited };
        let owner = self.people.is_empty();
        self.people.insert(id, Person { state, owner, guest, offer, paid, leaves: None });
        Ok(())
    }

    pub fn set_password(&mut self, id: i64) -> Answer {
        let person = self.people[&id].clone();
        if !self.is_open(&person) {
            return Err("not_in_this_state");
        }
        let offer = person.offer.filter(|_| person.paid.is_none());
        let paid = match offer {
            Some(offer) => Some(self.first_period(OFFERS[offer].0, OFFERS[offer].1)?),
            None => person.paid,
        };
        self.people.insert(id, Person { state: State::Active, paid, ..person });
        Ok(())
    }

    pub fn subscribe(&mut self, id: i64, offer: Option<usize>) -> Answer {
        let person = self.people[&id].clone();
        if !self.is_open(&person) {
            return Err("not_in_this_state");
        }
        if offer == person.offer {
            return Ok(());
        }
        let kind = |offer: Option<usize>| offer.map(|offer| OFFERS[offer].2);
        if !person.guest && kind(offer) != kind(person.offer) {
            let (all, free, full) = self.licences();
            let was_full = i64::from(kind(person.offer).unwrap_or(true));
            let without = (all - 1, free - i64::from(person.offer.is_none()), full - was_full);
            // As for a newcomer in the place that becomes free.
            self.check_room(false, offer, without)?;
        }
        let before = self.balance;
        let credit = person.paid.as_ref().map_or(0, Self::worth);
        self.balance += credit;
        let paid = match offer.filter(|_| person.state == State::Active) {
            Some(offer) => match self.first_period(OFFERS[offer].0, OFFERS[offer].1) {
                Ok(paid) => Some(paid),
                Err(refused) => {
                    self.balance = before;
                    return Err(refused);
                }
            },
            None => None,
        };
        if credit > 0 {
            self.looked_on = None;
        }
        self.people.insert(id, Person { offer, paid, ..person });
        Ok(())
    }

    pub fn close(&mut self, id: i64, unpaid: bool) -> Answer {
        let mut person = self.people[&id].clone();
        match person.state {
            State::Deleted => return Err("not_in_this_state"),
            State::Closed => return Ok(()),
            State::ClosedUnpaid => {
                if !unpaid {
                    self.people.get_mut(&id).expect("there").state = State::Closed;
                }
                return Ok(());
            }
            State::Invited | State::Active => {}
        }
        if person.owner {
            return Err("owner_cannot_leave");
        }
        person.state = if unpaid { State::ClosedUnpaid } else { State::Closed };
        person.leaves = None;
        if let Some(paid) = &mut person.paid {
            paid.left = paid.left.clamp(0, paid.days);
        }
        self.people.insert(id, person);
        Ok(())
    }

    pub fn open(&mut self, id: i64, was_active: bool) -> Answer {
        let person = self.people[&id].clone();
        if self.is_open(&person) {
            return Ok(());
        }
        if person.state == State::Deleted {
            return Err("not_in_this_state");
        }
        self.check_room(person.guest, person.offer, self.licences())?;
        let today = self.today();
        let left = person.paid.map(|paid| paid.left.clamp(0, paid.days)).filter(|left| *left > 0);
        let resumed = person.paid.zip(left).map(|(paid, left)| Paid { left, anchor: today + left, ..paid });
        let state = if was_active { State::Active } else { State::Invited };
        let paid = match (resumed, person.offer) {
            (None, Some(offer)) if was_active => Some(self.first_period(OFFERS[offer].0, OFFERS[offer].1)?),
            (resumed, _) => resumed,
        };
        self.people.insert(id, Person { state, paid, leaves: None, ..person });
        Ok(())
    }

    pub fn leave(&mut self, id: i64, at: i64) -> Answer {
        let person = &self.people[&id];
        if person.leaves == Some(at) {
            return Ok(());
        }
        if !self.is_open(person) {
            return Err("not_in_this_state");
        }
        if person.owner {
            return Err("owner_cannot_leave");
        }
        self.people.get_mut(&id).expect("there").leaves = Some(at);
        Ok(())
    }

    pub fn delete(&mut self, id: i64) -> Answer {
        let person = self.people[&id].clone();
        match person.state {
            State::Deleted => return Ok(()),
            State::Invited | State::Active => return Err("deactivate_first"),
            State::Closed | State::ClosedUnpaid => {}
        }
        self.give_back(person.paid);
        self.people
            .insert(id, Person { state: State::Deleted, paid: None, offer: None, leaves: None, ..person });
        Ok(())
    }

    pub fn pay_in(&mut self, amount: i64) {
        self.balance += amount;
        self.looked_on = None;
    }

    pub fn set_plan(&mut self, plan: Option<usize>) -> Answer {
        if plan == self.plan {
            return Ok(());
        }
        let (all, free, full) = self.licences();
        if let Some((free_max, all_max, full_max, _, _)) = plan.map(|plan| PLANS[plan])
            && (all_max.is_some_and(|max| all > max)
                || free > free_max
                || full_max.is_some_and(|max| full > max))
        {
            return Err("plan_too_small");
        }
        let credit = self.plan_paid.as_ref().map_or(0, Self::worth);
        self.balance += credit;
        let paid = match plan {
            Some(plan) => match self.first_period(PLANS[plan].3, PLANS[plan].4) {
                Ok(paid) => Some(paid),
                Err(refused) => {
                    self.balance -= credit;
                    return Err(refused);
                }
            },
            None => None,
        };
        if credit > 0 {
            self.looked_on = None;
        }
        (self.plan, self.plan_paid) = (plan, paid);
        Ok(())
    }

    /// What runs by itself, once a day and whenever money came in.
    pub fn look(&mut self, was_active: impl Fn(i64) -> bool) {
        if self.looked_on.is_some_and(|day| day >= self.today()) {
            return;
        }
        while let Some(paid) = self.plan_paid.filter(|paid| paid.left <= 0) {
            let (_, _, _, price, months) = PLANS[self.plan.expect("it is paid for")];
            let Some(next) = self.renew(&paid, price, months) else { break };
            self.plan_paid = Some(next);
        }
        let due =
            |person: &Person| person.paid.filter(|paid| person.state == State::Active && paid.left <= 0);
        let mut late: Vec<_> =
            self.people.iter().filter_map(|(id, person)| Some((due(person)?.left, *id))).collect();
        late.sort_unstable();
        for (_, id) in late {
            if !self.is_open(&self.people[&id]) {
                continue;
            }
            while let Some(paid) = due(&self.people[&id]) {
                let offer = OFFERS[self.people[&id].offer.expect("it is paid for")];
                let Some(next) = self.renew(&paid, offer.0, offer.1) else { break };
                self.people.get_mut(&id).expect("there").paid = Some(next);
            }
            if due(&self.people[&id]).is_some_and(|paid| paid.left <= -GRACE_DAYS) {
                // The owner stays, or nobody could pay.
                let _stays = self.close(id, true);
            }
        }
        let closed: Vec<_> = self.people.keys().copied().collect();
        for id in closed {
            if self.people[&id].state == State::ClosedUnpaid {
                // Whatever stands in the way, the next look tries again.
                let _stays_closed = self.open(id, was_active(id));
            }
        }
        self.looked_on = Some(self.today());
    }

    fn renew(&mut self, paid: &Paid, price: i64, months: u32) -> Option<Paid> {
        let from = self.today() + paid.left;
        self.pay(price).ok()?;
        let days = next_renewal(paid.anchor, from, months) - from;
        Some(Paid { price, days, left: paid.left + days, anchor: paid.anchor })
    }
}
