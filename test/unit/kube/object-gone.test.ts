import { describe, expect, test } from '@jest/globals';
import { isObjectGone } from '../../../src/kube/result.js';
import { refusalError } from '../../../src/kube/status-error.js';
import { THINGS } from './fixtures.js';

const ASKED = { method: 'GET', path: '/x' };
const status = (code: number, reason: string, details?: object): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, details, message: 'm' });
const ABOUT = { group: 'example.dev', kind: 'things', name: 'a' };

describe('isObjectGone()', () => {
  test.each<[string, number, string, boolean]>([
    ['the API server names the object', 404, status(404, 'NotFound', ABOUT), true],
    ['another object', 404, status(404, 'NotFound', { ...ABOUT, name: 'b' }), false],
    ['another kind', 404, status(404, 'NotFound', { ...ABOUT, kind: 'namespaces' }), false],
    ['another group', 404, status(404, 'NotFound', { ...ABOUT, group: 'other.dev' }), false],
    ['no object', 404, status(404, 'NotFound'), false],
    ['a page', 404, '<html>default backend - 404</html>', false],
    ['JSON of a proxy', 404, '{"error":"no route"}', false],
    ['another code', 403, status(403, 'NotFound', ABOUT), false],
  ])('%s', (_title, code, text, expected) =>
    expect(isObjectGone(refusalError(ASKED, { code, text }), THINGS, 'a')).toBe(expected),
  );

  test('what is no Status is marked as foreign', () => {
    expect(refusalError(ASKED, { code: 403, text: '<html>' }).foreign).toBe(true);
    expect(refusalError(ASKED, { code: 403, text: status(403, 'Forbidden', ABOUT) })).toMatchObject({ details: ABOUT });
    expect(refusalError(ASKED, { code: 403, text: status(403, 'Forbidden') }).foreign).toBeUndefined();
  });
});
