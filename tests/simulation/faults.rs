//! What a disk does to a house: a statement that fails half way, a transaction that is thrown away, a COMMIT that fails, a writer that takes its
//! time, and power that goes while the log is being written. A database does the first three by itself, where it is told to.

use super::{rhythms::Chance, world::below};
use jamey::store::FILE;
use rusqlite::Connection;
use std::{fs, io, path::Path};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An insert into this table fails; what the transaction did before stands until somebody rolls it back.
    Statement(u8),
    /// The same, and the transaction is gone with it.
    Transaction(u8),
    /// All is written, and the COMMIT fails.
    Commit,
    /// So many tries nothing comes back from the disk.
    Slow(u8),
}

const TABLES: [&str; 8] = ["journal", "verdicts", "memory_records", "audit_log", "held", "soul_entities", "change_log", "contexts"];

impl Fault {
    pub fn drawn(chance: &mut Chance) -> Self {
        let table = below(chance, 256) as u8;
        match below(chance, 4) {
            0 => Self::Statement(table),
            1 => Self::Transaction(table),
            2 => Self::Commit,
            _ => Self::Slow(1 + below(chance, 20) as u8),
        }
    }

    /// From now on the database of this folder fails so.
    pub fn strike(self, folder: &Path) {
        let table = |n: u8| TABLES[usize::from(n) % TABLES.len()];
        let fails = |n: u8, how: &str| {
            let table = table(n);
            format!("CREATE TRIGGER fault BEFORE INSERT ON {table} BEGIN SELECT RAISE({how}, 'the disk fails'); END")
        };
        let sql = match self {
            Self::Statement(n) => fails(n, "FAIL"),
            Self::Transaction(n) => fails(n, "ROLLBACK"),
            // What is referred to is not there, and is asked for at the COMMIT.
            Self::Commit => "CREATE TABLE fault_of (id INTEGER PRIMARY KEY);
                 CREATE TABLE fault_in (id INTEGER REFERENCES fault_of DEFERRABLE INITIALLY DEFERRED);
                 CREATE TRIGGER fault AFTER INSERT ON journal BEGIN INSERT INTO fault_in VALUES (1); END"
                .to_owned(),
            Self::Slow(_) => return,
        };
        open(folder).execute_batch(&sql).unwrap();
    }
}

/// Nothing fails any more.
pub fn mend(folder: &Path) {
    open(folder).execute_batch("DROP TRIGGER IF EXISTS fault; DROP TABLE IF EXISTS fault_in; DROP TABLE IF EXISTS fault_of").unwrap();
}

fn open(folder: &Path) -> Connection {
    let conn = Connection::open(folder.join(FILE)).unwrap();
    conn.execute_batch("PRAGMA wal_autocheckpoint = 0").unwrap();
    conn
}

/// Bytes of the write-ahead log.
pub fn log_bytes(folder: &Path) -> u64 {
    fs::metadata(folder.join(format!("{FILE}-wal"))).map_or(0, |found| found.len())
}

/// All files as they are at this moment, as the disk has them when the power goes; of the log no more than so many bytes.
pub fn as_it_stands(from: &Path, to: &Path, log: u64) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            fs::create_dir(&copy).unwrap();
            as_it_stands(&path, &copy, u64::MAX);
        } else if !name.ends_with("-shm") {
            match fs::copy(&path, &copy) {
                Ok(_) => {}
                // What merges segments may have deleted it since.
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
            if name.ends_with("-wal") && fs::metadata(&copy).unwrap().len() > log {
                fs::OpenOptions::new().write(true).open(&copy).unwrap().set_len(log).unwrap();
            }
        }
    }
}
