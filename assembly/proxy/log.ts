import { proxy_log } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { Slice, lenOf, ptrOf } from '../bytes/slice'
import { LogLevel } from './abi'

/** One line in Envoy's log. Never with bytes of a request, a claim or a secret. */
export function log(level: LogLevel, text: Slice): void {
  proxy_log(level, ptrOf(text), lenOf(text))
}
