#pragma once

#include <string>

#include "service/demo/stage.hpp"

namespace tollgate::demo {

/// The sixth scenario: payments that the sandbox's books tell wrongly, or that were made behind the service's back, and what
/// POST /admin/reconciliation finds. Without the sandbox within reach the two kinds that need it are left out, and without the
/// pages nobody looks at them; both is said on standard error.
Task<std::string> reconciliation_finds_each_kind(Stage& stage);

}  // namespace tollgate::demo
