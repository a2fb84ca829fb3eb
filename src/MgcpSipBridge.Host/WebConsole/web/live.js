// One stream of events for the whole page. Pages subscribe; what comes within a frame is handed over at once, so that a storm of events costs a frame and not a thousand.

import { stream } from './api.js';

const subscribers = new Set();
const watchers = new Set();
let state = 'off';
let resume = '';
let stop = null;
let waiting = [];
let scheduled = false;

/** Where the stream stands: off, connecting, live, waiting (it will try again), paused (nobody looks at this tab). */
export const liveState = () => state;

/** Tells of events from now on, as arrays; ends with the signal. */
export function onEvents(handler, signal) {
  subscribers.add(handler);
  signal?.addEventListener('abort', () => subscribers.delete(handler));
}

/** Tells whenever the stream's state changes. */
export function onLiveState(handler) {
  watchers.add(handler);
  handler(state);
}

/** Connects, and stays connected while the page is looked at: a browser has few connections to spare for tabs that nobody sees. */
export function startLive() {
  document.addEventListener('visibilitychange', () => document.hidden ? pause() : run());
  run();
}

/** Forgets where the stream was; for another reader. */
export function restartLive() {
  resume = '';
  pause();
  run();
}

export function stopLive() {
  pause();
  set('off');
}

function pause() {
  stop?.abort();
  stop = null;
  set('paused');
}

async function run() {
  if (stop || document.hidden) return;
  const mine = stop = new AbortController();
  let wait = 500;
  while (stop === mine) {
    set('connecting');
    try {
      await stream('v1/events:watch', { resumeToken: resume }, event => {
        wait = 500;
        set('live');
        resume = event.resumeToken || resume;
        if (event.type !== 'stream.heartbeat') take(event);
      }, mine.signal);
    } catch (e) {
      if (stop !== mine) return;
      if (e.isLogin) { stop = null; set('off'); return; }
      // What was missed is no longer kept, or the bridge is another: everybody reads anew.
      if (resume && e.status === 400) { resume = ''; take({ type: 'stream.missed', missed: { count: 0 } }); }
    }
    if (stop !== mine) return;
    set('waiting');
    await new Promise(done => setTimeout(done, wait));
    wait = Math.min(wait * 2, 10000);
  }
}

function take(event) {
  waiting.push(event);
  if (waiting.length > 2000) waiting.splice(0, waiting.length - 2000);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    for (const handler of subscribers) handler(batch);
  });
}

function set(now) {
  if (now === state) return;
  state = now;
  for (const watcher of watchers) watcher(now);
}

/**
 * Loads, and loads again when an event of interest came, when the stream missed some, and now and then. Never more often than once in a second, and never so often that the
 * bridge would be busy with it for more than a tenth of the time.
 * @returns a function that asks for a load soon.
 */
export function refreshing(load, { types = [], every = 0, signal }) {
  let timer = 0;
  let busy = false;
  let again = false;
  let next = 0;
  const soon = () => {
    if (signal.aborted) return;
    if (busy) { again = true; return; }
    if (!timer) timer = setTimeout(now, Math.max(0, next - performance.now()));
  };
  const now = async () => {
    timer = 0;
    if (signal.aborted) return;
    if (document.hidden) { next = 0; again = true; return; }
    busy = true;
    again = false;
    const began = performance.now();
    try { await load(signal); } catch (e) { if (e.name !== 'AbortError' && !signal.aborted) console.debug(e.message); }
    const took = performance.now() - began;
    next = performance.now() + Math.max(1000, took * 10);
    busy = false;
    if (again) soon();
  };
  onEvents(events => { if (events.some(e => e.type === 'stream.missed' || types.some(t => e.type.startsWith(t)))) soon(); }, signal);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(); }, { signal });
  if (every) {
    const ticking = setInterval(soon, every);
    signal.addEventListener('abort', () => clearInterval(ticking));
  }
  signal.addEventListener('abort', () => clearTimeout(timer));
  soon();
  return () => { next = 0; clearTimeout(timer); timer = 0; soon(); };
}
