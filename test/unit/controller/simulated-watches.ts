/** The watches of a simulated controller: they fill its caches and tell which keys a change wakes. */
import { CHECKPOINTS, PODCAPTURES, type Checkpoint, type PodCapture } from '../../../src/api/kinds.js';
import { hasEnded } from '../../../src/api/conditions.js';
import { createCaches, projectCapture, projectCheckpoint } from '../../../src/controller/caches.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from '../../../src/controller/resources.js';
import {
  keysOfCapture,
  keysOfCheckpoint,
  nextOf,
  podFreedByCapture,
  podFreedByCheckpoint,
} from '../../../src/controller/wake.js';
import type { Change, Store } from '../../../src/kube/store.js';
import { Told } from '../../../src/kube/told.js';
import { isSameVersion, keyOf, type KubeObject } from '../../../src/kube/types.js';
import type { KubeModel } from '../../fake/kube-model.js';

export class SimulatedWatches {
  readonly caches = createCaches();
  readonly #model: KubeModel;
  readonly #wake: (keys: readonly string[]) => void;
  readonly #toldCheckpoints = new Told<Checkpoint>();
  readonly #toldCaptures = new Told<PodCapture>();
  /** Number of the model's events that have arrived. */
  #seen = 0;

  constructor(model: KubeModel, wake: (keys: readonly string[]) => void) {
    this.#model = model;
    this.#wake = wake;
    this.list();
  }

  /** The first lists, or new ones in place of the events that have not arrived: the server answered 410. */
  list(): void {
    const { checkpoints, captures } = this.caches;
    this.#seen = this.#model.events.length;
    const listed = this.#model.all(CHECKPOINT_RESOURCE).map(projectCheckpoint);
    this.#list(checkpoints, this.#toldCheckpoints, listed, (change) => this.#checkpointChanged(change));
    const others = this.#model.all(PODCAPTURE_RESOURCE).map(projectCapture);
    this.#list(captures, this.#toldCaptures, others, (change) => this.#captureChanged(change));
  }

  /** Lets so many events arrive. */
  sync(events: number): void {
    const { caches } = this;
    const until = Math.min(this.#model.events.length, this.#seen + events);
    for (; this.#seen < until; this.#seen += 1) {
      const event = this.#model.events[this.#seen];
      const type = event?.type === 'DELETED' ? 'delete' : 'upsert';
      if (event?.plural === CHECKPOINTS.plural) {
        const object = projectCheckpoint(event.object as Checkpoint);
        if (this.#take(caches.checkpoints, this.#toldCheckpoints, { type, object }))
          this.#checkpointChanged({ type, object });
      } else if (event?.plural === PODCAPTURES.plural) {
        const object = projectCapture(event.object as PodCapture);
        if (this.#take(caches.captures, this.#toldCaptures, { type, object })) this.#captureChanged({ type, object });
      } else this.wakeRunning();
    }
  }

  /** Something happened to a pod, a node or an agent. */
  wakeRunning(): void {
    for (const object of this.caches.captures.list().filter(({ status }) => !hasEnded(status)))
      this.#wake(keysOfCapture(this.caches, { type: 'upsert', object }));
  }

  #checkpointChanged(change: Change<Checkpoint>): void {
    this.#wake([...keysOfCheckpoint(this.caches, change), ...this.#next(podFreedByCheckpoint(change))]);
  }

  #captureChanged(change: Change<PodCapture>): void {
    this.#wake([...keysOfCapture(this.caches, change), ...this.#next(podFreedByCapture(change))]);
  }

  #next(podKey: string | undefined): readonly string[] {
    return podKey === undefined ? [] : nextOf(this.caches, podKey);
  }

  #list<T extends KubeObject>(
    store: Store<T>,
    told: Told<T>,
    items: readonly T[],
    tell: (change: Change<T>) => void,
  ): void {
    const changes = store.replaceAll(items, String(this.#model.revision));
    const vanished = changes.filter(({ type }) => type === 'delete').map(({ object }) => object);
    const isHeld = (item: T): boolean => {
      const held = store.get(keyOf(item));
      return held !== undefined && isSameVersion(held, item);
    };
    for (const change of told.afterList(items, isHeld, vanished)) {
      told.note(change);
      tell(change);
    }
  }

  /** As the reflector does it. */
  #take<T extends KubeObject>(store: Store<T>, told: Told<T>, change: Change<T>): boolean {
    const { type, object } = change;
    if (!store[type](object) && !(type === 'delete' && told.has(object))) return false;
    told.note(change);
    return true;
  }
}
