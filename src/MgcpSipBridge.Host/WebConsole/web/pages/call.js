// One call: what it is, what can be done with it, and its messages as they come.

import { el, put, say } from '../dom.js';
import { bytes, del, get, part, stream } from '../api.js';
import { messagesOf, textOf } from '../capture.js';
import { onEvents } from '../live.js';
import { at, attempt, badge, button, confirm, empty, facts, form, head, saveFile, trouble } from '../parts.js';
import { delay, quote, seconds, span, words } from '../format.js';
import { inspect, Ladder, mermaid } from '../ladder.js';
import { audioSection, audioText, heard } from './audio.js';
import { act, callText, durationOf } from './calls.js';

export default function call(root, ctx, id) {
  const title = head(`Call ${id}`, '');
  const actions = title.querySelector('.actions');
  const about = el('div.callhead');
  const more = el('div');
  const panel = el('aside.inspector', { 'aria-live': 'polite', 'aria-label': 'The chosen message' }, el('p.nothing', null, 'Choose a message to see what it says.'));
  const place = el('div');
  const note = el('p.laddernote', { role: 'status' });
  const legs = [{ id, messages: [], call: null }];
  const audio = audioSection(ctx, id, fresh => { legs[0].call = fresh; describe(fresh); });
  put(root, el('p.crumbs', null, el('a', { href: '#/calls' }, 'Calls')), title, about, audio.node, el('div.ladderframe', null, el('div', null, place, note), panel), more);

  let ladder = null;
  let columns = [];

  watch(legs[0], ctx.signal);
  ctx.signal.addEventListener('abort', () => ladder?.dispose());

  async function watch(leg, signal) {
    for (;;) {
      try {
        await stream(`v1/calls/${part(leg.id)}/ladder:watch`, null, update => {
          leg.messages = [...leg.messages.slice(0, update.kept), ...update.messages];
          leg.notKept = update.notKept;
          leg.call = update.call;
          show();
        }, signal);
        if (leg.call?.endTime) return;
      } catch (e) {
        if (e.name === 'AbortError' || signal.aborted) return;
        if (e.status === 404 && leg === legs[0]) { await past(); return; }
        if (e.status === 404 || e.isLogin) return;
        if (!leg.call) put(place, trouble(e));
      }
      leg.messages = [];
      await new Promise(done => setTimeout(done, 1500));
    }
  }

  // The ladder is no longer kept: the record may be.
  async function past() {
    put(place, empty('The messages of this call are no longer kept.', 'The latest thousand calls are. The record of an older one may still be there:', el('p', null, el('a', { href: `#/records?q=${encodeURIComponent(id)}` }, 'Look among the records'))));
    put(panel);
  }

  function show() {
    const mine = legs[0].call;
    if (!mine) return;
    const ends = legs.map(l => l.call?.gateway ?? '').join(' ') + (mine.peer ?? '');
    if (!ladder || ends !== ladder.ends) lay(ends);
    const start = Date.parse(mine.startTime);
    const all = legs.flatMap((leg, i) => leg.messages.map(m => {
      const [from, to] = [side(m.from, i), side(m.to, i)];
      return { ...m, leg: i, fromAt: from, toAt: to, offsetText: `${((Date.parse(m.time) - start) / 1000).toFixed(3)}` };
    }));
    if (legs.length > 1) all.sort((a, b) => a.time.localeCompare(b.time));
    const lives = legs.some(l => l.call && !l.call.endTime);
    ladder.show(all, lives);
    if (ladder.chosen >= 0 && JSON.stringify(all[ladder.chosen]) !== looked) look(all[ladder.chosen]);
    say(note, [all.length ? `${all.length} messages` : 'No message yet', legs[0].notKept ? `and ${legs[0].notKept} more that are not kept` : '', lives ? '· the call goes on' : '· the call is over'].filter(Boolean).join(' '));
    describe(mine);
  }

  // Whole messages are read when somebody wants to see them, and read again when one is newer than what was read.
  let looked = '';
  async function look(message) {
    looked = JSON.stringify(message);
    const leg = legs[message.leg];
    const offered = ctx.may('operator');
    let text = leg.captured ? textOf(leg.captured, message) : null;
    if (leg.captured && text === null && leg.read !== leg.messages.length) {
      await capture(leg);
      text = textOf(leg.captured, message);
    }
    inspect(panel, message, columns, text ?? (offered && !leg.captured ? async () => { if (await attempt('', () => capture(leg))) look(message); } : null));
  }

  async function capture(leg) {
    leg.read = leg.messages.length;
    leg.captured = messagesOf(await bytes(`v1/calls/${part(leg.id)}/capture`));
  }

  function side(who, leg) {
    const own = { gateway: 0, bridge: 1, peer: 2 }[who] ?? 1;
    return leg === 0 ? own : 4 - own;
  }

  function lay(ends) {
    ladder?.dispose();
    const mine = legs[0].call;
    columns = [{ title: mine.gateway, detail: `line ${mine.line}` }, { title: 'bridge', detail: '' }, { title: mine.peer || 'SIP peer', detail: 'SIP' }];
    if (legs[1]) columns.push({ title: 'bridge ', detail: '' }, { title: legs[1].call?.gateway ?? 'gateway', detail: `line ${legs[1].call?.line ?? legs[1].line}` });
    ladder = new Ladder(columns, look);
    ladder.ends = ends;
    put(place, ladder.node);
  }

  let drawn = '';
  function describe(c) {
    const shape = JSON.stringify(c);
    if (shape === drawn) return;
    drawn = shape;
    audio.show(c);
    const over = !!c.endTime;
    say(title.querySelector('h1'), callText(c));
    document.title = `${callText(c)} · MgcpSipBridge`;
    put(about, badge(over ? c.outcome : c.held ? 'HELD' : c.state), over ? el('span', null, c.answerTime ? `talked ${span((Date.parse(c.endTime) - Date.parse(c.answerTime)) / 1000)}` : 'not answered') : durationOf(c),
      facts([
        ['Line', el('a', { href: `#/lines/${part(c.line)}` }, c.line)], ['Gateway', el('a', { href: `#/gateways/${part(c.gateway)}` }, c.gateway)],
        ['Peer', c.peer && el('a', { href: `#/peers/${part(c.peer)}` }, c.peer)], ['Caller', c.caller], ['Called', c.called], ['Connected with', c.connected], ['Sent on by', c.sentOnBy], ['Audio', audioText(c)], ['The peer warned', c.sipWarning],
        ['Began', at(c.startTime)], ['Answered', c.answerTime && at(c.answerTime)], ['Ended', c.endTime && at(c.endTime)], ['MGCP call id', c.mgcpCallId && el('code', null, c.mgcpCallId)], ['SIP Call-ID', c.sipCallId && el('code', null, c.sipCallId)],
      ]));
    const may = ctx.may('operator') && !over;
    const focused = actions.contains(document.activeElement) ? document.activeElement.textContent : '';
    put(actions,
      legs.length === 1 && c.called && button('Show the other phone', other),
      button('Save as text', () => saveFile(`call-${id}.mmd`, [mermaid(columns, ladder.messages)])),
      ctx.may('operator') && button('Save capture', () => attempt('', async () => saveFile(`call-${id}.pcap`, [await bytes(`v1/calls/${part(id)}/capture`)])), '', { title: 'A pcap file for Wireshark' }),
      may && c.answerTime && (c.held
        ? button('Take back', () => attempt('The call goes on', () => act(id, 'resume')))
        : button('Hold', () => attempt('The far end waits', () => act(id, 'hold')))),
      may && c.answerTime && button('Transfer…', () => transfer(c)),
      may && button('Hang up', () => hangUp(c), 'danger'));
    if (focused) [...actions.children].find(b => b.textContent === focused)?.focus();
    if (over) record();
  }

  async function hangUp(c) {
    if (await confirm('Hang up?', `The call ${callText(c)} ends on both sides.`, 'Hang up')) await attempt('Hung up', () => del(`v1/calls/${part(id)}`));
  }

  const transfer = c => form(`Transfer ${callText(c)}`, [{ name: 'destination', label: 'To', required: true, hint: 'A number as the line would dial it, or a SIP URI. The far end talks to it then, and this line is out of the call.' }], 'Transfer',
    values => act(id, 'transfer', values));

  // Both ends of a call may be phones of ours: then the bridge has two calls, one with each, and the peer between them.
  async function other() {
    const c = legs[0].call;
    const [line, direction] = c.direction === 'MGCP_TO_SIP' ? [c.called, 'SIP_TO_MGCP'] : [c.caller, 'MGCP_TO_SIP'];
    const [from, to] = [-90, 90].map(s => new Date(Date.parse(c.startTime) + s * 1000).toISOString());
    const filter = `line = ${quote(line)} AND direction = ${direction} AND startTime > ${from} AND startTime < ${to}`;
    const nearest = list => list.sort((a, b) => Math.abs(Date.parse(a.startTime) - Date.parse(c.startTime)) - Math.abs(Date.parse(b.startTime) - Date.parse(c.startTime)))[0];
    await attempt('', async () => {
      const live = nearest((await get('v1/calls', { filter, pageSize: 10 })).calls);
      const found = live?.id ?? nearest((await get('v1/callRecords', { filter, pageSize: 10 })).callRecords)?.call;
      if (!found) throw new Error(`No line of this bridge is at the other end (${line || 'unknown'}).`);
      legs.push({ id: found, line, messages: [], call: null });
      drawn = '';
      root.classList.add('wideladder');
      show();
      watch(legs[1], ctx.signal);
    });
  }

  let asked = false;
  async function record() {
    if (asked) return;
    asked = true;
    try {
      const r = (await get('v1/callRecords', { filter: `call = ${quote(id)}`, pageSize: 1 }, ctx.signal)).callRecords[0];
      if (r) recorded(r);
    } catch { /* none is kept */ }
  }

  // It is written a moment after the end, when the gateway has told what it counted.
  onEvents(batch => {
    const made = batch.find(e => e.record?.call === id);
    if (made) recorded(made.record);
  }, ctx.signal);

  const recorded = r => put(more, el('h2', null, 'What was counted'), recordFacts(r));
}

