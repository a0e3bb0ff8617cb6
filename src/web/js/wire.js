// The way to `/v1`: asked and told, heard as it happens, and who is here.

class Problem extends Error {
  constructor(status, document = {}) {
    super(document.detail || document.title || `the answer was ${status}`);
    Object.assign(this, { status, code: document.code, errors: document.errors, id: document.request_id });
  }
}

const PATIENCE = 5;
const hooks = { login: () => {}, wait: () => {} };

/** Whom to tell: `login()` when nobody is known any more, `wait(seconds)` when it is too much (0: it goes on). */
export const tell = (more) => Object.assign(hooks, more);

export const path = (...parts) => `/v1/${parts.map(encodeURIComponent).join('/')}`;

/** What stands there: `{ data, etag }`. The browser keeps what has a tag, and asks whether it still holds. */
export async function read(where, { query, signal } = {}) {
  const answer = await send('GET', where + asQuery(query), { signal });
  return { data: await answer.json(), etag: answer.headers.get('etag') };
}

export const get = async (where, query, signal) => (await read(where, { query, signal })).data;

export async function tellTo(method, where, body, { etag, signal } = {}) {
  const headers = etag ? { 'If-Match': etag } : {};
  const answer = await send(method, where, { signal, headers, body });
  return answer.status === 204 ? null : answer.json();
}
export const post = (where, body = {}, more) => tellTo('POST', where, body, more);

/** Page after page, until there is none, or `most` are had: `{ data, next }`. */
export async function pages(where, query, { most = 1000, signal } = {}) {
  const all = [];
  let next = null;
  do {
    const page = await get(where, { limit: 200, ...query, cursor: next }, signal);
    all.push(...page.data);
    next = page.next;
  } while (next && all.length < most);
  return { data: all, next };
}

function asQuery(query) {
  const said = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return said.length ? `?${new URLSearchParams(said)}` : '';
}

async function send(method, url, { signal, headers, body }) {
  const asks = { method, signal, headers: { Accept: 'application/json', 'X-Jamey': '1', ...headers } };
  if (body !== undefined && method !== 'GET') {
    asks.headers['Content-Type'] = 'application/json';
    asks.body = JSON.stringify(body);
  }
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(url, asks).catch((error) => {
      if (error.name === 'AbortError') throw error;
      throw new Problem(0, { code: 'offline', detail: 'Jamey cannot be reached. It is asked again as soon as it answers.' });
    });
    if (answer.ok) return answer;
    if (answer.status === 429 && tries < PATIENCE) {
      await patience(Math.min(60, Number(answer.headers.get('retry-after')) || 1), signal);
      continue;
    }
    const problem = new Problem(answer.status, await answer.json().catch(() => ({})));
    if (answer.status === 401 && url !== '/session') hooks.login();
    throw problem;
  }
}

async function patience(seconds, signal) {
  hooks.wait(seconds);
  await new Promise((done) => setTimeout(done, seconds * 1000));
  hooks.wait(0);
  signal?.throwIfAborted();
}

const HEARTBEAT = 15_000;
const ANSWER = 10_000;
const LONGEST = 30_000;

let socket = null;
let last = null;
let tries = 0;
let heart = 0;
let again = 0;
let wanted = false;
let broke = false;
const listeners = new Set();
const reloaders = new Set();
const watchers = new Set();
const queue = [];

/** `state` is `waiting`, `live` or `stale`; `since` when it was heard last. */
export const live = { state: 'waiting', since: Date.now(), refused: () => {} };

/** Has `fn(event)` called for each event of these kinds; gives what ends that. */
export const listen = (kinds, fn) => join(listeners, { kinds: new Set(kinds), fn });
/** Has `fn()` called when something was not told, so that what is shown must be asked for anew. */
export const onLost = (fn) => join(reloaders, fn);
export const onState = (fn) => join(watchers, fn);

function join(set, one) {
  set.add(one);
  return () => set.delete(one);
}

