/** The most that a stored block of DEFLATE holds (RFC 1951, 3.2.4). */
const STORED_LIMIT = 0xffff

/**
 * `content` in the gzip format, without compressing it. A compressor's output changes with its version and the
 * processor, and a digest must not; what could be saved is some thirty kilobytes, once for each node.
 *
 * RFC 1952; the time is 0 and the operating system "unknown".
 */
export function storedGzip(content: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)]
  for (let at = 0; at === 0 || at < content.length; at += STORED_LIMIT) {
    const piece = content.subarray(at, at + STORED_LIMIT)
    const head = Buffer.alloc(5)
    head[0] = at + STORED_LIMIT >= content.length ? 1 : 0
    head.writeUInt16LE(piece.length, 1)
    head.writeUInt16LE(~piece.length & 0xffff, 3)
    parts.push(head, piece)
  }
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(crc32(content), 0)
  tail.writeUInt32LE(content.length % 2 ** 32, 4)
  return Buffer.concat([...parts, tail])
}

/** RFC 1952, 8. Node has had its own only since version 22. */
function crc32(content: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of content) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

const CRC_TABLE: readonly number[] = Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value >>> 0
})
