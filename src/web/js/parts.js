// What views are made of: elements without markup in strings, times and counts as people read them, parts that load again, and pieces that several have.

import { get, listen, onLost, path, session } from './wire.js';

const SVG = 'http://www.w3.org/2000/svg';

/** `h('p.quiet', { title: 'x', onclick: f }, 'text', other)`; null and false are left out, lists are laid flat. */
export const h = (what, ...rest) => make((tag) => document.createElement(tag), what, rest);

export const s = (what, ...rest) => make((tag) => document.createElementNS(SVG, tag), what, rest);

function make(create, what, rest) {
  const [tag, ...classes] = what.split('.');
  const element = create(tag || 'div');
  // A button sends no form unless it says so.
  if (tag === 'button') element.type = 'button';
  if (classes.length) element.setAttribute('class', classes.join(' '));
  const first = rest[0];
  if (first && typeof first === 'object' && !(first instanceof Node) && !Array.isArray(first)) {
    rest.shift();
    for (const [key, value] of Object.entries(first)) set(element, key, value);
  }
  element.append(...flat(rest));
  return element;
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
  else if (key === 'style') for (const [name, to] of Object.entries(value)) element.style.setProperty(name, to);
  else if (key === 'value') element.value = value;
  else if (key === 'class') element.classList.add(...value.split(' ').filter(Boolean));
  else element.setAttribute(key, value === true ? '' : value);
}

const flat = (nodes) => nodes.flat(Infinity).filter((node) => node !== null && node !== undefined && node !== false && node !== '');

/** Puts other children in; what had the focus, or was open, and bears the same `data-k`, has and is it again. */
export function put(into, ...nodes) {
  const active = document.activeElement;
  const focused = into.contains(active) ? active.closest('[data-k]')?.dataset.k : null;
  const open = new Map([...into.querySelectorAll('details[data-k]')].map((one) => [one.dataset.k, one.open]));
  into.replaceChildren(...flat(nodes));
  for (const one of into.querySelectorAll('details[data-k]')) if (open.has(one.dataset.k)) one.open = open.get(one.dataset.k);
  // Where that is gone, the first of its kind has it: a keyboard is not thrown back to the top of the page.
  if (focused) (into.querySelector(`[data-k="${CSS.escape(focused)}"]`) ?? into.querySelector('[data-k]'))?.focus({ preventScroll: true });
}

export function say(text) {
  const place = document.getElementById('said');
  place.textContent = '';
  requestAnimationFrame(() => (place.textContent = text));
}

const plain = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const hm = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const hms = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium' });

const signed = (text) => text.replace('-', '−');
const is = (n) => typeof n === 'number' && Number.isFinite(n);

export const number = (n) => (is(n) ? signed(plain.format(n)) : '–');
export const count = (n) => (is(n) ? signed(whole.format(n)) : '–');
export const fixed = (n, places = 2) => (is(n) ? signed(n.toFixed(places)) : '–');
export const percent = (n, places = 0) => (is(n) ? `${signed((n * 100).toFixed(places))}\u00a0%` : '–');
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

export function bytes(n) {
  if (!is(n)) return '–';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let at = 0;
  while (n >= 1000 && at < units.length - 1) [n, at] = [n / 1000, at + 1];
  return `${at ? n.toFixed(n < 10 ? 1 : 0) : n} ${units[at]}`;
}

export function span(seconds) {
  if (!is(seconds)) return '–';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const units = [['d', 86400], ['h', 3600], ['min', 60]];
  const at = units.findIndex(([, size]) => seconds >= size);
  const [name, size] = units[at];
  const left = units[at + 1] && seconds < size * 10 ? Math.floor((seconds % size) / units[at + 1][1]) : 0;
  return `${Math.floor(seconds / size)} ${name}${left ? ` ${left} ${units[at + 1][0]}` : ''}`;
}

export const micros = (n) => (!is(n) ? '–' : n < 1000 ? `${n} µs` : n < 1e6 ? `${(n / 1000).toFixed(n < 10000 ? 1 : 0)} ms` : span(n / 1e6));

export const clock = (at) => hm.format(new Date(at));
export const clockSeconds = (at) => hms.format(new Date(at));
export const date = (at) => day.format(new Date(at));
export const isToday = (at) => new Date(at).toDateString() === new Date().toDateString();
export const when = (at) => (isToday(at) ? clock(at) : `${date(at)} ${clock(at)}`);

