-- The same component behind a cache, asked for few different things by many at once.
local dm = require "dormouse"
local ref = dm.ref

return dm.pipeline("remembered", {
  deadline = "50s",
  input = { text = "string" },

  dm.stage("once", {
    component = "storm.third", method = "work", input = { text = ref.request.text },
    cache = { use = "storm", tags = { "all", ref.request.text } },
  }),
  dm.stage("inline", {
    component = "storm.first", method = "quick", input = { text = ref.once.text }, cache = "storm",
  }),

  output = { text = ref.inline.text },
})
