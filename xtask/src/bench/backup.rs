//! 50,000 messages in fifty mailboxes, about a gigabyte, backed up and restored, beside restic doing the same on the same
//! disk: from an empty repository, with nothing new, with one message in a hundred new. Whole processes are measured,
//! with what it takes to open the repository, and each by its own peak of memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike as _};
use relais_testbed::corpus::Corpus;

use super::scale::median;
use super::{BenchContext, Figure};
use crate::workspace::{self, Profile};

const SEED: u64 = 4;
const HOLDERS: usize = 50;
const FOLDERS: usize = 5;
const MESSAGES_PER_FOLDER: usize = 200;
/// One in a hundred of what is there.
const NEW_PER_HOLDER: usize = 10;
const ROUNDS: usize = 3;
const KEY: &str = "bench";

/// What is measured, in the order in which each round does it.
const STEPS: [Step; 7] =
    [Step::First, Step::Unchanged, Step::New, Step::Verify, Step::Search, Step::RestoreOne, Step::Restore];
/// What changed a moment ago may change again unseen: such a mailbox is read again, and no quiet night is measured.
const QUIET: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    First,
    Unchanged,
    New,
    Verify,
    /// By subject in all mailboxes. restic knows no subjects: it looks for a file's name.
    Search,
    /// One mailbox into another, where each message is synced; restic writes the files and syncs none.
    RestoreOne,
    Restore,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Step::First => "backup-50k-first",
            Step::Unchanged => "backup-50k-unchanged",
            Step::New => "backup-50k-1-percent-new",
            Step::Verify => "backup-50k-verify-all",
            Step::Search => "backup-50k-search",
            Step::RestoreOne => "backup-1k-restore-into-another",
            Step::Restore => "backup-50k-restore-all",
        }
    }
}

/// One run of one program.
#[derive(Clone, Copy)]
struct Run {
    seconds: f64,
    /// User and system: what other work on the machine changes little.
    processor_seconds: f64,
    memory_mb: f64,
}

pub fn run(context: &BenchContext) -> anyhow::Result<Vec<Figure>> {
    let program = workspace::build_example("relais-engines", "holders", Profile::Release)?;
    let source = context.directory("source")?;
    let mut mail = Mail::new();
    mail.fill(&source)?;
    let mut runs: Vec<(Step, [Run; 2])> = Vec::new();
    let mut sizes = Vec::new();
    for round in 0..ROUNDS {
        let place = context.directory(&format!("round-{round}"))?;
        let (ours, theirs) = (
            Ours { program: &program, place: &place, source: &source },
            Restic { place: &place, source: &source },
        );
        theirs.init()?;
        for step in STEPS {
            if step == Step::New {
                mail.add(&source)?;
            }
            settle()?;
            let measure_ours = || ours.measure(step);
            // Who goes first changes with each round: neither always finds the disk as the other left it.
            let pair = if round % 2 == 0 {
                let ours = measure_ours()?;
                settle()?;
                [ours, theirs.measure(step)?]
            } else {
                let theirs = theirs.measure(step)?;
                settle()?;
                [measure_ours()?, theirs]
            };
            let [one, other] = &pair;
            eprintln!(
                "    {} {:.2} s ({:.2} of processor), restic {:.2} s ({:.2})",
                step.name(),
                one.seconds,
                one.processor_seconds,
                other.seconds,
                other.processor_seconds
            );
            runs.push((step, pair));
        }
        ours.compare()?;
        sizes.push([size_of(&place.join("ours"))?, size_of(&place.join("restic"))?]);
        fs::remove_dir_all(&place)?;
    }
    Ok(figures(&runs, &sizes))
}

