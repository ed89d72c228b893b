-- The assistant: what language is this, what is asked for, what is it about, and, when `passages` says how many are
-- wanted, which passages answer it?
local dm = require "dormouse"
local stage, parallel, ref = dm.stage, dm.parallel, dm.ref

-- A function and no stages, so that nothing is loaded for who wants no passages; as examples/pipelines/search does it.
local function retrieve(ctx)
  local k, text = ctx.request.passages or 0, ctx.request.text
  if k < 1 then return dm.list {} end
  local words = ctx:call("search.text", "search", {
    text = text, collection = "passages", k = 50, with_text = false, metadata = false,
  })
  local question = ctx:call("embed.lsa", "embed", { text = text })
  local meaning = ctx:call("search.vectors", "search", {
    vector = question.vector, model = question.model, collection = "passages", k = 50, metadata = false,
  })
  local fused = ctx:call("search.rank", "fuse", {
    lists = { words.hits, meaning.hits }, weights = { 1, 0.1 }, constant = 10, k = k,
  })
  return ctx:call("search.text", "get", {
    hits = fused.hits, collection = "passages", question = text, snippet = 400, with_text = false,
  }).documents
end

return dm.pipeline("assistant", {
  deadline = "5s",  -- the first request waits for loads, on a slow disk perhaps for seconds
  input = { text = "string", passages = "int?" },

  stage("passages", {
    optional = true,
    run = retrieve,
    cache = {
      use = "passages",
      key = { ref.request.text, ref.request.passages },
      versions_of = { "embed.lsa", "search.text", "search.vectors", "search.rank" },
    },
  }),

  stage("language", {
    component = "nlu.language",
    timeout = "250ms",
    input = { text = ref.request.text },
    cache = "understood",  -- half of the work of a question that was asked before
    fallback = { code = "und", script = "Zyyy", confidence = 0, alternatives = dm.list {} },
  }),

  -- Side by side: neither waits for the other, and a part that fails does not take the answer with it.
  parallel("understand", {
    join = "all",
    on_error = "partial",
    stage("intent", {
      component = "nlu.intent",
      input = { text = ref.request.text, language = ref.language.code },
      cache = "understood",
      fallback = { name = "unknown", confidence = 0, out_of_scope = true, alternatives = dm.list {} },
    }),
    stage("entities", {
      component = "nlu.entities",
      optional = true,
      input = {
        text = ref.request.text,
        language = ref.language.code,
        language_confidence = ref.language.confidence,
      },
      cache = "understood",
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
    passages = ref.passages:default(dm.list {}),
  },
})
