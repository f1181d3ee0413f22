/**
 * Length-prefixed messages: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 *
 *     u8 compressed | u32 length, big-endian | length bytes
 */

const PREFIX_SIZE = 5

/** A message as it is sent: never compressed. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_SIZE)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** Takes messages out of bytes that come in any pieces. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** The messages that are whole now; undefined when one is compressed, which Envoy does not read. */
  read(bytes: Uint8Array): Buffer[] | undefined {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const messages: Buffer[] = []
    while (this.#rest.length >= PREFIX_SIZE) {
      const end = PREFIX_SIZE + this.#rest.readUInt32BE(1)
      if (this.#rest.length < end) break
      if (this.#rest[0] !== 0 && end > PREFIX_SIZE) return undefined
      messages.push(this.#rest.subarray(PREFIX_SIZE, end))
      this.#rest = this.#rest.subarray(end)
    }
    return messages
  }
}
