import { HostUsageError } from './errors.ts'

const ABOVE_ONE_BYTE = /[\u0100-\uffff]/

export function isByteString(value: string): boolean {
  return !ABOVE_ONE_BYTE.test(value)
}

/** Says that there is text where bytes are due; `what` names the place, for example `request header "cookie"`. */
export function notAByteString(value: string, what: string): HostUsageError {
  return new HostUsageError(
    'not_a_byte_string',
    `${what} must be a string of bytes (U+0000 to U+00FF), found ${JSON.stringify(value)}: ` +
      `pass text through byteStringOf()`,
  )
}

/** Bytes as they are; text as UTF-8. */
export function utf8Bytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value
}
