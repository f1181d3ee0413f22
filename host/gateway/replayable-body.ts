/**
 * A request's body that can be sent several times: what has come so far is kept, up to a limit.
 */
import { PassThrough, type Readable } from 'node:stream'

/** Passes a body on as it comes, to one reader after another, each from its beginning. */
export class ReplayableBody {
  /** Resolves when all of it has come; never when it breaks off. */
  readonly whole: Promise<void>
  readonly #source: Readable
  readonly #limit: number
  readonly #onTooLarge: () => void
  readonly #kept: Buffer[] = []
  #size = 0
  #hasEnded = false
  #failure: Error | undefined
  #reader: PassThrough | undefined

  /**
   * @param limit in bytes
   * @param onTooLarge called once, when more has come: nothing is kept from then on
   */
  constructor(source: Readable, limit: number, onTooLarge: () => void) {
    this.#source = source
    this.#limit = limit
    this.#onTooLarge = onTooLarge
    source.on('data', (chunk: Buffer) => {
      this.#take(chunk)
    })
    source.once('error', (error) => {
      this.#failure = error
      this.#reader?.destroy(error)
    })
    this.whole = new Promise((resolve) => {
      source.once('end', () => {
        this.#hasEnded = true
        this.#reader?.end()
        resolve()
      })
    })
  }

  /** Another reader, in place of the one before. Not to be called when more has come than was to be kept. */
  open(): Readable {
    this.leave()
    const reader = new PassThrough()
    this.#reader = reader
    if (this.#failure !== undefined) return reader.destroy(this.#failure)
    for (const chunk of this.#kept) reader.write(chunk)
    if (this.#hasEnded) reader.end()
    reader.on('drain', () => this.#source.resume())
    // An attempt that is over must not hold up the body for the next one.
    reader.once('close', () => this.#source.resume())
    return reader
  }

  /** The present reader is over. */
  leave(): void {
    this.#reader?.destroy()
    this.#reader = undefined
  }

  #take(chunk: Buffer): void {
    if (this.#size <= this.#limit) {
      this.#size += chunk.length
      if (this.#size <= this.#limit) this.#kept.push(chunk)
      else {
        this.#kept.length = 0
        this.#onTooLarge()
      }
    }
    const reader = this.#reader
    if (reader === undefined || reader.destroyed) return
    if (!reader.write(chunk)) this.#source.pause()
  }
}
