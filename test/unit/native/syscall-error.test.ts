import { expect, test } from '@jest/globals';
import { describeSyscallError, errnoName, syscallError } from '../../../src/native/syscall-error.js';

test('syscallError() has the facts of a negative result', () => {
  const error = syscallError('ptrace(PTRACE_SEIZE)', -1, { tid: 42 });
  expect(error).toEqual({ syscall: 'ptrace(PTRACE_SEIZE)', code: 'EPERM', errno: 1, tid: 42 });
  expect(describeSyscallError(error)).toBe('ptrace(PTRACE_SEIZE) of task 42: EPERM');
});

test('describeSyscallError() names a path, or nothing', () => {
  expect(describeSyscallError(syscallError('open', -2, { path: '/x' }))).toBe('open of /x: ENOENT');
  expect(describeSyscallError(syscallError('open', -2, {}))).toBe('open: ENOENT');
});

test('errnoName() takes either sign', () => {
  expect([errnoName(-3), errnoName(3)]).toEqual(['ESRCH', 'ESRCH']);
});
