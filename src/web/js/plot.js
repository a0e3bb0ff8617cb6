// What is drawn: plots in SVG, to the width that there is, and lists of any length.

import { clock, count, date, h, put, s, status, trouble } from './parts.js';
import { onLost } from './wire.js';

const HOUR = 3_600_000;

/**
 * A figure that is drawn anew when its width changes. `draw(svg, width, height)` may give `near(x)`, which tells
 * `{ x, text }` of what lies nearest: it is shown while the pointer is there.
 */
export function plot({ label, height = 160, draw, kind = '' }) {
  const svg = s('svg', { role: 'img', 'aria-label': label, height: String(height) });
  const told = h('figcaption.readout', { 'aria-hidden': 'true' }, ' ');
  const figure = h('figure.plot', { class: kind, style: { '--height': `${height}px` } }, svg, told);
  const cursor = s('line.cursor', { y1: '0', y2: String(height - 18) });
  let near = null;
  let width = 0;
  const paint = () => {
    width = Math.max(160, Math.floor(figure.clientWidth));
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.replaceChildren();
    near = draw(svg, width, height) || null;
  };
  new ResizeObserver(() => Math.floor(figure.clientWidth) !== width && paint()).observe(figure);
  svg.addEventListener('pointermove', (event) => {
    const found = near?.(((event.clientX - svg.getBoundingClientRect().left) / svg.clientWidth) * width);
    if (!found) return;
    cursor.setAttribute('x1', found.x);
    cursor.setAttribute('x2', found.x);
    svg.append(cursor);
    told.textContent = found.text;
  });
  svg.addEventListener('pointerleave', () => {
    cursor.remove();
    told.textContent = ' ';
  });
  return figure;
}

export const nearest = (rows, x, words) => rows.length && ((px) => {
  const best = rows.reduce((a, b) => (Math.abs(x(b.t) - px) < Math.abs(x(a.t) - px) ? b : a));
  return { x: x(best.t), text: words(best) };
});

export const scale = (from, to, low, high) => (value) => low + ((value - from) / (to - from || 1)) * (high - low);

export function timeAxis(svg, x, from, to, width, height) {
  const long = to - from;
  const steps = [HOUR / 12, HOUR / 4, HOUR, 3 * HOUR, 6 * HOUR, 24 * HOUR, 3 * 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR];
  const step = steps.find((one) => (long / one) * 58 <= width) ?? long;
  const shift = new Date(from).getTimezoneOffset() * 60_000;
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to; at += step) {
    const place = x(at);
    svg.append(s('line.grid', { x1: place, x2: place, y1: 0, y2: height - 18 }));
    if (place < 16 || place > width - 16) continue;
    svg.append(s('text.tick', { x: place, y: height - 4, 'text-anchor': 'middle' }, step >= 24 * HOUR ? date(at).replace(/^\w+,? /, '') : clock(at)));
  }
}

function valueAxis(svg, y, low, high, width, format, most = 4) {
  const rough = (high - low || 1) / most;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * ten).find((n) => n >= rough);
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) {
    const rounded = Math.abs(value) < step * 1e-6 ? 0 : value;
    svg.append(s('line.grid', { x1: 36, x2: width, y1: y(value), y2: y(value) }), s('text.tick', { x: 31, y: y(value) + 4, 'text-anchor': 'end' }, format(rounded)));
  }
}

