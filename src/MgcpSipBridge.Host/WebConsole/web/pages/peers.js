// The SIP side: who is there, who is registered, and which of a peer's servers answer.

import { el, put } from '../dom.js';
import { del, get, part, patch, post } from '../api.js';
import { refreshing } from '../live.js';
import { attempt, badge, button, confirm, empty, facts, form, head, Listing, search, trouble } from '../parts.js';
import { commas, count, day, delay, DTMF, FAX, optionsOf, quote, seconds, words } from '../format.js';

const REGISTERS = { NONE: 'known by its address', PER_LINE: 'each line registers', TRUNK: 'one registration for all' };

const SRTP = { OFF: 'never', OPTIONAL: 'where it takes it', REQUIRED: 'always' };
const HEADERS = { P_ASSERTED_IDENTITY: 'P-Asserted-Identity', FROM: 'From', P_PREFERRED_IDENTITY: 'P-Preferred-Identity', REMOTE_PARTY_ID: 'Remote-Party-ID' };

// Rules for numbers as text, one a line: what they begin with, how many symbols are taken off, what is put in front, how long they are.
const lengths = r => r.minDigits || r.maxDigits ? ` ${r.minDigits}-${r.maxDigits || ''}` : '';
const written = rules => rules.map(r => `${r.prefix || '-'} ${r.stripDigits} ${r.prepend || '-'}${lengths(r)}`).join('\n');

function rulesOf(text, field) {
  return text.split('\n').map(l => l.trim()).filter(Boolean).map((line, i) => {
    const [, prefix, strip, prepend, , least, , most] = /^(\S+)\s+(\d+)\s+(\S+)(\s+(\d+)(-(\d*))?)?$/.exec(line) ?? [];
    if (prefix === undefined) throw Object.assign(new Error(`Rule ${i + 1}, "${line}", is not like: 00 2 +`), { fields: [{ field }] });
    return { prefix: prefix === '-' ? '' : prefix, stripDigits: Number(strip), prepend: prepend === '-' ? '' : prepend, minDigits: Number(least ?? 0), maxDigits: Number(most ?? least ?? 0) };
  });
}

function standing(p) {
  if (p.registration === 'NONE') return el('span.quiettext', null, 'none');
  const all = p.registeredCount === p.registrationCount;
  return badge(all ? 'REGISTERED' : p.registeredCount ? 'WARNING' : 'REFUSED', `${count(p.registeredCount)} of ${count(p.registrationCount)}`);
}

// A long URI ends its line where one of its parts does.
const breakable = uri => uri.split(/(?=[;@])/).map(piece => [el('wbr'), piece]);

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
    empty: query => query.filter ? empty('No peer is like that.') : empty('No SIP peer is provisioned yet.', 'A PBX or trunk is declared under "peers" in lines.yaml, created here, or imported.'),
  }, ctx.signal);
  put(root, head('Peers', 'PBXs, registrars and trunks.', ctx.may('admin') && button('New peer…', () => peerForm(), 'primary')), el('div.filters', null, search('Name or address', asked.q, v => { asked.q = v; list.filter(filters()); })), list.node);
}

