//! Who has spent how much.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rust_decimal::Decimal;

use super::period::Window;

/// What one session, user, … has spent of a [`Budget`](crate::Budget), in the present window.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetUse {
    /// Which session, user, … it is; empty for the process.
    pub subject: String,
    /// How much, in whole units of the currency, or tokens.
    pub spent: Decimal,
    /// When the window began.
    pub since: SystemTime,
    /// When it ends; `None` where it never does.
    pub until: Option<SystemTime>,
}

/// Whose it is may be private.
impl std::fmt::Debug for BudgetUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BudgetUse").field("spent", &self.spent).finish_non_exhaustive()
    }
}

pub(super) struct Accounts {
    most: usize,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    accounts: HashMap<Box<str>, Account>,
    /// The largest share that anyone has used, in the latest window.
    fullest: Decimal,
    latest: Option<Window>,
    /// How often anything was charged: the order of who spent last.
    charges: u64,
}

struct Account {
    window: Window,
    spent: Decimal,
    charged: u64,
}

/// What a call did to an account.
pub(super) struct Charged {
    pub(super) spent: Decimal,
    /// The thresholds that it reached, in percent.
    pub(super) reached: Vec<u32>,
    /// The largest share that anyone has used.
    pub(super) fullest: Decimal,
}

impl Charged {
    /// What is charged by call has no account.
    pub(super) fn of_call(amount: Decimal, limit: Decimal, thresholds: &[u32]) -> Self {
        let reached = reached(Decimal::ZERO, amount, limit, thresholds);
        Self { spent: amount, reached, fullest: share(amount, limit) }
    }
}

impl Accounts {
    pub(super) fn new(most: usize) -> Self {
        Self { most, books: Mutex::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was spent in the window of now, and until when that lasts; `None` where that is nothing.
    pub(super) fn spent(
        &self,
        subject: &str,
        now: SystemTime,
    ) -> Option<(Decimal, Option<SystemTime>)> {
        let books = self.books();
        let account = books.accounts.get(subject)?;
        (!account.window.is_over(now)).then_some((account.spent, account.window.until))
    }

    /// `None` where its window was over before.
    pub(super) fn charge(
        &self,
        subject: &str,
        amount: Decimal,
        window: Window,
        limit: Decimal,
        thresholds: &[u32],
    ) -> Option<Charged> {
        let mut books = self.books();
        if !books.accounts.contains_key(subject) {
            books.make_room(self.most, window);
        }
        books.charges += 1;
        let charges = books.charges;
        let account = match books.accounts.get_mut(subject) {
            Some(account) => account,
            None => books.accounts.entry(subject.into()).or_insert(Account {
                window,
                spent: Decimal::ZERO,
                charged: charges,
            }),
        };
        if window.from < account.window.from {
            return None;
        }
        if window.from > account.window.from {
            (account.window, account.spent) = (window, Decimal::ZERO);
        }
        let before = account.spent;
        account.spent = before.saturating_add(amount);
        account.charged = charges;
        let spent = account.spent;
        let fullest = books.fill(share(spent, limit), window);
        Some(Charged { spent, reached: reached(before, spent, limit, thresholds), fullest })
    }

    pub(super) fn uses(&self, now: SystemTime) -> Vec<BudgetUse> {
        let books = self.books();
        let present = books.accounts.iter().filter(|(_, account)| !account.window.is_over(now));
        present
            .map(|(subject, Account { window, spent, .. })| BudgetUse {
                subject: subject.to_string(),
                spent: *spent,
                since: window.from,
                until: window.until,
            })
            .collect()
    }
}

impl Books {
    /// The largest share, with this one.
    fn fill(&mut self, share: Decimal, window: Window) -> Decimal {
        match self.latest {
            Some(latest) if window.from < latest.from => {}
            Some(latest) if window.from == latest.from => self.fullest = self.fullest.max(share),
            _ => (self.latest, self.fullest) = (Some(window), share),
        }
        self.fullest
    }

    /// An eighth goes at once, so that not every newcomer looks at all.
    fn make_room(&mut self, most: usize, window: Window) {
        if self.accounts.len() < most {
            return;
        }
        self.accounts.retain(|_, account| account.window.from >= window.from);
        if self.accounts.len() < most {
            return;
        }
        let mut order: Vec<u64> = self.accounts.values().map(|account| account.charged).collect();
        let eighth = most / 8;
        let (_, last_to_go, _) = order.select_nth_unstable(eighth);
        let last_to_go = *last_to_go;
        self.accounts.retain(|_, account| account.charged > last_to_go);
    }
}

fn share(spent: Decimal, limit: Decimal) -> Decimal {
    spent.checked_div(limit).unwrap_or(Decimal::MAX)
}

/// Which thresholds lie between.
fn reached(before: Decimal, after: Decimal, limit: Decimal, thresholds: &[u32]) -> Vec<u32> {
    let at = |percent: u32| limit.saturating_mul(Decimal::new(percent.into(), 2));
    let passed = |percent: &&u32| before < at(**percent) && at(**percent) <= after;
    thresholds.iter().filter(passed).copied().collect()
}
