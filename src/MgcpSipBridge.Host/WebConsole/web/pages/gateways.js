// Gateways, those that nobody configured, and one gateway with its lines.

import { el, put, say } from '../dom.js';
import { del, get, part, patch, post } from '../api.js';
import { refreshing } from '../live.js';
import { ago, at, attempt, badge, button, choice, confirm, dialog, empty, facts, form, head, Listing, search, trouble } from '../parts.js';
import { commas, count, delay, DTMF, FAX, many, optionsOf, quote, seconds, serves, words } from '../format.js';
import { lineColumns, lineForm } from './lines.js';
import { adopt } from './now.js';

const PROFILES = ['AUTO', 'RFC3435', 'NCS', 'CISCO'];

export default function gateways(root, ctx) {
  if (ctx.rest[0]) return gateway(root, ctx, ctx.rest[0]);
  const asked = { q: ctx.query.get('q') ?? '', state: ctx.query.get('state') ?? '' };
  const filters = () => {
    ctx.keep(asked);
    const q = asked.q && quote(asked.q);
    return { filter: [q && `(name:${q} OR domain:${q} OR address:${q})`, asked.state && `state = ${asked.state}`].filter(Boolean).join(' AND ') };
  };
  const list = new Listing({
    path: 'v1/gateways', field: 'gateways', key: g => g.name, types: ['gateway.', 'resource.'], every: 20000, caption: 'Gateways', query: filters(),
    columns: [
      { title: 'State', cell: g => badge(g.state) },
      { title: 'Gateway', cell: g => el('a', { href: `#/gateways/${part(g.name)}` }, g.name) },
      { title: 'Domain', class: 'wide', cell: g => g.domain },
      { title: 'Address', cell: g => g.address || (g.addressProblem ? badge('WARNING', g.addressProblem) : 'not known yet') },
      { title: 'Lines', class: 'num', cell: g => count(g.lineCount) },
      { title: 'Out of service', class: 'num', cell: g => outOf(g) ? el('strong.badtext', null, count(outOf(g))) : '0' },
      { title: 'Speaks', cell: g => g.version },
      { title: 'Last heard', cell: g => g.lastHeardTime ? ago(g.lastHeardTime).textContent === 'just now' ? 'just now' : at(g.lastHeardTime) : 'never' },
      { title: 'From', cell: g => words(g.source) },
    ],
    empty: query => query.filter ? empty('No gateway is like that.') : empty('No gateway is configured yet.',
      'Declare them in lines.yaml, create them here, or point a gateway at this bridge: one that restarts at us and is not configured is listed on the page Now, and can be adopted.'),
  }, ctx.signal);
  put(root, head('Gateways', 'The MGCP gateways that this bridge is the call agent of.', ctx.may('admin') && button('New gateway…', () => gatewayForm(), 'primary')),
    el('div.filters', null,
      search('Name, domain or address', asked.q, v => { asked.q = v; list.filter(filters()); }),
      choice('State', [['', 'Any state'], ['UP', 'up'], ['DOWN', 'down'], ['UNKNOWN', 'not heard yet']], asked.state, v => { asked.state = v; list.filter(filters()); })),
    list.node);
  if (ctx.may('operator')) {
    const found = new Listing({
      path: 'v1/discoveredGateways', field: 'discoveredGateways', key: g => g.domain + g.address, types: ['gateway.'], every: 20000, size: 20, caption: 'Gateways that nobody configured',
      columns: [
        { title: 'State', cell: g => badge(g.state) }, { title: 'Calls itself', class: 'wide', cell: g => g.domain }, { title: 'Address', cell: g => g.address }, { title: 'Speaks', cell: g => g.version },
        { title: 'Restarts', class: 'num', cell: g => count(g.messageCount) }, { title: 'First heard', cell: g => at(g.firstHeardTime) }, { title: 'Last heard', cell: g => at(g.lastHeardTime) },
        { title: '', cell: g => button('Adopt…', () => adopt(g)) },
      ],
      empty: () => el('p.nothing', null, 'None was heard. A gateway that restarts at this bridge, and that nobody configured, is listed here to be adopted.'),
    }, ctx.signal);
    root.append(el('h2', null, 'Heard, and not configured'), found.node);
  }
}