/** What a call record says beyond the call itself. */
export function recordFacts(r) {
  const media = m => m && `${m.packetsReceived} in, ${m.packetsSent} out, ${m.packetsLost} lost, ${m.packetsDropped} refused, jitter ${m.jitterMilliseconds.toFixed(1)} ms${m.roundTripMilliseconds ? `, round trip ${Math.round(m.roundTripMilliseconds)} ms` : ''}`;
  const told = g => g && Object.entries(g).filter(([k, v]) => k !== 'others' && v !== null).map(([k, v]) => `${words(k.replace(/([A-Z])/g, '_$1'))} ${v}`).join(', ');
  return facts([
    ['Outcome', badge(r.outcome)], ['Ended by', r.endedByLine ? 'the line' : 'the peer, or the bridge'], ['Cause (Q.850)', r.q850Cause || ''], ['SIP status', r.sipStatus || ''], ['MGCP code', r.mgcpCode || ''],
    ['Lasted', span(seconds(r.duration))], ['Talked', span(seconds(r.talked))], ['Until it rang', r.postDialDelay && delay(seconds(r.postDialDelay))],
    ['The line sounded', r.gatewayMedia && heard(r.gatewayMedia.mos)], ['The far end sounded', r.sipMedia && heard(r.sipMedia.mos)],
    ['From and to the line', media(r.gatewayMedia)], ['From and to the far end', media(r.sipMedia)], ['The gateway counted', told(r.gatewayCounters)],
    ['Silences', r.silences.map(words).join(', ')], ['Features', r.features.map(words).join(', ')], ['SIP Call-ID', r.sipCallId && el('code', null, r.sipCallId)], ['MGCP call id', r.mgcpCallId && el('code', null, r.mgcpCallId)],
  ]);
}
