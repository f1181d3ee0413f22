/** Asks for the addresses of the name that the header x-t-dns gives; the request waits for them. */
import { allocate, ascii, out, outside } from './arguments'
import { bytes, end, enter, line, number, status, text } from './report'
import * as host from './imports'

/** The stream that waits; 0 once it has its answer. */
let waiting: i32 = 0
/** Whether the hostcall has not returned: an answer may come before it does. */
let asking: bool = false

/** Asks, if the request wants it to. */
export function asked(id: i32): bool {
  const at = allocate(8)
  if (host.getHeader(0, ascii('x-t-dns'), 7, at, at + 4) != 0) return false
  waiting = id
  const name = load<u32>(at)
  const size = load<u32>(at, 4)
  const bad = out()
  status('resolve_dns bad name', host.resolveDns(outside() - 3, 4, bad))
  line('its token ')
  number(load<u32>(bad))
  end()
  status('resolve_dns bad token', host.resolveDns(name, size, outside() - 3))
  const token = out()
  asking = true
  const result = host.resolveDns(name, size, token)
  asking = false
  enter('request headers')
  line('resolve_dns -> ')
  number(result)
  text(' ')
  number(load<u32>(token))
  end()
  return true
}

/** Whether there is no answer yet. */
export function waits(): bool {
  return waiting != 0
}

export function onAnswer(token: i32, size: i32): void {
  enter('resolve dns')
  line(asking ? 'called before the hostcall has returned ' : 'called ')
  number(token)
  text(' ')
  number(size)
  end()
  const at = out()
  line('get_buffer_bytes 8 -> ')
  number(host.getBuffer(8, 0, 100, at, at + 4))
  text(' ')
  if (load<u32>(at) == 0) text('null')
  else bytes(load<u32>(at), load<u32>(at, 4))
  end()
  status('set_buffer_bytes 8', host.setBuffer(8, 0, 1, ascii('x'), 1))
  status('set_effective_context', host.setEffectiveContext(waiting))
  status('continue_stream', host.continueStream(0))
  waiting = 0
}
