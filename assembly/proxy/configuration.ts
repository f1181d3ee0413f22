import { proxy_get_buffer_bytes } from '@gcoredev/proxy-wasm-sdk-as/assembly/imports'
import { Slice, UNREADABLE, slice } from '../bytes/slice'
import { BufferType, Status } from './abi'
import { OUT, OUT_LENGTH, outSlice } from './out'

/** The plugin's configuration, `size` bytes as announced to `proxy_on_configure`. UNREADABLE if the host refuses. */
export function readPluginConfiguration(size: u32): Slice {
  if (size == 0) return slice(OUT, 0)
  const status = proxy_get_buffer_bytes(BufferType.PluginConfiguration, 0, size, OUT, OUT + OUT_LENGTH)
  return status == Status.Ok ? outSlice() : UNREADABLE
}
