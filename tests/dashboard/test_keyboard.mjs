// With the keyboard alone, from the login on.

import assert from 'node:assert/strict';
import { Visitor } from './browser.mjs';
import { PASSWORD, lastNight } from './house.mjs';

export const prepare = lastNight;

async function logIn({ browser, house }) {
  const me = await Visitor.come(browser, house, { user: null });
  await me.page.waitForFunction(() => document.activeElement.name === 'user');
  await me.page.keyboard.type('anna');
  await me.page.keyboard.press('Tab');
  await me.page.keyboard.type(PASSWORD);
  await me.page.keyboard.press('Enter');
  await me.page.waitForSelector('.diary');
  await me.settled();
  return me;
}

const focused = (me) => me.page.evaluate(() => document.activeElement.textContent.trim());

export const promises = {
  a_held_request_is_approved: async (here) => {
    const me = await logIn(here);
    const { keyboard } = me.page;
    await me.tabTo('Approvals', () => /^Approvals/.test(document.activeElement.textContent) && document.activeElement.closest('nav'));
    await keyboard.press('Enter');
    await me.page.waitForSelector('.waits');
    assert.equal(await focused(me), 'Approvals', 'the heading of the new view has the focus');
    await me.tabTo('the button', () => document.activeElement.textContent === 'Approve');
    await keyboard.press('Enter');
    await me.says('approved, and it went on.');
    await me.page.waitForFunction(() => document.querySelectorAll('.waits > li').length === 1);
    assert.notEqual(await me.page.evaluate(() => document.activeElement.tagName), 'BODY', 'the focus is not thrown back to the top of the page');
    assert.match(await me.text('#said'), /approved/, 'it is said aloud');
    await me.leave();
  },

  why_an_unlock_was_denied_is_found: async (here) => {
    const me = await logIn(here);
    const { keyboard } = me.page;
    await me.tabTo('the link past the navigation', () => document.activeElement.className === 'skip');
    await keyboard.press('Enter');
    await me.tabTo('all decisions', () => document.activeElement.textContent === 'All decisions');
    await keyboard.press('Enter');
    await me.page.waitForSelector('.line:not([hidden]) time');
    await me.tabTo('the list', () => document.activeElement.role === 'listbox');
    const row = () => me.page.evaluate(() => document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.ariaLabel ?? '');
    for (let n = 0; n < 20 && !/denied: old_script asked front_door to unlock/.test(await row()); n += 1) {
      const before = await row();
      await keyboard.press('ArrowDown');
      await me.page.waitForFunction((was) => document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.ariaLabel !== was, before);
    }
    await keyboard.press('Enter');
    await me.page.waitForSelector('dialog .score');
    await me.says('What would have changed it', 'dialog');
    assert.ok(await me.page.evaluate(() => document.activeElement.closest('dialog')), 'the focus is in the sheet');
    await keyboard.press('Escape');
    await me.page.waitForFunction(() => !document.querySelector('dialog') && document.activeElement.role === 'listbox');
    await me.leave();
  },
};