fn figures(runs: &[(Step, [Run; 2])], sizes: &[[f64; 2]]) -> Vec<Figure> {
    let of = |step, who: usize, what: fn(&Run) -> f64| {
        median(runs.iter().filter(|(of, _)| *of == step).map(|(_, pair)| what(&pair[who])).collect())
    };
    let figure = |name: String, values: [f64; 2], unit| Figure {
        name,
        ours: values[0],
        peer: Some(values[1]),
        limit: None,
        unit,
    };
    let mut figures = Vec::new();
    for step in STEPS {
        let seconds = [0, 1].map(|who| of(step, who, |run| run.seconds));
        figures.push(figure(step.name().to_owned(), seconds, "s"));
    }
    for step in STEPS {
        let seconds = [0, 1].map(|who| of(step, who, |run| run.processor_seconds));
        figures.push(figure(format!("{}-processor", step.name()), seconds, "s"));
    }
    for step in STEPS {
        let memory = [0, 1].map(|who| of(step, who, |run| run.memory_mb));
        figures.push(figure(format!("{}-memory", step.name()), memory, "MB"));
    }
    let size = [0, 1].map(|who| median(sizes.iter().map(|pair| pair[who]).collect()));
    figures.push(figure("backup-50k-repository".to_owned(), size, "MB"));
    figures
}

/// What was written before does not slow what is measured.
fn settle() -> anyhow::Result<()> {
    Command::new("sync").status()?;
    Ok(())
}

/// Real letters, put together anew, some with what looks like an attachment.
struct Mail {
    letters: Vec<Vec<u8>>,
    state: u64,
    written: usize,
}

impl Mail {
    fn new() -> Mail {
        let corpus = Corpus::new(SEED);
        let people = corpus.people();
        let letters =
            people.iter().flat_map(|person| corpus.messages_of(person)).map(|message| message.bytes);
        Mail { letters: letters.collect(), state: SEED | 1, written: 0 }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn fill(&mut self, source: &Path) -> anyhow::Result<()> {
        for holder in 0..HOLDERS {
            for folder in 0..FOLDERS {
                let directory = folder_of(source, holder, folder);
                for shelf in ["cur", "new", "tmp"] {
                    fs::create_dir_all(directory.with_file_name(shelf))?;
                }
                for _ in 0..MESSAGES_PER_FOLDER {
                    self.write(&directory)?;
                }
            }
        }
        std::thread::sleep(QUIET);
        Ok(())
    }

    /// New mail arrives where it does: at the top.
    fn add(&mut self, source: &Path) -> anyhow::Result<()> {
        for holder in 0..HOLDERS {
            for _ in 0..NEW_PER_HOLDER {
                self.write(&folder_of(source, holder, 0))?;
            }
        }
        std::thread::sleep(QUIET);
        Ok(())
    }

    fn write(&mut self, directory: &Path) -> anyhow::Result<()> {
        self.written += 1;
        let number = self.written;
        let place = usize::try_from(self.next() % self.letters.len() as u64)?;
        let mut letter = format!("Received: by mx.bm.com id {number}\r\n").into_bytes();
        letter.extend_from_slice(&self.letters[place]);
        // About twenty kilobytes on average, most of it in few messages, as it is with mail.
        let attachment = match self.next() % 100 {
            0..60 => 0,
            60..90 => 8_000,
            90..97 => 60_000,
            _ => 350_000,
        };
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for place in 0..attachment / 8 {
            let mut bits = self.next();
            for _ in 0..8 {
                letter.push(ALPHABET[(bits % 64) as usize]);
                bits >>= 8;
            }
            if place % 9 == 8 {
                letter.extend_from_slice(b"\r\n");
            }
        }
        let name = format!("17{number:08}.M{number}P7.bench,S={}:2,S", letter.len());
        Ok(fs::write(directory.join(name), letter)?)
    }
}

/// As an id of a mailbox is written.
fn holder_name(holder: usize) -> String {
    format!("box-{:013}", holder + 1)
}

fn folder_of(source: &Path, holder: usize, folder: usize) -> PathBuf {
    let maildir = source.join("boxes").join(holder_name(holder)).join("Maildir");
    if folder == 0 { maildir.join("cur") } else { maildir.join(format!(".Folder{folder}/cur")) }
}

struct Ours<'a> {
    program: &'a Path,
    place: &'a Path,
    source: &'a Path,
}