export function start() {
  wanted = true;
  connect();
}

export function stop() {
  wanted = false;
  [last, tries, broke] = [null, 0, false];
  clearTimeout(again);
  socket?.close(1000);
  become('waiting');
}

function connect() {
  clearTimeout(again);
  if (!wanted || (socket && socket.readyState <= WebSocket.OPEN)) return;
  const mine = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/stream`);
  socket = mine;
  mine.onopen = () => subscribe(mine, last);
  mine.onmessage = ({ data }) => socket === mine && hear(mine, JSON.parse(data));
  mine.onclose = ({ code }) => socket === mine && gone(code);
}

/** All kinds: what a view does not want costs less than subscribing anew at each step. */
function subscribe(mine, from) {
  mine.send(JSON.stringify(from ? { type: 'subscribe', from } : { type: 'subscribe' }));
  clearTimeout(heart);
  heart = setTimeout(() => lose(mine), ANSWER);
}

function hear(mine, message) {
  live.since = Date.now();
  if (message.id && message.type !== 'hello') last = message.id;
  if (message.type === 'event') {
    if (!queue.length) schedule();
    queue.push(message);
  } else if (message.type === 'subscribed') {
    clearTimeout(heart);
    heart = setTimeout(() => mine.readyState === WebSocket.OPEN && subscribe(mine), HEARTBEAT);
    tries = 0;
    if (broke) reloaders.forEach((fn) => fn());
    broke = false;
    become('live');
  } else if (message.type === 'gap' || message.type === 'summary') {
    reloaders.forEach((fn) => fn());
  }
}

/** A page in the background has no frames, and a burst is one piece of work. */
function schedule() {
  if (document.hidden) setTimeout(tellAll, 250);
  else requestAnimationFrame(tellAll);
}

function tellAll() {
  for (const event of queue.splice(0)) for (const { kinds, fn } of listeners) if (kinds.has(event.kind)) fn(event);
}

/** A connection that does not answer is none, whatever the system believes. */
function lose(mine) {
  mine.onclose = null;
  mine.close();
  if (socket === mine) gone(1006);
}

function gone(code) {
  socket = null;
  clearTimeout(heart);
  if (!wanted) return;
  broke = true;
  become('stale');
  // Whether the session ended is known only by asking.
  if (code === 1008 || tries > 0) live.refused();
  const wait = Math.min(LONGEST, 500 * 2 ** tries) * (0.75 + Math.random() / 2);
  tries += 1;
  again = setTimeout(connect, wait);
}

function become(state) {
  if (live.state === state && state !== 'stale') return;
  live.state = state;
  watchers.forEach((fn) => fn(live));
}

addEventListener('online', () => {
  tries = 0;
  connect();
});
addEventListener('offline', () => socket && lose(socket));
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  if (socket?.readyState === WebSocket.OPEN) subscribe(socket);
  else connect();
});

const NOBODY = { user: null, roles: [], reads: false, changes: false, open: false, version: '' };
export const session = { ...NOBODY };

export const may = (...roles) => roles.some((role) => session.roles.includes(role));

export const MAY = {
  approve: () => may('approver'),
  seeHeld: () => may('approver', 'admin'),
  guard: () => may('approver', 'admin'),
  speak: () => may('operator', 'admin'),
  forget: () => may('admin'),
  acknowledge: (code) => (/^(security|guard)-/.test(code) ? may('approver', 'admin') : may('operator', 'admin')),
};

export async function look() {
  try {
    return enter(await get('/session'));
  } catch (error) {
    if (error.status === 401) return false;
    throw error;
  }
}

export const logIn = async (proof) => enter(await tellTo('POST', '/session', proof));

export async function logOut() {
  await tellTo('DELETE', '/session').catch((error) => {
    if (error.status !== 401) throw error;
  });
  enter({});
}

function enter(told) {
  Object.assign(session, NOBODY, told);
  return session.reads;
}
