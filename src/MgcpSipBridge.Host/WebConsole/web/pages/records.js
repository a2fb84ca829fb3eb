// Calls that are over.

import { el, put } from '../dom.js';
import { part } from '../api.js';
import { at, badge, button, choice, dialog, empty, head, Listing, search } from '../parts.js';
import { quote, seconds, span, words } from '../format.js';
import { recordFacts } from './call.js';
import { callText } from './calls.js';

const OUTCOMES = ['ANSWERED', 'BUSY', 'NO_ANSWER', 'CANCELLED', 'REJECTED', 'FAILED', 'ABANDONED', 'FORWARDED', 'SERVICE'];

export default function records(root, ctx) {
  const asked = { q: ctx.query.get('q') ?? '', outcome: ctx.query.get('outcome') ?? '', from: ctx.query.get('from') ?? '', to: ctx.query.get('to') ?? '', trouble: ctx.query.get('trouble') ?? '' };
  const time = text => new Date(text).toISOString();
  const filters = () => {
    ctx.keep(asked);
    const q = asked.q && quote(asked.q);
    return { filter: [q && `(line:${q} OR caller:${q} OR called:${q} OR call:${q} OR gateway:${q} OR sipCallId:${q})`, asked.outcome && `outcome = ${asked.outcome}`, asked.from && `startTime >= ${time(asked.from)}`, asked.to && `startTime < ${time(asked.to)}`, asked.trouble && 'silences:*'].filter(Boolean).join(' AND ') };
  };
  const list = new Listing({
    path: 'v1/callRecords', field: 'callRecords', key: r => r.id, types: ['call.recorded'], every: 5000, caption: 'Call records', query: filters(),
    columns: [
      { title: 'Began', cell: r => at(r.startTime) },
      { title: 'Outcome', cell: r => badge(r.outcome) },
      { title: 'Call', class: 'wide', cell: r => button(callText(r), () => show(r), 'link') },
      { title: 'Line', cell: r => el('a', { href: `#/lines/${part(r.line)}` }, r.line) },
      { title: 'Peer', cell: r => r.peer },
      { title: 'Talked', class: 'num', cell: r => r.answerTime ? span(seconds(r.talked)) : '–' },
      { title: 'Cause', cell: r => [r.sipStatus && `SIP ${r.sipStatus}`, r.mgcpCode && `MGCP ${r.mgcpCode}`, r.q850Cause && `Q.850 ${r.q850Cause}`].filter(Boolean).join(', ') },
      { title: 'Audio', cell: r => r.silences.length ? badge('SILENT', r.silences.map(words).join(', ')) : r.answerTime ? 'both ways' : '' },
      { title: '', cell: r => el('a', { href: `#/calls/${part(r.call)}` }, 'ladder') },
    ],
    empty: query => query.filter ? empty('No record is like that.', 'A longer time, or fewer words, finds more.') : empty('No call has been recorded yet.', 'Every call of a line leaves a record when it is over (Cdr:Storage).'),
  }, ctx.signal);
  const refilter = () => list.filter(filters());
  const when = (name, label) => el('label.inline', null, label, el('input', { type: 'datetime-local', value: asked[name], onchange: e => { asked[name] = e.target.value; refilter(); } }));
  put(root, head('Records', 'Calls that are over, the latest first.'),
    el('div.filters', null, search('Number, gateway or call id', asked.q, v => { asked.q = v; refilter(); }),
      choice('Outcome', [['', 'Any outcome'], ...OUTCOMES.map(o => [o, words(o)])], asked.outcome, v => { asked.outcome = v; refilter(); }),
      choice('Audio', [['', 'Any audio'], ['silent', 'somebody was not heard']], asked.trouble, v => { asked.trouble = v; refilter(); }), when('from', 'From'), when('to', 'Until')),
    list.node);
}

const show = r => dialog(callText(r), done => [recordFacts(r), el('div.buttons', null, el('a.button', { href: `#/calls/${part(r.call)}`, onclick: () => done(null) }, 'Its ladder'), button('Close', () => done(null), 'primary'))]);
