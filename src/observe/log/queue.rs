//! Lines on their way to a disk: a thread of their own writes them, and whoever logs waits for nobody.

use crate::domain::limits;
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// What comes of it when a line is written: None, or what is wrong with where it goes.
pub(super) type Trouble = Option<String>;

#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// Of them, and of those that are being written.
    bytes: usize,
    /// Lines are being written.
    is_writing: bool,
    /// So many found no room, since that was said last.
    left_out: u64,
    trouble: Trouble,
}

impl Queue {
    /// # Errors
    /// When there can be no thread.
    pub fn start(mut write: impl FnMut(&[u8]) -> Trouble + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let taken = Arc::clone(&shared);
        thread::Builder::new().name("log".into()).spawn(move || {
            loop {
                let (lines, left_out) = taken.take();
                let bytes = lines.iter().map(Vec::len).sum();
                let mut trouble = None;
                for line in &lines {
                    trouble = write(line);
                }
                if left_out > 0 {
                    trouble =
                        write(format!("{left_out} lines were left out here: they came faster than they could be written\n").as_bytes());
                }
                taken.written(bytes, trouble);
            }
        })?;
        Ok(Self(shared))
    }

    /// Where there is no room it is left out, and counted.
    pub fn put(&self, line: &[u8]) {
        let mut state = self.0.state();
        if state.bytes.saturating_add(line.len()) > limits::LOG_QUEUE_BYTES {
            state.left_out = state.left_out.saturating_add(1);
        } else {
            state.bytes = state.bytes.saturating_add(line.len());
            state.lines.push_back(line.to_vec());
        }
        self.0.changed.notify_all();
    }

    /// Waits until all that was put is written, or so long.
    pub fn flush(&self, patience: Duration) {
        let is_under_way = |state: &mut State| state.is_writing || !state.lines.is_empty() || state.left_out > 0;
        drop(self.0.changed.wait_timeout_while(self.0.state(), patience, is_under_way));
    }

    /// What is wrong with where lines go, now.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        let state = self.0.state();
        match state.left_out {
            0 => state.trouble.clone(),
            _ => Some(format!("lines come faster than they can be written; {} were left out so far", state.left_out)),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that waits, once there is something.
    fn take(&self) -> (VecDeque<Vec<u8>>, u64) {
        let is_idle = |state: &mut State| state.lines.is_empty() && state.left_out == 0;
        let mut state = self.changed.wait_while(self.state(), is_idle).unwrap_or_else(PoisonError::into_inner);
        state.is_writing = true;
        (std::mem::take(&mut state.lines), std::mem::take(&mut state.left_out))
    }

    fn written(&self, bytes: usize, trouble: Trouble) {
        let mut state = self.state();
        state.is_writing = false;
        state.bytes = state.bytes.saturating_sub(bytes);
        state.trouble = trouble;
        drop(state);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn a_disk_that_takes_nothing_keeps_nobody_waiting_and_what_found_no_room_is_counted_and_said() {
        let (begins, begun) = mpsc::channel();
        let (let_on, waits) = mpsc::channel::<()>();
        let page = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&page);
        let queue = Queue::start(move |line| {
            let _ = begins.send(());
            // Until nobody is there any more who would let it on.
            let _ = waits.recv();
            written.lock().unwrap().push(String::from_utf8(line.to_vec()).unwrap());
            None
        })
        .unwrap();
        queue.put(b"first\n");
        begun.recv_timeout(LONG).unwrap();
        let line = [b'x'; 1_024];
        let room = limits::LOG_QUEUE_BYTES / line.len();
        for _ in 0..room + 10 {
            queue.put(&line);
        }
        assert_eq!(*page.lock().unwrap(), Vec::<String>::new(), "all this came back while nothing was written");
        assert!(queue.trouble().unwrap().contains("11 were left out so far"), "{:?}", queue.trouble());
        drop(let_on);
        queue.flush(LONG);
        let page = page.lock().unwrap();
        // The first one has its place until it is written, and so there is none for one of the others.
        assert_eq!((page.len(), page[0].as_str()), (1 + (room - 1) + 1, "first\n"));
        assert!(page.last().unwrap().starts_with("11 lines were left out here"), "{:?}", page.last());
        assert_eq!(queue.trouble(), None);
    }
}
