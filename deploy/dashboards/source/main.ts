/** Writes the dashboards to their files; `npm run generate` calls it. A unit test fails where file and source differ. */
import { writeFileSync } from 'node:fs';
import { DASHBOARDS, render } from './dashboards.js';

for (const [file, dashboard] of Object.entries(DASHBOARDS)) writeFileSync(file, render(dashboard));
