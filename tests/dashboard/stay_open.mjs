// A dashboard on a wall: overview and timeline stay open under live data, and nothing that the browser keeps for them may grow.

import { Visitor, launch } from './browser.mjs';
import { House, busyPast, lastNight } from './house.mjs';
import { instruments, median, quantile, wait } from './measure.mjs';

const SAMPLES = 60;
/** So many words and commands a second. */
const PACE = 5;
/** The overview draws the newest 2,000 decisions: what is there from the start is no growth. */
const DRAWN = 2_200;
/** The first part is not counted: caches fill, and the code is compiled. */
const WARM = 0.25;
/** Of so many samples in a row the least counts: what was on its way at that moment is nothing that is kept. */
const LEAST_OF = 4;
/** Growth over the whole time, as a share of what is there, that is taken for none. */
const SHARE = 0.03;
const VIEWS = { overview: ['#/', '.diary'], timeline: ['#/timeline', '.line:not([hidden])'] };

/**
 * The median of the slopes of all pairs (Theil and Sen), times the time: one outlier, such as a list that is cut, does not move it. It is
 * growth where it is more than the samples scatter around that line, and more than a share of what is there.
 */
function growth(samples) {
  const slopes = samples.flatMap(([t, value], n) => samples.slice(n + 1).map(([later, then]) => (then - value) / (later - t)));
  const slope = median(slopes);
  const rest = samples.map(([t, value]) => value - slope * t);
  const noise = quantile(rest, 0.95) - quantile(rest, 0.05);
  const grown = slope * (samples.at(-1)[0] - samples[0][0]);
  const middle = median(samples.map(([, value]) => value));
  return { grown, noise, middle, isGrowth: grown > noise && grown > SHARE * middle };
}

const leasts = (samples) => Array.from({ length: Math.floor(samples.length / LEAST_OF) }, (_, n) => samples.slice(n * LEAST_OF, (n + 1) * LEAST_OF).reduce((a, b) => (b[1] < a[1] ? b : a)));

/** Ordinary days at once: readings, a lamp, and now and then a request that is denied. */
function life(house) {
  const says = {
    temperature: house.client('thermometer', 'jamey/in/thermometer/temperature'),
    lamp: house.client('ha', 'zigbee2mqtt/hall_lamp/set'),
    state: house.client('z2m', 'zigbee2mqtt/hall_lamp'),
    door: house.client('old_script', 'jamey/act/front_door/unlock'),
  };
  let n = 0;
  const timer = setInterval(() => {
    n += 1;
    says.temperature.say((21 + Math.sin(n / 100)).toFixed(2));
    says.lamp.say(JSON.stringify({ state: 'ON', brightness: n % 254 }));
    if (n % 3 === 0) says.state.say(JSON.stringify({ state: 'ON', brightness: n % 254 }));
    if (n % (PACE * 60) === 0) says.door.say('{}');
  }, 1000 / PACE);
  return async () => {
    clearInterval(timer);
    await Promise.all(Object.values(says).map((one) => one.end()));
  };
}

export async function stayOpen(minutes) {
  if (!(minutes > 0)) throw new Error('say for how many minutes: --minutes 3');
  const house = await new House().open();
  const browser = await launch(['--js-flags=--expose-gc']);
  const open = [];
  let end = async () => {};
  try {
    await lastNight(house);
    await busyPast(house, DRAWN);
    for (const [name, [hash, ready]] of Object.entries(VIEWS)) {
      const me = await Visitor.come(browser, house, { hash });
      await me.page.waitForSelector(ready);
      open.push({ name, me, tools: await instruments(me), samples: [] });
    }
    end = life(house);
    const began = performance.now();
    const all = minutes * 60_000;
    for (let n = 1; n <= SAMPLES; n += 1) {
      await wait(Math.max(0, (all * n) / SAMPLES - (performance.now() - began)));
      for (const one of open) one.samples.push([(performance.now() - began) / 1000, await one.tools.collected()]);
    }
    let wrong = 0;
    for (const { name, me, samples } of open) {
      for (const key of ['heap', 'nodes', 'listeners']) {
        const counted = leasts(samples.filter(([t]) => t > (all / 1000) * WARM).map(([t, values]) => [t, values[key]]));
        const { grown, noise, middle, isGrowth } = growth(counted);
        const unit = key === 'heap' ? [1e6, ' MB', 2] : [1, '', 0];
        const said = (value) => (value / unit[0]).toFixed(unit[2]) + unit[1];
        console.log(`${name}: ${key} ${said(middle)}, grown by ${said(grown)} in ${(counted.at(-1)[0] - counted[0][0]).toFixed(0)} s, noise ${said(noise)}: ${isGrowth ? 'IT GROWS' : 'ok'}`);
        if (isGrowth) {
          wrong += 1;
          console.log(counted.map(([t, value]) => `${t.toFixed(0)} s ${said(value)}`).join(', '));
        }
      }
      await me.leave();
    }
    return wrong ? 1 : 0;
  } finally {
    await end();
    await browser.close();
    await house.close();
  }
}
