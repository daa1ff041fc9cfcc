/**
 * Jest's environment for tests on an emulated machine: each test and each hook may take STASIS_TEST_PATIENCE times as long as
 * its author gave it. What a test expects of the product stays as it is.
 */
import { TestEnvironment } from 'jest-environment-node';

const PATIENCE = Number(process.env.STASIS_TEST_PATIENCE ?? 1);

export default class PatientEnvironment extends TestEnvironment {
  handleTestEvent(event, state) {
    const timed = { test_fn_start: event.test, hook_start: event.hook }[event.name];
    // Jest reads the bound after this event.
    if (timed !== undefined) timed.timeout = (timed.timeout ?? state.testTimeout) * PATIENCE;
  }
}
