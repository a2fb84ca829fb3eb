// What is down, why and since when, before anything else; then how much is going on.

import { el, put, reconcile, say, svg } from '../dom.js';
import { get, part, post } from '../api.js';
import { onEvents, refreshing } from '../live.js';
import { ago, at, attempt, badge, button, confirm, head, trouble } from '../parts.js';
import { count, many, quote, why, words } from '../format.js';
import { callText, durationOf } from './calls.js';
import { doctorButton } from './doctor.js';
import { hrefOf, summary } from './events.js';

const WHAT = {
  GATEWAY_DOWN: 'Gateway down', GATEWAY_OVERLOADED: 'Gateway overloaded', PEER_DOWN: 'SIP peer down', REGISTRATIONS_FAILING: 'Registrations fail',
  STORE_UNAVAILABLE: 'Storage does not take changes', RECORDS_WAITING: 'Call records wait', INTERNAL_ERROR: 'A fault in the bridge',
  CONFIGURATION_REFUSED: 'The configuration has mistakes', ROUTER_LEFT: 'Router gone', API_TLS_REFUSED: 'Certificates of the API cannot be used',
  API_TOKENS_REFUSED: 'Tokens of the API cannot be read',
  SRTP_WITHOUT_TLS: 'Encryption keys travel in the open', RECORDING_FAILED: 'Calls cannot be recorded',
};
const ADVICE = {
  GATEWAY_DOWN: 'Its phones are dead. Check its power and the way to it; it comes back by itself.',
  GATEWAY_OVERLOADED: 'It gets commands a few at a time until it has recovered.',
  PEER_DOWN: 'Calls go to its failover peers, if a route has some.',
  REGISTRATIONS_FAILING: 'Calls to those lines do not arrive. Check user names and passwords, and that the peer knows them.',
  STORE_UNAVAILABLE: 'Calls go on. A file: is the disk full, or read-only? PostgreSQL: does it run, and is there a way to it?',
  RECORDS_WAITING: 'None is lost; they are written as soon as their place takes them.',
  CONFIGURATION_REFUSED: 'What was in force stays so. Mend the files before the next restart: the bridge would not start with them.',
  API_TLS_REFUSED: 'Calls go on. Mend the files of Api:Tls: those of before serve on until the next restart, and a list of revoked certificates that is not good keeps certificates from counting after it.',
  API_TOKENS_REFUSED: 'Mend the line that is named: what was in force under its name stays so until then, and the bridge would not start with it.',
  ROUTER_LEFT: 'Calls go where the bridge\'s own routes send them, until the program is back.',
  SRTP_WITHOUT_TLS: 'Let its uri say transport=tls.',
  RECORDING_FAILED: 'Calls go on. Is the disk of Recordings:Folder full, or read-only? It ends with the next recording that is made.',
  INTERNAL_ERROR: 'The call was cleared, the rest goes on. The log has the details: please report it.',
};
const SUMS = [
  ['PEER_DOWN', 'SIP peer down', 'SIP peers down'], ['GATEWAY_DOWN', 'gateway down', 'gateways down'], ['REGISTRATIONS_FAILING', 'peer where registrations fail', 'peers where registrations fail'],
  ['GATEWAY_OVERLOADED', 'gateway overloaded', 'gateways overloaded'], ['STORE_UNAVAILABLE', 'storage does not take changes', ''], ['RECORDS_WAITING', 'place does not take call records', ''],
  ['CONFIGURATION_REFUSED', 'reload was refused', ''], ['ROUTER_LEFT', 'router gone', 'routers gone'], ['API_TLS_REFUSED', 'file of Api:Tls cannot be used', ''],
  ['API_TOKENS_REFUSED', 'token of the API cannot be read', ''],
  ['SRTP_WITHOUT_TLS', 'peer gets keys in the open', 'peers get keys in the open'], ['RECORDING_FAILED', 'recording failed', ''], ['INTERNAL_ERROR', 'fault in the bridge', ''],
];
const LISTS = { GATEWAY_DOWN: '#/gateways?state=DOWN', PEER_DOWN: '#/peers', REGISTRATIONS_FAILING: '#/lines?state=unregistered' };
const MOST = 60;
const FEW = 5;     // So many alarms of a kind stand one by one.
const NAMED = 8;   // And of more, so many are named.

