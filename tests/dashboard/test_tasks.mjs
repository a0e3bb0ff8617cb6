// What a person comes for, each from the page they would begin at.

import assert from 'node:assert/strict';
import { Visitor } from './browser.mjs';
import { held, lastNight } from './house.mjs';

export const prepare = lastNight;
const DOOR = 'SEC-1-access-when-unattended';

async function visit({ browser, house }, how, task) {
  const me = await Visitor.come(browser, house, how);
  try {
    await task(me);
  } catch (error) {
    await me.shot('failed').catch(() => {});
    me.wrong.push(error.stack);
  }
  await me.leave();
}

export const promises = {
  who_has_no_right_key_is_told_so_and_who_has_comes_to_where_they_wanted: (here) => visit(here, { user: null, hash: '#/rules' }, async (me) => {
    me.ignores.push(/status of 401/);
    await me.page.fill('input[name=user]', 'anna');
    await me.page.fill('input[name=password]', 'a guess');
    await me.page.keyboard.press('Enter');
    await me.says('That is not known here');
    await me.page.fill('input[name=password]', '');
    await me.press('Use a token instead');
    await me.page.fill('input[name=token]', here.house.token);
    await me.page.keyboard.press('Enter');
    await me.says('The rules that hold');
    assert.ok(me.page.url().endsWith('#/rules'));
    await me.go('#/settings');
    await me.press('Log out');
    await me.page.waitForSelector('form.login');
    await me.page.reload();
    await me.page.waitForSelector('form.login');
  }),

  an_unlock_is_seen_denied_and_why: (here) => visit(here, {}, async (me) => {
    await me.page.locator('.diary button', { hasText: 'old_script asked front_door to unlock' }).first().click();
    await me.page.waitForSelector('dialog .score');
    await me.says('does not open while everyone sleeps, nobody is home, or deep in the night', 'dialog');
    const shown = await me.page.evaluate((rule) => {
      const bar = document.querySelector('dialog .score');
      const line = [...document.querySelectorAll('dialog .shares li')].find((one) => one.textContent.includes(rule));
      const place = (of) => bar.querySelector(of).getBoundingClientRect();
      return { words: bar.ariaLabel, share: Number(line.querySelector('b').textContent.replace('−', '-')), width: line.querySelector('.against').getBoundingClientRect().width,
        here: place('.here').left, denied: place('.deny').right, changes: document.querySelectorAll('dialog ul:not([class]) li').length };
    }, DOOR);
    assert.match(shown.words, /^Score −0\.\d\d\. From /);
    assert.ok(shown.share < 0 && shown.width > 0, JSON.stringify(shown));
    assert.ok(shown.here < shown.denied, 'the score stands where it is denied');
    assert.ok(shown.changes > 0, 'what would have changed it is told');
    await me.page.locator('dialog .shares a', { hasText: DOOR }).click();
    await me.says('When it fires');
    await me.says('old_script asked front_door to unlock');
  }),

  a_held_request_is_approved_and_another_denied: (here) => visit(here, {}, async (me) => {
    await me.says('2 requests wait.');
    assert.equal((await me.text('#held')).trim(), '2 requests wait');
    await me.page.locator('nav a', { hasText: 'Approvals' }).click();
    const card = (who) => me.page.locator('.waits > li', { hasText: `${who} asks` });
    await card('hall_sensor').getByRole('button', { name: 'Approve' }).click();
    await me.says('update hall_lamp: approved, and it went on.');
    await card('hall_sensor').waitFor({ state: 'detached' });
    await card('thermometer').getByRole('button', { name: 'Deny' }).click();
    await me.says('update hall_lamp: refused.');
    await me.says('Nothing waits for you.');
    await me.says('by anna', '.settled');
    await me.page.waitForFunction(() => document.getElementById('held').hidden);
    const { data } = await here.house.get('/v1/approvals?state=settled');
    assert.deepEqual(data.map((one) => [one.settled, one.by, one.forwarded]), [['refused', 'anna', false], ['approved', 'anna', true]]);
  }),

  a_request_that_is_held_while_the_page_is_open_comes_by_itself: (here) => visit(here, { hash: '#/approvals', phone: true }, async (me) => {
    await me.says('Nothing waits for you.');
    await held(here.house, 'thermometer');
    await me.page.locator('.waits > li', { hasText: 'thermometer asks' }).waitFor();
    await me.press('Deny');
    await me.says('refused');
  }),

  last_nights_door_is_found_in_memory: (here) => visit(here, { hash: '#/memory' }, async (me) => {
    await me.page.getByLabel('What would you like to know?').fill('front door last night');
    await me.page.keyboard.press('Enter');
    await me.says('the best first');
    const first = me.page.locator('.memories li').first();
    assert.match(await first.locator('.text').textContent(), /asked front door .* to unlock: denied/);
    assert.deepEqual(await first.locator('.text mark').evaluateAll((all) => all.map((one) => one.textContent.toLowerCase())), ['front', 'door', 'front', 'door']);
    assert.match(await first.locator('.when time').textContent(), /^0[345]:\d\d:\d\d$/);
    await first.getByRole('button', { name: 'All of it' }).click();
    await me.says('jamey/act/front_door/unlock', 'dialog');
  }),

  a_rules_weight_is_tried_then_set_and_holds: (here) => visit(here, { hash: '#/rules' }, async (me) => {
    const text = me.page.getByLabel('Your own rules and weights (TOML)');
    await text.fill(`[weights]\n"${DOOR}" = 11\n`);
    await me.page.waitForSelector('.mistakes');
    assert.match(await me.text('.mistakes'), /^Line 2/);
    await text.fill(`[weights]\n"${DOOR}" = 0\n`);
    await me.says('It is good:');
    await me.says('It takes care away');
    await me.press('Judge again');
    await me.says('would be others.');
    await me.says(`By ${DOOR}`);
    assert.match(await me.text('.lines'), /denied → held old_script: unlock front_door/);
    await me.press('Set them');
    await me.says('They are on disk, and hold.');
    await me.page.locator('.rules a', { hasText: DOOR }).click();
    await me.says('Weight0.0, rules/own.toml');
    await me.page.reload();
    await me.says('Weight0.0, rules/own.toml');
    await here.house.publish('old_script', 'jamey/act/front_door/unlock', {});
    const { data: [verdict] } = await here.house.get('/v1/verdicts?limit=1');
    assert.ok(!verdict.contributions.some(({ rule, share }) => rule === DOOR && share !== 0), JSON.stringify(verdict));
    await me.go('#/rules');
    await me.press('Take them away…');
    await me.page.locator('dialog.ask button.grave').click();
    await me.says('Nothing is set');
  }),

  a_restore_is_drilled_to_passed: (here) => visit(here, { hash: '#/snapshots' }, async (me) => {
    const worked = me.page.evaluate(() => new Promise((done) => {
      const seen = new Set();
      new MutationObserver((_, observer) => {
        for (const one of document.querySelectorAll('progress')) seen.add(one.ariaLabel);
        if (!document.querySelector('main').textContent.includes('The drill is done')) return;
        observer.disconnect();
        done([...seen]);
      }).observe(document.querySelector('main'), { childList: true, subtree: true, characterData: true });
    }));
    await me.press('Take a snapshot now');
    await me.says('The snapshot is done');
    await me.press('Restore it for trial');
    await me.says('The drill is done');
    assert.deepEqual(await worked, ['The snapshot is at work', 'The drill is at work']);
    await me.says('passed', '.missions');
    await me.says('passed', 'tbody');
  }),

  why_a_sensor_lost_trust_is_told: (here) => visit(here, { hash: '#/entities' }, async (me) => {
    await me.page.getByLabel('Search').fill('hall_s');
    await me.page.locator('.beings a', { hasText: 'hall_sensor' }).click();
    await me.says('1 denied request for front_door lowered it by 0.');
    await me.says('What would change it');
    await me.page.waitForSelector('.plot svg .line');
    const bar = await me.page.locator('main .opinion.tall').first().getAttribute('aria-label');
    assert.match(bar, /belief \d+\u00a0%/i);
  }),

  each_entity_in_the_list_has_its_own_bar: (here) => visit(here, { hash: '#/entities' }, async (me) => {
    const labels = await me.page.locator('.beings .opinion').evaluateAll((all) => all.map((one) => one.ariaLabel));
    assert.ok(labels.length >= 5 && labels.every((one) => /\d/.test(one)) && new Set(labels).size > 1, labels.join('; '));
  }),

  the_chattiest_device_is_named_in_the_broker: async (here) => {
    const chatty = here.house.client('thermometer', 'jamey/in/thermometer/temperature');
    const calm = here.house.client('hall_sensor', 'jamey/in/hall_sensor/motion');
    const talk = [setInterval(() => chatty.say('21.5'), 50), setInterval(() => calm.say('true'), 1000)];
    try {
      await visit(here, { hash: '#/broker' }, async (me) => {
        await me.says('The chattiest now is thermometer, with ');
        assert.equal(await me.page.locator('tbody th').first().textContent(), 'thermometer');
      });
    } finally {
      talk.forEach(clearInterval);
      await Promise.all([chatty.end(), calm.end()]);
    }
  },
};
