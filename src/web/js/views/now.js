// What is now: the house at one look, what waits for a person, and the door.

import { ago, at, being, bytes, clockSeconds, confirm, count, decided, diary, doer, does, empty, field, fixed, h, lacks, mark, number, opinion, page, panel, percent, plural, say, section, span, status, when, whyButton } from '../parts.js';
import { decisions, moodPlane } from '../plot.js';
import { MAY, get, logIn, pages, path, post, session } from '../wire.js';

export const overview = { title: () => 'Overview', open: openOverview };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SHOWN = 8;
/** More than these no stroke can be told from its neighbour. */
const STROKES = 2000;

function openOverview(place) {
  const glance = panel(place, { load: (signal) => get('/v1/glance', null, signal), show: first, kinds: ['verdict', 'approval', 'alert', 'entity', 'guard', 'phoenix'], every: 60 });
  const alerts = panel(place, { load: (signal) => get('/v1/alerts', null, signal), show: (page) => wrong(page, () => alerts.reload()), kinds: ['alert'], wait: 300, quiet: true });
  const day = panel(place, { load: (signal) => lastDay(signal), show: strip, kinds: ['verdict'], wait: 3000, every: 300 });
  const newest = panel(place, { load: (signal) => get('/v1/verdicts', { limit: SHOWN }, signal),
    show: ({ data }) => (data.length ? diary(data) : empty('Nothing was judged yet.', 'Each request to a guarded device is told here, with its reason.')), kinds: ['verdict'], wait: 700 });
  return [glance, alerts, h('section', day),
    section('Decided last', newest, h('p', h('a', { href: '#/timeline' }, 'All decisions'))), inner(place)];
}

function sentence(told) {
  if (told.guard === 'off') return ['The guard is off.', 'Nothing is held until it is put back.'];
  if (told.critical) return [`${plural(told.alerts.critical, 'critical alert')}.`, 'What is wrong, and what to do, stands below.'];
  if (told.held) return [told.held === 1 ? 'One request waits.' : `${count(told.held)} requests wait.`, MAY.approve() ? 'They wait for your word.' : 'They wait for an approver.'];
  if (told.problem) return ['Something is not right.', 'It stands below.'];
  return ['All is well.', told.denied_today ? `${plural(told.denied_today, 'request was', 'requests were')} denied today.` : 'Nothing was denied today.'];
}

function first(told) {
  const [says, more] = sentence(told);
  const stale = told.last_backup_hours > 48 || told.last_drill === 'failed';
  const all = told.coverage.judged + told.coverage.not_judged;
  return [
    h('header.hero', h('h1', { tabindex: '-1' }, says), h('p.lead', more)),
    h('ul.figures', { 'aria-label': 'How the house stands' },
      figure('Held', count(told.held), told.held ? 'wait for a person' : 'nothing waits', '#/approvals', told.held && 'held'),
      figure('Denied today', count(told.denied_today), `${told.verdicts_a_minute} judged a minute`, '#/timeline?decision=deny', told.denied_today && 'denied'),
      figure('Silent', count(told.silent), told.silent ? 'fell silent' : `of ${plural(told.entities, 'entity', 'entities')}`, '#/entities?show=silent', told.silent && 'held'),
      figure('Last backup', told.last_backup ? since(told.last_backup_hours) : 'none', drill(told), '#/snapshots', (stale || !told.last_backup) && 'held'),
      figure('Guard', told.guard === 'enforce' ? 'enforces' : told.guard === 'off' ? 'off' : 'observes', `${told.coverage.judged} of ${plural(all, 'actuator')} judged`, '#/settings', told.guard !== 'enforce' && 'held'),
      figure('Trusted', count(told.trusted), `${count(told.distrusted)} distrusted`, '#/entities?sort=trust', null)),
    told.newer && h('p.note', `Version ${told.newer} stands ready: start Jamey again to have it.`),
  ];
}

const since = (hours) => (hours < 1 ? 'this hour' : `${span(hours * 3600)} ago`);
const drill = (told) => (told.last_drill ? `drill ${told.last_drill}` : told.last_backup ? 'not drilled yet' : 'no snapshot yet');

