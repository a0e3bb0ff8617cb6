// What the dashboard costs. Sizes are promised; times are printed, as they are the machine's too.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import { Visitor } from './browser.mjs';
import { busyPast, lastNight } from './house.mjs';
import { instruments, median, quantile, wait } from './measure.mjs';

const MOST_BYTES = 60_000;
const ROWS = 10_000;
const FRAMES = 200;

export async function prepare(house) {
  await lastNight(house);
  await busyPast(house, ROWS);
}

const asSent = (url) => new Promise((done, fail) => {
  get(url, { headers: { 'accept-encoding': 'gzip' } }, (answer) => {
    let size = 0;
    answer.on('data', (some) => (size += some.length)).on('end', () => (answer.statusCode === 200 ? done(size) : fail(new Error(`${url}: ${answer.statusCode}`))));
  }).on('error', fail);
});

const figure = (name, value) => console.log(`  ${name}: ${value}`);

/** Main thread per event, beyond what passes without any. */
async function liveCost(here, hash, ready) {
  const me = await Visitor.come(here.browser, here.house, { hash });
  await me.page.waitForSelector(ready);
  await wait(3000);
  const { metrics } = await instruments(me);
  const span = async (ms, work) => {
    const before = await metrics();
    await Promise.all([wait(ms), work?.()]);
    const after = await metrics();
    return (after.TaskDuration - before.TaskDuration) * 1000;
  };
  const idle = (await span(3000)) * 2;
  const events = 60;
  const lamp = here.house.client('ha', 'zigbee2mqtt/lamp_0/set');
  const busy = await span(6000, async () => {
    for (let n = 0; n < events; n += 1) {
      lamp.say(JSON.stringify({ state: 'ON', brightness: n }));
      await wait(50);
    }
  });
  await lamp.done();
  await me.leave();
  return (busy - idle) / events;
}

export const promises = {
  all_pages_together_are_small: async ({ house }) => {
    const names = readdirSync('src/web', { recursive: true }).filter((name) => /\.\w+$/.test(name) && !name.endsWith('.rs'));
    const sizes = await Promise.all(names.map((name) => asSent(`${house.url}/${name === 'index.html' ? '' : name}`)));
    const sum = sizes.reduce((a, b) => a + b);
    figure('bytes of all pages, gzipped', sum);
    assert.ok(sum <= MOST_BYTES, `${sum} bytes`);
  },

  first_paint: async ({ browser, house }) => {
    const paints = { login: [], overview: [], answered: [] };
    const paint = (page) => page.evaluate(async () => {
      const find = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
      while (!find()) await new Promise((next) => setTimeout(next, 5));
      return find();
    });
    for (let n = 0; n < 5; n += 1) {
      const me = await Visitor.come(browser, house, { user: null });
      await me.page.waitForSelector('form.login');
      paints.login.push(await paint(me.page));
      await me.logIn('anna');
      const { cdp } = await instruments(me);
      await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
      await me.page.reload();
      await me.page.waitForSelector('.hero');
      paints.answered.push(await me.page.evaluate(() => performance.now()));
      paints.overview.push(await paint(me.page));
      await me.leave();
    }
    for (const [name, all] of Object.entries({ 'first paint, the door, nothing cached': paints.login, 'first paint, overview, nothing cached': paints.overview, 'what the house is like, overview, nothing cached': paints.answered })) {
      figure(name, `${median(all).toFixed(0)} ms (${all.map((one) => one.toFixed(0)).join(', ')}), 300 wanted`);
    }
  },

  ten_thousand_rows_are_scrolled: async ({ browser, house }) => {
    const me = await Visitor.come(browser, house, { hash: '#/timeline' });
    await me.page.waitForSelector('.line:not([hidden]) time');
    const began = performance.now();
    const [count, elements] = await me.page.evaluate(async (rows) => {
      const box = document.querySelector('.rows');
      const count = () => Number(/[\d,]+/.exec(document.querySelector('main > div > [role=status]').textContent)[0].replace(',', ''));
      while (count() < rows) {
        box.scrollTop = box.scrollHeight;
        await new Promise((next) => setTimeout(next, 10));
      }
      return [count(), document.querySelectorAll('.line').length];
    }, ROWS);
    figure(`${count} rows loaded, page by page`, `${((performance.now() - began) / 1000).toFixed(1)} s, in ${elements} elements`);
    assert.ok(elements < 60, `${elements} elements`);
    const { metrics } = await instruments(me);
    for (const speed of [20, 120, 1200]) {
      const before = await metrics();
      const deltas = await me.page.evaluate(([by, frames]) => new Promise((done) => {
        const box = document.querySelector('.rows');
        box.scrollTop = 0;
        const all = [];
        let last = performance.now();
        const step = (now) => {
          all.push(now - last);
          last = now;
          box.scrollTop += by;
          if (all.length < frames) requestAnimationFrame(step);
          else done(all.slice(2));
        };
        requestAnimationFrame(step);
      }), [speed, FRAMES]);
      const after = await metrics();
      figure(`scrolled by ${speed} px a frame`, `${(1000 / median(deltas)).toFixed(0)} frames/s, 95 of 100 within ${quantile(deltas, 0.95).toFixed(1)} ms, main thread ${(((after.TaskDuration - before.TaskDuration) * 1000) / FRAMES).toFixed(2)} ms a frame`);
    }
    await me.leave();
  },

  a_live_update: async (here) => {
    for (const [hash, ready] of [['#/', '.diary'], ['#/timeline', '.line:not([hidden])']]) figure(`main thread for each event, ${hash}`, `${(await liveCost(here, hash, ready)).toFixed(2)} ms, 4 wanted`);
  },
};
