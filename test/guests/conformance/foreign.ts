/** Foreign functions with arguments that the scenario sends: x-t-foreign names one, x-t-argument is hexadecimal. */
import { allocate, ascii } from './arguments'
import { bytes, end, line, number, text } from './report'
import * as host from './imports'

/** Makes the call that the request asks for; false if it asks for none. */
export function callAsAsked(): bool {
  const name = allocate(8)
  const argument = allocate(8)
  if (host.getHeader(0, ascii('x-t-foreign'), 11, name, name + 4) != 0) return false
  if (host.getHeader(0, ascii('x-t-argument'), 12, argument, argument + 4) != 0) return false
  const size = decode(load<u32>(argument), <i32>load<u32>(argument, 4))
  const result = allocate(8)
  store<u64>(result, 0)
  line('foreign ')
  bytes(load<u32>(name), load<u32>(name, 4))
  text(' -> ')
  number(host.foreign(load<u32>(name), load<u32>(name, 4), load<u32>(argument), size, result, result + 4))
  text(' ')
  bytes(load<u32>(result), load<u32>(result, 4))
  end()
  return true
}

/** Hexadecimal digits to bytes, in place; their number. */
function decode(at: usize, size: i32): i32 {
  for (let i = 0; i < size; i += 2) {
    store<u8>(at + (i >> 1), (digit(load<u8>(at + i)) << 4) | digit(load<u8>(at + i + 1)))
  }
  return size >> 1
}

function digit(character: u8): u8 {
  return character <= 0x39 ? character - 0x30 : character - 0x57
}
