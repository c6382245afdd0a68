#![no_main]

use libfuzzer_sys::fuzz_target;
use relais::doors::smtp::data::{DataDecoder, DataFault, Progress};
use relais_engines::smtp::DataEncoder;

type Decoded = (Vec<u8>, Option<usize>, Option<DataFault>);

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Decoded {
    let mut decoder = DataDecoder::default();
    let mut content = Vec::new();
    let mut before = 0;
    for piece in pieces {
        if let Progress::Ended { consumed } = decoder.feed(piece, &mut content) {
            return (content, Some(before + consumed), decoder.fault());
        }
        before += piece.len();
    }
    (content, None, decoder.fault())
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, wire) = input;
    let whole = decode([wire].into_iter());
    assert_eq!(decode(wire.chunks(usize::from(size).max(1))), whole);
    assert!(whole.0.len() <= wire.len());
    if let (content, Some(consumed), None) = whole {
        let mut encoder = DataEncoder::default();
        let mut out = Vec::new();
        encoder.encode(&content, &mut out);
        encoder.finish(&mut out);
        let again = decode([out.as_slice()].into_iter());
        assert_eq!(again, (content, Some(out.len()), None));
        assert!(consumed <= wire.len());
    }
});
