/**
 * Builds HTML. A string that is given as a child or as the value of an attribute is always escaped; only what
 * {@link element} itself made goes in as it is, so that no section of the page can forget to escape. Pure.
 */

/** HTML that is safe to insert. Made by {@link element}, {@link join} and {@link trusted} alone. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Child = Html | string | undefined;

/** Undefined leaves the attribute out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Elements without an end tag. */
const VOID: readonly string[] = ['meta', 'input'];

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

export function element(name: string, attributes: Attributes, ...children: readonly Child[]): Html {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeHtml(String(value))}"`)
    .join('');
  if (VOID.includes(name)) return new Html(`<${name}${written}>`);
  return new Html(`<${name}${written}>${join(children).text}</${name}>`);
}

/** The children one after the other. A long list of children comes to {@link element} through this, as one child. */
export function join(children: readonly Child[]): Html {
  return new Html(children.map((child) => (child instanceof Html ? child.text : escapeHtml(child ?? ''))).join(''));
}

/** Text of our own that is HTML, style or script already. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** A table with a caption for screen readers, in a frame that scrolls sideways where it is too wide. */
export function table(caption: string, headings: readonly string[], rows: readonly (readonly Child[])[]): Html {
  const head = element('tr', {}, ...headings.map((heading) => element('th', { scope: 'col' }, heading)));
  // On a narrow screen each row becomes a list, and the style sheet puts the heading before each cell.
  const body = rows.map(([first, ...others]) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, first),
      ...others.map((cell, index) => element('td', { 'data-heading': headings[index + 1] }, cell)),
    ),
  );
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
    element(
      'table',
      {},
      element('caption', { class: 'unseen' }, caption),
      element('thead', {}, head),
      element('tbody', {}, join(body)),
    ),
  );
}

/** Pairs of a name and what it is. Pairs without a value are left out. */
export function definitions(pairs: readonly (readonly [name: string, value: Child])[]): Html {
  const known = pairs.filter(([, value]) => value !== undefined && value !== '');
  return element(
    'dl',
    {},
    join(known.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)))),
  );
}

/** JSON for a script element of data: nothing in it ends the element, begins a comment, or ends a line of JavaScript. */
export function embedJson(value: unknown): Html {
  const json = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return new Html(json);
}