export default function now(root, ctx) {
  const verdict = el('div.verdict', { role: 'status' });
  const wrong = el('ul.wrong');
  const lines = el('ul.wrong');
  const found = el('ul.wrong');
  const tiles = el('div.tiles');
  const live = el('ul.short');
  const news = el('ol.short');
  const spark = svg('svg.spark', { viewBox: `0 0 ${MOST * 2} 28`, preserveAspectRatio: 'none', role: 'presentation' });
  put(root, head('Now', '', doctorButton(ctx)), verdict, wrong, lines, found, tiles,
    el('div.columns', null,
      el('section', { 'aria-labelledby': 'livecalls' }, el('h2', { id: 'livecalls' }, 'Calls', el('a.more', { href: '#/calls' }, 'All calls')), live),
      el('section', { 'aria-labelledby': 'justnow' }, el('h2', { id: 'justnow' }, 'Just now', el('a.more', { href: '#/events' }, 'All events')), news)));

  let before = null;
  let outside = '0 0 0';
  const rates = [];

  refreshing(async signal => {
    let status;
    let alarms;
    try {
      [status, { alarms }] = await Promise.all([get('v1/status', null, signal), get('v1/alarms', null, signal)]);
    } catch (e) {
      if (e.name === 'AbortError') return;
      verdict.className = 'verdict bad';
      put(verdict, trouble(e));
      return;
    }
    const time = performance.now();
    if (before) rates.push(Math.max(0, (Number(status.callCounts.started) - before.started) * 1000 / (time - before.time)));
    if (rates.length > MOST) rates.shift();
    before = { started: Number(status.callCounts.started), time };
    const outOf = status.lines.silent + status.lines.refused + status.lines.restarting;
    judge(alarms, outOf, status);
    figures(status);
    const down = alarms.filter(a => a.name === 'GATEWAY_DOWN').map(a => a.resource.replace('gateways/', ''));
    const shape = `${outOf} ${status.lines.refused} ${down.length}`;
    if (shape !== outside) { outside = shape; linesOut(outOf, down, signal); }
  }, { types: ['alarm.', 'gateway.', 'peer.', 'line.service', 'registration.'], every: 2000, signal: ctx.signal });

  function judge(alarms, outOf, status) {
    const rank = name => (SUMS.findIndex(([n]) => n === name) + SUMS.length + 1) % (SUMS.length + 1);
    alarms.sort((a, b) => (b.severity === 'CRITICAL') - (a.severity === 'CRITICAL') || rank(a.name) - rank(b.name) || a.since.localeCompare(b.since));
    const critical = alarms.filter(a => a.severity === 'CRITICAL').length;
    const bad = critical > 0 || status.lines.refused > 0;
    const unheard = status.gateways.unknown;
    const notYet = `${many(unheard, 'gateway has', 'gateways have')} not been heard yet`;
    verdict.className = `verdict ${status.state !== 'READY' ? 'warn' : bad ? 'bad' : alarms.length || outOf || unheard ? 'warn' : 'good'}`;
    const text = status.state !== 'READY' ? `The bridge is ${words(status.state)}${status.state === 'DRAINING' ? ': it takes no new calls' : ''}`
      : alarms.length ? sum(alarms, status.lines) : outOf ? `${many(outOf, 'line is', 'lines are')} out of service`
      : status.gateways.up + status.gateways.down + status.gateways.unknown === 0 ? 'Nothing is provisioned yet'
      : unheard ? notYet : 'Everything works';
    const more = alarms.length || outOf || !unheard ? '' : status.state !== 'READY' ? `${notYet}.` : status.gateways.up ? 'The others work.' : 'Until then no phone of theirs can be used.';
    put(verdict, el('strong', null, text), more && el('span', null, more));
    reconcile(wrong, together(alarms), a => `${a.name} ${a.resources[0]} ${a.resources.length > 1}`, a => el('li', { class: a.severity.toLowerCase() },
      badge(a.severity), el('div.what', null,
        el('span.title', null, a.resources.length > 1 ? `${headline(a)}: ` : `${WHAT[a.name] ?? words(a.name)} `, a.resources.slice(0, NAMED).map((r, i) => [i > 0 && ', ', r && el('a', { href: hrefOf(r) }, r.split('/').slice(1).join('/'))]),
          a.resources.length > NAMED && [' and ', el('a', { href: LISTS[a.name] ?? '#/events' }, `${count(a.resources.length - NAMED)} more`)]),
        el('span.detail', null, a.detail && a.detail + '. ', ADVICE[a.name] ?? '')), ago(a.since)));
  }

  // What went wrong in many places in the same way is one thing to read: since the first of them.
  function together(alarms) {
    const groups = Map.groupBy(alarms, a => `${a.severity} ${a.name} ${a.detail}`);
    return [...groups.values()].flatMap(list => list.length > FEW ? [{ ...list[0], resources: list.map(a => a.resource) }] : list.map(a => ({ ...a, resources: [a.resource] })));
  }

  const headline = a => { const [, one, more] = SUMS.find(([n]) => n === a.name) ?? [0, words(a.name), words(a.name)]; return many(a.resources.length, one, more || one); };

  // "1 gateway down, registrations fail at 1 peer, 3 lines refused": the worst first.
  function sum(alarms, lines) {
    const phrases = [];
    for (const [name, one, more] of SUMS) {
      const n = alarms.filter(a => a.name === name).length;
      if (n) phrases.push(many(n, one, more));
    }
    const others = alarms.filter(a => !SUMS.some(([name]) => name === a.name)).length;
    if (others) phrases.push(many(others, 'other thing wrong', 'other things wrong'));
    if (lines.refused) phrases.push(many(lines.refused, 'line refused', 'lines refused'));
    return phrases.join(' · ');
  }

  // Lines of a gateway that is down are said with it.
  async function linesOut(outOf, down, signal) {
    if (!outOf) { put(lines); return; }
    try {
      const page = await get('v1/gateways/-/lines', { pageSize: 8, filter: ['(service = REFUSED OR service = RESTARTING OR service = SILENT)', ...down.slice(0, 20).map(g => `gateway != ${quote(g)}`)].join(' AND ') }, signal);
      put(lines, page.lines.map(l => el('li.warning', null, badge(l.service), el('div.what', null,
        el('span.title', null, 'Line ', el('a', { href: `#/lines/${part(l.number)}` }, l.number), l.displayName && ` ${l.displayName}`, ' · ', el('a', { href: `#/gateways/${part(l.gateway)}` }, l.gateway), ` ${l.endpoint}`),
        el('span.detail', null, why(l.service), '.')))),
      page.nextPageToken && el('li', null, el('a', { href: '#/lines?state=out' }, `All ${many(outOf, 'line')} that are out of service`)));
    } catch { outside = ''; }
  }

  function figures(status) {
    const gatewaysTotal = status.gateways.up + status.gateways.down + status.gateways.unknown;
    const linesTotal = Object.values(status.lines).reduce((a, b) => a + b, 0);
    const r = status.registrations;
    const wanted = r.registered + r.refused + r.unreachable + r.trying;
    const rate = rates.length ? rates.slice(-5).reduce((a, b) => a + b, 0) / Math.min(5, rates.length) : 0;
    const list = [
      { id: 'calls', href: '#/calls', label: 'Active calls', value: count(status.calls), note: `${count(status.mediaSessions)} with audio` },
      { id: 'rate', href: '#/records', label: 'Calls per second', value: rate.toFixed(rate < 10 ? 1 : 0), note: `${count(status.callCounts.started)} since the start, ${count(status.callCounts.failed)} failed`, spark: true },
      { id: 'gateways', href: status.gateways.down ? '#/gateways?state=DOWN' : '#/gateways', label: 'Gateways up', value: count(status.gateways.up), of: count(gatewaysTotal), note: [status.gateways.down && `${count(status.gateways.down)} down`, status.gateways.unknown && `${count(status.gateways.unknown)} not heard yet`].filter(Boolean).join(', ') || 'all of them', bad: status.gateways.down > 0 },
      { id: 'lines', href: '#/lines', label: 'Lines in service', value: count(status.lines.inService), of: count(linesTotal), note: [status.lines.refused && `${count(status.lines.refused)} refused`, status.lines.silent && `${count(status.lines.silent)} silent`, status.lines.restarting && `${count(status.lines.restarting)} restarting`, status.lines.unknown && `${count(status.lines.unknown)} not known yet`].filter(Boolean).join(', ') || 'all of them', bad: status.lines.refused + status.lines.silent > 0 },
      { id: 'registrations', href: '#/peers', label: 'Registrations', value: count(r.registered), of: count(wanted), note: [r.refused && `${count(r.refused)} refused`, r.unreachable && `${count(r.unreachable)} unanswered`, r.trying && `${count(r.trying)} under way`].filter(Boolean).join(', ') || (wanted ? 'all of them' : 'none wanted'), bad: r.refused + r.unreachable > 0 },
    ];
    if (!tiles.childElementCount) {
      put(tiles, list.map(t => el('a.tile', { href: t.href, 'data-id': t.id }, el('span.label', null, t.label), el('span.value', null, el('strong'), el('span.of')), t.spark && spark, el('span.note'))));
    }
    for (const t of list) {
      const node = tiles.querySelector(`[data-id=${t.id}]`);
      node.setAttribute('href', t.href);
      node.classList.toggle('bad', !!t.bad);
      say(node.querySelector('strong'), t.value);
      say(node.querySelector('.of'), t.of ? ` / ${t.of}` : '');
      say(node.querySelector('.note'), t.note);
    }
    const most = Math.max(1, ...rates);
    put(spark, rates.length > 1 && svg('polyline', { points: rates.map((x, i) => `${(MOST - rates.length + i) * 2},${(26 - x / most * 24).toFixed(1)}`).join(' ') }));
  }

  refreshing(async signal => {
    const page = await get('v1/calls', { pageSize: 8, orderBy: 'startTime desc' }, signal);
    reconcile(live, page.calls, c => c.id, c => el('li', null, badge(c.state), el('a.what', { href: `#/calls/${part(c.id)}` }, callText(c)), el('span.type', null, `line ${c.line}`), durationOf(c)));
    if (!page.calls.length) put(live, el('li.nothing', null, 'No call at the moment.'));
  }, { types: ['call.'], every: 10000, signal: ctx.signal });

  const recent = [];
  onEvents(batch => {
    recent.unshift(...batch.filter(e => e.resource && e.type !== 'line.state' && e.type !== 'stream.missed').reverse());
    recent.length = Math.min(recent.length, 8);
    reconcile(news, recent.map(({ sequence, time, type, resource, ...rest }) => ({ sequence, time, type, resource, ...rest })), e => e.sequence, e =>
      el('li', null, at(e.time), el('span.type', null, e.type), el('a.what', { href: hrefOf(e.resource) }, summary(e) || e.resource)));
  }, ctx.signal);
  put(news, el('li.nothing', { 'data-key': 'none' }, 'What happens from now on stands here.'));

  refreshing(async signal => {
    const page = await get('v1/discoveredGateways', { pageSize: 5 }, signal);
    reconcile(found, page.discoveredGateways, g => g.domain + g.address, g => el('li.info', null,
      badge(g.state, 'not configured', 'busy'), el('div.what', null, el('span.title', null, `Gateway ${g.domain} at ${g.address} asks for a call agent`),
        el('span.detail', null, `It sent ${many(g.messageCount, 'restart')} and got no answer, since nobody configured it.`)),
      ctx.may('operator') && button('Adopt…', () => adopt(g)), ago(g.firstHeardTime)));
  }, { types: ['gateway.discovered', 'gateway.up'], every: 15000, signal: ctx.signal });
}

/** Makes the bridge the call agent of a gateway that nobody configured. */
export async function adopt(g) {
  const yes = await confirm(`Adopt ${g.domain}?`, `The gateway at ${g.address} is asked what it has, and the bridge becomes its call agent until the bridge ends. What it calls itself is nobody's word but its own: adopt it only if you know it.`, 'Adopt', 'primary');
  if (yes) await attempt(`${g.domain} is adopted`, async () => {
    const made = await post(`v1/discoveredGateways/${part(g.domain)}:adopt`, { address: g.address });
    location.hash = `#/gateways/${part(made.name)}`;
  });
}
