// What was: decisions, memories, and who did what.

import { asked, at, being, bytes, choice, clockSeconds, confirm, count, date, decided, doer, empty, facts, field, fixed, form, h, isToday, lacks, look, mark, micros, number, page, panel, percent, plural, put, raw, remember, say, section, sheet, status, trouble, why, word } from '../parts.js';
import { endless } from '../plot.js';
import { MAY, get, listen, path, post, tellTo } from '../wire.js';

export const timeline = { title: () => 'Timeline', open: openTimeline };

const SPANS = [['', 'Any time'], ['3600', 'The last hour'], ['86400', 'The last day'], ['604800', 'The last week']];
const NAMES = ['decision', 'requester', 'target', 'rule', 'from', 'to'];
const PAUSE = 120;

function openTimeline(place) {
  const asks = Object.fromEntries(NAMES.map((name) => [name, place.query.get(name) ?? '']));
  const isMoment = () => asks.from.includes('T');
  const settle = () => ({ ...asks, from: asks.from && new Date(isMoment() ? asks.from : Date.now() - asks.from * 1000).toISOString(), to: asks.to && new Date(asks.to).toISOString(), limit: 200 });
  let query = settle();

  const list = endless(place, {
    label: 'Decisions, newest first. Enter opens why.', noun: 'decisions', fill, key: (one) => `${one.percept}.${one.ordinal}`, open: (one) => why(one.percept, one.ordinal),
    load: (cursor, signal) => get('/v1/verdicts', { ...query, cursor }, signal),
    none: () => empty('Nothing of that kind was decided.', 'Other filters show more. Each request to a guarded device, and each on “act”, is judged and kept here.'),
  });

  const fits = ({ decision, request, contributions }) =>
    (!asks.decision || asks.decision === decision) && (!asks.requester || asks.requester === request.entity) &&
    (!asks.target || asks.target === request.target) && (!asks.rule || contributions.some(({ rule }) => rule === asks.rule)) && !asks.to;
  let waiting = [];
  place.end(listen(['verdict'], ({ data }) => {
    if (!data) return;
    // What was held is told again when it is settled.
    if (data.settled && list.change((one) => one.percept === data.percept && one.request.target === data.request.target, data)) return;
    if (!fits(data)) return;
    if (!waiting.length) setTimeout(() => list.add(waiting.splice(0).reverse()), PAUSE);
    waiting.push({ ordinal: waiting.filter((one) => one.percept === data.percept).length, ...data });
  }));

  const changed = (name) => ({ onchange: ({ target }) => {
    asks[name] = target.value.trim();
    query = settle();
    remember('timeline', asks);
    list.again();
  } });
  const moment = (name, value) => h('input', { type: 'datetime-local', value, ...changed(name) });
  return page('Timeline', 'What was asked, what was decided, and why. Each row opens.',
    h('div', form('Filters', [field('Decision', choice([['', 'Any'], ['allow', 'Allowed'], ['escalate', 'Held'], ['deny', 'Denied']], asks.decision, changed('decision'))),
      field('Who asked', word(asks.requester, 'any entity', changed('requester'))), field('Of whom', word(asks.target, 'any device', changed('target'))),
        field('When', choice(SPANS, isMoment() ? '' : asks.from, changed('from')))]),
    h('details.exact', { open: isMoment() || !!asks.to || !!asks.rule }, h('summary', 'More filters'),
      form('More filters', [field('From', moment('from', isMoment() ? asks.from : '')), field('To', moment('to', asks.to)), field('Rule', word(asks.rule, 'SEC-1-…', changed('rule')))]))),
    list.nodes);
}

function fill(row, one) {
  put(row, h('time.num', { datetime: one.at }, clockSeconds(one.at), !isToday(one.at) && h('small', date(one.at))), mark(one.decision, one.settled ? `${decided(one.decision)}, ${one.settled}` : undefined),
    h('span.says', asked(one.request, false)), h('span.reason', one.reason), h('span.num.points', fixed(one.score)));
  row.setAttribute('aria-label', `${clockSeconds(one.at)}, ${decided(one.decision)}: ${row.querySelector('.says').textContent}. ${one.reason}`);
}

export const memory = { title: () => 'Memory', open: openMemory };

const ASKS = ['front door last night', 'verdict:deny today', 'kitchen this morning'];
const LAYERS = { working: 'for now', short_term: 'for a while', long_term: 'for long' };

