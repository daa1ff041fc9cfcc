import { expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../src/api/kinds.js';
import { kubeClient } from '../../../src/kube/kube-client.js';
import { success } from '../../../src/kube/result.js';
import type { Request, Transport } from '../../../src/kube/transport.js';

test('a list asks for the metadata alone where that is enough, and by nothing in its query', async () => {
  const asked: Request[] = [];
  const text = JSON.stringify({ metadata: { resourceVersion: '7' }, items: [{ metadata: { name: 'look' } }] });
  const transport: Pick<Transport, 'send'> = {
    send: (request) => {
      asked.push(request);
      return Promise.resolve(success({ code: 200, text }));
    },
  };
  const client = kubeClient(transport as Transport);
  const listed = await client.list(PODCAPTURES, { limit: 50, metadataOnly: true });
  await client.list(PODCAPTURES, { limit: 50 });
  expect(listed).toMatchObject({ ok: true, value: { items: [{ kind: 'PodCapture', metadata: { name: 'look' } }] } });
  expect(asked.map(({ accept }) => accept)).toEqual([
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    undefined,
  ]);
  expect(new Set(asked.map(({ path }) => path))).toEqual(new Set(['/apis/stasis.dev/v1alpha1/podcaptures?limit=50']));
});

test('list() has the garbage collected after a long page alone, and says how long the page was', async () => {
  let length = 0;
  let collected = 0;
  const send = async () => {
    const text = `{"metadata":{"resourceVersion":"1"},"items":[],"note":"${'x'.repeat(length)}"}`;
    return await Promise.resolve(success({ code: 200, text }));
  };
  const client = kubeClient({ send } as never, () => {
    collected += 1;
  });
  const lengths: number[] = [];
  for (length of [0, 3_000_000, 5_000_000]) {
    const listed = await client.list(PODCAPTURES);
    lengths.push(listed.ok ? listed.value.length - length : -1);
  }
  expect([collected, new Set(lengths).size]).toEqual([1, 1]);
});
