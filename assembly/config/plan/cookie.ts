/** What a cookie's fields must be together, or browsers throw it away (RFC 6265bis sections 4.1.2 and 4.1.3). */
import { Slice, equalsIgnoreCase, isPresent, lenOf, ptrOf, slice } from '../../bytes/slice'
import { ascii } from '../../bytes/literal'
import { JsonKind, JsonNode, flagOf, member, textOf } from '../../json/node'
import { error } from '../report'
import { isWord } from '../../bytes/words'
import { pick } from './layers'

const HOST_PREFIX = ascii('__host-')
const SECURE_PREFIX = ascii('__secure-')

/** Judges the merged cookie; `at` is where an error is shown. */
export function judgeCookie(over: JsonNode | null, base: JsonNode | null, at: JsonNode): void {
  const secure = pick(over, base, ascii('secure'))
  const always = secure !== null && secure.kind == JsonKind.Boolean && flagOf(secure, false)
  const name = textOf(pick(over, base, ascii('name')))
  if (hasPrefix(name, HOST_PREFIX)) judgeHostPrefix(over, base, at, always)
  else if (!always && hasPrefix(name, SECURE_PREFIX))
    error(ascii('cookie_prefix'), at, ascii('a __Secure- cookie needs secure: true'))
  if (!always && isWord(textOf(pick(over, base, ascii('sameSite'))), ascii('None'))) {
    error(
      ascii('secure_required'),
      at,
      ascii('sameSite: None needs secure: true, or browsers drop the cookie'),
    )
  }
  if (!always && flagOf(pick(over, base, ascii('partitioned')), false)) {
    error(
      ascii('secure_required'),
      at,
      ascii('partitioned: true needs secure: true, or browsers drop the cookie'),
    )
  }
}

function judgeHostPrefix(over: JsonNode | null, base: JsonNode | null, at: JsonNode, always: bool): void {
  const path = textOf(pick(over, base, ascii('path')))
  const rootPath = !isPresent(path) || isWord(path, ascii('/'))
  if (always && rootPath && pick(over, base, ascii('domain')) === null) return
  error(ascii('cookie_prefix'), at, ascii('a __Host- cookie needs secure: true, path / and no domain'))
}

// Browsers compare prefixes without case.
function hasPrefix(name: Slice, lower: Slice): bool {
  const length = lenOf(lower)
  return lenOf(name) >= length && equalsIgnoreCase(slice(ptrOf(name), length), lower)
}
