import {
  createServer,
  type IncomingMessage,
  request,
  type RequestOptions,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { HeaderEntry } from '../../host/envoy/index.ts'

/** What an upstream host received. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: HeaderEntry[]
  readonly body: string
}

/** An upstream host on this machine. */
export interface App extends AsyncDisposable {
  /** `127.0.0.1:34567` */
  readonly address: string
  readonly received: Received[]
}

/** Called when a request is whole; answers 200 with the body `ok` by default. */
export type Answer = (request: Received, response: ServerResponse) => void

/** Starts an upstream host. */
export async function startApp(answer: Answer = (_request, response) => response.end('ok')): Promise<App> {
  const received: Received[] = []
  const server = createServer((message, response) => {
    textOf(message).then(
      (body) => {
        const one = {
          method: message.method ?? '',
          path: message.url ?? '',
          headers: entriesOf(message),
          body,
        }
        received.push(one)
        answer(one, response)
      },
      // A request that breaks off is none.
      () => undefined,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

/** Something that happens once, for others to wait for. */
export function latch(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** An answer as the client saw it, headers in their order and with their repetitions. */
export interface Seen {
  readonly status: number
  readonly headers: HeaderEntry[]
  readonly body: string
}

/** One request of a client; headers may repeat. */
export async function ask(
  url: string,
  {
    headers = [],
    body,
    ...options
  }: Omit<RequestOptions, 'headers'> & { headers?: HeaderEntry[]; body?: string } = {},
): Promise<Seen> {
  const { host } = new URL(url)
  const named = headers.some(([name]) => name === 'host') ? headers : [['host', host] as const, ...headers]
  const length = body === undefined ? [] : [['content-length', String(Buffer.byteLength(body))] as const]
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request(url, { agent: false, ...options, headers: [...named, ...length].flat() }, resolve)
    call.once('error', reject)
    call.end(body)
  })
  return { status: message.statusCode ?? 0, headers: entriesOf(message), body: await textOf(message) }
}

/** All values of a header. */
export function valuesOf({ headers }: Pick<Seen, 'headers'>, name: string): string[] {
  return headers.filter(([found]) => found.toLowerCase() === name).map(([, value]) => value)
}

/** Writes bytes to a gateway and gives everything that comes back until the connection ends, as a byte string. */
export function exchangeBytes(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    let answer = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => (answer += chunk))
    socket.once('close', () => {
      resolve(answer)
    })
    socket.once('error', reject)
  })
}

function entriesOf({ rawHeaders }: IncomingMessage): HeaderEntry[] {
  return rawHeaders.flatMap((name, i): HeaderEntry[] =>
    i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : [],
  )
}

async function textOf(message: IncomingMessage): Promise<string> {
  message.setEncoding('latin1')
  let text = ''
  for await (const chunk of message) text += String(chunk)
  return text
}
