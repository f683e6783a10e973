#pragma once

#include <string>

#include "reconciliation/reconcile.hpp"

namespace tollgate::reconciliation {

/// A report as the gateway's books: it holds all days that there are, so each day that is asked for is a pass over the file,
/// which must stay as it is meanwhile. Reads on the runtime's thread, and lets others have a turn every few milliseconds.
/// Pages of a day are asked for in their order. Fails as `GatewayReport::open` does. The runtime outlives it.
[[nodiscard]] Result<GatewayBooks> books_in(const Runtime& runtime, const std::string& file);

}  // namespace tollgate::reconciliation
