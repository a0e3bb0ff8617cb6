//! Pages of memory, of which a house on a small host wants small ones.

/// From now on the process gets no huge pages. Of two MiB that are touched once two MiB are taken, and what is let go of in the middle
/// cannot be given back. Where the kernel knows nothing of that it goes on as it is.
#[cfg(target_os = "linux")]
pub fn keep_pages_small() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "pages may be huge");
    }
}

#[cfg(not(target_os = "linux"))]
pub fn keep_pages_small() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn no_page_is_huge_from_then_on() {
        keep_pages_small();
        assert!(rustix::thread::transparent_huge_pages_are_disabled().unwrap());
    }
}
