import type { Context } from './context.ts'

const NO_ID = -1

/** The contexts of one VM: 0 is the VM's own, roots and streams have ids from 1. */
export class Contexts {
  /** By id. Ids ascend, so that a new one goes to the end, and most that go were added last: a map costs more. */
  private readonly ascending: Context[] = []
  private lastId = 0

  /** Ids count up from 1 and are 32 bits wide; one that is still in use is passed over (allocContextId). */
  allocateId(): number {
    do {
      this.lastId = (this.lastId + 1) >>> 0
    } while (this.get(this.lastId) !== undefined)
    return this.lastId
  }

  add(context: Context): void {
    const position = this.positionOf(context.id)
    if (position === this.ascending.length) this.ascending.push(context)
    else this.ascending.splice(position, 0, context)
  }

  remove(context: Context): void {
    const position = this.positionOf(context.id)
    if (this.ascending[position] !== context) return
    if (position === this.ascending.length - 1) this.ascending.pop()
    else this.ascending.splice(position, 1)
  }

  get(id: number): Context | undefined {
    const context = this.ascending[this.positionOf(id)]
    return context?.id === id ? context : undefined
  }

  /** In the order of their ids. */
  all(): readonly Context[] {
    return this.ascending
  }

  /** Where a context with this id is, or would be put. */
  private positionOf(id: number): number {
    const { ascending } = this
    let high = ascending.length
    if ((ascending[high - 1]?.id ?? NO_ID) < id) return high
    let low = 0
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ascending[middle]?.id ?? NO_ID) < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
