//! Recall: what was asked for in words, found, ranked and shown.

pub mod when;
