// How it judges, and what may be chosen while it does.

import { at, bytes, choice, confirm, count, diary, doer, facts, field, fixed, form, h, lacks, mark, meter, micros, page, panel, percent, plural, put, raw, say, section, span, status, table, trouble, whyButton, word } from '../parts.js';
import { MAY, get, logOut, may, pages, path, post, read, session, tellTo } from '../wire.js';

export const rules = { title: ({ rest }) => rest[0] ?? 'Rules', open: openRules };

function openRules(place) {
  if (place.rest.length) return one(place);
  let [all, text] = [[], place.query.get('text') ?? ''];
  const list = h('div');
  const draw = () => list.replaceChildren(...byDuty(all.filter((rule) => `${rule.id} ${rule.duty} ${rule.kind} ${rule.when}`.toLowerCase().includes(text.toLowerCase()))));
  const loaded = panel(place, { load: async (signal) => (await pages('/v1/rules', {}, { signal })).data, kinds: ['guard', 'alert'], wait: 3000, show: (data) => {
    all = data;
    draw();
    return list;
  } });
  return page('Rules', 'By these it is judged. Each has examples that must hold before it is loaded; their shares sum to the score.',
    section('The rules that hold', form('Which rules', field('Search', word(text, 'id, duty, word', { type: 'search', oninput: (event) => { text = event.target.value; draw(); } }))), loaded),
    section('Your own', MAY.guard() ? own(place, () => loaded.reload()) : lacks('approver', 'admin')),
    section('A candidate beside them', panel(place, { load: (signal) => get('/v1/rules/shadow', { show: 20 }, signal), show: shadow, kinds: ['shadow'], wait: 3000 })));
}

const SAYS = { veto: 'denies', escalate: 'asks', weigh: 'weighs' };

function byDuty(rules) {
  if (!rules.length) return [h('p.quiet', 'No rule is like that.')];
  const duties = rules.reduce((all, rule) => all.set(rule.duty, [...(all.get(rule.duty) ?? []), rule]), new Map());
  return [...duties].map(([duty, of]) => h('div.duty', h('h3', `${duty[0].toUpperCase()}${duty.slice(1)} (${of.length})`), h('ul.rules', of.map(line))));
}

const line = (rule) => h('li', h('a', { href: `#/rules/${encodeURIComponent(rule.id)}` }, rule.id), h('span.kind.quiet', SAYS[rule.kind] ?? rule.kind),
  meter(rule.weight / 10, rule.polarity < 0 ? 'against' : ''), h('span.num', { title: rule.weighed_by ? `weighed by ${rule.weighed_by}` : '' }, h('span.unseen', 'weight '), fixed(rule.weight, 1)), h('code', rule.when));

function one(place) {
  const id = place.rest[0];
  return [h('header.head', h('p', h('a', { href: '#/rules' }, '‹ Rules')), h('h1', id)),
    panel(place, { what: 'div.roomy', load: (signal) => get(path('rules', id), null, signal), show: ({ rule, weight_from: from }) => [h('p.lead', rule.says ?? ''),
      facts([['Duty', rule.duty], ['Kind', `${rule.kind}: it ${SAYS[rule.kind] ?? ''}`], ['Speaks', rule.polarity > 0 ? 'for the request' : 'against it'],
        ['Weight', `${fixed(rule.weight, 1)}, ${from}`], ['Severity', percent(rule.severity)], ['When nobody answers', rule.at_expiry],
        ['Learns from answers', rule.learnable ? 'yes' : 'no'], ['File', rule.file]]),
      section('When it fires', raw('Condition', rule.when), rule.degree && h('p', 'How far: ', h('code', rule.degree)), rule.overrides.length > 0 && h('p', `It silences ${rule.overrides.join(', ')}.`)),
      section('Examples', h('ul.plain', rule.examples.map((example) => h('li', `${example.name}: it ${example.fires ? 'fires' : 'does not'}`)))), rule.source && h('p.quiet', `After: ${rule.source}`)] }),
    section('Where it spoke last', panel(place, { load: (signal) => get('/v1/verdicts', { rule: id, limit: 10 }, signal), kinds: ['verdict'], wait: 2000, show: ({ data }) => (data.length
      ? diary(data)
      : h('p.quiet', 'Not among the newest verdicts.')) }), h('p', h('a', { href: `#/timeline?rule=${encodeURIComponent(id)}` }, 'All that it spoke in')))];
}

