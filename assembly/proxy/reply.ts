import { proxy_send_local_response } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { Slice, lenOf, ptrOf } from '../bytes/slice'
import { Status } from './abi'

/** No gRPC status of its own: Envoy derives one for gRPC requests. */
// @ts-ignore: decorator
@inline
const NO_GRPC_STATUS: u32 = 0xffffffff

/**
 * Answers the request here. `details` shows as `response.code_details`. False if the host refuses.
 * What the calling callback then returns does not matter: the host stops the stream.
 */
export function sendLocalReply(code: u32, details: Slice, body: Slice): bool {
  return (
    proxy_send_local_response(
      code,
      ptrOf(details),
      lenOf(details),
      ptrOf(body),
      lenOf(body),
      0,
      0,
      NO_GRPC_STATUS,
    ) == Status.Ok
  )
}
