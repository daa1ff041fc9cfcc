import { expect, test } from '@jest/globals';
import { EBUSY, ECHILD, ENODEV, ENOENT, EPERM, ESRCH, isGone } from '../../../src/native/errno.js';

test.each([ESRCH, ENOENT, ENODEV])('isGone() is true of -%i', (errno) => {
  expect(isGone(-errno)).toBe(true);
});

test.each([0, 1, ESRCH, -EPERM, -EBUSY, -ECHILD])('isGone() is false of %i', (result) => {
  expect(isGone(result)).toBe(false);
});
