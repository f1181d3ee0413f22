/** What a session's fields must be together, but for the cookie's own (cookie.ts). */
import { phrase } from '../../bytes/phrase'
import { Words, isWord, word } from '../../bytes/words'
import { equals, isPresent } from '../../bytes/slice'
import { DEFAULT_COOKIE } from '../check/cookie'
import { milliseconds } from '../check/duration'
import { JsonNode, after, firstItem, isTrue, member, textOf } from '../../json/node'
import { error, warning } from '../report'
import { judgeApplication } from './application'
import { hasKey, hasSession, pick } from './layers'

// A part's layers, the rule's and the top level's.
let over: JsonNode | null = null
let base: JsonNode | null = null

/** The key's secret, of which an adopted cookie's id is made; null if there is none. */
export function hashSecretOf(rule: JsonNode | null, root: JsonNode): JsonNode | null {
  return pick(member(rule, word('key')), member(root, word('key')), word('hashSecret'))
}

/** Judges the merged session; `at` is where an error is shown, or for the top level's signing that. */
export function judgeSession(rule: JsonNode | null, root: JsonNode, at: JsonNode): void {
  over = member(rule, word('session'))
  base = member(root, word('session'))
  const hasApplication = judgeApplication(rule, root, at)
  const adopt = field(word('adopt'))
  const signed = field(word('signing')) !== null
  // Of what a rule inherits the top level was warned already.
  const warns = rule === null || !hasSession(null, root)
  judgeAdopt(adopt, at)
  if (isTrue(field(word('hideFromUpstream'))) && !hasKey(rule, root)) {
    error(
      phrase('hidden_from_hash'),
      at,
      phrase(
        'hideFromUpstream takes away the cookie that a DestinationRule would hash; let key write a header',
      ),
    )
  }
  if (
    !signed &&
    isWord(textOf(field(word('onInvalid'))), word('reject')) &&
    (warns || member(over, word('onInvalid')) !== null)
  )
    warning(phrase('no_effect'), at, phrase('onInvalid: reject concerns signed sessions only'))
  if (
    adopt !== null &&
    isTrue(field(word('readOnly'))) &&
    (warns || member(over, word('adopt')) !== null || member(over, word('readOnly')) !== null)
  )
    warning(phrase('no_effect'), at, phrase('readOnly: true adopts nothing'))
  if (!signed) return
  if (adopt !== null && hashSecretOf(rule, root) === null) {
    error(
      phrase('secret_required'),
      at,
      phrase('adopt with signing needs key.hashSecret: else anybody can compute the id of a value'),
    )
  }
  const overSigning = member(over, word('signing'))
  const baseSigning = member(base, word('signing'))
  const place = rule === null && baseSigning !== null ? baseSigning : at
  if (pick(overSigning, baseSigning, word('keys')) === null)
    error(phrase('missing_keys'), place, phrase('expected keys, as in [{id: k1, env: MOORING_SIGNING_1}]'))
  if (!hasApplication) judgeTimes(place, warns || overSigning !== null)
}

function field(name: Words): JsonNode | null {
  return pick(over, base, name)
}

function inPart(part: Words, name: Words): JsonNode | null {
  return pick(member(over, part), member(base, part), name)
}

function judgeAdopt(adopt: JsonNode | null, at: JsonNode): void {
  const name = textOf(inPart(word('cookie'), word('name')))
  for (let cookie = firstItem(adopt); cookie !== null; cookie = after(cookie)) {
    const adopted = textOf(member(cookie, word('cookie')))
    if (equals(adopted, isPresent(name) ? name : DEFAULT_COOKIE))
      error(phrase('adopts_itself'), at, phrase("adopt names the session's own cookie"))
  }
}

function judgeTimes(at: JsonNode, warns: bool): void {
  const idle = time(word('idleTimeout'), 0)
  const absolute = time(word('absoluteTimeout'), 0)
  if (absolute == 0 && warns)
    warning(
      phrase('endless_session'),
      at,
      phrase('without absoluteTimeout a stolen token lives as long as it is used'),
    )
  if (absolute != 0 && idle > absolute)
    error(phrase('timeout_order'), at, phrase('idleTimeout is longer than absoluteTimeout'))
  if (idle != 0 && idle < 2 * time(word('clockSkew'), 60_000))
    error(
      phrase('timeout_order'),
      at,
      phrase('idleTimeout must be at least twice clockSkew, which is 60s by default'),
    )
  if (idle == 0 && absolute == 0) return
  const cookie = word('cookie')
  if (inPart(cookie, word('ttl')) === null && !isWord(textOf(inPart(cookie, word('renew'))), word('always')))
    return
  error(
    phrase('ttl_with_timeouts'),
    at,
    phrase("ttl and renew are for sessions without timeouts: with them the token's times end the cookie"),
  )
}

/** The duration of the merged `signing`, in milliseconds. */
function time(name: Words, otherwise: i64): i64 {
  const text = textOf(inPart(word('signing'), name))
  return isPresent(text) ? milliseconds(text) : otherwise
}
