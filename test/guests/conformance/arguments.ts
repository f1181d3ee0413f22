/** Places in memory that hostcalls are given: names, values, out parameters, and addresses that are not there. */

/** An arena that every callback begins anew; `malloc` is a part of it. */
const ARENA = memory.data(262144, 16)
const ARENA_SIZE: usize = 262144
let used: usize = 0

export function reset(): void {
  used = 0
}

export function allocate(size: usize): usize {
  if (used + size > ARENA_SIZE) return 0
  const address = ARENA + used
  used += (size + 7) & ~7
  return address
}

/** Text as bytes, one for each character, in the arena. */
export function ascii(value: string): usize {
  const address = allocate(<usize>value.length)
  for (let i = 0; i < value.length; i++) store<u8>(address + i, value.charCodeAt(i))
  return address
}

/** Two words that no hostcall has written: 0x3f3f3f3f each. */
export function out(): usize {
  const address = allocate(8)
  store<u64>(address, 0x3f3f3f3f3f3f3f3f)
  return address
}

/** An address just behind the memory. */
export function outside(): usize {
  return (<usize>memory.size()) << 16
}