// Of a gateway that is down and was never heard, nothing is known of its lines: they are dead all the same.
const outOf = g => g.services ? g.services.silent + g.services.refused + g.services.restarting + (g.state === 'DOWN' ? g.services.unknown : 0) : 0;

function gateway(root, ctx, name) {
  const title = head(name, '');
  const body = el('div');
  const lines = el('div');
  put(root, el('p.crumbs', null, el('a', { href: '#/gateways' }, 'Gateways')), title, body, lines);
  let last = '';
  refreshing(async signal => {
    let g;
    try { g = await get(`v1/gateways/${part(name)}`, null, signal); } catch (e) {
      if (e.name !== 'AbortError') put(body, trouble(e));
      return;
    }
    const { lastHeardTime, pendingTransactions, ...steady } = g;
    const heard = el('span', null, lastHeardTime ? at(lastHeardTime) : 'never');
    if (JSON.stringify(steady) === last) { put(body.querySelector('.heard'), heard); say(body.querySelector('.pending'), count(pendingTransactions)); return; }
    last = JSON.stringify(steady);
    const own = g.source === 'API' && ctx.may('admin');
    put(title.querySelector('.actions'),
      ctx.may('operator') && button('Ask what it has', () => audit(name)),
      ctx.may('admin') && (g.source === 'ADOPTED' ? button('Keep it…', () => gatewayForm(null, g), 'primary') : button('New line…', () => lineForm(null, name))),
      own && button('Change…', () => gatewayForm(g)), own && button('Delete…', () => remove(g), 'danger'));
    put(body,
      el('div.callhead', null, badge(g.state), g.throttled && badge('WARNING', 'overloaded'), facts([
        ['Domain', g.domain], ['Address', g.address || 'learnt from its next restart'], ['Name in the DNS', g.host], ['Trouble with it', g.addressProblem], ['Profile', words(g.profile)], ['Speaks', g.version], ['Dialled digits', DTMF[g.dtmf]], ['Fax', FAX[g.fax] ?? FAX.AUTO], ['RTP source', g.media === 'LEARN' ? 'learnt' : 'as signalled'], ['Also heard from', g.alsoFrom.join(', ')],
        ['Last heard', el('span.heard', null, heard)], ['Commands that wait', el('span.pending', null, count(pendingTransactions))], ['From', g.source === 'FILE' ? 'lines.yaml: it is changed there' : words(g.source)],
        ['Lines', g.services && Object.entries(g.services).filter(([, n]) => n).map(([k, n]) => `${count(n)} ${serves(k.replace(/([A-Z])/g, '_$1').toUpperCase())}`).join(', ')],
      ])),
      g.state === 'DOWN' && el('p.badtext', null, 'It does not answer, or said that it goes out of service. Check its power and the way to it; it comes back by itself.'),
      g.adopted && el('section', null, el('h2', null, 'Adopted: give its lines numbers'), el('p.about', null, 'It is without lines, since nobody has said what their numbers are. Keep it, then create its lines; or write this into lines.yaml with the numbers filled in.'), el('pre.wire', null, g.proposedLinesYaml)),
      el('details', null, el('summary', null, `How it speaks (${many(g.traits.length, 'trait')})`), el('table', null, el('tbody', null, g.traits.map(t => el('tr', null, el('th', { scope: 'row' }, t.name), el('td.wide', null, t.value), el('td', null, words(t.source))))))));
  }, { types: ['gateway.', 'line.service', 'resource.'], every: 10000, signal: ctx.signal });

  const list = new Listing({
    path: `v1/gateways/${part(name)}/lines`, field: 'lines', key: l => l.number, types: ['line.', 'registration.', 'resource.'], every: 30000, caption: `Lines of ${name}`, columns: lineColumns(ctx, false),
    empty: () => el('p.nothing', null, 'It has no lines.'),
  }, ctx.signal);
  put(lines, el('h2', null, 'Lines'), list.node);
}

