// Which column of a table is which of our fields: the bridge guesses by their names, who imports decides.

import { el, put, say } from '../dom.js';
import { post } from '../api.js';
import { many } from '../format.js';

/** The fields of a line and its gateway that a table can have, with their names for people. */
const FIELDS = {
  number: 'Number', endpoint: 'Endpoint', slot: 'Slot (for the endpoint)', subunit: 'Subunit (for the endpoint)', port: 'Port (for the endpoint)',
  domain: 'Gateway, what it calls itself', gateway: 'Gateway, our name for it', address: 'Gateway, address', profile: 'Gateway, profile',
  displayName: 'Name', peer: 'Peer', username: 'SIP user', password: 'SIP password',
  hotline: 'Hotline', forwardAlways: 'Forward: always', forwardBusy: 'Forward: when busy', forwardNoAnswer: 'Forward: no answer',
  callWaiting: 'Call waiting', threeWay: 'Three-way', transfer: 'Transfer', callerId: 'Caller id', messageWaiting: 'Message waiting', doNotDisturb: 'Do not disturb', withholdNumber: 'Withhold number',
  privacyCodes: 'Codes: privacy', doNotDisturbCodes: 'Codes: do not disturb', forwardingCodes: 'Codes: forwarding',
};
const HEAD = 262_144;   // Of a table's text, in characters, the first two rows are looked for in so many.

const canonical = name => name.toLowerCase().replace(/[^\p{L}\p{Nd}]/gu, '');

/** The first two rows of a table (RFC 4180), and how many characters the first one has; read as the bridge reads them. */
function top(text) {
  const first = /^[^\r\n]*/.exec(text)[0];
  const counts = [',', ';', '\t'].map(s => first.split(s).length);
  const separator = [',', ';', '\t'][counts.indexOf(Math.max(...counts))];
  const rows = [];
  let fields = [];
  let field = '';
  let quoted = false;
  let closed = false;
  let length = text.length;
  for (let i = 0; i <= text.length && rows.length < 2; i++) {
    const c = i < text.length ? text[i] : '\n';
    if (quoted && i < text.length) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else [quoted, closed] = [false, true];
    } else if (c === '"' && !closed && !field.trim()) [quoted, field] = [true, ''];
    else if (c === separator || c === '\n' || c === '\r') {
      fields.push(field.trim());
      [field, closed] = ['', false];
      if (c === separator) continue;
      if (fields.length > 1 || fields[0]) {
        if (!rows.length) length = i;
        rows.push(fields);
      }
      fields = [];
    } else field += c;
  }
  return { header: rows[0] ?? [], example: rows[1] ?? [], length };
}

/** The part of the form that asks which column is what. */
export class Mapping {
  /** @param onchange is told when something else is chosen. */
  constructor(onchange) {
    this.onchange = onchange;
    this.body = el('tbody');
    this.status = el('p.about', { role: 'status' });
    this.node = el('section.mapping', { 'aria-labelledby': 'mappinghead', hidden: true }, el('h2', { id: 'mappinghead' }, 'Which column is what'), this.status,
      el('div.scroll', { tabindex: '0', role: 'region', 'aria-label': 'Columns of the table' }, el('table', null,
        el('thead', null, el('tr', null, ['Column', 'First row', 'Is our'].map(t => el('th', { scope: 'col' }, t)))), this.body)));
    this.clear();
  }

  clear() {
    this.columns = [];
    this.known = '';
    this.node.hidden = true;
  }

  /** Reads the names of a table's columns, and has the bridge guess; a table with the same columns keeps what was chosen. */
  async read(text, format, signal) {
    const start = text.slice(text.startsWith('\ufeff') ? 1 : 0, HEAD);
    const { header, example, length } = top(start);
    const known = JSON.stringify([format, header]);
    if (!header.length) { this.clear(); return; }
    if (known === this.known) return;
    this.known = known;
    const { remarks } = await post('v1/provisioning:import', { format, text: start.slice(0, length), validateOnly: true }, signal);
    if (this.known !== known) return;
    // One remark about each column, in their order.
    const guesses = remarks.filter(r => r.line === 1 && ['MAPPED', 'NO_COUNTERPART'].includes(r.outcome));
    const seen = new Set();
    this.columns = header.map((name, i) => {
      const twice = seen.has(canonical(name)) || !name;
      seen.add(canonical(name));
      const guess = guesses[i]?.outcome === 'MAPPED' ? guesses[i].text.split(' and ')[0] : '';
      return { name, example: example[i] ?? '', twice, field: twice ? '' : guess };
    });
    this.draw();
  }

  draw() {
    // What was guessed stands on top: exports have hundreds of columns.
    const order = this.columns.map((c, i) => ({ c, i })).sort((a, b) => (b.c.field !== '') - (a.c.field !== '') || a.i - b.i);
    put(this.body, order.map(({ c, i }) => {
      const id = `column-${i}`;
      c.select = el('select', { id, disabled: c.twice, onchange: () => this.choose(c) }, el('option', { value: '' }, c.twice ? (c.name ? 'is there twice' : 'has no name') : 'not taken over'),
        Object.entries(FIELDS).map(([field, label]) => el('option', { value: field }, label)));
      c.select.value = c.field;
      return el('tr', null, el('th.wide', { scope: 'row', title: c.name }, el('label', { for: id }, c.name || '–')), el('td.wide', { title: c.example }, c.example), el('td', null, c.select));
    }));
    this.node.hidden = false;
    this.tell();
  }

  // A field has one column: the one that had it before gives it up, and has it again when this one takes another. Who types into a list passes by other fields on his way.
  choose(column) {
    const { from, field } = column.taken ?? {};
    column.taken = null;
    column.field = column.select.value;
    if (from && from.field === '' && !this.columns.some(c => c.field === field)) this.set(from, field);
    const other = column.field && this.columns.find(c => c !== column && c.field === column.field);
    if (other) {
      column.taken = { from: other, field: column.field };
      this.set(other, '');
    }
    this.tell();
    this.onchange();
  }

  set(column, field) {
    column.field = field;
    column.select.value = field;
  }

  tell() {
    const has = field => this.columns.some(c => c.field === field);
    const wanted = [!has('number') && 'the number', !has('endpoint') && !has('port') && 'the endpoint (or its port)'].filter(Boolean);
    const taken = this.columns.filter(c => c.field).length;
    say(this.status, wanted.length ? `Still wanted: a column with ${wanted.join(', and one with ')}.` : `${taken} of ${many(this.columns.length, 'column')} taken over.`);
    this.status.className = wanted.length ? 'warntext' : 'about';
  }

  /** Every field with the name of its column; '' where the table has none: what is shown is what is done. */
  get values() {
    if (!this.columns.length) return {};
    return Object.fromEntries(Object.keys(FIELDS).map(field => [field, this.columns.find(c => c.field === field)?.name ?? '']));
  }
}
