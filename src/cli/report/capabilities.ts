/** Decodes capability sets (capabilities(7)), and says which are beyond the default of container runtimes. Pure. */

/** By number: include/uapi/linux/capability.h of Linux 6.18. */
const NAMES = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** The set that containerd and Docker give a container that asks for nothing. CRI-O gives a part of it. */
const RUNTIME_DEFAULT: readonly string[] = (
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL ' +
  'AUDIT_WRITE'
).split(' ');

/** The number of capabilities that Linux has. A set of all of them is that of a privileged container. */
export const CAPABILITY_COUNT = NAMES.length;

/** The names in a set of hexadecimal digits, by number and without `CAP_`. A number without a name is given as it is. */
export function decodeCapabilities(hexadecimal: string): string[] {
  if (!/^[0-9a-f]{1,16}$/i.test(hexadecimal)) return [];
  const names: string[] = [];
  for (let bits = BigInt(`0x${hexadecimal}`), number = 0; bits > 0n; bits >>= 1n, number += 1) {
    if ((bits & 1n) === 1n) names.push(NAMES[number] ?? String(number));
  }
  return names;
}

export function isBeyondDefault(name: string): boolean {
  return !RUNTIME_DEFAULT.includes(name);
}

/** The names, or in the place of all of them one word. */
export function namesOrAll(names: readonly string[]): string {
  if (CAPABILITY_COUNT <= names.length) return `all ${names.length}`;
  return names.join(', ');
}
