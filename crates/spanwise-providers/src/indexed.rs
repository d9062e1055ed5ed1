//! What an answer numbers.

/// Choices, blocks or calls, in the order of their numbers. There are few of them, and most often one.
pub(crate) struct Indexed<T>(Vec<(u64, T)>);

impl<T> Default for Indexed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> Indexed<T> {
    /// The one of this number, which may be new.
    pub(crate) fn at(&mut self, index: u64) -> &mut T {
        let place =
            self.0.binary_search_by_key(&index, |(known, _)| *known).unwrap_or_else(|place| {
                self.0.insert(place, (index, T::default()));
                place
            });
        &mut self.0[place].1
    }
}

impl<T> Indexed<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = T> {
        self.0.into_iter().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_of_order_is_put_in_order() {
        let mut texts = Indexed::<String>::default();
        for (index, text) in [(7, "c"), (0, "a"), (3, "b"), (7, "d")] {
            texts.at(index).push_str(text);
        }
        assert_eq!(texts.values().next_back().unwrap(), "cd");
        assert_eq!(texts.into_values().collect::<Vec<_>>(), ["a", "b", "cd"]);
    }
}
