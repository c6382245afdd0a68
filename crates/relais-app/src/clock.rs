//! Time and ids come from here, and only from here.

use jiff::{Timestamp, ToSpan};
use rand::RngExt;
use std::sync::{Arc, Mutex, PoisonError};

/// The time: of the system, or set by a test.
#[derive(Clone)]
pub enum Clock {
    System,
    Set(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// A clock that stands until it is moved.
    #[must_use]
    pub fn set_to(at: Timestamp) -> Self {
        Self::Set(Arc::new(Mutex::new(at)))
    }

    #[expect(clippy::disallowed_methods, reason = "this is where everyone else gets the time from")]
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Set(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a clock that was set; the system's is left alone.
    pub fn advance(&self, hours: i64) {
        if let Self::Set(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at += hours.hours();
        }
    }
}

/// Numbers for ids: rising with time, different on every node but for a chance of one in two million within the
/// same millisecond, which a primary key then refuses.
#[derive(Clone)]
pub struct Ids {
    source: Source,
    last: Arc<Mutex<i64>>,
}

#[derive(Clone)]
enum Source {
    Time(Clock),
    /// 1, 2, 3…: for tests that compare whole answers.
    Counted,
}

/// 42 bits of milliseconds last until the year 2109; 21 random bits below them fill 63.
const RANDOM_BITS: u32 = 21;

impl Ids {
    #[must_use]
    pub fn by_time(clock: Clock) -> Self {
        Self { source: Source::Time(clock), last: Arc::default() }
    }

    #[must_use]
    pub fn counted() -> Self {
        Self { source: Source::Counted, last: Arc::default() }
    }

    #[must_use]
    pub fn next(&self) -> i64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let number = match &self.source {
            Source::Counted => *last + 1,
            Source::Time(clock) => {
                let random = rand::rng().random_range(0..1 << RANDOM_BITS);
                let number = clock.now().as_millisecond().max(0) << RANDOM_BITS | random;
                number.max(*last + 1)
            }
        };
        *last = number;
        number
    }
}
