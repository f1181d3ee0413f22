/**
 * The gateway's own statistics, under Envoy's names, shown as Envoy's admin page shows them.
 */

/** Counters and gauges by name. */
export class Stats {
  readonly #values = new Map<string, number>()

  /** Adds to a counter or a gauge; a name never seen before starts at 0. */
  add(name: string, amount = 1): void {
    this.#values.set(name, this.value(name) + amount)
  }

  /** Sets a gauge. */
  set(name: string, value: number): void {
    this.#values.set(name, value)
  }

  /** 0 for a name never seen before. */
  value(name: string): number {
    return this.#values.get(name) ?? 0
  }

  /** One `name: value` a line. */
  lines(): string[] {
    return [...this.#values].map(([name, value]) => `${name}: ${value}`)
  }
}
