//! Rabin's rolling hash, by which rustic finds where to cut large files; in place of the crate of the same name.
//!
//! rustic makes a new hash for each file, and the tables of the original take longer to compute than most messages take
//! to be read, compressed, encrypted and written: half of a first backup. They are linear over GF(2), so eight entries
//! give all the others. The values are the original's, bit for bit: what earlier backups hold is found again.

/// Polynomials over GF(2): bit `i` is the coefficient of `x^i`.
pub type Polynom64 = u64;

pub trait Polynom {
    /// −1 of zero.
    fn degree(&self) -> i32;

    /// The remainder of a division by `m`, which is not zero.
    #[must_use]
    fn modulo(&self, m: &Self) -> Self;
}

impl Polynom for Polynom64 {
    fn degree(&self) -> i32 {
        self.checked_ilog2().map_or(-1, u32::cast_signed)
    }

    fn modulo(&self, m: &Self) -> Self {
        let mut rest = *self;
        while rest.degree() >= m.degree() {
            rest ^= m << (rest.degree() - m.degree());
        }
        rest
    }
}

/// A hash of the bytes in a window that moves.
pub trait RollingHash64 {
    /// Begins anew with as many of these bytes as the window has room for but one.
    fn reset_and_prefill_window<I: Iterator<Item = u8>>(&mut self, bytes: &mut I) -> usize;

    /// Takes one byte in, and the oldest out.
    fn slide(&mut self, byte: u8);
}

/// The bytes of the window as one polynomial, modulo another of degree 8 to 55.
pub struct Rabin64 {
    /// By what a byte that leaves the window has contributed.
    leaving: [Polynom64; 256],
    /// By the eight bits that a shift pushes beyond the degree of the modulus: those bits, and their remainder.
    overflow: [Polynom64; 256],
    overflow_shift: u32,
    /// A ring; its length is a power of two.
    window: Vec<u8>,
    oldest: usize,
    pub hash: Polynom64,
}

impl Rabin64 {
    /// For a window of two to the power of `window_bits` bytes.
    ///
    /// # Panics
    /// When the modulus has another degree than 8 to 55.
    #[must_use]
    pub fn new_with_polynom(window_bits: u32, modulus: &Polynom64) -> Rabin64 {
        let degree = modulus.checked_ilog2().unwrap_or_default();
        assert!((8..=55).contains(&degree), "a modulus of degree 8 to 55");
        let times_x = |polynom: Polynom64| {
            let shifted = polynom << 1;
            if shifted >> degree & 1 == 1 { shifted ^ modulus } else { shifted }
        };
        let window = vec![0; 1 << window_bits];
        // x^degree is the modulus without its highest term.
        let mut overflow = multiples(modulus ^ (1 << degree), times_x);
        for (bits, entry) in overflow.iter_mut().enumerate() {
            *entry |= (bits as Polynom64) << degree;
        }
        let oldest_place = (0..8 * (window.len() - 1)).fold(1, |power, _| times_x(power));
        Rabin64 {
            leaving: multiples(oldest_place, times_x),
            overflow,
            overflow_shift: degree - 8,
            window,
            oldest: 0,
            hash: 0,
        }
    }

    fn take_in(&mut self, byte: u8) {
        self.window[self.oldest] = byte;
        self.oldest = (self.oldest + 1) & (self.window.len() - 1);
        let beyond = (self.hash >> self.overflow_shift & 255) as usize;
        self.hash = (self.hash << 8 | Polynom64::from(byte)) ^ self.overflow[beyond];
    }
}

/// A polynomial times each one of degree 7 or less, modulo what `times_x` reduces by.
fn multiples(polynom: Polynom64, times_x: impl Fn(Polynom64) -> Polynom64) -> [Polynom64; 256] {
    let mut multiples = [0; 256];
    let mut term = polynom;
    for bit in 0..8 {
        let known = 1 << bit;
        for lower in 0..known {
            multiples[known + lower] = multiples[lower] ^ term;
        }
        term = times_x(term);
    }
    multiples
}

impl RollingHash64 for Rabin64 {
    fn reset_and_prefill_window<I: Iterator<Item = u8>>(&mut self, bytes: &mut I) -> usize {
        self.hash = 0;
        let room = self.window.len() - 1;
        let taken = bytes.take(room).map(|byte| self.take_in(byte)).count();
        // The place that is left has not been overwritten.
        self.window[self.oldest] = 0;
        taken
    }

    #[inline]
    fn slide(&mut self, byte: u8) {
        self.hash ^= self.leaving[usize::from(self.window[self.oldest])];
        self.take_in(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::{Polynom as _, Polynom64, Rabin64, RollingHash64 as _};
    use proptest::prelude::*;

    const MODULUS: Polynom64 = 0x003D_A335_8B4D_C173;

    /// By the definition.
    fn remainder(bytes: &[u8], modulus: Polynom64) -> Polynom64 {
        bytes.iter().fold(0, |rest, byte| (rest << 8 | Polynom64::from(*byte)).modulo(&modulus))
    }

    #[test]
    fn a_degree_is_that_of_the_highest_term() {
        assert_eq!([0, 1, 2, 255, 256, u64::MAX].map(|polynom| polynom.degree()), [-1, 0, 1, 7, 8, 63]);
    }

    #[test]
    fn what_is_left_of_a_division_has_a_lower_degree() {
        assert_eq!([7, 16, 19, 5].map(|polynom: u64| polynom.modulo(&4)), [3, 0, 3, 1]);
        assert_eq!(0b1000_0000.modulo(&0b1_0001), 0b1000);
    }

    proptest! {
        #[test]
        fn the_hash_is_the_remainder_of_the_window(
            bytes in proptest::collection::vec(any::<u8>(), 64..300),
            bits in 3_u32..7,
            modulus in 1_u64 << 53..1 << 54,
        ) {
            let mut hash = Rabin64::new_with_polynom(bits, &modulus);
            let window = 1 << bits;
            // Twice: beginning anew leaves nothing of what was before.
            for _ in 0..2 {
                let taken = hash.reset_and_prefill_window(&mut bytes.iter().copied());
                prop_assert_eq!(taken, window - 1);
                for end in window..=bytes.len() {
                    hash.slide(bytes[end - 1]);
                    prop_assert_eq!(hash.hash, remainder(&bytes[end - window..end], modulus));
                }
            }
        }
    }

    #[test]
    fn the_hash_of_earlier_backups_is_the_hash_of_later_ones() {
        let bytes: Vec<u8> = (0..10_000_u32).map(|number| ((number * number) >> 5) as u8).collect();
        let mut hash = Rabin64::new_with_polynom(6, &MODULUS);
        hash.reset_and_prefill_window(&mut bytes.iter().copied());
        let mut all = 0_u64;
        for byte in &bytes {
            hash.slide(*byte);
            all = all.rotate_left(7) ^ hash.hash;
        }
        assert_eq!(all, 0xf0d7_314a_c46f_e86f);
    }
}
