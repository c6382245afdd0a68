//! Files and lists that are sent as they are read, whatever their size.

use axum::body::Body as HttpBody;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::Channel;
use hyper::body::Bytes;
use relais_app::core::ids::OrganisationId;
use relais_app::{AccountRows, Download, Error, Relais};
use std::io::{self, Write};
use std::sync::Arc;

const CHUNK_BYTES: usize = 64 << 10;

/// What a browser is to call the file.
pub fn disposition(file_name: &str) -> (header::HeaderName, String) {
    let safe: String = file_name
        .chars()
        .map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' })
        .collect();
    (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{safe}\""))
}

/// Sent as it is read; trouble in the middle cuts the answer off, which whoever reads sees.
pub fn downloaded(download: Download) -> Response {
    let (sender, body) = Channel::<Bytes, Error>::new(4);
    let Download { file_name, media_type, write } = download;
    tokio::task::spawn_blocking(move || {
        let mut to = Sending { sender: Some(sender), full: Vec::with_capacity(CHUNK_BYTES) };
        match write(&mut to).and_then(|()| to.flush()) {
            Ok(()) => {}
            Err(error) => to.cut_off(&error),
        }
    });
    let head = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        disposition(&file_name),
        // Somebody's mail is kept by no cache.
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::OK, head, HttpBody::new(body)).into_response()
}

/// All accounts of an organisation as CSV.
///
/// # Errors
/// When nothing can be read at all: that is no beginning of a list.
pub async fn account_list(app: &Arc<Relais>, organisation: OrganisationId) -> Result<Response, Error> {
    let first = app.account_rows(organisation, None).await?;
    let head = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        disposition("accounts.csv"),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((head, streamed(Arc::clone(app), organisation, first)).into_response())
}

/// Page after page, as fast as they are taken; trouble in the middle cuts the answer off, which whoever reads sees.
fn streamed(app: Arc<Relais>, organisation: OrganisationId, first: AccountRows) -> HttpBody {
    let (mut sender, body) = Channel::<Bytes, Error>::new(2);
    tokio::spawn(async move {
        let mut rows = first;
        loop {
            if sender.send_data(Bytes::from(rows.text)).await.is_err() {
                return;
            }
            let Some(last) = rows.next else { return };
            rows = match app.account_rows(organisation, Some(last)).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "a list of accounts was cut off");
                    sender.abort(error);
                    return;
                }
            };
        }
    });
    HttpBody::new(body)
}

/// A body that is written to from a thread.
struct Sending {
    sender: Option<http_body_util::channel::Sender<Bytes, Error>>,
    full: Vec<u8>,
}

impl Sending {
    fn cut_off(&mut self, error: &io::Error) {
        tracing::warn!(%error, "a download was cut off");
        if let Some(sender) = self.sender.take() {
            sender.abort(Error::Unavailable(error.to_string()));
        }
    }
}

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.full.extend_from_slice(bytes);
        if self.full.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.full.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.full));
        let Some(sender) = &mut self.sender else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let sent = tokio::runtime::Handle::current().block_on(sender.send_data(chunk));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
