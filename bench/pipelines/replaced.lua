-- One stage of a component whose plugin is replaced while it is asked: bench/replace.cc.
local dm = require "dormouse"

return dm.pipeline("replaced", {
  input = { text = "string" },
  dm.stage("say", { component = "replaced", input = { text = dm.ref.request.text } }),
  output = { text = dm.ref.say.text },
})
