// The API of the bridge: requests, errors, and streams of JSON lines. The token lives in this tab alone and travels as a header, never in an address.

const KEY = 'mgcpsipbridge.token';
let token = read();

/** What the API refused, in its own words. */
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message || `The bridge answered ${status}.`);
    this.status = status;
    this.code = body?.code ?? 0;
    this.reason = body?.details?.find(d => d.reason)?.reason ?? '';
    this.fields = body?.details?.flatMap(d => d.fieldViolations ?? []) ?? [];
  }

  /** Whether somebody has to show who he is, or shows what is not taken (any more). */
  get isLogin() { return this.status === 401; }
}

/** The bridge cannot be reached at all. */
export class Unreachable extends Error {
  constructor() { super('The bridge does not answer. Is it running, and is the network there?'); }
}

export const hasToken = () => token !== '';

/** Takes another token; '' forgets it. */
export function setToken(text) {
  token = text.trim();
  try {
    if (token) sessionStorage.setItem(KEY, token);
    else sessionStorage.removeItem(KEY);
  } catch { /* kept in memory alone */ }
}

export const get = (path, query, signal) => ask('GET', path, query, undefined, signal);
export const post = (path, body, signal) => ask('POST', path, null, body ?? {}, signal);
export const patch = (path, query, body) => ask('PATCH', path, query, body);
export const del = (path, query) => ask('DELETE', path, query);

/** A part of a path. */
export const part = text => encodeURIComponent(text);

/** A UUID: what is asked under it twice is done once. */
export function requestId() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = b[6] & 15 | 64;
  b[8] = b[8] & 63 | 128;
  const hex = [...b].map(x => x.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Reads a stream of JSON lines until it ends or the signal stops it. An error of the API that comes within the stream is thrown, too. */
export async function stream(path, query, onMessage, signal) {
  const answer = await send('GET', path, query, undefined, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!line.trim()) continue;
      const message = JSON.parse(line);
      if (message.code && message.message && !message.type) throw new ApiError(message.code === 16 ? 401 : 500, message);
      onMessage(message);
    }
  }
}

/** A file. */
export const bytes = async path => (await send('GET', path)).arrayBuffer();

async function ask(method, path, query, body, signal) {
  const answer = await send(method, path, query, body, signal);
  return answer.json();
}

async function send(method, path, query, body, signal) {
  const asked = new URLSearchParams(Object.entries(query ?? {}).filter(([, v]) => v !== undefined && v !== null && v !== ''));
  const headers = { Accept: 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let answer;
  try {
    answer = await fetch(asked.size ? `${path}?${asked}` : path, {
      method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store', credentials: 'same-origin', redirect: 'error', referrerPolicy: 'no-referrer',
    });
  } catch (e) {
    if (e.name === 'AbortError') throw e;
    throw new Unreachable();
  }
  if (answer.ok) return answer;
  let status = null;
  try { status = await answer.json(); } catch { /* not the API's own words */ }
  const error = new ApiError(answer.status, status);
  if (error.isLogin) window.dispatchEvent(new CustomEvent('login', { detail: error }));
  throw error;
}

function read() {
  try { return sessionStorage.getItem(KEY) ?? ''; } catch { return ''; }
}
