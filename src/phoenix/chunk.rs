//! Cutting content into chunks where the content says so, so that what did not change has the same chunks again.
