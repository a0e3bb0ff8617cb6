// The shell: who is here, which view is shown, and whether what it shows still holds.

import { clockSeconds, h, put, say, span, trouble } from './parts.js';
import { MAY, get, listen, live, look, onLost, onState, start, stop, tell } from './wire.js';

const ROOMS = { overview: 'now', approvals: 'now', login: 'now', timeline: 'past', memory: 'past', audit: 'past', entities: 'entities', mission: 'jamey',
  snapshots: 'jamey', broker: 'jamey', rules: 'judging', settings: 'judging' };
const main = document.getElementById('main');
const nav = document.getElementById('nav');
const more = document.getElementById('more');
let leave = null;
let back = '#/';
let isIn = false;

/** `#/entities/lamp?tab=words` is the view `entities`, the rest `['lamp']`, and the query. */
function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name, ...rest] = path.split('/').filter(Boolean).map(decodeURIComponent);
  return { name: name || 'overview', rest, query: new URLSearchParams(query) };
}

async function route() {
  const asked = parse(location.hash);
  const name = isIn ? asked.name : 'login';
  leave?.abort();
  const mine = (leave = new AbortController());
  const isFirst = !main.querySelector('h1');
  mark(name);
  let title = 'Nothing here';
  let page;
  try {
    if (!Object.hasOwn(ROOMS, name)) throw Object.assign(new Error('There is no such page. The navigation has all that there are.'), { status: 404 });
    const view = (await import(`./views/${ROOMS[name]}.js`))[name];
    if (mine.signal.aborted) return;
    title = view.title(asked);
    page = await view.open({ ...asked, signal: mine.signal, end: (fn) => mine.signal.addEventListener('abort', fn, { once: true }), enter, leave: quit });
  } catch (error) {
    if (mine.signal.aborted) return;
    page = [h('h1', title), trouble(error, route)];
  }
  if (mine.signal.aborted) return;
  document.title = `${title} · Jamey`;
  main.dataset.view = name;
  put(main, page);
  scrollTo(0, 0);
  const heading = main.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  if (!isFirst && name !== 'login') heading?.focus({ preventScroll: true });
}

function mark(name) {
  fold(false);
  document.body.classList.toggle('out', name === 'login');
  for (const link of nav.querySelectorAll('a')) {
    const is = parse(link.hash).name === name;
    if (is) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  more.classList.toggle('here', !!nav.querySelector('.rest a[aria-current]'));
}

function fold(open) {
  nav.classList.toggle('open', open);
  more.setAttribute('aria-expanded', String(open));
}

function enter() {
  isIn = true;
  start();
  if (MAY.seeHeld()) heldNow();
  const to = parse(back).name === 'login' ? '#/' : back;
  if (location.hash === to || (!location.hash && to === '#/')) route();
  else location.hash = to;
}

function quit() {
  if (!isIn && main.dataset.view === 'login') return;
  isIn = false;
  back = location.hash || '#/';
  stop();
  document.getElementById('held').hidden = true;
  document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close());
  route();
}

// How many wait, beside the word Approvals; readers have it from the glance.
function heldNow() {
  get('/v1/glance').then(({ held }) => showHeld(held), () => {});
}
function showHeld(count) {
  const badge = document.getElementById('held');
  if (badge.textContent === String(count) && !badge.hidden === count > 0) return;
  if (count > Number(badge.textContent || 0)) say(count === 1 ? 'One request waits for a person.' : `${count} requests wait for a person.`);
  put(badge, String(count), h('span.unseen', count === 1 ? ' request waits' : ' requests wait'));
  badge.hidden = !count;
}
let soon = 0;
listen(['approval', 'verdict'], () => {
  soon ||= setTimeout(() => {
    soon = 0;
    heldNow();
  }, 1500);
});
onLost(heldNow);

const status = document.getElementById('live');
function showState() {
  const words = { live: 'Live', waiting: 'Connecting…', stale: `Stale since ${clockSeconds(live.since)}, connecting again…` };
  const text = isIn ? words[live.state] : '';
  if (status.textContent !== text) status.textContent = text;
  status.dataset.state = live.state;
  document.body.classList.toggle('stale', isIn && live.state === 'stale');
  showNotice();
}
onState(showState);
live.refused = () => look().then((still) => still || quit(), () => {});

const notice = document.getElementById('notice');
let waits = 0;
function showNotice() {
  const text = waits ? `Jamey was asked too much at once. It goes on by itself in ${span(waits)}.` : isIn && live.state === 'stale' ? `What you see is of ${clockSeconds(live.since)}: Jamey is not reached. It is tried again by itself.` : '';
  if (notice.textContent !== text) notice.textContent = text;
  notice.hidden = !text;
}
tell({
  login: quit,
  wait: (seconds) => {
    waits = seconds;
    showNotice();
  },
});

more.addEventListener('click', () => fold(!nav.classList.contains('open')));
nav.addEventListener('click', (event) => event.target.closest('a') && fold(false));
nav.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !nav.classList.contains('open')) return;
  fold(false);
  more.focus();
});
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', route);

async function begin() {
  back = location.hash || '#/';
  try {
    isIn = await look();
  } catch (error) {
    put(main, h('h1', 'Jamey'), trouble(error, begin));
    return;
  }
  if (isIn) enter();
  else route();
  showState();
}
begin();
