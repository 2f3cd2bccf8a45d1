//! Numbers that follow from a seed (SplitMix64), and what is thrown with them.

use serde_json::{Value, json};

/// What a random description is made with.
pub(crate) struct Dice {
    state: u64,
    /// Whether the description may hold what a description must not.
    pub(crate) careless: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            careless: false,
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // The remainder is smaller than `end`, so it fits.
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or_default()
    }

    pub(crate) fn in_ten(&mut self, chances: usize) -> bool {
        self.below(10) < chances
    }

    /// One in thirty where the description is careless: something that a document must not hold.
    pub(crate) fn slip(&mut self) -> bool {
        self.careless && self.below(30) == 0
    }

    pub(crate) fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    /// Up to `most` different words, in their order.
    pub(crate) fn some<'a>(&mut self, words: &[&'a str], most: usize) -> Vec<&'a str> {
        let wanted = self.below(most + 1);
        let mut left = words.to_vec();
        while left.len() > wanted {
            let index = self.below(left.len());
            left.remove(index);
        }
        left
    }

    /// Changes a value somewhere inside a document to what does not belong there.
    pub(crate) fn spoil(&mut self, value: &mut Value) {
        match value {
            Value::Object(object) if !object.is_empty() => {
                let index = self.below(object.len());
                let Some(key) = object.keys().nth(index).cloned() else {
                    return;
                };
                match self.below(12) {
                    0 => {
                        object.remove(&key);
                    }
                    1 => {
                        let wrong = self.wrong();
                        object.insert(key, wrong);
                    }
                    2 => {
                        if let Some(moved) = object.remove(&key) {
                            object.insert(format!("{key}x"), moved);
                        }
                    }
                    _ => {
                        if let Some(inner) = object.get_mut(&key) {
                            self.spoil(inner);
                        }
                    }
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let index = self.below(items.len());
                match self.below(5) {
                    0 => {
                        items.remove(index);
                    }
                    1 => {
                        let twice = items[index].clone();
                        items.push(twice);
                    }
                    _ => self.spoil(&mut items[index]),
                }
            }
            other => *other = self.wrong(),
        }
    }

    fn wrong(&mut self) -> Value {
        match self.below(8) {
            0 => Value::Null,
            1 => json!([]),
            2 => json!({}),
            3 => json!(""),
            4 => json!(-1),
            5 => json!(true),
            6 => json!({ "$ref": "#/components/schemas/Thing" }),
            _ => json!("x"),
        }
    }
}
