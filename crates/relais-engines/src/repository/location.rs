//! Where a repository is, in restic's own words, so that an administrator can paste it into either program.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// `/srv/backup`, or `s3:https://host[:port]/bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Directory(PathBuf),
    Bucket(Bucket),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Scheme, host and port, without `/` at the end.
    pub endpoint: String,
    pub name: String,
    /// Names joined by `/`; empty for the bucket's top.
    pub prefix: String,
    /// `None`: from the environment, as restic does.
    pub credentials: Option<Credentials>,
}

/// What opens a bucket. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub key_id: String,
    pub secret: String,
    pub token: Option<String>,
    pub region: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Credentials {
    /// From the variables that restic reads: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`,
    /// `AWS_DEFAULT_REGION`. The error is the name of the one that is missing.
    ///
    /// # Errors
    /// When key or secret are not set.
    pub fn from_environment() -> Result<Credentials, &'static str> {
        let read = |name: &'static str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Ok(Credentials {
            key_id: read("AWS_ACCESS_KEY_ID").ok_or("AWS_ACCESS_KEY_ID")?,
            secret: read("AWS_SECRET_ACCESS_KEY").ok_or("AWS_SECRET_ACCESS_KEY")?,
            token: read("AWS_SESSION_TOKEN"),
            region: read("AWS_DEFAULT_REGION").or_else(|| read("AWS_REGION")),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    #[error("a repository is at an absolute path or at s3:https://host/bucket/prefix")]
    Unknown,
    #[error("the path of a repository is absolute and has no .. in it")]
    NotAbsolute,
    #[error("no bucket is named: s3:https://host/bucket/prefix")]
    NoBucket,
    #[error("{host} is not this machine, so it has to be reached over https")]
    NotEncrypted { host: String },
    #[error(
        "credentials belong into the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), not into the location"
    )]
    HoldsCredentials,
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Location, LocationError> {
        if let Some(bucket) = text.strip_prefix("s3:") {
            return bucket_of(bucket).map(Location::Bucket);
        }
        let path = text.strip_prefix("local:").unwrap_or(text);
        let is_path = path.starts_with(['/', '.']);
        if !is_path {
            return Err(LocationError::Unknown);
        }
        let path = Path::new(path);
        if !path.is_absolute() || path.components().any(|part| part.as_os_str() == "..") {
            return Err(LocationError::NotAbsolute);
        }
        // Without doubled and trailing slashes: the same place is written in one way.
        Ok(Location::Directory(path.components().collect()))
    }
}

fn bucket_of(text: &str) -> Result<Bucket, LocationError> {
    let (scheme, rest) = match text.split_once("://") {
        Some(("https", rest)) => ("https", rest),
        Some(("http", rest)) => ("http", rest),
        Some(_) => return Err(LocationError::Unknown),
        None => ("https", text),
    };
    let (authority, path) = rest.split_once('/').ok_or(LocationError::NoBucket)?;
    if authority.contains('@') {
        return Err(LocationError::HoldsCredentials);
    }
    if authority.is_empty() || authority.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(LocationError::Unknown);
    }
    if scheme == "http" && !is_loopback(authority) {
        return Err(LocationError::NotEncrypted { host: authority.to_owned() });
    }
    let mut names = path.split('/').filter(|name| !name.is_empty());
    let name = names.next().ok_or(LocationError::NoBucket)?.to_owned();
    let prefix: Vec<&str> = names.collect();
    let odd = |part: &str| part == "." || part == ".." || part.contains(char::is_control);
    if odd(&name) || prefix.iter().any(|part| odd(part)) {
        return Err(LocationError::NoBucket);
    }
    Ok(Bucket {
        endpoint: format!("{scheme}://{authority}"),
        name,
        prefix: prefix.join("/"),
        credentials: None,
    })
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Directory(path) => write!(formatter, "{}", path.display()),
            Location::Bucket(Bucket { endpoint, name, prefix, .. }) if prefix.is_empty() => {
                write!(formatter, "s3:{endpoint}/{name}")
            }
            Location::Bucket(Bucket { endpoint, name, prefix, .. }) => {
                write!(formatter, "s3:{endpoint}/{name}/{prefix}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Location, LocationError};

    fn again(text: &str) -> Result<String, LocationError> {
        text.parse::<Location>().map(|location| location.to_string())
    }

    #[test]
    fn a_location_is_written_as_it_is_read() {
        for text in [
            "/srv/backup",
            "s3:https://s3.example.org/bucket",
            "s3:https://s3.example.org:9000/bucket/a/b",
            "s3:http://127.0.0.1:9000/bucket/a",
            "s3:http://[::1]:9000/bucket",
            "s3:http://localhost/bucket",
        ] {
            assert_eq!(again(text).as_deref(), Ok(text));
        }
        assert_eq!(again("//srv/./backup//").as_deref(), Ok("/srv/backup"));
        assert_eq!(again("local:/srv/backup").as_deref(), Ok("/srv/backup"));
        assert_eq!(
            again("s3:s3.example.org/bucket//a/").as_deref(),
            Ok("s3:https://s3.example.org/bucket/a")
        );
    }

    #[test]
    fn what_is_no_location_says_what_one_looks_like() {
        use LocationError::{HoldsCredentials, NoBucket, NotAbsolute, Unknown};
        for (text, error) in [
            ("", Unknown),
            ("backup", Unknown),
            ("sftp:host:/srv", Unknown),
            ("s3:ftp://host/bucket", Unknown),
            ("s3:https:///bucket", Unknown),
            ("./backup", NotAbsolute),
            ("/srv/../etc", NotAbsolute),
            ("s3:https://host", NoBucket),
            ("s3:https://host/", NoBucket),
            ("s3:https://host/bucket/../other", NoBucket),
            ("s3:https://key:secret@host/bucket", HoldsCredentials),
        ] {
            assert_eq!(again(text), Err(error), "{text}");
        }
        let open = again("s3:http://s3.example.org/bucket");
        assert_eq!(open, Err(LocationError::NotEncrypted { host: "s3.example.org".to_owned() }));
        assert!(again("s3:http://localhost.example.org/bucket").is_err());
    }

    #[test]
    fn a_secret_is_not_printed() {
        let credentials = Credentials {
            key_id: "id".into(),
            secret: "hidden".into(),
            token: Some("too".into()),
            region: None,
        };
        let printed = format!("{credentials:?}");
        assert!(!printed.contains("hidden") && !printed.contains("too"), "{printed}");
    }
}
