/** The steps of a fuzz run: things that people do, things that tools do, and things that nobody should do. */
import fc from 'fast-check';

export const FUZZ_PODS = ['heart', 'pair', 'coming'] as const;
/** A finalizer that does not belong to Stasis. */
export const FOREIGN_FINALIZER = 'stasis.test/keep';

export type Step =
  | { readonly do: 'create'; readonly name: unknown; readonly metadata: object; readonly spec: unknown }
  /** `which` selects an accepted Checkpoint, counted from the newest. */
  | { readonly do: 'patch'; readonly which: number; readonly patch: object }
  | { readonly do: 'patchStatus'; readonly which: number; readonly patch: object }
  | { readonly do: 'delete'; readonly which: number; readonly policy: 'Background' | 'Foreground' | 'Orphan' }
  | { readonly do: 'patchCapture'; readonly which: number; readonly patch: object; readonly status: boolean }
  | { readonly do: 'deleteCapture'; readonly which: number }
  | { readonly do: 'replacePod' };

const HOSTILE_NAMES = [
  '',
  '.',
  '..',
  '-a',
  'a-',
  'A',
  'a..b',
  '../../../etc/passwd',
  '%2e%2e%2f',
  'a/status',
  '{{ .Values }}',
  '$(reboot)',
  "'; --",
  'a\nb',
  'a\u0000b',
  '\u202ekcehc',
  '\ud800',
  'ünïcödé',
  'x'.repeat(254),
  'x'.repeat(100_000),
];

const hostile = fc.oneof(fc.constantFrom(...HOSTILE_NAMES), fc.string({ unit: 'binary', maxLength: 80 }));
const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, true, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, '', '1', [], {}, [[]], [null]),
  hostile,
);

/** Mostly valid values, and sometimes junk. */
function mostly<T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: junk });
}

const validName = fc.oneof(
  { weight: 9, arbitrary: fc.stringMatching(/^[a-z0-9]([a-z0-9.]?[a-z0-9]){1,20}$/) },
  // As long as a name may be, so that derived names must be cut.
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{253}$/) },
);

const hold = fc.record(
  {
    seconds: mostly(fc.constantFrom(1, 2, 3600)),
    release: mostly(fc.boolean()),
    despiteProbes: mostly(fc.boolean()),
    later: fc.oneof({ weight: 20, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: junk }),
  },
  { requiredKeys: ['seconds'] },
);

const spec = fc.record(
  {
    podName: mostly(
      fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(...FUZZ_PODS) },
        { weight: 1, arbitrary: fc.constant('nobody') },
      ),
    ),
    containers: mostly(fc.subarray(['beat', 'one', 'two', 'nobody'], { minLength: 1, maxLength: 2 })),
    freezer: mostly(fc.constantFrom('Auto', 'None')),
    timeoutSeconds: mostly(fc.integer({ min: 1, max: 300 })),
    startingDeadlineSeconds: mostly(fc.constantFrom(1, 20, 86_400)),
    hold: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: mostly(hold) }),
    maxPauseMilliseconds: mostly(fc.constantFrom(1, 50, 1000, 300_000)),
    podSelector: fc.oneof({ weight: 40, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: junk }),
    dryRun: mostly(fc.boolean()),
    include: mostly(fc.constant(['Cmdline'])),
    ttlSecondsAfterFinished: mostly(fc.constantFrom(0, 1, 3600)),
    [`no-such-field`]: junk,
  },
  { requiredKeys: ['podName'] },
);

const finalizers = fc.constantFrom(null, [], [FOREIGN_FINALIZER], ['stasis.dev/release', FOREIGN_FINALIZER]);
const metadata = fc.record(
  {
    labels: fc.dictionary(fc.constantFrom('app', 'stasis.dev/checkpoint-uid', 'a b', ''), fc.oneof(validName, hostile)),
    annotations: fc.dictionary(fc.constantFrom('note', 'stasis.dev/x', 'a b'), hostile),
    finalizers,
  },
  { requiredKeys: [] },
);

const condition = fc.record({
  type: fc.constantFrom('Succeeded', 'Dispatched', 'Held', 'Released', 'Finished', 'Other'),
  status: fc.constantFrom('True', 'False', 'Unknown', 'Perhaps'),
  reason: fc.constantFrom('Captured', 'Holding', 'Dispatched', 'NotOfTheList', 'no reason'),
  message: fc.string({ maxLength: 20 }),
  lastTransitionTime: fc.constantFrom('2026-01-01T00:00:00Z', 'yesterday'),
});
const status = fc.record({ conditions: fc.array(condition, { maxLength: 3 }), pods: mostly(fc.constant([])) });

const which = fc.nat({ max: 30 });
const specPatch = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(true, true, false, null).map((release) => ({ hold: { release } })) },
  {
    weight: 1,
    arbitrary: mostly(fc.constantFrom(null, { seconds: 5 }, { releaseReason: 'NodeDrained' })).map((value) => ({
      hold: value,
    })),
  },
  { weight: 1, arbitrary: mostly(fc.constantFrom(0, 60, null)).map((ttl) => ({ ttlSecondsAfterFinished: ttl })) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('podName', 'containers', 'dryRun', 'freezer'), junk) },
);
const capturePatch = fc.oneof(
  finalizers.map((value) => ({ metadata: { finalizers: value } })),
  fc.constant({ metadata: { ownerReferences: null } }),
  fc.constant({ metadata: { labels: null } }),
  specPatch.map((value) => ({ spec: value })),
  status.map((value) => ({ status: value })),
);

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 50,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      name: fc.oneof({ weight: 12, arbitrary: validName }, { weight: 1, arbitrary: hostile }),
      metadata: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: metadata }),
      spec: fc.oneof({ weight: 20, arbitrary: spec }, { weight: 1, arbitrary: junk }),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('patch' as const),
      which,
      patch: fc.oneof(
        metadata.map((value) => ({ metadata: value })),
        specPatch.map((value) => ({ spec: value })),
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('patchStatus' as const),
      which,
      patch: status.map((value) => ({ status: value })),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('delete' as const),
      which,
      policy: fc.constantFrom('Background' as const, 'Foreground' as const, 'Orphan' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('patchCapture' as const),
      which,
      patch: capturePatch,
      status: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deleteCapture' as const), which }) },
  { weight: 1, arbitrary: fc.constant({ do: 'replacePod' as const }) },
);
