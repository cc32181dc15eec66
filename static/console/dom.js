/** Builds elements. Strings become text nodes and are never read as markup. */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Readonly<Record<string, string | number | boolean | ((event: Event) => void) | undefined>>} [properties]
 *   attributes: true sets one without a value, false or undefined omits it. A function is a listener for the event
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter(isChild));
  return element;
}

/**
 * @param {string} kind its classes
 * @param {string} label
 * @param {() => void} click
 * @param {Readonly<Record<string, string | undefined>>} [attributes]
 */
export function button(kind, label, click, attributes = {}) {
  return el('button', { type: 'button', class: kind, ...attributes, click }, label);
}

/** Announces a text to a screen reader, in place of the previous one. @param {string} text */
export function announce(text) {
  byId('announcement', HTMLElement).textContent = text;
}

/** The console's own text, in which `backticks` mark commands and settings. @param {string} text @returns {Child[]} */
export function prose(text) {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : el('code', {}, part)));
}

/** Replaces the children of an element. @param {Element} element @param {...Child} children */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter(isChild));
}

/** @param {Child} child @returns {child is Node | string} */
const isChild = (child) => child !== null && child !== undefined && child !== false && child !== '';

/**
 * An element of `index.html`.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${kind.name} "${id}".`);
  return element;
}

/**
 * A button that copies `text` and confirms it.
 * @param {string} label
 * @param {string} text
 * @param {{ readonly class?: string, readonly name?: string }} [options] `name`: for a screen reader, in place of the label
 */
export function copyButton(label, text, options = {}) {
  let turn = 0;
  const click = async () => {
    turn += 1;
    const mine = turn;
    const isCopied = await copy(text);
    copier.textContent = isCopied ? 'Copied' : 'Not copied';
    announce(isCopied ? 'Copied.' : 'The browser did not allow copying.');
    setTimeout(() => {
      if (turn === mine) copier.textContent = label;
    }, 1_500);
  };
  const copier = button(options.class ?? 'plain', label, click, { 'aria-label': options.name });
  return copier;
}

/** @param {string} text @returns {Promise<boolean>} */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without HTTPS, browsers have this clipboard only on localhost.
    const area = el('textarea', { class: 'unseen', 'aria-hidden': 'true' });
    area.value = text;
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand('copy');
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return isCopied;
  }
}
