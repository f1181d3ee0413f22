import type { HeaderViolation } from './errors.ts'
import { headerName } from './header-name.ts'

const NUL = 0x00
const LF = 0x0a
const CR = 0x0d

/** Notes what a debug build of Envoy asserts of a header that a guest writes, and a release build sends as it is. */
export function inspectHeader(
  violations: HeaderViolation[],
  hostcall: string,
  name: string,
  value: string,
): void {
  if (!headerName(name).isToken) violations.push({ hostcall, part: 'name', headerName: name, written: name })
  if (isForbidden(value)) violations.push({ hostcall, part: 'value', headerName: name, written: value })
}

function isForbidden(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const byte = value.charCodeAt(i)
    if (byte <= CR && (byte === CR || byte === LF || byte === NUL)) return true
  }
  return false
}
