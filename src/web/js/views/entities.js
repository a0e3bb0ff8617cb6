// Who is known, and how far each is trusted; one of them with all that is held of it.

import { ago, at, being, choice, clock, clockSeconds, confirm, count, diary, doer, empty, facts, field, fixed, form, h, lacks, number, opinion, page, panel, percent, plural, put, remember, s, say, section, span, status, when, word } from '../parts.js';
import { nearest, plot, scale, timeAxis, timeLine } from '../plot.js';
import { MAY, get, pages, path, post, tellTo } from '../wire.js';

export const entities = { title: ({ rest }) => rest[0] ?? 'Entities', open: openEntities };

const MOST = 4000;
const SORTS = {
  trust: ['Least trusted first', (a, b) => a.lower_bound - b.lower_bound || a.entity.localeCompare(b.entity)],
  best: ['Most trusted first', (a, b) => b.lower_bound - a.lower_bound || a.entity.localeCompare(b.entity)],
  seen: ['Heard last first', (a, b) => b.last_seen.localeCompare(a.last_seen)],
  name: ['By name', (a, b) => (a.name ?? a.entity).localeCompare(b.name ?? b.entity)],
};
const SHOWS = [['', 'All'], ['silent', 'Silent or gone'], ['owner', 'Owners'], ['paired', 'Paired'], ['newcomer', 'Newcomers']];

function openEntities(place) {
  if (place.rest.length) return openOne(place);
  let [text, sort, show] = [place.query.get('text') ?? '', place.query.get('sort') ?? 'trust', place.query.get('show') ?? ''];
  if (!SORTS[sort]) sort = 'trust';
  let all = [];
  const told = status();
  const list = h('ul.beings');

  function fits(one) {
    const words = `${one.entity} ${one.name ?? ''} ${one.area ?? ''}`.toLowerCase();
    if (!words.includes(text.trim().toLowerCase())) return false;
    return !show || (show === 'silent' ? isOut(one) : one.standing === show);
  }
  function draw() {
    const fit = all.filter(fits).sort(SORTS[sort][1]);
    told.textContent = fit.length === all.length ? plural(all.length, 'entity', 'entities') : `${fit.length} of ${plural(all.length, 'entity', 'entities')}`;
    put(list, fit.map(row));
    if (all.length && !fit.length) put(list, h('li', empty('Nobody is like that.', 'Another word, or another choice, shows more.')));
    remember('entities', { text, sort: sort === 'trust' ? '' : sort, show });
  }

  const loaded = panel(place, {
    load: async (signal) => (await pages('/v1/entities', {}, { most: MOST, signal })).data,
    kinds: ['entity'], wait: 2000,
    show: (data) => {
      all = data;
      draw();
      return all.length ? [told, list] : empty('Nobody has spoken yet.', 'Whoever publishes something, or is spoken to, stands here. “jamey demo” plays a small house for a minute.');
    },
  });
  const changed = (set) => (event) => { set(event.target.value); draw(); };
  return page('Entities', 'Who speaks in this house, and what is held of each. Trust comes from what really happens.',
    form('Which entities', [field('Search', word(text, 'name, id or room', { type: 'search', oninput: changed((value) => (text = value)) })),
      field('Sort', choice(Object.entries(SORTS).map(([key, [name]]) => [key, name]), sort, { onchange: changed((value) => (sort = value)) })),
      field('Show', choice(SHOWS, show, { onchange: changed((value) => (show = value)) }))]),
    h('p.legend', h('span.key.belief', 'belief'), h('span.key.uncertain', 'uncertainty'), h('span.key.disbelief', 'disbelief')), loaded);
}

const isOut = (one) => ['silent', 'offline'].includes(one.liveness);

const row = (one) =>
  h('li', h('a', { href: `#/entities/${encodeURIComponent(one.entity)}`, 'data-k': one.entity },
    h('span.who', h('b.id', one.name ?? one.entity), one.name && one.name !== one.entity && h('small', one.entity), one.area && h('small', one.area)),
    opinion(one), h('span.num.trust', { title: 'trusted at least so far' }, h('span.unseen', 'trusted to '), fixed(one.lower_bound)),
    h('span', { class: isOut(one) ? 'out-word' : 'quiet' }, one.liveness, ' · ', ago(one.last_seen)), h('span.reason', one.reason)));

