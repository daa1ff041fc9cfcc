import { describe, expect, test } from '@jest/globals';
import { NodeAgents } from '../../../src/controller/agents.js';
import type { Lease } from '../../../src/kube/lease.js';
import { Store } from '../../../src/kube/store.js';

/** A namespace with the leader's lease and those of agents; time moves second by second. */
class Leases {
  readonly store = new Store<Lease>();
  now = 0;
  version = 0;
  /** False: the watch brings nothing, though the others go on. */
  seeing = true;
  readonly clock = { wall: () => 0, monotonic: () => this.now, sleep: () => Promise.resolve() };
  readonly agents = new NodeAgents({ leases: this.store, namespace: 'stasis-system', clock: this.clock });

  put(name: string, holderIdentity: string, renewTime: string): void {
    if (!this.seeing) return;
    this.version += 1;
    const metadata = {
      name,
      namespace: 'stasis-system',
      uid: name,
      resourceVersion: String(this.version),
      creationTimestamp: '2026-01-01T00:00:00Z',
    };
    const spec = { holderIdentity, renewTime, leaseDurationSeconds: 40 };
    this.store.upsert({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
    this.agents.heard();
  }

  /** Lets seconds pass, in which the leader renews every 2 s and the agents of these nodes every 10 s; returns who was lost. */
  pass(seconds: number, living: readonly string[], asked: readonly string[] = ['a', 'b']): string[] {
    const lost: string[] = [];
    for (let second = 1; second <= seconds; second += 1) {
      this.now += 1000;
      if (this.now % 2000 === 0) this.put('stasis-controller', 'leader', `${this.now}`);
      if (this.now % 10_000 === 0) for (const node of living) this.put(`stasis-node-${node}`, 'agent', `${this.now}`);
      lost.push(...this.agents.tick(asked));
    }
    return lost;
  }
}

describe('NodeAgents', () => {
  test('takes a node that never had one for one whose agent is about to come, as long as it has just begun', () => {
    const leases = new Leases();
    leases.pass(14, []);
    expect(leases.agents.stateOf('a')).toBe('Alive');
    leases.pass(2, []);
    expect(leases.agents.stateOf('a')).toBe('Away');
    expect(leases.pass(60, [], ['a'])).toEqual(['a']);
  });

  test('calls an agent that renews alive, and one that does not lost after its lease, once', () => {
    const leases = new Leases();
    expect(leases.pass(20, ['a', 'b'])).toEqual([]);
    expect(leases.agents.stateOf('a')).toBe('Alive');
    expect(leases.pass(39, ['a'])).toEqual([]);
    expect(leases.agents.stateOf('b')).toBe('Alive');
    expect(leases.pass(60, ['a'])).toEqual(['b']);
    expect(leases.agents.stateOf('b')).toBe('Lost');
  });

  test('calls one that comes back alive', () => {
    const leases = new Leases();
    leases.pass(20, ['a', 'b']);
    leases.pass(60, ['a']);
    leases.pass(10, ['a', 'b']);
    expect(leases.agents.stateOf('b')).toBe('Alive');
  });

  test('gives one that has given its lease up the time of a rolling update', () => {
    const leases = new Leases();
    leases.pass(20, ['a', 'b']);
    leases.put('stasis-node-b', '', 'released');
    expect(leases.agents.stateOf('b')).toBe('Away');
    expect(leases.pass(40, ['a'])).toEqual([]);
    expect(leases.pass(5, ['a'])).toEqual(['b']);
  });

  test('finds a new one without waiting for the next look', () => {
    const leases = new Leases();
    leases.pass(20, ['a']);
    leases.put('stasis-node-new', 'agent', 'now');
    expect(leases.agents.stateOf('new')).toBe('Alive');
  });

  test('calls nobody lost because of an outage in which nobody could renew', () => {
    const leases = new Leases();
    leases.pass(20, ['a', 'b']);
    leases.seeing = false;
    expect(leases.pass(300, [])).toEqual([]);
    expect(leases.agents.stateOf('a')).not.toBe('Lost');
    leases.seeing = true;
    // The server is back; the agents find out one after the other.
    expect(leases.pass(30, [])).toEqual([]);
    expect(leases.pass(30, ['a'])).toEqual(['b']);
  });

  test('calls a node without any lease away, and lost when it stays so', () => {
    const leases = new Leases();
    leases.pass(20, []);
    expect(leases.agents.stateOf('a')).toBe('Away');
    expect(leases.pass(60, [], ['a'])).toEqual(['a']);
  });
});
