//! The Debian packages that a development command needs: which are missing, and how they get installed without
//! leaving a mail server or a database running behind the developer's back.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::bail;

use crate::command;

/// For the C of SQLite, which is compiled into the program.
const TO_BUILD: [&str; 2] = ["gcc", "libc6-dev"];
const TO_RUN: [&str; 7] = [
    "dovecot-core",
    "dovecot-imapd",
    "dovecot-lmtpd",
    "dovecot-managesieved",
    "dovecot-pop3d",
    "dovecot-sieve",
    "radicale",
];
/// `p7zip-full` opens what Relais has encrypted, `restic` reads and checks the backups that were written; `python3-caldav`
/// and `vdirsyncer` are clients of calendars, `python3-venv` holds what comes from elsewhere (see [`crate::python`]). `slapd` and
/// Samba are directories, whose certificates `openssl` makes. `chromium-driver` looks at the console as a browser does.
const TO_TEST: [&str; 17] = [
    "chromium",
    "chromium-driver",
    "nsd",
    "p7zip-full",
    "postgresql",
    "restic",
    "python3-caldav",
    "python3-venv",
    "vdirsyncer",
    "ldap-utils",
    "openssl",
    "slapd",
    "samba",
    "samba-ad-dc",
    "samba-ad-provision",
    "ldb-tools",
    "python3-samba",
];
/// `sqlite3` fills databases with a million rows; `restic` is what backups are compared to, `ldapsearch` what scans of a
/// directory are, and what `python3-venv` holds the other servers.
const TO_BENCH: [&str; 6] = ["ldap-utils", "postgresql", "python3-venv", "restic", "slapd", "sqlite3"];

/// What the packages would start at the next boot, if it were left to them.
const UNITS: [(&str, &str); 8] = [
    ("dovecot-core", "dovecot.service"),
    ("nsd", "nsd.service"),
    ("postgresql", "postgresql.service"),
    ("radicale", "radicale.service"),
    ("samba", "nmbd.service"),
    ("samba", "smbd.service"),
    ("samba-ad-dc", "samba-ad-dc.service"),
    ("slapd", "slapd.service"),
];

/// Run by root. `policy-rc.d` is how Debian asks the administrator whether a fresh package may start its service; where
/// the administrator has one, theirs stays and decides.
const INSTALL_SCRIPT: &str = r#"
set -eu
units=$1
shift
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
updated=no
if ! ls /var/lib/apt/lists/*_Packages* > /dev/null 2>&1; then
    apt-get update
    updated=yes
fi
if ! apt-get install -y --no-install-recommends "$@"; then
    # Lists that are months old name files which are gone.
    [ "$updated" = no ] || exit 1
    apt-get update
    apt-get install -y --no-install-recommends "$@"
fi
if [ -n "$units" ] && command -v systemctl > /dev/null 2>&1; then
    systemctl disable --quiet $units || true
fi
"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Run,
    Test,
    Bench,
}

/// What to do about a missing package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Install,
    Report,
}

/// How commands can be run as root here.
enum Root {
    Ourselves,
    Sudo,
    No,
}

/// Sees that the packages are there. Says which are missing; installs them, or stops with the command to type.
pub fn provide(purpose: Purpose, missing: Missing) -> anyhow::Result<()> {
    if !command::succeeds(Command::new("dpkg-query").arg("--version")) {
        eprintln!(
            "This is no Debian system, so nothing was checked. Relais wants what these packages bring: {}",
            needed(purpose).join(" ")
        );
        return Ok(());
    }
    let packages: Vec<&str> = needed(purpose).into_iter().filter(|package| !is_installed(package)).collect();
    if packages.is_empty() {
        return Ok(());
    }
    eprintln!("Missing Debian packages: {}", packages.join(" "));
    if missing == Missing::Report {
        eprintln!("Not installed, as asked. To install them: {}", by_hand(&packages));
        return Ok(());
    }
    let mut install = match root() {
        Root::Ourselves => Command::new("sh"),
        Root::Sudo => {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "sh"]);
            sudo
        }
        Root::No => bail!("installing them needs root. Type: {}", by_hand(&packages)),
    };
    eprintln!("==> installing them (their services are neither started nor enabled)");
    install.args(["-c", INSTALL_SCRIPT, "install", &units_of(&packages)]).args(&packages);
    if !install.stdin(Stdio::null()).status()?.success() {
        bail!("the packages could not be installed. Try by hand: {}", by_hand(&packages));
    }
    match packages.iter().find(|package| !is_installed(package)) {
        Some(package) => bail!("apt-get ended well, and yet {package} is not installed"),
        None => Ok(()),
    }
}

fn needed(purpose: Purpose) -> Vec<&'static str> {
    let mut packages = TO_BUILD.to_vec();
    packages.extend(TO_RUN);
    match purpose {
        Purpose::Run => {}
        Purpose::Test => packages.extend(TO_TEST),
        Purpose::Bench => packages.extend(TO_BENCH),
    }
    packages
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]).stderr(Stdio::null());
    query.output().is_ok_and(|output| output.status.success() && output.stdout == b"installed")
}

fn units_of(packages: &[&str]) -> String {
    let units = UNITS.iter().filter(|(package, _)| packages.contains(package)).map(|(_, unit)| *unit);
    units.collect::<Vec<_>>().join(" ")
}

fn root() -> Root {
    if nix::unistd::geteuid().is_root() {
        Root::Ourselves
    } else if Path::new("/usr/bin/sudo").exists()
        && command::succeeds(Command::new("sudo").args(["-n", "true"]))
    {
        Root::Sudo
    } else {
        Root::No
    }
}

fn by_hand(packages: &[&str]) -> String {
    format!("sudo apt-get update && sudo apt-get install --no-install-recommends {}", packages.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{Purpose, needed, units_of};

    #[test]
    fn tests_need_all_that_running_needs_and_a_database() {
        let to_test = needed(Purpose::Test);
        assert!(needed(Purpose::Run).iter().all(|package| to_test.contains(package)));
        assert!(to_test.contains(&"postgresql"));
    }

    #[test]
    fn only_units_of_freshly_installed_packages_are_disabled() {
        assert_eq!(units_of(&["sqlite3", "dovecot-core"]), "dovecot.service");
        assert_eq!(units_of(&["sqlite3"]), "");
    }
}
