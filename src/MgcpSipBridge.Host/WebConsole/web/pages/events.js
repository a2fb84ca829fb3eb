// Everything that happens, as it happens. Bounded: what scrolls out of the list is in the records, the log and the metrics.

import { el, put, say } from '../dom.js';
import { part, stream } from '../api.js';
import { at, badge, button, choice, head, search, toast } from '../parts.js';
import { count, delay, many, quote, seconds, words } from '../format.js';

const KEPT = 400;
const KINDS = [['', 'All kinds'], ['gateway.*', 'gateways'], ['line.*', 'lines'], ['registration.*', 'registrations'], ['peer.*', 'peers'], ['call.*', 'calls'], ['feature.*', 'features'], ['sound.*', 'sounds'], ['digits.*', 'digits'], ['recording.*', 'recordings'], ['conference.*', 'conferences'], ['router*', 'routers'], ['resource.*', 'changes'], ['alarm.*', 'alarms']];

const HOMES = { routes: '#/routes', routers: '#/routes', recordings: '#/sounds' };

/** The page of a resource. */
export function hrefOf(resource) {
  const [kind, ...rest] = resource.split('/');
  return ['gateways', 'lines', 'peers', 'calls'].includes(kind) && rest.length ? `#/${kind}/${part(rest.join('/'))}` : HOMES[kind] ?? '#/events';
}

/** An event in a few words. */
export function summary(e) {
  if (e.alarm) return `${words(e.alarm.name)}: ${e.alarm.detail}`;
  if (e.registration) return `${e.registration.key} at ${e.registration.peer}: ${words(e.registration.state)}${e.registration.sipStatus ? ` (${e.registration.sipStatus})` : ''}`;
  if (e.line) return e.type === 'line.service' ? `line ${e.line.line} on ${e.line.gateway}: ${words(e.line.service)}` : `line ${e.line.line}: ${words(e.line.fromState)} → ${words(e.line.state)}`;
  if (e.gateway) return [e.gateway.gateway, e.gateway.detail].filter(Boolean).join(': ');
  if (e.record) return `${e.record.caller || e.record.line} → ${e.record.called || '…'}: ${words(e.record.outcome)}`;
  if (e.call) {
    const c = e.call;
    if (c.ended) return `${c.ended.caller || c.line} → ${c.ended.called || '…'}: ${words(c.ended.outcome)}${c.sipStatus ? `, SIP ${c.sipStatus}` : ''}${c.mgcpCode ? `, MGCP ${c.mgcpCode}` : ''}`;
    const told = callDetail(e, c);
    return c.line && told ? `line ${c.line}: ${told}` : told || (c.line ? `line ${c.line}, ${c.direction === 'SIP_TO_MGCP' ? 'called' : 'calls'}` : '');
  }
  if (e.change) return `by ${e.change.principal}`;
  if (e.missed) return `${count(e.missed.count)} events came faster than they could be read`;
  return '';
}

function callDetail(e, c) {
  if (c.audio) return words(c.audio);
  if (c.feature) return words(c.feature);
  if (e.type === 'call.fax') return words(c.fax);
  if (e.type === 'recording.ended') return `${Math.round(seconds(c.length))} s, ${count(c.bytes)} bytes, ${words(c.end)}`;
  if (c.conference) return `${c.conference}, ${words(c.side)}`;
  if (e.type === 'digits.collected') return `${many(c.digits, 'digit')}, ${words(c.end)}`;
  if (c.end) return words(c.end);
  if (/^call\.(un)?muted$/.test(e.type)) return words(c.side);
  return c.delay ? `after ${delay(seconds(c.delay))}` : '';
}

const toneOf = e => /^alarm\.raised|\.down$|silent/i.test(e.type + (e.call?.audio ?? '')) ? 'bad' : /^alarm\.cleared|\.up$|recovered/.test(e.type) ? 'good' : /missed|overloaded|restarted|REFUSED|UNREACHABLE/.test(e.type + (e.registration?.state ?? '') + (e.line?.service ?? '')) ? 'warn' : 'quiet';

