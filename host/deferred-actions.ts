/**
 * What a guest has asked for and the host does once the outermost callback has returned (cpp-host
 * `addAfterVmCallAction`): local replies, resets, the end of a root.
 */
export class DeferredActions {
  private waiting: (() => void)[] = []

  add(action: () => void): void {
    this.waiting.push(action)
  }

  /** Runs everything that waits, and what that in turn asks for. */
  run(): void {
    while (this.waiting.length > 0) {
      const actions = this.waiting
      this.waiting = []
      for (const action of actions) action()
    }
  }
}
