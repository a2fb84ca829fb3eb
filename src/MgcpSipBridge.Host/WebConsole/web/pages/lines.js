// Lines of all gateways, and one line.

import { el, put } from '../dom.js';
import { del, get, part, patch, post } from '../api.js';
import { refreshing } from '../live.js';
import { attempt, badge, button, choice, confirm, dialog, empty, facts, form, head, Listing, search, trouble } from '../parts.js';
import { delay, FAX, optionsOf, quote, seconds, serves, why, words } from '../format.js';
import { originate } from './calls.js';

const STATES = {
  out: ['out of service', 'service = REFUSED OR service = RESTARTING OR service = SILENT'], unregistered: ['not registered', 'registrationState = REFUSED OR registrationState = UNREACHABLE OR registrationState = TRYING'],
  IDLE: ['idle', 'state = IDLE'], DIALING: ['dialing', 'state = DIALING'], RINGING: ['ringing', 'state = RINGING'], TALKING: ['talking', 'state = TALKING'], REFUSED: ['refused by its gateway', 'service = REFUSED'],
};

/** Columns of a list of lines. */
export const lineColumns = (ctx, withGateway = true) => [
  { title: 'State', cell: l => badge(l.state) },
  { title: 'Number', cell: l => el('a', { href: `#/lines/${part(l.number)}` }, l.number) },
  { title: 'Name', class: 'wide', cell: l => l.displayName },
  withGateway && { title: 'Gateway', cell: l => el('a', { href: `#/gateways/${part(l.gateway)}` }, l.gateway) },
  { title: 'Endpoint', cell: l => l.endpoint },
  { title: 'Serves', cell: l => el('span', { title: why(l.service) }, badge(l.service, serves(l.service))) },
  { title: 'Registration', cell: l => l.registrationState === 'OFF' ? el('span.quiettext', null, 'none') : badge(l.registrationState) },
  { title: 'Peer', cell: l => el('a', { href: `#/peers/${part(l.peer)}` }, l.peer) },
  { title: 'Call', cell: l => l.call && el('a', { href: `#/calls/${part(l.call)}` }, 'ladder') },
].filter(Boolean);

export default function lines(root, ctx) {
  if (ctx.rest[0]) return line(root, ctx, ctx.rest[0]);
  const asked = { q: ctx.query.get('q') ?? '', state: ctx.query.get('state') ?? '', peer: ctx.query.get('peer') ?? '' };
  const filters = () => {
    ctx.keep(asked);
    const q = asked.q && quote(asked.q);
    return { filter: [q && `(number:${q} OR displayName:${q} OR endpoint:${q} OR gateway:${q})`, STATES[asked.state] && `(${STATES[asked.state][1]})`, asked.peer && `peer = ${quote(asked.peer)}`].filter(Boolean).join(' AND ') };
  };
  const list = new Listing({
    path: 'v1/gateways/-/lines', field: 'lines', key: l => l.number, types: ['line.', 'registration.', 'resource.'], every: 30000, caption: 'Lines', query: filters(), columns: lineColumns(ctx),
    empty: query => query.filter ? empty('No line is like that.') : empty('No line is provisioned yet.', 'Declare lines in lines.yaml, create them here or on a gateway\'s page, or import them.'),
  }, ctx.signal);
  put(root, head('Lines', 'Analog phones, whatever gateway they hang on.', ctx.may('admin') && button('New line…', () => lineForm(null, ''), 'primary')),
    el('div.filters', null,
      search('Number, name, endpoint or gateway', asked.q, v => { asked.q = v; list.filter(filters()); }),
      choice('State', [['', 'Any state'], ...Object.entries(STATES).map(([k, [text]]) => [k, text])], asked.state, v => { asked.state = v; list.filter(filters()); }),
      asked.peer && button(`Peer ${asked.peer} ✕`, e => { asked.peer = ''; e.target.remove(); list.filter(filters()); })),
    list.node);
}

