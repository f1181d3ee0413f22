import type { HeaderMapType, StreamType } from '../assembly/proxy/abi.ts'
import { BufferType } from '../assembly/proxy/abi.ts'
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
  setTickPeriod(milliseconds: number): void
  /** `proxy_on_queue_ready` */
  queueReady(token: number): void
  /** `proxy_done`: true if the root was waiting for it. */
  finishPendingDone(): boolean
}

/**
 * What a hostcall acts on. Everything here answers as Envoy does where there is nothing: a root context has no
 * headers, a stream has no configuration. Plugins and streams override what they have.
 */
export abstract class Context {
  readonly id: number
  /** Properties that this context declared; Envoy looks only at those that a root declared. */
  readonly prototypes = new Map<string, PropertyPrototype>()
  /** Undefined outside streams. */
  readonly info: StreamInfo | undefined
  /** Envoy's access-log phase: all maps readable, none writable. */
  inLogPhase = false

  constructor(id: number, info: StreamInfo | undefined) {
    this.id = id
    this.info = info
  }

  abstract readonly root: RootContext

  /** The map that a guest may read now (Context::getConstMap). */
  readableMap(_type: HeaderMapType): HeaderMap | undefined {
    return undefined
  }

  /** The map that a guest may write now (Context::getMap). */
  writableMap(_type: HeaderMapType): HeaderMap | undefined {
    return undefined
  }

  /**
   * Context::getBuffer. Bodies and network data are there even when they are not: as buffers without bytes.
   *
   * @returns undefined for NotFound
   */
  buffer(type: BufferType, vmConfiguration: Uint8Array): Uint8Array | undefined {
    switch (type) {
      case BufferType.VmConfiguration:
        return vmConfiguration
      case BufferType.PluginConfiguration:
      case BufferType.HttpCallResponseBody:
        return undefined
      default:
        return NO_BYTES
    }
  }

  /** `proxy_set_buffer_bytes` on a buffer that is there; false for BadArgument. */
  writeBuffer(_type: BufferType, _start: number, _length: number, _data: Uint8Array): boolean {
    return false
  }

  sendLocalReply(_reply: GuestLocalReply): void {
    // Without a stream there is nobody to reply to; Envoy answers Ok all the same.
  }

  continueStream(_type: StreamType): void {
    // Nothing is stopped outside a stream.
  }

  closeStream(_type: StreamType): void {
    // Nothing is open outside a stream.
  }
}
