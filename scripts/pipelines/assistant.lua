-- The assistant: what language is this text in?
local dm = require "dormouse"
local stage, ref = dm.stage, dm.ref

return dm.pipeline("assistant", {
  deadline = "700ms",
  input = { text = "string" },

  stage("language", {
    component = "nlu.language",
    timeout = "250ms",
    input = { text = ref.request.text },
    fallback = { code = "und", script = "Zyyy", confidence = 0, alternatives = dm.list {} },
  }),

  output = {
    language = {
      code = ref.language.code,
      script = ref.language.script,
      confidence = ref.language.confidence,
    },
  },
})
