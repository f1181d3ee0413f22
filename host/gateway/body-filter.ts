/**
 * A body on its way through the filters, chunk by chunk.
 */
import { Transform, type TransformCallback } from 'node:stream'
import type { LocalReply, Stream } from '../index.ts'

/** A filter has answered in the middle of a body. */
export class ReplyDuringBody extends Error {
  override readonly name = 'ReplyDuringBody'
  readonly stream: Stream
  readonly reply: LocalReply

  constructor(stream: Stream, reply: LocalReply) {
    super(`a filter has answered ${reply.status} in the middle of a body`)
    this.stream = stream
    this.reply = reply
  }
}

/**
 * Runs each chunk through the body callbacks of the streams, in their order, and the end as an empty chunk with
 * end_of_stream. Fails with {@link ReplyDuringBody} when a filter answers. The length of what comes out is not known
 * before it ends, so that a content-length has to be removed from the headers; Envoy leaves that to the filter.
 */
export class BodyFilter extends Transform {
  readonly #streams: readonly Stream[]
  readonly #direction: 'request' | 'response'
  readonly #settle: () => void

  /** @param settle Called when the guests have run. */
  constructor(streams: readonly Stream[], direction: 'request' | 'response', settle: () => void) {
    super()
    this.#streams = streams
    this.#direction = direction
    this.#settle = settle
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#filter(chunk, false, done)
  }

  override _flush(done: TransformCallback): void {
    this.#filter(Buffer.alloc(0), true, done)
  }

  #filter(chunk: Uint8Array, endOfStream: boolean, done: TransformCallback): void {
    let left = chunk
    for (const stream of this.#streams) {
      const { body, localReply } =
        this.#direction === 'request'
          ? stream.requestBody(left, { endOfStream })
          : stream.responseBody(left, { endOfStream })
      if (localReply !== undefined) {
        this.#settle()
        done(new ReplyDuringBody(stream, localReply))
        return
      }
      left = body
    }
    this.#settle()
    // Nothing may be pushed as an empty chunk: a filter that holds data back leaves none.
    if (left.length > 0) this.push(left)
    done()
  }
}
