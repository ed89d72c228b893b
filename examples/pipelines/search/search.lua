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

local function by_words(ctx)
  return ctx:call("search.text", "search", {
    text = ctx.request.text, collection = "passages", k = 50, with_text = false, metadata = false,
  })
end

local function by_meaning(ctx)
  return ctx:call("search.vectors", "search", {
    vector = ctx.question.vector, model = ctx.question.model, collection = "passages", k = 50, metadata = false,
  })
end

-- A search that fails is left out, and the answer says which and why. The whole reason is the operator's, in the log;
-- clients read it where it is about them: the vectors in the index are of another model than the question's.
local function left_out(search)
  return function(_, err)
    local warning = search .. " was left out: " .. err.code
    if err.code == "failed_precondition" then
      warning = warning .. ": " .. err.message .. "; load the passages again with examples/data/load_passages.sh"
    end
    return { hits = dm.list {}, warning = warning }
  end
end

-- Of a search that was answered there is no warning.
local function warnings_of(ctx)
  local warnings = dm.list {}
  for _, found in ipairs { ctx.lexical, ctx.dense } do
    if found.warning then warnings[#warnings + 1] = found.warning end
  end
  return warnings
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
      stage("lexical", { run = by_words, fallback = left_out "search.text" }),
      stage("dense", { run = by_meaning, fallback = left_out "search.vectors" }),
    }),
    stage("warnings", { run = warnings_of }),
    stage("fused", {
      component = "search.rank",
      input = {
        lists = { ref.lexical.hits, ref.dense.hits },
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
    output = { passages = ref.passages.documents, warnings = ref.warnings },
  }, found(ref.request.k:default(5), {})),

  -- Of the twenty best, those that say different things.
  pipeline("search_diverse", {
    input = { text = "string", mode = "string?", k = "int?", diversity = "float?" },
    output = { passages = ref.diverse.hits, warnings = ref.warnings },
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
