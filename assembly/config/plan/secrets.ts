/**
 * One secret serves one purpose: whoever rotates it for one would not know of the other, and who is shown one would
 * have the other. So equal secrets under two names are an error, wherever in the configuration they stand.
 *
 *     | a secret's fingerprint u64 | what it is for |   open addressing, at most half of the places are taken
 */
import { ascii } from '../../bytes/literal'
import { phrase } from '../../bytes/phrase'
import { word } from '../../bytes/words'
import { Slice, equals } from '../../bytes/slice'
import { fingerprintOf } from '../check/secret'
import { MOST_SIGNING_KEYS } from '../check/signing'
import { JsonNode, after, firstItem, itemCount, member, textOf } from '../../json/node'
import { error } from '../report'
import { firstRule, ruleCount } from '../rules'
import { debugHeader } from './observe'
import { lastPlace, openTable } from './table'

// No key's id: those are in lower case.
const HASH: Slice = ascii('hashSecret')
const DEBUG: Slice = ascii('debugHeader')

// @ts-ignore: decorator
@inline
const PLACE_BYTES: u32 = 16

let places: usize = 0
let mask: u32 = 0

export function judgeSecrets(root: JsonNode): void {
  const layers = ruleCount(root) + 1
  places = openTable(root, layers * (MOST_SIGNING_KEYS + 1) + 1, PLACE_BYTES)
  if (places == 0) return
  mask = lastPlace
  judgeLayers(root, false)
  judgeLayers(root, true)
  const debug = debugHeader(root)
  if (debug !== null && !debug.broken) judgeSecret(debug, DEBUG)
}

/** First every hashSecret, then the signing keys: an error is shown at the key, which is easier to replace. */
function judgeLayers(root: JsonNode, signing: bool): void {
  judgeLayer(root, signing)
  for (let rule = firstRule(root); rule !== null; rule = after(rule)) judgeLayer(rule, signing)
}

function judgeLayer(layer: JsonNode, signing: bool): void {
  if (!signing) {
    const secret = member(member(layer, word('key')), word('hashSecret'))
    if (secret !== null && !secret.broken) judgeSecret(secret, HASH)
    return
  }
  const keys = member(member(member(layer, word('session')), word('signing')), word('keys'))
  if (itemCount(keys) > MOST_SIGNING_KEYS) return
  for (let key = firstItem(keys); key !== null; key = after(key)) {
    if (!key.broken) judgeSecret(key, textOf(member(key, word('id'))))
  }
}

function judgeSecret(node: JsonNode, purpose: Slice): void {
  const fingerprint = fingerprintOf(node)
  if (fingerprint == 0) return
  for (let index = (<u32>fingerprint) & mask; ; index = (index + 1) & mask) {
    const place = places + index * PLACE_BYTES
    const there = load<u64>(place)
    if (there == 0) {
      store<u64>(place, fingerprint)
      store<Slice>(place, purpose, 8)
      return
    }
    if (there != fingerprint) continue
    if (!equals(load<Slice>(place, 8), purpose)) {
      error(
        phrase('secret_reused'),
        node,
        phrase('something else has this secret too; make one with: openssl rand -base64 32'),
      )
    }
    return
  }
}