const figure = (name, value, note, href, kind) =>
  h('li', h('a', { href, class: kind || '' }, h('span.name', name), ' ', h('b.big', value), ' ', h('small', note)));

function wrong(page, again) {
  if (!page.alerts.length) return [];
  return h('section', h('h2', 'Alerts'), h('ul.alerts', page.alerts.map((alert) => one(alert, again))),
    page.more ? h('p.quiet', `${plural(page.more, 'more stands', 'more stand')} besides.`) : null);
}

function one(alert, again) {
  const seen = alert.acknowledged;
  const act = seen
    ? h('p.quiet', `Seen by ${seen.by}, `, at(seen.at))
    : MAY.acknowledge(alert.code)
      ? doer('I have seen it', () => post(path('alerts', alert.code, 'acknowledge')).then(again), { kind: 'small', key: alert.code })
      : h('p.quiet', 'Nobody has seen it yet.');
  return h('li', { class: `${alert.severity}${seen ? ' seen' : ''}` },
    h('p', h('b.severity', alert.severity === 'critical' ? 'Critical' : 'Warning'), ' ', h('code', alert.code), ' · ', ago(alert.since), alert.times > 1 && ` · ${alert.times} times`),
    h('p', alert.text), h('p.quiet', alert.what_to_do), act);
}

async function lastDay(signal) {
  // Whole minutes, so that the same answer is known as the same.
  const to = Math.ceil(Date.now() / 60_000) * 60_000;
  const { data } = await pages('/v1/verdicts', { from: new Date(to - DAY).toISOString() }, { most: STROKES, signal });
  return { to, rows: data.map(({ at: t, decision, request }) => ({ at: t, decision, who: request.entity, verb: request.verb, target: request.target })) };
}

function strip({ to, rows }) {
  const counts = { allow: 0, escalate: 0, deny: 0 };
  rows.forEach((row) => (counts[row.decision] += 1));
  const legend = h('p.legend', ['allow', 'escalate', 'deny'].map((decision) => h('span', mark(decision), ' ', h('b.num', count(counts[decision])))));
  if (!rows.length) return empty('Nothing was asked for in a day.', 'What devices and people ask of locks, valves and lamps stands here, as it is judged. “jamey demo” plays a small house for a minute.');
  const full = rows.length >= STROKES;
  const first = Date.parse(rows.at(-1).at);
  // A young house, or a busy one, has its hours drawn wider.
  const hours = full ? null : [3, 6, 12, 24].find((one) => first > to - one * HOUR) ?? 24;
  const from = hours ? to - hours * HOUR : first;
  const strokes = rows.map((row) => ({ t: Date.parse(row.at), decision: row.decision, text: `${clockSeconds(row.at)} ${row.who}: ${row.verb} ${row.target}, ${decided(row.decision)}` }));
  return [h('h2', hours ? `The last ${hours} hours` : `Since ${when(from)}`), decisions({ rows: strokes, from, to }), legend];
}

function inner(place) {
  const details = h('details.inner', { 'data-k': 'inner' }, h('summary', h('h2', 'How Jamey itself is')));
  details.addEventListener('toggle', () => {
    if (!details.open || details.querySelector('.three')) return;
    details.append(h('div.three',
      panel(place, { load: (signal) => get('/v1/mind/emotion', null, signal), show: mood, kinds: ['emotion'], wait: 1500 }),
      panel(place, { load: (signal) => get('/v1/mind', null, signal), show: focus, kinds: ['consciousness'], wait: 1500 }),
      panel(place, { load: (signal) => get('/v1/mind/phi', null, signal).catch((error) => (error.status === 404 ? {} : Promise.reject(error))), show: phi, kinds: ['phi'], wait: 1500 })));
  });
  return details;
}

const mood = ({ mood: is, emotions }) => [h('h3', 'Mood'), moodPlane(is), h('p', h('b', is.octant), ` (${is.strength})`, emotions[0] && `; ${emotions[0].text}`)];

const focus = (mind) => [h('h3', 'Focus'), h('p', h('b', mind.state), ' since ', ago(mind.since)),
  mind.focus ? h('p', mind.focus.text, ' ', being(mind.focus.entity)) : h('p.quiet', 'Nothing has the focus.'),
  h('p.quiet', `${mind.reason}; ${plural(mind.candidates, 'thing')} would have it.`)];

