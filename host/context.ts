import type { HeaderMapType, StreamType } from '../assembly/proxy/abi.ts'
import { BufferType } from '../assembly/proxy/abi.ts'
import type { CalloutResponse } from './callout-response.ts'
import type { HeaderMap } from './header-map.ts'
import type { GuestLocalReply } from './local-reply.ts'
import type { PropertyTree } from './property.ts'
import type { PropertyPrototype, StreamInfo } from './stream-info.ts'

const NO_BYTES: Uint8Array = new Uint8Array(0)

/** What a root context lends to the streams below it. */
export interface RootContext extends Context {
  readonly rootId: string
  readonly pluginName: string
  readonly rootProperties: PropertyTree
  /** @internal What the callback that runs now has brought. */
  readonly calloutResponse: CalloutResponse
  /** @internal Runs a callback of a callout, with the root's id in front of the arguments. */
  calloutReturned(callback: string, args: readonly number[]): void
  /** @internal */
  setTickPeriod(milliseconds: number): void
  /** @internal `proxy_on_queue_ready` */
  queueReady(token: number): void
  /** @internal `proxy_done`: true if the root was waiting for it. */
  finishPendingDone(): boolean
}

/** What a hostcall acts on: a root, a stream, or the VM itself. */
export abstract class Context {
  readonly id: number
  /** @internal Properties that this context declared, if any; Envoy looks only at those that a root declared. */
  prototypes: Map<string, PropertyPrototype> | undefined
  /** Undefined outside streams. */
  readonly info: StreamInfo | undefined
  /** @internal Envoy's access-log phase: all maps readable, none writable. */
  inLogPhase = false

  constructor(id: number, info: StreamInfo | undefined) {
    this.id = id
    this.info = info
  }

  /** @internal */
  abstract readonly root: RootContext

  /** @internal The map that a guest may read now (Context::getConstMap). */
  abstract readableMap(type: HeaderMapType): HeaderMap | undefined

  /** @internal The map that a guest may write now (Context::getMap). */
  abstract writableMap(type: HeaderMapType): HeaderMap | undefined

  /**
   * Context::getBuffer. Bodies and network data are there even when they are not: as buffers without bytes.
   *
   * @returns undefined for NotFound
   *
   * @internal
   */
  buffer(type: BufferType, vmConfiguration: Uint8Array): Uint8Array | undefined {
    switch (type) {
      case BufferType.VmConfiguration:
        return vmConfiguration
      case BufferType.PluginConfiguration:
        return undefined
      case BufferType.HttpCallResponseBody:
        return this.root.calloutResponse.buffer(type)
      case BufferType.GrpcReceiveBuffer:
        return this.root.calloutResponse.buffer(type) ?? NO_BYTES
      default:
        return NO_BYTES
    }
  }

  /** @internal `proxy_set_buffer_bytes` on a buffer that is there; false for BadArgument. */
  abstract writeBuffer(type: BufferType, start: number, length: number, data: Uint8Array): boolean

  /** @internal */
  abstract sendLocalReply(reply: GuestLocalReply): void

  /** @internal */
  abstract continueStream(type: StreamType): void

  /** @internal */
  abstract closeStream(type: StreamType): void
}

/** A root, or the VM's own context: where there is no stream Envoy says Ok to its control, and does nothing. */
export abstract class StreamlessContext extends Context {
  constructor(id: number) {
    super(id, undefined)
  }

  /** @internal */
  override readableMap(type: HeaderMapType): HeaderMap | undefined {
    return this.root.calloutResponse.readableMap(type)
  }

  /** @internal */
  override writableMap(): undefined {
    return undefined
  }

  /** @internal */
  override writeBuffer(): boolean {
    return false
  }

  /** @internal */
  override sendLocalReply(): void {
    // There is nobody to reply to.
  }

  /** @internal */
  override continueStream(): void {
    // Nothing is stopped.
  }

  /** @internal */
  override closeStream(): void {
    // Nothing is open.
  }
}
