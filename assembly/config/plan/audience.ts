/**
 * Two plans with one cookie on one host have to sign for one audience: else each refuses what the other has signed, and
 * a client that goes from one to the other loses its session each time.
 *
 * Every host pattern of a signed plan is in a table, below the cookie's name. What a pattern overlaps with is itself
 * and what stands for all below a domain that it is in:
 *
 *     pattern              wild  suffix               overlaps with those of
 *     shop.example.com     no    shop.example.com     itself, *.example.com, *.com, *
 *     *.example.com        yes   .example.com         itself, *.com, *
 *     *, or no hosts       yes   (empty)              itself
 */
import { phrase } from '../../bytes/phrase'
import { word, words } from '../../bytes/words'
import { arenaAlloc } from '../../bytes/arena'
import { DOT, STAR } from '../../bytes/ascii'
import { hashOctets, hashStart, placeOf } from '../../bytes/hash'
import { Slice, between, endOf, equals, isPresent, lenOf, ptrOf, slice, toLower } from '../../bytes/slice'
import { DEFAULT_COOKIE, withoutDot } from '../check/cookie'
import { JsonNode, after, firstItem, itemCount, member, textOf } from '../../json/node'
import { put, putShown } from '../line'
import { begin, endError } from '../report'
import { firstRule } from '../rules'
import { carrierOf } from './application'
import { isSigned, pick } from './layers'
import { lastPlace, openTable } from './table'


@unmanaged
class Place {
  /** The cookie's name; ABSENT in a free place. */
  name: Slice
  suffix: Slice
  audience: Slice
  /** Null for the top level. */
  rule: JsonNode | null
  wild: bool
}

let places: usize = 0
let mask: u32 = 0

// The plan at hand.
let rule: JsonNode | null = null
let name: Slice = 0
let audience: Slice = 0

export function judgeAudiences(root: JsonNode): void {
  let patterns: u32 = 1
  const first = firstRule(root)
  for (let each = first; each !== null; each = after(each)) patterns += max(itemCount(hostsOf(each)), 1)
  places = openTable(root, patterns, <u32>offsetof<Place>())
  if (places == 0) return
  mask = lastPlace
  visit(null, root, false)
  for (let each = first; each !== null; each = after(each)) visit(each, root, false)
  for (let each = first; each !== null; each = after(each)) visit(each, root, true)
}

/** Puts the patterns of a plan into the table, or looks for those above them. */
function visit(layer: JsonNode | null, root: JsonNode, above: bool): void {
  if (!isSigned(layer, root) || (layer !== null && layer.broken)) return
  const over = member(layer, word('session'))
  const base = member(root, word('session'))
  if (base !== null && base.broken) return
  rule = layer
  const overCookie = member(over, word('cookie'))
  const baseCookie = member(base, word('cookie'))
  name = textOf(pick(overCookie, baseCookie, word('name')))
  if (!isPresent(name)) name = DEFAULT_COOKIE
  const carrier = carrierOf(over, base, words('cookie header'))
  if (carrier !== null) name = carrier.text
  audience = textOf(pick(member(over, word('signing')), member(base, word('signing')), word('audience')))
  if (!isPresent(audience)) audience = audienceOfDomain(textOf(pick(overCookie, baseCookie, word('domain'))))
  let host = firstItem(hostsOf(layer))
  if (host === null && !above) enter(true, slice(0, 0))
  for (; host !== null; host = after(host)) {
    const pattern = host.text
    const wild = load<u8>(ptrOf(pattern)) == STAR
    const suffix = wild ? between(ptrOf(pattern) + 1, endOf(pattern)) : pattern
    if (above ? lookAbove(suffix, wild) : enter(wild, suffix)) return
  }
}

function hostsOf(layer: JsonNode | null): JsonNode | null {
  return member(member(layer, word('match')), word('hosts'))
}

/** True if the plan that had the pattern before has another audience, which is reported. */
function enter(wild: bool, suffix: Slice): bool {
  const place = find(wild, suffix)
  if (isPresent(place.name)) return differs(place)
  place.name = name
  place.suffix = suffix
  place.audience = audience
  place.rule = rule
  place.wild = wild
  return false
}

/** True if a plan for all below a domain that the pattern is in has another audience, which is reported. */
function lookAbove(suffix: Slice, wild: bool): bool {
  const end = endOf(suffix)
  for (let at = ptrOf(suffix) + <usize>wild; at <= end; at++) {
    if (at < end && load<u8>(at) != DOT) continue
    const place = find(true, between(at, end))
    if (isPresent(place.name) && differs(place)) return true
  }
  return false
}

function differs(place: Place): bool {
  const at = rule
  if (at === null || equals(place.audience, audience)) return false
  begin(phrase('audience_conflict'), at)
  const other = place.rule
  if (other === null) {
    put(phrase('the top level'))
  } else {
    put(phrase('rule '))
    putShown(textOf(member(other, word('name'))))
  }
  put(
    phrase(
      ' has this cookie on hosts of this rule with another audience: each would refuse the sessions of the other',
    ),
  )
  endError(at)
  return true
}

/** Where the pattern is under the cookie's name, or where it belongs. */
function find(wild: bool, suffix: Slice): Place {
  const hash = hashOctets(hashStart(wild), ptrOf(name), endOf(name))
  let index = placeOf(hashOctets(hash, ptrOf(suffix), endOf(suffix)), mask)
  while (true) {
    const place = changetype<Place>(places + index * <u32>offsetof<Place>())
    if (!isPresent(place.name)) return place
    if (place.wild == wild && equals(place.suffix, suffix) && equals(place.name, name)) return place
    index = (index + 1) & mask
  }
}

/** In lower case, as domains are compared. */
function audienceOfDomain(domain: Slice): Slice {
  if (!isPresent(domain)) return domain
  const from = withoutDot(domain)
  const at = arenaAlloc(lenOf(from))
  if (at == 0) return from
  for (let i: u32 = 0; i < lenOf(from); i++) store<u8>(at + i, toLower(load<u8>(ptrOf(from) + i)))
  return slice(at, lenOf(from))
}
