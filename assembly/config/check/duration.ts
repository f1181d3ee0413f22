/**
 * Durations as the Gateway API writes them (GEP-2257): one to four units, `1h30m`, `500ms`. Units may be in any order
 * and are added up.
 *
 *     duration = 1*4( 1*5DIGIT ( "h" / "m" / "s" / "ms" ) )
 */
import { isDigit } from '../../bytes/ascii'
import { Phrase, phrase } from '../../bytes/phrase'
import { Slice, endOf, isPresent, ptrOf } from '../../bytes/slice'
import { expectString } from '../fields'
import { JsonNode, textOf } from '../../json/node'
import { begin, endExpected, putFound } from '../report'

/** `node` is a duration of whole seconds within [least, most], both in seconds; `expected` says so in words. */
export function expectSeconds(node: JsonNode | null, least: i64, most: i64, expected: Phrase): bool {
  if (!expectString(node, 32)) return false
  const duration = milliseconds(textOf(node))
  if (duration >= 0 && duration % 1000 == 0 && duration >= least * 1000 && duration <= most * 1000)
    return true
  begin(duration < 0 ? phrase('invalid_duration') : phrase('duration_out_of_range'), node)
  putFound(textOf(node))
  endExpected(node, duration < 0 ? phrase('h, m, s and ms as in 1h30m or 500ms; for 1d write 24h') : expected)
  return false
}

/** Milliseconds, or -1 if `text` is no duration. At most 4 x 99,999 h: far from overflow. */
export function milliseconds(text: Slice): i64 {
  if (!isPresent(text)) return -1
  const end = endOf(text)
  let at = ptrOf(text)
  let sum: i64 = 0
  for (let units = 0; at < end; units++) {
    if (units == 4) return -1
    const from = at
    let count: i64 = 0
    while (at < end && at < from + 5 && isDigit(load<u8>(at))) {
      count = count * 10 + (load<u8>(at) - 0x30)
      at++
    }
    if (at == from || at == end) return -1
    const letter = load<u8>(at++)
    if (letter == 0x6d && at < end && load<u8>(at) == 0x73) {
      at++
      sum += count
    } else if (letter == 0x73) {
      sum += count * 1000
    } else if (letter == 0x6d) {
      sum += count * 60_000
    } else if (letter == 0x68) {
      sum += count * 3_600_000
    } else {
      return -1
    }
  }
  return at == ptrOf(text) ? -1 : sum
}
