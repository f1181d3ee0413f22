/** What clients and servers do on connections through the network guest, the same in Envoy and in the host. */

/** One thing that one side does, and what the other side has got by then. */
export type Step =
  | { readonly from: 'client' | 'server'; readonly data: string; readonly arrives: string }
  /** A side sends no more. */
  | { readonly from: 'client' | 'server'; readonly ends: true }
  /** A side that is gone at once: the client's connection is reset, or the server's. */
  | { readonly from: 'client' | 'server'; readonly gone: true }

export interface NetworkScenario {
  readonly name: string
  /** The plugin's. */
  readonly configuration?: string
  /** FAIL_CLOSED else. */
  readonly failOpen?: true
  readonly steps: readonly Step[]
}

export const NETWORK_SCENARIOS: readonly NetworkScenario[] = [
  {
    name: 'bytes in both directions, and an end of each',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'server', data: 'world', arrives: 'world' },
      { from: 'client', data: 'bye', arrives: 'bye' },
      { from: 'client', ends: true },
      { from: 'server', data: 'bye', arrives: 'bye' },
      { from: 'server', ends: true },
    ],
  },
  {
    name: 'the server ends first',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'server', data: 'world', arrives: 'world' },
      { from: 'server', ends: true },
      { from: 'client', data: 'bye', arrives: 'bye' },
      { from: 'client', ends: true },
    ],
  },
  {
    name: 'what is stopped waits for what comes after it',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'client', data: 'stop', arrives: '' },
      { from: 'client', data: ' and', arrives: '' },
      { from: 'server', data: 'stop', arrives: '' },
      { from: 'server', data: ' too', arrives: '' },
      { from: 'client', gone: true },
    ],
  },
  {
    name: 'bytes are changed on their way',
    steps: [
      { from: 'client', data: 'edit', arrives: '<edit>' },
      { from: 'server', data: 'edit', arrives: '<edit>' },
      { from: 'client', data: 'edit all', arrives: 'replaced' },
      { from: 'server', data: 'edit all', arrives: 'replaced' },
      { from: 'client', gone: true },
    ],
  },
  {
    name: 'what is held goes on when the guest says so',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'client', data: 'continue', arrives: 'continue' },
      { from: 'client', data: 'more', arrives: 'more' },
      { from: 'client', gone: true },
    ],
  },
  {
    name: 'a new connection waits and is continued',
    configuration: 'wait',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'server', data: 'world', arrives: 'world' },
      { from: 'client', gone: true },
    ],
  },
  {
    name: 'the guest closes by the downstream',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'client', data: 'down', arrives: '' },
    ],
  },
  {
    name: 'the guest closes by the upstream',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'server', data: 'up', arrives: '' },
    ],
  },
  {
    name: 'the guest traps',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'client', data: 'trap', arrives: '' },
    ],
  },
  {
    name: 'the guest traps, and the filter is open to failures',
    failOpen: true,
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'server', data: 'trap', arrives: '' },
    ],
  },
  {
    name: 'the server is gone',
    steps: [
      { from: 'client', data: 'hello', arrives: 'hello' },
      { from: 'server', gone: true },
    ],
  },
]
