//! Repositories as Relais writes and reads them, and as restic does.

mod damage;
mod exchange;
mod files_that_change;
mod killed;
mod place;
mod s3;
mod small_disk;
