/** The last value of each field of a protobuf message, by field number. */
export interface ProtobufFields {
  readonly varints: ReadonlyMap<number, bigint>
  readonly bytes: ReadonlyMap<number, Buffer>
}

/**
 * Reads a protobuf message without its schema; undefined when the bytes are none.
 * https://protobuf.dev/programming-guides/encoding/
 */
export function readFields(message: Uint8Array): ProtobufFields | undefined {
  const varints = new Map<number, bigint>()
  const bytes = new Map<number, Buffer>()
  let position = 0

  const varint = (): bigint | undefined => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[position++]
      if (byte === undefined) return undefined
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    return undefined
  }

  while (position < message.length) {
    const tag = varint()
    if (tag === undefined) return undefined
    const field = Number(tag >> 3n)
    if (field === 0) return undefined
    switch (tag & 7n) {
      case 0n: {
        const value = varint()
        if (value === undefined) return undefined
        varints.set(field, value)
        break
      }
      case 1n:
        position += 8
        break
      case 2n: {
        const length = varint()
        if (length === undefined || length > BigInt(message.length - position)) return undefined
        const end = position + Number(length)
        bytes.set(field, Buffer.from(message.subarray(position, end)))
        position = end
        break
      }
      case 5n:
        position += 4
        break
      default:
        return undefined
    }
  }
  return position === message.length ? { varints, bytes } : undefined
}

/** Writes a message of bools, strings and bytes; numbers of fields below 16, lengths of any size. */
export function writeFields(
  fields: readonly (readonly [field: number, value: boolean | string | Uint8Array])[],
): Uint8Array {
  return Buffer.concat(
    fields.map(([field, value]) => {
      if (typeof value === 'boolean') return Buffer.from([field << 3, value ? 1 : 0])
      const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value
      return Buffer.concat([Buffer.from([(field << 3) | 2, ...varintOf(bytes.length)]), bytes])
    }),
  )
}

function varintOf(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}
