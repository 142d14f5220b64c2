//! Operators who have nothing to do, by group, longest idle first. Read [`IdleLists`] first.

const NOBODY: u32 = u32::MAX;

/// A doubly linked list for each group, in the order in which operators became idle.
#[derive(Clone, Debug)]
pub(super) struct IdleLists {
    first: Vec<u32>,
    last: Vec<u32>,
    next: Vec<u32>,
    previous: Vec<u32>,
    since: Vec<u64>,
    n_idle_ever: u64,
    /// One bit for each group that has somebody.
    mask: u64,
}

impl IdleLists {
    pub(super) fn new(n_groups: usize, n_operators: usize) -> Self {
        Self {
            first: vec![NOBODY; n_groups],
            last: vec![NOBODY; n_groups],
            next: vec![NOBODY; n_operators],
            previous: vec![NOBODY; n_operators],
            since: vec![0; n_operators],
            n_idle_ever: 0,
            mask: 0,
        }
    }

    #[inline]
    pub(super) const fn mask(&self) -> u64 {
        self.mask
    }

    /// The operator of a group idle for longest, and how early that began.
    #[inline]
    pub(super) fn longest(&self, group: usize) -> Option<(u64, u32)> {
        let first = self.first[group];
        (first != NOBODY).then(|| (self.since[first as usize], first))
    }

    #[inline]
    pub(super) fn push(&mut self, group: usize, operator: u32) {
        let last = self.last[group];
        self.previous[operator as usize] = last;
        self.next[operator as usize] = NOBODY;
        if last == NOBODY {
            self.first[group] = operator;
            self.mask |= 1 << group;
        } else {
            self.next[last as usize] = operator;
        }
        self.last[group] = operator;
        self.since[operator as usize] = self.n_idle_ever;
        self.n_idle_ever += 1;
    }

    #[inline]
    pub(super) fn remove(&mut self, group: usize, operator: u32) {
        let (previous, next) = (self.previous[operator as usize], self.next[operator as usize]);
        if previous == NOBODY {
            self.first[group] = next;
        } else {
            self.next[previous as usize] = next;
        }
        if next == NOBODY {
            self.last[group] = previous;
        } else {
            self.previous[next as usize] = previous;
        }
        if self.first[group] == NOBODY {
            self.mask &= !(1 << group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_idle_comes_first_whoever_leaves() {
        let mut lists = IdleLists::new(2, 4);
        for operator in [2, 0, 3] {
            lists.push(1, operator);
        }
        lists.push(0, 1);
        assert_eq!(lists.longest(1), Some((0, 2)));
        lists.remove(1, 0);
        lists.remove(1, 2);
        assert_eq!(lists.longest(1), Some((2, 3)));
        lists.push(1, 0);
        lists.remove(1, 3);
        assert_eq!(lists.longest(1), Some((4, 0)));
        assert_eq!(lists.mask(), 0b11);
        lists.remove(1, 0);
        assert_eq!((lists.longest(1), lists.mask()), (None, 0b01));
    }
}
