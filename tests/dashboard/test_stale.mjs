// Jamey is killed while somebody looks: what is shown says that it is old, and when Jamey is back, all of it is new.

import assert from 'node:assert/strict';
import { Visitor } from './browser.mjs';
import { lastNight } from './house.mjs';

export const house = { people: false };
export const prepare = lastNight;

const VIEWS = { overview: ['#/', '.diary'], timeline: ['#/timeline', '.line:not([hidden])'], entity: ['#/entities/old_script', '.diary'] };
const newest = 'old_script asked water_valve to turn off';

export const promises = {
  a_killed_house_is_shown_stale_and_then_live_with_nothing_old_left: async ({ browser, house: here }) => {
    const all = await Promise.all(Object.values(VIEWS).map(([hash]) => Visitor.come(browser, here, { user: null, hash })));
    for (const me of all) {
      me.ignores.push(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/);
      await me.settled();
      await me.says('Live', '#live');
    }
    await here.kill();
    for (const me of all) {
      await me.says('What you see is of', '#notice');
      await me.says('Stale since', '#live');
      assert.ok(await me.page.evaluate(() => document.body.classList.contains('stale') && document.getElementById('notice').checkVisibility()));
      assert.ok((await me.text()).includes('old_script'), 'what was known is still there');
      await me.sound('stale');
      await me.shot(`stale-${all.indexOf(me)}`);
    }
    await here.run();
    await here.publish('old_script', 'jamey/act/water_valve/turn_off', {});
    for (const [n, [, place]] of Object.values(VIEWS).entries()) {
      const me = all[n];
      await me.says('Live', '#live');
      await me.says(newest, place);
      assert.ok(await me.page.evaluate(() => document.getElementById('notice').hidden && !document.body.classList.contains('stale')));
      assert.ok(!(await me.text()).includes('cannot be reached'), 'no part still says that Jamey cannot be reached');
      // And it goes on: what happens now comes by itself.
      await here.publish('old_script', 'jamey/act/water_valve/turn_on', {});
      await me.says('old_script asked water_valve to turn on', place);
      await me.leave();
    }
  },
};
