-- The assistant: what language is this, what is asked for, and what is it about?
local dm = require "dormouse"
local stage, parallel, ref = dm.stage, dm.parallel, dm.ref

return dm.pipeline("assistant", {
  deadline = "700ms",
  input = { text = "string" },

  stage("language", {
    component = "nlu.language",
    timeout = "250ms",
    input = { text = ref.request.text },
    fallback = { code = "und", script = "Zyyy", confidence = 0, alternatives = dm.list {} },
  }),

  -- Side by side: neither waits for the other, and a part that fails does not take the answer with it.
  parallel("understand", {
    join = "all",
    on_error = "partial",
    stage("intent", {
      component = "nlu.intent",
      input = { text = ref.request.text, language = ref.language.code },
      fallback = { name = "unknown", confidence = 0, out_of_scope = true, alternatives = dm.list {} },
    }),
    stage("entities", {
      component = "nlu.entities",
      optional = true,
      input = { text = ref.request.text, language = ref.language.code },
    }),
  }),

  output = {
    language = {
      code = ref.language.code,
      script = ref.language.script,
      confidence = ref.language.confidence,
    },
    intent = {
      name = ref.intent.name,
      confidence = ref.intent.confidence,
      out_of_scope = ref.intent.out_of_scope,
    },
    entities = ref.entities.entities:default(dm.list {}),
  },
})
