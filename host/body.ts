import { FilterDataStatus } from '../assembly/proxy/abi.ts'

const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * The body of one direction, on its way through the filter (Context::decodeData, encodeData).
 *
 *     StopIterationAndBuffer      held; the guest's next look shows everything held
 *     StopIterationAndWatermark   held; the guest's next look shows the new data only
 *     StopIterationNoBuffer       dropped, unless the guest has kept it for itself
 */
export class BodyBuffer {
  private held: Uint8Array = NOTHING
  private buffering = false
  /** Between a callback's arrival of data and its decision. */
  private deciding = false
  /** What the guest sees now; undefined outside a body callback and after Continue. */
  visible: Uint8Array | undefined

  /** Data arrived; returns how many bytes the guest is told of. */
  arrive(data: Uint8Array): number {
    this.deciding = true
    if (this.buffering) {
      this.visible = Buffer.concat([this.held, data])
      this.held = NOTHING
    } else {
      this.visible = data
    }
    return this.visible.length
  }

  /** The guest has decided; returns the bytes that go on. */
  settle(status: FilterDataStatus): Uint8Array {
    const shown = this.visible ?? NOTHING
    this.deciding = false
    this.buffering = status === FilterDataStatus.StopIterationAndBuffer
    switch (status) {
      case FilterDataStatus.Continue: {
        const leaving = this.held.length === 0 ? shown : Buffer.concat([this.held, shown])
        this.visible = undefined
        this.held = NOTHING
        return leaving
      }
      case FilterDataStatus.StopIterationAndBuffer:
        this.held = Buffer.concat([this.held, shown])
        this.visible = this.held
        return NOTHING
      case FilterDataStatus.StopIterationAndWatermark:
        this.held = Buffer.concat([this.held, shown])
        return NOTHING
      case FilterDataStatus.StopIterationNoBuffer:
        return NOTHING
    }
  }

  /** What is held goes on, though the guest has not looked at more. */
  release(): Uint8Array {
    const leaving = this.visible ?? NOTHING
    this.held = NOTHING
    this.visible = NOTHING
    return leaving
  }

  /**
   * Envoy writes at the front, replacing `length` bytes there, or at the end; in the middle it cannot
   * (Buffer::copyFrom). False for BadArgument.
   */
  write(start: number, length: number, data: Uint8Array): boolean {
    if (this.visible === undefined) return false
    if (start === 0) this.visible = Buffer.concat([data, this.visible.subarray(length)])
    else if (start >= this.visible.length) this.visible = Buffer.concat([this.visible, data])
    else return false
    // What is shown during a callback is not held yet; afterwards it is, and a callout may still write it.
    if (this.buffering && !this.deciding) this.held = this.visible
    return true
  }
}
