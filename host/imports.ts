/**
 * Every import that Envoy's host answers, with its type, and where a guest may call it.
 * Source: proxy-wasm-cpp-host include/proxy-wasm/exports.h (FOR_ALL_HOST_FUNCTIONS, FOR_ALL_WASI_FUNCTIONS),
 * src/wasm.cc (registerCallbacks, startVm, allocMemory).
 */
import type { Signature } from './wasm-binary.ts'

/** A version of the Proxy-Wasm ABI that Envoy runs. */
export type AbiVersion = '0.1.0' | '0.2.0' | '0.2.1'

const ENV: Readonly<Record<string, Signature>> = {
  proxy_log: 'iii>i',
  proxy_get_status: 'iii>i',
  proxy_set_property: 'iiii>i',
  proxy_get_property: 'iiii>i',
  proxy_send_local_response: 'iiiiiiii>i',
  proxy_get_shared_data: 'iiiii>i',
  proxy_set_shared_data: 'iiiii>i',
  proxy_register_shared_queue: 'iii>i',
  proxy_resolve_shared_queue: 'iiiii>i',
  proxy_dequeue_shared_queue: 'iii>i',
  proxy_enqueue_shared_queue: 'iii>i',
  proxy_get_header_map_value: 'iiiii>i',
  proxy_add_header_map_value: 'iiiii>i',
  proxy_replace_header_map_value: 'iiiii>i',
  proxy_remove_header_map_value: 'iii>i',
  proxy_get_header_map_pairs: 'iii>i',
  proxy_set_header_map_pairs: 'iii>i',
  proxy_get_header_map_size: 'ii>i',
  proxy_get_buffer_status: 'iii>i',
  proxy_get_buffer_bytes: 'iiiii>i',
  proxy_set_buffer_bytes: 'iiiii>i',
  proxy_http_call: 'iiiiiiiiii>i',
  proxy_grpc_call: 'iiiiiiiiiiii>i',
  proxy_grpc_stream: 'iiiiiiiii>i',
  proxy_grpc_close: 'i>i',
  proxy_grpc_cancel: 'i>i',
  proxy_grpc_send: 'iiii>i',
  proxy_set_tick_period_milliseconds: 'i>i',
  proxy_get_current_time_nanoseconds: 'i>i',
  proxy_define_metric: 'iiii>i',
  proxy_increment_metric: 'iI>i',
  proxy_record_metric: 'iI>i',
  proxy_get_metric: 'ii>i',
  proxy_set_effective_context: 'i>i',
  proxy_done: '>i',
  proxy_call_foreign_function: 'iiiiii>i',
  proxy_continue_stream: 'i>i',
  proxy_close_stream: 'i>i',
  proxy_get_log_level: 'i>i',
  pthread_equal: 'ii>i',
  emscripten_notify_memory_growth: 'i>',
  envoy_resolve_dns: 'iii>i',
}

/** Only ABI 0.1.0 has these: later ones replaced them by buffers, `proxy_continue_stream` and a foreign function. */
const ENV_0_1_0: Readonly<Record<string, Signature>> = {
  proxy_get_configuration: 'ii>i',
  proxy_continue_request: '>i',
  proxy_continue_response: '>i',
  proxy_clear_route_cache: '>i',
}

/** What ABIs before 0.2.1 do not have yet. */
const MISSING: Readonly<Record<AbiVersion, ReadonlySet<string>>> = {
  '0.1.0': new Set(['proxy_continue_stream', 'proxy_close_stream', 'proxy_get_log_level']),
  '0.2.0': new Set(['proxy_get_log_level']),
  '0.2.1': new Set(),
}

