// What can be played to calls, and what was recorded of them.

import { el, put } from '../dom.js';
import { del, part, stream } from '../api.js';
import { at, attempt, badge, button, confirm, empty, head, Listing, saveFile, search } from '../parts.js';
import { count, quote, seconds, span, words } from '../format.js';

const FAILURES = { DISK: 'cut short: the disk', INTERRUPTED: 'cut short: the bridge ended' };

export default function sounds(root, ctx) {
  const asked = { q: ctx.query.get('q') ?? '' };
  const filters = () => { ctx.keep(asked); return { filter: asked.q && `name:${quote(asked.q)}` }; };
  const list = new Listing({
    path: 'v1/sounds', field: 'sounds', key: s => s.name, every: 60000, caption: 'Announcements', query: filters(),
    columns: [{ title: 'Announcement', class: 'wide', cell: s => el('code', null, s.name) }, { title: 'Length', class: 'num', cell: s => `${seconds(s.length).toFixed(1)} s` }],
    empty: query => query.filter ? empty('No announcement is called like that.') : empty('There is no announcement to play.', 'They are the WAV files of the folder that Sounds:Folder names; a call can be played tones without any.'),
  }, ctx.signal);
  const recordings = new Listing({
    path: 'v1/recordings', field: 'recordings', key: r => r.name, types: ['recording.'], every: 30000, caption: 'Recordings', query: { orderBy: 'createTime desc' },
    columns: [
      { title: 'Recording', cell: r => el('code', null, r.name) },
      { title: 'Begun', cell: r => at(r.createTime) },
      { title: 'Length', class: 'num', cell: r => span((new Date(r.updateTime) - new Date(r.createTime)) / 1000) },
      { title: 'Bytes', class: 'num', cell: r => count(r.sizeBytes) },
      { title: '', cell: r => r.underWay ? badge('', 'being made', 'busy') : r.failure && r.failure !== 'FAILURE_UNSPECIFIED' ? badge('', FAILURES[r.failure] ?? words(r.failure), 'bad') : null },
      ctx.may('operator') && { title: '', cell: r => el('div.actions', null, button('Save', () => attempt('', () => fetchOne(r.name, ctx.signal)), '', { 'aria-label': `Save ${r.name}` }),
        ctx.may('admin') && !r.underWay && button('Delete…', () => remove(r.name, recordings), 'danger', { 'aria-label': `Delete ${r.name}…` })) },
    ].filter(Boolean),
    empty: () => empty('Nothing was recorded.', 'Calls can be recorded on their pages where Recordings:Folder is set.'),
  }, ctx.signal);
  put(root, head('Sounds', 'Announcements that can be played to calls, and recordings of calls. Saving and deleting a recording is written into the audit log.'),
    el('h2', null, 'Announcements'), el('div.filters', null, search('Name', asked.q, v => { asked.q = v; list.filter(filters()); })), list.node, el('h2', null, 'Recordings'), recordings.node);
}

// It comes in pieces, in base64.
async function fetchOne(name, signal) {
  const pieces = [];
  await stream(`v1/recordings/${part(name)}:download`, null, piece => pieces.push(Uint8Array.from(atob(piece.data), c => c.charCodeAt(0))), signal);
  saveFile(name, pieces);
}

async function remove(name, list) {
  if (await confirm(`Delete ${name}?`, 'It cannot be brought back.', 'Delete') && await attempt(`${name} is deleted`, () => del(`v1/recordings/${part(name)}`))) list.reload();
}
