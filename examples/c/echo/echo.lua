-- Text in, the same text out: the smallest pipeline.
local dm = require "dormouse"

return dm.pipeline("echo", {
  input = { text = "string" },

  dm.stage("echo", { component = "echo", input = { text = dm.ref.request.text } }),

  output = { text = dm.ref.echo.text },
})
