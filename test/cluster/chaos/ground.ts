/**
 * Opens the environment of the trials on one node: a namespace for that node, and both nodes as seen from this machine.
 */
import { testCluster } from '../e2e/node-view.js';
import { openWorld } from '../e2e/world.js';
import type { Ground } from './row.js';
import { type Site, siteOf, type Version } from './site.js';

/** The nodes in STASIS_TEST_NODES, for instance `node-1=v1,node-2=v2`. */
export function testSites(): readonly Site[] {
  const cluster = testCluster();
  if (cluster === undefined) throw new Error('STASIS_TEST_CLUSTER names no cluster');
  const pairs = (process.env['STASIS_TEST_NODES'] ?? '').split(',').filter(Boolean);
  return pairs.map((pair) => {
    const [name = '', version] = pair.split('=');
    return siteOf(cluster.node(name), version === 'v1' ? 'v1' : 'v2');
  });
}

/** The caller must close the ground's world. */
export async function openGround(version: Version): Promise<Ground> {
  const cluster = testCluster();
  const sites = testSites();
  const site = sites.find((one) => one.version === version);
  if (cluster === undefined || site === undefined) throw new Error(`there is no node with the freezer of ${version}`);
  return { cluster, site, sites, world: await openWorld('rows', site.node.name) };
}
