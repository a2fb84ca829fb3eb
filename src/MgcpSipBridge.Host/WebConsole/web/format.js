// Times, durations and words for people.

const two = n => String(n).padStart(2, '0');

/** 14:03:07, or with the day when it is not today's. */
export function clock(time, withMillis = false) {
  if (!time) return '';
  const at = new Date(time);
  const text = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}${withMillis ? '.' + String(at.getMilliseconds()).padStart(3, '0') : ''}`;
  return at.toDateString() === new Date().toDateString() ? text : `${day(at)} ${text}`;
}

/** 2026-05-01 in the reader's own time zone. */
export function day(time) {
  const at = new Date(time);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The whole moment, with its zone. */
export function moment(time) {
  return time ? `${day(time)} ${clock(time, true).split(' ').pop()} (local time)` : '';
}

/** Seconds of google.protobuf.Duration in JSON: "1.5s". */
export function seconds(duration) {
  return duration ? Number.parseFloat(duration) : 0;
}

/** 0:42, 1:02:03, 3 d 4 h. */
export function span(secs) {
  const s = Math.max(0, Math.floor(secs));
  if (s >= 86400) return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
  const h = Math.floor(s / 3600);
  return h ? `${h}:${two(Math.floor(s % 3600 / 60))}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** 250 ms, 1.94 s. */
export function delay(secs) {
  return secs < 1 ? `${Math.round(secs * 1000)} ms` : `${secs.toFixed(secs < 10 ? 2 : 1)} s`;
}

/** For how long something has been so: "for 3 min". */
export function since(time) {
  if (!time) return '';
  const s = (Date.now() - new Date(time)) / 1000;
  if (s < 5) return 'just now';
  if (s < 60) return `for ${Math.floor(s)} s`;
  if (s < 3600) return `for ${Math.floor(s / 60)} min`;
  return s < 86400 ? `for ${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min` : `for ${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}

/** 12,345 */
export function count(n) {
  return Number(n ?? 0).toLocaleString('en-US');
}

/** "3 lines", "1 line". */
export function many(n, one, more = one + 's') {
  return `${count(n)} ${n === 1 ? one : more}`;
}

/** IN_SERVICE as "in service". */
export function words(name) {
  return String(name ?? '').toLowerCase().replaceAll('_', ' ');
}

const SERVICE = {
  UNKNOWN: 'its gateway has not spoken yet',
  IN_SERVICE: 'it serves',
  DRAINING: 'it goes out of service when its calls are over',
  RESTARTING: 'its gateway said that it is out of service, or it is being asked after a restart',
  SILENT: 'its gateway stopped answering',
  REFUSED: 'its gateway does not know this endpoint: look for a misspelt name',
};

/** Whether a line serves, in a word or two. */
export const serves = service => service === 'UNKNOWN' ? 'not known yet' : words(service);

/** Why a line serves or not. */
export const why = service => SERVICE[service] ?? '';

const TONES = {
  UP: 'good', READY: 'good', IN_SERVICE: 'good', REGISTERED: 'good', ANSWERED: 'good', IDLE: 'quiet', TALKING: 'good', FLOWING: 'good',
  DOWN: 'bad', CRITICAL: 'bad', SILENT: 'bad', REFUSED: 'bad', UNREACHABLE: 'bad', FAILED: 'bad', OUT_OF_SERVICE: 'bad', REJECTED: 'warn', GATEWAY_SILENT: 'bad', SIP_SILENT: 'bad',
  WARNING: 'warn', RESTARTING: 'warn', DRAINING: 'warn', TRYING: 'warn', STARTING: 'warn', UNANSWERED: 'warn', BUSY: 'warn', NO_ANSWER: 'warn',
  RINGING: 'busy', ALERTING: 'busy', DIALING: 'busy', PROCEEDING: 'busy', HEARD: 'busy',
};

/** Whether a state is good, bad, a warning, busy or quiet. */
export const tone = state => TONES[state] ?? 'quiet';

/** Escapes a text for a filter of the API. */
export const quote = text => `"${String(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** What somebody typed with commas between, as a list. */
export const commas = text => text.split(',').map(t => t.trim()).filter(Boolean);

/** How digits that are dialled in a call are sent, and how faxes pass: the words of forms. */
export const DTMF = { AUTO: 'as costs nothing', RFC4733: 'telephone events', INBAND: 'tones in the sound', INFO: 'SIP INFO', NOTIFY: 'the gateway reports and makes them' };
export const FAX = { AUTO: 'T.38 where both have it', T38: 'T.38', PASSTHROUGH: 'in a clear channel', OFF: 'as it comes' };

/** The choices of a form: all, or those that are named. */
export const optionsOf = (names, ...which) => (which.length ? which : Object.keys(names)).map(value => ({ value, text: names[value] }));
