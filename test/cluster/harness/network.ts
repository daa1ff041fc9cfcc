import { API_ADDRESS, CONTROL_ADDRESS, nodeAddress, podRange } from './addresses.js';
import { type Place, pidOf } from './place.js';
import { must, run } from './run.js';

/**
 * Creates the control plane's end: a bridge for the nodes, and the API server's service address, so that no kube-proxy
 * is needed.
 */
export async function makeBridge(control: Place): Promise<void> {
  await ip(control, [
    'link add nodes type bridge forward_delay 0',
    `address add ${CONTROL_ADDRESS}/24 dev nodes`,
    `address add ${API_ADDRESS}/32 dev lo`,
    'link set nodes up',
  ]);
}

/**
 * Connects node `index` (from 1) to the bridge, with routes to its pods. Both ends of the link are created inside the
 * namespaces, so the machine never sees an interface appear or disappear.
 */
export async function connectNode(control: Place, node: Place, index: number, count: number): Promise<void> {
  const address = nodeAddress(index);
  // After a power cut the kernel removes the old pair with a delay: "File exists" was seen at a load of thirty.
  await run([...enter(control), 'ip', 'link', 'delete', `node-${index}`]);
  await ip(control, [
    `link add node-${index} type veth peer name eth0 netns ${pidOf(node)}`,
    `link set node-${index} master nodes up`,
    `route replace ${podRange(index)} via ${address}`,
  ]);
  const others = Array.from({ length: count }, (_, at) => at + 1).filter((other) => other !== index);
  await ip(node, [
    `address add ${address}/24 dev eth0`,
    'link set eth0 up',
    `route add default via ${CONTROL_ADDRESS}`,
    ...others.map((other) => `route add ${podRange(other)} via ${nodeAddress(other)}`),
  ]);
}

/**
 * Connects node `index`, an emulated machine, to the bridge by a tap device that QEMU opens. The machine sets up its
 * own end.
 */
export async function connectMachine(control: Place, index: number): Promise<void> {
  await ip(control, [
    `tuntap add dev node-${index} mode tap`,
    `link set node-${index} master nodes up`,
    `route replace ${podRange(index)} via ${nodeAddress(index)}`,
  ]);
}

/** Only the network namespace is entered, so process ids are those of the caller. */
async function ip(place: Place, commands: readonly string[]): Promise<void> {
  await must([...enter(place), 'ip', '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

function enter(place: Place): string[] {
  return ['nsenter', `--net=/proc/${pidOf(place)}/ns/net`];
}
