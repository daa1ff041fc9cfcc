/** The documents that install Stasis in a cluster without it, and take it away: every block with the mark `run:`. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openRepository } from '../../docs/repository.js';
import { STORIES } from '../../docs/stories.js';
import type { Cluster } from '../harness/cluster.js';
import { testCluster } from './node-view.js';
import { describeOnHarness } from './requirement.js';
import { rolledOut } from './settings.js';
import { openTeller, type Teller } from './teller.js';

/**
 * Takes Stasis away, however it was installed and however much of it is there. The API server looks at its policies once a
 * second, and refuses the deletion of the namespace for as long.
 */
const TAKE_AWAY = [
  'helm uninstall stasis --namespace stasis-system --wait --timeout 4m || true',
  'helm template stasis deploy/helm --namespace stasis-system --kube-version 1.37.0 | kubectl delete --ignore-not-found -f -',
  'for attempt in 1 2 3 4 5; do kubectl delete namespace stasis-system --ignore-not-found && break; sleep 1; done',
  '! kubectl get namespace stasis-system',
];
const BRING_BACK = ['helm install stasis deploy/helm --namespace stasis-system --create-namespace --wait --timeout 5m'];

describeOnHarness('a document', () => {
  const { documents } = openRepository();
  let cluster: Cluster;
  let teller: Teller;
  beforeAll(() => {
    cluster = testCluster() as Cluster;
    teller = openTeller(cluster);
  });
  beforeEach(async () => {
    await teller.must('take away', TAKE_AWAY);
  });
  afterAll(async () => {
    await teller.must('take away', TAKE_AWAY);
    await teller.must('bring back', BRING_BACK);
    teller.close();
    await rolledOut(cluster);
  });

  test.each(STORIES.filter(({ where }) => where === 'empty cluster'))('tells $name as it goes', async (story) => {
    const told = documents.filter(({ path }) => story.documents.test(path));
    expect(await teller.tell(story, told)).toEqual([]);
  });
});