const NEWEST = 1000;
const KINDS = [['controls', 'controls'], ['bridged_by', 'is bridged by'], ['near', 'is near'], ['owned_by', 'is owned by']];
const verb = (kind) => KINDS.find(([key]) => key === kind)?.[1] ?? kind;

async function openOne(place) {
  const id = place.rest[0];
  const here = path('entities', id);
  // Of somebody unknown there is nothing else to ask.
  await get(here, null, place.signal);
  const about = ({ entity, data }) => entity === id || data?.request?.target === id;
  const held = panel(place, { what: 'div.roomy', load: (signal) => get(here, null, signal), show: (one) => whole(one), kinds: ['entity', 'verdict'], when: about });
  const words = panel(place, { load: (signal) => lastDay(id, signal), show: (found) => [rhythm(found), records(found.words)], kinds: ['entity', 'verdict'], when: about, wait: 5000, every: 60 });
  const way = panel(place, { load: (signal) => pages(`${here}/history`, {}, { most: 2000, signal }), show: ({ data }) => trust(data), kinds: ['entity'], when: about, wait: 3000 });
  const told = readings(place, here, id);
  const relations = panel(place, { load: (signal) => pages(`${here}/relations`, {}, { signal }), show: ({ data }) => related(data, id, again), kinds: ['entity'], when: about, wait: 2000 });
  const judged = panel(place, { load: (signal) => last(id, signal), show: verdicts, kinds: ['verdict'], when: about });
  const again = () => [held, relations, way].forEach((one) => one.reload());
  return [h('header.head', h('p', h('a', { href: '#/entities' }, '‹ Entities')), h('h1', id)), held,
    section('Its last day', words), section('How trust went', way), section('What it told', told), section('How it stands to others', relations), ownersWord(id, here, again), section('Judged last', judged)];
}

function whole(one) {
  const alive = one.liveness;
  return [
    h('p.lead', one.name && one.name !== one.entity ? `${one.name}, ` : '', one.area ? `${one.area}, ` : '', one.standing, '. Heard ', ago(one.last_seen), '.'),
    opinion(one, { class: 'tall' }),
    facts([['Trusted at least', h('b.big', fixed(one.lower_bound))], ['Expected', h('b.big', fixed(one.expectation))],
      ['Belief', percent(one.belief)], ['Uncertainty', percent(one.uncertainty)], ['Disbelief', percent(one.disbelief)], ['Events', one.events]]),
    h('div.two',
      section('Why it is so', h('ul.plain', one.reasons.map((text) => h('li', text))), one.lately && !one.reasons.includes(one.lately) && h('p.quiet', `Lately: ${one.lately}`)),
      section('What would change it', one.would_change_it.length ? h('ul.plain', one.would_change_it.map((text) => h('li', text))) : h('p.quiet', 'Nothing in particular: it goes on as it behaves.'),
        one.wanted && h('p.quiet', `It wanted to ${one.wanted.verb} ${one.wanted.target}, `, at(one.wanted.at), one.wanted.trust === null ? '; no trust would have done.' : `; trust ${fixed(one.wanted.trust)} would have done.`))),
    one.anomalies.length > 0 && section('Not as it should be', h('ul.plain', one.anomalies.map((odd) => h('li', odd.text, ', since ', at(odd.since), odd.seen_by_others ? '; others saw it too' : '')))),
    section('Sides of its character', sides(one.facets)),
    section('Whether it is there', facts([['Liveness', alive.state], alive.since && ['Since', ago(alive.since)], alive.heard && ['Heard', ago(alive.heard)], alive.every_seconds && ['Speaks each', span(alive.every_seconds)],
      alive.silent_after_seconds && ['Silent after', span(alive.silent_after_seconds)], alive.because_of && ['Because of', alive.because_of], alive.battery_percent !== null && ['Battery', `${alive.battery_percent} %`],
      alive.link !== null && ['Link', alive.link], one.empathy && ['Understood', percent(one.empathy.value)]])),
  ];
}

