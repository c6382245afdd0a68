//! Pictures of pages, made small: a page has few colours, and PNG (the W3C's third edition) keeps those in a palette.

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use std::collections::HashMap;
use std::io::{Read, Write};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
/// Enough for text on a page; with more, files grow and nobody sees it.
const COLOURS_MAX: usize = 64;

type Colour = [u8; 3];

/// What a picture consists of, line after line.
struct Pixels {
    width: u32,
    height: u32,
    colours: Vec<Colour>,
}

/// The same picture in a small file.
///
/// # Errors
/// When it is none that a browser makes.
pub fn small(png: &[u8]) -> Result<Vec<u8>> {
    let pixels = read(png)?;
    let palette = palette(&pixels.colours);
    let mut nearest: HashMap<Colour, u8> = HashMap::new();
    let mut lines = Vec::new();
    for line in pixels.colours.chunks(usize::try_from(pixels.width)?) {
        // No filter: those are for colours, and these are places in a palette.
        lines.push(0);
        for colour in line {
            lines.push(*nearest.entry(*colour).or_insert_with(|| closest(&palette, *colour)));
        }
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&lines)?;
    let mut header = [pixels.width.to_be_bytes(), pixels.height.to_be_bytes()].concat();
    header.extend([8, 3, 0, 0, 0]);
    let mut file = SIGNATURE.to_vec();
    for (name, data) in
        [(b"IHDR", header), (b"PLTE", palette.concat()), (b"IDAT", encoder.finish()?), (b"IEND", vec![])]
    {
        file.extend(u32::try_from(data.len())?.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(name);
        crc.update(&data);
        file.extend(name);
        file.extend(data);
        file.extend(crc.sum().to_be_bytes());
    }
    Ok(file)
}

/// The colours that are there most often.
fn palette(colours: &[Colour]) -> Vec<Colour> {
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for colour in colours {
        *counts.entry(*colour).or_default() += 1;
    }
    let mut all: Vec<(Colour, usize)> = counts.into_iter().collect();
    all.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    all.truncate(COLOURS_MAX);
    all.into_iter().map(|(colour, _)| colour).collect()
}

fn closest(palette: &[Colour], colour: Colour) -> u8 {
    let distance = |other: &Colour| -> u32 {
        other.iter().zip(colour).map(|(one, two)| u32::from(one.abs_diff(two)).pow(2)).sum()
    };
    let place = (0..palette.len()).min_by_key(|place| distance(&palette[*place]));
    place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
}

fn read(png: &[u8]) -> Result<Pixels> {
    let mut rest = png.strip_prefix(&SIGNATURE).context("no PNG")?;
    let (mut header, mut packed) = (Vec::new(), Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        ensure!(after.len() >= length + 8, "a PNG is cut short");
        let data = &after[4..4 + length];
        match &after[..4] {
            b"IHDR" => header = data.to_vec(),
            b"IDAT" => packed.extend_from_slice(data),
            _ => {}
        }
        rest = &after[length + 8..];
    }
    ensure!(header.len() == 13 && header[8] == 8 && header[12] == 0, "a PNG of another kind");
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (width, height) = (number(0), number(4));
    let bytes = match header[9] {
        2 => 3,
        6 => 4,
        other => anyhow::bail!("a PNG with colours of kind {other}"),
    };
    let mut lines = Vec::new();
    ZlibDecoder::new(packed.as_slice()).read_to_end(&mut lines)?;
    let pixels = unfiltered(&lines, usize::try_from(width)? * bytes, bytes)?;
    let colours = pixels.chunks_exact(bytes).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    Ok(Pixels { width, height, colours })
}

/// Takes the filter of each line off it (section 9 of the recommendation).
fn unfiltered(lines: &[u8], line_bytes: usize, pixel_bytes: usize) -> Result<Vec<u8>> {
    let mut before = vec![0u8; line_bytes];
    let mut all = Vec::with_capacity(lines.len());
    for line in lines.chunks_exact(line_bytes + 1) {
        let (filter, raw) = (line[0], &line[1..]);
        let mut current = vec![0u8; line_bytes];
        for place in 0..line_bytes {
            let left = if place < pixel_bytes { 0 } else { current[place - pixel_bytes] };
            let corner = if place < pixel_bytes { 0 } else { before[place - pixel_bytes] };
            let above = before[place];
            let guess = match filter {
                0 => 0,
                1 => left,
                2 => above,
                3 => u8::try_from(u16::midpoint(left.into(), above.into()))?,
                4 => paeth(left, above, corner),
                other => anyhow::bail!("a PNG with the filter {other}"),
            };
            current[place] = raw[place].wrapping_add(guess);
        }
        all.extend_from_slice(&current);
        before = current;
    }
    Ok(all)
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(above) - i16::from(corner);
    let far = |value: u8| (guess - i16::from(value)).abs();
    if far(left) <= far(above) && far(left) <= far(corner) {
        left
    } else if far(above) <= far(corner) {
        above
    } else {
        corner
    }
}
