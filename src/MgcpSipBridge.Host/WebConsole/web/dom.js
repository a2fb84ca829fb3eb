// Makes elements. Text becomes text nodes and nothing else: names come from gateways and callers, and none of them may become markup.

const SVG = 'http://www.w3.org/2000/svg';

/** el('a.link', { href: '#/now', onclick }, 'Now', badge): an element with classes, properties and children; null and false children are left out. */
export function el(tag, props, ...children) {
  const [name, ...classes] = tag.split('.');
  return fill(document.createElement(name), classes, props, children);
}

/** The same for SVG. */
export function svg(tag, props, ...children) {
  const [name, ...classes] = tag.split('.');
  return fill(document.createElementNS(SVG, name), classes, props, children);
}

/** Replaces what an element holds. */
export function put(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

/** Sets an element's text only where it differs, so that selections and screen readers are left alone. */
export function say(node, text) {
  const now = String(text ?? '');
  if (node.textContent !== now) node.textContent = now;
  return node;
}

function fill(node, classes, props, children) {
  if (classes.length) node.setAttribute('class', classes.join(' '));
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'class') node.setAttribute('class', [...classes, value].join(' '));
    else if (key === 'value') node.value = value;
    else if (key === 'href') node.setAttribute('href', local(value));
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...nodes(children));
  return node;
}

// Only links within this page and to this server: none that runs or leads away.
function local(target) {
  return /^#|^(?![a-z][a-z0-9+.-]*:|\/\/)/i.test(target) ? target : '#';
}

function nodes(children) {
  return children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false).map(c => c instanceof Node ? c : document.createTextNode(String(c)));
}

/**
 * Makes a container's children those of a list, keeping the nodes of items that did not change, and the focus in those that did.
 * @param key tells items apart; @param make makes the node of an item.
 */
export function reconcile(container, items, key, make) {
  const old = new Map([...container.children].map(node => [node.dataset.key, node]));
  let at = container.firstElementChild;
  for (const item of items) {
    const id = String(key(item));
    const shape = JSON.stringify(item);
    let node = old.get(id);
    old.delete(id);
    if (!node || node.shape !== shape) {
      const fresh = make(item);
      fresh.dataset.key = id;
      fresh.shape = shape;
      if (node) {
        const focus = focusIn(node);
        if (at === node) at = node.nextElementSibling;
        node.replaceWith(fresh);
        focusables(fresh)[focus]?.focus({ preventScroll: true });
      }
      node = fresh;
    }
    if (node === at) at = at.nextElementSibling;
    else container.insertBefore(node, at);
  }
  for (const gone of old.values()) gone.remove();
}

function focusables(node) {
  return [...node.querySelectorAll('a[href],button,input,select,textarea,[tabindex="0"]')];
}

function focusIn(node) {
  return node.contains(document.activeElement) ? focusables(node).indexOf(document.activeElement) : -1;
}
