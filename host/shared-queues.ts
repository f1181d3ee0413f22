/** Who is told that a queue has an item: the root context that registered it last. */
export interface QueueReceiver {
  queueReady(token: number): void
}

interface Queue {
  readonly items: string[]
  receiver: QueueReceiver
}

/**
 * Queues that VMs share by vmId and name (shared_queue.cc). As in Envoy, where the news travels to another
 * thread, a receiver is told later: {@link Vm.deliverQueues} does it.
 */
export class SharedQueues {
  private readonly queues: Queue[] = []
  private readonly tokens = new Map<string, number>()
  private readonly news: number[] = []

  /** @internal The token of a queue, which is made if there is none; its last registrar receives. */
  register(vmId: string, name: string, receiver: QueueReceiver): number {
    const key = keyOf(vmId, name)
    const token = this.tokens.get(key)
    const queue = token === undefined ? undefined : this.queues[token - 1]
    if (token !== undefined && queue !== undefined) {
      queue.receiver = receiver
      return token
    }
    const created = this.queues.push({ items: [], receiver })
    this.tokens.set(key, created)
    return created
  }

  resolve(vmId: string, name: string): number | undefined {
    return this.tokens.get(keyOf(vmId, name))
  }

  has(token: number): boolean {
    return this.queues[token - 1] !== undefined
  }

  /** False when there is no such queue. */
  enqueue(token: number, item: string): boolean {
    const queue = this.queues[token - 1]
    if (queue === undefined) return false
    queue.items.push(item)
    this.news.push(token)
    return true
  }

  dequeue(token: number): string | undefined {
    return this.queues[token - 1]?.items.shift()
  }

  /** @internal Calls `proxy_on_queue_ready` once for every item that was enqueued since the last delivery. */
  deliver(): void {
    for (const token of this.news.splice(0)) this.queues[token - 1]?.receiver.queueReady(token)
  }
}

function keyOf(vmId: string, name: string): string {
  return `${vmId.length}:${vmId}${name}`
}
