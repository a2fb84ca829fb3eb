// Programs that decide where calls go: who is registered for what, and how each does.

import { el } from '../dom.js';
import { ago, badge, empty, Listing } from '../parts.js';
import { count } from '../format.js';

const CALLS = { FROM_LINES: 'calls of lines', TO_LINES: 'calls for lines', BOTH: 'all calls' };
const FEW = 4;

const some = (list, all, none) => all ? list.slice(0, FEW).join(', ') + (all > FEW ? ` and ${count(all - FEW)} more` : '') : none;

/** The section of the page of routes. */
export function routersSection(ctx) {
  const list = new Listing({
    path: 'v1/routers', field: 'routers', key: r => `${r.name} ${r.since} ${r.client}`, types: ['router'], every: 10000, caption: 'Routing programs',
    columns: [
      { title: 'Program', class: 'wide', cell: r => el('span', { title: r.client }, r.name, el('span.under', null, r.client)) },
      { title: 'Asked about', cell: r => CALLS[r.calls] ?? CALLS.FROM_LINES },
      { title: 'Lines', class: 'wide', cell: r => some(r.lines, r.lineCount, 'all') },
      { title: 'Numbers', class: 'wide', cell: r => some(r.prefixes.map(p => p + '…'), r.prefixCount, 'all') },
      { title: 'Priority', class: 'num', cell: r => String(r.priority) },
      { title: 'Asked', class: 'num', cell: r => count(r.askedCount) },
      { title: 'Answered', class: 'num', cell: r => count(r.answeredCount) },
      { title: 'Too late', cell: r => Number(r.missedCount) ? badge('WARNING', count(r.missedCount)) : '0' },
      { title: 'Registered', cell: r => ago(r.since) },
    ],
    empty: () => empty('No program is registered: the routes decide alone.', 'A program registers by RoutingService.Decide and is asked about calls before the routes are.'),
  }, ctx.signal);
  return el('section', null, el('h2', null, 'Routing programs'), list.node);
}
