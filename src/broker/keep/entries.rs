//! How the files are written and read: CBOR values one behind the other, first what the file is, last how many there were. Each is read by
//! itself and bounded before that, so that neither side holds more than one.

use super::{Counts, LAYOUT};
use crate::{domain::limits, runtime::files::OwnersAlone};
use ciborium::Value;
use mqtt5::broker::storage::{ClientSession, InflightMessage, QueuedMessage, RetainedMessage};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {problem}; restore another snapshot", path.display())]
    Unreadable { path: PathBuf, problem: String },
    #[error("{}: written by a newer jamey (layout {found}, this one knows {LAYOUT}); use that version", path.display())]
    Newer { path: PathBuf, found: u32 },
    #[error("{}: the broker's files: {problem}", path.display())]
    Engine { path: PathBuf, problem: String },
}

impl KeepError {
    pub(super) fn engine(path: &Path, error: &mqtt5::MqttError) -> Self {
        Self::Engine { path: path.to_owned(), problem: error.to_string() }
    }
}

/// One thing that is kept.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    Retained(RetainedMessage),
    Session(Box<ClientSession>),
    Queued(QueuedMessage),
    InFlight(Box<InflightMessage>),
    /// How many there were before.
    End(u64),
}

impl Entry {
    /// How what is there is named and counted.
    fn names(&self) -> (&'static str, &'static str) {
        match self {
            Self::Retained(_) => ("retained", "retained"),
            Self::Session(_) => ("session", "sessions"),
            Self::Queued(_) => ("queued", "queued"),
            Self::InFlight(_) => ("in_flight", "in_flight"),
            Self::End(_) => ("end", "end"),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    v: u32,
    of: String,
}

const FORMAT: &str = "jamey-broker";

/// A file that is being written.
pub(super) struct Writing {
    path: PathBuf,
    file: BufWriter<File>,
    counts: Counts,
    entries: u64,
}

impl Writing {
    pub(super) fn begin(folder: &Path, name: &str) -> Result<Self, KeepError> {
        let path = folder.join(name);
        let counts = match name {
            super::RETAINED => vec!["retained"],
            _ => vec!["in_flight", "queued", "sessions"],
        };
        let head = Head { format: FORMAT.to_owned(), v: LAYOUT, of: name.trim_end_matches(".cbor").to_owned() };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .owners_alone()
            .open(&path)
            .map(BufWriter::new)
            .and_then(|mut file| write(&head, &mut file).map(|()| file))
            .map(|file| Self {
                path: path.clone(),
                file,
                counts: counts.into_iter().map(|name| (name.to_owned(), 0)).collect(),
                entries: 0,
            })
            .map_err(|source| KeepError::File { path, source })
    }

    pub(super) fn put(&mut self, entry: Entry) -> Result<(), KeepError> {
        let (name, counted) = entry.names();
        let failed = |path: &Path, source| KeepError::File { path: path.to_owned(), source };
        let value = value(entry).map_err(|e| failed(&self.path, io::Error::other(e)))?;
        write(&Value::Map(vec![(name.into(), value)]), &mut self.file).map_err(|e| failed(&self.path, e))?;
        self.entries += 1;
        *self.counts.entry(counted.to_owned()).or_default() += 1;
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<Counts, KeepError> {
        let end = Value::Map(vec![("end".into(), self.entries.into())]);
        write(&end, &mut self.file).and_then(|()| self.file.flush()).map_err(|source| KeepError::File { path: self.path, source })?;
        Ok(self.counts)
    }
}

fn write(value: &impl Serialize, to: &mut impl Write) -> io::Result<()> {
    ciborium::into_writer(value, to).map_err(|error| match error {
        ciborium::ser::Error::Io(error) => error,
        ciborium::ser::Error::Value(text) => io::Error::other(text),
    })
}

/// With payloads as bytes, not as lists of numbers, and every map in order.
fn value(entry: Entry) -> Result<Value, ciborium::value::Error> {
    let (payload, mut value) = match entry {
        Entry::Retained(mut message) => (Some(std::mem::take(&mut message.payload)), Value::serialized(&message)?),
        Entry::Queued(mut message) => (Some(std::mem::take(&mut message.payload)), Value::serialized(&message)?),
        Entry::InFlight(mut message) => (Some(std::mem::take(&mut message.payload)), Value::serialized(&message)?),
        Entry::Session(session) => (None, Value::serialized(&session)?),
        Entry::End(entries) => (None, entries.into()),
    };
    if let (Some(payload), Value::Map(fields)) = (payload, &mut value)
        && let Some((_, place)) = fields.iter_mut().find(|(key, _)| key.as_text() == Some("payload"))
    {
        *place = Value::Bytes(payload);
    }
    in_order(&mut value);
    Ok(value)
}

/// The engine's maps have an order of their own, another one each time.
fn in_order(value: &mut Value) {
    match value {
        Value::Map(fields) => {
            fields.sort_by(|(a, _), (b, _)| a.as_text().cmp(&b.as_text()));
            fields.iter_mut().for_each(|(_, field)| in_order(field));
        }
        Value::Array(items) => items.iter_mut().for_each(in_order),
        _ => {}
    }
}

/// A file that is being read.
pub(super) struct Reading {
    path: PathBuf,
    file: BufReader<File>,
    entries: u64,
}

impl Reading {
    pub(super) fn open(folder: &Path, name: &str) -> Result<Self, KeepError> {
        let path = folder.join(name);
        let file = File::open(&path).map_err(|source| KeepError::File { path: path.clone(), source })?;
        let mut reading = Self { path, file: BufReader::new(file), entries: 0 };
        let head: Head = reading.read()?;
        if head.format != FORMAT || head.of != name.trim_end_matches(".cbor") {
            return Err(reading.unreadable("it is not what its name says"));
        }
        if head.v > LAYOUT {
            return Err(KeepError::Newer { path: reading.path, found: head.v });
        }
        Ok(reading)
    }

    /// The next entry; none: that was all, and it was all there.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, KeepError> {
        match self.read()? {
            Entry::End(entries) if entries == self.entries => match self.file.read(&mut [0]) {
                Ok(0) => Ok(None),
                Ok(_) => Err(self.unreadable("something stands behind its end")),
                Err(source) => Err(KeepError::File { path: self.path.clone(), source }),
            },
            Entry::End(_) => Err(self.unreadable("it holds less than it says")),
            entry => {
                self.entries += 1;
                Ok(Some(entry))
            }
        }
    }

    pub(super) fn unreadable(&self, problem: &str) -> KeepError {
        KeepError::Unreadable { path: self.path.clone(), problem: format!("{problem} (entry {})", self.entries) }
    }

    fn read<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, KeepError> {
        let bounded = (&mut self.file).take(limits::KEPT_ENTRY_BYTES);
        ciborium::from_reader(bounded).map_err(|error| {
            let most = limits::KEPT_ENTRY_BYTES;
            self.unreadable(&match error {
                ciborium::de::Error::Io(_) => format!("it is cut short, or an entry has more than {most} bytes"),
                other => format!("no entry can be read: {other}"),
            })
        })
    }
}
