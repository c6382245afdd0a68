//! The process is killed at any instant, while it stores and while it prunes.

use super::place::{KEY, Place, assert_holds, file, location, mailbox, noise, restic, store};
use relais_engines::repository::{File, Repository};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PLACE_VARIABLE: &str = "RELAIS_REPOSITORY_TO_KILL";
const ROUNDS: u64 = 6;

fn churn(round: u64) -> Vec<File> {
    (0..6).map(|number| file(&format!("churn/{number}"), &noise(100 * round + number, 1 << 20))).collect()
}

/// What the child does: stores, forgets and prunes, until it is killed.
fn work(path: &Path) {
    let repository = Repository::open(&location(path), KEY).expect("open");
    for round in 1.. {
        println!("round");
        let stored = store(&repository, churn(round), 2, None).expect("stored");
        repository.forget(&[stored.snapshot]).expect("forgotten");
        repository.prune().expect("pruned");
    }
}

/// Waits until the files of the repository were others so many times.
fn await_changes(place: &Place, changes: u64) {
    let now = || ["data", "index", "snapshots"].map(|kind| place.all(kind));
    let (start, mut seen, mut before) = (Instant::now(), 0, now());
    while seen < changes {
        let after = now();
        seen += u64::from(after != before);
        before = after;
        assert!(start.elapsed() < Duration::from_secs(60), "the child has stopped working");
    }
}

#[test]
fn a_kill_at_any_instant_leaves_earlier_snapshots_whole() {
    if let Some(path) = std::env::var_os(PLACE_VARIABLE) {
        return work(Path::new(&path));
    }
    let place = Place::new();
    let repository = place.create();
    let files = mailbox(150);
    let kept = store(&repository, files.clone(), 1, None).expect("stored").snapshot;
    drop(repository);
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "killed::a_kill_at_any_instant_leaves_earlier_snapshots_whole", "--nocapture"])
            .env(PLACE_VARIABLE, place.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let mut said = std::io::BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        while !line.contains("round") {
            line.clear();
            assert!(
                std::io::BufRead::read_line(&mut said, &mut line).expect("a line") > 0,
                "the child works"
            );
        }
        // Another instant in each round: right after so many changes, in the midst of the next.
        await_changes(&place, 1 + 3 * round);
        child.kill().expect("killed");
        child.wait().expect("ended");
        restic(&place.path(), &["check", "--read-data"]).expect("restic is content");
        let repository = Repository::open(&place.location(), KEY).expect("open");
        assert_holds(&repository, &kept, &files);
        let next = store(&repository, churn(1000 + round), 3, Some(&kept))
            .expect("the next store succeeds")
            .snapshot;
        assert_holds(&repository, &next, &churn(1000 + round));
        repository.forget(&[next]).expect("forgotten");
    }
    let repository = Repository::open(&place.location(), KEY).expect("open");
    repository.prune().expect("pruned");
    assert_holds(&repository, &kept, &files);
    restic(&place.path(), &["check", "--read-data"]).expect("restic is content");
}