function shadow({ shadow: tally, newest }) {
  if (!tally) return h('p.quiet', 'None judges beside the rules. A file named as ', h('code', 'shadow'), ' under [conscience] in the config would: what it would say otherwise is counted here, and no verdict changes.');
  return [h('p', h('b', tally.candidate), ' since ', at(tally.since), `: ${plural(tally.disagreed, 'other verdict')} of ${count(tally.judged)}.`),
    h('p.changes', Object.entries(tally.changes).map(([what, n]) => h('span', `${what} `, h('b.num', count(n))))), turned(newest.map((one) => ({ ...one, from: one.live, to: one.shadow })))];
}

const turned = (all) => h('ol.lines', all.map((one) => h('li', at(one.at, true), h('span', mark(one.from), ' → ', mark(one.to), ` ${one.requester}: ${one.verb} ${one.target}`),
  h('small', one.rule ?? ''), whyButton(one.percept, one.ordinal))));

// The owner's own file of rules: written, checked while it is, tried on what was judged, and then set whole or not at all.

const SOURCE = '/v1/rules/source';
const NAME = 'rules/own.toml';
const PAUSE = 450;
const EXAMPLE = `# Rules of your own, laid over those that hold. [weights] changes how much a shipped one counts.
[[rule]]
id = "MINE-1-sauna"
says = "the sauna stays off while nobody is home"
duty = "non-maleficence"
kind = "weigh"
polarity = -1
weight = 7
severity = 0.9
when = "'sauna' in dev.tags && act.verb == 'on' && !ctx.home"
[[rule.examples]]
fires = true
name = "on in an empty house"
dev = { tags = ["sauna"] }
ctx = { home = false }
[[rule.examples]]
fires = false
name = "on, somebody home"
dev = { tags = ["sauna"] }
`;

