-- Parse, hash, return the input: what bench/peers/stages.lua does inside nginx.
local dm = require "dormouse"
local stage, ref = dm.stage, dm.ref

return dm.pipeline("three_stages", {
  input = { id = "string", text = "string" },

  stage("parse", { component = "parser", method = "parse",
    input = { id = ref.request.id, text = ref.request.text } }),
  stage("hash", { component = "hasher", method = "hash",
    input = { text = ref.parse.text } }),
  stage("respond", { component = "responder", method = "respond",
    input = { id = ref.parse.id, text = ref.parse.text, hash = ref.hash.hash } }),

  output = { id = ref.respond.id, text = ref.respond.text, hash = ref.respond.hash },
})
