// Jamey itself: what it is there for and how that goes, the broker that it is, the snapshots that it can rise from.

import { ago, at, being, bytes, choice, clock, count, doer, empty, facts, field, fixed, form, h, lacks, look, meter, number, page, panel, percent, plural, put, raw, s, say, section, span, status, table, trouble, when, whyButton, word } from '../parts.js';
import { moodPlane, plot, scale, stacked, timeLine } from '../plot.js';
import { MAY, get, pages, path, post } from '../wire.js';
import { pretty } from './past.js';

export const mission = { title: () => 'Mission', open: openMission };

const HOUR = 3_600_000;
const WEEK = 168;
const FELT = 8;
const TURNS = 8;
/** A week of moods, one each five minutes; and some hours of them. */
const MOODS = 2100;
const RECENT = 60;
const STATUS = { met: 'met', ticket: 'slipping', page: 'missed', unknown: 'not known yet' };

function openMission(place) {
  return page('Mission', 'What Jamey is there for. Each objective may fail so often; what is left of that is its budget.',
    panel(place, { load: (signal) => missions(signal), show: objectives, kinds: ['mission'], wait: 3000, every: 120 }),
    section('How it feels', panel(place, { load: (signal) => felt(signal), show: feelings, kinds: ['emotion'], wait: 2000 })),
    section('Who it is by what it did', panel(place, { load: (signal) => orNothing(get('/v1/mind/identity', null, signal)), show: identity, kinds: ['identity'], wait: 3000 })),
    section('Whether its parts work as one (Φ)', panel(place, { load: (signal) => integration(signal), show: phi, kinds: ['phi'], wait: 3000 })),
    section('How it was', panel(place, { load: (signal) => get('/v1/mind', null, signal), show: states, kinds: ['consciousness'], wait: 2000 })));
}

const orNothing = (asked) => asked.catch((error) => (error.status === 404 ? null : Promise.reject(error)));

async function missions(signal) {
  const { data } = await get('/v1/mission', { limit: 200 }, signal);
  return Promise.all(data.map(async (one) => ({ ...one, hours: (await get(`${path('mission', one.id)}/history`, { limit: WEEK }, signal)).data })));
}

function objectives(all) {
  if (!all.length) return empty('There is no objective.', 'Each [[mission]] in the config is one: what must be so, and how often it may not be.');
  return h('ul.missions', all.map((one) => h('li', { class: `status-${one.status}` },
    h('header.row', h('h2', one.says || one.id), h('b.status', STATUS[one.status] ?? one.status)),
    one.text && h('p.note', one.text),
    typeof one.budget_left === 'number' ? [budget(one), h('div.two', burns(one), hours(one))] : h('p.quiet', 'Nothing was counted yet.'),
    one.good_when && h('p.quiet', h('code', one.id), `: ${percent(one.target, 1)} of its ${one.counts} in ${one.window_days} days, good when `, h('code', one.good_when), one.since && [', so since ', ago(one.since)]))));
}

function budget(one) {
  const left = Math.max(0, Math.min(1, one.budget_left));
  const text = `${percent(one.budget_left)} of the budget is left: ${count(one.bad)} bad of ${count(one.good + one.bad)}`;
  return h('div', h('span.budget', { role: 'img', 'aria-label': text, class: left < 0.25 ? 'low' : '' }, h('i', { style: { width: `${left * 100}%` } })),
    h('p.num', h('b', percent(one.budget_left)), ` of the budget left · ${count(one.bad)} bad of ${count(one.good + one.bad)}`));
}