const phi = (told) => [h('h3', 'Φ, whether the parts work as one'),
  typeof told.value === 'number'
    ? [h('p', h('b.big', fixed(told.value, 3)), ` ${told.unit ?? ''}`), h('p.quiet', told.mip?.text ?? `${number(told.samples)} samples`)]
    : h('p.quiet', 'It is known some minutes after a start.'),
  told.exact && typeof told.exact.phi === 'number' ? h('p.quiet', `Exact Φ ${fixed(told.exact.phi, 3)}`) : null, h('p', h('a', { href: '#/mission' }, 'More of it'))];

export const approvals = { title: () => 'Approvals', open: openApprovals };

/** From this risk on one click is not enough. */
const GRAVE = 0.6;
const ANSWERED = 30;

function openApprovals(place) {
  const lead = 'What the conscience leaves to a person waits here. It is judged again after your word, and goes on as it came, or not at all.';
  if (!MAY.seeHeld()) {
    const counted = panel(place, { load: (signal) => get('/v1/glance', null, signal), kinds: ['verdict', 'approval'],
      show: ({ held }) => empty(held ? `${plural(held, 'request waits', 'requests wait')}.` : 'Nothing waits.', 'What it is, approvers and administrators see.', lacks('approver', 'admin')) });
    return page('Approvals', lead, counted);
  }
  const past = panel(place, { load: (signal) => get('/v1/approvals', { state: 'settled', limit: ANSWERED }, signal), kinds: ['approval'],
    show: ({ data }) => (data.length ? h('ul.settled', data.map(settled)) : h('p.quiet', 'Nothing was answered yet.')) });
  const result = status('p.told');
  const now = panel(place, {
    load: (signal) => waiting(signal), kinds: ['approval'], wait: 400,
    show: (all) => (all.length ? h('ul.waits', all.map((one) => card(one, answered))) : empty('Nothing waits for you.',
      'When a request is too risky for what is known of who asks, it is held and stands here, with a countdown. Here it is answered, on a telephone too.')),
  });
  const answered = (text) => {
    result.textContent = text;
    now.reload();
    past.reload();
  };
  const tick = setInterval(() => tell(now), 1000);
  place.end(() => clearInterval(tick));
  return page('Approvals', lead, !MAY.approve() && lacks('approver'), h('div', result, now), section('Answered before', past));
}

async function waiting(signal) {
  const { data } = await get('/v1/approvals', { limit: 200 }, signal);
  const known = async (one) => ({ ...one, asker: await get(path('entities', one.requester), null, signal).catch(() => null) });
  return Promise.all(data.map(known));
}

function tell(panel) {
  let over = false;
  for (const one of panel.querySelectorAll('.left')) {
    const [from, to] = [Number(one.dataset.from), Number(one.dataset.to)];
    const left = Math.max(0, to - Date.now());
    over ||= !left && !one.dataset.over;
    if (!left) one.dataset.over = 'yes';
    one.querySelector('i').style.setProperty('width', `${(left / (to - from)) * 100}%`);
    one.querySelector('b').textContent = clockDown(left);
  }
  if (over) setTimeout(panel.reload, 1500);
}

const clockDown = (ms) => (ms <= 0 ? 'over' : `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')} left`);

function card(one, answered) {
  const risk = Math.max(...one.requests.map((request) => request.risk));
  const [from, to] = [Date.parse(one.asked_at), Date.parse(one.expires_at)];
  return h('li', { 'data-id': one.id },
    h('div.left', { 'data-from': from, 'data-to': to }, h('span.time', { 'aria-hidden': 'true' }, h('i', { style: { width: `${Math.max(0, (to - Date.now()) / (to - from)) * 100}%` } })), h('b.num', clockDown(to - Date.now()))),
    h('h2.statement', being(one.requester), ' asks ', one.requests.map((request, n) => [n ? ', and ' : '', h('b', request.target), ` to ${does(request)}`])),
    one.asker && h('div.asker', opinion(one.asker), h('span.quiet', `Trusted to ${fixed(one.asker.lower_bound)} at least: ${one.asker.reasons[0] ?? one.asker.standing}`)),
    h('p', one.reason),
    h('p.quiet', `Risk ${percent(risk)}. Asked `, at(one.asked_at, true), one.client !== one.requester ? ` by the client ${one.client}` : '', ', on ',
      h('code', one.topic), '. It would go on to ', h('code', one.goes_on.topic), ' with ', h('code', one.goes_on.payload ?? bytes(one.goes_on.payload_bytes)), '.'),
    buttons(one, risk, answered));
}