async function audit(name) {
  let answer;
  if (!await attempt('', async () => { answer = await post(`v1/gateways/${part(name)}:audit`, {}); })) return;
  const names = list => list.length ? el('ul.plainlist', null, list.map(n => el('li', null, el('code', null, n)))) : el('p.nothing', null, 'none');
  await dialog(`What ${name} has`, done => [
    el('p', null, badge(answer.responseCode === 200 ? 'UP' : 'WARNING', `${answer.responseCode} ${answer.responseComment}`), ` after ${delay(seconds(answer.duration))}`),
    answer.notThere.length ? el('div.trouble', null, el('p.emptytitle', null, 'Lines that it does not have (misspelt, most often)'), names(answer.notThere)) : null,
    el('h3', null, 'Without a line'), names(answer.notProvisioned),
    el('details', null, el('summary', null, many(answer.endpoints.length, 'endpoint')), names(answer.endpoints)),
    el('div.buttons', null, button('Close', () => done(null), 'primary')),
  ]);
}

// For a new one, seen is one that was adopted and is to be kept.
function gatewayForm(g, seen) {
  return form(g ? `Change ${g.name}` : seen ? `Keep ${seen.name}` : 'New gateway', [
    { name: 'name', label: 'Name', value: (g ?? seen)?.name, required: true, disabled: !!g, hint: 'How you call it; its id in the API.' },
    { name: 'domain', label: 'Domain', value: (g ?? seen)?.domain, required: true, hint: 'Exactly what it writes after the @.' },
    { name: 'address', label: 'Address', value: g?.host || g?.configuredAddress, hint: 'IP address or host name, with or without a port. Empty: learnt from its next restart.' },
    { name: 'profile', label: 'Profile', options: PROFILES.map(p => ({ value: p, text: words(p) })), value: g?.profile ?? 'AUTO' },
    { name: 'dtmf', label: 'Dialled digits', options: optionsOf(DTMF, 'AUTO', 'RFC4733', 'INBAND', 'NOTIFY'), value: g?.dtmf ?? 'AUTO', more: true },
    { name: 'fax', label: 'Fax', options: optionsOf(FAX), value: FAX[g?.fax] ? g.fax : 'AUTO', more: true },
    { name: 'media', label: 'RTP source', options: [{ value: 'STRICT', text: 'as signalled' }, { value: 'LEARN', text: 'learnt (it is behind a NAT)' }, { value: 'LEARN_ANYWHERE', text: 'anyone until it is heard (its phones are behind NAT and a proxy)' }], value: g?.media ?? 'STRICT', more: true },
    { name: 'alsoFrom', label: 'Also heard from', value: g?.alsoFrom.join(', '), hint: 'Further IP addresses of it, separated by commas.', more: true },
  ], g ? 'Change' : 'Create', async (typed, id) => {
    const values = { ...typed, alsoFrom: commas(typed.alsoFrom) };
    if (g) await patch(`v1/gateways/${part(g.name)}`, { updateMask: 'domain,address,profile,dtmf,fax,media,alsoFrom', requestId: id }, { ...values, name: g.name, etag: g.etag });
    else {
      await post(`v1/gateways`, values);
      location.hash = `#/gateways/${part(values.name)}`;
    }
  });
}

async function remove(g) {
  const text = g.lineCount ? `Its ${many(g.lineCount, 'line')} go with it, and calls on them end.` : 'The bridge is its call agent no more.';
  if (await confirm(`Delete ${g.name}?`, text, 'Delete') && await attempt(`${g.name} is deleted`, () => del(`v1/gateways/${part(g.name)}`, { etag: g.etag, force: g.lineCount ? 'true' : '' }))) location.hash = '#/gateways';
}
