#pragma once

#include <functional>
#include <string>
#include <vector>

#include "service/demo/stage.hpp"

namespace tollgate::demo {

struct Scenario {
    std::string title;
    std::function<Task<std::string>(Stage&)> play;  // why it failed; empty: it went as it should
};

/// `fraud.rules` as the fourth scenario needs them.
[[nodiscard]] std::string blocklist();

/// The seven of contract section 9, in their order.
[[nodiscard]] std::vector<Scenario> scenarios();

}  // namespace tollgate::demo
