local dm = require "dormouse"

return dm.pipeline("nearest_by_graph", {
  input = { vector = "tensor<f32,[d]>", ef = "int?" },

  dm.stage("search", {
    component = "graph",
    input = { vector = dm.ref.request.vector, ef = dm.ref.request.ef:default(dm.null), k = 10, metadata = false },
  }),

  output = { hits = dm.ref.search.hits },
})