/** By window, on a scale of tens: at 1 the budget lasts exactly as long as it must. */
function burns(one) {
  const all = ['5m', '30m', '1h', '6h', '3d'].filter((name) => name in one.burn_rates).map((name) => [name, one.burn_rates[name]]);
  if (all.every(([, rate]) => !rate)) return h('div', h('h3', 'How fast it is used up'), h('p.quiet', all.some(([, rate]) => rate === 0) ? 'Nothing went wrong in three days.' : 'Too little was counted to tell.'));
  const text = all.map(([name, rate]) => `${name} ${rate === null ? 'not known' : number(rate)}`).join(', ');
  const draw = (svg, width) => {
    const log = (rate) => Math.log10(Math.max(0.1, Math.min(100, rate)));
    const x = scale(-1, 2, 40, width - 44);
    for (const [value, label] of [[0.1, ''], [1, '1'], [10, '10'], [100, '100']]) svg.append(s(value === 1 ? 'line.bar' : 'line.grid',
      { x1: x(log(value)), x2: x(log(value)), y1: 0, y2: all.length * 18 + 4 }), s('text.tick', { x: x(log(value)), y: all.length * 18 + 18, 'text-anchor': 'middle' }, label));
    all.forEach(([name, rate], n) => {
      const top = 5 + n * 18;
      svg.append(s('text.tick', { x: 32, y: top + 9, 'text-anchor': 'end' }, name), s('text.tick', { x: (rate ? x(log(rate)) : x(-1)) + 6, y: top + 9 }, rate === null ? 'not known' : number(rate)));
      if (rate) svg.append(s(rate > 1 ? 'rect.bad' : 'rect.good', { x: x(-1), y: top, width: Math.max(1, x(log(rate)) - x(-1)), height: 10 }));
    });
  };
  return h('div', h('h3', 'How fast it is used up'), plot({ label: `Burn rates by window: ${text}`, height: all.length * 18 + 24, draw }));
}

function hours(one) {
  if (!one.hours.length) return h('div', h('h3', 'Hour by hour'), h('p.quiet', 'The first hour is told when it is over.'));
  const rows = one.hours.map((hour) => ({ t: Date.parse(hour.at), good: hour.good, bad: hour.bad })).reverse();
  const to = Math.ceil(Date.now() / HOUR) * HOUR;
  const from = Math.min(rows[0].t, to - 24 * HOUR);
  const bad = rows.reduce((sum, row) => sum + row.bad, 0);
  return h('div', h('h3', 'Hour by hour'), stacked({ label: `Since ${when(from)}, hour by hour: ${count(bad)} bad in ${plural(rows.length, 'hour')}.`, rows, from,
    to, width: HOUR, words: (row) => `${clock(row.t)}: ${count(row.good)} good, ${count(row.bad)} bad` }));
}

async function felt(signal) {
  const [told, before] = await Promise.all([get('/v1/mind/emotion', null, signal), orNothing(pages('/v1/mind/emotion/history', {}, { most: MOODS, signal }))]);
  return { ...told, way: (before?.data ?? []).reverse() };
}

const pleasure = (way) => timeLine({ label: `Pleasure since ${when(way[0].at)}: first ${fixed(way[0].pleasure)}, last ${fixed(way.at(-1).pleasure)}.`,
  points: way.map((one) => ({ ...one, t: Date.parse(one.at), value: one.pleasure })),
  from: Date.parse(way[0].at), to: Date.parse(way.at(-1).at), min: -1, max: 1, height: 120, format: (n) => fixed(n, 1),
    words: (one) => `${when(one.t)}: pleasure ${fixed(one.value)}, arousal ${fixed(one.arousal)}, dominance ${fixed(one.dominance)}` });

function feelings(told) {
  const { way } = told;
  return [h('div.two', h('div', moodPlane(told.mood, way.slice(-RECENT), 240), h('p', h('b', told.mood.octant), `, ${told.mood.strength}. Steadiness ${percent(told.stability.value)}.`),
    h('p.quiet', 'The point grows with dominance; the line is the way of the last hours.')),
    h('div', told.emotions.length ? h('ul.bars', told.emotions.slice(0, FELT).map((one) => h('li', h('b', one.name.replaceAll('_', ' ')), meter(one.intensity), h('span.num', fixed(one.intensity)),
      h('small', one.text, ' ', one.percept && whyButton(one.percept, 0, 'why'))))) : empty('Nothing stirs it.', 'What helps or harms an objective does, for a while.'),
    told.emotions_total > FELT && h('p.quiet', `${told.emotions_total - FELT} weaker ones besides.`))),
    way.length > 1 && [h('h3', 'How pleasant it was'), pleasure(way)]];
}

