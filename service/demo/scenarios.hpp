#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/exchange.hpp"

namespace tollgate::demo {

/// What a scenario plays on: the service, and the sandbox behind it when it is within reach.
struct Stage {
    const Runtime& runtime;
    Exchange& service;
    Exchange* sandbox = nullptr;
    std::string run;  // drawn once, part of every order and key, so that a demo can be repeated
};

struct Scenario {
    std::string title;
    std::function<Task<std::string>(Stage&)> play;  // why it failed; empty: it went as it should
};

/// `fraud.rules` as the fourth scenario needs them.
[[nodiscard]] std::string blocklist();

/// The seven of contract section 9, in their order.
[[nodiscard]] std::vector<Scenario> scenarios();

}  // namespace tollgate::demo
