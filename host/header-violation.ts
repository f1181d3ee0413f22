import type { HeaderViolation } from './errors.ts'

/** RFC 9110 5.6.2 `token`, with the colon in front that pseudo headers have; lower and upper case. */
const TOKEN = /^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FORBIDDEN_IN_VALUE = /[\r\n\0]/

/** Notes what a debug build of Envoy asserts of a header that a guest writes, and a release build sends as it is. */
export function inspectHeader(
  violations: HeaderViolation[],
  hostcall: string,
  name: string,
  value: string,
): void {
  if (!TOKEN.test(name)) violations.push({ hostcall, part: 'name', headerName: name, written: name })
  if (FORBIDDEN_IN_VALUE.test(value)) {
    violations.push({ hostcall, part: 'value', headerName: name, written: value })
  }
}
