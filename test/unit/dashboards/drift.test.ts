/** deploy/dashboards/*.json against their sources. */
import { expect, test } from '@jest/globals';
import { DASHBOARDS, render } from '../../../deploy/dashboards/source/dashboards.js';
import { FILES, textOf } from './rendered.js';

test('DASHBOARDS are what the files of deploy/dashboards hold: after a change run npm run generate', () => {
  expect(FILES).toEqual(Object.keys(DASHBOARDS));
  for (const [file, dashboard] of Object.entries(DASHBOARDS)) expect(textOf(file)).toBe(render(dashboard));
});

test('render() is stable: the same bytes each time, and a new line at the end', () => {
  for (const dashboard of Object.values(DASHBOARDS)) {
    expect(render(JSON.parse(render(dashboard)) as typeof dashboard)).toBe(render(dashboard));
    expect(render(dashboard)).toMatch(/\}\n$/);
  }
});