export default function events(root, ctx) {
  const asked = { kind: ctx.query.get('kind') ?? '', filter: ctx.query.get('filter') ?? '' };
  const rows = el('ol.events', { 'aria-label': 'Events, the latest first' });
  const status = el('span.where', { role: 'status' });
  const nothing = el('p.nothing', null, 'Nothing has happened since this page was opened.');
  const wrong = el('p.problem', { role: 'alert' });
  let paused = false;
  let queue = [];
  let skipped = 0;
  let seen = 0;
  let scheduled = false;
  let connection = null;

  const pause = button('Pause', () => {
    paused = !paused;
    say(pause, paused ? 'Go on' : 'Pause');
    pause.setAttribute('aria-pressed', String(paused));
    if (!paused) draw();
    tell();
  }, '', { 'aria-pressed': 'false' });

  function take(e) {
    if (e.type === 'stream.heartbeat') {
      // The first one says that from here on nothing is missed.
      rows.removeAttribute('aria-busy');
      return;
    }
    seen++;
    queue.push(e);
    if (queue.length > KEPT) skipped += queue.splice(0, queue.length - KEPT).length;
    if (!scheduled) {
      scheduled = true;
      requestAnimationFrame(() => { scheduled = false; if (!paused) draw(); tell(); });
    }
  }

  function draw() {
    if (!queue.length) return;
    nothing.hidden = true;
    rows.prepend(...queue.splice(0).reverse().map(row));
    while (rows.childElementCount > KEPT) rows.lastElementChild.remove();
  }

  function tell() {
    say(status, paused ? `Paused; ${count(queue.length + skipped)} wait${skipped ? `, of which the first ${count(skipped)} will not be shown` : ''}` : seen ? `${count(seen)} since this page was opened` : '');
    if (!paused) skipped = 0;
  }

  function row(e) {
    const detail = el('pre.wire', { hidden: true });
    const more = el('button.disclose', { type: 'button', 'aria-expanded': 'false', onclick: () => {
      detail.hidden = !detail.hidden;
      more.setAttribute('aria-expanded', String(!detail.hidden));
      if (!detail.hidden) say(detail, JSON.stringify(e, null, 2));
    } }, e.type);
    return el('li', null, el('div.line', null, at(e.time), badge(e.type, '', toneOf(e)), more, e.resource && el('a', { href: hrefOf(e.resource) }, e.resource), el('span.what', null, summary(e))), detail);
  }

  async function watch() {
    connection?.abort();
    const mine = connection = new AbortController();
    ctx.signal.addEventListener('abort', () => mine.abort());
    say(wrong, '');
    rows.setAttribute('aria-busy', 'true');
    ctx.keep(asked);
    const filter = [asked.kind && `type = ${quote(asked.kind)}`, asked.filter && `(${asked.filter})`].filter(Boolean).join(' AND ');
    let resumeToken = '';
    while (!mine.signal.aborted) {
      try {
        await stream('v1/events:watch', { filter, resumeToken }, e => { resumeToken = e.resumeToken || resumeToken; take(e); }, mine.signal);
      } catch (e) {
        if (mine.signal.aborted || e.isLogin) return;
        if (e.status === 400 && !resumeToken) { say(wrong, e.message); return; }
        if (e.status === 400) { resumeToken = ''; toast('Some events are no longer kept and were missed.', 'bad'); }
      }
      await new Promise(done => setTimeout(done, 1500));
    }
  }

  put(root, head('Events', 'As they happen, the latest on top. Calls that are over stand in Records.', pause, button('Clear', () => { put(rows); queue = []; seen = skipped = 0; nothing.hidden = false; tell(); })),
    el('div.filters', null, choice('Kind', KINDS, asked.kind, v => { asked.kind = v; watch(); }),
      search('Filter, such as: call.line = "1001"', asked.filter, v => { asked.filter = v; watch(); }, { class: 'long' }), status), wrong, nothing, rows);
  watch();
}
