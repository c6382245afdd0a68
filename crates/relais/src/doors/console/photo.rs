//! The photo of an account, as its administrators and the person themselves see and change it.

use super::fault::{Answer, Fault};
use super::upload::Upload;
use super::visitor::Visitor;
use axum::http::header;
use axum::response::IntoResponse;
use relais_app::Error;
use relais_app::core::ids::AccountId;
use relais_app::core::photo::BYTES_MAX;
use relais_app::read::profiles;

/// The largest form with a photo in it: one that is too large is refused by the core, with what to do.
pub const UPLOAD_BYTES_MAX: usize = 8 * BYTES_MAX;

/// Nothing in an image runs, whatever a browser takes it for.
const POLICY: &str = "default-src 'none'; sandbox";

pub async fn show(visitor: &Visitor, of: AccountId) -> Answer {
    let photo = visitor.app.look(move |tx| profiles::photo(tx, of)).await?.ok_or(Error::NotFound)?;
    let head = [(header::CONTENT_TYPE, photo.kind.media_type()), (header::CONTENT_SECURITY_POLICY, POLICY)];
    Ok((head, photo.image).into_response())
}

pub async fn set(visitor: &Visitor, of: AccountId, upload: Upload) -> Result<(), Fault> {
    let image = upload.file.ok_or(Fault::Missing { field: "photo" })?;
    Ok(visitor.app.set_photo(of, image, visitor.actor()).await?)
}

pub async fn remove(visitor: &Visitor, of: AccountId) -> Result<(), Fault> {
    Ok(visitor.app.remove_photo(of, visitor.actor()).await?)
}