function identity(told) {
  if (!told) return empty('It has done nothing yet.', 'What Jamey does – deny, hold, carry out, notice – makes it who it is.');
  const all = Object.entries(told.roles).sort((a, b) => b[1].strength - a[1].strength);
  const meant = Object.values(told.charter).reduce((sum, weight) => sum + weight, 0) || 1;
  return [h('p.lead', told.text), told.drifting && h('p.note', `Lately more ${told.drifting.role} than it used to be, since `, ago(told.drifting.since)),
    h('ul.bars', all.map(([name, role]) => h('li', h('b', name), meter(role.strength, '', h('em', { style: { left: `${role.low * 100}%`, width: `${(role.high - role.low) * 100}%` } })),
      h('span.num', percent(role.strength)), h('small', `${percent(role.low)} to ${percent(role.high)}, today ${percent(role.today)}, meant ${percent((told.charter[name] ?? 0) / meant)}`)))),
    facts([['Acts counted', count(told.counted)], ['Drift', fixed(told.drift)],
      ...Object.entries(told.contexts).map(([name, one]) => [name.replace('_', ', '), Object.entries(one.roles).sort((a, b) => b[1].strength - a[1].strength)[0]?.[0] ?? '–'])]),
    h('details', { 'data-k': 'acts' }, h('summary', 'What it did last'), h('ol.lines', told.acts.map((act) => h('li', at(act.at, true), h('span', act.text, ' ', being(act.entity)), h('small', act.role)))))];
}

async function integration(signal) {
  const [now, flow] = await Promise.all([orNothing(get('/v1/mind/phi', null, signal)), pages('/v1/mind/phi/history', {}, { most: 600, signal })]);
  return { now, flow: flow.data };
}

function phi({ now, flow }) {
  const exact = now?.exact;
  const points = flow.map((one) => ({ t: Date.parse(one.at), value: one.value, low: one.detail?.min, high: one.detail?.max })).reverse();
  return [
    typeof now?.value === 'number' ? h('p', h('b.big', fixed(now.value, 3)), ` ${now.unit}. ${now.mip?.text ?? ''}`) : h('p.quiet', 'It is known some minutes after a start.'),
    now?.lost && h('p.note', 'Links are lost since ', ago(now.lost.since)),
    points.length > 1 ? timeLine({ label: `Φ since ${when(points[0].t)}: first ${fixed(points[0].value, 3)}, last ${fixed(points.at(-1).value, 3)} nats.`, points,
      from: points[0].t, to: points.at(-1).t, min: 0, format: (n) => fixed(n, 2), words: (one) => `${when(one.t)}: ${fixed(one.value, 3)} nats` }) : h('p.quiet',
      'One value each five minutes is kept, and drawn from the second on.'),
    exact && h('p.quiet', typeof exact.phi === 'number' ? `Exact Φ (${exact.method}): ${fixed(exact.phi, 3)}${exact.cut ? `; ${exact.cut}` : ''}` : `Exact Φ: ${exact.why}.`)];
}

const states = (mind) => [h('p', h('b', mind.state), ' since ', ago(mind.since), `: ${mind.reason}.`),
  h('ol.lines', [...mind.transitions].reverse().slice(0, TURNS).map((turn) => h('li', at(turn.at, true), h('span', `${turn.from} → `, h('b', turn.to)), h('small', turn.reason))))];

export const broker = { title: () => 'Broker', open: openBroker };

const MOST = 4000;
const LOOK = 5;

function openBroker(place) {
  return page('Broker', 'Who is connected, and who says how much.',
    panel(place, { load: (signal) => get('/v1/broker', null, signal), show: figures(), every: LOOK }),
    section('Clients', clients(place)),
    section('Sessions that outlive their connections', panel(place, { load: (signal) => pages('/v1/broker/sessions', {}, { most: MOST, signal }), show: sessions, every: 15 })),
    section('What is retained', retained(place)));
}

/** With rates, from the second look on. */
function figures() {
  let before = null;
  return (told) => {
    const now = performance.now();
    const rate = (key) => (before && told.uptime_seconds >= before.told.uptime_seconds ? `${number(Math.max(0, (told[key] - before.told[key]) / ((now - before.now) / 1000)))} a second` : '…');
    const shown = facts([['Connected', h('b.big', count(told.connections))], ['Messages in', h('b.big', count(told.received)), h('small', ` ${rate('received')}`)],
      ['Messages out', h('b.big', count(told.sent)), h('small', ` ${rate('sent')}`)],
      ['Refused', h('b.big', count(told.refused))], ['Retained', `${count(told.retained)}, ${bytes(told.retained_bytes)}`], ['Sessions kept', count(told.sessions)],
        ['Waiting for the mind', count(told.waiting)], ['Bytes out', bytes(told.sent_bytes)], ['Up for', span(told.uptime_seconds)], ['Version', told.version]]);
    before = { told, now };
    return shown;
  };
}

