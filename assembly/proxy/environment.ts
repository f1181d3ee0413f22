/** The VM's environment: the only place that secrets come from. */
import { arenaAlloc } from '../bytes/arena'
import { Slice, UNREADABLE, slice } from '../bytes/slice'
import { OUT, OUT_LENGTH } from './out'
import { environ_get, environ_sizes_get } from './wasi'

// Istio allows 256 variables of 2,048 bytes; what is larger is no environment of ours.
// @ts-ignore: decorator
@inline
const MOST_BYTES: u32 = 1 << 20

// @ts-ignore: decorator
@inline
const MOST_VARIABLES: u32 = 4096

/** `NAME=value` strings, each ended by NUL, in the arena. UNREADABLE if the host refuses or there is no room. */
export function readEnvironment(): Slice {
  if (environ_sizes_get(OUT, OUT + OUT_LENGTH) != 0) return UNREADABLE
  const count = load<u32>(OUT)
  const bytes = load<u32>(OUT, OUT_LENGTH)
  if (count > MOST_VARIABLES || bytes > MOST_BYTES) return UNREADABLE
  if (count == 0 || bytes == 0) return slice(OUT, 0)
  const pointers = arenaAlloc(count * 4)
  const block = arenaAlloc(bytes)
  if (pointers == 0 || block == 0) return UNREADABLE
  if (environ_get(pointers, block) != 0) return UNREADABLE
  return slice(block, bytes)
}
