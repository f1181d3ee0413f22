/**
 * Random bytes for new session ids. Drawn in batches, since each hostcall costs about a microsecond, and wiped as
 * they are used, so that no id can be read from memory before or after its session got it.
 */
import { copyBytes } from '../bytes/copy'
import { random_get } from '../proxy/wasi'

/** Bytes of one id: 128 bits. */
// @ts-ignore: decorator
@inline
export const ID_BYTES: u32 = 16

// @ts-ignore: decorator
@inline
const POOL_BYTES: u32 = 16 * ID_BYTES

const pool: usize = memory.data(POOL_BYTES, 8)
let left: u32 = 0

/** Writes ID_BYTES random bytes to `out`. False, with nothing written, if the host gave none. */
export function drawId(out: usize): bool {
  if (left == 0) {
    if (random_get(pool, POOL_BYTES) != 0) return false
    left = POOL_BYTES
  }
  left -= ID_BYTES
  const id = pool + left
  copyBytes(out, id, ID_BYTES)
  store<u64>(id, 0)
  store<u64>(id, 0, 8)
  return true
}
