// Where dialled numbers go, and which route a number takes.

import { el, put } from '../dom.js';
import { del, get, part, patch, post } from '../api.js';
import { attempt, badge, button, confirm, empty, form, head, Listing, search, trouble } from '../parts.js';
import { commas, quote, words } from '../format.js';
import { routersSection } from './routers.js';

export default function routes(root, ctx) {
  const asked = { q: ctx.query.get('q') ?? '' };
  const filters = () => { ctx.keep(asked); return { filter: asked.q && `(name:${quote(asked.q)} OR prefix:${quote(asked.q)} OR peer:${quote(asked.q)})` }; };
  const list = new Listing({
    path: 'v1/routes', field: 'routes', key: r => r.name, types: ['resource.'], every: 30000, caption: 'Routes', query: filters(),
    columns: [
      { title: 'Route', cell: r => r.name },
      { title: 'Numbers', class: 'wide', cell: r => el('span', null, r.regex ? el('code', null, r.regex) : r.prefix ? el('code', null, r.prefix + '…') : 'all', r.direction === 'FROM_PEER' && ' (called by the peer)') },
      { title: 'Peer', cell: r => el('a', { href: `#/peers/${part(r.peer)}` }, r.peer) },
      { title: 'Then', class: 'wide', cell: r => r.failover.join(', ') },
      { title: 'Priority', class: 'num', cell: r => String(r.priority) },
      { title: 'Digits', cell: r => r.maxDigits ? r.minDigits === r.maxDigits ? `exactly ${r.maxDigits}` : `${r.minDigits || 1} to ${r.maxDigits}` : r.minDigits ? `${r.minDigits} or more` : 'any' },
      { title: 'Rewritten', cell: r => rewriting(r.called ?? r) || '–' },
      { title: 'Only', class: 'wide', cell: r => [r.from?.length && `from ${r.from.join(', ')}`, schedule(r.schedule), r.weight && `share ${r.weight}`].filter(Boolean).join('; ') },
      { title: 'From', cell: r => words(r.source) },
      ctx.may('admin') && { title: '', cell: r => r.source === 'API' ? el('div.actions', null, button('Change…', () => routeForm(r), '', { 'aria-label': `Change ${r.name}…` }), button('Delete…', () => remove(r), 'danger', { 'aria-label': `Delete ${r.name}…` })) : null },
    ].filter(Boolean),
    empty: query => query.filter ? empty('No route is like that.') : empty('There is no route: no number can be dialled.', 'Declare at least one under "routes" in lines.yaml, or create one here: an empty prefix takes every number.'),
  }, ctx.signal);
  const test = tester(ctx);
  put(root, head('Routes', 'The longest prefix wins, then the lowest priority number. A peer that is down is passed over while the route has another one.', ctx.may('admin') && button('New route…', () => routeForm(), 'primary')), test,
    el('div.filters', null, search('Name, prefix or peer', asked.q, v => { asked.q = v; list.filter(filters()); })), list.node, routersSection(ctx));
}

