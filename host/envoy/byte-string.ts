/**
 * Envoy compares and hashes bytes. Here, as in node:http and in the Fetch standard's `ByteString`, a header
 * value is a string in which every character stands for one byte: U+0000 to U+00FF.
 *
 *     text 'ü'  --byteStringOf-->  'Ã¼'  --bytesOf-->  c3 bc
 */
import { EnvoyModelError } from './errors.ts'

/**
 * The bytes of a byte string.
 *
 * @throws {EnvoyModelError} `not_a_byte_string` when a character is above U+00FF: such text has to go through
 * {@link byteStringOf} first, because only its author knows the encoding.
 */
export function bytesOf(value: string): Uint8Array {
  for (let i = 0; i < value.length; i++) {
    const character = value.charCodeAt(i)
    if (character > 0xff) {
      const found = character.toString(16).toUpperCase().padStart(4, '0')
      throw new EnvoyModelError(
        'not_a_byte_string',
        `expected a string of bytes (U+0000 to U+00FF), found U+${found} at index ${i}: pass text through byteStringOf()`,
      )
    }
  }
  return Buffer.from(value, 'latin1')
}

/** Text as the byte string of its UTF-8 form: what a client that types this text puts on the wire. */
export function byteStringOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