const WASI: Readonly<Record<string, Signature>> = {
  fd_write: 'iiii>i',
  fd_read: 'iiii>i',
  fd_seek: 'iIii>i',
  fd_close: 'i>i',
  fd_fdstat_get: 'ii>i',
  fd_fdstat_set_flags: 'ii>i',
  fd_fdstat_set_rights: 'iII>i',
  environ_get: 'ii>i',
  environ_sizes_get: 'ii>i',
  args_get: 'ii>i',
  args_sizes_get: 'ii>i',
  clock_time_get: 'iIi>i',
  clock_res_get: 'ii>i',
  fd_advise: 'iIIi>i',
  fd_allocate: 'iII>i',
  fd_datasync: 'i>i',
  fd_filestat_set_size: 'iI>i',
  fd_filestat_set_times: 'iIIi>i',
  fd_pread: 'iiiIi>i',
  fd_pwrite: 'iiiIi>i',
  fd_readdir: 'iiiIi>i',
  fd_renumber: 'ii>i',
  fd_sync: 'i>i',
  fd_tell: 'ii>i',
  path_create_directory: 'iii>i',
  path_filestat_set_times: 'iiiiIIi>i',
  // Envoy takes one argument less than WASI defines, here and of path_symlink: a module that imports them is refused.
  path_link: 'iiiiii>i',
  path_readlink: 'iiiiii>i',
  path_remove_directory: 'iii>i',
  path_rename: 'iiiiii>i',
  path_symlink: 'iiii>i',
  path_unlink_file: 'iii>i',
  sock_accept: 'iii>i',
  sock_recv: 'iiiiii>i',
  sock_send: 'iiiii>i',
  sock_shutdown: 'ii>i',
  random_get: 'ii>i',
  sched_yield: '>i',
  poll_oneoff: 'iiii>i',
  proc_exit: 'i>',
  path_open: 'iiiiiIIii>i',
  fd_prestat_get: 'ii>i',
  fd_prestat_dir_name: 'iii>i',
  path_filestat_get: 'iiiii>i',
  fd_filestat_get: 'ii>i',
}

const WASI_MODULES: readonly string[] = ['wasi_snapshot_preview1', 'wasi_unstable']

/** WASI functions for files and sockets, which are allowed while the module starts; most of them only say ENOTSUP. */
export const UNSUPPORTED_WASI: readonly string[] = [
  'fd_advise',
  'fd_allocate',
  'fd_datasync',
  'fd_fdstat_set_rights',
  'fd_filestat_set_size',
  'fd_filestat_set_times',
  'fd_pread',
  'fd_pwrite',
  'fd_readdir',
  'fd_renumber',
  'fd_sync',
  'fd_tell',
  'path_create_directory',
  'path_filestat_set_times',
  'path_link',
  'path_readlink',
  'path_remove_directory',
  'path_rename',
  'path_symlink',
  'path_unlink_file',
  'sock_accept',
  'sock_recv',
  'sock_send',
  'sock_shutdown',
]

const IN_START = new Set([
  'emscripten_notify_memory_growth',
  'proxy_log',
  'fd_write',
  'args_get',
  'args_sizes_get',
  'environ_get',
  'environ_sizes_get',
  'clock_time_get',
  'clock_res_get',
  'random_get',
  'poll_oneoff',
  'fd_fdstat_get',
  'fd_fdstat_set_flags',
  'fd_prestat_get',
  'fd_prestat_dir_name',
  ...UNSUPPORTED_WASI,
])
const IN_MALLOC = new Set(['proxy_log', 'fd_write', 'clock_time_get', 'poll_oneoff'])

/** When a guest may call an import, besides inside an ordinary callback. */
export interface HostcallRules {
  readonly name: string
  readonly parameters: number
  readonly inStart: boolean
  readonly inMalloc: boolean
}

/** Every hostcall; its index is the number by which the host counts and injects. */
export const HOSTCALLS: readonly HostcallRules[] = [
  ...Object.entries(ENV),
  ...Object.entries(WASI),
  ...Object.entries(ENV_0_1_0),
].map(([name, signature]) => ({
  name,
  parameters: signature.indexOf('>'),
  inStart: IN_START.has(name),
  inMalloc: IN_MALLOC.has(name),
}))

const INDEX_BY_NAME: ReadonlyMap<string, number> = new Map(HOSTCALLS.map(({ name }, index) => [name, index]))

/** The index of a hostcall in {@link HOSTCALLS}, by the name that the guest imports; undefined if there is none. */
export function hostcallIndex(name: string): number | undefined {
  return INDEX_BY_NAME.get(name)
}

/** The type of an import under an ABI version; undefined when Envoy registers no such function for it. */
export function importSignature(module: string, name: string, abi: AbiVersion): Signature | undefined {
  if (WASI_MODULES.includes(module)) return Object.hasOwn(WASI, name) ? WASI[name] : undefined
  if (module !== 'env') return undefined
  if (MISSING[abi].has(name)) return undefined
  if (abi === '0.1.0' && Object.hasOwn(ENV_0_1_0, name)) return ENV_0_1_0[name]
  return Object.hasOwn(ENV, name) ? ENV[name] : undefined
}
