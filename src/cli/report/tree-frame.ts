/** The empty frame that the page's script fills: the fields of the search, the tree, the details. Pure. */
import { element, join, type Html } from './html.js';
import type { PageData } from './page-data.js';
import { ANY, UNUSUAL } from './tree-filter.js';

export function treeFrame(data: PageData): Html {
  const { processes, groups, marks } = data;
  const users = [...new Set(processes.map(({ user }) => user))].sort(
    (one, other) => Number.parseInt(one) - Number.parseInt(other),
  );
  const kinds = [...new Map(marks.map(({ kind, title }) => [kind, title])).entries()];
  return element(
    'div',
    { class: 'explorer', id: 'explorer' },
    element(
      'noscript',
      {},
      element(
        'p',
        { class: 'warning' },
        'The tree needs scripts, which are off. The table of all processes, at the end of the page, needs none.',
      ),
    ),
    element(
      'div',
      { class: 'tools', role: 'search', 'aria-label': 'Processes' },
      element(
        'label',
        { class: 'wide' },
        'Search',
        element('input', {
          type: 'search',
          id: 'search',
          autocomplete: 'off',
          spellcheck: 'false',
          placeholder: 'name, program, PID or command line',
          'aria-describedby': 'matches',
          'aria-keyshortcuts': '/',
        }),
      ),
      choice('state', 'State', [
        [ANY, 'any'],
        ['Alive', 'alive'],
        ['Stopped', 'stopped'],
        ['Zombie', 'zombie'],
      ]),
      groups.length > 1
        ? choice('group', 'Container', [[ANY, 'any'], ...groups.map((name, index) => [String(index), name] as const)])
        : undefined,
      choice('user', 'User', [[ANY, 'any'], ...users.map((user) => [user, user] as const)]),
      choice('mark', 'Marks', [[ANY, 'any or none'], [UNUSUAL, 'unusual only'], ...kinds]),
      element(
        'div',
        { class: 'buttons' },
        button('unfold', 'Open all'),
        button('fold', 'Fold all'),
        button('clear', 'Clear'),
      ),
    ),
    element('p', { class: 'matches', id: 'matches', 'aria-live': 'polite' }),
    element(
      'div',
      { class: 'split' },
      element('div', { class: 'tree', id: 'tree' }),
      element('aside', { class: 'details', id: 'details', 'aria-label': 'The selected process' }),
    ),
    element(
      'p',
      { class: 'quiet keys' },
      'Keys: / searches; arrows move, open and fold; Home, End, Page Up and Page Down; * opens all beside; Enter goes to the details, Escape back.',
    ),
  );
}

function choice(id: string, name: string, options: readonly (readonly [value: string, text: string])[]): Html {
  const all = options.map(([value, text]) => element('option', { value }, text));
  return element('label', {}, name, element('select', { id }, join(all)));
}

function button(id: string, text: string): Html {
  return element('button', { type: 'button', id }, text);
}
