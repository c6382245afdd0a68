//! Certificates for servers of a test, signed by an authority of its own. `openssl` makes them.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority, and one server's key and certificate.
pub struct Certificates {
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificates {
    /// For a server at this IP address, in a directory that exists.
    ///
    /// # Errors
    /// When openssl is not there, or makes nothing.
    pub fn make(dir: &Path, address: &str) -> Result<Self> {
        let at = |name: &str| dir.join(name);
        let made = Self { ca: at("ca.pem"), certificate: at("server.pem"), key: at("server.key") };
        let names = at("names");
        std::fs::write(&names, format!("subjectAltName=IP:{address}\n"))?;
        let text = |path: &Path| path.display().to_string();
        let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let ca_key = text(&at("ca.key"));
        let mut ca = vec!["req", "-x509", "-days", "2", "-subj", "/CN=Relais test"];
        ca.extend(new_key);
        openssl(&[&ca[..], &["-keyout", &ca_key, "-out", &text(&made.ca)]].concat())?;
        let request = text(&at("request.pem"));
        let mut asked = vec!["req", "-subj", "/CN=directory.test"];
        asked.extend(new_key);
        openssl(&[&asked[..], &["-keyout", &text(&made.key), "-out", &request]].concat())?;
        openssl(&[
            "x509",
            "-req",
            "-days",
            "2",
            "-in",
            &request,
            "-CA",
            &text(&made.ca),
            "-CAkey",
            &ca_key,
            "-CAcreateserial",
            "-extfile",
            &text(&names),
            "-out",
            &text(&made.certificate),
        ])?;
        Ok(made)
    }
}

fn openssl(arguments: &[&str]) -> Result<()> {
    let output = Command::new("openssl").args(arguments).output().context("openssl does not start")?;
    if !output.status.success() {
        bail!("openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
