/** Clients of the Model Context Protocol, by its official SDK. */
import { Client, StreamableHTTPClientTransport, SdkHttpError } from '@modelcontextprotocol/client'

export const SESSIONS = '2025-11-25'
export const STATELESS = '2026-07-28'

export interface Connecting {
  readonly port: number
  readonly protocol: typeof SESSIONS | typeof STATELESS
  /** Of a session that is there already. */
  readonly sessionId?: string
  readonly headers?: Readonly<Record<string, string>>
}

export class McpClient implements AsyncDisposable {
  readonly heard: unknown[] = []
  readonly #client: Client
  readonly #transport: StreamableHTTPClientTransport

  private constructor(client: Client, transport: StreamableHTTPClientTransport) {
    this.#client = client
    this.#transport = transport
    client.setNotificationHandler('notifications/message', ({ params }) => void this.heard.push(params.data))
  }

  static async connect({ port, protocol, sessionId, headers }: Connecting): Promise<McpClient> {
    const client = new Client(
      { name: 'notes', version: '1.0.0' },
      { versionNegotiation: { mode: protocol === STATELESS ? { pin: STATELESS } : 'legacy' } },
    )
    const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), {
      requestInit: { headers: { ...headers } },
      ...(sessionId === undefined ? {} : { sessionId, protocolVersion: SESSIONS }),
    })
    const connected = new McpClient(client, transport)
    await client.connect(transport)
    return connected
  }

  /** As the client holds it: with its suffix. */
  get sessionId(): string {
    return this.#transport.sessionId ?? ''
  }

  get protocol(): string | undefined {
    return this.#client.getNegotiatedProtocolVersion()
  }

  /** Writes a note; which pod has which ones then: `shop-1: a b`. */
  async note(text: string, workspace?: string): Promise<string> {
    const result = await this.#call('note', { text, ...(workspace === undefined ? {} : { workspace }) })
    const [first] = result.content
    return first?.type === 'text' ? first.text : ''
  }

  async announce(text: string, heard = true): Promise<void> {
    await this.#call(heard ? 'announce' : 'announce-unheard', { text })
  }

  /** A client sends an argument as a header only where it knows the tool. */
  async learnTools(): Promise<void> {
    await this.#client.listTools()
  }

  /** Sends DELETE. */
  async endSession(): Promise<void> {
    await this.#transport.terminateSession()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close()
  }

  #call(name: string, args: Record<string, unknown>) {
    return this.#client.callTool({ name, arguments: args })
  }
}

/** The status that a client was answered with, where the SDK ends a call for it; undefined where all went well. */
export async function refusal(call: Promise<unknown>): Promise<number | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (error instanceof SdkHttpError) return error.status
    throw error
  }
}