/** Asks where a number would go that a phone dials, or a peer calls. */
function tester(ctx) {
  const answer = el('div.answer', { 'aria-live': 'polite' });
  const input = (id, props) => el('input', { id, autocomplete: 'off', spellcheck: 'false', ...props });
  const number = input('number', { inputmode: 'tel', required: true, placeholder: '5551234' });
  const from = input('from', { placeholder: 'any', 'aria-describedby': 'fromhint' });
  const peer = input('peer', { list: 'peers', placeholder: 'none: a phone dials', 'aria-describedby': 'peerhint' });
  const caller = input('caller', { inputmode: 'tel', disabled: true, 'aria-describedby': 'callerhint' });
  const time = input('time', { type: 'datetime-local', 'aria-describedby': 'timehint' });
  const known = el('datalist', { id: 'peers' });
  const field = (label, box, hint) => el('div.field', null, el('label', { for: box.id }, label), box, hint && el('p.hint', { id: box.id + 'hint' }, hint));
  // One of them calls: a line, or a peer for somebody.
  const settle = () => { from.disabled = !!peer.value.trim(); caller.disabled = !from.disabled; };
  peer.addEventListener('input', settle);
  get('v1/peers', { pageSize: 1000 }, ctx.signal).then(found => put(known, found.peers.map(p => el('option', { value: p.name }))), () => { /* typed, then */ });
  return el('form.tester', {
    onsubmit: async event => {
      event.preventDefault();
      put(answer, el('p', null, 'Asking…'));
      const calls = peer.value.trim();
      const body = { number: number.value.trim(), ...(calls ? { peer: calls, caller: caller.value.trim() } : { from: from.value.trim() }), ...(time.value && { time: new Date(time.value).toISOString() }) };
      try {
        const found = await post('v1/routes:test', body, ctx.signal);
        put(answer, calls ? toldOfPeer(found, calls) : told(found));
      } catch (e) { if (e.name !== 'AbortError') put(answer, trouble(e)); }
    },
  }, el('h2', null, 'Which route does a number take?'), el('div.row', null, field('Number', number), field('Dialled by', from, 'A line, gateway/endpoint or gateway'),
    field('Called by the peer', peer, 'For calls that come in'), field('Caller', caller, 'The number that the peer calls for'), field('At', time, 'By the clock of this browser. Empty: now'),
    el('button.primary', { type: 'submit' }, 'Test')), known, answer);
}

const rewriting = r => r.regex ? `${r.regex} → ${r.replace}` : [r.stripDigits && `${r.stripDigits} off`, r.prepend && `${r.prepend} in front`].filter(Boolean).join(', ');

const schedule = s => s ? [...s.times, ...s.weekdays, ...s.dates, s.timeZone].filter(Boolean).join(' ') : '';

const DIALLING = {
  IMPOSSIBLE: ['no route', 'bad', 'No number begins like this: the phone hears so at once.'], INCOMPLETE: ['not complete', 'warn', 'More digits are waited for.'],
  COMPLETE_AFTER_PAUSE: ['complete after a pause', 'good', ''], COMPLETE: ['complete', 'good', ''],
};

// What the bridge itself says.
function told(a) {
  const [word, kind, text] = DIALLING[a.dialling] ?? [words(a.dialling), 'quiet', ''];
  return el('div', null,
    el('p', null, badge(a.dialling, word, kind), ` ${text} `, a.service && `Begins with the service code ${a.service}. `, a.route ? el('span', null, 'Route ', el('strong', null, a.route), ' takes it.') : a.dialling === 'IMPOSSIBLE' ? '' : a.steps.length ? 'There are no routes: it goes to the line\'s own peer.' : ''),
    a.steps.length > 0 && el('div.scroll', { tabindex: '0', role: 'region', 'aria-label': 'Where it would go' }, el('table', null, el('thead', null, el('tr', null, ['Order', 'Peer', 'Answers', 'Called number', 'Caller', 'INVITE'].map(t => el('th', { scope: 'col' }, t)))),
      el('tbody', null, a.steps.map((s, i) => el('tr', null, el('td', null, i ? 'then' : 'first'), el('td', null, el('a', { href: `#/peers/${part(s.peer)}` }, s.peer)), el('td', null, s.reachability === 'UNKNOWN' ? badge('UNKNOWN', 'not asked') : badge(s.reachability)), el('td', null, s.number), el('td', null, s.caller || 'not known'), el('td.wide', null, el('code', null, s.uri))))))),
    others(a));
}

// The same of a number that a peer calls.
function toldOfPeer(a, peer) {
  return el('div', null,
    el('p', null, a.line ? badge('COMPLETE', 'rings', 'good') : badge('IMPOSSIBLE', 'no line', 'bad'), ' ',
      a.line ? ['Line ', el('a', { href: `#/lines/${part(a.line)}` }, a.line), ' rings', a.caller && [' and is told of ', el('strong', null, a.caller)], '. '] : [el('strong', null, a.number), ` is no line: ${peer} is answered 404. `],
      a.route ? ['Route ', el('strong', null, a.route), ' takes it.'] : 'No route takes it; it is looked for as it is.'),
    others(a));
}

