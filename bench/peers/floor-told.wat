;; The floor of a filter that sets a cookie: floor.wat, and empty callbacks where one learns whose stream it is, of its
;; answer, and of its end.
(module
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "cookie")
  (data (i32.const 32) "x-mooring-key")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param $size i32) (result i32)
    (if (result i32) (i32.gt_u (local.get $size) (i32.const 61440))
      (then (i32.const 0))
      (else (i32.const 1024))))
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (if (i32.eqz (call $get (i32.const 0) (i32.const 16) (i32.const 6) (i32.const 0) (i32.const 4)))
      (then
        (drop (call $replace (i32.const 0) (i32.const 32) (i32.const 13) (i32.load (i32.const 0))
          (select (i32.load (i32.const 4)) (i32.const 22)
            (i32.lt_u (i32.load (i32.const 4)) (i32.const 22)))))))
    (i32.const 0))
  (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "proxy_on_delete") (param i32)))
