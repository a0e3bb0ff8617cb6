//! What each key does.

use super::Model;
use crate::{
    cli::{paint::plain, top::part::Tab},
    domain::limits,
};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

impl Model {
    pub fn press(&mut self, key: KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let holds_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if holds_ctrl => self.quits = true,
            _ if self.types => self.write(key.code, holds_ctrl),
            _ if self.helps => self.helps = false,
            KeyCode::Char('q') => self.quits = true,
            KeyCode::Char('?') | KeyCode::F(1) => self.helps = true,
            KeyCode::Char('/') => {
                self.close();
                self.types = true;
            }
            KeyCode::Char('p' | ' ') => self.pause(),
            KeyCode::Char('r') => self.turn(),
            KeyCode::Char(digit @ '1'..='9') => {
                let at = usize::try_from(u32::from(digit) - u32::from('1')).unwrap_or(usize::MAX);
                if let Some(tab) = Tab::ALL.get(at) {
                    self.go(*tab);
                }
            }
            KeyCode::Tab | KeyCode::Right | KeyCode::Char('l') => self.go(self.tab.turned(1)),
            KeyCode::BackTab | KeyCode::Left | KeyCode::Char('h') => self.go(self.tab.turned(Tab::ALL.len() - 1)),
            KeyCode::Esc | KeyCode::Backspace if self.opened.is_some() => self.close(),
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Enter => self.enter(),
            code => self.step(code),
        }
    }

    fn go(&mut self, tab: Tab) {
        self.close();
        (self.tab, self.turned) = (tab, false);
    }

    fn pause(&mut self) {
        self.frozen = if self.is_paused() { None } else { Some(Box::new(self.live.clone())) };
    }

    fn turn(&mut self) {
        if self.opened.is_none() {
            self.turned = !self.turned;
            self.chosen.remove(&self.tab);
        }
    }

    fn write(&mut self, code: KeyCode, holds_ctrl: bool) {
        match code {
            KeyCode::Enter => self.types = false,
            KeyCode::Esc => {
                self.types = false;
                self.filter.clear();
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char('u') if holds_ctrl => self.filter.clear(),
            KeyCode::Char(c) if !holds_ctrl && self.filter.chars().count() < limits::TOP_FILTER_CHARS => {
                self.filter.push_str(&plain(&c.to_string()));
            }
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => self.step(code),
            _ => {}
        }
    }

    fn enter(&mut self) {
        if self.opened.is_some() {
            return self.close();
        }
        let rows = self.rows().unwrap_or_default();
        if let Some(row) = rows.get(self.chosen(&rows)) {
            self.open(row);
        }
    }

    /// Up and down, in a list or on a page.
    fn step(&mut self, code: KeyCode) {
        let list = if self.opened.is_none() { self.rows() } else { None };
        let most = list.as_ref().map_or(self.bounds.scroll, |rows| rows.len().saturating_sub(1));
        let here = list.as_ref().map_or(self.scroll, |rows| self.chosen(rows)).min(most);
        let page = self.bounds.rows.saturating_sub(1).max(1);
        let there = match code {
            KeyCode::Up | KeyCode::Char('k') => here.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => here.saturating_add(1),
            KeyCode::PageUp => here.saturating_sub(page),
            KeyCode::PageDown => here.saturating_add(page),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => most,
            _ => return,
        };
        match list {
            Some(rows) => self.choose(there.min(most), &rows),
            None => self.scroll = there.min(most),
        }
    }
}
