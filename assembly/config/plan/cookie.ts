/** What a cookie's fields must be together, or browsers throw it away (RFC 6265bis sections 4.1.2 and 4.1.3). */
import { phrase } from '../../bytes/phrase'
import { isWord, word } from '../../bytes/words'
import { JsonKind, JsonNode, isTrue, textOf } from '../../json/node'
import { HOST_PREFIX, SECURE_PREFIX, hasPrefix, isRootPath } from '../check/cookie'
import { error } from '../report'
import { pick } from './layers'

/** Judges the merged cookie; `at` is where an error is shown. */
export function judgeCookie(over: JsonNode | null, base: JsonNode | null, at: JsonNode): void {
  const secure = pick(over, base, word('secure'))
  const always = secure !== null && secure.kind == JsonKind.Boolean && isTrue(secure)
  const name = textOf(pick(over, base, word('name')))
  if (hasPrefix(name, HOST_PREFIX)) judgeHostPrefix(over, base, at, always)
  else if (!always && hasPrefix(name, SECURE_PREFIX))
    error(phrase('cookie_prefix'), at, phrase('a __Secure- cookie needs secure: true'))
  if (!always && isWord(textOf(pick(over, base, word('sameSite'))), word('None'))) {
    error(
      phrase('secure_required'),
      at,
      phrase('sameSite: None needs secure: true, or browsers drop the cookie'),
    )
  }
  if (!always && isTrue(pick(over, base, word('partitioned')))) {
    error(
      phrase('secure_required'),
      at,
      phrase('partitioned: true needs secure: true, or browsers drop the cookie'),
    )
  }
}

function judgeHostPrefix(over: JsonNode | null, base: JsonNode | null, at: JsonNode, always: bool): void {
  if (
    always &&
    isRootPath(textOf(pick(over, base, word('path')))) &&
    pick(over, base, word('domain')) === null
  )
    return
  error(phrase('cookie_prefix'), at, phrase('a __Host- cookie needs secure: true, path / and no domain'))
}
