/** A capture that was made to break the report page, or to deceive who reads it. */
import { condition, podCapture, processRow } from '../unit/builders.js';

export const ATTACK = '<img src=x onerror="globalThis.broken=1">';

/** Every text is an attack on the page, and some rows are damaged. Nothing here is what Stasis writes. */
export function hostile(): unknown {
  const texts = [
    ATTACK,
    '</script><script>globalThis.broken=1</script>',
    '</style><style>*{display:none}',
    '<!--',
    ']]>',
    '\'"><svg/onload=globalThis.broken=1>',
    '\u202etxt.exe\u2066',
    '\u0000\u0007\u001b[2J\u009b',
    '\u2028\u2029\ufeff',
    '\ud83d',
    '',
    '  ',
    '${globalThis.broken=1}',
    '&lt;b&gt;',
    '__proto__',
  ];
  const rows = texts.map((text, index) => ({
    ...processRow({
      pid: 10 + index,
      comm: text,
      exe: text.padEnd(4096, text === '' ? 'x' : text),
      cmdline: [text, 'x'.repeat(131_072)],
    }),
    ppid: 10,
  }));
  const [first] = rows;
  const damaged: unknown[] = [
    null,
    7,
    'row',
    [],
    {},
    {
      ...first,
      pid: 'ten',
      threads: 'none',
      uids: [],
      capabilities: { effective: 'zz' },
      namespaces: { ['__proto__']: 3, mnt: 'x' },
    },
    { ...first, pid: 11, comm: 'a second one' },
    { ...first, pid: 500, ppid: 501, comm: 'loop-a' },
    { ...first, pid: 501, ppid: 500, comm: 'loop-b' },
    { ...first, pid: Number.MAX_SAFE_INTEGER + 1, comm: {} },
  ];
  const sample = podCapture({ tree: [] });
  return {
    ...sample,
    metadata: { name: ATTACK, namespace: ATTACK },
    spec: {
      podName: ATTACK,
      nodeName: '</title><script>globalThis.broken=1</script>',
      containers: [{ name: ATTACK }],
      hold: { seconds: '9' },
    },
    status: {
      ...sample.status,
      tree: [...rows, ...damaged],
      conditions: [{ type: ATTACK }, condition({ reason: ATTACK, status: 'False', message: `\u202e${ATTACK}` }), 4],
      containers: [{ name: ATTACK, cgroupPath: '/sample', processes: -1 }, 'x'],
      unfrozen: [{ tid: 1, comm: ATTACK, cause: ATTACK, stack: [ATTACK, 7] }, null],
      timings: {
        pauseMicroseconds: 1e300,
        holdMicroseconds: 'long',
        seizeMicroseconds: 9007199254740991,
        stopMicroseconds: 1,
      },
      artifact: { command: ATTACK },
      startTime: ATTACK,
      heldFrom: 5,
    },
  };
}
