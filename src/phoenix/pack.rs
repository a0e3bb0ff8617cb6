//! Packs: sealed chunks in one file of at most 8 MiB, with a sealed index at its end.
