/**
 * A filter that makes a gRPC callout as the header x-t-grpc of a request says, and logs every callback that it gets, with
 * all that can be read in it. The request waits until the callout is over.
 *
 *     call CLUSTER METHOD              one message there, and one back; it has 300 ms, and any time for the method `forever`
 *     stream CLUSTER METHOD NOW THEN   a stream; NOW is done at once, THEN when the first message comes
 *
 * NOW and THEN are letters: s sends a message, l the last one, c closes, x cancels, - does nothing.
 */
import { allocate, ascii, out, reset } from '../conformance/arguments'
import * as host from '../conformance/imports'
import { bytes, end, enter, line, number, status, text } from '../conformance/report'

const TIMEOUT = 300
const NO_TIMEOUT = 0
const INITIAL_METADATA = 4
const TRAILING_METADATA = 5
const MESSAGE = 5

let waiting: i32 = 0
let token: i32 = 0
let sent: i32 = 0
let then: string = ''

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return allocate(size)
}

export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_context_create(id: i32, parent: i32): void {}

export function proxy_on_request_headers(id: i32, count: i32, endOfStream: i32): i32 {
  reset()
  enter('request headers')
  const at = allocate(8)
  if (host.getHeader(0, ascii('x-t-grpc'), 8, at, at + 4) != 0) return 0
  const words = String.UTF8.decodeUnsafe(load<u32>(at), load<u32>(at, 4)).split(' ')
  waiting = id
  sent = 0
  then = words.length > 4 ? words[4] : ''
  const isCall = words[0] == 'call'
  const result = isCall ? call(words[1], words[2]) : open(words[1], words[2])
  line(words[0])
  text(' -> ')
  number(result)
  text(' ')
  number(token)
  end()
  if (result != 0) return 0
  if (isCall) return 1
  return run(words[3]) ? 0 : 1
}

function call(cluster: string, method: string): i32 {
  const place = out()
  const result = host.grpcCall(
    ascii(cluster),
    cluster.length,
    ascii('s.S'),
    3,
    ascii(method),
    method.length,
    metadata(),
    METADATA_SIZE,
    ascii('ask'),
    3,
    method == 'forever' ? NO_TIMEOUT : TIMEOUT,
    place,
  )
  token = load<i32>(place)
  return result
}

function open(cluster: string, method: string): i32 {
  const place = out()
  const result = host.grpcStream(
    ascii(cluster),
    cluster.length,
    ascii('s.S'),
    3,
    ascii(method),
    method.length,
    metadata(),
    METADATA_SIZE,
    place,
  )
  token = load<i32>(place)
  return result
}

const METADATA_SIZE = 4 + 2 * 8 + 2 * (6 + 1 + 1 + 1)

/** X-T-Md twice, 1 and 2. */
function metadata(): usize {
  const at = allocate(METADATA_SIZE)
  memory.fill(at, 0, METADATA_SIZE)
  store<u32>(at, 2)
  for (let i = 0; i < 2; i++) {
    store<u32>(at + 4 + i * 8, 6)
    store<u32>(at + 8 + i * 8, 1)
    const entry = at + 20 + i * 9
    memory.copy(entry, ascii('X-T-Md'), 6)
    store<u8>(entry + 7, 0x31 + i)
  }
  return at
}

/** Does what the letters say; whether the callout is over thereby. */
function run(steps: string): bool {
  for (let i = 0; i < steps.length; i++) {
    const message = ascii('message ?')
    store<u8>(message + 8, 0x31 + sent)
    switch (steps.charCodeAt(i)) {
      case 0x73:
        sent++
        status('grpc_send', host.grpcSend(token, message, 9, 0))
        break
      case 0x6c:
        sent++
        status('grpc_send last', host.grpcSend(token, message, 9, 1))
        break
      case 0x63:
        status('grpc_close', host.grpcClose(token))
        break
      case 0x78:
        status('grpc_cancel', host.grpcCancel(token))
        return true
    }
  }
  return false
}

function callback(name: string, callout: i32, size: i32): void {
  reset()
  enter(name)
  line('called ')
  number(callout)
  text(' ')
  number(size)
  end()
}

/** All entries of a map, in their order. */
function pairs(map: i32): void {
  const at = out()
  status('get_header_map_pairs', host.getPairs(map, at, at + 4))
  const address: usize = load<u32>(at)
  if (address == 0) return
  const count = <i32>load<u32>(address)
  let name: usize = address + 4 + count * 8
  for (let i = 0; i < count; i++) {
    const nameSize = <i32>load<u32>(address + 4 + i * 8)
    const valueSize = <i32>load<u32>(address + 8 + i * 8)
    line('entry ')
    bytes(name, nameSize)
    text('=')
    bytes(name + nameSize + 1, valueSize)
    end()
    name += nameSize + valueSize + 2
  }
}

function getStatus(): void {
  const code = out()
  const at = out()
  line('get_status -> ')
  number(host.getStatus(code, at, at + 4))
  text(' ')
  number(load<i32>(code))
  text(' ')
  if (load<u32>(at) == 0) text('null')
  else bytes(load<u32>(at), load<u32>(at, 4))
  end()
}

function goOn(): void {
  host.setEffectiveContext(waiting)
  status('continue_stream', host.continueStream(0))
}

export function proxy_on_grpc_receive_initial_metadata(root: i32, callout: i32, elements: i32): void {
  callback('initial metadata', callout, elements)
  pairs(INITIAL_METADATA)
}

export function proxy_on_grpc_receive(root: i32, callout: i32, size: i32): void {
  callback('message', callout, size)
  const at = out()
  line('get_buffer_bytes -> ')
  number(host.getBuffer(MESSAGE, 0, 1000, at, at + 4))
  text(' ')
  bytes(load<u32>(at), load<u32>(at, 4))
  end()
  getStatus()
  const isCall = (callout & 3) == 1
  const steps = then
  then = ''
  if (run(steps) || isCall) goOn()
}

export function proxy_on_grpc_receive_trailing_metadata(root: i32, callout: i32, elements: i32): void {
  callback('trailing metadata', callout, elements)
  pairs(TRAILING_METADATA)
}

export function proxy_on_grpc_close(root: i32, callout: i32, code: i32): void {
  callback('close', callout, code)
  getStatus()
  goOn()
}
