//! A message as it crosses the wire after DATA (RFC 5321, section 4.5.2).

/// Stuffs dots and makes every line end CRLF, piece by piece: pieces may be cut anywhere. A CR or LF that stands
/// alone becomes CRLF, since neither may be sent (section 2.3.8).
#[derive(Debug)]
pub struct DataEncoder {
    at_line_start: bool,
    after_cr: bool,
}

impl Default for DataEncoder {
    fn default() -> Self {
        Self { at_line_start: true, after_cr: false }
    }
}

impl DataEncoder {
    /// Appends what `content` becomes.
    pub fn encode(&mut self, content: &[u8], out: &mut Vec<u8>) {
        let mut rest = content;
        if self.after_cr && !rest.is_empty() {
            // The line end is out already: a LF that belongs to it is not another.
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_cr = false;
        }
        while let Some(&first) = rest.first() {
            if self.at_line_start && first == b'.' {
                out.push(b'.');
            }
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
                out.extend_from_slice(rest);
                self.at_line_start = false;
                return;
            };
            out.extend_from_slice(&rest[..end]);
            out.extend_from_slice(b"\r\n");
            self.at_line_start = true;
            let cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if cr {
                self.after_cr = rest.is_empty();
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
        }
    }

    /// Ends the message: its last line, if it has no end, and the dot.
    pub fn finish(self, out: &mut Vec<u8>) {
        if !self.at_line_start {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(pieces: &[&[u8]]) -> Vec<u8> {
        let mut encoder = DataEncoder::default();
        let mut out = Vec::new();
        for piece in pieces {
            encoder.encode(piece, &mut out);
        }
        encoder.finish(&mut out);
        out
    }

    #[test]
    fn lines_end_with_crlf_and_leading_dots_are_doubled_wherever_pieces_are_cut() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"", b".\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b"a\r\n", b"a\r\n.\r\n"),
            (b"a\n.b\n", b"a\r\n..b\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r\n\r\n.\n\nb.c", b"a\r\n\r\n..\r\n\r\nb.c\r\n.\r\n"),
            (b"\r\r\n", b"\r\n\r\n.\r\n"),
        ];
        for (content, wire) in rows {
            assert_eq!(encode(&[content]), *wire, "{content:?}");
            assert_eq!(encode(&content.chunks(1).collect::<Vec<_>>()), *wire, "{content:?} byte by byte");
            for cut in 0..content.len() {
                assert_eq!(encode(&[&content[..cut], &content[cut..]]), *wire, "{content:?} cut at {cut}");
            }
        }
    }
}
