-- The assistant: what language is this, what is asked for, what is it about, and, when `passages` says how many are
-- wanted, which passages answer it?
local dm = require "dormouse"
local stage, parallel, ref = dm.stage, dm.parallel, dm.ref

-- A function and no stages, so that nothing is loaded when no passages are wanted, as examples/pipelines/search does.
local function words_of(ctx)
  return ctx:call("search.text", "search", {
    text = ctx.request.text, collection = "passages", k = 50, with_text = false, metadata = false,
  }).hits
end

-- The texts of those hits, each with the part that fits the question.
local function passages_of(ctx, hits)
  return ctx:call("search.text", "get", {
    hits = hits, collection = "passages", question = ctx.request.text, snippet = 400, with_text = false,
  }).documents
end

local function retrieve(ctx)
  local k = ctx.request.passages or 0
  if k < 1 then return { documents = dm.list {}, warnings = dm.list {} } end
  local words = words_of(ctx)
  local question = ctx:call("embed.lsa", "embed", { text = ctx.request.text })
  local meaning = ctx:call("search.vectors", "search", {
    vector = question.vector, model = question.model, collection = "passages", k = 50, metadata = false,
  })
  local fused = ctx:call("search.rank", "fuse", {
    lists = { words, meaning.hits }, weights = { 1, 0.1 }, constant = 10, k = k,
  })
  return { documents = passages_of(ctx, fused.hits), warnings = dm.list {} }
end

-- When a part of that fails: what the words find, and a warning. The log has the whole reason; clients read it where it
-- is about the passages, as when their vectors are of another model than the question's.
local function by_words_alone(ctx, err)
  local warning = "passages were searched by words alone: " .. err.code
  if err.code == "failed_precondition" then
    warning = warning .. ": " .. err.message .. "; load the passages again with examples/data/load_passages.sh"
  end
  local ok, documents = pcall(function()
    local best = dm.list {}
    for i, hit in ipairs(words_of(ctx)) do
      if i <= ctx.request.passages then best[i] = hit end
    end
    return passages_of(ctx, best)
  end)
  if not ok then return { documents = dm.list {}, warnings = dm.list { "passages were left out: " .. err.code } } end
  return { documents = documents, warnings = dm.list { warning } }
end

return dm.pipeline("assistant", {
  deadline = "5s",  -- the first request waits for loads, on a slow disk perhaps for seconds
  input = { text = "string", passages = "int?" },

  stage("passages", {
    run = retrieve,
    fallback = by_words_alone,  -- never kept in the cache
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
    passages = ref.passages.documents,
    warnings = ref.passages.warnings,  -- what was left out of the passages, and what to do about it
  },
})
