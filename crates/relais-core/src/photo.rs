//! A person's photo: what may be one. Its kind is read from its bytes, whatever anyone says it is.

use crate::refusal::ProfileFault;
use imagesize::{ImageType, blob_size, image_type};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhotoKind {
    Jpeg,
    Png,
    Webp,
}

impl PhotoKind {
    /// The media type (RFC 2046, RFC 9649).
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    pub kind: PhotoKind,
    pub image: Vec<u8>,
}

pub const BYTES_MAX: usize = 1 << 20;
pub const SIDE_PIXELS_MAX: usize = 4096;

impl Photo {
    /// # Errors
    /// [`ProfileFault::PhotoTooLarge`], [`ProfileFault::PhotoKindUnknown`] or [`ProfileFault::PhotoSides`].
    pub fn of(image: Vec<u8>) -> Result<Self, ProfileFault> {
        if image.len() > BYTES_MAX {
            return Err(ProfileFault::PhotoTooLarge { mib_max: BYTES_MAX >> 20 });
        }
        let kind = match image_type(&image) {
            Ok(ImageType::Jpeg) => PhotoKind::Jpeg,
            Ok(ImageType::Png) => PhotoKind::Png,
            Ok(ImageType::Webp) => PhotoKind::Webp,
            Ok(_) | Err(_) => return Err(ProfileFault::PhotoKindUnknown),
        };
        let size = blob_size(&image).map_err(|_| ProfileFault::PhotoKindUnknown)?;
        let fits = |side: usize| (1..=SIDE_PIXELS_MAX).contains(&side);
        if !fits(size.width) || !fits(size.height) {
            return Err(ProfileFault::PhotoSides { pixels_max: SIDE_PIXELS_MAX });
        }
        Ok(Self { kind, image })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refusal;
    use proptest::prelude::*;

    /// As much of a PNG as says how large it is (W3C PNG, section 11.2.1).
    fn png(width: u32, height: u32) -> Vec<u8> {
        [
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(),
            &width.to_be_bytes(),
            &height.to_be_bytes(),
            b"\x08\x02\0\0\0",
        ]
        .concat()
    }

    #[test]
    fn photos_are_known_by_their_bytes_and_bounded_m8() {
        let jpeg = b"\xff\xd8\xff\xc0\0\x11\x08\0\x10\0\x20\x03\x01\x22\0";
        let webp = b"RIFF\x24\0\0\0WEBPVP8L\x10\0\0\0\x2f\x0f\xc0\x03\0\0\0\0\0\0\0\0";
        for (image, expected) in [
            (png(16, 16), Ok(PhotoKind::Png)),
            (png(4096, 1), Ok(PhotoKind::Png)),
            (jpeg.to_vec(), Ok(PhotoKind::Jpeg)),
            (webp.to_vec(), Ok(PhotoKind::Webp)),
            (png(4097, 16), Err("photo_sides")),
            (png(0, 16), Err("photo_sides")),
            (png(16, 16)[..18].to_vec(), Err("photo_kind_unknown")),
            (b"GIF89a\x10\0\x10\0\0\0\0".to_vec(), Err("photo_kind_unknown")),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), Err("photo_kind_unknown")),
            (b"<html>not a photo</html>".to_vec(), Err("photo_kind_unknown")),
            (vec![], Err("photo_kind_unknown")),
            ([png(16, 16), vec![0; BYTES_MAX]].concat(), Err("photo_too_large")),
        ] {
            let seen =
                Photo::of(image.clone()).map(|photo| photo.kind).map_err(|fault| Refusal::from(fault).code());
            assert_eq!(seen, expected, "{:?}", image.get(..30.min(image.len())));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(start in 0usize..4, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            let magic: [&[u8]; 4] = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8"];
            let _ = Photo::of([magic[start], &rest].concat());
        }
    }
}
