/** The keys that contenders must write, computed from docs/keys.md with node:crypto. */
import { createHash, createHmac, hkdfSync } from 'node:crypto'

function count(n: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(n)
  return bytes
}

function prefixed(bytes: Uint8Array): Buffer {
  return Buffer.concat([count(bytes.length), bytes])
}

/** One value: text, or bytes. */
export function leaf(label: string, value: string | Uint8Array): Buffer {
  const [type, bytes] = typeof value === 'string' ? ['s', Buffer.from(value)] : ['b', value]
  return Buffer.concat([Buffer.from('L'), prefixed(Buffer.from(label)), Buffer.from(type), prefixed(bytes)])
}

/** Several values together. */
export function all(...nodes: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('A'), count(nodes.length), ...nodes])
}

/** The key of a node, with the hash secret as its variable holds it, or without one. */
export function expectedKey(node: Buffer, secret?: string): string {
  const digest =
    secret === undefined
      ? createHash('sha256').update('mooring/v1/key\0').update(node).digest()
      : createHmac('sha256', purposeKey(secret)).update(node).digest()
  return digest.subarray(0, 16).toString('base64url')
}

function purposeKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', Buffer.from(secret, 'base64'), 'mooring/v1', 'key', 32))
}
