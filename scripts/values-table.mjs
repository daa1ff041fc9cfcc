// The table of a chart's values, made from the comments in values.yaml: a comment stands above its key. A value with
// commented keys below it is a section, and any other value is a row with its default.
import { isMap, isPair, parseDocument } from 'yaml';

export function valuesTable(text) {
  const rows = rowsOf(parseDocument(text).contents, '');
  const lines = rows.map(({ key, value, comment }) => `| \`${key}\` | ${value} | ${comment} |`);
  return ['| value | default | meaning |', '|---|---|---|', ...lines, ''].join('\n');
}

function rowsOf(map, prefix) {
  return map.items.flatMap((pair, index) => {
    if (!isPair(pair)) return [];
    const key = prefix + pair.key.value;
    const comment = commentOf(map, pair, index, prefix);
    if (!isSection(pair.value)) {
      if (comment === '') throw new Error(`values.yaml: ${key} has no comment`);
      return [{ key, value: `\`${JSON.stringify(pair.value.toJSON()).replaceAll('|', '\\|')}\``, comment }];
    }
    const own = comment === '' ? [] : [{ key, value: '', comment }];
    return [...own, ...rowsOf(pair.value, `${key}.`)];
  });
}

function isSection(value) {
  return (
    isMap(value) &&
    !value.flow &&
    value.items.some((pair, index) => commentOf(value, pair, index, '.') !== '' || isSection(pair.value))
  );
}

// The parser gives the comment above the first key of a map to the map.
function commentOf(map, { key }, index, prefix) {
  const text = key.commentBefore ?? (index === 0 && prefix !== '' ? map.commentBefore : undefined) ?? '';
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;');
}
