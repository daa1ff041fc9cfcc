import { describe, expect, test } from '@jest/globals';
import { NodeAgents } from '../../../src/controller/agents.js';
import type { Lease } from '../../../src/kube/lease.js';
import { Store } from '../../../src/kube/store.js';

/** A namespace with the Leases of the leader and of agents. Time moves in steps of a second. */
class Leases {
  readonly store = new Store<Lease>();
  now = 0;
  version = 0;
  /** When false, the watch delivers nothing although the others go on renewing. */
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

  /**
   * Lets time pass, in which the leader renews every 2 s and the agents of the `living` nodes every 10 s. Returns the
   * nodes whose agents became lost.
   */
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
  test('calls a node without a Lease alive while the leader has just begun, because an agent may start soon', () => {
    const leases = new Leases();
    leases.pass(14, []);
    expect(leases.agents.stateOf('a')).toBe('Alive');
    leases.pass(2, []);
    expect(leases.agents.stateOf('a')).toBe('Away');
    expect(leases.pass(60, [], ['a'])).toEqual(['a']);
  });

  test('calls an agent alive while it renews, and reports it lost once when its Lease has expired', () => {
    const leases = new Leases();
    expect(leases.pass(20, ['a', 'b'])).toEqual([]);
    expect(leases.agents.stateOf('a')).toBe('Alive');
    expect(leases.pass(39, ['a'])).toEqual([]);
    expect(leases.agents.stateOf('b')).toBe('Alive');
    expect(leases.pass(60, ['a'])).toEqual(['b']);
    expect(leases.agents.stateOf('b')).toBe('Lost');
  });

  test('calls a lost agent alive again when it renews', () => {
    const leases = new Leases();
    leases.pass(20, ['a', 'b']);
    leases.pass(60, ['a']);
    leases.pass(10, ['a', 'b']);
    expect(leases.agents.stateOf('b')).toBe('Alive');
  });

  test('waits for the time of a rolling update when an agent gave up its Lease', () => {
    const leases = new Leases();
    leases.pass(20, ['a', 'b']);
    leases.put('stasis-node-b', '', 'released');
    expect(leases.agents.stateOf('b')).toBe('Away');
    expect(leases.pass(40, ['a'])).toEqual([]);
    expect(leases.pass(5, ['a'])).toEqual(['b']);
  });

  test('finds a new agent without waiting for the next tick', () => {
    const leases = new Leases();
    leases.pass(20, ['a']);
    leases.put('stasis-node-new', 'agent', 'now');
    expect(leases.agents.stateOf('new')).toBe('Alive');
  });

  test('calls no agent lost because of an outage in which no agent could renew', () => {
    const leases = new Leases();
    leases.pass(20, ['a', 'b']);
    leases.seeing = false;
    expect(leases.pass(300, [])).toEqual([]);
    expect(leases.agents.stateOf('a')).not.toBe('Lost');
    leases.seeing = true;
    // The API server is back. The agents notice that one after the other.
    expect(leases.pass(30, [])).toEqual([]);
    expect(leases.pass(30, ['a'])).toEqual(['b']);
  });

  test('calls the agent of a node without Lease away, and lost when no Lease appears', () => {
    const leases = new Leases();
    leases.pass(20, []);
    expect(leases.agents.stateOf('a')).toBe('Away');
    expect(leases.pass(60, [], ['a'])).toEqual(['a']);
  });
});