function line(root, ctx, number) {
  const title = head(`Line ${number}`, '');
  const body = el('div');
  put(root, el('p.crumbs', null, el('a', { href: '#/lines' }, 'Lines')), title, body);
  let last = '';
  refreshing(async signal => {
    let l;
    try { l = await get(`v1/gateways/-/lines/${part(number)}`, null, signal); } catch (e) {
      if (e.name !== 'AbortError') put(body, trouble(e));
      return;
    }
    if (JSON.stringify(l) === last) return;
    last = JSON.stringify(l);
    const own = l.source === 'API' && ctx.may('admin');
    put(title.querySelector('.actions'),
      ctx.may('operator') && button('Call…', () => originate(l.number)),
      ctx.may('operator') && button('Ask its gateway', () => audit(l)),
      own && button('Change…', () => lineForm(l, l.gateway)), own && button('Delete…', () => remove(l), 'danger'));
    put(body, el('div.callhead', null, badge(l.state), l.service !== 'IN_SERVICE' && badge(l.service, serves(l.service)),
      facts([
        ['Name', l.displayName], ['Gateway', el('a', { href: `#/gateways/${part(l.gateway)}` }, l.gateway)], ['Endpoint', l.endpoint], ['Peer', el('a', { href: `#/peers/${part(l.peer)}` }, l.peer)], ['SIP user', l.username],
        ['Password', l.passwordSet ? 'set' : 'none'], ['Serves', why(l.service)], ['Registration', l.registrationState === 'OFF' ? 'does not register' : badge(l.registrationState)], ['Hook', l.offHook === null || l.offHook === undefined ? '' : l.offHook ? 'off' : 'on'],
        ['Call', l.call && el('a', { href: `#/calls/${part(l.call)}` }, 'its ladder')], ['Fax', FAX[l.fax]], ['From', l.source === 'FILE' ? 'lines.yaml: it is changed there' : words(l.source)],
      ])),
    el('h2', null, 'Features as they are now'), features(l.currentFeatures ?? l.features, l.features),
    el('p', null, el('a', { href: `#/records?q=${encodeURIComponent(l.number)}` }, 'Its call records')));
  }, { types: ['line.', 'registration.', 'call.', 'resource.'], every: 15000, signal: ctx.signal });
}

function features(now, configured) {
  const show = v => v === true ? 'yes' : v === false ? 'no' : v === null || v === undefined || v === '' ? '–' : String(v);
  return facts(Object.entries(now ?? {}).map(([k, v]) => [words(k.replace(/([A-Z])/g, '_$1')), show(v) === show(configured?.[k]) ? show(v) : el('span', null, el('strong', null, show(v)), ' set at the phone')]));
}

async function audit(l) {
  let answer;
  if (!await attempt('', async () => { answer = await post(`v1/gateways/${part(l.gateway)}/lines/${part(l.number)}:audit`, {}); })) return;
  const parameters = list => el('table', null, el('tbody', null, list.map(p => el('tr', null, el('th', { scope: 'row' }, p.name), el('td.breaks', null, p.value)))));
  await dialog(`What ${l.gateway} says of ${l.endpoint}`, done => [
    el('p', null, badge(answer.responseCode === 200 ? 'UP' : 'WARNING', `${answer.responseCode} ${answer.responseComment}`), ` after ${delay(seconds(answer.duration))}`),
    parameters(answer.parameters),
    answer.connections.map(c => el('section', null, el('h3', null, `Connection ${c.connection} `, c.ours ? '' : badge('WARNING', 'left over')), parameters(c.parameters), c.localDescription && el('pre.wire', null, c.localDescription))),
    el('div.buttons', null, button('Close', () => done(null), 'primary')),
  ]);
}

