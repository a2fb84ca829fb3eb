// What the bridge finds when it looks at its machine, its surroundings and its peers: mgcpsipctl doctor, for those who look at a page.

import { el, put } from '../dom.js';
import { get } from '../api.js';
import { badge, button, dialog, trouble } from '../parts.js';
import { words } from '../format.js';

const KINDS = { FINE: 'good', WARNING: 'warn', WRONG: 'bad' };
const ORDER = ['WRONG', 'WARNING', 'UNKNOWN', 'FINE'];

/** The button that has it look. */
export const doctorButton = ctx => ctx.may('operator') && button('Look for trouble…', () => look(ctx.signal), '', { title: 'Limits of the machine, names, ports, storage, clock, and an OPTIONS to every peer' });

function look(signal) {
  const body = el('div', { 'aria-live': 'polite' }, el('p', null, 'The bridge looks at its machine, and asks every peer. This takes up to three seconds.'));
  const given = new AbortController();
  signal.addEventListener('abort', () => given.abort());
  get('v1/status:diagnose', null, given.signal).then(found => {
    const sorted = [...found.findings].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
    put(body, el('ul.findings', null, sorted.map(f => el('li', null, badge('', words(f.verdict), KINDS[f.verdict] ?? 'quiet'), el('div', null, el('strong', null, f.name), el('p', null, f.detail), f.advice && el('p.about', null, f.advice))))));
  }, e => { if (e.name !== 'AbortError') put(body, trouble(e)); });
  return dialog('What is wrong around the bridge', done => [body, el('div.buttons', null, button('Close', () => done(null), 'primary', { autofocus: true }))]).then(() => given.abort());
}
