#pragma once

#include <vector>

#include "gateway/sandbox/world.hpp"
#include "gateway/tokenizer.hpp"
#include "service/http/message.hpp"

namespace tollgate {

/// The outside world of `tollgate sandbox`: every path of contract section 6 and of /sandbox. The world
/// decides, and only events are sent from here (sandbox_events.hpp) and tokens made (sandbox_tokens.hpp). A fault that cuts the
/// connection sets `Response::cut`. Borrows all three; one set a thread, all on the same world.
[[nodiscard]] std::vector<http::Route> sandbox_routes(const Runtime& runtime, sandbox::World& world, Tokenizer& tokenizer);

}  // namespace tollgate
