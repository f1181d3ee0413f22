/**
 * How many bytes of two memories differ.
 *
 * @throws {RangeError} where one is larger
 */
export function differences(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) {
    throw new RangeError(`${one.length} bytes beside ${other.length}: expected as many`)
  }
  return one.reduce((count, byte, at) => (byte === other[at] ? count : count + 1), 0)
}
