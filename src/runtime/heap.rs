//! How the C library's allocator is to behave: it reads that from the environment, once, before `main`.

/// Of the GNU library's allocator. Left alone it makes up to eight arenas a core and keeps in each what threads freed that are gone long
/// since, and it soon takes no large block from the kernel by itself, so that none is given back: under load a third of what it held lay
/// idle. That costs no processor time that could be measured.
#[cfg(all(unix, target_env = "gnu"))]
const SETTINGS: [(&str, &str); 3] = [("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// Runs this program anew, as the same process, with what the allocator needs to know, unless somebody has said how it is to behave. Where
/// that cannot be done it goes on as it is: it works, and takes more memory.
#[cfg(all(unix, target_env = "gnu"))]
pub fn settle() {
    use std::{env, os::unix::process::CommandExt, process::Command};
    if SETTINGS.iter().any(|(name, _)| env::var_os(name).is_some()) {
        return;
    }
    let mut arguments = env::args_os();
    if let (Ok(program), Some(name)) = (env::current_exe(), arguments.next()) {
        // Comes back only when it failed.
        let _ = Command::new(program).arg0(name).args(arguments).envs(SETTINGS).exec();
    }
}

/// Other allocators are left as they are.
#[cfg(not(all(unix, target_env = "gnu")))]
pub fn settle() {}
