/** A record in parts that can be compared. */
export interface Sections {
  /** What the root contexts said, each line once: Envoy configures on the main thread and on each worker. */
  readonly root: readonly string[]
  /** What each stream said, in the order in which they were opened. */
  readonly streams: readonly (readonly string[])[]
}

const STREAM_BEGINS = 'stream create | called'
const OF_ROOT = /^(root create|vm start|configure) \|/

/** Takes a record apart; lines that the guest wrote to standard output stay where they are in a stream. */
export function sectionsOf(lines: readonly string[]): Sections {
  const root = new Set<string>()
  const streams: string[][] = []
  for (const line of lines) {
    if (line.startsWith(STREAM_BEGINS)) streams.push([])
    if (OF_ROOT.test(line) || streams.length === 0) root.add(line)
    else streams.at(-1)?.push(line)
  }
  return { root: [...root], streams }
}
