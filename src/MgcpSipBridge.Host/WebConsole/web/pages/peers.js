// The SIP side: who is there, who is registered, and which of a peer's servers answer.

import { el, put } from '../dom.js';
import { get, part } from '../api.js';
import { refreshing } from '../live.js';
import { badge, empty, facts, head, Listing, search, trouble } from '../parts.js';
import { count, quote, words } from '../format.js';

const REGISTERS = { NONE: 'known by its address', PER_LINE: 'each line registers', TRUNK: 'one registration for all' };

function standing(p) {
  if (p.registration === 'NONE') return el('span.quiettext', null, 'none');
  const all = p.registeredCount === p.registrationCount;
  return badge(all ? 'REGISTERED' : p.registeredCount ? 'WARNING' : 'REFUSED', `${count(p.registeredCount)} of ${count(p.registrationCount)}`);
}

const reach = p => p.reachability === 'UNKNOWN' ? badge('UNKNOWN', 'not asked') : badge(p.reachability);

export default function peers(root, ctx) {
  if (ctx.rest[0]) return peer(root, ctx, ctx.rest[0]);
  const asked = { q: ctx.query.get('q') ?? '' };
  const filters = () => { ctx.keep(asked); return { filter: asked.q && `(name:${quote(asked.q)} OR uri:${quote(asked.q)})` }; };
  const list = new Listing({
    path: 'v1/peers', field: 'peers', key: p => p.name, types: ['peer.', 'registration.', 'resource.', 'alarm.'], every: 15000, caption: 'SIP peers', query: filters(),
    columns: [
      { title: 'Answers', cell: reach },
      { title: 'Peer', cell: p => el('a', { href: `#/peers/${part(p.name)}` }, p.name) },
      { title: 'Where', class: 'wide', cell: p => p.uri },
      { title: 'Registration', cell: p => REGISTERS[p.registration] },
      { title: 'Registered', cell: standing },
      { title: 'Servers', cell: p => p.targets.length ? `${p.targets.filter(t => t.reachability !== 'DOWN').length} of ${p.targets.length}` : '–' },
      { title: 'From', cell: p => words(p.source) },
    ],
    empty: query => query.filter ? empty('No peer is like that.') : empty('No SIP peer is provisioned yet.', 'A PBX or trunk is declared under "peers" in lines.yaml, made through the API (POST /v1/peers), or imported.'),
  }, ctx.signal);
  put(root, head('Peers', 'PBXs, registrars and trunks.'), el('div.filters', null, search('Name or address', asked.q, v => { asked.q = v; list.filter(filters()); })), list.node);
}

function peer(root, ctx, name) {
  const title = head(name, '');
  const body = el('div');
  put(root, el('p.crumbs', null, el('a', { href: '#/peers' }, 'Peers')), title, body);
  let last = '';
  refreshing(async signal => {
    let p;
    try { p = await get(`v1/peers/${part(name)}`, null, signal); } catch (e) {
      if (e.name !== 'AbortError') put(body, trouble(e));
      return;
    }
    if (JSON.stringify(p) === last) return;
    last = JSON.stringify(p);
    put(body, el('div.callhead', null, reach(p), facts([
      ['Where', p.uri], ['Then', p.backupUris.join(', ')], ['Registration', REGISTERS[p.registration]], ['Registered', standing(p)], ['Trunk', p.registration === 'TRUNK' && badge(p.registrationState)], ['Realm', p.realm || 'any'], ['User', p.username],
      ['Password', p.passwordSet ? 'set' : ''], ['Caller read from', words(p.callerFrom)], ['Trusted', p.trusted === false ? 'no' : 'yes'], ['Has to show who it is', p.challenge ? 'yes' : 'no'], ['Dialled digits', words(p.digits)], ['RTP source', words(p.media)],
      ['From', p.source === 'FILE' ? 'lines.yaml: it is changed there' : words(p.source)],
    ])),
    p.reachability === 'UNKNOWN' && el('p.about', null, 'Whether it answers is asked by OPTIONS where Sip:PingInterval is set.'),
    el('h2', null, 'Its servers'),
    p.targets.length ? el('table', null, el('thead', null, el('tr', null, ['Answers', 'Transport', 'Address'].map(t => el('th', { scope: 'col' }, t)))),
      el('tbody', null, p.targets.map(t => el('tr', null, el('td', null, t.reachability === 'UNKNOWN' ? badge('UNKNOWN', 'not asked') : badge(t.reachability)), el('td', null, t.transport), el('td', null, t.address)))))
      : el('p.nothing', null, 'None was looked up yet.'),
    el('p', null, el('a', { href: `#/lines?peer=${encodeURIComponent(name)}` }, 'Its lines'), ' · ', el('a', { href: `#/lines?peer=${encodeURIComponent(name)}&state=unregistered` }, 'those that are not registered')));
  }, { types: ['peer.', 'registration.', 'resource.'], every: 10000, signal: ctx.signal });
}
