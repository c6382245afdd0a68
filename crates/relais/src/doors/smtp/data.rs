//! The bytes between DATA and its end (RFC 5321, section 4.5.2): dots unstuffed, the end found, bad line ends seen.
//!
//! Pure, and deaf to how the network cut the bytes: any split gives the same output, end and fault.

use memchr::memchr3;

/// What may not stand in a message (RFC 5321, sections 2.3.8 and 4.5.2). Such a message is read to its real end and
/// refused: two servers that disagree about a line end see two different sets of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFault {
    BareLf,
    BareCr,
    Nul,
}

/// How far [`DataDecoder::feed`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All bytes are taken and the message goes on.
    More,
    /// The message ended after this many bytes of the input; the rest belongs to the next command.
    Ended { consumed: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    /// After a dot that began a line.
    Dot,
    /// After a dot and a CR that began a line.
    DotCr,
    Text,
    /// After a CR inside a line.
    Cr,
    Ended,
}

/// Decodes one message.
#[derive(Debug)]
pub struct DataDecoder {
    place: Place,
    fault: Option<DataFault>,
}

impl Default for DataDecoder {
    fn default() -> Self {
        Self { place: Place::LineStart, fault: None }
    }
}

impl DataDecoder {
    /// The first thing that was wrong. Nothing more is put out from there on.
    #[must_use]
    pub fn fault(&self) -> Option<DataFault> {
        self.fault
    }

    /// Takes bytes from the wire and appends what they say to `out`, at most as many.
    ///
    /// # Panics
    /// When called again after the end.
    pub fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Progress {
        assert!(self.place != Place::Ended, "the message has ended");
        let mut at = 0;
        // Bytes from `kept` to `at` go out together: one copy per run without a stuffed dot.
        let mut kept = 0;
        while at < input.len() {
            let byte = input[at];
            match self.place {
                Place::LineStart if byte == b'.' => {
                    self.put(&input[kept..at], out);
                    at += 1;
                    kept = at;
                    self.place = Place::Dot;
                }
                Place::Dot if byte == b'\r' => {
                    at += 1;
                    kept = at;
                    self.place = Place::DotCr;
                }
                Place::DotCr if byte == b'\n' => {
                    self.place = Place::Ended;
                    return Progress::Ended { consumed: at + 1 };
                }
                Place::DotCr => {
                    self.fail(DataFault::BareCr);
                    self.place = Place::Cr;
                }
                Place::Cr => {
                    if byte != b'\n' {
                        self.fail_after(&input[kept..at], DataFault::BareCr, out);
                    }
                    self.place = match byte {
                        b'\n' => Place::LineStart,
                        b'\r' => Place::Cr,
                        _ => Place::Text,
                    };
                    at += 1;
                }
                Place::LineStart | Place::Dot | Place::Text => {
                    self.place = Place::Text;
                    let Some(found) = memchr3(b'\r', b'\n', 0, &input[at..]) else {
                        at = input.len();
                        break;
                    };
                    at += found;
                    match input[at] {
                        b'\r' => self.place = Place::Cr,
                        b'\n' => self.fail_after(&input[kept..at], DataFault::BareLf, out),
                        _ => self.fail_after(&input[kept..at], DataFault::Nul, out),
                    }
                    at += 1;
                }
                Place::Ended => unreachable!("returned when it ended"),
            }
        }
        self.put(&input[kept..at], out);
        Progress::More
    }

    fn put(&self, run: &[u8], out: &mut Vec<u8>) {
        if self.fault.is_none() {
            out.extend_from_slice(run);
        }
    }

    fn fail_after(&mut self, run: &[u8], fault: DataFault, out: &mut Vec<u8>) {
        self.put(run, out);
        self.fail(fault);
    }