function own(place, done) {
  let etag = null;
  // Nothing is written before it is known what stands: that is what it would be laid over.
  const text = h('textarea', { disabled: true, spellcheck: 'false', autocapitalize: 'none', autocomplete: 'off', wrap: 'off', maxlength: '65536', 'aria-describedby': 'own-hint' });
  const lines = h('pre', { 'aria-hidden': 'true' });
  const told = status('div');
  const state = h('p.quiet');
  const tried = status('div');
  const spans = choice([['1d', 'the last day'], ['7d', 'the last week'], ['30d', 'the last month'], ['', 'all that is kept']], '30d');

  async function load() {
    try {
      const found = await read(SOURCE, { signal: place.signal });
      etag = found.etag;
      text.value = found.data.text;
      text.disabled = false;
      away.hidden = !found.data.set;
      begin.hidden = false;
      put(state, found.data.set ? ['Set ', at(found.data.set_at), '. ', milder(found.data.milder)] : 'Nothing is set: what the config names holds by itself.');
      number();
      put(told);
    } catch (error) {
      if (error.name !== 'AbortError') put(state, trouble(error, load));
    }
  }

  function number(bad = new Map()) {
    const n = text.value.split('\n').length;
    put(lines, Array.from({ length: n }, (_, i) => [bad.has(i + 1) ? h('span.bad-line', { title: bad.get(i + 1) }, `${i + 1}`) : `${i + 1}`, '\n']));
    lines.scrollTop = text.scrollTop;
  }

  function mistakes(errors) {
    number(new Map(errors.filter((one) => one.line).map((one) => [one.line, one.message])));
    put(told, h('p.told.bad', `${plural(errors.length, 'mistake')}: it would not hold.`),
      h('ul.mistakes', errors.map((one) => h('li', h('button.plain', { onclick: () => goTo(one) }, one.line ? `Line ${one.line}` : one.file), ` ${one.message}`,
      one.picture && h('pre', { tabindex: '0', 'aria-label': 'Where it is' }, one.picture)))));
  }

  function goTo({ line, column }) {
    const before = text.value.split('\n').slice(0, (line ?? 1) - 1).reduce((sum, one) => sum + one.length + 1, 0);
    text.focus();
    text.setSelectionRange(before + (column ?? 1) - 1, before + (column ?? 1));
    text.scrollTop = Math.max(0, ((line ?? 1) - 4) * parseFloat(getComputedStyle(text).lineHeight));
  }

  let soon = 0;
  let checking = null;
  async function check() {
    checking?.abort();
    const mine = (checking = new AbortController());
    const body = text.value;
    try {
      const found = await post('/v1/rules/check', { text: body, name: NAME }, { signal: mine.signal });
      if (mine.signal.aborted || body !== text.value) return;
      if (!found.good) mistakes(found.errors);
      else {
        number();
        put(told, h('p.told', `It is good: ${plural(found.rules, 'rule')} in all, ${plural(found.examples, 'example')} behave.${found.replaced.length ? ` It stands in for ${found.replaced.join(', ')}.` : ''}`), milder(found.milder));
      }
    } catch (error) {
      if (!mine.signal.aborted) put(told, trouble(error, check));
    }
  }

  async function replay() {
    const begun = Date.now();
    const tick = setInterval(() => put(tried, h('p.quiet', `What was asked is judged again… ${span((Date.now() - begun) / 1000)}`), h('progress', { 'aria-label': 'Replay' })), 500);
    try {
      const found = await post('/v1/rules/replay', { text: text.value, name: NAME, since: spans.value || undefined, show: 50 }, { signal: place.signal });
      clearInterval(tick);
      put(tried, h('p', h('b', found.changed ? `${plural(found.changed, 'verdict')} of ${count(found.judged)} would be others.` : `None of ${plural(found.judged, 'verdict')} would be another.`),
        found.already ? ` The rules of today would give ${count(found.already)} otherwise by themselves.` : '',
        found.whole ? '' : ' There is more on record than one replay judges: take a shorter time.'),
        h('p.changes', Object.entries(found.changes).map(([what, n]) => h('span', `${what} `, h('b.num', count(n))))),
        found.changed > 0 && h('p.quiet', `By ${Object.entries(found.rules).map(([rule, n]) => `${rule || 'no single rule'} (${count(n)})`).join(', ')}.`), turned(found.shown));
    } catch (error) {
      clearInterval(tick);
      put(tried);
      if (error.errors) mistakes(error.errors);
      throw error;
    }
  }

  async function set() {
    try {
      await tellTo('PUT', SOURCE, { text: text.value }, { etag });
    } catch (error) {
      if (error.errors) mistakes(error.errors);
      if (error.status === 412) put(told, h('p.told.bad', 'Somebody else has set other rules since you read them. What you wrote is still here; copy it before you read theirs.'),
        h('button', { onclick: load }, 'Read what is set now'));
      throw error;
    }
    await load();
    done();
  }

  async function unset() {
    if (!(await confirm('Take your own rules away?', 'What the config names holds by itself then.', 'Take them away', 'grave'))) return false;
    await tellTo('DELETE', SOURCE, undefined, { etag });
    await load();
    done();
    return true;
  }

  text.addEventListener('input', () => {
    number();
    clearTimeout(soon);
    soon = setTimeout(check, PAUSE);
  });
  text.addEventListener('scroll', () => (lines.scrollTop = text.scrollTop), { passive: true });
  place.end(() => checking?.abort());
  const begin = h('button', { hidden: true, onclick: () => {
    text.value = text.value ? `${text.value.trimEnd()}\n\n${EXAMPLE}` : EXAMPLE;
    say('An example was put in.');
    number();
    check();
    text.focus();
  } }, 'Put an example in');
  const away = doer('Take them away…', unset, { kind: 'grave' });
  away.hidden = true;
  load();
  const labelled = field('Your own rules and weights (TOML)', text);
  const editor = h('div.editor', lines, text);
  return [h('p.quiet', { id: 'own-hint' }, 'Laid over what the config names: set whole, or not at all. It is checked as you type.'), state, h('div.field', labelled.querySelector('label'), editor), told,
    h('div.row', doer('Set them', set, { kind: 'primary', said: 'They are on disk, and hold.' }), away, begin),
    h('h3', 'What if? Try it on what was judged'), h('div.row.low', field('Over', spans), doer('Judge again', replay)), tried];
}

