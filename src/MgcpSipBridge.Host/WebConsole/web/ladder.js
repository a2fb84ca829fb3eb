// A call's messages as a ladder: time runs down, each participant is a column, each message an arrow. Drawn as messages come; what stands is left alone.

import { el, put, say, svg } from './dom.js';

const TIME = 84;
const ROW = 46;
const GAP = 26;
const LONG = 1;        // Seconds without a message that are worth a mark.
const MARGIN = 70;
const SPACE = 210;     // Least room between two columns.
const LETTER = 6.65;   // Width of a letter of the labels, in pixels.

/** The first line without what every message has. */
export function brief(message) {
  const line = message.firstLine;
  if (message.protocol === 'SIP') return line.replace(/^SIP\/2\.0 /, '').replace(/ SIP\/2\.0$/, '');
  return line.replace(/ (MGCP|mgcp) [\d.]+( \S+ [\d.]+)?$/, '').replace(/@\S+/, '');
}

/** What a message is: a request, or an answer that says yes, wait, or no. */
export function kind(message) {
  const code = /^(?:SIP\/2\.0 )?(\d{3})\b/.exec(message.firstLine)?.[1];
  return !code ? 'request' : code < '200' ? 'wait' : code < '300' ? 'yes' : 'no';
}

/** A ladder with its heads. Messages are those of the API with fromAt and toAt, the columns they go between. */
export class Ladder {
  constructor(columns, onselect) {
    this.columns = columns;
    this.onselect = onselect;
    this.messages = [];
    this.groups = [];
    this.chosen = -1;
    this.heads = el('div.ladderheads', { 'aria-hidden': 'true' });
    this.lines = svg('g.lifelines');
    this.rows = svg('g');
    this.tail = svg('g.tail');
    this.drawing = svg('svg', { role: 'presentation' }, this.lines, this.rows, this.tail);
    this.node = el('div.ladder', {
      tabindex: '0', role: 'listbox', 'aria-label': `Messages between ${columns.map(c => c.title).join(', ')}, the earliest first. Arrow keys move between them.`, onkeydown: e => this.key(e),
    }, this.heads, this.drawing);
    this.isLive = false;
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.node);
  }

  /** Shows these messages; those at the beginning that are the same stay as they are drawn. */
  show(messages, isLive) {
    let same = 0;
    while (same < messages.length && same < this.messages.length && same < this.groups.length && shape(messages[same]) === shape(this.messages[same])) same++;
    const follow = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < ROW;
    const grows = this.messages.length > 0;
    this.messages = messages;
    this.isLive = isLive;
    this.draw(same, grows);
    if (follow && grows && isLive) this.node.scrollTop = this.node.scrollHeight;
  }

  choose(index) {
    if (index < 0 || index >= this.messages.length) return;
    this.groups[this.chosen]?.setAttribute('aria-selected', 'false');
    this.chosen = index;
    const group = this.groups[index];
    group.setAttribute('aria-selected', 'true');
    this.node.setAttribute('aria-activedescendant', group.id);
    const [top, below] = [this.tops[index], this.tops[index] + ROW];
    const head = this.heads.offsetHeight;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (below + head > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = below + head - this.node.clientHeight;
    this.onselect?.(this.messages[index]);
  }

  dispose() {
    this.sizes.disconnect();
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const from = this.chosen < 0 ? (step > 0 ? -1 : 0) : this.chosen;
    this.choose(Math.max(0, Math.min(this.messages.length - 1, from + step)));
  }

  resize() {
    const width = Math.max(TIME + MARGIN * 2 + (this.columns.length - 1) * SPACE, this.node.clientWidth);
    if (width === this.width) return;
    this.width = width;
    const room = (width - TIME - MARGIN * 2) / (this.columns.length - 1);
    this.at = this.columns.map((_, i) => TIME + MARGIN + i * room);
    put(this.heads, this.columns.map((c, i) => {
      const head = el('div.ladderhead', null, el('strong', null, c.title), el('span', null, c.detail));
      head.style.left = `${this.at[i]}px`;
      return head;
    }));
    this.heads.style.width = `${width}px`;
    this.draw(0, false);
  }

  draw(from, isNew) {
    if (!this.width) return;
    for (const old of this.groups.splice(from)) old.remove();
    for (const mark of this.rows.querySelectorAll('.gap')) if (Number(mark.dataset.before) >= from) mark.remove();
    this.tops = (this.tops ?? []).slice(0, from);
    let y = from ? this.tops[from - 1] + ROW : 8;
    for (let i = from; i < this.messages.length; i++) {
      const quiet = i ? seconds(this.messages[i]) - seconds(this.messages[i - 1]) : 0;
      if (quiet >= LONG) {
        this.rows.append(svg('text.gap', { x: TIME - 12, y: y + 16, 'data-before': i }, `⋮ ${quiet.toFixed(quiet < 10 ? 1 : 0)} s`));
        y += GAP;
      }
      this.tops.push(y);
      const group = this.group(this.messages[i], i, y);
      if (isNew) group.classList.add('fresh');
      this.rows.append(group);
      this.groups.push(group);
      y += ROW;
    }
    if (this.chosen >= this.messages.length) this.chosen = -1;
    this.groups[this.chosen]?.setAttribute('aria-selected', 'true');
    const end = y + (this.isLive ? 40 : 12);
    put(this.lines, this.at.map(x => svg('line', { x1: x, x2: x, y1: 0, y2: end })));
    put(this.tail, this.isLive ? this.at.map(x => svg('circle', { cx: x, cy: end - 8, r: 4 })) : null);
    this.drawing.setAttribute('width', this.width);
    this.drawing.setAttribute('height', end);
    this.drawing.setAttribute('viewBox', `0 0 ${this.width} ${end}`);
  }

  group(message, index, y) {
    const [a, b] = [this.at[message.fromAt], this.at[message.toAt]];
    const right = b > a;
    const line = y + 28;
    const [left, width] = [Math.min(a, b), Math.abs(b - a)];
    const room = Math.floor((width - 26) / LETTER);
    const times = message.repeated ? ` ×${message.repeated + 1}` : '';
    const text = cut(brief(message), room - times.length);
    const [tip, back] = right ? [b - 1, -9] : [b + 1, 9];
    const said = `${message.offsetText}, ${this.columns[message.fromAt].title} to ${this.columns[message.toAt].title}, ${message.protocol}: ${brief(message)}${message.detail ? ', ' + message.detail : ''}${message.repeated ? `, sent ${message.repeated + 1} times` : ''}`;
    return svg('g.message', { class: `${message.protocol.toLowerCase()} ${kind(message)}`, role: 'option', id: `message-${index}`, 'aria-selected': 'false', 'aria-label': said, onclick: () => { this.choose(index); this.node.focus({ preventScroll: true }); } },
      svg('rect.hit', { x: 0, y, width: this.width, height: ROW, rx: 4 }),
      svg('text.time', { x: TIME - 12, y: line + 4 }, message.offsetText),
      svg('text.label', { x: left + width / 2, y: line - 7 }, text, times && svg('tspan.times', null, times)),
      svg('line.shaft', { x1: a, x2: tip + back / 2, y1: line, y2: line }),
      svg('path.point', { d: `M${tip} ${line}l${back} -5v10z` }),
      message.detail && svg('text.detail', { x: left + width / 2, y: line + 14 }, cut(message.detail, Math.floor((width - 26) / 6))));
  }
}

