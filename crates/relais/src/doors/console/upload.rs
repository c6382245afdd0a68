//! A form with a file in it (multipart/form-data, RFC 7578): small, and read whole.

use super::fault::Fault;
use super::fields::Fields;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;

/// What was sent: the fields, and the file if one was chosen.
#[derive(Debug)]
pub struct Upload {
    pub fields: Fields,
    pub file: Option<Vec<u8>>,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let mut form = Multipart::from_request(request, state).await.map_err(|_| Fault::Unreadable)?;
        let (mut fields, mut file) = (Vec::new(), None);
        while let Some(part) = form.next_field().await.map_err(fault)? {
            if part.file_name().is_some() {
                let content = part.bytes().await.map_err(fault)?;
                // Browsers send an empty one where none was chosen.
                file = (!content.is_empty()).then(|| content.to_vec());
            } else {
                let name = part.name().ok_or(Fault::Unreadable)?.to_owned();
                fields.push((name, part.text().await.map_err(fault)?));
            }
        }
        Ok(Self { fields: Fields::of(fields), file })
    }
}

fn fault(error: MultipartError) -> Fault {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Fault::TooLarge,
        _ => Fault::Unreadable,
    }
}
