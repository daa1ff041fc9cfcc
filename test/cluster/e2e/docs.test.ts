/** The documents that work with an installation: every block with the mark `run:` goes as it is written. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openRepository } from '../../docs/repository.js';
import { STORIES } from '../../docs/stories.js';
import { everythingRuns, testCluster } from './node-view.js';
import { describeOnHarness } from './requirement.js';
import { openTeller, type Teller } from './teller.js';

describeOnHarness('a document', () => {
  const { documents } = openRepository();
  let teller: Teller;
  beforeAll(() => {
    const cluster = testCluster();
    if (cluster === undefined) throw new Error('the cluster is not up');
    teller = openTeller(cluster);
  });
  afterAll(async () => {
    teller.close();
    const cluster = testCluster();
    if (cluster !== undefined) await everythingRuns(cluster);
  });

  test.each(STORIES.filter(({ where }) => where === 'cluster'))('tells $name as it goes', async (story) => {
    const told = documents.filter(({ path }) => story.documents.test(path));
    expect(await teller.tell(story, told)).toEqual([]);
  });
});
