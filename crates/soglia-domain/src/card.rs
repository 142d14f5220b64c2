//! Definition cards: what an indicator means, generated from its rule. Read [`card`] first.
