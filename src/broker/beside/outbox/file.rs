//! The outbox's file: records one after another, what is kept and what is done; a torn end is left off.

use super::Parcel;
use crate::runtime::files;
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

pub struct File {
    path: PathBuf,
    file: fs::File,
    /// Good bytes in the file.
    length: u64,
    /// To be written.
    fresh: Vec<u8>,
    sync: bool,
}

const KEEP: u8 = 1;
const DONE: u8 = 2;
/// Below it the file is not worth being made smaller.
const SMALL: u64 = 256 * 1024;

impl File {
    pub fn open(path: &Path, sync: bool) -> io::Result<(Self, BTreeMap<u64, Arc<Parcel>>)> {
        let mut file = fs::File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        let bytes = fs::read(path)?;
        let (waiting, good) = read(&bytes);
        let length = u64::try_from(good).unwrap_or(u64::MAX);
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Self { path: path.to_owned(), file, length, fresh: Vec::new(), sync }, waiting))
    }

    pub fn keep(&mut self, number: u64, parcel: &Parcel) {
        put_kept(&mut self.fresh, number, parcel);
    }

    pub fn done(&mut self, number: u64) {
        let mut body = vec![DONE];
        body.extend(number.to_le_bytes());
        put(&mut self.fresh, &body);
    }

    /// Writes what is fresh; what could not be written whole is taken back, so that nothing follows a torn record.
    pub fn write(&mut self, kept: bool) -> io::Result<()> {
        let fresh = std::mem::take(&mut self.fresh);
        let written = self.file.write_all(&fresh).and_then(|()| if kept && self.sync { self.file.sync_data() } else { Ok(()) });
        if written.is_err() {
            self.file.set_len(self.length)?;
            self.file.seek(SeekFrom::End(0))?;
            return written;
        }
        self.length += u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Makes the file smaller where most of it is done. `weight` is about what waits.
    pub fn tidy(&mut self, weight: usize, waiting: impl FnOnce() -> Vec<(u64, Arc<Parcel>)>) -> io::Result<()> {
        if self.length < SMALL || u64::try_from(weight).unwrap_or(u64::MAX).saturating_mul(3) > self.length {
            return Ok(());
        }
        let mut live = Vec::new();
        for (number, parcel) in waiting() {
            put_kept(&mut live, number, &parcel);
        }
        let length = u64::try_from(live.len()).unwrap_or(u64::MAX);
        if length > self.length / 2 {
            return Ok(());
        }
        let beside = self.path.with_extension("new");
        let mut file = fs::File::create(&beside)?;
        file.write_all(&live)?;
        if self.sync {
            file.sync_data()?;
        }
        fs::rename(&beside, &self.path)?;
        if let (true, Some(folder)) = (self.sync, self.path.parent()) {
            files::sync_folder(folder)?;
        }
        (self.file, self.length) = (file, length);
        Ok(())
    }
}

fn put(out: &mut Vec<u8>, body: &[u8]) {
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(checksum(body).to_le_bytes());
    out.extend(body);
}

fn put_kept(out: &mut Vec<u8>, number: u64, parcel: &Parcel) {
    let mut body = vec![KEEP];
    body.extend(number.to_le_bytes());
    body.push(parcel.qos | (u8::from(parcel.retain) << 2));
    body.extend(u16::try_from(parcel.topic.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(parcel.topic.bytes().take(usize::from(u16::MAX)));
    body.extend(&parcel.payload);
    put(out, &body);
}

/// FNV-1a: it tells a torn record, not a forged one.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// What still waits, and how many bytes were good.
fn read(bytes: &[u8]) -> (BTreeMap<u64, Arc<Parcel>>, usize) {
    let (mut waiting, mut rest) = (BTreeMap::new(), bytes);
    while let Some((body, after)) = record(rest) {
        let Some((number, parcel)) = parse(body) else { break };
        match parcel {
            Some(parcel) => {
                waiting.insert(number, Arc::new(parcel));
            }
            None => {
                waiting.remove(&number);
            }
        }
        rest = after;
    }
    (waiting, bytes.len() - rest.len())
}

fn record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let (body, after) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    (checksum(body) == u32::from_le_bytes(*sum)).then_some((body, after))
}

fn parse(body: &[u8]) -> Option<(u64, Option<Parcel>)> {
    let (kind, rest) = body.split_first()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let number = u64::from_le_bytes(*number);
    if *kind == DONE {
        return Some((number, None));
    }
    let (flags, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (topic, payload) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    let topic = std::str::from_utf8(topic).ok()?.to_owned();
    Some((number, Some(Parcel { topic, payload: Bytes::copy_from_slice(payload), qos: flags & 3, retain: flags & 4 != 0 })))
}
