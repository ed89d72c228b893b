-- luacheck: std ngx_lua

-- The three stages of bench/pipelines/three_stages.lua, as one would write them for nginx: parse, hash, respond.
-- JSON in and out is cjson; the hash runs as compiled LuaJIT code on 64-bit integers.
local bit = require "bit"
local cjson = require "cjson.safe"

local bxor, tohex = bit.bxor, bit.tohex
local byte, match = string.byte, string.match
local decode, encode = cjson.decode, cjson.encode

local FNV_OFFSET = 0xcbf29ce484222325ULL
local FNV_PRIME = 0x100000001b3ULL

local function parse(request)
  local id, text = request.id, request.text
  if type(id) ~= "string" or type(text) ~= "string" then return nil end
  id = tonumber(match(id, "^%d+$"))
  if not id then return nil end
  return { id = id, text = text }
end

local function hash(parsed)
  local text = parsed.text
  local h = FNV_OFFSET
  for i = 1, #text do h = bxor(h, byte(text, i)) * FNV_PRIME end
  return tohex(h)
end

local function respond(parsed, digest)
  return { id = parsed.id, text = parsed.text, hash = digest }
end

local stages = {}

function stages.serve()
  ngx.req.read_body()
  local request = decode(ngx.req.get_body_data())
  local parsed = type(request) == "table" and parse(request)
  if not parsed then
    ngx.status = 400
    return
  end
  local body = encode(respond(parsed, hash(parsed)))
  ngx.header.content_length = #body
  ngx.print(body)
end

return stages