const seconds = message => Date.parse(message.time) / 1000;

const shape = message => `${message.time}${message.fromAt}${message.toAt}${message.repeated}${message.firstLine}${message.detail}`;

const cut = (text, most) => text.length <= most ? text : text.slice(0, Math.max(1, most - 1)) + '…';

/** A ladder as mermaid's text, for tickets. */
export function mermaid(columns, messages) {
  const clean = text => text.replace(/[;#\r\n]/g, c => ({ ';': ',', '#': '♯' })[c] ?? ' ');
  return ['sequenceDiagram', ...columns.map((c, i) => `    participant p${i} as ${clean(c.title)}`),
    ...messages.map(m => `    p${m.fromAt}->>p${m.toAt}: ${m.offsetText} ${clean(brief(m))}${m.detail ? ' ' + clean(m.detail) : ''}`), ''].join('\n');
}

/** What stands in a message, for reading. whole is its whole text, or what fetches it; null when it cannot be had. */
export function inspect(target, message, columns, whole) {
  put(target,
    el('h3', null, message.protocol === 'SIP' ? 'SIP message' : 'MGCP message'),
    el('p.about', null, `${columns[message.fromAt].title} → ${columns[message.toAt].title}, ${message.offsetText} s after the start`),
    message.repeated ? el('p.warntext', null, `Sent ${message.repeated + 1} times: the other side did not answer at once.`) : null,
    el('pre.wire', null, typeof whole === 'string' ? whole.trimEnd() : [message.firstLine, ...(message.detail ? message.detail.split('; ') : [])].join('\n')),
    typeof whole === 'function' ? el('button', { type: 'button', onclick: whole, title: 'Reads the capture of this call, which is written into the audit log' }, 'Show whole messages') : null);
}