const SORTS = {
  rate: ['Chattiest now', (a, b) => b.rate - a.rate || b.messages - a.messages],
  messages: ['Most messages', (a, b) => b.messages - a.messages],
  since: ['Newest first', (a, b) => b.since.localeCompare(a.since)],
  name: ['By name', (a, b) => a.client_id.localeCompare(b.client_id)],
};

function clients(place) {
  let [sort, text, all] = ['rate', '', []];
  const before = new Map();
  const box = h('div');
  const told = h('p.quiet');

  function rated(one, now) {
    const was = before.get(one.client_id);
    const same = was && was.since === one.since;
    // At first, all that it said over all its time.
    const rate = same ? (one.messages - was.messages) / ((now - was.now) / 1000) : one.messages / Math.max(1, (Date.now() - Date.parse(one.since)) / 1000);
    if (!same || now - was.now > LOOK * 900) before.set(one.client_id, { now, messages: one.messages, since: one.since });
    return { ...one, rate: Math.max(0, rate) };
  }
  function draw() {
    const fit = all.filter((one) => `${one.client_id} ${one.user ?? ''} ${one.entity} ${one.address}`.toLowerCase().includes(text.toLowerCase())).sort(SORTS[sort][1]);
    const most = Math.max(1e-9, ...all.map((one) => one.rate));
    const first = [...all].sort(SORTS.rate[1])[0];
    told.textContent = all.length ? `The chattiest now is ${first.client_id}, with ${fixed(first.rate, 1)} messages a second.` : '';
    put(box, fit.length ? table('Clients', ['Client', 'Who', { text: 'A second', right: true }, 'Share', { text: 'Messages', right: true }, { text: 'Hears', right: true }, 'Since', 'Where', 'MQTT'],
      fit.slice(0, 500).map((one) => h('tr', h('th', { scope: 'row' }, one.client_id), h('td', being(one.entity)), h('td.right', fixed(one.rate, 1)), h('td', meter(one.rate / most)),
        h('td.right', count(one.messages)), h('td.right', count(one.subscriptions)), h('td', ago(one.since)), h('td', one.address),
          h('td', one.protocol)))) : empty(all.length ? 'None is like that.' : 'Nobody is connected.',
          all.length ? 'Another word shows more.' : 'Devices connect as they did to mosquitto: the address is that of this host.'));
  }
  const loaded = panel(place, { load: async (signal) => (await pages('/v1/broker/clients', {}, { most: MOST, signal })).data, every: LOOK, show: (data) => {
    const now = performance.now();
    all = data.map((one) => rated(one, now));
    draw();
    return [told, box];
  } });
  return [form('Which clients', [field('Search', word('', 'client, user, address', { type: 'search', oninput: (event) => { text = event.target.value.trim(); draw(); } })),
    field('Sort', choice(Object.entries(SORTS).map(([key, [name]]) => [key, name]), sort, { onchange: (event) => { sort = event.target.value; draw(); } }))]), loaded];
}

function sessions({ data }) {
  if (!data.length) return h('p.quiet', 'No session is kept: every client begins anew when it connects.');
  return table('Sessions', ['Client', 'There', { text: 'Waiting', right: true }, { text: 'Hears', right: true }, 'Kept'], [...data].sort((a, b) => b.queued - a.queued).map((one) => h('tr', h('th', { scope: 'row' }, one.client_id),
    h('td', one.connected ? 'yes' : ['no, since ', ago(one.absent_since)]), h('td.right', count(one.queued)), h('td.right', count(one.subscriptions)),
      h('td', one.expiry_seconds === null ? 'as the config says' : span(one.expiry_seconds)))));
}

