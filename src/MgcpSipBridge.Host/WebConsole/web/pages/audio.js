// The audio of a live call: what passes, how good it is, and what can be done with it.

import { el, put, say } from '../dom.js';
import { get, part, post, requestId } from '../api.js';
import { onEvents, refreshing } from '../live.js';
import { attempt, badge, button, form } from '../parts.js';
import { count, many, seconds, words } from '../format.js';
import { act } from './calls.js';

const ENDS = { LINE: ['The line', 'line', 'lineConference'], PEER: ['The far end', 'peer', 'peerConference'] };
const FAX = { FAX_T38: 'fax by T.38', FAX_PASSTHROUGH: 'fax in a clear channel', FAX_BY_GATEWAY: 'fax by the gateway\'s own means', FAX_FAILED: 'a fax failed' };
const REASONS = {
  FULL: 'as many as were wanted', FINISH_KEY: 'ended by a key', MATCHED: 'the digit map fits', NO_MATCH: 'nothing in the digit map begins so', FIRST_DIGIT_TIMEOUT: 'no digit came', INTER_DIGIT_TIMEOUT: 'no further digit came',
  STOPPED: 'stopped', REPLACED: 'others are collected instead', CALL_ENDED: 'the call is over',
};
const PLAYED = { FINISHED: 'was played to its end', STOPPED: 'was stopped', DIGIT: 'was ended by a digit', REPLACED: 'gave way to something else', NOT_FOUND: 'was not found', NOT_POSSIBLE: 'cannot be played: that end speaks no G.711' };

/** How a call's audio passes, in a few words. */
export function audioText(c) {
  const codecs = [c.lineCodec, c.peerCodec].filter(Boolean);
  const coded = codecs.length < 2 || c.lineCodec === c.peerCodec ? codecs[0] : `${c.lineCodec} at the line, ${c.peerCodec} at the peer, translated`;
  return [coded, (codecs.length || c.encrypted) && (c.encrypted ? 'encrypted towards the peer (SRTP)' : 'not encrypted'), FAX[c.fax]].filter(Boolean).join(', ');
}

/** How good somebody sounds, as a number from 1 to 4.41 and a word (ITU-T G.107 annex B). */
export const heard = mos => !mos ? el('span.quiettext', null, 'nothing yet')
  : badge('', `${mos.toFixed(2)} ${mos >= 4.03 ? 'good' : mos >= 3.6 ? 'fair' : 'poor'}`, mos >= 4.03 ? 'good' : mos >= 3.6 ? 'warn' : 'bad');

/** A name of a file, tone:busy, tone:busy@de=2.5 or silence=0.5, as mgcpsipctl takes them. */
export function soundOf(text) {
  const [, what, , country, , length] = /^([^@=]+)(@([a-z]{2}))?(=([\d.]+))?$/i.exec(text) ?? [];
  const time = length ? `${Number(length)}s` : undefined;
  if (what === 'silence') return { silence: time };
  return what?.startsWith('tone:') ? { tone: what.slice(5).toUpperCase(), country: country ?? '', length: time } : { name: text };
}

const sounds = text => text.split(/[\s,]+/).filter(Boolean).map(soundOf);
const SOUNDS = 'Files of the bridge, without their ending, and tones: tone:dial, tone:ringback, tone:busy, tone:reorder, as in another country tone:busy@de, for some seconds tone:busy=2; silence=1. Several, with spaces between, one after the other.';
const sides = (name, label, first) => ({ name, label, options: [{ value: 'CALL_SIDE_UNSPECIFIED', text: first }, ...Object.entries(ENDS).map(([value, [text]]) => ({ value, text }))] });

