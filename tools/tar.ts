/** One file of an archive. */
export interface TarEntry {
  /** At most 100 ASCII characters. */
  readonly name: string
  readonly content: Uint8Array
}

const BLOCK = 512

/**
 * A POSIX ustar archive whose bytes depend on names and contents alone: everything belongs to root, is readable by
 * all, and dates from 1970.
 *
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 */
export function tar(entries: readonly TarEntry[]): Uint8Array {
  const parts = entries.flatMap(({ name, content }) => [
    header(name, content.length),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ])
  // Two empty blocks end an archive.
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)])
}

function header(name: string, size: number): Uint8Array {
  if (name.length > 100) throw new RangeError(`a name of ${name.length} characters; ustar holds 100: ${name}`)
  const block = Buffer.alloc(BLOCK)
  const octal = (at: number, width: number, value: number) =>
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  block.write(name, 0, 'latin1')
  octal(100, 8, 0o644)
  octal(108, 8, 0)
  octal(116, 8, 0)
  octal(124, 12, size)
  octal(136, 12, 0)
  block.write('        0', 148, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  octal(329, 8, 0)
  octal(337, 8, 0)
  // The sum of all bytes, taken while its own field is blank.
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
