// The frame around the pages: who is looking, where he is, and how the bridge is.

import { el, put, say } from './dom.js';
import { get, hasToken, setToken } from './api.js';
import { liveState, onLiveState, restartLive, startLive, stopLive } from './live.js';
import { badge, button, closeDialogs, dialog, trouble } from './parts.js';
import { words } from './format.js';
import now from './pages/now.js';
import gateways from './pages/gateways.js';
import lines from './pages/lines.js';
import calls from './pages/calls.js';
import peers from './pages/peers.js';
import routes from './pages/routes.js';
import events from './pages/events.js';
import records from './pages/records.js';
import audit from './pages/audit.js';
import imports from './pages/import.js';
import sounds from './pages/sounds.js';

const PAGES = [
  ['now', 'Now', 'n', now], ['calls', 'Calls', 'c', calls], ['gateways', 'Gateways', 'g', gateways], ['lines', 'Lines', 'l', lines], ['peers', 'Peers', 'p', peers],
  ['routes', 'Routes', 'r', routes], ['sounds', 'Sounds', 's', sounds], ['events', 'Events', 'e', events], ['records', 'Records', 'd', records], ['audit', 'Audit', 'a', audit], ['import', 'Import', 'i', imports],
];
const ROLES = ['VIEWER', 'ROUTER', 'OPERATOR', 'ADMIN'];
const app = document.getElementById('app');
let me = null;
let leaving = new AbortController();
let started = false;

/** Whether whoever looks may do what a role may. */
const may = role => ROLES.indexOf(me?.role) >= ROLES.indexOf(role.toUpperCase());

const parts = {
  state: el('span'), live: el('span.live', { role: 'status' }), who: el('span.who'), node: el('span.node'),
  nav: el('nav', { 'aria-label': 'Pages' }), main: el('main', { id: 'main', tabindex: '-1' }),
};

async function begin() {
  try {
    me = await get('v1/identity');
  } catch (e) {
    if (!e.isLogin) put(app, el('main.plain', { id: 'main' }, trouble(e, begin)));
    return;
  }
  put(app,
    el('header.top', null,
      el('a.brand', { href: '#/now' }, el('img', { src: 'console/icon.svg', alt: '', width: 24, height: 24 }), 'MgcpSipBridge'), parts.node, parts.state, el('span.fill'), parts.live, parts.who,
      button('Theme', changeTheme, 'plainbutton', { id: 'theme', 'aria-label': 'Theme' }), button('?', help, 'plainbutton', { 'aria-label': 'Keyboard shortcuts', title: 'Keyboard shortcuts (?)' }),
      me.guarded && hasToken() && button('Sign out', () => { setToken(''); location.reload(); }, 'plainbutton')),
    el('div.frame', null, parts.nav, parts.main));
  put(parts.nav, el('ul', null, PAGES.filter(([id]) => id !== 'audit' || may('admin')).filter(([id]) => id !== 'import' || may('admin'))
    .map(([id, title]) => el('li', null, el('a', { href: `#/${id}`, 'data-page': id }, title)))));
  say(parts.who, me.guarded ? `${me.name} · ${words(me.role)}` : '');
  showTheme();
  if (started) restartLive();
  else {
    started = true;
    startLive();
    onLiveState(showLive);
    setInterval(look, 5000);
  }
  look();
  show();
}

async function look() {
  if (document.hidden) return;
  try {
    const status = await get('v1/status');
    say(parts.node, `${status.node} · ${status.version}`);
    put(parts.state, badge(status.state));
  } catch (e) {
    put(parts.state, badge('DOWN', e.status ? 'trouble' : 'no answer', 'bad'));
  }
}

function showLive(state) {
  const text = { live: 'Live', connecting: 'Connecting…', waiting: 'Connection lost, trying again', paused: 'Paused', off: '' }[state];
  put(parts.live, text && badge(state, text, state === 'live' ? 'good' : state === 'waiting' ? 'bad' : 'quiet'));
}

