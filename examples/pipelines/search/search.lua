-- Passages that answer a question: found by their words and by what they are about, joined by rank.
--   mode       "hybrid" (when not given), "lexical" or "dense"
--   k          passages wanted; 5 when not given
--   diversity  of search_diverse: 0 is the order of search, 1 as different as can be; 0.3 when not given
local dm = require "dormouse"
local stage, parallel, ref = dm.stage, dm.parallel, dm.ref

-- What a rank counts in the list of words and in the list of vectors.
local weights = { hybrid = { 1, 0.1 }, lexical = { 1, 0 }, dense = { 0, 1 } }

local function weights_of_mode(ctx)
  local of_mode = weights[ctx.request.mode or "hybrid"]
  if of_mode then return of_mode end
  error({ code = "invalid_argument", message = "mode: needed hybrid, lexical or dense, found " .. ctx.request.mode })
end

-- How much a passage's rank counts against its difference from those before it.
local function lambda_of_diversity(ctx)
  local diversity = ctx.request.diversity or 0.3
  if diversity >= 0 and diversity <= 1 then return 1 - diversity end
  error({ code = "invalid_argument", message = "diversity: needed 0 to 1, found " .. diversity })
end

-- The stages from the question to `k` passages, then those of `more`.
local function found(k, more)
  local stages = {
    stage("weights", { run = weights_of_mode }),
    stage("question", { component = "embed.lsa", input = { text = ref.request.text } }),
    parallel("candidates", {
      join = "all",
      on_error = "partial",
      stage("lexical", {
        component = "search.text",
        input = { text = ref.request.text, collection = "passages", k = 50, with_text = false, metadata = false },
      }),
      stage("dense", {
        component = "search.vectors",
        input = {
          vector = ref.question.vector,
          model = ref.question.model,
          collection = "passages",
          k = 50,
          metadata = false,
        },
      }),
    }),
    stage("fused", {
      component = "search.rank",
      input = {
        lists = { ref.lexical.hits:default(dm.null), ref.dense.hits:default(dm.null) },
        weights = ref.weights,
        constant = 10,
        k = k,
      },
    }),
    stage("passages", {
      component = "search.text",
      method = "get",
      input = { hits = ref.fused.hits, collection = "passages" },
    }),
  }
  table.move(more, 1, #more, #stages + 1, stages)
  return stages
end

-- A pipeline of a list of stages.
local function pipeline(name, options, stages)
  return dm.pipeline(name, table.move(stages, 1, #stages, 1, options))
end

return {
  pipeline("search", {
    input = { text = "string", mode = "string?", k = "int?" },
    output = { passages = ref.passages.documents },
  }, found(ref.request.k:default(5), {})),

  -- Of the twenty best, those that say different things.
  pipeline("search_diverse", {
    input = { text = "string", mode = "string?", k = "int?", diversity = "float?" },
    output = { passages = ref.diverse.hits },
  }, found(20, {
    stage("vectors", {
      component = "embed.lsa",
      method = "embed_many",
      input = { documents = ref.passages.documents },
    }),
    stage("lambda", { run = lambda_of_diversity }),
    stage("diverse", {
      component = "search.rank",
      method = "diversify",
      input = {
        hits = ref.passages.documents,
        vectors = ref.vectors.vectors,
        lambda = ref.lambda,
        k = ref.request.k:default(5),
      },
    }),
  })),
}
