/**
 * Who a certificate says it is: that of the mTLS peer, as Envoy's properties have it, or one that a proxy on the way
 * was shown and wrote into `x-forwarded-client-cert`.
 */
import { ABSENT, Slice, isPresent, lenOf } from '../bytes/slice'
import { Source } from '../config/policy'
import { SpiffePart, spiffePart } from '../http/spiffe'
import { MALFORMED, forwardedValue } from '../http/xfcc'
import { readProperty } from '../proxy/property'
import { Nothing, yieldText } from './value'

/** A longer header is not read: Envoy's own limit for all headers together is 60 KiB. */
// @ts-ignore: decorator
@inline
const LONGEST_HEADER: u32 = 16384

export function peerLeaf(source: Source): Nothing {
  return yieldPart(readProperty(source.name), source.part)
}

export function forwardedLeaf(source: Source): Nothing {
  const header = readProperty(source.path)
  if (lenOf(header) > LONGEST_HEADER) return Nothing.TooLarge
  if (isEmpty(header)) return yieldText(header)
  const value = forwardedValue(header, source.name, source.element, source.hops)
  return value == MALFORMED ? Nothing.Malformed : yieldPart(value, source.part)
}

function yieldPart(text: Slice, part: SpiffePart): Nothing {
  if (part == SpiffePart.Whole || isEmpty(text)) return yieldText(text)
  const found = spiffePart(text, part)
  return found == ABSENT ? Nothing.Malformed : yieldText(found)
}

/** True if there is nothing to look into, for whatever reason. */
function isEmpty(text: Slice): bool {
  return !isPresent(text) || lenOf(text) == 0
}