export function since(at, now = Date.now()) {
  const seconds = (now - new Date(at)) / 1000;
  if (seconds < -30) return `in ${span(-seconds)}`;
  if (seconds < 45) return 'just now';
  if (seconds < 86400) return `${span(seconds).replace(/ \d+ min$/, (rest) => (seconds < 10800 ? rest : ''))} ago`;
  return when(at);
}

export const ago = (at) => (at ? h('time', { datetime: at, title: full.format(new Date(at)), 'data-ago': true }, since(at)) : '–');
export const at = (time, seconds = false) =>
  time ? h('time', { datetime: time, title: full.format(new Date(time)) }, seconds && isToday(time) ? clockSeconds(time) : when(time)) : '–';

setInterval(() => {
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const text = since(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}, 10_000);

/**
 * `load(signal)` asks, `show(data)` gives nodes. It is loaded anew after events of `kinds` (that `when(event)` lets pass), at most
 * every `wait` ms; after each loss; and every `every` seconds. `place.signal` ends it. The element has `reload()`.
 */
export function panel(place, { load, show, kinds = [], when = () => true, wait = 1000, every = 0, what = 'div', quiet = false }) {
  const element = h(what, { 'aria-busy': 'true' }, quiet ? null : h('p.loading', 'Loading…'));
  let asked = null;
  let due = 0;
  let shown = null;

  async function reload() {
    clearTimeout(due);
    due = 0;
    asked?.abort();
    const mine = (asked = new AbortController());
    const end = () => mine.abort();
    place.signal.addEventListener('abort', end, { once: true });
    try {
      const data = await load(mine.signal);
      if (mine.signal.aborted) return;
      const text = JSON.stringify(data);
      if (text !== shown) put(element, show(data));
      shown = text;
    } catch (error) {
      if (mine.signal.aborted) return;
      shown = null;
      fail(error);
    } finally {
      place.signal.removeEventListener('abort', end);
    }
    element.removeAttribute('aria-busy');
    if (every) later(every * 1000);
  }

  function fail(error) {
    // What only was not told yet comes by itself.
    const soon = ['not-yet', 'offline', 'busy'].includes(error.code) || error.status === 408;
    put(element, trouble(error, reload));
    if (soon) later(3000);
  }

  const later = (ms) => {
    if (due && ms >= wait) return;
    clearTimeout(due);
    due = setTimeout(reload, ms);
  };
  let lately = 0;
  const soon = () => {
    if (lately) return;
    lately = setTimeout(() => {
      lately = 0;
      reload();
    }, wait);
  };

  const ends = [onLost(reload), listen(kinds, (event) => when(event) && soon())];
  place.signal.addEventListener('abort', () => {
    ends.forEach((end) => end());
    clearTimeout(due);
    clearTimeout(lately);
  });
  reload();
  return Object.assign(element, { reload });
}

export function trouble(error, again) {
  console.debug(error);
  const title = error.code === 'not-yet' ? 'Not yet' : error.status === 403 ? 'Not for you' : 'That did not work';
  return h(
    'div.trouble',
    h('p', h('b', `${title}: `), error.message),
    again && error.status !== 403 && h('button.small', { onclick: () => again() }, 'Try again'),
  );
}

export const empty = (title, ...more) => h('div.empty', h('p.title', title), ...more.map((one) => (one instanceof Node ? one : h('p', one))));

const DECISIONS = { allow: 'allowed', deny: 'denied', escalate: 'held' };
export const decided = (decision) => DECISIONS[decision] ?? decision;

export const mark = (decision, text = decided(decision)) => h(`span.mark-${decision}.decision`, text);

export const being = (id, name = id) => h('a.id', { href: `#/entities/${encodeURIComponent(id)}` }, name);

export function asked(request, linked = true) {
  const who = (id) => (linked ? being(id) : h('b.id', id));
  return [who(request.entity), ' asked ', who(request.target), request.endpoint ? ` (${request.endpoint})` : '', ` to ${does(request)}`];
}
export const does = ({ verb, value }) => `${verb === 'on' || verb === 'off' ? `turn ${verb}` : verb.replaceAll('_', ' ')}${value === null || value === undefined ? '' : ` (${value})`}`;

export function opinion({ belief, disbelief, uncertainty }, more = {}) {
  const text = `belief ${percent(belief)}, disbelief ${percent(disbelief)}, uncertainty ${percent(uncertainty)}`;
  const part = (name, share) => h(`i.${name}`, { style: { 'flex-grow': String(Math.max(0, share)) } });
  return h('span.opinion', { role: 'img', 'aria-label': text, title: text, ...more }, part('belief', belief), part('uncertain', uncertainty), part('disbelief', disbelief));
}

export const facts = (rows, kind = '') =>
  h('dl.facts', { class: kind }, rows.filter(Boolean).map(([name, ...value]) => h('div', h('dt', name), h('dd', value))));

export const section = (title, ...more) => h('section', h('h2', title), ...more);

export const page = (title, lead, ...more) => [h('header.head', h('h1', title), lead && h('p.lead', lead)), ...more];

/** A button that says what it does, and cannot be pressed twice. `act()` may fail: it is told beside it. */
export function doer(label, act, { kind = '', said, key } = {}) {
  const told = h('span.told', { role: 'status' });
  const button = h('button', { class: kind, 'data-k': key ?? label }, label);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled')) return;
    button.setAttribute('aria-disabled', 'true');
    told.textContent = '';
    told.classList.remove('bad');
    try {
      const done = await act();
      if (done !== false && said) {
        told.textContent = said;
        say(said);
      }
    } catch (error) {
      if (error.name === 'AbortError') return;
      told.classList.add('bad');
      told.textContent = error.message;
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
  return h('span.doer', button, told);
}

export function confirm(title, text, yes, kind = 'primary') {
  return new Promise((done) => {
    const { dialog, close } = sheet(title, 'ask');
    dialog.append(
      h('div.body', typeof text === 'string' ? h('p', text) : text),
      h('div.row.end', h('button', { onclick: close }, 'Cancel'),
        h('button', { class: kind, onclick: () => { dialog.returnValue = 'yes'; close(); } }, yes)),
    );
    dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'));
  });
}

/** A sheet whose content is loaded: `show(data, again)` gives it; links in it lead away. */
export async function look(title, load, show) {
  const { dialog, close } = sheet(title);
  const body = h('div.body', h('p.loading', 'Loading…'));
  const again = async () => {
    try {
      put(body, show(await load(), again, close));
    } catch (error) {
      put(body, trouble(error, again));
    }
  };
  dialog.append(body);
  dialog.addEventListener('click', (event) => event.target.closest('a') && close());
  await again();
}

let sheets = 0;

/** A dialog that is open: the browser keeps the focus in it and gives it back. */
export function sheet(title, kind = 'side') {
  sheets += 1;
  const heading = h('h2', { id: `sheet-${sheets}`, tabindex: '-1' }, title);
  const dialog = h(`dialog.${kind}`, { 'aria-labelledby': heading.id });
  const close = () => dialog.close();
  dialog.append(h('header.row', heading, kind === 'side' && h('button.small', { onclick: close }, 'Close')));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => event.target === dialog && close());
  document.body.append(dialog);
  dialog.showModal();
  heading.focus();
  return { dialog, close };
}

let labels = 0;

export function field(label, control, hint) {
  labels += 1;
  control.id ||= `field-${labels}`;
  const note = hint && h('small', { id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute('aria-describedby', note.id);
  return h('div.field', h('label', { for: control.id }, label), control, note);
}

export const word = (value, placeholder, more = {}) => h('input', { value, placeholder, autocapitalize: 'none', spellcheck: 'false', ...more });

/** A form that is asked, never sent. `act` is what Enter does. */
export const form = (label, fields, act = () => {}, more = { role: 'search' }) =>
  h('form.filters', { 'aria-label': label, ...more, onsubmit: (event) => { event.preventDefault(); act(); } }, fields);

export const status = (kind = 'p.quiet') => h(kind, { role: 'status' });

export const raw = (label, text) => h('pre.payload', { tabindex: '0', 'aria-label': label }, text);

export const meter = (share, kind = '', more = null) => h('span.meter', { 'aria-hidden': 'true', class: kind }, h('i', { style: { width: `${share * 100}%` } }), more);

export function remember(view, values) {
  const said = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  history.replaceState(null, '', `#/${view}${said.size ? `?${said}` : ''}`);
}

export const choice = (options, chosen, more = {}) =>
  h('select', more, options.map(([value, text]) => h('option', { value, selected: value === chosen }, text)));

export const table = (caption, heads, rows) =>
  h('div.scrolls', { tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', h('caption.unseen', caption), h('thead', h('tr', heads.map((head) => h('th', { scope: 'col', class: head.right ? 'right' : '' }, head.text ?? head)))),
      h('tbody', rows)));

function scored({ score, theta_allow: allow, theta_deny: deny, contributions }) {
  const place = (value) => `${((Math.max(-1, Math.min(1, value)) + 1) / 2) * 100}%`;
  const text = `Score ${fixed(score)}. From ${fixed(allow)} on it is allowed, below ${fixed(deny)} denied.`;
  const bar = h('div.score', { role: 'img', 'aria-label': text },
    h('i.deny', { style: { width: place(deny) } }),
    h('i.hold', { style: { left: place(deny), width: `${((allow - deny) / 2) * 100}%` } }),
    h('i.allow', { style: { left: place(allow) } }),
    h('i.here', { style: { left: place(score) } }));
  const scale = h('div.scale', { 'aria-hidden': 'true' },
    h('span', { style: { left: place(deny) } }, fixed(deny)), h('span', { style: { left: place(allow) } }, fixed(allow)));
  const shares = contributions.map(({ rule, kind, share, duty }) =>
    h('li', h('a', { href: `#/rules/${encodeURIComponent(rule)}` }, rule), h('span.quiet', `${duty}, ${kind}`),
      h('span.share', { 'aria-hidden': 'true' }, h('i', { class: share < 0 ? 'against' : 'for', style: { width: `${Math.min(1, Math.abs(share)) * 50}%` } })),
      h('b.num', share > 0 ? `+${fixed(share)}` : fixed(share))));
  return [h('p.num', h('b', `Score ${fixed(score)}`), ` · allowed from ${fixed(allow)}, denied below ${fixed(deny)}`), bar, scale,
    contributions.length ? h('ul.shares', shares) : h('p.quiet', 'No rule spoke: the score is 0.')];
}

export const why = (percept, ordinal = 0) =>
  look('Why', () => get(path('verdicts', percept)), ({ verdicts }) => told(verdicts.find((one) => one.ordinal === ordinal) ?? verdicts[0], percept));

export const whyButton = (percept, ordinal, text = 'Why') => h('button.plain.small', { onclick: () => why(percept, ordinal) }, text);

export const diary = (rows) => h('ol.diary', rows.map((one) =>
  h('li', h('button', { onclick: () => why(one.percept, one.ordinal), 'data-k': `${one.percept}.${one.ordinal}` }, at(one.at, true), mark(one.decision), h('span.says', asked(one.request, false)), h('span.reason', one.reason)))));

function told(one, percept) {
  const { verdict, request, requester } = one;
  const { decision, reason } = verdict;
  return [
    h('p.statement', asked({ entity: requester, ...request })),
    h('p', mark(decision), ' ', at(one.at, true), one.forwarded ? ' · it went on' : ' · it did not go on'),
    h('p.reason', reason),
    scored(verdict),
    one.today !== decision && h('p.note', 'The rules of today would decide otherwise: ', mark(one.today)),
    section('What would have changed it', one.would_change.length ? h('ul', one.would_change.map((text) => h('li', text))) : h('p.quiet', 'No single thing.')),
    section('What it was judged on', known(one.facts, verdict)),
    h('details', h('summary', 'Where it came from'), facts([
      ['Topic', h('code', one.topic)], ['Client', one.client], ['By way of', one.origin ?? '–'], ['Percept', h('code', percept)],
      one.repeat_of && ['Repeats', h('code', one.repeat_of)], one.forwarded_at && ['Let on', at(one.forwarded_at, true)],
      Object.keys(request.args ?? {}).length && ['With', h('code', JSON.stringify(request.args))],
    ])),
  ];
}

const GROUPS = [['req', 'Who asks'], ['act', 'What'], ['dev', 'Of what']];

function known(all, { uncertainty }) {
  const isOne = ([, value]) => value !== null && value !== '' && (typeof value !== 'object' || Array.isArray(value));
  const rows = GROUPS.map(([key, name]) => [name, h('span.pairs', Object.entries(all[key] ?? {}).filter(isOne).map(([k, v]) => pair(k, v)))]);
  // Of a signal its value, and whether it was heard or is only the default.
  const signals = Object.entries(all.ctx ?? {}).map(([k, [value, heard]]) => pair(k, value, !heard));
  rows.push(['Signals', h('span.pairs', signals), signals.some((one) => one.className) && h('small', 'With a question mark: not heard, the default counts.')]);
  rows.push(['Uncertain', `${percent(uncertainty)} of the signals that mattered were missing or stale`]);
  if (typeof all.stress === 'number') rows.push(['Stress', number(all.stress)]);
  return facts(rows, 'wide');
}

const pair = (key, value, missing = false) =>
  h('span', { class: missing ? 'missing' : '' }, `${key} `, h('b', Array.isArray(value) ? value.join(', ') || 'none' : typeof value === 'number' ? number(value) : String(value)));

export function lacks(...roles) {
  const why = session.open
    ? 'While there are no users nobody may change anything: make one with “jamey user add”.'
    : `This takes the role ${roles.join(' or ')}.`;
  return h('p.lacks', why);
}
