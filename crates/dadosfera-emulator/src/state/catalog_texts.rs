//! The texts of a catalog's assets in one piece of memory, so that a search reads it from end to end.
//!
//! A search over texts that lie where their assets do waits for memory a hundred thousand times; over one buffer it does
//! not. A text that is taken out leaves a gap, and the buffer is packed once its gaps are the larger half.

use memchr::memmem::Finder;

/// Between texts, and in gaps: no UTF-8 holds it, so nothing that is searched for runs from one text into the next.
const GAP: u8 = 0xff;

/// Texts, each at a place.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    /// Where each piece begins and whose it is, in the buffer's order.
    pieces: Vec<Piece>,
    /// The piece of each place.
    of_place: Vec<Option<usize>>,
    /// How many of the bytes are gaps of texts that were taken out.
    lost: usize,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    start: usize,
    place: usize,
}

impl Texts {
    /// Puts texts at a place that has none.
    pub(crate) fn insert(&mut self, place: usize, texts: &[&str]) {
        if self.of_place.len() <= place {
            self.of_place.resize(place + 1, None);
        }
        self.of_place[place] = Some(self.pieces.len());
        self.pieces.push(Piece {
            start: self.bytes.len(),
            place,
        });
        for text in texts {
            self.bytes.extend_from_slice(text.as_bytes());
            self.bytes.push(GAP);
        }
    }

    /// Takes the texts of a place out.
    pub(crate) fn remove(&mut self, place: usize) {
        let Some(piece) = self.of_place.get_mut(place).and_then(Option::take) else {
            return;
        };
        let range = self.range(piece);
        self.lost += range.len();
        self.bytes[range].fill(GAP);
        if self.lost > self.bytes.len() / 2 {
            self.pack();
        }
    }

    /// For each place, whether one of its texts holds what is searched for; places without texts hold nothing.
    pub(crate) fn find(&self, wanted: &str) -> Vec<bool> {
        let mut found = vec![false; self.of_place.len()];
        let finder = Finder::new(wanted);
        let (mut piece, mut start) = (0, 0);
        while let Some(at) = finder.find(&self.bytes[start..]) {
            let at = start + at;
            while self
                .pieces
                .get(piece + 1)
                .is_some_and(|next| next.start <= at)
            {
                piece += 1;
            }
            let Some(holder) = self.pieces.get(piece) else {
                break;
            };
            // An empty text is found in gaps, too.
            found[holder.place] = self.of_place[holder.place] == Some(piece);
            start = self.range(piece).end;
            piece += 1;
        }
        found
    }

    /// The first text of a place, in bytes, which sort as the text does; nothing where the place has none.
    pub(crate) fn first(&self, place: usize) -> &[u8] {
        let piece = self.of_place.get(place).copied().flatten();
        let text =
            piece.and_then(|piece| self.bytes[self.range(piece)].split(|b| *b == GAP).next());
        text.unwrap_or_default()
    }

    /// How many places there are, those without texts included.
    pub(crate) fn places(&self) -> usize {
        self.of_place.len()
    }

    fn range(&self, piece: usize) -> std::ops::Range<usize> {
        let next = self.pieces.get(piece + 1);
        self.pieces[piece].start..next.map_or(self.bytes.len(), |next| next.start)
    }

    fn pack(&mut self) {
        let mut bytes = Vec::with_capacity(self.bytes.len() - self.lost);
        let mut pieces = Vec::new();
        for (piece, &Piece { place, .. }) in self.pieces.iter().enumerate() {
            if self.of_place[place] != Some(piece) {
                continue;
            }
            self.of_place[place] = Some(pieces.len());
            pieces.push(Piece {
                start: bytes.len(),
                place,
            });
            bytes.extend_from_slice(&self.bytes[self.range(piece)]);
        }
        self.bytes = bytes;
        self.pieces = pieces;
        self.lost = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_found_across_texts_and_what_is_taken_out_is_found_no_more() {
        let mut texts = Texts::default();
        texts.insert(0, &["ab", "cd"]);
        texts.insert(1, &["abc", ""]);
        texts.insert(3, &["bc", "ab"]);
        assert_eq!(texts.find("bc"), [false, true, false, true]);
        assert_eq!(texts.find("ab"), [true, true, false, true]);
        assert_eq!([texts.first(1), texts.first(2)], [&b"abc"[..], b""]);
        assert_eq!(texts.find(""), [true, true, false, true]);
        texts.remove(1);
        texts.remove(1);
        texts.remove(9);
        assert_eq!(texts.find("ab"), [true, false, false, true]);
        assert_eq!(texts.find(""), [true, false, false, true]);
        texts.insert(1, &["xyz"]);
        assert_eq!(texts.find("y"), [false, true, false, false]);
    }

    #[test]
    fn gaps_never_outgrow_the_texts() {
        let mut texts = Texts::default();
        for round in 0..100 {
            texts.insert(round % 5, &[&round.to_string()]);
            assert!(texts.bytes.len() <= 64, "round {round}: {texts:?}");
            if round >= 4 {
                texts.remove((round + 1) % 5);
            }
        }
        assert_eq!(texts.find("99"), [false, false, false, false, true]);
        assert_eq!(texts.find("98"), [false, false, false, true, false]);
    }
}
