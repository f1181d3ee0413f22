/**
 * Tokens as JWS writes them (RFC 7515, section 7.1, for JWT RFC 7519), read without being verified:
 *
 *     token = header "." payload "." [ signature ]        each canonical base64url without padding
 *
 * Header and payload are one JSON object each. A header with `crit` asks for what this does not know, so the token
 * has to be refused (RFC 7515, section 4.1.11).
 */
import { arenaAlloc } from '../bytes/arena'
import { DOT } from '../bytes/ascii'
import { decodeBase64url } from '../bytes/base64url'
import { ascii } from '../bytes/literal'
import {
  ABSENT,
  Slice,
  UNREADABLE,
  between,
  endOf,
  indexOf,
  isPresent,
  lenOf,
  ptrOf,
  slice,
} from '../bytes/slice'
import { hasFailed } from '../json/cursor'
import { findNext, openFind } from '../json/find'

const CRIT: Slice = ascii('\0crit')

/**
 * The payload, decoded in the arena and not looked at; ABSENT if `token` is none, UNREADABLE if there is no room.
 */
export function jwtPayload(token: Slice): Slice {
  const start = ptrOf(token)
  const end = endOf(token)
  const first = indexOf(start, end, DOT)
  const second = indexOf(min(first + 1, end), end, DOT)
  if (second == end) return ABSENT
  const room = arenaAlloc(lenOf(token))
  if (room == 0) return UNREADABLE
  // All in one place, one after the other: of signature and header nothing is kept. A third dot is in no alphabet.
  if (!isPresent(decodedAt(room, between(second + 1, end)))) return ABSENT
  const header = decodedAt(room, between(start, first))
  if (!isPresent(header)) return ABSENT
  openFind(header, CRIT)
  if (findNext() || hasFailed()) return ABSENT
  return decodedAt(room, between(first + 1, second))
}

function decodedAt(room: usize, part: Slice): Slice {
  const length = decodeBase64url(part, room, lenOf(part))
  return length < 0 ? ABSENT : slice(room, length)
}
