// Runs the promises of each test_*.mjs, a house and a browser for each file, two files at a time.

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { launch } from './browser.mjs';
import { House } from './house.mjs';
import { stayOpen } from './stay_open.mjs';

const AT_ONCE = 2;
const AT_MOST_SECONDS = 120;
/** What measures has the machine to itself. */
const ALONE = ['test_figures.mjs'];

/** A file's `house` says how its house is, `prepare(house)` what happened in it, `promises` what is promised, in order. Gives what keeps them. */
async function ready(file, parts) {
  const { house: how = {}, prepare, promises } = await import(`./${file}`);
  const stem = path.basename(file, '.mjs').slice(5);
  const wanted = Object.entries(promises).filter(([name]) => !parts.length || parts.some((part) => `${stem}::${name}`.includes(part)));
  if (!wanted.length) return async () => [0, 0];
  const house = new House();
  try {
    await house.open(how);
    await prepare(house);
  } catch (error) {
    await house.close().catch(() => {});
    throw error;
  }
  return () => keep(stem, wanted, house);
}

async function keep(stem, wanted, house) {
  let [kept, broken] = [0, 0];
  const browser = await launch();
  try {
    for (const [name, test] of wanted) {
      const began = performance.now();
      let word = 'ok';
      try {
        await within(AT_MOST_SECONDS, test({ house, browser }));
        kept += 1;
      } catch (error) {
        console.error(error.stack);
        broken += 1;
        word = 'FAILED';
      }
      console.log(`${stem}::${name} … ${word} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    }
  } finally {
    await browser.close();
    await house.close();
  }
  return [kept, broken];
}

function within(seconds, work) {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`it hangs: ${seconds} s`)), seconds * 1000)));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function main(words) {
  if (words[0] === '--hour' || words[0] === '--minutes') return stayOpen(words[0] === '--hour' ? 60 : Number(words[1]));
  const files = readdirSync(path.dirname(fileURLToPath(import.meta.url))).filter((name) => /^test_.*\.mjs$/.test(name)).sort();
  const sum = [0, 0];
  const count = async (work) => {
    const [kept, broken] = await work.catch((error) => (console.error(error.stack), [0, 1]));
    sum[0] += kept;
    sum[1] += broken;
  };
  const shared = files.filter((file) => !ALONE.includes(file));
  const worker = async () => {
    for (let file = shared.shift(); file; file = shared.shift()) await count(ready(file, words).then((run) => run()));
  };
  // What happened in their houses happens meanwhile.
  const alone = ALONE.map((file) => ready(file, words));
  alone.forEach((one) => one.catch(() => {}));
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const one of alone) await count(one.then((run) => run()));
  console.log(`${sum[0]} passed, ${sum[1]} failed`);
  return sum[1] || !sum[0] ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
