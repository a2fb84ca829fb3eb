// Brings gateways, lines, peers and routes in from a text: first told what would change, then done as a whole or not at all.

import { el, put } from '../dom.js';
import { get, post, requestId } from '../api.js';
import { badge, button, confirm, head, toast, trouble } from '../parts.js';
import { count, many, words } from '../format.js';
import { hrefOf } from './events.js';
import { Mapping } from './mapping.js';

const FORMATS = [['yaml', 'lines.yaml'], ['ASTERISK', 'Asterisk: mgcp.conf'], ['CSV', 'Table (CSV)'], ['CUCM', 'Table (CSV) of Cisco\'s call manager']];
const TABLE = 'gateway,domain,endpoint,number,display name\nvg224,vg224.example.net,aaln/S2/0,1001,Alice';
const EXAMPLES = {
  yaml: 'gateways:\n  - name: vg224\n    domain: vg224\n    lines:\n      - { endpoint: aaln/S2/0, number: "1001", peer: pbx }',
  ASTERISK: '[vg224]\nhost = dynamic\ncallerid = "Alice" <1001>\nline => aaln/S2/0', CSV: TABLE, CUCM: 'DEVICE NAME,DOMAIN NAME,DIRECTORY NUMBER 1,DISPLAY 1\nAALN/S2/SU0/0,vg310.example.net,1001,Alice',
};
const OUTCOMES = { MAPPED: 'good', IGNORED: 'quiet', NO_COUNTERPART: 'warn', PROBLEM: 'bad' };

const VERBS = { CREATE: ['new', 'good'], UPDATE: ['changed', 'warn'], DELETE: ['deleted', 'bad'] };

export default function imports(root, ctx) {
  const text = el('textarea.code', { id: 'yaml', spellcheck: 'false', oninput: () => changed() });
  const file = el('input', { type: 'file', id: 'file', accept: '.yaml,.yml,.txt,.conf,.csv', onchange: () => take(file.files[0]) });
  const prune = el('input', { type: 'checkbox', id: 'prune', onchange: () => stale() });
  const format = el('select', { id: 'format', onchange: () => others() }, FORMATS.map(([v, name]) => el('option', { value: v }, name)));
  const peer = el('input', { id: 'peer', autocomplete: 'off', placeholder: 'pbx', oninput: () => stale() });
  const report = el('div.report', { 'aria-live': 'polite' });
  const apply = button('Apply', go, 'primary', { disabled: true });
  const mapping = new Mapping(() => stale());
  let checked = null;
  let reading = null;
  let timer = 0;

  text.addEventListener('dragover', e => e.preventDefault());
  text.addEventListener('drop', e => { if (e.dataTransfer.files[0]) { e.preventDefault(); take(e.dataTransfer.files[0]); } });

  const peerField = el('div.field', { hidden: true }, el('label', { for: 'peer' }, 'Peer of lines that name none'), peer);
  const pruneField = el('label.inline', { for: 'prune' }, prune, 'Delete what the API made and the text does not have');
  const isYaml = () => format.value === 'yaml';
  const isTable = () => format.value === 'CSV' || format.value === 'CUCM';

  function others() {
    peerField.hidden = isYaml();
    pruneField.hidden = !isYaml();
    text.rows = isTable() ? 8 : 16;
    text.placeholder = EXAMPLES[format.value];
    changed();
  }

  // A file says itself what it is, most often.
  async function take(chosen) {
    if (!chosen) return;
    text.value = await chosen.text();
    if (/\.conf$/i.test(chosen.name)) format.value = 'ASTERISK';
    else if (/\.ya?ml$/i.test(chosen.name)) format.value = 'yaml';
    else if (/\.csv$/i.test(chosen.name) && !isTable()) format.value = /directory ?number|device ?name/i.test(text.value.slice(0, 20_000)) ? 'CUCM' : 'CSV';
    others();
  }

  function changed() {
    stale();
    clearTimeout(timer);
    if (isTable()) timer = setTimeout(() => { reading = map(); }, 250);
    else mapping.clear();
  }

  async function map() {
    timer = 0;
    try { await mapping.read(text.value, format.value, ctx.signal); } catch (e) {
      if (e.name !== 'AbortError') { mapping.clear(); put(report, mistakes(e)); }
    }
  }

  // lines.yaml is applied as it stands; files of others are taken over, with a report of what became of everything in them.
  function send(asked, more) {
    return asked.format === 'yaml' ? post('v1/provisioning:apply', { yaml: asked.text, prune: asked.prune, ...more }, more.validateOnly ? ctx.signal : undefined)
      : post('v1/provisioning:import', { format: asked.format, text: asked.text, peer: asked.peer, mapping: asked.mapping, ...more }, more.validateOnly ? ctx.signal : undefined);
  }

  function stale() {
    checked = null;
    apply.disabled = true;
    put(report);
  }

  async function check() {
    stale();
    put(report, el('p', null, 'Checking…'));
    // What was just typed may have other columns than are shown.
    if (timer) { clearTimeout(timer); reading = map(); }
    await reading;
    const asked = { format: format.value, text: text.value, prune: prune.checked, peer: peer.value, mapping: isTable() ? mapping.values : {} };
    try {
      const answer = await send(asked, { validateOnly: true });
      if (text.value !== asked.text || format.value !== asked.format) return;
      const { changes, problems = [] } = answer;
      checked = { ...asked, changes };
      apply.disabled = changes.length === 0 || problems.length > 0;
      put(report, problems.length > 0 && mistakes({ fields: problems.map(p => ({ field: '', description: p })) }),
        changes.length ? told(changes, 'would be') : !problems.length && idle(answer), remarks(answer));
    } catch (e) {
      if (e.name !== 'AbortError') put(report, mistakes(e));
    }
  }

  async function go() {
    const gone = checked.changes.filter(c => c.verb === 'DELETE').length;
    if (gone && !await confirm('Delete?', `${many(gone, 'resource')} of the API ${gone === 1 ? 'is' : 'are'} deleted, and calls on deleted lines end.`, 'Apply')) return;
    apply.disabled = true;
    try {
      const answer = await send(checked, { requestId: requestId() });
      const { changes } = answer;
      put(report, told(changes, 'was'), remarks(answer));
      toast(`${many(changes.length, 'change')} in force`);
    } catch (e) { put(report, mistakes(e)); }
  }

  put(root, head('Import', 'lines.yaml, or a file of another system. What lines.yaml itself declares is changed there; here is what the API made.',
    button('Show what the API made', async () => { const { yaml } = await get('v1/provisioning', null, ctx.signal); format.value = 'yaml'; text.value = yaml; others(); })),
  el('div.importer', null,
    el('div', null, el('div.row', null, el('div.field', null, el('label', { for: 'format' }, 'What it is'), format), peerField, el('div.field', null, el('label', { for: 'file' }, 'A file, or text below'), file)), el('label.hidden', { for: 'yaml' }, 'Text'), text, mapping.node,
      el('div.row', null, pruneField, el('span.fill'), button('Check', check), apply)),
    el('section', { 'aria-label': 'Report' }, el('h2', null, 'What it would do'), el('p.about', null, 'Checking changes nothing. Applying happens whole or not at all, and touches no call but those of lines that go.'), report)));
  others();
}

