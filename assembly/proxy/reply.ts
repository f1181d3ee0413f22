import { proxy_send_local_response } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { ABSENT, Slice, lenOf, ptrOf } from '../bytes/slice'
import { Status } from './abi'

/** No gRPC status of its own: Envoy derives one for gRPC requests. */
// @ts-ignore: decorator
@inline
const NO_GRPC_STATUS: u32 = 0xffffffff

/** No headers of our own. */
// @ts-ignore: decorator
@inline
export const EMPTY_PAIRS: Slice = ABSENT

/**
 * Answers the request here, with the pairs `headers` (pairs.ts) beside those of the host. `details` shows as `response.code_details`. False if the host refuses.
 * What the calling callback then returns does not matter: the host stops the stream.
 */
export function sendLocalReply(code: u32, details: Slice, body: Slice, headers: Slice): bool {
  return (
    proxy_send_local_response(
      code,
      ptrOf(details),
      lenOf(details),
      ptrOf(body),
      lenOf(body),
      ptrOf(headers),
      lenOf(headers),
      NO_GRPC_STATUS,
    ) == Status.Ok
  )
}
