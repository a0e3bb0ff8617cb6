// Every view, wide and on a telephone, light and dark: nothing that axe finds, nothing in the console, no word of the policy.

import { Visitor } from './browser.mjs';
import { lastNight } from './house.mjs';

export async function prepare(house) {
  await lastNight(house);
  await house.publish('thermometer', 'jamey/in/thermometer/temperature', ...Array.from({ length: 40 }, (_, n) => String(20 + n / 10)));
  const errand = async (verb) => {
    const answer = await fetch(`${house.url}/v1/phoenix/${verb}`, { method: 'POST', headers: { authorization: `Bearer ${house.token}`, 'content-type': 'application/json' }, body: '{}' });
    const { id } = await answer.json();
    await house.until(`${verb} is done`, async () => (await house.get(`/v1/errands/${id}`)).state === 'done');
  };
  await errand('snapshot');
  await errand('drill');
}

const open = (button, wait) => async ({ page }) => {
  await page.locator(button).first().click();
  await page.waitForSelector(wait);
  await page.waitForFunction(() => !document.querySelector('dialog .loading'));
};
/** Where, and what is done there first. */
const VIEWS = {
  overview: ['#/', open('.inner summary', '.three svg')],
  why: ['#/', open('.diary button', 'dialog .score')],
  timeline: ['#/timeline'],
  timeline_filtered: ['#/timeline?decision=deny&rule=SEC-1-access-when-unattended', ({ page }) => page.waitForSelector('.line:not([hidden])')],
  approvals: ['#/approvals'],
  entities: ['#/entities'],
  entity: ['#/entities/hall_sensor', open('details summary', 'details[open]')],
  readings: ['#/entities/thermometer'],
  memory: ['#/memory?q=front+door'],
  memory_whole: ['#/memory?q=front+door', open('.memories button', 'dialog .facts')],
  mission: ['#/mission'],
  snapshots: ['#/snapshots'],
  broker: ['#/broker'],
  retained: ['#/broker', open('.topics button', 'dialog pre')],
  rules: ['#/rules', ({ page }) => page.getByRole('button', { name: 'Put an example in' }).click()],
  rule: ['#/rules/SEC-1-access-when-unattended'],
  audit: ['#/audit', open('.line:not([hidden])', 'dialog .facts')],
  settings: ['#/settings', open('details summary', 'details[open]')],
  nobody: ['#/entities/nobody'],
  nothing: ['#/nothing'],
};

async function all(here, how) {
  const me = await Visitor.come(here.browser, here.house, { user: null, ...how });
  await me.page.waitForSelector('form.login');
  await me.sound('login');
  await me.shot('login');
  await me.logIn('anna');
  for (const [name, [hash, first]] of Object.entries(VIEWS)) {
    if (name === 'nobody') me.ignores.push(/status of 404/);
    try {
      await me.go(hash);
      await first?.(me);
      await me.settled();
    } catch (error) {
      me.wrong.push(`${name}, ${me.name}: ${error.message}`);
    }
    await me.sound(name);
    await me.shot(name);
  }
  if (how.phone) {
    await me.go('#/');
    await me.page.click('#more');
    await me.sound('more');
    await me.shot('more');
  }
  await me.leave();
}

/** Two at a time, as there are two processors. */
const both = (here, one, other) => Promise.allSettled([all(here, one), all(here, other)]).then((ends) => {
  const wrong = ends.filter((one) => one.status === 'rejected').map((one) => one.reason.message);
  if (wrong.length) throw new Error(wrong.join('\n'));
});

export const promises = {
  every_view_is_sound_on_a_wide_screen_in_light_and_dark: (here) => both(here, { dark: false }, { dark: true }),
  every_view_is_sound_on_a_telephone_in_light_and_dark: (here) => both(here, { phone: true, dark: false }, { phone: true, dark: true }),
};
