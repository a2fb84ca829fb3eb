// What pages are made of.

import { el, put, reconcile, say } from './dom.js';
import { get, requestId } from './api.js';
import { refreshing } from './live.js';
import { clock, moment, since, tone, words } from './format.js';

/** A state as a word with a mark: never by colour alone. */
export function badge(state, text = words(state), kind = tone(state)) {
  return el('span.badge', { class: kind }, el('span.dot', { 'aria-hidden': 'true' }), text);
}

/** The head of a page: its name, what it is about, and what can be done. */
export function head(title, about, ...actions) {
  document.title = `${title} · MgcpSipBridge`;
  return el('header.pagehead', null, el('div', null, el('h1', { tabindex: '-1' }, title), about && el('p.about', null, about)), el('div.actions', null, actions));
}

export function button(text, onclick, kind = '', props = {}) {
  return el('button', { type: 'button', class: kind, onclick, ...props }, text);
}

/** A moment; its whole date on hovering. */
export const at = time => time ? el('time', { datetime: time, title: moment(time) }, clock(time)) : '';

/** "for 3 min", which goes on by itself. */
export const ago = time => time ? el('time.since', { datetime: time, title: moment(time) }, since(time)) : '';

setInterval(() => { for (const node of document.querySelectorAll('time.since')) say(node, since(node.dateTime)); }, 1000);

/** What is said where there is nothing. */
export function empty(title, ...advice) {
  return el('div.empty', null, el('p.emptytitle', null, title), advice.map(a => typeof a === 'string' ? el('p', null, a) : a));
}

/** What went wrong, and what to do. */
export function trouble(error, retry) {
  const advice = error.status === 403 ? 'Ask an administrator for a token with a stronger role, or sign in with another one.'
    : error.status === 404 ? 'It may have been taken away, or is no longer kept.'
    : error.status === 503 ? 'The bridge is busy, starting or ending. It is asked again on its own.'
    : '';
  return el('div.trouble', { role: 'alert' }, el('p.emptytitle', null, error.message), advice && el('p', null, advice), retry && button('Try again', retry));
}

/** A short word at the corner of the page. */
export function toast(text, kind = 'good') {
  const node = el('div.toast', { class: kind }, text);
  document.getElementById('toasts').append(node);
  setTimeout(() => node.remove(), kind === 'bad' ? 10000 : 4000);
}

/** Does something and says how it went; true when it went well. */
export async function attempt(what, act) {
  try {
    await act();
    if (what) toast(what);
    return true;
  } catch (e) {
    toast(e.message, 'bad');
    return false;
  }
}

/** A dialog, closed by Escape; resolves with what done was called with, or null. */
export function dialog(title, build) {
  return new Promise(resolve => {
    const box = el('dialog.box', { 'aria-labelledby': 'dialogtitle' });
    const done = value => { box.returned = value; box.close(); };
    const before = document.activeElement;
    put(box, el('h2', { id: 'dialogtitle' }, title), build(done));
    box.addEventListener('close', () => { box.remove(); if (before?.isConnected) before.focus(); resolve(box.returned ?? null); });
    document.body.append(box);
    box.showModal();
    box.querySelector('[autofocus],input,select,textarea')?.focus();
  });
}

/** Closes what is open, as Escape does: it belongs to a page that is left. */
export function closeDialogs() {
  for (const box of document.querySelectorAll('dialog[open]')) box.close();
}

/** Asks before something is done that cannot be taken back. */
export function confirm(title, text, yes, kind = 'danger') {
  return dialog(title, done => [
    el('p', null, text),
    el('div.buttons', null, button('Cancel', () => done(null)), button(yes, () => done(true), kind, { autofocus: true })),
  ]);
}

/**
 * A form in a dialog: fields are { name, label, value, hint, type, options, required, pattern, more }; those with more are of use to few, and stand folded. submit is given the values; what it throws is shown beside the fields, and the form stays.
 */
export function form(title, fields, yes, submit, intro) {
  return dialog(title, done => {
    const problem = el('p.problem', { role: 'alert' });
    const id = requestId();
    const inputs = fields.map(f => {
      const name = `field-${f.name}`;
      const props = { id: name, name: f.name, required: f.required, 'aria-describedby': f.hint && name + '-hint', autocomplete: 'off', spellcheck: 'false', placeholder: f.placeholder };
      const input = f.options ? el('select', { ...props, autocomplete: null }, f.options.map(o => el('option', { value: o.value ?? o }, o.text ?? o)))
        : f.type === 'textarea' ? el('textarea', { ...props, rows: 3 }) : el('input', { ...props, type: f.type ?? 'text', pattern: f.pattern, min: f.min, max: f.max });
      if (f.type === 'checkbox') input.checked = !!f.value;
      else if (f.value !== undefined) input.value = f.value;
      if (f.disabled) input.disabled = true;
      const row = el(f.type === 'checkbox' ? 'div.field.check' : 'div.field', null, el('label', { for: name }, f.label), input, f.hint && el('p.hint', { id: name + '-hint' }, f.hint));
      return { f, input, row };
    });
    const send = el('button.primary', { type: 'submit' }, yes);
    const more = inputs.filter(i => i.f.more).map(i => i.row);
    const folded = more.length > 0 && el('details', null, el('summary', null, 'More'), el('div.more', null, more));
    return el('form', {
      onsubmit: async event => {
        event.preventDefault();
        send.disabled = true;
        say(problem, '');
        for (const { input } of inputs) input.removeAttribute('aria-invalid');
        try {
          done(await submit(Object.fromEntries(inputs.map(({ f, input }) => [f.name, f.type === 'checkbox' ? input.checked : input.value])), id) ?? true);
        } catch (e) {
          say(problem, e.message);
          const wrong = inputs.filter(({ f }) => e.fields?.some(v => v.field === f.name || v.field?.endsWith('.' + f.name)));
          for (const { input } of wrong) input.setAttribute('aria-invalid', 'true');
          if (wrong[0]?.f.more) folded.open = true;
          wrong[0]?.input.focus();
        } finally { send.disabled = false; }
      },
    }, intro && el('p', null, intro), inputs.filter(i => !i.f.more).map(i => i.row), folded, problem, el('div.buttons', null, button('Cancel', () => done(null)), send));
  });
}

