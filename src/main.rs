//! Parse, run, exit code.

use std::process::ExitCode;

/// The C library's keeps a heap for each thread, and what one of them let go of stays with it: a house of 4,000 devices grew to four times
/// its size.
#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    jamey::cli::main()
}