function buttons(one, risk, answered) {
  const reason = whyButton(one.id, 0, 'Why it was held');
  if (one.requester === session.user) return h('div.row', h('p.lacks', 'You asked for it yourself, so somebody else must answer.'), reason);
  if (!MAY.approve()) return h('div.row', reason);
  const what = one.requests.map((request) => `${does(request)} ${request.target}`).join(', ');
  const answer = (approves) => async () => {
    const text = `${one.requester} may ${what}? The risk of it is ${percent(risk)}.`;
    if (approves && risk >= GRAVE && !(await confirm('Let it on?', text, 'Approve'))) return false;
    // What is no more waiting is not shown any more, so why it was not taken stands above.
    const came = await post(path('approvals', one.id, 'answer'), { approves, nonce: one.nonce, sha256: one.sha256 }).catch((error) => answered(error.message));
    if (!came) return false;
    const said = `${what}: ${came.settled}${came.forwarded ? ', and it went on' : approves ? `, but it did not go on: ${came.reason}` : ''}.`;
    say(said);
    answered(said);
    return true;
  };
  return h('div.row', doer('Approve', answer(true), { kind: 'primary', key: `yes-${one.id}` }), doer('Deny', answer(false), { kind: 'grave', key: `no-${one.id}` }), reason);
}

const WORDS = { approved: 'allow', refused: 'deny' };

function settled(one) {
  return h('li', at(one.asked_at), h(`span.decision.mark-${WORDS[one.settled] ?? 'escalate'}`, one.settled),
    h('span', one.by ? `by ${one.by}` : 'by nobody', one.forwarded ? ', went on ' : ', did not go on ', whyButton(one.id)), h('span.quiet', one.reason));
}

export const login = { title: () => 'Log in', open: openLogin };

function openLogin(place) {
  const user = h('input', { name: 'user', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', required: true });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const token = h('input', { name: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false', placeholder: 'jamey_…' });
  const told = h('p.told.bad', { role: 'alert' });
  const byToken = h('fieldset', { hidden: true }, h('legend.unseen', 'With a token'),
    field('Token', token, 'As “jamey token create” showed it. What it may do, you may do here.'));
  const byPassword = h('fieldset', h('legend.unseen', 'With a password'), field('User', user), field('Password', password));
  const other = h('button.plain', 'Use a token instead');
  other.addEventListener('click', () => {
    byToken.hidden = !byToken.hidden;
    byPassword.hidden = !byToken.hidden;
    user.required = password.required = byToken.hidden;
    other.textContent = byToken.hidden ? 'Use a token instead' : 'Use a password instead';
    (byToken.hidden ? user : token).focus();
  });
  const button = h('button.primary', { type: 'submit' }, 'Log in');
  const form = h('form.login', { novalidate: true }, h('h1', 'Jamey'), h('p.lead', 'Who is there?'), byPassword, byToken, told, button, other);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const proof = byToken.hidden ? { user: user.value.trim(), password: password.value } : { token: token.value.trim() };
    if (Object.values(proof).some((one) => !one)) {
      told.textContent = byToken.hidden ? 'It takes both, a user and a password.' : 'It takes a token.';
      (byToken.hidden ? (user.value ? password : user) : token).focus();
      return;
    }
    button.disabled = true;
    told.textContent = '';
    try {
      await logIn(proof);
      place.enter();
    } catch (error) {
      told.textContent = error.status === 401 ? 'That is not known here. Who guesses is kept waiting.' : error.message;
      button.disabled = false;
      (byToken.hidden ? password : token).select();
    }
  });
  requestAnimationFrame(() => user.focus());
  return form;
}