function sides(facets) {
  const all = Object.entries(facets);
  if (!all.length) return h('p.quiet', 'No side of it has shown yet.');
  return h('ul.sides', all.map(([name, side]) => h('li', h('b', name), opinion(side), h('span.num', fixed(side.lower_bound)),
    h('small', `${fixed(side.for, 1)} for, ${fixed(side.against, 1)} against`, side.clean_events_owed ? `; on probation: ${plural(side.clean_events_owed, 'clean event')} owed` : ''))));
}

async function lastDay(id, signal) {
  const to = Math.ceil(Date.now() / 60_000) * 60_000;
  const [{ data, next }, one] = await Promise.all([pages('/v1/memory/records', { entity: id, from: new Date(to - DAY).toISOString() }, { most: NEWEST, signal }), get(path('entities', id), null, signal)]);
  const words = data.map(({ id: record, at: t, kind, text, importance, pinned }) => ({ record, at: t, kind, text, importance, pinned }));
  return { from: next && words.length ? Date.parse(words.at(-1).at) : to - DAY, to, words, every: one.liveness.every_seconds, silent: one.liveness.silent_after_seconds };
}

const records = (words) => words.length > 0 && h('details', { 'data-k': 'records' }, h('summary', 'Its newest records'),
  h('ol.lines', words.slice(0, 12).map((word) => h('li', at(word.at, true), h('code', word.kind), h('span', word.text)))));

async function last(id, signal) {
  const [asks, was] = await Promise.all([get('/v1/verdicts', { requester: id, limit: 10 }, signal), get('/v1/verdicts', { target: id, limit: 10 }, signal)]);
  const all = new Map([...asks.data, ...was.data].map((one) => [`${one.percept}.${one.ordinal}`, one]));
  return [...all.values()].sort((a, b) => b.at.localeCompare(a.at)).slice(0, 12);
}

const verdicts = (all) => (all.length
  ? diary(all)
  : empty('It asked for nothing, and nothing was asked of it.', 'Whatever it asks of a guarded device is judged, and told here.'));

function related(all, id, again) {
  if (!all.length) return h('p.quiet', 'None is known: what controls it, carries it, is near or owns it stands here.');
  const other = (name) => (name === id || name.startsWith('area.') ? h('b', name) : being(name));
  const undo = (one) => MAY.speak() && one.from === id && !one.denied && doer('It is not so', () => post(path('entities', id, 'unrelate'), { kind: one.kind, to: one.to }).then(again),
    { kind: 'small', key: `${one.kind}-${one.to}` });
  return h('ul.lines', all.map((one) => h('li', h('span', other(one.from), ` ${one.denied ? 'is said not to be: ' : ''}${verb(one.kind)} `, other(one.to)),
    h('small', `told by ${one.told_by}, like ${fixed(one.like)}`), undo(one))));
}

