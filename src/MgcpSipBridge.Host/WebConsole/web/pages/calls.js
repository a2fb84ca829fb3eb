// Live calls, and one call with its ladder.

import { el, put, say } from '../dom.js';
import { part, post, requestId } from '../api.js';
import { at, badge, button, choice, empty, form, head, Listing, search } from '../parts.js';
import { moment, quote, span, words } from '../format.js';
import call from './call.js';

/** Who calls whom. */
export const callText = c => c.direction === 'MGCP_TO_SIP' ? `${c.caller || c.line} → ${c.called || '…'}` : `${c.caller || 'somebody'} → ${c.called || c.line}`;

/** How long a call has been going on. */
export const durationOf = c => el('span.duration', { 'data-from': c.answerTime ?? c.startTime, title: `since ${moment(c.answerTime ?? c.startTime)}` }, span((Date.now() - Date.parse(c.answerTime ?? c.startTime)) / 1000));

setInterval(() => { for (const node of document.querySelectorAll('.duration[data-from]')) say(node, span((Date.now() - Date.parse(node.dataset.from)) / 1000)); }, 1000);

export default function calls(root, ctx) {
  if (ctx.rest[0]) return call(root, ctx, ctx.rest[0]);
  const asked = { q: ctx.query.get('q') ?? '', state: ctx.query.get('state') ?? '', direction: ctx.query.get('direction') ?? '' };
  const filters = () => {
    ctx.keep(asked);
    const q = asked.q && quote(asked.q);
    return { filter: [q && `(line:${q} OR caller:${q} OR called:${q} OR gateway:${q} OR peer:${q} OR id:${q})`, asked.state && `state = ${asked.state}`, asked.direction && `direction = ${asked.direction}`].filter(Boolean).join(' AND ') };
  };
  const list = new Listing({
    path: 'v1/calls', field: 'calls', key: c => c.id, types: ['call.', 'transfer.', 'line.state'], every: 15000, caption: 'Live calls', query: filters(),
    columns: [
      { title: 'State', cell: c => badge(c.held ? 'HELD' : c.state) },
      { title: 'Call', class: 'wide', cell: c => el('a', { href: `#/calls/${part(c.id)}` }, callText(c)) },
      { title: 'Line', cell: c => el('a', { href: `#/lines/${part(c.line)}` }, c.line) },
      { title: 'Gateway', cell: c => el('a', { href: `#/gateways/${part(c.gateway)}` }, c.gateway) },
      { title: 'Peer', cell: c => c.peer && el('a', { href: `#/peers/${part(c.peer)}` }, c.peer) },
      { title: 'Began', cell: c => at(c.startTime) },
      { title: 'For', class: 'num', cell: c => durationOf(c) },
    ],
    empty: query => query.filter ? empty('No live call is like that.', 'Calls that are over are among the ', el('a', { href: '#/records' }, 'records'), '.')
      : empty('Nobody is telephoning.', 'A call appears here as soon as a phone is lifted or an INVITE comes. Calls that are over are among the records.', el('p', null, el('a', { href: '#/records' }, 'Call records'))),
  }, ctx.signal);
  const refilter = () => list.filter(filters());
  put(root, head('Calls', 'Live calls, the oldest first. A call opens its ladder.', ctx.may('operator') && button('Call…', originate, 'primary')),
    el('div.filters', null,
      search('Line, number, gateway or peer', asked.q, v => { asked.q = v; refilter(); }),
      choice('State', [['', 'Any state'], ...['DIALING', 'PROCEEDING', 'ALERTING', 'RINGING', 'TALKING', 'RELEASING'].map(s => [s, words(s)])], asked.state, v => { asked.state = v; refilter(); }),
      choice('Direction', [['', 'Both directions'], ['MGCP_TO_SIP', 'from a line'], ['SIP_TO_MGCP', 'to a line']], asked.direction, v => { asked.direction = v; refilter(); })),
    list.node);
}

/** Click to dial: the phone of a line rings, and lifting it calls. */
export function originate(line = '') {
  return form('Call', [
    { name: 'line', label: 'Line that calls', required: true, value: typeof line === 'string' ? line : '', hint: 'Its phone rings; lifting it places the call.' },
    { name: 'destination', label: 'Number to call', required: true, pattern: '[0-9*#]+', hint: 'As the phone would dial it: digits, * and #.' },
  ], 'Call', async (values, id) => {
    const made = await post('v1/calls', { ...values, requestId: id });
    location.hash = `#/calls/${part(made.id)}`;
  });
}

/** A POST on a call that does something to it. */
export const act = (id, verb, body = {}) => post(`v1/calls/${part(id)}:${verb}`, { ...body, requestId: requestId() });
