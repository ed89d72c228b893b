#include "components/load_failure.h"

#include "base/object_names.h"

namespace dormouse {

Error as_load_failure(const std::string& component, Error why) {
  const std::string object = component_object(component);
  // "component 'x', open" is of this component as well.
  if (why.object.starts_with(object)) why.object.erase(0, object.size());
  if (why.object.starts_with(", ")) why.object.erase(0, 2);
  why.code = Code::load_failed;
  why.message = "could not be loaded: " + (why.object.empty() ? "" : why.object + ": ") + why.message;
  why.object = object;
  return why;
}

}  // namespace dormouse
