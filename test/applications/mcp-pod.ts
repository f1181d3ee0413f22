/**
 * A server of the Model Context Protocol, by its official SDK: a notebook, kept in the memory of one pod. Up to 2025-11-25 there
 * is one for each session; from 2026-07-28 on, where there are no sessions, one for each workspace.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node'
import {
  createMcpHandler,
  type EventStore,
  fromJsonSchema,
  isInitializeRequest,
  isLegacyRequest,
  type JSONRPCMessage,
  McpServer,
} from '@modelcontextprotocol/server'
import type { Pod } from './pod.ts'

/** Of a server's, both are there. */
type Request = IncomingMessage & { method: string; url: string }

/** A request as it arrived at the pod. */
export interface Arrived {
  readonly pod: string
  readonly method: string
  readonly headers: IncomingMessage['headers']
}

/** @param arrived gets every request, of all pods that share it */
export function mcpPods(arrived: Arrived[]): (name: string) => Promise<Pod> {
  return async (name) => {
    const pod = new McpPod(name)
    const server = createServer((request, response) => {
      arrived.push({ pod: name, method: request.method ?? '', headers: request.headers })
      void pod.answer(request as Request, response)
    })
    server.keepAliveTimeout = 0
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return {
      name,
      port: (server.address() as AddressInfo).port,
      stop: async () => {
        server.close()
        server.closeAllConnections()
        await once(server, 'close')
      },
    }
  }
}

class McpPod {
  readonly #name: string
  readonly #sessions = new Map<string, NodeStreamableHTTPServerTransport>()
  readonly #workspaces = new Map<string, string[]>()
  readonly #modern = toNodeHandler(createMcpHandler(() => this.#stateless(), { legacy: 'reject' }))

  constructor(name: string) {
    this.#name = name
  }

  async answer(request: Request, response: ServerResponse): Promise<void> {
    const sent = await text(request)
    const body: unknown = sent === '' ? undefined : JSON.parse(sent)
    if (!(await isLegacyRequest(await toWebRequest(request, body), body))) {
      await this.#modern(request, response, body)
      return
    }
    const id = request.headers['mcp-session-id']
    const session = typeof id === 'string' ? this.#sessions.get(id) : undefined
    if (session !== undefined) await session.handleRequest(request, response, body)
    else if (id === undefined && isInitializeRequest(body))
      await (await this.#begin()).handleRequest(request, response, body)
    else {
      const error = { code: -32001, message: 'there is no such session here' }
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }))
    }
  }

  async #begin(): Promise<NodeStreamableHTTPServerTransport> {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new Events(),
      // Milliseconds after which a client comes back to a stream that ended.
      retryInterval: 20,
      onsessioninitialized: (id) => void this.#sessions.set(id, transport),
      onsessionclosed: (id) => void this.#sessions.delete(id),
    })
    const notes: string[] = []
    const server = this.#notebook(() => notes)
    const say = (data: string) =>
      server.server.notification({ method: 'notifications/message', params: { level: 'info', data } })
    server.registerTool('announce', { inputSchema: TEXT }, async (said) => {
      await say(said.text)
      return { content: [] }
    })
    // What is said while nobody listens: the client has to ask for it when it comes back.
    server.registerTool('announce-unheard', { inputSchema: TEXT }, async (said) => {
      transport.closeStandaloneSSEStream()
      await say(said.text)
      return { content: [] }
    })
    await server.connect(transport)
    return transport
  }

  #stateless(): McpServer {
    return this.#notebook(({ workspace = '' }) => {
      const notes = this.#workspaces.get(workspace) ?? []
      this.#workspaces.set(workspace, notes)
      return notes
    })
  }

  #notebook(notesOf: (call: Note) => string[]): McpServer {
    const server = new McpServer({ name: 'notebook', version: '1.0.0' }, { capabilities: { logging: {} } })
    server.registerTool('note', { inputSchema: NOTE }, (call) => {
      const notes = notesOf(call)
      notes.push(call.text)
      return { content: [{ type: 'text', text: `${this.#name}: ${notes.join(' ')}` }] }
    })
    return server
  }
}

interface Said {
  readonly text: string
}

interface Note extends Said {
  readonly workspace?: string
}

const TEXT = fromJsonSchema<Said>({
  type: 'object',
  properties: { text: { type: 'string' } },
  required: ['text'],
})
// SEP-2243: clients send it as Mcp-Param-Workspace too.
const WORKSPACE = { type: 'string', 'x-mcp-header': 'Workspace' } as const
const NOTE = fromJsonSchema<Note>({
  type: 'object',
  properties: { text: { type: 'string' }, workspace: WORKSPACE },
  required: ['text'],
})

/** The events of one session, by number, so that a stream can be resumed. */
class Events implements EventStore {
  readonly #events: { readonly stream: string; readonly message: JSONRPCMessage }[] = []

  storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    return Promise.resolve(String(this.#events.push({ stream, message })))
  }

  async replayEventsAfter(
    last: string,
    { send }: { readonly send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const stream = this.#events[Number(last) - 1]?.stream ?? ''
    for (const [index, event] of this.#events.entries())
      if (index >= Number(last) && event.stream === stream) await send(String(index + 1), event.message)
    return stream
  }
}