/** Labels and values. */
export function facts(list) {
  return el('dl.facts', null, list.filter(([, value]) => value !== '' && value !== null && value !== undefined && value !== false).map(([label, value]) => el('div', null, el('dt', null, label), el('dd', null, value))));
}

/** A list of the API with pages, read anew when something of it changes. */
export class Listing {
  /**
   * @param o path, field (of the answer), columns [{ title, cell, class }], key, empty (what to say), types (of events), order, size, caption
   */
  constructor(o, signal) {
    Object.assign(this, { size: 50, every: 0, types: [], query: {} }, o);
    this.tokens = [''];
    this.body = el('tbody');
    this.table = el('table', null, el('caption.hidden', null, this.caption), el('thead', null, el('tr', null, this.columns.map(c => el('th', { scope: 'col', class: c.class }, c.title)))), this.body);
    this.note = el('div.listnote');
    this.before = button('‹ Previous', () => this.page(-1));
    this.after = button('Next ›', () => this.page(1));
    this.where = el('span.where', { role: 'status' });
    this.pager = el('nav.pager', { 'aria-label': 'Pages' }, this.before, this.where, this.after);
    this.node = el('div.listing', null, el('div.scroll', { tabindex: '0', role: 'region', 'aria-label': this.caption }, this.table), this.note, this.pager);
    this.reload = refreshing(s => this.load(s), { types: this.types, every: this.every, signal });
  }

  /** Another filter: from the first page on. */
  filter(query) {
    this.query = query;
    this.tokens = [''];
    this.reload();
  }

  page(step) {
    if (step < 0) this.tokens.pop();
    else this.tokens.push(this.next);
    this.reload();
  }

  async load(signal) {
    const query = this.query;
    const token = this.tokens.at(-1);
    try {
      const answer = await get(this.path, { pageSize: this.size, pageToken: token, ...query }, signal);
      if (query !== this.query || token !== this.tokens.at(-1)) { this.reload(); return; }
      this.next = answer.nextPageToken;
      const items = answer[this.field] ?? [];
      reconcile(this.body, items, this.key, item => el('tr', null, this.columns.map(c => {
        const cell = c.cell(item);
        return el('td', { class: c.class, title: typeof cell === 'string' && c.class?.includes('wide') ? cell : null }, cell);
      })));
      this.table.hidden = items.length === 0;
      put(this.note, items.length === 0 ? this.empty(query) : null);
      const at = this.tokens.length;
      say(this.where, at === 1 && !this.next ? (items.length ? `${items.length} shown, that is all` : '') : `Page ${at}`);
      this.before.hidden = this.after.hidden = at === 1 && !this.next;
      this.pager.hidden = items.length === 0 && at === 1;
      this.before.disabled = at === 1;
      this.after.disabled = !this.next;
      this.shown?.(items);
    } catch (e) {
      if (e.name === 'AbortError') return;
      // A page token is of a list that was: from the beginning.
      if (e.status === 400 && this.tokens.length > 1) { this.tokens = ['']; this.reload(); return; }
      this.table.hidden = e.status >= 400;
      this.pager.hidden = true;
      put(this.note, trouble(e, () => this.reload()));
      if (e.status === 503 || !e.status) setTimeout(() => this.reload(), 3000);
    }
  }
}

/** A field for filters: tells after a pause in typing, and at once on Enter. */
export function search(label, value, onchange, props = {}) {
  let timer = 0;
  const input = el('input', { type: 'search', value, 'aria-label': label, placeholder: label, autocomplete: 'off', spellcheck: 'false', ...props,
    oninput: () => { clearTimeout(timer); timer = setTimeout(() => onchange(input.value.trim()), 300); },
    onkeydown: e => { if (e.key === 'Enter') { clearTimeout(timer); onchange(input.value.trim()); } } });
  return input;
}

/** A choice for filters. */
export function choice(label, options, value, onchange) {
  const select = el('select', { 'aria-label': label, onchange: () => onchange(select.value) }, options.map(([v, text]) => el('option', { value: v }, text)));
  select.value = value;
  return select;
}

/** Hands a file to whoever looks: parts are texts and bytes. */
export function saveFile(name, parts) {
  const link = el('a', { download: name });
  link.href = URL.createObjectURL(new Blob(parts, { type: 'application/octet-stream' }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