/** The section of a call's page. changed is told when the call is known anew; show and end are told of it in turn. */
export function audioSection(ctx, id, changed) {
  const may = ctx.may('operator');
  const state = el('span.states');
  const note = el('p.result', { role: 'status' });
  const rows = Object.entries(ENDS).map(([side, [name, field, conference]]) => {
    const cells = { state: el('td'), codec: el('td'), lost: el('td.num'), jitter: el('td.num'), trip: el('td.num'), mos: el('td'), act: el('td') };
    const mute = may && button('Mute', () => attempt('', async () => done(await act(id, mute.muted ? 'unmute' : 'mute', { side }))), '', { 'aria-label': `Mute ${name.toLowerCase()}` });
    if (mute) put(cells.act, mute);
    return { side, name, field, conference, cells, mute, node: el('tr', null, el('th', { scope: 'row' }, name), cells.mos, cells.lost, cells.jitter, cells.trip, cells.codec, cells.state, may && cells.act) };
  });
  const verbs = {
    play: button('Play…', () => play()), stop: button('Stop playing', () => attempt('Nothing is played or collected any more', async () => done(await act(id, 'stop')))), digits: button('Send digits…', () => send()), collect: button('Collect digits…', collect),
    record: button('Record…', () => record()), keep: button('Stop recording', () => attempt('The recording is kept', async () => done(await act(id, 'stopRecording')))),
    join: button('Conference…', () => join()), leave: button('Leave the conference', () => attempt('They hear one another again', async () => done(await act(id, 'leave')))), route: button('Call on…', () => route()),
  };
  const section = el('section.audio', { 'aria-labelledby': 'audiohead', hidden: true }, el('h2', { id: 'audiohead' }, 'Audio', state),
    el('div.scroll', { tabindex: '0', role: 'region', 'aria-label': 'How good the call is' }, el('table', null,
      el('thead', null, el('tr', null, ['From', 'Sounds', 'Lost', 'Jitter', 'Round trip', 'Codec', '', may && ''].filter(t => t !== false).map((t, i) => el('th', { scope: 'col', class: i > 1 && i < 5 ? 'num' : null }, t)))), el('tbody', null, rows.map(r => r.node)))),
    may && el('div.row', null, Object.values(verbs)));
  // What was done is told when the call is over, too: digits of whoever hung up, how long a recording became.
  const node = el('div', null, section, note);
  let call = null;
  let playing = '';
  const ending = new AbortController();
  ctx.signal.addEventListener('abort', () => ending.abort());

  const reload = refreshing(async signal => {
    const fresh = await get(`v1/calls/${part(id)}`, null, signal);
    changed(fresh);
    if (fresh.endTime || !fresh.answerTime && !fresh.attended) return;
    const quality = await get(`v1/calls/${part(id)}/quality`, null, signal);
    for (const r of rows) measure(r.cells, quality[r.field]);
  }, { every: 3000, signal: ending.signal });

  onEvents(batch => {
    const mine = batch.filter(e => e.resource === `calls/${id}`);
    for (const e of mine) {
      if (e.type === 'sound.ended' && e.call.play === playing) { playing = ''; say(note, `It ${PLAYED[e.call.end] ?? words(e.call.end)}.`); }
      if (e.type === 'recording.ended') say(note, e.call.end === 'FAILED' ? 'The recording failed: its file could not be written.' : `The recording is over: ${Math.round(seconds(e.call.length))} s, ${count(e.call.bytes)} bytes.`);
    }
    if (mine.length) reload();
  }, ending.signal);

  function show(c) {
    call = c;
    section.hidden = !!c.endTime || !c.answerTime && !c.attended && !c.lineCodec;
    if (c.endTime) { ending.abort(); return; }
    put(state, c.encrypted && badge('', 'SRTP', 'good'), c.fax !== 'FAX_UNSPECIFIED' && badge('', FAX[c.fax], c.fax === 'FAX_FAILED' ? 'bad' : 'busy'), c.recording && badge('', 'recording', 'busy'), c.attended && badge('', 'answered by the bridge', 'busy'));
    for (const { side, name, conference, cells, mute } of rows) {
      const muted = c.muted.includes(side);
      say(cells.codec, (side === 'LINE' ? c.lineCodec : c.peerCodec) || '–');
      put(cells.state, muted && badge('', 'muted', 'warn'), c[conference] && badge('', `in ${c[conference]}`, 'busy'));
      if (!mute) continue;
      mute.muted = muted;
      say(mute, muted ? 'Unmute' : 'Mute');
      mute.setAttribute('aria-label', `${muted ? 'Unmute' : 'Mute'} ${name.toLowerCase()}`);
    }
    const inside = !!(c.lineConference || c.peerConference);
    for (const [verb, shown] of [['record', !c.recording], ['keep', !!c.recording], ['join', !inside], ['leave', inside], ['route', c.attended]]) verbs[verb].hidden = !shown;
  }

  function measure(cells, q) {
    put(cells.mos, heard(q.mos));
    const all = Number(q.packetsReceived) + Number(q.packetsLost);
    say(cells.lost, all ? `${count(q.packetsLost)} (${(Number(q.packetsLost) * 100 / all).toFixed(1)} %)` : '–');
    say(cells.jitter, all ? `${q.jitterMilliseconds.toFixed(1)} ms` : '–');
    say(cells.trip, q.roundTripMilliseconds ? `${Math.round(q.roundTripMilliseconds)} ms` : '–');
  }

  // What was done stands in the answer where that is the call, else it is asked for.
  function done(answer) {
    if (answer.id === id) changed(answer);
    reload();
    return true;
  }

  const play = () => form('Play', [
    { name: 'sounds', label: 'What', required: true, placeholder: 'en/welcome tone:busy=2', hint: SOUNDS }, sides('towards', 'Who hears it', 'Both ends'),
    { name: 'times', label: 'How often', type: 'number', value: 1, min: -1, hint: '-1: until it is stopped.' },
  ], 'Play', async v => {
    const answer = await act(id, 'play', { sounds: sounds(v.sounds), towards: v.towards, times: Number(v.times) });
    playing = answer.play;
    say(note, `${v.sounds.trim()} is played to ${v.towards === 'LINE' ? 'the line' : v.towards === 'PEER' ? 'the far end' : 'both ends'}.`);
    return done(answer);
  });

  const send = () => form('Send digits', [
    { name: 'digits', label: 'Digits', required: true, pattern: '[0-9*#A-Da-d,]{1,64}', hint: '0-9, *, #, A-D; a comma is a pause of a second.' }, sides('towards', 'To', 'The far end, as if dialled'),
  ], 'Send', async v => {
    const answer = await act(id, 'sendDigits', { digits: v.digits.toUpperCase(), towards: v.towards });
    say(note, `${many(v.digits.replaceAll(',', '').length, 'digit')} sent to ${v.towards === 'LINE' ? 'the line' : 'the far end'}.`);
    return done(answer);
  });

  // Digits are told to who asked for them alone: they stand here, and go with the page.
  async function collect() {
    const wish = await form('Collect digits', [
      sides('from', 'Whose', 'The caller\'s'), { name: 'prompt', label: 'Played meanwhile', placeholder: 'en/menu', hint: SOUNDS },
      { name: 'maxDigits', label: 'Most', type: 'number', value: 4, min: 1, max: 64 }, { name: 'finishKeys', label: 'Keys that end it', value: '#', pattern: '[0-9*#A-D]*' },
    ], 'Collect', v => v);
    if (!wish) return;
    const giveUp = new AbortController();
    // Not when the call is over: that is an answer, too.
    ctx.signal.addEventListener('abort', () => giveUp.abort());
    put(note, 'Digits are waited for. ', button('Give up', () => giveUp.abort()));
    try {
      const a = await post(`v1/calls/${part(id)}:collect`, { from: wish.from, prompt: sounds(wish.prompt), maxDigits: Number(wish.maxDigits), finishKeys: wish.finishKeys, requestId: requestId() }, giveUp.signal);
      put(note, a.digits ? 'Digits: ' : 'No digits: ', a.digits && el('strong.code', null, a.digits), a.digits ? ` (${REASONS[a.reason] ?? words(a.reason)})` : REASONS[a.reason] ?? words(a.reason));
    } catch (e) { put(note, e.name === 'AbortError' ? 'Digits are no longer waited for.' : e.message); }
  }

  const record = () => form('Record', [
    { name: 'format', label: 'As', options: [{ value: 'MIXED', text: 'WAV, both in one channel' }, { value: 'STEREO', text: 'WAV, line left, far end right' }, { value: 'PACKETS', text: 'packets (pcap)' }] },
    { name: 'minutes', label: 'Minutes at most', type: 'number', min: 1, hint: 'Empty: as long as the bridge allows.' },
  ], 'Record', async v => {
    const answer = await act(id, 'record', { format: v.format, maxLength: v.minutes ? `${Number(v.minutes) * 60}s` : undefined });
    say(note, `The call is recorded into ${answer.file} in Recordings:Folder of the bridge.`);
    return done(answer);
  }, 'Both ends may have to be told that they are recorded.');

  const join = () => form('Conference', [
    { name: 'conference', label: 'Its name', required: true, pattern: '[A-Za-z0-9_\\-]{1,64}', hint: 'It begins with whoever comes first. Letters, digits, - and _.' }, sides('side', 'Who enters', 'Both ends'),
  ], 'Enter', async v => done(await act(id, 'join', v)));

  const route = () => form('Call on', [{ name: 'destination', label: 'Number', required: true, hint: 'As the line would dial it. The line hears what is played, or ringing, until somebody answers.' }], 'Call', async v => done(await act(id, 'route', v)));

  return { node, show };
}
