//! Figures of the host and of this process.

use super::Writes;
use crate::runtime::{descriptors, processes};
use serde_json::{Value, json};
use std::time::Duration;
use sysinfo::{MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

/// Reads the host's figures; keeps what it needs for rates.
pub struct Host {
    system: Option<System>,
    own: Option<Pid>,
}

/// The figures at one moment; None: the host does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HostFigures {
    pub memory_bytes: Option<u64>,
    pub available_bytes: Option<u64>,
    pub cores: Option<u64>,
    /// Tasks that want a core, over a minute.
    pub load: Option<f64>,
    /// Of the process, as what follows.
    pub resident_bytes: Option<u64>,
    /// Of one core, since the last reading.
    pub cpu_percent: Option<f64>,
    pub cpu_seconds: Option<f64>,
    pub open_files: Option<u64>,
    pub most_files: Option<u64>,
    pub written_bytes: Option<u64>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            system: System::new_with_specifics(RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram())).ok(),
            own: sysinfo::get_current_pid().ok(),
        }
    }
}

impl Host {
    /// A page of `/proc` each: some 0.1 ms.
    pub fn figures(&mut self) -> HostFigures {
        let mut figures = HostFigures {
            cores: std::thread::available_parallelism().ok().and_then(|n| u64::try_from(n.get()).ok()),
            load: System::load_average().ok().map(|load| load.one),
            cpu_seconds: processes::cpu_time().map(|time| time.as_secs_f64()),
            open_files: open_files(),
            most_files: descriptors::most(),
            written_bytes: Writes::read(),
            ..HostFigures::default()
        };
        if let (Some(system), Some(own)) = (self.system.as_mut(), self.own) {
            system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
            system.refresh_processes_specifics(
                ProcessesToUpdate::Some(&[own]),
                true,
                ProcessRefreshKind::nothing().with_memory().with_cpu().without_tasks(),
            );
            let process = system.process(own);
            figures.memory_bytes = Some(system.total_memory());
            figures.available_bytes = Some(system.available_memory());
            figures.resident_bytes = process.map(sysinfo::Process::memory);
            // Where the host does not say it finer, in milliseconds.
            let millis = || process.map(sysinfo::Process::accumulated_cpu_time);
            figures.cpu_seconds = figures.cpu_seconds.or_else(|| Some(Duration::from_millis(millis()?).as_secs_f64()));
            figures.cpu_percent = process.map(|p| (f64::from(p.cpu_usage()) * 10.0).round() / 10.0);
        }
        figures
    }

    /// As they stand on the system topic.
    pub fn read(&mut self) -> Value {
        let figures = self.figures();
        json!({
            "host_memory_total_bytes": figures.memory_bytes,
            "host_memory_available_bytes": figures.available_bytes,
            "process_resident_bytes": figures.resident_bytes,
            "process_cpu_percent": figures.cpu_percent,
        })
    }
}

fn open_files() -> Option<u64> {
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    // The folder that is read is open itself.
    u64::try_from(open).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_host_tells_all_of_it() {
        let mut host = Host::default();
        let one = host.figures();
        let HostFigures { memory_bytes, available_bytes, cores, load, resident_bytes, cpu_percent, .. } = one;
        assert!(memory_bytes > available_bytes && available_bytes > Some(0));
        assert!(cores >= Some(1) && load >= Some(0.0) && cpu_percent >= Some(0.0));
        assert!(resident_bytes > Some(1_000_000) && resident_bytes < memory_bytes);
        assert!(one.open_files > Some(0) && one.open_files < one.most_files && one.written_bytes.is_some());
        let opened = std::fs::File::open("/proc/self/stat").unwrap();
        let work: u64 = (0..20_000_000).fold(0, |sum: u64, n| sum.wrapping_mul(31).wrapping_add(std::hint::black_box(n)));
        let two = host.figures();
        assert!(two.cpu_seconds > one.cpu_seconds, "{work}");
        drop(opened);
    }
}
