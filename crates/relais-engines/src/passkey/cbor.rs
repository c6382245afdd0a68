//! As much of CBOR (RFC 8949) as authenticators write: definite lengths, no tags, no fractions. Nothing is trusted: what is
//! short, nested deeply or of another kind is `None`.

const DEPTH_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
    /// False, true, null, undefined.
    Simple,
}

impl<'a> Item<'a> {
    /// The first item of `bytes`, and what follows it.
    pub fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut rest = bytes;
        let item = take(&mut rest, DEPTH_MAX)?;
        Some((item, rest))
    }

    pub fn get(&self, key: &Item<'_>) -> Option<&Item<'a>> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }
}

fn split<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn take<'a>(rest: &mut &'a [u8], depth: usize) -> Option<Item<'a>> {
    let first = split(rest, 1)?[0];
    let argument = match first & 31 {
        small @ 0..24 => u64::from(small),
        size @ 24..28 => {
            let bytes = split(rest, 1 << (size - 24))?;
            bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        }
        _ => return None,
    };
    let count = usize::try_from(argument).ok()?;
    let deeper = || depth.checked_sub(1);
    Some(match first >> 5 {
        0 => Item::Integer(i64::try_from(argument).ok()?),
        1 => Item::Integer(-1 - i64::try_from(argument).ok()?),
        2 => Item::Bytes(split(rest, count)?),
        3 => Item::Text(std::str::from_utf8(split(rest, count)?).ok()?),
        // Each item takes a byte at least: a count beyond what is left is nonsense, and nothing is set aside for it.
        4 if count <= rest.len() => {
            let depth = deeper()?;
            Item::List((0..count).map(|_| take(rest, depth)).collect::<Option<_>>()?)
        }
        5 if count <= rest.len() => {
            let depth = deeper()?;
            let pair = |_| Some((take(rest, depth)?, take(rest, depth)?));
            Item::Map((0..count).map(pair).collect::<Option<_>>()?)
        }
        7 if (20..24).contains(&argument) => Item::Simple,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_authenticators_write_is_read_and_nothing_else() {
        let bytes = [0xa2, 0x01, 0x02, 0x61, b'a', 0x82, 0x26, 0x42, 0, 255, 9];
        let (item, rest) = Item::read(&bytes).unwrap();
        assert_eq!(rest, [9]);
        assert_eq!(item.get(&Item::Integer(1)), Some(&Item::Integer(2)));
        let list = Item::List(vec![Item::Integer(-7), Item::Bytes(&[0, 255])]);
        assert_eq!(item.get(&Item::Text("a")), Some(&list));
        assert_eq!(Item::read(&[0x39, 1, 0]), Some((Item::Integer(-257), &[][..])));
        for wrong in
            [&[][..], &[0x42, 1], &[0x9f, 1, 0xff], &[0xc0, 1], &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0], &[0x61, 255]]
        {
            assert_eq!(Item::read(wrong), None, "{wrong:?}");
        }
        assert_eq!(Item::read(&[0x81; 50]), None, "nested without end");
        assert_eq!(Item::read(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255]), None, "longer than anything");
    }

    proptest! {
        #[test]
        fn nonsense_is_never_more_than_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let read = Item::read(&bytes);
            prop_assert!(read.is_none_or(|(_, rest)| rest.len() < bytes.len()));
        }
    }
}