function peer(root, ctx, name) {
  const title = head(name, '');
  const body = el('div');
  const probed = el('div.probed', { 'aria-live': 'polite' });
  put(root, el('p.crumbs', null, el('a', { href: '#/peers' }, 'Peers')), title, body, probed);
  let last = '';
  refreshing(async signal => {
    let p;
    try { p = await get(`v1/peers/${part(name)}`, null, signal); } catch (e) {
      if (e.name !== 'AbortError') put(body, trouble(e));
      return;
    }
    if (JSON.stringify(p) === last) return;
    last = JSON.stringify(p);
    const own = p.source === 'API' && ctx.may('admin');
    put(title.querySelector('.actions'), ctx.may('operator') && button('Ask it now', event => probe(name, probed, event.target, ctx.signal), '', { title: 'An OPTIONS to each of its addresses' }), own && button('Change…', () => peerForm(p)), own && button('Delete…', () => remove(p), 'danger'));
    put(body, el('div.callhead', null, reach(p), facts([
      ['Where', breakable(p.uri)], ['Then', p.backupUris.join(', ')], ['Registration', REGISTERS[p.registration]], ['Registered', standing(p)], ['Trunk', p.registration === 'TRUNK' && badge(p.registrationState)], ['Realm', p.realm || 'any'], ['User', p.username],
      ['Password', p.passwordSet ? 'set' : ''], ['Caller read from', HEADERS[p.callerFrom] ?? HEADERS.P_ASSERTED_IDENTITY], ['Trusted', p.trusted === false ? 'no' : 'yes'], ['Has to show who it is', p.challenge ? 'yes' : 'no'], ['Dialled digits', DTMF[p.dtmf]], ['Fax', FAX[p.fax]], ['Hears on hold', p.holdMusic.join(' ')], ['Audio encrypted (SRTP)', SRTP[p.srtp]], ['RTP source', p.media === 'LEARN' ? 'learnt' : 'as signalled'],
      ['Tells of waiting messages', p.subscribesToMessages ? 'is asked to' : ''], ['Spoken to from', p.localAddress], ['Our lines named in', p.callerIn && HEADERS[p.callerIn] !== 'From' && HEADERS[p.callerIn]], ['Numbers marked user=phone', p.userPhone ? 'yes' : ''],
      ['Numbers to it', p.numbersOut.length > 0 && el('code.rules', null, written(p.numbersOut))], ['Numbers from it', p.numbersIn.length > 0 && el('code.rules', null, written(p.numbersIn))],
      ['From', p.source === 'FILE' ? 'lines.yaml: it is changed there' : words(p.source)],
    ])),
    p.reachability === 'DOWN' && el('p.badtext', null, 'It does not answer OPTIONS, or says that it is unavailable. Calls go to the failover peers of their routes.'),
    p.reachability === 'UNKNOWN' && el('p.about', null, 'Whether it answers is asked by OPTIONS where Sip:PingInterval is set.'),
    el('h2', null, 'Its servers'),
    p.targets.length ? el('div.listing.scroll', null, el('table', null, el('thead', null, el('tr', null, ['Answers', 'Transport', 'Address'].map(t => el('th', { scope: 'col' }, t)))),
      el('tbody', null, p.targets.map(t => el('tr', null, el('td', null, t.reachability === 'UNKNOWN' ? badge('UNKNOWN', 'not asked') : badge(t.reachability)), el('td', null, t.transport), el('td', null, t.address))))))
      : el('p.nothing', null, 'None was looked up yet.'),
    el('p', null, el('a', { href: `#/lines?peer=${encodeURIComponent(name)}` }, 'Its lines'), ' · ', el('a', { href: `#/lines?peer=${encodeURIComponent(name)}&state=unregistered` }, 'those that are not registered')));
  }, { types: ['peer.', 'registration.', 'resource.'], every: 10000, signal: ctx.signal });
}

const OUTCOMES = {
  ANSWERED: 'answered', NO_ANSWER: 'no answer', UNREACHABLE: 'cannot be reached', TLS_FAILED: 'no TLS', NO_LISTENER: 'Sip:Listen has nothing of that kind', NAME_NOT_FOUND: 'the name has no address', NOT_TRIED: 'not asked',
};
const answered = a => a.outcome === 'ANSWERED' && a.statusCode !== 503;
const tlsOf = t => !t ? '' : t.failure === 'NONE' ? `${t.version}, ${t.subject}${t.expireTime ? ` until ${day(t.expireTime)}` : ''}` : `${words(t.failure)}, wanted ${t.domain}`;

// What each address says to an OPTIONS, now.
async function probe(name, into, asker, signal) {
  asker.disabled = true;
  put(into, el('h2', null, 'Asked now'), el('p.about', null, 'Waiting for what its addresses say…'));
  try {
    const found = await post(`v1/peers/${part(name)}:probe`, {}, signal);
    put(into, el('h2', null, 'Asked now'), el('div.listing.scroll', { tabindex: '0', role: 'region', 'aria-label': 'What its addresses said' }, el('table', null,
      el('thead', null, el('tr', null, ['Address', 'Transport', 'Outcome', 'Answer', 'Took', 'Who', 'TLS', 'Can'].map(t => el('th', { scope: 'col' }, t)))),
      el('tbody', null, found.attempts.map(a => el('tr', null, el('td', null, a.address || a.host), el('td', null, a.transport || '–'), el('td', null, badge('', OUTCOMES[a.outcome] ?? words(a.outcome), answered(a) ? 'good' : 'bad')),
        el('td', null, a.statusCode ? `${a.statusCode} ${a.reason}` : a.detail || '–'), el('td', null, a.roundTrip ? delay(seconds(a.roundTrip)) : '–'), el('td.wide', null, a.server || a.userAgent || '–'), el('td.wide', null, tlsOf(a.tls) || '–'), el('td.wide', null, [...a.allow, ...a.supported].join(', ') || '–')))))));
  } catch (e) { if (e.name !== 'AbortError') put(into, el('h2', null, 'Asked now'), trouble(e)); } finally { asker.disabled = false; }
}

