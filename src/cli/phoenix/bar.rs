//! How far a long piece of work is: a bar on a terminal, nothing elsewhere. Ctrl-C stops the work in good order, a second one at once.

use crate::{cli::run::on_one_thread, phoenix::Step};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

static STOPPED: AtomicBool = AtomicBool::new(false);
static LISTENING: OnceLock<()> = OnceLock::new();

pub(super) struct Bar {
    bar: ProgressBar,
    what: &'static str,
}

impl Bar {
    /// Something that turns, until it is known how much there is to do.
    pub fn new(what: &'static str, quiet: bool) -> Self {
        LISTENING.get_or_init(listen);
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template(&format!("{{spinner}} {what}, {{elapsed}}")) {
            bar.set_style(style);
        }
        if !quiet {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, what }
    }

    /// False: it is to stop.
    pub fn step(&mut self, step: Step) -> bool {
        if step.of > 0 {
            if self.bar.length().is_none()
                && let Ok(style) =
                    ProgressStyle::with_template(&format!("{} {{wide_bar}} {{bytes}} of {{total_bytes}}, {{eta}} left", self.what))
            {
                self.bar.set_style(style);
            }
            self.bar.set_length(step.of.max(step.done));
            self.bar.set_position(step.done);
        }
        !STOPPED.load(Ordering::Relaxed)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn listen() {
    std::thread::spawn(|| {
        on_one_thread::<()>(async {
            tokio::signal::ctrl_c().await?;
            STOPPED.store(true, Ordering::Relaxed);
            tokio::signal::ctrl_c().await?;
            // What a shell says of a program that was interrupted.
            std::process::exit(130)
        })
    });
}
