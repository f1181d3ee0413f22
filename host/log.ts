import { LogLevel } from '../assembly/proxy/abi.ts'

/** One line that Envoy would have logged for the plugin. */
export interface LogEntry {
  readonly level: LogLevel
  readonly message: string
  /** The plugin's root id; empty for what is logged before any plugin starts. */
  readonly rootId: string
  /** Who said it: the guest, or the host about the guest, as a trap. */
  readonly from: 'guest' | 'host'
}

/** The lines at or above the level that was asked for, oldest first. */
export class Logs {
  readonly level: LogLevel
  readonly entries: LogEntry[] = []
  private readonly sink: ((entry: LogEntry) => void) | undefined

  constructor(level: LogLevel, sink: ((entry: LogEntry) => void) | undefined) {
    this.level = level
    this.sink = sink
  }

  /** The messages alone, of one level or of all. */
  messages(level?: LogLevel): string[] {
    return this.entries
      .filter((entry) => level === undefined || entry.level === level)
      .map(({ message }) => message)
  }

  clear(): void {
    this.entries.length = 0
  }

  /** @internal */
  write(entry: LogEntry): void {
    if (entry.level < this.level) return
    this.entries.push(entry)
    this.sink?.(entry)
  }
}
