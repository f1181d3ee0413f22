/** `session.signing`: what each field may be by itself. */
import { Phrase, phrase } from '../../bytes/phrase'
import { Words, word, words } from '../../bytes/words'
import { JsonNode, after, firstItem, member } from '../../json/node'
import { expectFields, expectList, expectString } from '../fields'
import { error, unexpectedText } from '../report'
import { LONGEST_SECONDS } from './cookie'
import { expectSeconds } from './duration'
import { NO_INSTANT, instantOf } from './instant'
import { expectLabel } from './name'
import { expectOnly, expectSecretVariable } from './secret'
import { expectUnique } from './unique'

// @ts-ignore: decorator
@inline
export const MOST_SIGNING_KEYS: u32 = 8

const FIELDS: Words = words('keys idleTimeout absoluteTimeout audience clockSkew acceptUnsignedUntil')
const TIMEOUT_EXPECTED: Phrase = phrase('whole seconds, 1s to 9600h')

// @ts-ignore: decorator
@inline
const MOST_SKEW_SECONDS: i64 = 300

/** True if there is a `session.signing` anywhere. */
export let signingFound = false
/** How many signing keys have no secret in the environment. */
export let missingKeys: u32 = 0

/** To be called before a configuration is checked. */
export function startSigning(): void {
  signingFound = false
  missingKeys = 0
}

export function checkSigning(node: JsonNode | null): void {
  if (!expectFields(node, FIELDS)) return
  signingFound = true
  checkKeys(member(node, word('keys')))
  expectSeconds(member(node, word('idleTimeout')), 1, LONGEST_SECONDS, TIMEOUT_EXPECTED)
  expectSeconds(member(node, word('absoluteTimeout')), 1, LONGEST_SECONDS, TIMEOUT_EXPECTED)
  expectSeconds(member(node, word('clockSkew')), 0, MOST_SKEW_SECONDS, phrase('whole seconds, 0s to 5m'))
  expectString(member(node, word('audience')), 253)
  checkInstant(member(node, word('acceptUnsignedUntil')))
}

function checkKeys(keys: JsonNode | null): void {
  if (!expectList(keys, MOST_SIGNING_KEYS, phrase('1 to 8 keys'))) return
  const first = firstItem(keys)
  for (let key = first; key !== null; key = after(key)) {
    if (!expectOnly(key, words('id env'))) continue
    const id = member(key, word('id'))
    const env = member(key, word('env'))
    if (id === null || env === null)
      error(
        phrase('missing_field'),
        key,
        phrase('expected id and env, as in {id: k1, env: MOORING_SIGNING_1}'),
      )
    if (expectLabel(id, 16)) expectUnique(key, word('id'))
    // Without the first key nothing can be signed; another one may be on its way in or out.
    if (expectSecretVariable(env, key !== first)) missingKeys++
  }
}

function checkInstant(node: JsonNode | null): void {
  if (node === null || !expectString(node, 32) || instantOf(node.text) != NO_INSTANT) return
  unexpectedText(phrase('invalid_time'), node, phrase('a time as in 2027-01-31T00:00:00Z'))
}
