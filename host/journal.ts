/** One thing that happened between host and guest, in the order in which it happened. */
export type JournalEvent =
  /** The first argument of every callback but `_initialize` is the context's id. */
  | { readonly kind: 'callback'; readonly name: string; readonly args: readonly number[] }
  | { readonly kind: 'returned'; readonly name: string; readonly value: number | undefined }
  | {
      readonly kind: 'hostcall'
      readonly name: string
      readonly args: readonly (number | bigint)[]
      readonly status: number | undefined
    }
  | { readonly kind: 'log'; readonly level: string; readonly message: string }
  | { readonly kind: 'trap'; readonly name: string; readonly message: string }

/** The one ordered list of everything that happened in a VM; kept only when it was asked for. */
export class Journal {
  readonly events: JournalEvent[] = []

  record(event: JournalEvent): void {
    this.events.push(event)
  }

  clear(): void {
    this.events.length = 0
  }

  /** One event a line, hostcalls and logs indented below their callback. */
  toString(): string {
    return this.events.map(line).join('\n')
  }
}

function line(event: JournalEvent): string {
  switch (event.kind) {
    case 'callback':
      return `${event.name}(${event.args.join(', ')})`
    case 'returned':
      return event.value === undefined ? `  return` : `  return ${event.value}`
    case 'hostcall':
      return `  ${event.name}(${event.args.join(', ')})${event.status === undefined ? '' : ` -> ${event.status}`}`
    case 'log':
      return `  [${event.level}] ${event.message}`
    case 'trap':
      return `  trap in ${event.name}: ${event.message}`
  }
}
