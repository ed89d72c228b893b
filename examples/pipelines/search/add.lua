-- Passages into both indexes: by their words, and by what they are about. And, for examples/data/load_passages.sh,
-- which loads were done: their names are documents of a collection of their own.
local dm = require "dormouse"
local ref = dm.ref

local add_passages = dm.pipeline("add_passages", {
  deadline = "60s",
  input = { ids = "list<string>", texts = "list<string>", titles = "list<string>" },

  dm.stage("vectors", {
    component = "embed.lsa",
    method = "embed_many",
    input = { texts = ref.request.texts, titles = ref.request.titles },
  }),
  dm.stage("words", {
    component = "search.text",
    method = "add",
    input = {
      collection = "passages",
      ids = ref.request.ids,
      texts = ref.request.texts,
      titles = ref.request.titles,
    },
  }),
  dm.stage("meanings", {
    component = "search.vectors",
    method = "add",
    input = {
      collection = "passages",
      ids = ref.request.ids,
      vectors = ref.vectors.vectors,
      model = ref.vectors.model,
    },
  }),

  output = { added = ref.words.added, count = ref.meanings.count },
})

local embed_text = dm.pipeline("embed_text", {
  input = { text = "string" },
  dm.stage("embed", { component = "embed.lsa", input = ref.request }),
  output = { vector = ref.embed.vector },
})

local passages_loaded = dm.pipeline("passages_loaded", {
  input = { name = "string" },
  dm.stage("known", {
    component = "search.text",
    method = "get",
    input = { ids = ref.request.name, collection = "loads", missing = "empty" },
  }),
  output = { loads = ref.known.documents },
})

local passages_were_loaded = dm.pipeline("passages_were_loaded", {
  input = { name = "string" },
  dm.stage("lists", { run = function(ctx) return { names = dm.list { ctx.request.name } } end }),
  dm.stage("remember", {
    component = "search.text",
    method = "add",
    input = { ids = ref.lists.names, texts = ref.lists.names, collection = "loads" },
  }),
  output = { count = ref.remember.count },
})

-- The vectors of the passages are taken away when another model made them: those of two cannot be in one collection.
local drop_stale_vectors = dm.pipeline("drop_stale_vectors", {
  dm.stage("now", { component = "embed.lsa", input = { text = "any" } }),
  dm.stage("known", { component = "search.vectors", method = "stats" }),
  dm.stage("dropped", {
    run = function(ctx)
      for _, collection in ipairs(ctx.known.collections) do
        local model = collection.model
        if collection.name == "passages" and model ~= ctx.now.model then
          ctx:call("search.vectors", "drop", { collection = "passages" })
          return { model = model }
        end
      end
      return { model = "" }
    end,
  }),
  output = { dropped = ref.dropped.model, model = ref.now.model },
})

return { add_passages, drop_stale_vectors, embed_text, passages_loaded, passages_were_loaded }
