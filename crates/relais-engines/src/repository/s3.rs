//! A repository in a bucket that speaks S3.
//!
//! Blocking outside, with a small runtime of its own inside.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig};
use rustic_core::{FileType, Id};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

use super::error::Fault;
use super::location::{Bucket, Credentials};
use super::storage::{Storage, path_of};

const CONNECT_MAX: Duration = Duration::from_secs(10);
/// For one request: a pack over a slow line takes its time.
const REQUEST_MAX: Duration = Duration::from_secs(300);
/// After this, whoever asked decides whether to come back later.
const RETRY_MAX: Duration = Duration::from_secs(20);
const RETRIES_MAX: usize = 4;
const REGION: &str = "us-east-1";

pub(super) struct Store {
    location: String,
    store: Arc<AmazonS3>,
    prefix: String,
    /// Taken out when this is dropped, which may be inside of another runtime.
    runtime: Option<Runtime>,
}

impl Store {
    pub fn new(location: String, bucket: &Bucket) -> Result<Store, Fault> {
        let credentials = match &bucket.credentials {
            Some(credentials) => credentials.clone(),
            None => Credentials::from_environment()
                .map_err(|name| Fault::Denied(format!("{name} is not set in the environment")))?,
        };
        // Whoever comes second finds the same provider installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = ClientOptions::new()
            .with_allow_http(bucket.endpoint.starts_with("http://"))
            .with_connect_timeout(CONNECT_MAX)
            .with_timeout(REQUEST_MAX);
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_MAX,
        };
        let mut builder = AmazonS3Builder::new()
            .with_endpoint(&bucket.endpoint)
            .with_bucket_name(&bucket.name)
            .with_virtual_hosted_style_request(false)
            .with_access_key_id(credentials.key_id)
            .with_secret_access_key(credentials.secret)
            .with_region(credentials.region.unwrap_or_else(|| REGION.to_owned()))
            .with_client_options(client)
            .with_retry(retry);
        if let Some(token) = credentials.token {
            builder = builder.with_token(token);
        }
        let store = builder.build().map_err(|error| Fault::Unreachable(words(&error)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("relais-s3")
            .enable_all()
            .build()?;
        Ok(Store { location, store: Arc::new(store), prefix: bucket.prefix.clone(), runtime: Some(runtime) })
    }

    fn path(&self, below: &str) -> Path {
        match (self.prefix.as_str(), below) {
            ("", below) => Path::from(below),
            (prefix, "") => Path::from(prefix),
            (prefix, below) => Path::from(format!("{prefix}/{below}")),
        }
    }

    /// On our own runtime, so that the caller may be in another one or in none.
    fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, object_store::Error>> + Send + 'static,
    ) -> Result<T, Fault> {
        let (send, receive) = std::sync::mpsc::sync_channel(1);
        let runtime = self.runtime.as_ref().ok_or_else(|| Fault::Unreachable("closed".to_owned()))?;
        runtime.spawn(async move {
            // Nobody waits any more: nothing to tell.
            let _ = send.send(work.await);
        });
        match receive.recv() {
            Ok(outcome) => outcome.map_err(|error| fault(&error)),
            Err(_) => Err(Fault::Unreachable("the request broke off".to_owned())),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Storage for Store {
    fn location(&self) -> String {
        self.location.clone()
    }

    fn create(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn list(&self, kind: FileType) -> Result<Vec<(Id, u64)>, Fault> {
        let store = self.store.clone();
        if kind == FileType::Config {
            let path = self.path("config");
            return match self.wait(async move { store.head(&path).await }) {
                Ok(found) => Ok(vec![(Id::default(), found.size)]),
                Err(Fault::Missing) => Ok(Vec::new()),
                Err(fault) => Err(fault),
            };
        }
        let path = self.path(kind.dirname());
        let found = self.wait(async move { store.list(Some(&path)).try_collect::<Vec<_>>().await })?;
        let named =
            |object: object_store::ObjectMeta| Some((object.location.filename()?.parse().ok()?, object.size));
        Ok(found.into_iter().filter_map(named).collect())
    }

    fn read(&self, kind: FileType, id: &Id) -> Result<Bytes, Fault> {
        let (store, path) = (self.store.clone(), self.path(&path_of(kind, id)));
        self.wait(async move { store.get(&path).await?.bytes().await })
    }

    fn read_range(&self, kind: FileType, id: &Id, offset: u64, length: usize) -> Result<Bytes, Fault> {
        let (store, path) = (self.store.clone(), self.path(&path_of(kind, id)));
        let range = offset..offset + length as u64;
        let bytes = self.wait(async move { store.get_range(&path, range).await })?;
        if bytes.len() == length { Ok(bytes) } else { Err(Fault::Short) }
    }

    fn write(&self, kind: FileType, id: &Id, content: &[Bytes]) -> Result<(), Fault> {
        let (store, path) = (self.store.clone(), self.path(&path_of(kind, id)));
        let payload = PutPayload::from_iter(content.iter().cloned());
        self.wait(async move { store.put(&path, payload).await.map(drop) })
    }

    fn settle(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn remove(&self, kind: FileType, id: &Id) -> Result<(), Fault> {
        let (store, path) = (self.store.clone(), self.path(&path_of(kind, id)));
        match self.wait(async move { store.delete(&path).await }) {
            Err(Fault::Missing) => Ok(()),
            other => other,
        }
    }

    fn sweep(&self) -> Result<(), Fault> {
        Ok(())
    }
}

fn fault(error: &object_store::Error) -> Fault {
    use object_store::Error;
    match error {
        Error::NotFound { .. } => Fault::Missing,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => Fault::Denied(words(error)),
        _ => {
            let words = words(error);
            // Some requests tell their status in words only. 507 of RFC 4918, and what servers say of a full bucket.
            if ["status code: 401", "status code: 403"].iter().any(|sign| words.contains(sign)) {
                Fault::Denied(words)
            } else if ["status code: 507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"]
                .iter()
                .any(|sign| words.contains(sign))
            {
                Fault::Full
            } else if words.contains("status code: 416") {
                Fault::Short
            } else {
                Fault::Unreachable(words)
            }
        }
    }
}

/// An error with its causes, each said once.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}
