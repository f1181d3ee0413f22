import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * HTTP/2 by hand, as no client sends METADATA: RFC 9113, section 4.1, and the extension as Envoy speaks it (frame type
 * 0x4d, setting 0x4d44; its payload is a header block).
 */
const TYPE = { data: 0, headers: 1, settings: 4, metadata: 0x4d } as const
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const HEAD = 9
const STREAM = 1
/** RFC 7541, appendix A: `:status: 200`. */
const STATUS_200 = Buffer.from([0x88])

type Entries = readonly (readonly [string, string])[]

/** Sends a request of two pieces with METADATA between them; resolves when the answer has ended. */
export async function requestWithMetadata(port: number, headers: Entries, metadata: Entries): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const ended = untilFrame(socket, (type, flags) => type === TYPE.data && (flags & END_STREAM) !== 0)
  socket.write(PREFACE, 'latin1')
  socket.write(settings())
  socket.write(frame(TYPE.headers, END_HEADERS, STREAM, literals(headers)))
  socket.write(frame(TYPE.metadata, END_HEADERS, STREAM, literals(metadata)))
  socket.write(frame(TYPE.data, END_STREAM, STREAM, Buffer.from('body')))
  await ended
  socket.destroy()
}

/** A server that answers each connection's one request with METADATA between headers and body. */
export async function serverWithMetadata(metadata: Entries): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write(settings())
    void untilFrame(
      socket,
      (type, flags) => type === TYPE.data && (flags & END_STREAM) !== 0,
      PREFACE.length,
    ).then(() => {
      socket.write(frame(TYPE.headers, END_HEADERS, STREAM, STATUS_200))
      socket.write(frame(TYPE.metadata, END_HEADERS, STREAM, literals(metadata)))
      socket.write(frame(TYPE.data, END_STREAM, STREAM, Buffer.from('body')))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, server }
}

function untilFrame(
  socket: Socket,
  isLast: (type: number, flags: number) => boolean,
  skipped = 0,
): Promise<void> {
  let bytes = Buffer.alloc(0)
  let skip = skipped
  return new Promise((resolve, reject) => {
    socket.on('close', () => {
      reject(new Error('the connection ended before the frame'))
    })
    socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece])
      if (bytes.length < skip) return
      bytes = bytes.subarray(skip)
      skip = 0
      while (bytes.length >= HEAD && bytes.length >= HEAD + bytes.readUIntBE(0, 3)) {
        const type = bytes.readUInt8(3)
        const flags = bytes.readUInt8(4)
        if (type === TYPE.settings && (flags & ACK) === 0) socket.write(frame(TYPE.settings, ACK, 0))
        if (isLast(type, flags)) resolve()
        bytes = bytes.subarray(HEAD + bytes.readUIntBE(0, 3))
      }
    })
  })
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** That METADATA is welcome. */
function settings(): Buffer {
  const payload = Buffer.alloc(6)
  payload.writeUInt16BE(0x4d44, 0)
  payload.writeUInt32BE(1, 2)
  return frame(TYPE.settings, 0, 0, payload)
}

/** RFC 7541, section 6.2.2: literals without indexing, with new names. */
function literals(entries: Entries): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])
  return Buffer.concat(entries.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}
