/** What a session must be together with `application`: then the application's cookie or header is the only one. */
import { phrase } from '../../bytes/phrase'
import { Words, isWord, word, wordIndex, words } from '../../bytes/words'
import { JsonNode, after, member, textOf } from '../../json/node'
import { error } from '../report'
import { hasKey, isSigned, pick } from './layers'

const OWN_FIELDS: Words = words('cookie readOnly onInvalid adopt hideFromUpstream')
const OWN_MINT_FIELDS: Words = words('skip methods scope onLocalReply')
const OWN_TIMES: Words = words('idleTimeout absoluteTimeout clockSkew acceptUnsignedUntil')
// Where its own cookie follows the application's, the cookie's name and what becomes of its value are its own still.
const UNFOLLOWED_FIELDS: Words = words('readOnly adopt')
const UNFOLLOWED_COOKIE: Words = words('path domain secure httpOnly sameSite partitioned ttl renew')

/** The name of the cookie or header that carries the merged plan's session, else null; `field` says which. */
export function carrierOf(over: JsonNode | null, base: JsonNode | null, field: Words): JsonNode | null {
  return follows(over, base) ? null : applicationOf(over, base, field)
}

/** The application's cookie that the merged plan's own follows, else null. */
export function followedOf(over: JsonNode | null, base: JsonNode | null): JsonNode | null {
  return follows(over, base) ? applicationOf(over, base, word('cookie')) : null
}

function follows(over: JsonNode | null, base: JsonNode | null): bool {
  return isWord(textOf(applicationOf(over, base, word('strategy'))), word('follow'))
}

/** The field of the merged `application`. */
export function applicationOf(over: JsonNode | null, base: JsonNode | null, field: Words): JsonNode | null {
  const name = word('application')
  return pick(member(over, name), member(base, name), field)
}

/** Judges the merged session; `at` is where an error is shown. False: it has no application. */
export function judgeApplication(rule: JsonNode | null, root: JsonNode, at: JsonNode): bool {
  const over = member(rule, word('session'))
  const base = member(root, word('session'))
  if (pick(over, base, word('application')) === null) return false
  const own = follows(over, base)
  const header = applicationOf(over, base, word('header'))
  if ((applicationOf(over, base, word('cookie')) === null) == (header === null))
    error(phrase('ambiguous_application'), at, phrase('application needs one of cookie and header'))
  if (own && (header !== null || applicationOf(over, base, word('onInvalid')) !== null))
    error(
      phrase('application_conflict'),
      at,
      phrase('strategy: follow is for cookies, and has no onInvalid here'),
    )
  if (!isSigned(rule, root))
    error(phrase('signing_required'), at, phrase('application needs session.signing'))
  const bind = pick(member(rule, word('key')), member(root, word('key')), word('bind'))
  if ((!own && !hasKey(rule, root)) || isWord(textOf(bind), word('session')))
    error(
      phrase('application_conflict'),
      at,
      phrase('application needs a key header; and its session cannot keep a key'),
    )
  // What the rule's own application only inherits is for other plans.
  judgeFields(over, own)
  if (member(over, word('application')) === null) judgeFields(base, own)
  return true
}

function judgeFields(session: JsonNode | null, own: bool): void {
  judgeMembers(session, own ? UNFOLLOWED_FIELDS : OWN_FIELDS)
  if (own) judgeMembers(member(session, word('cookie')), UNFOLLOWED_COOKIE)
  judgeMembers(member(session, word('mint')), OWN_MINT_FIELDS)
  judgeMembers(member(session, word('signing')), OWN_TIMES)
}

function judgeMembers(part: JsonNode | null, own: Words): void {
  if (part === null) return
  for (let field: JsonNode | null = part.child; field !== null; field = after(field)) {
    if (wordIndex(field.name, own) >= 0)
      error(
        phrase('application_conflict'),
        field,
        phrase('with application this is for the application to say'),
      )
  }
}
