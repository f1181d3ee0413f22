/**
 * Which parts of a request other plugins in front of this one have taken. One property of the stream says so; a client
 * can set no property, whatever it sends, and the next request of the connection begins without it.
 *
 *     mooring  =  *( " " mark )
 *     mark     =  "=" cookie  |  key header  |  "/"        "/": a plan without session and key: all who follow do nothing
 *
 *     request --> plugin of the namespace ------------> plugin of the root namespace ----------> router
 *                 reads nothing, takes both             finds both taken: reads the session's
 *                 writes " =ISTIOID x-mooring-key"      id as it stands, leaves the key header
 *
 * It is looked at once and written once, however many parts there are. It is not declared read-only, since each plugin
 * adds to it; whoever could overwrite it is a filter of this proxy, and could rewrite the cookie itself.
 *
 * What cannot be looked at or written counts as taken, so that nothing is minted or derived twice. But a signed session is
 * verified all the same, and a client's key header goes, unless a mark that was read names it.
 */
import { EQUALS, SPACE } from '../bytes/ascii'
import { arenaAlloc } from '../bytes/arena'
import { ascii } from '../bytes/literal'
import { ABSENT, Slice, UNREADABLE, between, isPresent, lenOf } from '../bytes/slice'
import { wordIndex } from '../bytes/words'
import { writer } from '../bytes/writer'
import { Carrier, Mode, Plan, SessionPolicy } from '../config/policy'
import { readProperty, writeProperty } from '../proxy/property'

const PROPERTY: Slice = ascii('mooring')
// No header has this name (RFC 9110 section 5.6.2).
const ALL: Slice = ascii('/')

const left = changetype<Plan>(memory.data(offsetof<Plan>(), 8))
// All that it does not say is 0: it mints, renews, signs and hides nothing.
const bystander = changetype<SessionPolicy>(memory.data(offsetof<SessionPolicy>(), 8))

let marks: Slice = ABSENT

/** To be called with each request. Where the plugin is alone this costs nothing, and nothing is taken. */
export function openMarks(hasNeighbours: bool): void {
  marks = hasNeighbours ? readProperty(PROPERTY) : ABSENT
}

/** True if a plugin in front of this one has taken that key header, lower-case. */
// @ts-ignore: decorator
@inline
export function isTaken(header: Slice): bool {
  return isPresent(marks) && wordIndex(header, marks) >= 0
}

/**
 * Takes what nobody has taken of `plan`, and with the session the header `pod`, if present: that is what this plugin is
 * to do. It is valid until the next call.
 */
export function take(plan: Plan, pod: Slice): Plan {
  const session = plan.session
  const key = plan.key
  left.mode = plan.mode
  left.readsHeaders = plan.readsHeaders
  left.session = null
  left.key = null
  if (isTaken(ALL)) return left

  const cookie: Slice = session === null ? ABSENT : session.name
  const header: Slice = key === null ? ABSENT : key.header
  // Three marks, each with a sign and a space.
  const room = lenOf(marks) + lenOf(cookie) + lenOf(header) + lenOf(pod) + 6
  const text: usize = marks == UNREADABLE ? 0 : arenaAlloc(room)
  writer.open(text, room)
  writer.bytes(marks)
  const before = writer.length
  const takesSession = session !== null && changes(session) && mark(cookie, true)
  if (takesSession && isPresent(pod)) mark(pod, false)
  const takesKey = key !== null && mark(header, false)
  if (session === null && key === null) mark(ALL, false)
  const marked =
    text != 0 &&
    (writer.length == before || plan.mode == Mode.Shadow || writeProperty(PROPERTY, writer.result))

  if (takesKey && marked) left.key = key
  if (session !== null)
    left.session = (marked ? takesSession : session.signing !== null) ? session : readerOf(session)
  return left
}

/** Adds a mark, if nobody has made it and there is room. */
function mark(name: Slice, isCookie: bool): bool {
  const before = writer.length
  if (!writer.hasRoom(lenOf(name) + 2)) return false
  writer.byte(SPACE)
  const start = writer.at
  if (isCookie) writer.byte(EQUALS)
  writer.bytes(name)
  if (!isTaken(between(start, writer.at))) return true
  writer.truncate(before)
  return false
}

/** False for a session that leaves the request's cookie and the client's as they are: others may still take it. */
function changes(session: SessionPolicy): bool {
  return !session.readOnly || session.signing !== null || session.hideFromUpstream
}

/**
 * Reads the cookie as it stands: who has taken it has verified it, and put the id there. Of the application's session K
 * is gone by then.
 */
function readerOf(session: SessionPolicy): SessionPolicy | null {
  if (session.carrier != Carrier.Own) return null
  bystander.name = session.name
  bystander.readOnly = true
  return bystander
}