    fn fail(&mut self, fault: DataFault) {
        self.fault.get_or_insert(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Decoded {
        content: Vec<u8>,
        consumed: Option<usize>,
        fault: Option<DataFault>,
    }

    fn decode(pieces: &[&[u8]]) -> Decoded {
        let mut decoder = DataDecoder::default();
        let mut content = Vec::new();
        let mut before = 0;
        for piece in pieces {
            if let Progress::Ended { consumed } = decoder.feed(piece, &mut content) {
                return Decoded { content, consumed: Some(before + consumed), fault: decoder.fault() };
            }
            before += piece.len();
        }
        Decoded { content, consumed: None, fault: decoder.fault() }
    }

    #[test]
    fn dots_are_unstuffed_exactly_and_only_crlf_dot_crlf_ends() {
        let rows: &[(&[u8], &[u8])] = &[
            (b".\r\n", b""),
            (b"a\r\n.\r\n", b"a\r\n"),
            (b"..\r\n.\r\n", b".\r\n"),
            (b"...\r\n.\r\n", b"..\r\n"),
            (b".a\r\n.\r\n", b"a\r\n"),
            (b"a.\r\n.\r\n", b"a.\r\n"),
            (b"a\r\n..\r\n..b\r\n\r\n.\r\n", b"a\r\n.\r\n.b\r\n\r\n"),
        ];
        for (wire, content) in rows {
            let decoded = decode(&[wire]);
            assert_eq!(decoded.content, *content, "{wire:?}");
            assert_eq!((decoded.consumed, decoded.fault), (Some(wire.len()), None), "{wire:?}");
        }
    }

    #[test]
    fn no_other_line_end_ends_a_message() {
        let rows: &[(&[u8], DataFault)] = &[
            (b"a\n.\n", DataFault::BareLf),
            (b"a\n.\r\n", DataFault::BareLf),
            (b"a\r.\r", DataFault::BareCr),
            (b"a\r.\r\n", DataFault::BareCr),
            (b"a\r\n.\n", DataFault::BareLf),
            (b"a\r\n.\r", DataFault::BareCr),
            (b"a\r\n.\rb", DataFault::BareCr),
            (b"a\r\r\n.\rx\n", DataFault::BareCr),
            (b".\n", DataFault::BareLf),
            (b"\n.\r\n", DataFault::BareLf),
            (b"a\0b", DataFault::Nul),
            (b".\0", DataFault::Nul),
        ];
        for (wire, fault) in rows {
            let decoded = decode(&[wire]);
            assert_eq!(decoded.consumed, None, "{wire:?}");
            let whole = [wire, b"x\r\n.\r\n".as_slice()].concat();
            let decoded = decode(&[&whole]);
            assert_eq!((decoded.consumed, decoded.fault), (Some(whole.len()), Some(*fault)), "{wire:?}");
        }
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_result(
            wire in prop::collection::vec(prop::sample::select(b".\r\n\0ab".to_vec()), 0..60),
            cuts in prop::collection::vec(0usize..60, 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(wire.len())).collect();
            cuts.push(0);
            cuts.push(wire.len());
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &wire[pair[0]..pair[1]]).collect();
            let bytes: Vec<&[u8]> = wire.chunks(1).collect();
            let whole = decode(&[&wire]);
            prop_assert_eq!(&decode(&pieces), &whole);
            prop_assert_eq!(&decode(&bytes), &whole);
        }

        #[test]
        fn what_a_client_stuffs_comes_out_as_it_was(
            lines in prop::collection::vec("[.a ]{0,6}", 0..10),
        ) {
            let mut content = String::new();
            let mut wire = String::new();
            for line in &lines {
                if line.starts_with('.') {
                    wire.push('.');
                }
                wire.push_str(line);
                wire.push_str("\r\n");
                content.push_str(line);
                content.push_str("\r\n");
            }
            wire.push_str(".\r\nQUIT\r\n");
            let decoded = decode(&[wire.as_bytes()]);
            prop_assert_eq!(decoded.content, content.into_bytes());
            prop_assert_eq!(decoded.consumed, Some(wire.len() - 6));
            prop_assert_eq!(decoded.fault, None);
        }
    }
}