function retained(place) {
  const list = h('ul.topics');
  const told = status();
  const words = word('', 'zigbee2mqtt/#, or a word', { type: 'search' });
  let asked = null;
  async function search() {
    asked?.abort();
    const mine = (asked = new AbortController());
    place.end(() => mine.abort());
    const text = words.value.trim();
    const isFilter = /[#+/]/.test(text);
    told.textContent = 'Looking…';
    try {
      const { data, next } = await pages('/v1/broker/retained', { [isFilter ? 'filter' : 'text']: text }, { most: 400, signal: mine.signal });
      told.textContent = `${plural(data.length, 'topic')}${next ? ', and more: say what is narrower' : ''}.`;
      put(list, data.map((one) => h('li', h('button.plain', { onclick: () => value(one.topic), 'data-k': one.topic }, one.topic), h('small.num', bytes(one.bytes)))));
    } catch (error) {
      if (mine.signal.aborted) return;
      put(told, '');
      put(list, h('li', trouble(error, search)));
    }
  }
  let soon = 0;
  words.addEventListener('input', () => {
    clearTimeout(soon);
    soon = setTimeout(search, 350);
  });
  search();
  return [form('Which topics', h('div.wide', field('Topic', words, '+ stands for one level, # at the end for all the rest.')), search), told, list];
}

const value = (topic) => look('What stands there', () => get(path('broker', 'retained', topic)), (one) => [h('p', h('code', one.topic)),
  h('p.quiet', `QoS ${one.qos}, ${bytes(one.bytes)}${one.text === null ? ', no text: as base64' : ''}`), raw('Content', one.text === null ? one.base64 : pretty(one.text))]);

export const snapshots = { title: () => 'Snapshots', open: openSnapshots };

const KEPT = 'errands';
const STEP = 1000;
const WORDS = { waiting: 'waits until what was asked for before is done', running: 'is at work', done: 'is done', failed: 'failed' };

function openSnapshots(place) {
  const errands = h('ul.lines', { 'aria-live': 'polite' });
  const list = panel(place, { load: (signal) => pages('/v1/phoenix/snapshots', {}, { signal }), show: ({ data }) => all(data, run), kinds: ['phoenix'], wait: 1000 });
  const state = panel(place, { load: (signal) => get('/v1/phoenix', null, signal), show: (told) => repositories(told, run), kinds: ['phoenix'], wait: 500 });

  async function run(verb, body) {
    const errand = await post(`/v1/phoenix/${verb}`, body);
    remember([errand.id, ...remembered()].slice(0, 8));
    follow(errand.id);
  }
  function follow(id) {
    const line = h('li');
    errands.prepend(line);
    const look = async () => {
      if (place.signal.aborted) return;
      try {
        const errand = await get(path('errands', id), null, place.signal);
        put(line, told(errand));
        if (errand.state === 'waiting' || errand.state === 'running') setTimeout(look, STEP);
        else {
          say(`The ${noun(errand)} ${WORDS[errand.state]}.`);
          state.reload();
          list.reload();
        }
      } catch (error) {
        if (error.name === 'AbortError') return;
        if (error.status === 404) {
          remember(remembered().filter((one) => one !== id));
          line.remove();
        } else put(line, trouble(error, look));
      }
    };
    look();
  }
  if (MAY.speak()) remembered().reverse().forEach(follow);
  return page('Snapshots', 'All that makes this house this house, sealed, kept somewhere else, and restored for trial: a backup that was never restored is a hope.',
    state, errands, !MAY.speak() && lacks('operator', 'admin'), section('All that there are', list));
}

const remembered = () => JSON.parse(sessionStorage.getItem(KEPT) ?? '[]');
const remember = (ids) => sessionStorage.setItem(KEPT, JSON.stringify(ids));
const noun = (errand) => (errand.verb === 'phoenix-drill' ? 'drill' : 'snapshot');

function told(errand) {
  const seconds = (Date.parse(errand.ended_at ?? new Date()) - Date.parse(errand.asked_at)) / 1000;
  const is = errand.state === 'running' || errand.state === 'waiting';
  return [h('span', h('b', `The ${noun(errand)} ${WORDS[errand.state]}`), errand.repository ? `, in ${errand.repository}` : '', is ? h('progress', { 'aria-label': `The ${noun(errand)} is at work` }) : null),
    h('small', `${is ? 'for' : 'after'} ${span(Math.max(0, seconds))}`), errand.error && h('p.told.bad', errand.error), errand.data.map((one) => h('small', said(one)))];
}

function said({ repository, came }) {
  const of = came?.Ok ?? came?.Err ?? came;
  const pairs = of && typeof of === 'object' ? Object.entries(of).filter(([, value]) => value !== null && typeof value !== 'object') : [];
  return `${repository}: ${pairs.length ? pairs.map(([key, value]) => `${key.replaceAll('_', ' ')} ${/bytes$/.test(key) ? bytes(value) : value}`).join(', ') : String(of)}`;
}

function repositories(told, run) {
  const names = Object.entries(told.repositories);
  if (!names.length) return none(told.text);
  return [h('ul.missions', names.map(([name, one]) => h('li', { class: one.error ? 'status-page' : '' },
    h('header.row', h('h2', name), h('b.status', one.doing ? `${one.doing} now…` : one.error ? 'not well' : one.last ? 'well' : 'empty')),
    one.error && h('p.note', one.error),
    facts([['Newest', one.last ? ago(one.last.taken_at) : 'none yet'], one.last && ['Its size', bytes(one.last.bytes)],
      one.last?.took_seconds !== null && one.last?.took_seconds !== undefined && ['Took', span(Math.max(1, one.last.took_seconds))],
      ['Drilled', one.drill ? [one.drill.passed ? 'passed ' : 'failed ', ago(one.drill.drilled_at)] : 'never'], ['Next', at(one.next_at)], ['Snapshots', count(one.snapshots)],
        ['All of it', bytes(one.bytes)], ['Where', h('code', one.path)]]),
    one.last?.left_out?.length > 0 && h('p.note', `Left out: ${one.last.left_out.join(', ')}`),
    MAY.speak() && h('div.row', doer('Take a snapshot now', () => run('snapshot', { repository: name }), { kind: 'primary', key: `take-${name}` }),
      one.last && doer('Restore it for trial', () => run('drill', { repository: name }), { key: `drill-${name}` }))))),
  told.courier && section('On its way to other hosts', courier(told.courier))];
}

const courier = (one) => facts([['Repository', one.repository], ['Offered', one.offered ?? '–'], ['Connected', one.connected ? 'yes' : 'no'], one.error && ['Error', one.error],
  ...Object.entries(one.receivers ?? {}).map(([name, there]) => [name, there.woe ?? `whole up to ${there.whole ?? 'none'}${there.fetching ? ', fetching' : ''}`])]);

function none(text) {
  return empty('No repository is configured, so no snapshot is ever taken.', text && h('p.unseen', text), 'On the host, make one on another disk or a share:',
    raw('Command', 'jamey phoenix init --repository /mnt/nas/jamey --new-key-file /etc/jamey/phoenix.key --new-passphrase'), 'It prints what to paste into the config:',
    raw('Lines for the config', '[[phoenix.repository]]\nname = "nas"\npath = "/mnt/nas/jamey"\nkey_file = "/etc/jamey/phoenix.key"'),
      'Start Jamey again, and the first snapshot is one button on this page. Print the recovery sheet, too.');
}

function all(rows, run) {
  if (!rows.length) return h('p.quiet', 'None yet.');
  const drill = (one) => MAY.speak() && !one.damaged && doer('Drill', () => run('drill', { repository: one.repository, snapshot: one.sequence }), { kind: 'small', key: `${one.repository}-${one.sequence}` });
  const heads = ['Snapshot', 'Taken', 'Why', { text: 'Size', right: true }, 'Drilled', MAY.speak() ? 'Try it' : ''].filter(Boolean);
  return [h('p.quiet', plural(rows.length, 'snapshot')), table('Snapshots', heads, rows.map((one) => h('tr', h('th', { scope: 'row' }, `${one.repository} ${one.sequence}`),
    one.damaged ? h('td', { colspan: '4', class: 'missing' }, one.damaged) : [h('td', at(one.taken_at)), h('td', one.reason), h('td.right', bytes(one.bytes)),
      h('td', one.drilled ? [one.drilled.passed ? 'passed ' : 'failed ', ago(one.drilled.at)] : 'never')], MAY.speak() && h('td', drill(one)))))];
}