function openMemory(place) {
  const asks = Object.fromEntries(['q', 'entity', 'kind', 'verdict', 'importance'].map((name) => [name, place.query.get(name) ?? '']));
  const words = h('input', { type: 'search', value: asks.q, placeholder: 'front door last night', maxlength: '512' });
  const list = h('ol.memories');
  const told = status();
  const more = h('button', { hidden: true }, 'Show more');
  let next = null;
  let asking = null;

  async function ask(cursor = null) {
    asking?.abort();
    const mine = (asking = new AbortController());
    more.disabled = true;
    try {
      const found = await get('/v1/memory/recall', { ...asks, limit: 25, cursor }, mine.signal);
      if (mine.signal.aborted || place.signal.aborted) return;
      if (!cursor) put(list);
      list.append(...found.data.map((one) => row(one, asks.q, () => ask())));
      next = found.next;
      more.hidden = !next;
      put(told, asks.q ? `${plural(list.children.length, 'memory', 'memories')}${next ? ' so far, the best first' : ', the best first'}.` : 'The newest. Ask, and it looks further.',
        found.notes.map((note) => [' ', note]));
      if (!list.children.length) put(list, h('li', empty('Nothing is remembered of that.', 'Fewer words find more. Times can be said as people say them: “yesterday evening”, “since Monday”, “an hour ago”.')));
    } catch (error) {
      if (mine.signal.aborted) return;
      put(list, h('li', trouble(error, () => ask())));
      put(told);
    }
    more.disabled = false;
  }
  function begin() {
    asks.q = words.value.trim();
    remember('memory', asks);
    ask();
  }
  more.addEventListener('click', () => ask(next));
  const changed = (name) => (event) => { asks[name] = event.target.value.trim(); begin(); };
  const text = (name, hint) => word(asks[name], hint, { onchange: changed(name) });
  const examples = h('p.quiet', 'For example: ', ASKS.map((one, n) => [n ? ' · ' : '', h('button.plain.small', { onclick: () => { words.value = one; begin(); } }, one)]));

  ask();
  return page('Memory', 'Every word that came and every command that was judged can be asked for.',
    h('form.ask', { role: 'search', onsubmit: (event) => { event.preventDefault(); begin(); } },
      h('div.line-of', field('What would you like to know?', words), h('button.primary', { type: 'submit' }, 'Ask')), examples,
      h('div.filters', field('Of whom', text('entity', 'any entity')), field('Kind', text('kind', 'any kind')),
        field('Decided', choice([['', 'Any'], ['allow', 'Allowed'], ['escalate', 'Held'], ['deny', 'Denied']], asks.verdict, { onchange: changed('verdict') })),
        field('Matters', choice([['', 'However much'], ['0.3', 'Somewhat'], ['0.6', 'Much'], ['0.85', 'Very much']], asks.importance, { onchange: changed('importance') })))),
    h('div', told, list, h('div.foot', more)),
    section('How much is remembered', panel(place, { load: (signal) => get('/v1/memory', null, signal), show: figures, every: 30 })));
}

function row(one, query, again) {
  return h('li', h('p.when', at(one.at, true), ' ', being(one.entity), ' ', h('code', one.kind), one.pinned && h('b.pinned', ' kept')),
    h('p.text', marked(one.text, query)),
    h('p.quiet.small-row', `Kept ${LAYERS[one.layer] ?? one.layer}, matters ${fixed(one.importance)}${one.score ? `, fits ${fixed(one.score)}` : ''}`,
      h('button.plain.small', { onclick: () => whole(one.id, again) }, 'All of it')));
}

function marked(text, query) {
  const words = query.toLowerCase().match(/[\p{L}\p{N}_]{3,}/gu) ?? [];
  if (!words.length) return text;
  const split = text.split(new RegExp(`(${words.join('|')})`, 'giu'));
  return split.map((part, n) => (n % 2 ? h('mark', part) : part));
}

function whole(id, changed) {
  const here = path('memory', 'records', id);
  look('A memory', () => get(here), (one, again, close) => {
    const keep = (is) => async () => {
      await post(`${here}/${is}`);
      await again();
      changed();
    };
    const letGo = async () => {
      if (!(await confirm('Let it go?', 'This memory is deleted. Verdicts and the audit trail keep theirs. It cannot be taken back.', 'Let it go', 'grave'))) return false;
      await tellTo('DELETE', here);
      say('It is gone.');
      close();
      changed();
      return true;
    };
    return [h('p.statement', one.text),
      facts([['When', at(one.at, true)], ['Of', being(one.entity)], ['Said by', `${one.client}${one.user && one.user !== one.client ? ` (${one.user})` : ''}`], ['Kind', one.kind], ['Topic', h('code', one.topic)],
        ['Kept', LAYERS[one.layer] ?? one.layer], ['Matters', fixed(one.importance)], ['Recalled', plural(one.recalled, 'time')], one.about && ['About', one.about], one.superseded_by && ['Newer', h('code', one.superseded_by)]]),
      section(`As it came (${bytes(one.payload_bytes)})`, one.payload === null ? h('p.quiet', 'It is no text.') : raw('Payload', pretty(one.payload))),
      MAY.speak() ? h('div.row', one.pinned ? doer('Keep it no longer than others', keep('unpin')) : doer('Keep it for good', keep('pin')),
        MAY.forget() && doer('Let it go…', letGo, { kind: 'grave' })) : lacks('operator', 'admin')];
  });
}

