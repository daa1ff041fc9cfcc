import { getSystemErrorName } from 'node:util';

/** A failed system call as a value: never thrown, and never recognised by its text. */
export interface SyscallError {
  /** The call as a reader of man pages knows it, such as `ptrace(PTRACE_SEIZE)`. */
  readonly syscall: string;
  /** Name of the errno, such as `EPERM`. */
  readonly code: string;
  /** Positive errno. */
  readonly errno: number;
  readonly tid?: number;
  readonly path?: string;
}

/** The task or the file on which the call was made. */
export interface SyscallSubject {
  readonly tid?: number;
  readonly path?: string;
}

/** Makes the error value of a negative result of {@link Kernel}. */
export function syscallError(syscall: string, result: number, subject: SyscallSubject): SyscallError {
  return { syscall, code: errnoName(result), errno: Math.abs(result), ...subject };
}

/** Describes the error in one line for a person: `ptrace(PTRACE_SEIZE) of task 42: EPERM`. */
export function describeSyscallError(error: SyscallError): string {
  const task = error.tid === undefined ? '' : ` of task ${error.tid}`;
  const path = error.path === undefined ? '' : ` of ${error.path}`;
  return `${error.syscall}${task}${path}: ${error.code}`;
}

/** Name of the errno in a negative result. */
export function errnoName(result: number): string {
  return getSystemErrorName(-Math.abs(result));
}
