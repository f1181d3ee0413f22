/**
 * Every function of WASI, under both of its names, and what of `env` few filters call: in the order of
 * host/imports.ts. The record says what came back.
 */
import { allocate, reset } from '../conformance/arguments'
import { end, enter, line, number, text } from '../conformance/report'

// @ts-ignore: decorator
@external("env", "proxy_set_tick_period_milliseconds")
declare function proxy_set_tick_period_milliseconds(a: i32): i32

// @ts-ignore: decorator
@external("env", "pthread_equal")
declare function pthread_equal(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("env", "emscripten_notify_memory_growth")
declare function emscripten_notify_memory_growth(a: i32): void

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function s_fd_write(a: i32, b: i32, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_read")
declare function s_fd_read(a: i32, b: i32, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_seek")
declare function s_fd_seek(a: i32, b: i64, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_close")
declare function s_fd_close(a: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_fdstat_get")
declare function s_fd_fdstat_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_fdstat_set_flags")
declare function s_fd_fdstat_set_flags(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_fdstat_set_rights")
declare function s_fd_fdstat_set_rights(a: i32, b: i64, c: i64): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_get")
declare function s_environ_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_sizes_get")
declare function s_environ_sizes_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_get")
declare function s_args_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function s_args_sizes_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
declare function s_clock_time_get(a: i32, b: i64, c: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_res_get")
declare function s_clock_res_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_advise")
declare function s_fd_advise(a: i32, b: i64, c: i64, d: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_allocate")
declare function s_fd_allocate(a: i32, b: i64, c: i64): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_datasync")
declare function s_fd_datasync(a: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_filestat_set_size")
declare function s_fd_filestat_set_size(a: i32, b: i64): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_filestat_set_times")
declare function s_fd_filestat_set_times(a: i32, b: i64, c: i64, d: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_pread")
declare function s_fd_pread(a: i32, b: i32, c: i32, d: i64, e: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_pwrite")
declare function s_fd_pwrite(a: i32, b: i32, c: i32, d: i64, e: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_readdir")
declare function s_fd_readdir(a: i32, b: i32, c: i32, d: i64, e: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_renumber")
declare function s_fd_renumber(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_sync")
declare function s_fd_sync(a: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_tell")
declare function s_fd_tell(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_create_directory")
declare function s_path_create_directory(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_filestat_set_times")
declare function s_path_filestat_set_times(a: i32, b: i32, c: i32, d: i32, e: i64, f: i64, g: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_link")
declare function s_path_link(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_readlink")
declare function s_path_readlink(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_remove_directory")
declare function s_path_remove_directory(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_rename")
declare function s_path_rename(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_symlink")
declare function s_path_symlink(a: i32, b: i32, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_unlink_file")
declare function s_path_unlink_file(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "sock_accept")
declare function s_sock_accept(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "sock_recv")
declare function s_sock_recv(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "sock_send")
declare function s_sock_send(a: i32, b: i32, c: i32, d: i32, e: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "sock_shutdown")
declare function s_sock_shutdown(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
declare function s_random_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "sched_yield")
declare function s_sched_yield(): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "poll_oneoff")
declare function s_poll_oneoff(a: i32, b: i32, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_open")
declare function s_path_open(a: i32, b: i32, c: i32, d: i32, e: i32, f: i64, g: i64, h: i32, i: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_prestat_get")
declare function s_fd_prestat_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_prestat_dir_name")
declare function s_fd_prestat_dir_name(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_filestat_get")
declare function s_path_filestat_get(a: i32, b: i32, c: i32, d: i32, e: i32): i32

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_filestat_get")
declare function s_fd_filestat_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_write")
declare function u_fd_write(a: i32, b: i32, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_read")
declare function u_fd_read(a: i32, b: i32, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_seek")
declare function u_fd_seek(a: i32, b: i64, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_close")
declare function u_fd_close(a: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_fdstat_get")
declare function u_fd_fdstat_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_fdstat_set_flags")
declare function u_fd_fdstat_set_flags(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_fdstat_set_rights")
declare function u_fd_fdstat_set_rights(a: i32, b: i64, c: i64): i32

// @ts-ignore: decorator
@external("wasi_unstable", "environ_get")
declare function u_environ_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "environ_sizes_get")
declare function u_environ_sizes_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "args_get")
declare function u_args_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "args_sizes_get")
declare function u_args_sizes_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "clock_time_get")
declare function u_clock_time_get(a: i32, b: i64, c: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "clock_res_get")
declare function u_clock_res_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_advise")
declare function u_fd_advise(a: i32, b: i64, c: i64, d: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_allocate")
declare function u_fd_allocate(a: i32, b: i64, c: i64): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_datasync")
declare function u_fd_datasync(a: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_filestat_set_size")
declare function u_fd_filestat_set_size(a: i32, b: i64): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_filestat_set_times")
declare function u_fd_filestat_set_times(a: i32, b: i64, c: i64, d: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_pread")
declare function u_fd_pread(a: i32, b: i32, c: i32, d: i64, e: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_pwrite")
declare function u_fd_pwrite(a: i32, b: i32, c: i32, d: i64, e: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_readdir")
declare function u_fd_readdir(a: i32, b: i32, c: i32, d: i64, e: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_renumber")
declare function u_fd_renumber(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_sync")
declare function u_fd_sync(a: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_tell")
declare function u_fd_tell(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_create_directory")
declare function u_path_create_directory(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_filestat_set_times")
declare function u_path_filestat_set_times(a: i32, b: i32, c: i32, d: i32, e: i64, f: i64, g: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_link")
declare function u_path_link(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_readlink")
declare function u_path_readlink(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_remove_directory")
declare function u_path_remove_directory(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_rename")
declare function u_path_rename(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_symlink")
declare function u_path_symlink(a: i32, b: i32, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_unlink_file")
declare function u_path_unlink_file(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "sock_accept")
declare function u_sock_accept(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "sock_recv")
declare function u_sock_recv(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "sock_send")
declare function u_sock_send(a: i32, b: i32, c: i32, d: i32, e: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "sock_shutdown")
declare function u_sock_shutdown(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "random_get")
declare function u_random_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "sched_yield")
declare function u_sched_yield(): i32

// @ts-ignore: decorator
@external("wasi_unstable", "poll_oneoff")
declare function u_poll_oneoff(a: i32, b: i32, c: i32, d: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_open")
declare function u_path_open(a: i32, b: i32, c: i32, d: i32, e: i32, f: i64, g: i64, h: i32, i: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_prestat_get")
declare function u_fd_prestat_get(a: i32, b: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_prestat_dir_name")
declare function u_fd_prestat_dir_name(a: i32, b: i32, c: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "path_filestat_get")
declare function u_path_filestat_get(a: i32, b: i32, c: i32, d: i32, e: i32): i32

// @ts-ignore: decorator
@external("wasi_unstable", "fd_filestat_get")
declare function u_fd_filestat_get(a: i32, b: i32): i32

export function abort(message: usize, file: usize, row: u32, column: u32): void {
  unreachable()
}

export function malloc(size: i32): usize {
  return allocate(size)
}

export function proxy_abi_version_0_2_1(): void {}

function everything(phase: string): void {
  reset()
  enter(phase)
  line('called')
  end()
  withAll(0, 0)
  withAll(1, 0)
  withAll(3, 0)
  withAll(-1, -1)
  proxy_set_tick_period_milliseconds(0)
  emscripten_notify_memory_growth(0)
}

function answer(name: string, first: i32, result: i32): void {
  line(name + ' ')
  number(first)
  text(' -> ')
  number(result)
  end()
}

/** Calls everything with a first argument, which often is a descriptor, and others that are all the same. */
function withAll(first: i32, rest: i32): void {
  answer('env.pthread_equal', first, pthread_equal(first, rest))
  answer('wasi_snapshot_preview1.fd_write', first, s_fd_write(first, rest, rest, rest))
  answer('wasi_snapshot_preview1.fd_read', first, s_fd_read(first, rest, rest, rest))
  answer('wasi_snapshot_preview1.fd_seek', first, s_fd_seek(first, rest, rest, rest))
  answer('wasi_snapshot_preview1.fd_close', first, s_fd_close(first))
  answer('wasi_snapshot_preview1.fd_fdstat_get', first, s_fd_fdstat_get(first, rest))
  answer('wasi_snapshot_preview1.fd_fdstat_set_flags', first, s_fd_fdstat_set_flags(first, rest))
  answer('wasi_snapshot_preview1.fd_fdstat_set_rights', first, s_fd_fdstat_set_rights(first, rest, rest))
  answer('wasi_snapshot_preview1.environ_get', first, s_environ_get(first, rest))
  answer('wasi_snapshot_preview1.environ_sizes_get', first, s_environ_sizes_get(first, rest))
  answer('wasi_snapshot_preview1.args_get', first, s_args_get(first, rest))
  answer('wasi_snapshot_preview1.args_sizes_get', first, s_args_sizes_get(first, rest))
  answer('wasi_snapshot_preview1.clock_time_get', first, s_clock_time_get(first, rest, rest))
  answer('wasi_snapshot_preview1.clock_res_get', first, s_clock_res_get(first, rest))
  answer('wasi_snapshot_preview1.fd_advise', first, s_fd_advise(first, rest, rest, rest))
  answer('wasi_snapshot_preview1.fd_allocate', first, s_fd_allocate(first, rest, rest))
  answer('wasi_snapshot_preview1.fd_datasync', first, s_fd_datasync(first))
  answer('wasi_snapshot_preview1.fd_filestat_set_size', first, s_fd_filestat_set_size(first, rest))
  answer(
    'wasi_snapshot_preview1.fd_filestat_set_times',
    first,
    s_fd_filestat_set_times(first, rest, rest, rest),
  )
  answer('wasi_snapshot_preview1.fd_pread', first, s_fd_pread(first, rest, rest, rest, rest))
  answer('wasi_snapshot_preview1.fd_pwrite', first, s_fd_pwrite(first, rest, rest, rest, rest))
  answer('wasi_snapshot_preview1.fd_readdir', first, s_fd_readdir(first, rest, rest, rest, rest))
  answer('wasi_snapshot_preview1.fd_renumber', first, s_fd_renumber(first, rest))
  answer('wasi_snapshot_preview1.fd_sync', first, s_fd_sync(first))
  answer('wasi_snapshot_preview1.fd_tell', first, s_fd_tell(first, rest))
  answer('wasi_snapshot_preview1.path_create_directory', first, s_path_create_directory(first, rest, rest))
  answer(
    'wasi_snapshot_preview1.path_filestat_set_times',
    first,
    s_path_filestat_set_times(first, rest, rest, rest, rest, rest, rest),
  )
  answer('wasi_snapshot_preview1.path_link', first, s_path_link(first, rest, rest, rest, rest, rest))
  answer('wasi_snapshot_preview1.path_readlink', first, s_path_readlink(first, rest, rest, rest, rest, rest))
  answer('wasi_snapshot_preview1.path_remove_directory', first, s_path_remove_directory(first, rest, rest))
  answer('wasi_snapshot_preview1.path_rename', first, s_path_rename(first, rest, rest, rest, rest, rest))
  answer('wasi_snapshot_preview1.path_symlink', first, s_path_symlink(first, rest, rest, rest))
  answer('wasi_snapshot_preview1.path_unlink_file', first, s_path_unlink_file(first, rest, rest))
  answer('wasi_snapshot_preview1.sock_accept', first, s_sock_accept(first, rest, rest))
  answer('wasi_snapshot_preview1.sock_recv', first, s_sock_recv(first, rest, rest, rest, rest, rest))
  answer('wasi_snapshot_preview1.sock_send', first, s_sock_send(first, rest, rest, rest, rest))
  answer('wasi_snapshot_preview1.sock_shutdown', first, s_sock_shutdown(first, rest))
  answer('wasi_snapshot_preview1.random_get', first, s_random_get(first, rest))
  answer('wasi_snapshot_preview1.sched_yield', first, s_sched_yield())
  answer('wasi_snapshot_preview1.poll_oneoff', first, s_poll_oneoff(first, rest, rest, rest))
  answer(
    'wasi_snapshot_preview1.path_open',
    first,
    s_path_open(first, rest, rest, rest, rest, rest, rest, rest, rest),
  )
  answer('wasi_snapshot_preview1.fd_prestat_get', first, s_fd_prestat_get(first, rest))
  answer('wasi_snapshot_preview1.fd_prestat_dir_name', first, s_fd_prestat_dir_name(first, rest, rest))
  answer(
    'wasi_snapshot_preview1.path_filestat_get',
    first,
    s_path_filestat_get(first, rest, rest, rest, rest),
  )
  answer('wasi_snapshot_preview1.fd_filestat_get', first, s_fd_filestat_get(first, rest))
  answer('wasi_unstable.fd_write', first, u_fd_write(first, rest, rest, rest))
  answer('wasi_unstable.fd_read', first, u_fd_read(first, rest, rest, rest))
  answer('wasi_unstable.fd_seek', first, u_fd_seek(first, rest, rest, rest))
  answer('wasi_unstable.fd_close', first, u_fd_close(first))
  answer('wasi_unstable.fd_fdstat_get', first, u_fd_fdstat_get(first, rest))
  answer('wasi_unstable.fd_fdstat_set_flags', first, u_fd_fdstat_set_flags(first, rest))
  answer('wasi_unstable.fd_fdstat_set_rights', first, u_fd_fdstat_set_rights(first, rest, rest))
  answer('wasi_unstable.environ_get', first, u_environ_get(first, rest))
  answer('wasi_unstable.environ_sizes_get', first, u_environ_sizes_get(first, rest))
  answer('wasi_unstable.args_get', first, u_args_get(first, rest))
  answer('wasi_unstable.args_sizes_get', first, u_args_sizes_get(first, rest))
  answer('wasi_unstable.clock_time_get', first, u_clock_time_get(first, rest, rest))
  answer('wasi_unstable.clock_res_get', first, u_clock_res_get(first, rest))
  answer('wasi_unstable.fd_advise', first, u_fd_advise(first, rest, rest, rest))
  answer('wasi_unstable.fd_allocate', first, u_fd_allocate(first, rest, rest))
  answer('wasi_unstable.fd_datasync', first, u_fd_datasync(first))
  answer('wasi_unstable.fd_filestat_set_size', first, u_fd_filestat_set_size(first, rest))
  answer('wasi_unstable.fd_filestat_set_times', first, u_fd_filestat_set_times(first, rest, rest, rest))
  answer('wasi_unstable.fd_pread', first, u_fd_pread(first, rest, rest, rest, rest))
  answer('wasi_unstable.fd_pwrite', first, u_fd_pwrite(first, rest, rest, rest, rest))
  answer('wasi_unstable.fd_readdir', first, u_fd_readdir(first, rest, rest, rest, rest))
  answer('wasi_unstable.fd_renumber', first, u_fd_renumber(first, rest))
  answer('wasi_unstable.fd_sync', first, u_fd_sync(first))
  answer('wasi_unstable.fd_tell', first, u_fd_tell(first, rest))
  answer('wasi_unstable.path_create_directory', first, u_path_create_directory(first, rest, rest))
  answer(
    'wasi_unstable.path_filestat_set_times',
    first,
    u_path_filestat_set_times(first, rest, rest, rest, rest, rest, rest),
  )
  answer('wasi_unstable.path_link', first, u_path_link(first, rest, rest, rest, rest, rest))
  answer('wasi_unstable.path_readlink', first, u_path_readlink(first, rest, rest, rest, rest, rest))
  answer('wasi_unstable.path_remove_directory', first, u_path_remove_directory(first, rest, rest))
  answer('wasi_unstable.path_rename', first, u_path_rename(first, rest, rest, rest, rest, rest))
  answer('wasi_unstable.path_symlink', first, u_path_symlink(first, rest, rest, rest))
  answer('wasi_unstable.path_unlink_file', first, u_path_unlink_file(first, rest, rest))
  answer('wasi_unstable.sock_accept', first, u_sock_accept(first, rest, rest))
  answer('wasi_unstable.sock_recv', first, u_sock_recv(first, rest, rest, rest, rest, rest))
  answer('wasi_unstable.sock_send', first, u_sock_send(first, rest, rest, rest, rest))
  answer('wasi_unstable.sock_shutdown', first, u_sock_shutdown(first, rest))
  answer('wasi_unstable.random_get', first, u_random_get(first, rest))
  answer('wasi_unstable.sched_yield', first, u_sched_yield())
  answer('wasi_unstable.poll_oneoff', first, u_poll_oneoff(first, rest, rest, rest))
  answer('wasi_unstable.path_open', first, u_path_open(first, rest, rest, rest, rest, rest, rest, rest, rest))
  answer('wasi_unstable.fd_prestat_get', first, u_fd_prestat_get(first, rest))
  answer('wasi_unstable.fd_prestat_dir_name', first, u_fd_prestat_dir_name(first, rest, rest))
  answer('wasi_unstable.path_filestat_get', first, u_path_filestat_get(first, rest, rest, rest, rest))
  answer('wasi_unstable.fd_filestat_get', first, u_fd_filestat_get(first, rest))
}

export function proxy_on_vm_start(id: i32, size: i32): i32 {
  everything('vm start')
  return 1
}

/** The first requests say enough. */
const MOST = 2
let streams = 0

export function proxy_on_context_create(id: i32, parent: i32): void {
  if (parent == 0) return
  enter('stream create')
  line('called')
  end()
  streams++
}

export function proxy_on_request_headers(id: i32, count: i32, endOfStream: i32): i32 {
  if (streams <= MOST) everything('request headers')
  return 0
}

export function proxy_on_delete(id: i32): void {
  if (streams <= MOST) everything('delete')
  else {
    enter('delete')
    line('called')
    end()
  }
}
