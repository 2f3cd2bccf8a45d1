//! All chance of the world: one generator, seeded, so that the same seed draws the same ids and keys.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use uuid::{Builder, Uuid};

/// The seeded generator.
pub(crate) struct Chance {
    generator: ChaCha20Rng,
}

impl Chance {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self {
            generator: ChaCha20Rng::seed_from_u64(seed),
        }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.generator.fill_bytes(&mut bytes);
        bytes
    }

    /// A number from 0 up to but without 1, of 53 bits.
    pub(crate) fn fraction(&mut self) -> f64 {
        const STEPS: u64 = 1 << 53;
        #[expect(
            clippy::cast_precision_loss,
            reason = "53 bits are what a float holds exactly"
        )]
        let fraction = (self.generator.next_u64() % STEPS) as f64 / STEPS as f64;
        fraction
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}
