//! Who is next among many. Read [`Tournament`] first.

/// The earliest of many instants, each of which may change: a binary tree whose nodes hold the
/// earlier of their two children; equal instants go to the lower index.
#[derive(Clone, Debug)]
pub(super) struct Tournament {
    nodes: Vec<Entry>,
    leaves: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) at_us: i64,
    pub(super) index: u32,
}

impl Tournament {
    pub(super) fn new(instants_us: &[i64]) -> Self {
        let leaves = instants_us.len().next_power_of_two().max(2);
        let never = Entry { at_us: i64::MAX, index: u32::MAX };
        let mut nodes = vec![never; 2 * leaves];
        for ((node, &at_us), index) in nodes[leaves..].iter_mut().zip(instants_us).zip(0..) {
            *node = Entry { at_us, index };
        }
        for parent in (1..leaves).rev() {
            nodes[parent] = earlier(nodes[2 * parent], nodes[2 * parent + 1]);
        }
        Self { nodes, leaves }
    }

    #[inline]
    pub(super) fn first(&self) -> Entry {
        self.nodes[1]
    }

    #[inline]
    pub(super) fn set(&mut self, index: u32, at_us: i64) {
        let mut node = self.leaves + index as usize;
        let mut winner = Entry { at_us, index };
        self.nodes[node] = winner;
        while 1 < node {
            let other = self.nodes[node ^ 1];
            // A left child has an even number and the lower indices.
            winner = if node & 1 == 0 { earlier(winner, other) } else { earlier(other, winner) };
            node >>= 1;
            self.nodes[node] = winner;
        }
    }
}

#[inline]
fn earlier(left: Entry, right: Entry) -> Entry {
    if left.at_us <= right.at_us { left } else { right }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_wins_and_ties_go_to_the_first() {
        let mut instants = vec![5, 3, 9, 3, 7];
        let mut tournament = Tournament::new(&instants);
        assert_eq!(tournament.first(), Entry { at_us: 3, index: 1 });
        for (step, index) in [4_usize, 1, 3, 0, 2, 2, 4, 1].into_iter().enumerate() {
            instants[index] = [1, 8, 8, 8, 2, 30, 40, 8][step];
            tournament.set(u32::try_from(index).expect("small"), instants[index]);
            let (first, &at_us) =
                instants.iter().enumerate().min_by_key(|(i, at)| (**at, *i)).expect("not empty");
            let found = tournament.first();
            assert_eq!((found.index as usize, found.at_us), (first, at_us), "step {step}");
        }
    }
}
