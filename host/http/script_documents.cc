#include "http/script_documents.h"

#include "http/document_parts.h"

namespace dormouse {

void write(JsonText& out, const PipelineInfo& pipeline) {
  out.begin_object();
  out.member("name", pipeline.name);
  out.member("file", pipeline.file);
  out.member("generation", pipeline.generation);
  out.member("input", pipeline.input.to_string());
  out.member("output", pipeline.output.to_string());
  write_ms(out, "deadline_ms", true, pipeline.deadline);
  out.key("stages").begin_array();
  for (const PipelineInfo::Stage& stage : pipeline.stages) {
    out.begin_object().member("path", stage.path).member("kind", stage.kind);
    if (!stage.component.empty()) out.member("component", stage.component);
    if (!stage.method.empty()) out.member("method", stage.method);
    if (!stage.cache.empty()) out.member("cache", stage.cache);
    out.end_object();
  }
  out.end_array();
  write_list(out, "components", pipeline.components);
  write(out.key("problem"), pipeline.problem);
  out.end_object();
}

void write(JsonText& out, const GenerationInfo& generation) {
  out.begin_object();
  out.member("number", generation.number);
  out.member("serving", generation.serving);
  out.member("in_flight", generation.in_flight);
  write_list(out, "files", generation.files);
  out.end_object();
}

void write(JsonText& out, const ScriptError& error) {
  out.begin_object();
  out.member("file", error.file);
  out.member("line", error.line);
  out.member("column", error.column);
  out.member("width", error.width);
  out.member("stage", error.stage);
  out.member("message", error.message);
  out.member("hint", error.hint);
  out.member("source_line", error.source_line);
  out.member("text", error.to_string());
  out.end_object();
}

void write(JsonText& out, const PoolChange& change) {
  out.begin_object()
      .member("component", change.component)
      .member("key", change.key)
      .member("from", change.from)
      .member("to", change.to)
      .member("acts", change.at_once ? "at_once" : "next_load")
      .end_object();
}

}  // namespace dormouse
