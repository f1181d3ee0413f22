/**
 * The binary form of header maps, and of CEL maps and lists, between host and guest (pairs_util.cc).
 * All numbers are little-endian u32; the lengths leave out the NUL bytes.
 *
 *     ┌───────┬──────────────────────────┬───────────────────────────────────┐
 *     │ count │ count × (nameLen valLen) │ count × (name 00 value 00)        │
 *     └───────┴──────────────────────────┴───────────────────────────────────┘
 */
import type { HeaderEntry } from './envoy/header-list.ts'

const MAX_BYTES = 1024 * 1024
const MAX_PAIRS = 1024
const NUL = '\0'

/**
 * Reads pairs that a guest wrote. As in Envoy a list that is truncated, unterminated, longer than 1 MiB or of more
 * than 1,024 pairs, or that has bytes left over, is read as an empty list, without an error.
 *
 * @param encoded a byte string
 * @returns byte strings
 */
export function decodePairs(encoded: string): HeaderEntry[] {
  const size = encoded.length
  if (size < 4 || size > MAX_BYTES) return []
  const count = u32At(encoded, 0)
  if (count > MAX_PAIRS) return []
  let position = 4 + count * 8
  if (position > size) return []
  const pairs: HeaderEntry[] = []
  for (let i = 0; i < count; i++) {
    const nameEnd = position + u32At(encoded, 4 + i * 8)
    const valueEnd = nameEnd + 1 + u32At(encoded, 8 + i * 8)
    if (valueEnd + 1 > size || encoded[nameEnd] !== NUL || encoded[valueEnd] !== NUL) return []
    pairs.push([encoded.slice(position, nameEnd), encoded.slice(nameEnd + 1, valueEnd)])
    position = valueEnd + 1
  }
  return position === size ? pairs : []
}

/** Writes pairs of byte strings as one byte string; a list without pairs is four zero bytes. */
export function encodePairs(pairs: readonly HeaderEntry[]): string {
  let lengths = u32Of(pairs.length)
  let texts = ''
  for (const [name, value] of pairs) {
    lengths += u32Of(name.length) + u32Of(value.length)
    texts += name + NUL + value + NUL
  }
  return lengths + texts
}

function u32At(encoded: string, position: number): number {
  return (
    encoded.charCodeAt(position) +
    encoded.charCodeAt(position + 1) * 0x100 +
    encoded.charCodeAt(position + 2) * 0x10000 +
    encoded.charCodeAt(position + 3) * 0x1000000
  )
}

function u32Of(value: number): string {
  return String.fromCharCode(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24)
}
