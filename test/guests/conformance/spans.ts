/**
 * Objects in the filter state and how long they live: x-t-span is a list of steps, each a letter and a digit. The digit
 * is a life span: 0 filter chain, 1 request, 2 connection.
 *
 *     s  set_envoy_filter_state, with the path of the request and a letter for the step as the value
 *     d  set_property of a property that the root has declared with this span
 *     r  reads all of them
 */
import { allocate, ascii } from './arguments'
import { end, line, number, status, text } from './report'
import * as host from './imports'
import * as probe from './probes'

const STATE = 'envoy.string'

/** DeclarePropertyArguments { name: "span<n>", span: n }, by the root. */
export function declare(): void {
  for (let span = 0; span <= 3; span++) {
    const argument = ascii('\x0a\x05span?\x28?')
    store<u8>(argument + 6, 0x30 + span)
    store<u8>(argument + 8, span)
    status(
      'declare_property ' + span.toString(),
      host.foreign(ascii('declare_property'), 16, argument, 9, 0, 0),
    )
  }
}

export function walk(): bool {
  const at = allocate(8)
  if (host.getHeader(0, ascii('x-t-span'), 8, at, at + 4) != 0) return false
  const steps = load<u32>(at)
  const size = load<u32>(at, 4)
  const value = allocate(8)
  host.getHeader(0, ascii(':path'), 5, value, value + 4)
  const path = load<u32>(value)
  const pathSize = load<u32>(value, 4)
  for (let i: u32 = 0; i < size; i += 2) {
    const digit = load<u8>(steps + i, 1)
    switch (load<u8>(steps + i)) {
      case 0x73:
        set(digit - 0x30, valueOf(path, pathSize, i), pathSize + 1)
        break
      case 0x64: {
        const name = ascii('span?')
        store<u8>(name + 4, digit)
        line('set_property span')
        number(digit - 0x30)
        text(' -> ')
        number(host.setProperty(name, 5, valueOf(path, pathSize, i), pathSize + 1))
        end()
        break
      }
      default:
        read()
    }
  }
  return true
}

function valueOf(path: usize, size: u32, step: u32): usize {
  const value = allocate(size + 1)
  memory.copy(value, path, size)
  store<u8>(value + size, 0x61 + step)
  return value
}

/** SetEnvoyFilterStateArguments { path: STATE, value, span } */
function set(span: u8, value: usize, size: u32): void {
  const argument = allocate(64)
  store<u8>(argument, 0x0a)
  store<u8>(argument + 1, <u8>STATE.length)
  memory.copy(argument + 2, ascii(STATE), STATE.length)
  const rest = argument + 2 + STATE.length
  store<u8>(rest, 0x12)
  store<u8>(rest + 1, <u8>size)
  memory.copy(rest + 2, value, size)
  store<u8>(rest + 2 + size, 0x18)
  store<u8>(rest + 3 + size, span)
  line('set_envoy_filter_state ')
  number(span)
  text(' -> ')
  number(host.foreign(ascii('set_envoy_filter_state'), 22, argument, <i32>(rest + 4 + size - argument), 0, 0))
  end()
}

export function read(): void {
  probe.property('filter_state\0' + STATE)
  for (let span = 0; span <= 3; span++) probe.property('span' + span.toString())
}
