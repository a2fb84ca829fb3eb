// Who changed what through the API.

import { el, put } from '../dom.js';
import { get, part } from '../api.js';
import { at, button, dialog, empty, head, Listing } from '../parts.js';
import { many } from '../format.js';
import { hrefOf } from './events.js';

export default function audit(root, ctx) {
  const list = new Listing({
    path: 'v1/auditEntries', field: 'auditEntries', key: e => e.id, types: ['resource.', 'call.', 'gateway.'], every: 15000, caption: 'Changes',
    columns: [
      { title: 'When', cell: e => at(e.time) },
      { title: 'Who', cell: e => e.principal },
      { title: 'From', cell: e => e.address },
      { title: 'What', cell: e => button(e.method.split('/').pop().replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase(), () => show(e.id), 'link') },
      { title: 'Changed', class: 'wide', cell: e => el('span', null, e.changes.slice(0, 3).map((c, i) => [i > 0 && ', ', `${c.verb} `, el('a', { href: hrefOf(c.resource) }, c.resource)]), e.changeCount > 3 && ` and ${many(e.changeCount - 3, 'more', 'more')}`) },
    ],
    empty: () => empty('Nothing was changed through the API yet.', 'Everything that is, is written down here with who did it, before and after.'),
  }, ctx.signal);
  put(root, head('Audit', 'Everything that was done through the API and this page, the latest first.'), list.node);
}

async function show(id) {
  const e = await get(`v1/auditEntries/${part(id)}`);
  const nice = text => { try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; } };
  await dialog(e.method.split('/').pop(), done => [
    el('p', null, `${e.principal} from ${e.address}, `, at(e.time)),
    e.changes.map(c => el('section', null, el('h3', null, `${c.verb} ${c.resource}`), el('div.twocols', null, c.before && el('div', null, el('p.about', null, 'Before'), el('pre.wire', null, nice(c.before))), c.after && el('div', null, el('p.about', null, 'After'), el('pre.wire', null, nice(c.after)))))),
    el('div.buttons', null, button('Close', () => done(null), 'primary')),
  ]);
}
