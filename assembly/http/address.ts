/**
 * IP addresses as Envoy writes them in `source.address` and `upstream.address`, in binary, so that one address has
 * one form whatever its text.
 *
 *     text = IPv4 [ ":" port ]  |  "[" IPv6 "]" [ ":" port ]  |  IPv6
 *     IPv4 = four decimal numbers without leading zeros          IPv6: RFC 4291, section 2.2, without a zone
 */
import { CLOSE_BRACKET, COLON, DOT, OPEN_BRACKET } from '../bytes/ascii'
import { Slice, endOf, indexOf, isPresent, lenOf, ptrOf } from '../bytes/slice'
import { hexDigit } from './percent'

/** Bytes of an IPv4 address. */
// @ts-ignore: decorator
@inline
const IPV4_BYTES: u32 = 4

/** Bytes of an IPv6 address, and the room that `parseAddress` needs. */
// @ts-ignore: decorator
@inline
const IPV6_BYTES: u32 = 16

// @ts-ignore: decorator
@inline
const IPV6_GROUPS: u32 = 8

// Above any number of groups.
// @ts-ignore: decorator
@inline
const NO_GAP: u32 = 255

/**
 * Writes the address that `text` holds to `out` and answers its length, 4 or 16; 0 if it does not parse. An IPv4
 * address mapped into IPv6 is that IPv4 address: `[::ffff:1.2.3.4]:80` gives 01 02 03 04. A port is checked, and
 * left out. `out` has room for 16 bytes; after 0 they mean nothing.
 */
export function parseAddress(text: Slice, out: usize): u32 {
  if (!isPresent(text) || lenOf(text) == 0) return 0
  const start = ptrOf(text)
  const end = endOf(text)
  if (load<u8>(start) == OPEN_BRACKET) {
    const close = indexOf(start, end, CLOSE_BRACKET)
    if (close == end || !isPortOrNothing(close + 1, end)) return 0
    return parseIpv6(start + 1, close, out)
  }
  const colon = indexOf(start, end, COLON)
  if (colon != end && indexOf(colon + 1, end, COLON) != end) return parseIpv6(start, end, out)
  return isPortOrNothing(colon, end) && parseIpv4(start, colon, out) ? IPV4_BYTES : 0
}

/** Clears all but the first `prefixBits` bits of an address; a prefix longer than the address clears nothing. */
export function maskAddress(address: usize, length: u32, prefixBits: u32): void {
  for (let i: u32 = 0; i < length; i++) {
    const bitsBefore = i << 3
    const kept = prefixBits > bitsBefore ? min<u32>(prefixBits - bitsBefore, 8) : 0
    store<u8>(address + i, load<u8>(address + i) & (<u8>(0xff00 >> kept)))
  }
}

function parseIpv4(from: usize, to: usize, out: usize): bool {
  for (let i: u32 = 0; i < IPV4_BYTES; i++) {
    const dot = indexOf(from, to, DOT)
    const value = decimal(from, dot, 3)
    if (value < 0 || value > 255 || (dot == to) != (i == IPV4_BYTES - 1)) return false
    store<u8>(out + i, <u8>value)
    from = dot + 1
  }
  return true
}

/** 16, or 4 for a mapped address, or 0. */
function parseIpv6(from: usize, to: usize, out: usize): u32 {
  let groups: u32 = 0
  // How many groups stand before "::".
  let gap = NO_GAP
  let at = from
  if (to - at >= 2 && load<u8>(at) == COLON && load<u8>(at, 1) == COLON) {
    gap = 0
    at += 2
  }
  while (at < to) {
    const groupEnd = indexOf(at, to, COLON)
    if (groupEnd == to && indexOf(at, to, DOT) != to) {
      if (groups > IPV6_GROUPS - 2 || !parseIpv4(at, to, out + (groups << 1))) return 0
      groups += 2
      break
    }
    const group = hexGroup(at, groupEnd)
    if (group < 0 || groups == IPV6_GROUPS) return 0
    store<u16>(out + (groups << 1), bswap<u16>(<u16>group))
    groups++
    if (groupEnd == to) break
    at = groupEnd + 1
    if (at == to) return 0
    if (load<u8>(at) == COLON) {
      if (gap != NO_GAP) return 0
      gap = groups
      at++
    }
  }
  return spread(groups, gap, out) ? unmapped(out) : 0
}

/** Moves the groups behind "::" to the end and clears what it stands for, at least one group. */
function spread(groups: u32, gap: u32, out: usize): bool {
  if (gap == NO_GAP) return groups == IPV6_GROUPS
  if (groups == IPV6_GROUPS) return false
  const missing = (IPV6_GROUPS - groups) << 1
  const hole = out + (gap << 1)
  memory.copy(hole + missing, hole, (groups - gap) << 1)
  memory.fill(hole, 0, missing)
  return true
}

/** RFC 4291, section 2.5.5.2: 80 zero bits, 16 one bits, then the IPv4 address. */
function unmapped(out: usize): u32 {
  if (load<u64>(out) != 0 || load<u32>(out, 8) != 0xffff0000) return IPV6_BYTES
  memory.copy(out, out + 12, IPV4_BYTES)
  return IPV4_BYTES
}

/** One to four hexadecimal digits, or -1. */
function hexGroup(from: usize, to: usize): i32 {
  if (from == to || to - from > 4) return -1
  let value: i32 = 0
  for (; from < to; from++) {
    const digit = hexDigit(load<u8>(from))
    if (digit < 0) return -1
    value = (value << 4) | digit
  }
  return value
}

/** One to `digits` decimal digits without a leading zero, or -1. */
function decimal(from: usize, to: usize, digits: u32): i32 {
  if (from == to || to - from > digits || (to - from > 1 && load<u8>(from) == 0x30)) return -1
  let value: i32 = 0
  for (; from < to; from++) {
    const digit = load<u8>(from) - 0x30
    if (digit >= 10) return -1
    value = value * 10 + digit
  }
  return value
}

function isPortOrNothing(from: usize, to: usize): bool {
  if (from == to) return true
  const port = load<u8>(from) == COLON ? decimal(from + 1, to, 5) : -1
  return port >= 0 && port <= 65535
}
