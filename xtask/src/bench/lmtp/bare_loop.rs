//! What durable delivery into a Maildir costs at least: write, sync, rename, sync the directory.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::{Load, in_parallel};

/// Each thread writes to a Maildir of its own below `directory`. Messages per second.
pub fn rate(load: Load, directory: &Path) -> anyhow::Result<f64> {
    for worker in 0..load.connections {
        for folder in ["tmp", "new"] {
            std::fs::create_dir_all(directory.join(worker.to_string()).join(folder))?;
        }
    }
    in_parallel(load, |worker, messages| {
        let maildir = directory.join(worker.to_string());
        let new = maildir.join("new");
        for (number, message) in messages.iter().enumerate() {
            let written = maildir.join("tmp").join(number.to_string());
            let mut file = File::create_new(&written)?;
            file.write_all(message)?;
            file.sync_all()?;
            std::fs::rename(&written, new.join(number.to_string()))?;
            File::open(&new)?.sync_all()?;
        }
        Ok(())
    })
}

/// How many messages are there.
#[cfg(test)]
pub fn stored(directory: &Path) -> usize {
    let maildirs = std::fs::read_dir(directory).expect("Maildirs");
    maildirs
        .map(|maildir| {
            std::fs::read_dir(maildir.expect("a Maildir").path().join("new")).expect("new").count()
        })
        .sum()
}