const joined = (points) => points.map(([x, y], n) => `${n ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

/** Points of time and value as a line, with a band from `low` to `high` where they have one. `steps`: a value holds until the next. */
export function timeLine({ label, points, from, to, min, max, format, height = 170, steps = false, words }) {
  const values = points.flatMap((one) => [one.value, one.low, one.high]).filter((n) => typeof n === 'number');
  let [low, high] = [min ?? Math.min(...values), max ?? Math.max(...values)];
  if (high - low < 1e-9) [low, high] = [low - 1, high + 1];
  const draw = (svg, width, tall) => {
    const x = scale(from, to, 38, width - 6);
    const y = scale(low, high, tall - 22, 8);
    timeAxis(svg, x, from, to, width, tall);
    valueAxis(svg, y, low, high, width, format);
    const have = points.filter((one) => typeof one.value === 'number');
    const stepped = (key) => have.flatMap((one, n) => {
      const here = [x(one.t), y(one[key] ?? one.value)];
      return steps && n ? [[here[0], y(have[n - 1][key] ?? have[n - 1].value)], here] : [here];
    });
    const upper = have.some((one) => typeof one.high === 'number') ? stepped('high') : stepped('value');
    if (have.some((one) => typeof (one.low ?? one.high) === 'number')) svg.append(s('path.band', { d: `${joined(upper)}${joined(stepped('low').reverse()).replace('M', 'L')}Z` }));
    svg.append(s('path.line', { d: joined(stepped('value')) }));
    if (have.length === 1) svg.append(s('circle.dot', { cx: x(have[0].t), cy: y(have[0].value), r: 3 }));
    return nearest(have, x, words);
  };
  return plot({ label, height, draw });
}

export function decisions({ rows, from, to, height = 92 }) {
  const counts = { allow: 0, escalate: 0, deny: 0 };
  rows.forEach((row) => (counts[row.decision] += 1));
  const label = `Decisions from ${clock(from)} to ${clock(to)}: ${counts.allow} allowed, ${counts.escalate} held, ${counts.deny} denied.`;
  const tall = { allow: 0.3, escalate: 0.62, deny: 1 };
  const draw = (svg, width, all) => {
    const x = scale(from, to, 4, width - 4);
    const floor = all - 20;
    timeAxis(svg, x, from, to, width, all);
    svg.append(s('line.floor', { x1: 0, x2: width, y1: floor, y2: floor }));
    const strokes = { allow: '', escalate: '', deny: '' };
    for (const row of rows) strokes[row.decision] += `M${x(row.t).toFixed(1)} ${floor}v${(-tall[row.decision] * (floor - 6)).toFixed(1)}`;
    for (const [decision, d] of Object.entries(strokes)) if (d) svg.append(s(`path.stroke-${decision}`, { d }));
    return nearest(rows, x, (best) => best.text);
  };
  return plot({ label, height, draw, kind: 'decisions' });
}

export function stacked({ label, rows, from, to, width: each, height = 110, words }) {
  const most = Math.max(1, ...rows.map((row) => row.good + row.bad));
  const draw = (svg, width, tall) => {
    const x = scale(from, to, 4, width - 4);
    const y = scale(0, most, 0, tall - 24);
    timeAxis(svg, x, from, to, width, tall);
    const thick = Math.max(1, x(from + each) - x(from) - 1);
    for (const row of rows) {
      const [good, bad] = [y(row.good), row.bad ? Math.max(2, y(row.bad)) : 0];
      svg.append(s('rect.good', { x: x(row.t), width: thick, y: tall - 20 - good, height: good }));
      if (bad) svg.append(s('rect.bad', { x: x(row.t), width: thick, y: tall - 20 - good - bad, height: bad }));
    }
    return nearest(rows, x, words);
  };
  return plot({ label, height, draw });
}

export function moodPlane(mood, trail = [], size = 180) {
  const label = `Mood: ${mood.octant}, ${mood.strength}. Pleasure ${mood.pleasure.toFixed(2)}, arousal ${mood.arousal.toFixed(2)}, dominance ${mood.dominance.toFixed(2)}, each from −1 to 1.`;
  const c = size / 2;
  const x = scale(-1, 1, 14, size - 14);
  const y = scale(-1, 1, size - 14, 14);
  const way = [...trail, mood].map((one) => [x(one.pleasure), y(one.arousal)]);
  const word = (text, px, py, anchor) => s('text.tick', { x: px, y: py, 'text-anchor': anchor }, text);
  return h('figure.mood', s('svg', { role: 'img', 'aria-label': label, viewBox: `0 0 ${size} ${size}`, width: size, height: size },
    s('circle.ring', { cx: c, cy: c, r: c - 14 }), s('circle.ring', { cx: c, cy: c, r: (c - 14) / 2 }),
    s('line.grid', { x1: 14, x2: size - 14, y1: c, y2: c }), s('line.grid', { x1: c, x2: c, y1: 14, y2: size - 14 }),
    word('stirred', c, 10, 'middle'), word('calm', c, size - 3, 'middle'), word('bad', 12, c - 4, 'start'), word('good', size - 12, c - 4, 'end'),
    way.length > 1 && s('path.line', { d: joined(way) }), s('circle.dot', { cx: x(mood.pleasure), cy: y(mood.arousal), r: 4 + (mood.dominance + 1) * 2 })));
}

// A list of any length: only the rows in sight are elements, all as high as each other, and they are used again as it scrolls.

const BEYOND = 6;
const MOST = 600;

/**
 * A list that is loaded page by page as it is scrolled: `load(cursor, signal)` gives a page, `key(one)` names an item, `none()` is shown
 * where there is none. `nodes` go into the page; `add(some)` puts new ones on top, `again()` begins anew.
 */
export function endless(place, { load, key, none, noun, ...rest }) {
  let [cursor, ended, busy] = [null, false, null];
  const seen = new Set();
  const told = status();
  const wrong = h('div');
  const list = rows({ ...rest, more });
  const fresh = (some) => some.filter((one) => !seen.has(key(one)) && seen.add(key(one)));

  async function more() {
    if (busy || ended) return;
    const mine = (busy = new AbortController());
    try {
      const found = await load(cursor, mine.signal);
      if (mine.signal.aborted) return;
      [cursor, ended] = [found.next, !found.next];
      const some = fresh(found.data);
      busy = null;
      list.grow(some);
      state();
      // A filter has no index: an empty page is not the end.
      if (!some.length && !ended) setTimeout(more, 50);
    } catch (error) {
      if (!mine.signal.aborted) put(wrong, trouble(error, () => { busy = null; more(); }));
    }
  }
  function state() {
    const n = list.count();
    list.hidden = !n && ended;
    put(wrong, list.hidden && none());
    told.textContent = n ? `${count(n)} ${noun}${ended ? ', that is all' : ' so far; more come as you scroll'}` : ended ? '' : 'Looking further back…';
  }
  function again() {
    busy?.abort();
    [cursor, ended, busy] = [null, false, null];
    seen.clear();
    list.set([]);
    more();
  }
  function add(some) {
    // Who looks at the newest does without the oldest: they come again as one scrolls.
    if (list.count() > MOST && list.atTop()) return again();
    list.first(fresh(some));
    state();
  }
  const end = onLost(again);
  place.end(() => {
    busy?.abort();
    end();
  });
  more();
  return { nodes: h('div', wrong, told, list), again, add, change: list.change };
}

/**
 * `fill(element, one)` puts an item into a row that was another's before; `open(one)` is what Enter and a click do; `more()` is called
 * near the end, and may be called again. The element has `set(all)`, `grow(some)`, `first(some)` (new ones on top, what is in sight stays).
 */
function rows({ label, fill, open, more, kind = '' }) {
  const room = h('div.room');
  const box = h('div.rows', { class: kind, role: 'listbox', tabindex: '0', 'aria-label': label }, room);
  let all = [];
  let active = 0;
  let drawn = 0;
  let tall = 58;
  const pool = [];
  const id = `rows-${Math.random().toString(36).slice(2, 8)}`;

  function draw() {
    drawn = 0;
    const first = Math.max(0, Math.floor(box.scrollTop / tall) - BEYOND);
    const last = Math.min(all.length, Math.ceil((box.scrollTop + box.clientHeight) / tall) + BEYOND);
    const wanted = Math.max(0, last - first);
    while (pool.length < wanted) {
      const row = h('div.line', { role: 'option' });
      pool.push({ row, of: null, at: -1 });
      room.append(row);
    }
    // Each place in the list has its place in the pool, so that a row in sight is not filled anew while others come.
    const size = pool.length;
    for (let n = 0; n < size; n += 1) {
      const at = first + ((n - (first % size) + size) % size);
      const one = pool[n];
      const is = at < last;
      if (one.row.hidden === is) one.row.hidden = !is;
      if (!is) continue;
      if (one.of !== all[at]) fill(one.row, (one.of = all[at]));
      if (one.at !== at || one.tall !== tall) {
        [one.at, one.tall] = [at, tall];
        one.row.id = `${id}-${at}`;
        one.row.style.setProperty('transform', `translateY(${at * tall}px)`);
        one.row.setAttribute('aria-posinset', at + 1);
      }
      const chosen = String(at === active);
      if (one.row.getAttribute('aria-selected') !== chosen) one.row.setAttribute('aria-selected', chosen);
    }
    if (last > first && document.activeElement === box) box.setAttribute('aria-activedescendant', `${id}-${active}`);
    if (last > all.length - 60) more();
  }
  const soon = () => (drawn ||= requestAnimationFrame(draw));

  function resize() {
    tall = innerWidth <= 800 ? 92 : 58;
    box.style.setProperty('--tall', `${tall}px`);
    room.style.setProperty('height', `${all.length * tall}px`);
    soon();
  }

  function go(to) {
    active = Math.max(0, Math.min(all.length - 1, to));
    const top = active * tall;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + tall > box.scrollTop + box.clientHeight) box.scrollTop = top + tall - box.clientHeight;
    soon();
  }

  box.addEventListener('scroll', soon, { passive: true });
  box.addEventListener('focus', soon);
  box.addEventListener('keydown', (event) => {
    const page = Math.max(1, Math.floor(box.clientHeight / tall) - 1);
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) go(to);
    else if ((event.key === 'Enter' || event.key === ' ') && all[active]) open(all[active]);
    else return;
    event.preventDefault();
  });
  room.addEventListener('click', (event) => {
    const found = pool.find(({ row }) => row.contains(event.target));
    if (!found?.of) return;
    active = found.at;
    soon();
    open(found.of);
  });
  new ResizeObserver(resize).observe(box);

  return Object.assign(box, {
    set(to) {
      [all, active] = [to, 0];
      box.scrollTop = 0;
      resize();
    },
    grow(by) {
      all = all.concat(by);
      resize();
    },
    first(by) {
      const sees = box.scrollTop > tall / 2;
      all = by.concat(all);
      // What was drawn goes on with its item: it is moved, and not filled anew.
      if (pool.length) pool.unshift(...pool.splice(-(by.length % pool.length) || pool.length));
      resize();
      if (active || sees) active += by.length;
      if (sees) box.scrollTop += by.length * tall;
    },
    change(is, into) {
      const at = all.findIndex(is);
      if (at < 0) return false;
      all[at] = { ...all[at], ...into };
      soon();
      return true;
    },
    count: () => all.length,
    atTop: () => !active && box.scrollTop < tall,
  });
}