impl Ours<'_> {
    fn measure(&self, step: Step) -> anyhow::Result<Run> {
        let act = match step {
            Step::First | Step::Unchanged | Step::New => "store",
            Step::Verify => "verify",
            Step::Search => "search",
            Step::RestoreOne => "restore-one",
            Step::Restore => "restore",
        };
        let target = match step {
            Step::RestoreOne => self.place.join("ours-into-another"),
            Step::Restore => self.place.join("ours-restored"),
            Step::First | Step::Unchanged | Step::New | Step::Verify | Step::Search => self.source.to_owned(),
        };
        let mut command = Command::new(self.program);
        command.arg(act).arg(KEY).arg(self.place.join("ours")).arg(target).arg(self.place.join("state"));
        measure(&mut command)
    }

    /// A fast restore of something else would be no feat.
    fn compare(&self) -> anyhow::Result<()> {
        for holder in 0..HOLDERS {
            let restored = self.place.join("ours-restored").join(holder_name(holder)).join("mail");
            for folder in 0..FOLDERS {
                let name = if folder == 0 { "INBOX".to_owned() } else { format!(".Folder{folder}") };
                for entry in fs::read_dir(folder_of(self.source, holder, folder))? {
                    let entry = entry?;
                    let file = entry.file_name().to_string_lossy().into_owned();
                    let base = file.split(":2,").next().unwrap_or_default();
                    let restored = restored.join(&name).join(base);
                    if fs::read(&restored).ok() != Some(fs::read(entry.path())?) {
                        bail!("{} is not what was backed up", restored.display());
                    }
                }
            }
        }
        Ok(())
    }
}

struct Restic<'a> {
    place: &'a Path,
    source: &'a Path,
}

impl Restic<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new("restic");
        command.arg("--repo").arg(self.place.join("restic")).arg("--cache-dir").arg(self.place.join("cache"));
        command.env("RESTIC_PASSWORD", KEY);
        command
    }

    fn init(&self) -> anyhow::Result<()> {
        measure(self.command().arg("init")).map(drop)
    }

    fn measure(&self, step: Step) -> anyhow::Result<Run> {
        let mut command = self.command();
        match step {
            Step::First | Step::Unchanged | Step::New => command.arg("backup").arg(self.source),
            Step::Verify => command.args(["check", "--read-data"]),
            Step::Search => command.args(["find", "--snapshot", "latest", "*M777P7*"]),
            Step::RestoreOne => {
                let one = self.source.join("boxes").join(holder_name(0));
                command.args(["restore", "latest", "--include"]).arg(one);
                command.arg("--target").arg(self.place.join("restic-into-another"))
            }
            Step::Restore => {
                command.args(["restore", "latest", "--target"]).arg(self.place.join("restic-restored"))
            }
        };
        measure(&mut command)
    }
}

fn measure(command: &mut Command) -> anyhow::Result<Run> {
    let before = processor_seconds()?;
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().context("it does not start")?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut memory_mb = 0.0;
    let end = loop {
        if let Some(end) = child.try_wait()? {
            break end;
        }
        memory_mb = peak_mb(&status).unwrap_or(memory_mb);
        std::thread::sleep(Duration::from_millis(2));
    };
    if !end.success() {
        bail!("{command:?} failed: {end}");
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Run { seconds, processor_seconds: processor_seconds()? - before, memory_mb })
}

/// Of all children that have ended.
fn processor_seconds() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn peak_mb(status: &Path) -> Option<f64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kib| kib * 1024.0 / 1e6)
}

fn size_of(directory: &Path) -> anyhow::Result<f64> {
    let output = Command::new("du").arg("-sb").arg(directory).output()?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split_whitespace().next().context("a size")?.parse::<f64>()? / 1e6)
}
