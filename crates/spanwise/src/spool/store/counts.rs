//! What is in the spool, what came, and what was lost, in items.

/// What came over from processes that are no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Adopted {
    pub(crate) records: u64,
    /// Their items, with those that turned out to be unreadable: these are among the losses as well.
    pub(crate) items: u64,
}

/// Items that were in the spool and never will be delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// Dropped for newer ones: the spool was full.
    pub(crate) full: u64,
    /// Older than they may be.
    pub(crate) expired: u64,
    /// Damaged, torn, or no longer there.
    pub(crate) unreadable: u64,
    /// Places at which something stood of which not even the number of items can be read. No items.
    pub(crate) damaged: u64,
}

/// What the spool holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// Items that wait.
    pub(crate) waiting: u64,
    /// Items that were handed out, and are not answered for.
    pub(crate) out: u64,
    /// On disk, with what is done in segments that are not.
    pub(crate) bytes: u64,
}

/// Why items are lost.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loss {
    Full,
    Expired,
    Unreadable,
}

impl Losses {
    pub(super) fn add(&mut self, loss: Loss, items: u64) {
        match loss {
            Loss::Full => self.full += items,
            Loss::Expired => self.expired += items,
            Loss::Unreadable => self.unreadable += items,
        }
    }
}
