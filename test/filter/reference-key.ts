/** Keys computed from docs/keys.md alone, with node:crypto: the tests' second opinion. */
import { createHash, createHmac, hkdfSync } from 'node:crypto'

/** LP(x): the length of x as 4 bytes, big-endian, then x. */
function prefixed(bytes: Uint8Array): Buffer {
  return Buffer.concat([count(bytes.length), bytes])
}

function count(n: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(n)
  return bytes
}

function leaf(label: string, type: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('L'), prefixed(Buffer.from(label)), Buffer.from(type), prefixed(value)])
}

export function textNode(label: string, value: string): Buffer {
  return leaf(label, 's', Buffer.from(value, 'latin1'))
}

export function numberNode(label: string, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return leaf(label, 'n', bytes)
}

export function booleanNode(label: string, value: boolean): Buffer {
  return leaf(label, 't', Buffer.from([value ? 1 : 0]))
}

export function listNode(label: string, items: readonly string[]): Buffer {
  return leaf(
    label,
    'l',
    Buffer.concat([count(items.length), ...items.map((item) => prefixed(Buffer.from(item)))]),
  )
}

export function binaryNode(label: string, hex: string): Buffer {
  return leaf(label, 'b', Buffer.from(hex, 'hex'))
}

export function allNode(...nodes: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('A'), count(nodes.length), ...nodes])
}

export function plainKey(node: Uint8Array): string {
  return short(createHash('sha256').update('mooring/v1/key\0').update(node).digest())
}

/** With the secret as it stands in the environment, base64. */
export function keyedKey(node: Uint8Array, secret: string): string {
  const key = hkdfSync('sha256', Buffer.from(secret, 'base64'), 'mooring/v1', 'key', 32)
  return short(createHmac('sha256', Buffer.from(key)).update(node).digest())
}

function short(digest: Buffer): string {
  return digest.subarray(0, 16).toString('base64url')
}