const others = a => a.candidates.some(c => c.route !== a.route) && el('p.about', null, a.candidates.filter(c => c.route !== a.route).map(c => `${c.route}: ${words(c.verdict)}`).join('; ') + (a.notShown ? `; and ${a.notShown} more` : ''));

const DIRECTIONS = [{ value: 'TO_PEER', text: 'dialled by a phone' }, { value: 'FROM_PEER', text: 'called by the peer' }];

/** Makes or changes a route. */
async function routeForm(r) {
  let peers = [];
  try { peers = (await get('v1/peers', { pageSize: 1000 })).peers.map(p => p.name); } catch { /* typed, then */ }
  const number = (name, label, value, hint) => ({ name, label, type: 'number', value: value || '', hint });
  return form(r ? `Change ${r.name}` : 'New route', [
    { name: 'name', label: 'Name', value: r?.name, required: true, disabled: !!r },
    { name: 'direction', label: 'Takes numbers', options: DIRECTIONS, value: r?.direction === 'FROM_PEER' ? 'FROM_PEER' : 'TO_PEER' },
    { name: 'prefix', label: 'That begin with', value: r?.prefix, hint: 'Digits, * and #. Empty: all.' },
    { name: 'regex', label: 'Or match', value: r?.regex, hint: 'A regular expression for the whole number, in place of a prefix.' },
    peers.length ? { name: 'peer', label: 'Peer', options: peers, value: r?.peer ?? peers[0] } : { name: 'peer', label: 'Peer', value: r?.peer, required: true },
    { name: 'failover', label: 'Then', value: r?.failover.join(', '), hint: 'Peers that are tried after it, separated by commas.' },
    number('priority', 'Priority', r?.priority, 'Of two that fit equally well, the lower number.'),
    number('weight', 'Share', r?.weight, 'Of calls, among routes of one priority. Empty: no sharing.'),
    number('minDigits', 'Digits, at least', r?.minDigits), number('maxDigits', 'Digits, at most', r?.maxDigits),
    number('stripDigits', 'Digits taken off the front', r?.stripDigits), { name: 'prepend', label: 'Digits put in front', value: r?.prepend },
    { name: 'from', label: 'Only from', value: r?.from.join(', '), hint: 'Lines, gateway/endpoint or gateways, separated by commas.' },
    { name: 'times', label: 'Only at', value: r?.schedule?.times.join(', '), placeholder: '08:00-17:30' },
    { name: 'weekdays', label: 'Only on', value: r?.schedule?.weekdays.join(', '), placeholder: 'mon-fri' },
    { name: 'timeZone', label: 'By the clock of', value: r?.schedule?.timeZone, placeholder: 'Europe/Berlin', hint: 'Empty: UTC.' },
  ], r ? 'Change' : 'Create', async (values, id) => {
    const { name, times, weekdays, timeZone, ...rest } = values;
    const body = { ...rest, failover: commas(rest.failover), from: commas(rest.from) };
    for (const key of ['priority', 'weight', 'minDigits', 'maxDigits', 'stripDigits']) body[key] = Number(rest[key] || 0);
    const schedule = times || weekdays || timeZone || r?.schedule?.dates.length ? { timeZone, times: commas(times), weekdays: commas(weekdays), dates: r?.schedule?.dates ?? [] } : undefined;
    if (r) await patch(`v1/routes/${part(r.name)}`, { requestId: id, updateMask: [...Object.keys(body), 'schedule'].join(',') }, { ...body, schedule, name: r.name, etag: r.etag });
    else await post('v1/routes', { ...body, schedule, name });
  });
}

async function remove(r) {
  if (await confirm(`Delete ${r.name}?`, 'Numbers that only it takes cannot be dialled any more. Calls go on.', 'Delete')) await attempt(`${r.name} is deleted`, () => del(`v1/routes/${part(r.name)}`, { etag: r.etag }));
}