function told(changes, was) {
  const numbers = Object.entries(VERBS).map(([verb, [word]]) => [changes.filter(c => c.verb === verb).length, word]).filter(([n]) => n);
  return [el('p', null, el('strong', null, numbers.map(([n, word]) => `${count(n)} ${word}`).join(', ')), ` (${was} done)`),
    el('ul.changes', null, changes.slice(0, 500).map(c => el('li', null, badge(c.verb, ...VERBS[c.verb] ?? [c.verb, 'quiet']), el('a', { href: hrefOf(c.resource) }, c.resource), c.fields.length > 0 && el('span.about', null, c.fields.join(', '))))),
    changes.length > 500 && el('p', null, `and ${count(changes.length - 500)} more`)];
}

function idle({ remarks: all = [] }) {
  return all.some(r => r.outcome === 'PROBLEM') ? el('p', null, badge('DOWN', 'nothing can be done'), ' The problems below say why.') : el('p', null, badge('UP', 'nothing to do'), ' All of it is in force already.');
}

// What became of everything in a file of another system.
function remarks({ remarks: all = [], remarksLeftOut = 0, yaml }) {
  if (!all.length) return null;
  const rank = ['PROBLEM', 'NO_COUNTERPART', 'IGNORED', 'MAPPED'];
  const sorted = [...all].sort((a, b) => rank.indexOf(a.outcome) - rank.indexOf(b.outcome) || a.line - b.line);
  return el('section', null, el('h3', null, 'What became of the file'),
    el('p.about', null, rank.map(o => [all.filter(r => r.outcome === o).length, words(o)]).filter(([n]) => n).map(([n, word]) => `${count(n)} ${word}`).join(', ')),
    el('ul.changes', null, sorted.slice(0, 500).map(r => el('li', null, badge(r.outcome, words(r.outcome), OUTCOMES[r.outcome]), el('span', null, r.line > 0 && `line ${r.line}: `, r.subject && `${r.subject} `, r.option && el('code', null, r.option), ` ${r.text}`)))),
    (sorted.length > 500 || remarksLeftOut > 0) && el('p', null, `and ${count(Math.max(0, sorted.length - 500) + remarksLeftOut)} more`),
    yaml && el('details', null, el('summary', null, 'What it comes to, as lines.yaml'), el('pre.wire', null, yaml)));
}

function mistakes(e) {
  if (!e.fields?.length) return trouble(e);
  return el('div.trouble', { role: 'alert' }, el('p.emptytitle', null, `${many(e.fields.length, 'mistake')}; nothing was changed`), el('ul', null, e.fields.slice(0, 200).map(f => el('li', null, f.field && el('code', null, f.field), ` ${f.description}`))));
}