function ownersWord(id, here, again) {
  if (!MAY.speak()) return section('Your word', lacks('operator', 'admin'));
  const kind = choice(KINDS, 'near');
  const to = word('', 'kitchen, or area.kitchen');
  const result = status('p.told');
  const told = (text) => {
    put(result, text);
    say(text);
    again();
  };
  const tell = (name, text) => async () => {
    const came = await post(`${here}/${name}`);
    told(`${text} It is trusted to ${fixed(came.lower_bound)} at least now.`);
  };
  const relate = async () => {
    if (!to.value.trim()) throw new Error('Say to whom, or to which place.');
    await post(`${here}/relate`, { kind: kind.value, to: to.value.trim() });
    told('It is on disk.');
    to.value = '';
  };
  const saying = doer('Say so', relate);
  const forget = async () => {
    if (!(await confirm(`Forget ${id}?`, 'All that is kept of it is deleted: its words, its opinion, its relations. The audit trail still holds that it was forgotten. This cannot be taken back.',
      'Forget it', 'grave'))) return false;
    const { removed } = await tellTo('DELETE', here);
    say(`${id} is forgotten.`);
    put(result, `It is forgotten: ${Object.entries(removed).filter(([, n]) => n).map(([what, n]) => `${n} ${what.replaceAll('_', ' ')}`).join(', ') || 'nothing was kept'}.`);
    return true;
  };
  return section('Your word', h('p.quiet', 'Trust is as good as five good events, distrust as bad as five bad ones, with probation.'),
    h('div.row', doer('I trust it', tell('trust', 'Your word counts.')), doer('I distrust it', tell('distrust', 'Your word counts.'), { kind: 'grave' }), MAY.forget() && doer('Forget it…', forget, { kind: 'grave' })), result,
    form('Say how it stands to another', [field(`${id} …`, kind), field('… whom, or what place', to), saying], () => saying.querySelector('button').click(), {}));
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const SPANS = [['1', 'a day'], ['7', 'a week'], ['30', 'a month'], ['365', 'a year']];

function rhythm({ from, to, words, every, silent }) {
  const at = words.map((word) => Date.parse(word.at)).reverse();
  const expected = every ? ((at.length ? to - Math.max(from, at[0]) : to - from) / 1000 / every) : null;
  const gaps = [];
  if (silent) [...at, to].forEach((time, n, all) => n > 0 && time - all[n - 1] > silent * 1000 && gaps.push([all[n - 1] + silent * 1000, time]));
  const rest = every ? `It speaks each ${span(every)}${silent ? `, and counts as silent after ${span(silent)}` : ''}: ${count(Math.round(expected))} were to be expected since its first here` : 'What is to be expected of it is not known yet';
  const text = `${plural(words.length, 'word')} since ${when(from)}. ${rest}.${gaps.length ? ` It was silent too long ${plural(gaps.length, 'time')}.` : ''}`;
  if (!words.length) return h('p.quiet', `It said nothing in a day. ${rest}.`);
  const draw = (svg, width, height) => {
    const x = scale(from, to, 2, width - 2);
    const floor = height - 20;
    for (const [start, end] of gaps) svg.append(s('rect.gap', { x: x(start), width: Math.max(1, x(end) - x(start)), y: 0, height: floor }));
    timeAxis(svg, x, from, to, width, height);
    // Strokes that fall on one pixel make it taller instead.
    const heaps = new Map();
    for (const time of at) heaps.set(Math.round(x(time)), (heaps.get(Math.round(x(time))) ?? 0) + 1);
    const most = Math.max(...heaps.values());
    svg.append(s('path.word', { d: [...heaps].map(([px, n]) => `M${px} ${floor}V${floor - (floor - 6) * (0.35 + 0.65 * (n / most))}`).join('') }), s('line.floor', { x1: 0, x2: width, y1: floor, y2: floor }));
    return nearest(words.map((word) => ({ ...word, t: Date.parse(word.at) })), x, (word) => `${clockSeconds(word.at)} ${word.text.slice(0, 80)}`);
  };
  return h('div', plot({ label: `Its words. ${text}`, height: 84, draw }), h('p.quiet', text));
}

function trust(points) {
  if (points.length < 2) return h('p.quiet', 'Its trust has not moved yet. Each step is kept and drawn here.');
  const all = points.map((point) => ({ t: Date.parse(point.at), value: point.low, high: point.value, text: point.text }));
  const to = Math.max(all.at(-1).t + MINUTE, Math.ceil(Date.now() / MINUTE) * MINUTE);
  all.push({ ...all.at(-1), t: to, text: null });
  const label = `Trust since ${when(all[0].t)}: first ${fixed(all[0].value)}, now ${fixed(all.at(-1).value)} at least; expected ${fixed(all.at(-1).high)}.`;
  return h('div', timeLine({ label, points: all, from: all[0].t, to, min: 0, max: 1, steps: true, format: (n) => fixed(n, 1),
    words: (one) => `${when(one.t)}: ${fixed(one.value)} at least, ${fixed(one.high)} expected${one.text ? `; ${one.text}` : ''}` }),
    h('p.quiet', 'The line is how far it is trusted at least, which the conscience counts with; the band reaches up to what is expected of it.'));
}

function readings(place, here, id) {
  const box = h('div.readings');
  let [kind, inner, days] = [null, '', '1'];
  let shown = null;

  const kinds = panel(place, {
    load: async (signal) => {
      const { data } = await get('/v1/memory/records', { entity: id, limit: 200 }, signal);
      return [...new Set(data.map((one) => one.kind))].filter((one) => !['act', 'guard', 'command'].includes(one)).sort();
    },
    show: (all) => {
      if (!all.length) return h('p.quiet', 'It told nothing of late that could be drawn.');
      kind ??= all[0];
      draw();
      return form('Which readings', [field('Kind', choice(all.map((one) => [one, one]), kind, { onchange: (event) => { kind = event.target.value; draw(); } })),
        field('Value within it', word(inner, 'none, or ENERGY.Power', { onchange: (event) => { inner = event.target.value.trim(); draw(); } })),
        field('Over', choice(SPANS, days, { onchange: (event) => { days = event.target.value; draw(); } }))]);
    },
  });

  function draw() {
    shown?.abort();
    const mine = (shown = new AbortController());
    place.end(() => mine.abort());
    put(box, panel({ ...place, signal: mine.signal }, {
      load: async (signal) => {
        const to = Math.ceil(Date.now() / MINUTE) * MINUTE;
        const from = to - Number(days) * DAY;
        const { data } = await pages(`${here}/history`, { kind, field: inner, from: new Date(from).toISOString() }, { most: 2000, signal });
        return { from, to, data };
      },
      show: line, kinds: ['entity', 'system'], wait: 10_000,
    }));
  }
  return h('div', kinds, box);
}

function line({ from, to, data }) {
  const points = data.map((point) => ({ ...point, t: Date.parse(point.at) }));
  const numbers = points.filter((point) => typeof point.value === 'number');
  if (!points.length) return h('p.quiet', 'Nothing of that kind was told in that time. What is told as JSON has values within it: name one, as in ENERGY.Power.');
  if (!numbers.length) return words(points, from, to);
  const start = Math.max(from, Math.min(points[0].t, to - 5 * MINUTE));
  const [least, most] = [Math.min(...numbers.map((one) => one.low ?? one.value)), Math.max(...numbers.map((one) => one.high ?? one.value))];
  const label = `${plural(numbers.length, 'reading')} since ${when(numbers[0].t)}: least ${number(least)}, greatest ${number(most)}, last ${number(numbers.at(-1).value)}.`;
  return [timeLine({ label, points: numbers, from: start, to, format: number,
    words: (one) => `${when(one.t)}: ${number(one.value)}${one.until ? ` (${number(one.low)} to ${number(one.high)}, ${one.count} times)` : ''}` }), h('p.quiet', label)];
}

function words(points, from, to) {
  const names = [...new Set(points.map((point) => point.text ?? '?'))].slice(0, 6);
  const start = Math.max(from, Math.min(points[0].t, to - 5 * MINUTE));
  const label = `${plural(points.length, 'word')} since ${when(points[0].t)}: ${names.join(', ')}. Last ${points.at(-1).text}.`;
  const draw = (svg, width, height) => {
    const x = scale(start, to, 90, width - 4);
    timeAxis(svg, x, start, to, width, height);
    names.forEach((name, n) => svg.append(s('text.tick', { x: 84, y: 16 + n * 20, 'text-anchor': 'end' }, name.slice(0, 14))));
    points.forEach((point, n) => {
      const row = names.indexOf(point.text ?? '?');
      if (row < 0) return;
      const end = points[n + 1]?.t ?? to;
      svg.append(s('rect.good', { x: x(point.t), width: Math.max(1.5, x(end) - x(point.t)), y: 5 + row * 20, height: 14 }));
    });
    return nearest(points, x, (point) => `${clock(point.t)}: ${point.text}`);
  };
  return [plot({ label, height: 26 + names.length * 20, draw }), h('p.quiet', label)];
}
