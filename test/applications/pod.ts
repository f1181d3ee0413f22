/** A replica of an application that keeps its sessions in its own memory: no other one knows them. */
export interface Pod {
  readonly name: string
  /** On 127.0.0.1. */
  readonly port: number
  readonly stop: () => Promise<void>
}

export type StartPod = (name: string) => Promise<Pod>

/** The pods of one application, and their end. */
export class Pods implements AsyncDisposable {
  readonly #start: StartPod
  #running: readonly Pod[] = []
  #started = 0

  private constructor(start: StartPod) {
    this.#start = start
  }

  static async start(start: StartPod, count = 3): Promise<Pods> {
    const pods = new Pods(start)
    try {
      await Promise.all(Array.from({ length: count }, () => pods.add()))
      return pods
    } catch (error) {
      await pods[Symbol.asyncDispose]()
      throw error
    }
  }

  get running(): readonly Pod[] {
    return this.#running
  }

  async add(): Promise<Pod> {
    this.#started += 1
    const pod = await this.#start(`shop-${this.#started}`)
    this.#running = [...this.#running, pod]
    return pod
  }

  async stop(pod: Pod): Promise<void> {
    this.#running = this.#running.filter((other) => other !== pod)
    await pod.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((pod) => this.stop(pod)))
  }
}
