//! Where Debian's packages put Dovecot, and which of them are missing.

use super::StartError;
use std::path::{Path, PathBuf};

const BINARY: &str = "usr/sbin/dovecot";

const NEEDED: [(&str, &str); 6] = [
    (BINARY, "dovecot-core"),
    ("usr/lib/dovecot/imap", "dovecot-imapd"),
    ("usr/lib/dovecot/pop3", "dovecot-pop3d"),
    ("usr/lib/dovecot/lmtp", "dovecot-lmtpd"),
    ("usr/lib/dovecot/modules/lib90_sieve_plugin.so", "dovecot-sieve"),
    ("usr/lib/dovecot/managesieve", "dovecot-managesieved"),
];

pub(super) fn find(root: &Path) -> Result<PathBuf, StartError> {
    let packages: Vec<_> =
        NEEDED.iter().filter(|(file, _)| !root.join(file).exists()).map(|(_, package)| *package).collect();
    if packages.is_empty() { Ok(root.join(BINARY)) } else { Err(StartError::Missing { packages }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_packages_are_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("usr/sbin")).unwrap();
        std::fs::write(root.path().join(BINARY), "").unwrap();
        let error = find(root.path()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not installed: dovecot-imapd, dovecot-pop3d, dovecot-lmtpd, dovecot-sieve, dovecot-managesieved"
        );
    }
}
