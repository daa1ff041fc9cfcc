/** Serves the lists and watches of a KubeModel over HTTP, and lets a test end each watch. */
import type { KubeObject, Resource } from '../../src/kube/types.js';
import type { FakeHandler, FakeRequest, FakeWatch } from './api-server.js';
import type { KubeModel } from './kube-model.js';

export interface ServedWatch {
  readonly plural: string;
  readonly namespace: string | undefined;
  /** Ends the stream in the regular way. */
  end(): void;
  /** Cuts the connection. */
  cut(): void;
}

export interface KubeServer {
  readonly handler: FakeHandler;
  /** The watches that are open now. */
  readonly watches: ReadonlySet<ServedWatch>;
}

/** '/api/v1/…' or '/apis/GROUP/VERSION/…', with or without a namespace, and the plural. */
const PATH =
  /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)$/;

export function serveModel(model: KubeModel): KubeServer {
  const watches = new Set<ServedWatch>();
  const api = model.api();
  const handler: FakeHandler = (request, response) => {
    const { group = '', version = '', namespace, plural = '' } = PATH.exec(request.path)?.groups ?? {};
    if (plural === '' || request.method !== 'GET') {
      response.status(404, 'NotFound');
      return;
    }
    const resource: Resource = { group, version, plural, namespaced: namespace !== undefined, kind: plural };
    const selection = selectionOf(request, namespace);
    if (request.query.get('watch') === 'true') {
      const opened = response.watch();
      const served = { plural, namespace, end: () => opened.end(), cut: () => opened.cut() };
      watches.add(served);
      void opened.closed.finally(() => watches.delete(served));
      void follow(opened, async (signal) => {
        const resourceVersion = request.query.get('resourceVersion') ?? '';
        const stream = await api.watch(resource, { ...selection, resourceVersion, timeoutSeconds: 300, signal });
        if (stream.ok)
          for await (const event of stream.value) if ('object' in event) opened.event(event.type, event.object);
      });
      return;
    }
    void answerList();
    async function answerList(): Promise<void> {
      const listed = await api.list<KubeObject>(resource, selection);
      if (listed.ok) response.json(200, listed.value);
    }
  };
  return { handler, watches };
}

async function follow(opened: FakeWatch, send: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  void opened.closed.finally(() => stop.abort());
  await send(stop.signal);
}

function selectionOf({ query }: FakeRequest, namespace: string | undefined) {
  const fieldSelector = query.get('fieldSelector');
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(fieldSelector === null ? {} : { fieldSelector }),
  };
}
