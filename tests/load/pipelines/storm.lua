-- Three components in a row and side by side: one inline, two on lanes.
local dm = require "dormouse"
local stage, parallel, ref = dm.stage, dm.parallel, dm.ref

return dm.pipeline("storm", {
  deadline = "50s",
  input = { text = "string" },

  stage("first", { component = "storm.first", method = "quick", input = { text = ref.request.text } }),
  parallel("both", { join = "all",
    stage("second", { component = "storm.second", method = "work", input = { text = ref.first.text } }),
    stage("third", { component = "storm.third", method = "work", input = { text = ref.request.text } }),
  }),

  output = { text = ref.second.text, again = ref.third.text },
})