// Features with a number, and those that are on or off, with what they are if nobody says so. What a hook flash is to do is not asked for: nothing is bound to it yet.
const TARGETS = [['hotline', 'Hotline', 'Called when the phone is lifted.'], ['forwardAlways', 'Forward: always', ''], ['forwardBusy', 'Forward: when busy', ''], ['forwardNoAnswer', 'Forward: no answer', '']];
const SWITCHES = {
  callerId: ['Caller id', true], messageWaiting: ['Message waiting', true], doNotDisturb: ['Do not disturb', false],
  withholdNumber: ['Withhold the number', false], privacyCodes: ['Codes for privacy', true], doNotDisturbCodes: ['Codes for do not disturb', true], forwardingCodes: ['Codes for forwarding', true],
};

/** Makes or changes a line. */
export async function lineForm(l, gateway) {
  let peers = [];
  try { peers = (await get('v1/peers', { pageSize: 1000 })).peers.map(p => p.name); } catch { /* typed, then */ }
  const fields = [
    !gateway && { name: 'gateway', label: 'Gateway', required: true },
    { name: 'number', label: 'Number', value: l?.number, required: true, disabled: !!l },
    { name: 'endpoint', label: 'Endpoint', value: l?.endpoint, required: true, placeholder: 'aaln/1', hint: 'As the gateway spells it, without the @ and what follows.' },
    { name: 'displayName', label: 'Name', value: l?.displayName },
    peers.length ? { name: 'peer', label: 'Peer', options: peers, value: l?.peer ?? peers[0] } : { name: 'peer', label: 'Peer', value: l?.peer, required: true },
    { name: 'username', label: 'SIP user', value: l?.username, hint: 'Empty: the number.' },
    { name: 'password', label: 'SIP password', type: 'password', hint: l?.passwordSet ? 'Empty: it stays as it is.' : '' },
    { name: 'fax', label: 'Fax', options: [{ value: 'HANDLING_UNSPECIFIED', text: 'as its gateway' }, ...optionsOf(FAX)], value: l?.fax ?? 'HANDLING_UNSPECIFIED', more: true },
    ...TARGETS.map(([name, label, hint]) => ({ name, label, hint, value: l?.features?.[name], more: true })),
    { name: 'hotlineDelay', label: 'After so many seconds without a digit', type: 'number', min: 0, max: 60, value: l?.features?.hotlineDelay || '', more: true },
    ...Object.entries(SWITCHES).map(([name, [label, usual]]) => ({ name, label, type: 'checkbox', value: l?.features?.[name] ?? usual, more: true })),
  ].filter(Boolean);
  return form(l ? `Change line ${l.number}` : `New line${gateway ? ' on ' + gateway : ''}`, fields, l ? 'Change' : 'Create', async (values, id) => {
    const { gateway: typed, ...all } = values;
    const rest = { features: {} };
    for (const [name, value] of Object.entries(all)) {
      if (SWITCHES[name]) rest.features[name] = value;
      else if (name === 'hotlineDelay') rest.features[name] = Number(value || 0);
      else if (TARGETS.some(([t]) => t === name)) rest.features[name] = value.trim();
      else rest[name] = value;
    }
    const on = gateway || typed;
    if (!rest.password) delete rest.password;
    if (l) await patch(`v1/gateways/${part(on)}/lines/${part(l.number)}`, { requestId: id, updateMask: [...Object.keys(rest).filter(k => k !== 'number' && k !== 'features'), ...Object.keys(rest.features).map(k => `features.${k}`)].join(',') }, { ...rest, number: l.number, gateway: on, etag: l.etag });
    else await post(`v1/gateways/${part(on)}/lines`, rest);
    if (!l) location.hash = `#/lines/${part(values.number)}`;
  });
}

async function remove(l) {
  if (await confirm(`Delete line ${l.number}?`, `${l.displayName ? l.displayName + '\'s' : 'Its'} phone at ${l.endpoint} on ${l.gateway} is dead then, and a call on it ends.`, 'Delete')
    && await attempt(`Line ${l.number} is deleted`, () => del(`v1/gateways/${part(l.gateway)}/lines/${part(l.number)}`, { etag: l.etag }))) location.hash = '#/lines';
}
