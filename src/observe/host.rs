//! Figures of the host and of this process.

use serde_json::{Value, json};
use sysinfo::{MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System};

/// Reads the host's figures; keeps what it needs for rates.
pub struct Host {
    system: Option<System>,
    own: Option<Pid>,
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
    /// Memory of host and process in bytes, CPU of the process in percent of one core since the last reading.
    pub fn read(&mut self) -> Value {
        let (Some(system), Some(own)) = (self.system.as_mut(), self.own) else { return json!({}) };
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), true, ProcessRefreshKind::nothing().with_memory().with_cpu());
        let process = system.process(own);
        json!({
            "host_memory_total_bytes": system.total_memory(),
            "host_memory_available_bytes": system.available_memory(),
            "process_resident_bytes": process.map(sysinfo::Process::memory),
            "process_cpu_percent": process.map(|p| (f64::from(p.cpu_usage()) * 10.0).round() / 10.0),
        })
    }
}
