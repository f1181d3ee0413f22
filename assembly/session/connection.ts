/**
 * `mint.scope: connection`: the requests without a cookie on one connection get one session, so that a client whose first
 * requests overlap does not begin several. Eight of them; after these each gets its own: whoever still has no cookie by
 * then keeps none, or is not one client but a proxy of many.
 *
 *     entry  | connection u64 | cookie u32 | used u32 | uses u32 | . | id, 16 bytes |     256 of them
 *
 * A connection stays with one worker, and so with one VM. The entry that was used least recently gives way to a new one;
 * one that never was has a `used` of 0.
 */
import { hashOctets, hashStart } from '../bytes/hash'
import { ascii } from '../bytes/literal'
import { Slice, endOf, lenOf, ptrOf } from '../bytes/slice'
import { SessionPolicy } from '../config/policy'
import { readProperty } from '../proxy/property'
import { ID_BYTES, drawId } from './entropy'

// A number that Envoy gives to no other connection while it runs, as 8 bytes.
const CONNECTION: Slice = ascii('connection_id')

// @ts-ignore: decorator
@inline
const ENTRIES: u32 = 256

// @ts-ignore: decorator
@inline
const ENTRY_BYTES: u32 = 40

// @ts-ignore: decorator
@inline
const MOST_USES: u32 = 8


@unmanaged
class Entry {
  connection: u64
  /** A hash of the cookie's name and domain. Where two have one, a client's two cookies have one id: no harm. */
  cookie: u32
  /** The moment of its last use, counted in uses of the table. */
  used: u32
  uses: u32
}

const table: usize = memory.data(256 * 40, 8)
let used: u32 = 0

/** As `drawId`, but for the same connection and cookie the same id. Its own where the connection cannot be told. */
export function drawIdOfConnection(policy: SessionPolicy, out: usize): bool {
  const id = readProperty(CONNECTION)
  if (lenOf(id) != 8) return drawId(out)
  const entry = entryOf(load<u64>(ptrOf(id)), cookieHash(policy))
  const kept = changetype<usize>(entry) + offsetof<Entry>()
  entry.used = ++used
  if (entry.uses == 0) {
    if (!drawId(kept)) return false
  } else if (entry.uses == MOST_USES) {
    return drawId(out)
  }
  entry.uses++
  memory.copy(out, kept, ID_BYTES)
  return true
}

/** The entry of that connection and cookie, with no use yet if it has taken the place of another. */
function entryOf(connection: u64, cookie: u32): Entry {
  let oldest = changetype<Entry>(table)
  for (let i: u32 = 0; i < ENTRIES; i++) {
    const entry = changetype<Entry>(table + i * ENTRY_BYTES)
    if (entry.connection == connection && entry.cookie == cookie) return entry
    if (entry.used < oldest.used) oldest = entry
  }
  oldest.connection = connection
  oldest.cookie = cookie
  oldest.uses = 0
  return oldest
}

// The length of the name tells where it ends.
function cookieHash(policy: SessionPolicy): u32 {
  const name = policy.name
  const domain = policy.domain
  const start = hashOctets(hashStart(lenOf(name)), ptrOf(name), endOf(name))
  return hashOctets(start, ptrOf(domain), endOf(domain))
}