const milder = (all) => all.length > 0 && h('p.note', `It takes care away: ${all.join('; ')}.`);

export const settings = { title: () => 'Settings', open: openSettings };

const OPTIONS = [
  { name: 'mode', title: 'Guard', says: 'Enforce: what the conscience refuses does not reach the device. Observe: it is judged and told, and goes on.',
    control: (holds) => choice([['observe', 'Observe'], ['enforce', 'Enforce']], holds), body: (value) => ({ mode: value }), milder: (value, holds) => holds === 'enforce' && value !== 'enforce' },
  { name: 'profile', title: 'Profile', says: 'By which weights and bars it judges.', control: (holds) => choice([['home', 'Home'], ['workshop', 'Workshop'], ['strict', 'Strict']], holds),
    body: (value) => ({ profile: value }), milder: (value, holds) => holds === 'strict' && value !== 'strict' },
  { name: 'strictness', title: 'Strictness', says: 'So much higher the bars stand than the profile has them.',
    control: (holds) => h('input', { type: 'range', min: '0', max: '0.3', step: '0.01', value: String(holds) }), body: (value) => ({ strictness: value === 'config' ? null : Number(value) }),
    milder: (value, holds) => Number(value) < holds },
];

function openSettings(place) {
  return page('Settings', null,
    section('How the guard stands', MAY.guard() ? null : lacks('approver', 'admin'), h('div.two', OPTIONS.map((one) => option(place, one)))),
    section('What is judged', panel(place, { load: (signal) => get('/v1/guard/coverage', null, signal), show: coverage, kinds: ['guard'], wait: 3000 })),
    section('How this looks', themes()),
    section('Who you are', whoami(place)),
    section('The process', panel(place, { load: (signal) => get('/v1/system', null, signal), show: system, kinds: ['system'], wait: 5000 })),
    section('The config', may('admin') ? panel(place, { load: (signal) => get('/v1/config', null, signal), show: config }) : lacks('admin')));
}

function option(place, one) {
  const where = `/v1/guard/${one.name}`;
  const element = panel(place, {
    load: (signal) => read(where, { signal }), kinds: ['guard', 'system'], wait: 1000,
    show: ({ data, etag }) => {
      const control = one.control(data.holds);
      const out = one.name === 'strictness' && h('output.num', { for: 'strictness' }, fixed(data.holds));
      if (out) {
        control.id = 'strictness';
        control.addEventListener('input', () => (out.textContent = fixed(Number(control.value))));
      }
      control.dataset.k = one.name;
      const choose = (value) => async () => {
        const wanted = value ?? control.value;
        if (one.milder(wanted === 'config' ? data.config : wanted, data.holds) && !(await confirm('Less care?',
          `${one.title}: from ${data.holds} to ${wanted === 'config' ? data.config : wanted}. Less is held or asked then, and an alert says so.`, 'Yes', 'grave'))) return false;
        try {
          await tellTo('PUT', where, one.body(wanted), { etag });
        } catch (error) {
          if (error.status === 412) throw new Error('Somebody else has chosen since you looked. It is read anew.', { cause: error });
          throw error;
        } finally {
          setTimeout(() => element.reload(), 600);
        }
        say(`${one.title} is chosen.`);
        return true;
      };
      const chosen = data.chosen ? ['Chosen by ', h('b', data.chosen.by), ', ', at(data.chosen.at), `; the config says ${data.config}.`] : 'As the config says.';
      return h('div.field', h('h3', one.title), h('p.quiet', one.says), data.off_until && h('p.note', 'The glass is broken: nothing is held until ', at(data.off_until)),
        MAY.guard() ? [field(`${one.title} that holds`, control), out, h('p.quiet', chosen),
          h('div.row', doer('Choose', choose(), { kind: 'primary', key: `choose-${one.name}`, said: 'It holds.' }),
          data.chosen && doer('As the config says', choose('config'), { key: `config-${one.name}` }))] : [h('p', h('b.big', String(data.holds))), h('p.quiet', chosen)]);
    },
  });
  return element;
}

