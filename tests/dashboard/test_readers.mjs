// Who may only read sees all that they may, and no button that would be refused.

import assert from 'node:assert/strict';
import { Visitor } from './browser.mjs';
import { lastNight } from './house.mjs';

export const prepare = lastNight;

const VIEWS = ['#/', '#/timeline', '#/approvals', '#/entities', '#/entities/hall_sensor', '#/memory', '#/mission', '#/snapshots', '#/broker', '#/rules', '#/rules/SEC-1-access-when-unattended', '#/audit', '#/settings'];
/** Of those that say the same, two are enough. */
const EACH = 2;

const buttons = (me, where) => me.page.evaluate(([place, most]) => {
  const seen = new Map();
  return [...document.querySelectorAll(`${place} button`)].filter((one) => one.checkVisibility() && !one.disabled).flatMap((one, n) => {
    const kind = one.closest('.diary, .topics')?.className ?? one.textContent;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    return seen.get(kind) <= most && !/^(Log out|Close|Cancel)$/.test(one.textContent) ? [[n, one.textContent]] : [];
  });
}, [where, EACH]);

/** Its nth visible button, once it is there; what was refused since is told. */
async function press(me, where, [n, label]) {
  const button = await me.page.waitForFunction(([place, at]) => [...document.querySelectorAll(`${place} button`)].filter((one) => one.checkVisibility() && !one.disabled)[at], [where, n]);
  await button.evaluate((one) => one.click());
  await me.page.waitForLoadState('networkidle');
  assert.ok(!(await me.page.evaluate(() => document.querySelector('.told.bad:not(:empty)'))), `“${label}” did not work`);
}

export const promises = {
  no_button_is_dead: async ({ browser, house }) => {
    const me = await Visitor.come(browser, house, { user: 'rita' });
    let pressed = 0;
    for (const view of VIEWS) {
      await me.go(view);
      for (const button of await buttons(me, 'main')) {
        await me.go(view);
        await press(me, 'main', button);
        pressed += 1;
        if (!(await me.page.locator('dialog').count())) continue;
        await me.page.waitForFunction(() => !document.querySelector('dialog .loading'));
        for (const inner of await buttons(me, 'dialog')) await press(me, 'dialog', inner);
      }
    }
    assert.ok(pressed > 10, `only ${pressed} buttons were there`);
    assert.deepEqual(me.answers.filter(([status]) => status === 403), [], 'nothing that was asked for was refused');
    await me.leave();
  },

  what_it_takes_to_do_more_is_said: async ({ browser, house }) => {
    const me = await Visitor.come(browser, house, { user: 'rita' });
    for (const [view, says] of [['#/approvals', 'This takes the role approver or admin.'], ['#/entities/hall_sensor', 'This takes the role operator or admin.'],
      ['#/snapshots', 'This takes the role operator or admin.'], ['#/rules', 'This takes the role approver or admin.'], ['#/settings', 'This takes the role admin.']]) {
      await me.go(view);
      await me.says(says);
    }
    await me.go('#/approvals');
    await me.says('2 requests wait.');
    await me.leave();
  },
};
