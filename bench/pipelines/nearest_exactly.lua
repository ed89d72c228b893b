local dm = require "dormouse"

return dm.pipeline("nearest_exactly", {
  input = { vector = "tensor<f32,[d]>", ef = "int?" },

  dm.stage("search", {
    component = "exact",
    input = { vector = dm.ref.request.vector, ef = dm.ref.request.ef:default(dm.null), k = 10, metadata = false },
  }),

  output = { hits = dm.ref.search.hits },
})