function coverage(told) {
  const devices = new Map();
  for (const one of told.actuators) devices.set(one.device, [...(devices.get(one.device) ?? []), one]);
  const open = told.actuators.filter((one) => one.judged === 'no');
  const row = (one) => h('tr', h('th', { scope: 'row' }, one.device), h('td', one.class), h('td.right', percent(one.risk)), h('td', { class: one.judged === 'no' ? 'out-word' : '' }, one.judged),
    h('td', h('code', one.topic)), h('td', one.why));
  return [h('p', `${plural(devices.size, 'actuator')}, ${plural(told.actuators.length, 'topic')}, ${count(open.length)} of them not judged.`),
    told.not_judged_at && h('p.note', `What is sent at ${told.not_judged_at} directly is not judged.`),
    told.owner_guards.length > 0 && h('p.quiet', 'Named by you: ', told.owner_guards.join(', ')),
    devices.size > 0 && h('details', { 'data-k': 'coverage' }, h('summary', 'Each topic, and why'),
      table('Coverage', ['Device', 'Class', { text: 'Risk', right: true }, 'Judged', 'Topic', 'Why'], told.actuators.slice(0, 1000).map(row)))];
}

function themes() {
  const now = localStorage.getItem('theme') ?? 'system';
  const choose = (theme) => () => {
    if (theme === 'system') {
      localStorage.removeItem('theme');
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem('theme', theme);
      document.documentElement.dataset.theme = theme;
    }
  };
  return h('fieldset', h('legend.unseen', 'Theme'), h('div.choices', [['system', 'As the system has it'], ['light', 'Light'],
    ['dark', 'Dark']].map(([theme, text]) => h('label', h('input', { type: 'radio', name: 'theme', value: theme, checked: theme === now, onchange: choose(theme) }), text))));
}

function whoami(place) {
  if (session.open) return h('p.quiet', 'There are no users, and you are at this host: you may read, and nobody may change anything. “jamey user add anna --role admin” changes that.');
  return [facts([['User', h('b', session.user ?? '–')], ['Roles', session.roles.join(', ') || 'none'], ['May change something', session.changes ? 'yes' : 'no'],
    session.expires_at && ['Logged in until', at(session.expires_at)], ['Jamey', session.version]]),
    h('div.row', doer('Log out', async () => { await logOut(); place.leave(); }))];
}

function system(told) {
  const rows = [['Up for', span(told.uptime_seconds)], ['Memory', `${bytes(told.process_resident_bytes)}; ${bytes(told.host_memory_available_bytes)} of ${bytes(told.host_memory_total_bytes)} free`],
    ['Processor', told.process_cpu_percent === null ? '–' : `${fixed(told.process_cpu_percent, 1)} %`],
    ['Messages', count(told.messages)], ['From request to verdict', `half within ${micros(told.judged_p50_micros)}, 99 of 100 within ${micros(told.judged_p99_micros)}`],
      ['A batch on disk', `half within ${micros(told.store.write_p50_micros)}, 99 of 100 within ${micros(told.store.write_p99_micros)}`],
      ['Store', told.store.failing ? `failing: ${told.store.error}` : 'well'], ['Journal of the database', bytes(told.store.wal_bytes)]];
  return facts(rows);
}

const config = ({ file, options }) => h('div', h('p.quiet', file ? ['Read from ', h('code', file), '.'] : 'From no file: each option at its default.', ' Secrets are not shown.'),
  Object.entries(options).map(([key, value]) => h('details', { 'data-k': `config-${key}` }, h('summary', key), raw(key, JSON.stringify(value, null, 2)))));
