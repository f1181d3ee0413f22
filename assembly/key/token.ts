/**
 * Claims of a token that nobody has verified, read out of the request itself. docs/keys.md, "Unverified tokens", has
 * the rules, and what such a claim may be used for.
 */
import { SPACE } from '../bytes/ascii'
import { ascii } from '../bytes/literal'
import {
  ABSENT,
  Slice,
  UNREADABLE,
  between,
  endOf,
  equals,
  equalsIgnoreCase,
  isPresent,
  lenOf,
  ptrOf,
  slice,
} from '../bytes/slice'
import { ClaimType, Source, SourceKind } from '../config/policy'
import { jwtPayload } from '../http/jwt'
import { hasFailed } from '../json/cursor'
import { findNext, foundKind, openFind } from '../json/find'
import { JsonKind } from '../json/node'
import { exactInteger } from '../json/number'
import { valueNumber, valueText } from '../json/value'
import { carriedText } from './carrier'
import { claimItem, yieldClaimFlag, yieldClaimNumber, yieldClaimText } from './claim-value'
import { openList, yieldList } from './list'
import { Nothing, yieldText } from './value'

// @ts-ignore: decorator
@inline
const LONGEST_TOKEN: u32 = 8192

const AUTHORIZATION: Slice = ascii('authorization')
const BEARER: Slice = ascii('bearer')

/** `carrier` is the source whose text is the token. */
export function unverifiedClaim(source: Source, carrier: Source): Nothing {
  const text = carriedText(carrier)
  if (!isPresent(text) || lenOf(text) == 0) return yieldText(text)
  const token = carrier.kind == SourceKind.Header ? withoutScheme(text, carrier.name) : text
  if (lenOf(token) > LONGEST_TOKEN) return Nothing.TooLarge
  const payload = jwtPayload(token)
  if (payload == UNREADABLE) return Nothing.TooLarge
  openFind(payload, source.name)
  if (!findNext()) return hasFailed() ? Nothing.Malformed : Nothing.Absent
  return source.claimType == ClaimType.List ? list() : scalar(source.claimType)
}

/**
 * What follows `Bearer` and its blanks (RFC 6750, section 2.1; RFC 9110, section 11.4). Without that scheme all of it,
 * or, of an authorization header, nothing.
 */
function withoutScheme(text: Slice, header: Slice): Slice {
  const length = lenOf(BEARER)
  const end = endOf(text)
  let at = ptrOf(text) + length
  if (at >= end || load<u8>(at) != SPACE || !equalsIgnoreCase(slice(ptrOf(text), length), BEARER)) {
    return equals(header, AUTHORIZATION) ? ABSENT : text
  }
  while (at < end && load<u8>(at) == SPACE) at++
  return between(at, end)
}

/** The value that was just found, once the rest of the payload was read too. */
function scalar(type: ClaimType): Nothing {
  const kind = foundKind
  const text = valueText
  const flag: u8 = valueNumber == 0 ? 0 : 1
  const number = kind == JsonKind.Number ? exactInteger() : NaN
  if (findNext() || hasFailed()) return Nothing.Malformed
  if (type == ClaimType.String && kind == JsonKind.String) return yieldClaimText(text)
  if (type == ClaimType.Boolean && kind == JsonKind.Boolean) return yieldClaimFlag(flag)
  return type == ClaimType.Number ? yieldClaimNumber(number) : Nothing.Malformed
}

function list(): Nothing {
  if (foundKind != JsonKind.Array) return Nothing.Malformed
  openList()
  while (findNext()) {
    if (foundKind != JsonKind.String) return Nothing.Malformed
    if (!claimItem(valueText)) return Nothing.Malformed
  }
  return hasFailed() ? Nothing.Malformed : yieldList()
}