function peerForm(p) {
  return form(p ? `Change ${p.name}` : 'New peer', [
    { name: 'name', label: 'Name', value: p?.name, required: true, disabled: !!p, hint: 'How lines and routes call it; its id in the API.' },
    { name: 'uri', label: 'Where', value: p?.uri, required: true, placeholder: 'sip:pbx.example.com', hint: 'A SIP URI. Without a port its name is looked up with NAPTR and SRV; ;transport=tls is TLS.' },
    { name: 'backupUris', label: 'Then', value: p?.backupUris.join(', '), hint: 'Tried in this order when the first does not answer; separated by commas.' },
    { name: 'registration', label: 'Registration', options: optionsOf(REGISTERS), value: p?.registration ?? 'PER_LINE' },
    { name: 'realm', label: 'Realm', value: p?.realm, hint: 'Empty: passwords are shown to whatever realm it names.' },
    { name: 'username', label: 'SIP user', value: p?.username, hint: 'Of one registration for all.' },
    { name: 'password', label: 'SIP password', type: 'password', hint: p?.passwordSet ? 'Empty: it stays as it is.' : '' },
    { name: 'dtmf', label: 'Dialled digits', options: optionsOf(DTMF, 'AUTO', 'RFC4733', 'INBAND', 'INFO'), value: p?.dtmf ?? 'AUTO' },
    { name: 'fax', label: 'Fax', options: optionsOf(FAX), value: FAX[p?.fax] ? p.fax : 'AUTO' },
    { name: 'holdMusic', label: 'Hears on hold', value: p?.holdMusic.join(' '), hint: 'Files of the bridge and tones, with spaces between: as in Play. Empty: what Media:HoldMusic says; none: its own.', more: true },
    { name: 'srtp', label: 'Encrypt the audio (SRTP)', options: optionsOf(SRTP), value: p?.srtp ?? 'OFF', hint: 'The keys travel in the signalling: let its URI say transport=tls.' },
    { name: 'media', label: 'RTP source', options: [{ value: 'STRICT', text: 'as signalled' }, { value: 'LEARN', text: 'learnt (it is behind a NAT)' }, { value: 'LEARN_ANYWHERE', text: 'anyone until it is heard (its phones are behind NAT and a proxy)' }], value: p?.media ?? 'STRICT' },
    { name: 'trusted', label: 'Its word on who calls is trusted', type: 'checkbox', value: p?.trusted !== false },
    { name: 'challenge', label: 'Has to show who it is (digest)', type: 'checkbox', value: p?.challenge },
    { name: 'subscribesToMessages', label: 'Is asked to tell of waiting messages', type: 'checkbox', value: p?.subscribesToMessages, more: true },
    { name: 'userPhone', label: 'Numbers are marked user=phone', type: 'checkbox', value: p?.userPhone, more: true },
    { name: 'callerFrom', label: 'Callers are read from', options: optionsOf(HEADERS), value: HEADERS[p?.callerFrom] ? p.callerFrom : 'P_ASSERTED_IDENTITY', more: true },
    { name: 'callerIn', label: 'Our lines are named in', options: optionsOf(HEADERS), value: HEADERS[p?.callerIn] ? p.callerIn : 'FROM', more: true },
    { name: 'localAddress', label: 'Spoken to from', value: p?.localAddress, hint: 'One of Sip:Listen. Empty: the nearest.', more: true },
    { name: 'numbersOut', label: 'Numbers to it', type: 'textarea', value: p ? written(p.numbersOut) : '', placeholder: '00 2 +\n1 0 +4930555 4-4', more: true,
      hint: 'A rule a line: what they begin with, how many symbols are taken off, what is put in front, how long they are (if it matters). - is nothing. The longest beginning wins.' },
    { name: 'numbersIn', label: 'Numbers from it', type: 'textarea', value: p ? written(p.numbersIn) : '', placeholder: '+49 3 0', more: true },
  ], p ? 'Change' : 'Create', async (values, id) => {
    const { name, ...rest } = { ...values, backupUris: commas(values.backupUris), holdMusic: values.holdMusic.split(/\s+/).filter(Boolean), numbersOut: rulesOf(values.numbersOut, 'numbersOut'), numbersIn: rulesOf(values.numbersIn, 'numbersIn'), digits: 'SOUND' };
    if (!rest.password) delete rest.password;
    if (p) await patch(`v1/peers/${part(p.name)}`, { requestId: id, updateMask: Object.keys(rest).join(',') }, { ...rest, name: p.name, etag: p.etag });
    else {
      await post('v1/peers', { ...rest, name });
      location.hash = `#/peers/${part(name)}`;
    }
  });
}

async function remove(p) {
  if (await confirm(`Delete ${p.name}?`, 'Nothing is sent there any more. A peer that lines or routes still name cannot be deleted.', 'Delete')
    && await attempt(`${p.name} is deleted`, () => del(`v1/peers/${part(p.name)}`, { etag: p.etag }))) location.hash = '#/peers';
}
