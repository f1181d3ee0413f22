import { type HeaderViolation, HeaderViolationError } from './errors.ts'
import { headerName } from './header-name.ts'

const NUL = 0x00
const LF = 0x0a
const CR = 0x0d

/** What a debug build of Envoy asserts of the headers that a guest writes, and a release build sends as it is. */
export class HeaderViolations {
  readonly all: HeaderViolation[] = []
  private readonly throwing: boolean
  private reported = 0

  /** @param throwing whether {@link report} throws */
  constructor(throwing: boolean) {
    this.throwing = throwing
  }

  /** Notes what is forbidden in a header that a guest writes. */
  inspect(hostcall: string, name: string, value: string): void {
    if (!headerName(name).isToken) this.all.push({ hostcall, part: 'name', headerName: name, written: name })
    if (isForbidden(value)) this.all.push({ hostcall, part: 'value', headerName: name, written: value })
  }

  /** @throws {HeaderViolationError} with what is new since it was called last */
  report(): void {
    if (this.all.length === this.reported) return
    const fresh = this.all.slice(this.reported)
    this.reported = this.all.length
    if (this.throwing) throw new HeaderViolationError(fresh)
  }
}

function isForbidden(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const byte = value.charCodeAt(i)
    if (byte <= CR && (byte === CR || byte === LF || byte === NUL)) return true
  }
  return false
}
