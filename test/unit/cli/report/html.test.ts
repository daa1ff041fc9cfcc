import { describe, expect, test } from '@jest/globals';
import { definitions, element, embedJson, escapeHtml, join, table, trusted } from '../../../../src/cli/report/html.js';

describe('element()', () => {
  test('escapes text and values of attributes', () => {
    const made = element('p', { title: `"'<>&`, hidden: undefined }, '<b>&', element('b', {}, '"'));
    expect(made.text).toBe('<p title="&quot;&#39;&lt;&gt;&amp;">&lt;b&gt;&amp;<b>&quot;</b></p>');
  });

  test('writes no end tag for an element that has none', () => {
    expect(element('meta', { charset: 'utf-8' }).text).toBe('<meta charset="utf-8">');
    expect(element('rect', { x: '1%' }).text).toBe('<rect x="1%"></rect>');
  });

  test('leaves out what is undefined', () => {
    expect(join(['a', undefined, trusted('<i></i>')]).text).toBe('a<i></i>');
  });
});

test('escapeHtml() keeps all other characters', () => {
  expect(escapeHtml('a`=\u{1f600}')).toBe('a`=\u{1f600}');
});

test('table() names its columns to readers of screens and to narrow screens', () => {
  const { text } = table('Things', ['Name', 'Size'], [['<x>', '1']]);
  expect(text).toContain('<caption class="unseen">Things</caption>');
  expect(text).toContain('<th scope="col">Name</th><th scope="col">Size</th>');
  expect(text).toContain('<tr><th scope="row">&lt;x&gt;</th><td data-heading="Size">1</td></tr>');
});

test('definitions() leaves out pairs without a value', () => {
  const made = definitions([
    ['a', '1'],
    ['b', undefined],
    ['c', ''],
  ]);
  expect(made.text).toBe('<dl><div><dt>a</dt><dd>1</dd></div></dl>');
});

test('embedJson() writes nothing that a parser of HTML or JavaScript could act on, and loses nothing', () => {
  const value = { text: '</script><!-- &amp; \u2028\u2029', '<key>': 1 };
  const { text } = embedJson(value);
  expect(text).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(text)).toEqual(value);
});