function show() {
  if (!me) return;
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
  const [id, ...rest] = path.split('/').map(decode);
  const page = PAGES.find(p => p[0] === id) ?? PAGES[0];
  leaving.abort();
  leaving = new AbortController();
  for (const link of parts.nav.querySelectorAll('a')) link.toggleAttribute('aria-current', link.dataset.page === page[0]);
  for (const link of parts.nav.querySelectorAll('a[aria-current]')) {
    link.setAttribute('aria-current', 'page');
    link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
  put(parts.main);
  parts.main.className = `page-${page[0]}`;
  const asked = new URLSearchParams(query);
  page[3](parts.main, {
    rest, query: asked, signal: leaving.signal, may, me, live: liveState,
    /** Keeps filters in the address, so that a page can be sent to somebody, and found again by going back. */
    keep: values => history.replaceState(null, '', `#/${path || page[0]}${suffix(values)}`),
  });
  window.scrollTo(0, 0);
}

function suffix(values) {
  const text = new URLSearchParams(Object.entries(values).filter(([, v]) => v)).toString();
  return text && '?' + text;
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function login(error) {
  if (document.querySelector('.login')) return;
  stopLive();
  me = null;
  leaving.abort();
  document.title = 'Sign in · MgcpSipBridge';
  const field = el('input', { id: 'token', type: 'password', autocomplete: 'off', required: true, 'aria-describedby': 'tokenhint' });
  const wrong = hasToken();
  put(app, el('main.login', { id: 'main' }, el('form', {
    onsubmit: event => { event.preventDefault(); setToken(field.value); begin(); document.querySelector('.login')?.remove(); },
  },
  el('img', { src: 'console/icon.svg', alt: '', width: 48, height: 48 }), el('h1', null, 'MgcpSipBridge'),
  wrong && el('p.problem', { role: 'alert' }, error?.reason === 'TOKEN_EXPIRED' ? 'This token has run out.' : 'This token is not known.'),
  el('label', { for: 'token' }, 'Token'), field,
  el('p.hint', { id: 'tokenhint' }, 'One of those in Api:Tokens. It stays in this tab, until you close it or sign out. ', el('code', null, 'mgcp-sip-bridge token NAME viewer'), ' makes one.'),
  el('button.primary', { type: 'submit' }, 'Sign in'))));
  field.focus();
}

function changeTheme() {
  const order = ['auto', 'dark', 'light'];
  const next = order[(order.indexOf(document.documentElement.dataset.theme ?? 'auto') + 1) % order.length];
  if (next === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try { localStorage.setItem('mgcpsipbridge.theme', next); } catch { /* for this page alone */ }
  showTheme();
}

function showTheme() {
  const theme = document.documentElement.dataset.theme ?? 'auto';
  const node = document.getElementById('theme');
  const [mark, word] = { auto: ['◐', 'Auto'], dark: ['●', 'Dark'], light: ['○', 'Light'] }[theme];
  put(node, mark, el('span.word', null, word));
  node.setAttribute('aria-label', `Theme: ${theme === 'auto' ? 'as the system has it' : theme}`);
}

function help() {
  dialog('Keyboard', done => [
    el('table.keys', null, el('tbody', null,
      [['?', 'this list'], ['/', 'to the filter of the page'], ...PAGES.map(([, title, key]) => [`g ${key}`, title]), ['↑ ↓', 'between the messages of a ladder'], ['Esc', 'closes a dialog, as going back does'], ['Tab', 'from one thing to the next']]
        .map(([key, what]) => el('tr', null, el('th', { scope: 'row' }, key.split(' ').map(k => el('kbd', null, k))), el('td', null, what))))),
    el('div.buttons', null, button('Close', () => done(null), 'primary', { autofocus: true })),
  ]);
}

let pending = '';
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input,select,textarea,dialog') || !me) return;
  if (pending === 'g') {
    const page = PAGES.find(p => p[2] === event.key);
    if (page) { location.hash = `#/${page[0]}`; event.preventDefault(); }
    pending = '';
  } else if (event.key === 'g') {
    pending = 'g';
    setTimeout(() => { pending = ''; }, 1500);
  } else if (event.key === '?') { event.preventDefault(); help(); }
  else if (event.key === '/') {
    const filter = parts.main.querySelector('input[type=search]');
    if (filter) { event.preventDefault(); filter.focus(); }
  }
});
document.querySelector('.skip').addEventListener('click', event => { event.preventDefault(); document.getElementById('main')?.focus(); });
window.addEventListener('hashchange', () => { closeDialogs(); show(); parts.main.querySelector('h1')?.focus({ preventScroll: true }); });
window.addEventListener('login', event => login(event.detail));
begin();
