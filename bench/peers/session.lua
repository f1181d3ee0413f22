-- The session's cookie as the key header, as Envoy's documentation of the Lua filter does such things.
function envoy_on_request(handle)
  local headers = handle:headers()
  local cookies = headers:get("cookie")
  if cookies == nil then return end
  local session = string.match("; " .. cookies, "; ISTIOID=([^;]*)")
  if session ~= nil then headers:replace("x-mooring-key", session) end
end
