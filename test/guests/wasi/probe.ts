/**
 * Calls a function of WASI with good and with bad arguments, and notes what it gave and what it wrote. In `kinds` each
 * argument is a letter:
 *
 *     f  a descriptor, or a clock: several are tried
 *     i  the address of what is read: two places of two bytes each, which as a path is some two bytes
 *     n  a count or a size: 2, none, and more than there can be
 *     o  the address of what is written: a slot of its own, at first all 0x3f
 *     z  flags: none
 *     l  64 bits: 1
 */
import { allocate, ascii, outside, reset } from '../conformance/arguments'
import { bytes, end, line, number, text } from '../conformance/report'

const MOST_ARGUMENTS = 9
const VALUES = memory.data(72, 8)
const SLOT_SIZE = 32
const SLOTS = memory.data(288, 8)
const UNTOUCHED: u8 = 0x3f
/** What a null pointer points to: the compiler leaves the first eight bytes of memory empty. */
const NULL_SIZE = 8

const TWO = 2
const TOO_MUCH = 65537
const DESCRIPTORS: StaticArray<i32> = [0, 1, 2, 3, -1]

let input: usize = 0

/** The value that is tried of an argument. */
export function argument(index: i32): i64 {
  return load<i64>(VALUES + ((<usize>index) << 3))
}

function setArgument(index: i32, value: i64): void {
  store<i64>(VALUES + ((<usize>index) << 3), value)
}

function slot(index: i32): usize {
  return SLOTS + <usize>(index * SLOT_SIZE)
}

export function probe(name: string, kinds: string, call: () => i32): void {
  const tries = kinds.length > 0 && kinds.charCodeAt(0) == 0x66 ? DESCRIPTORS.length : 1
  for (let i = 0; i < tries; i++) {
    const first = tries == 1 ? 0 : DESCRIPTORS[i]
    attempt(name, kinds, call, first, -1, 0, 'good')
    for (let at = 0; at < kinds.length; at++) {
      const kind = kinds.charCodeAt(at)
      if (kind == 0x69 || kind == 0x6f) {
        attempt(name, kinds, call, first, at, 0, 'null')
        attempt(name, kinds, call, first, at, <i64>outside() - 4, 'last word')
        attempt(name, kinds, call, first, at, <i64>outside() - 1, 'half outside')
        attempt(name, kinds, call, first, at, -8, 'far outside')
      } else if (kind == 0x6e) {
        attempt(name, kinds, call, first, at, 0, 'none')
        attempt(name, kinds, call, first, at, TOO_MUCH, 'too much')
      } else if (kind == 0x66 && at > 0) {
        attempt(name, kinds, call, first, at, 0, 'standard input')
        attempt(name, kinds, call, first, at, 1, 'standard output')
        attempt(name, kinds, call, first, at, 3, 'a file')
      }
    }
  }
}

/** One call; the argument at `odd` has a value of its own. */
function attempt(
  name: string,
  kinds: string,
  call: () => i32,
  first: i32,
  odd: i32,
  value: i64,
  what: string,
): void {
  reset()
  describeInput()
  memory.fill(SLOTS, UNTOUCHED, MOST_ARGUMENTS * SLOT_SIZE)
  memory.fill(0, UNTOUCHED, NULL_SIZE)
  for (let i = 0; i < kinds.length; i++)
    setArgument(i, i == odd ? value : good(kinds.charCodeAt(i), i, first))
  const result = call()
  line(name)
  text(' ')
  number(first)
  text(' ')
  if (odd >= 0) {
    number(odd)
    text(' ')
  }
  text(what)
  text(' -> ')
  number(result)
  const isRandom = name.endsWith('random_get') || name.endsWith('clock_time_get')
  wrote('null', 0, NULL_SIZE, isRandom)
  for (let i = 0; i < kinds.length; i++) wrote(i.toString(), slot(i), SLOT_SIZE, isRandom)
  end()
}

function good(kind: i32, index: i32, first: i32): i64 {
  switch (kind) {
    case 0x66:
      return first
    case 0x69:
      return input
    case 0x6e:
      return TWO
    case 0x6f:
      return slot(index)
    case 0x6c:
      return 1
    default:
      return 0
  }
}

/** (address, 2) (address, 2), whose text ends with a newline; zeros follow, for who reads further. */
function describeInput(): void {
  input = allocate(64)
  memory.fill(input, 0, 64)
  const first = ascii('ab')
  const second = ascii('c\n')
  store<u32>(input, first)
  store<u32>(input + 4, TWO)
  store<u32>(input + 8, second)
  store<u32>(input + 12, TWO)
}

/** The bytes of a place up to the last that was written; that it was, where they differ from run to run. */
function wrote(name: string, at: usize, size: i32, isRandom: bool): void {
  let length = size
  while (length > 0 && load<u8>(at + length - 1) == UNTOUCHED) length--
  if (length == 0) return
  text(' ')
  text(name)
  text('=')
  if (isRandom) text('changed')
  else bytes(at, length)
}
