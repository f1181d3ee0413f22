import { HostUsageError } from './errors.ts'

const ABOVE_ONE_BYTE = /[\u0100-\uffff]/

/** Most values are short: looking at their characters costs less than to enter the regular expression. */
const SHORT = 48

export function isByteString(value: string): boolean {
  if (value.length > SHORT) return !ABOVE_ONE_BYTE.test(value)
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0xff) return false
  return true
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
