//! A threshold to enter and another to leave: between the two it stays as it was. Pure.

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Latch(bool);

impl Latch {
    /// `enters` where it begins, `stays` where it goes on if it had begun.
    pub(super) fn turn(&mut self, enters: bool, stays: bool) -> bool {
        self.0 = enters || (self.0 && stays);
        self.0
    }
}