export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function figures(told) {
  const layers = Object.entries(told.records ?? {});
  const sums = Object.entries(told.summaries ?? {});
  return facts([...layers.map(([name, n]) => [`Kept ${LAYERS[name] ?? name}`, h('b.big', count(n))]), told.pinned !== undefined && ['Kept for good', h('b.big', count(told.pinned))],
    ...sums.map(([name, n]) => [`Sums of ${name.replace('_', ' ')}`, count(n)]),
    ['Oldest', at(told.oldest_at)], ['Database', bytes(told.database_bytes)], ['Index', `${bytes(told.index_bytes)}, ${plural(told.index_records, 'record')}`],
    ['At hand', `${bytes(told.working_bytes)} of ${bytes(told.working_room_bytes)}${told.working_hit_rate === null ? '' : `, ${percent(told.working_hit_rate)} found there`}`],
    ['Asked', `${plural(told.recalls, 'time')}, half within ${micros(told.recall_p50_micros)}`], ['Written a day', bytes(told.written_bytes_a_day)], told.index_lag !== undefined && ['Index behind by', number(told.index_lag)]]);
}

export const audit = { title: () => 'Audit trail', open: openAudit };

const WAIT = 2000;
const PAGE = 200;

function openAudit(place) {
  let newest = 0;
  const asks = { actor: place.query.get('actor') ?? '', action: place.query.get('action') ?? '' };
  const load = async (cursor, signal) => {
    const found = await get('/v1/audit', { ...asks, limit: PAGE, cursor }, signal);
    if (!cursor) newest = found.data[0]?.seq ?? 0;
    return found;
  };
  const list = endless(place, { label: 'Audit trail, newest first. Enter opens a row.', noun: 'rows', kind: 'audit', key: (one) => one.seq, fill: fillRow,
    open: openRow, load, none: () => empty('Nothing like that was done.', 'Each start, login, order and refusal stands here; actor and action are whole words.') });

  /** What was written since; where that is more than a page, all is read anew. */
  async function look() {
    const { data } = await get('/v1/audit', { ...asks, limit: PAGE }, place.signal);
    const fresh = data.filter((row) => row.seq > newest);
    if (fresh.length === PAGE) list.again();
    else if (newest && fresh.length) {
      newest = fresh[0].seq;
      list.add(fresh);
    }
  }
  let soon = 0;
  const later = () => {
    soon = 0;
    look().catch((error) => console.debug(error));
  };
  place.end(listen(['verdict', 'approval', 'guard', 'alert', 'phoenix', 'shadow', 'system'], () => (soon ||= setTimeout(later, WAIT))));
  place.end(() => clearTimeout(soon));
  const changed = (name) => ({ onchange: ({ target }) => {
    asks[name] = target.value.trim();
    remember('audit', asks);
    list.again();
  } });
  return page('Audit trail', 'Who did what to the house. Each row seals those before it: “jamey audit verify” tells whether that holds.',
    form('Filters', [field('Who', word(asks.actor, 'anybody', changed('actor'))), field('What', word(asks.action, 'guard-mode', changed('action')))]), list.nodes);
}

function fillRow(row, one) {
  put(row, h('time.num', { datetime: one.at }, clockSeconds(one.at), !isToday(one.at) && h('small', date(one.at))), h('span.num.quiet', `#${one.seq}`),
    h('b.id', one.actor), h('span.says', one.action, one.subject && ` · ${one.subject}`), h('span.reason', one.detail));
  row.setAttribute('aria-label', `${clockSeconds(one.at)}, ${one.actor}: ${one.action}. ${one.detail}`);
}

function openRow(one) {
  const { dialog } = sheet(`Row ${one.seq}`);
  dialog.append(h('div.body', h('p.statement', `${one.actor}: ${one.action}`), h('p', one.detail),
    facts([['When', at(one.at, true)], ['Who', one.actor], one.subject && ['Of what', h('code', one.subject)]]), h('p.quiet', 'Seal: ', h('code', one.hash))));
}
