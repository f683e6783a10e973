#pragma once

#include "net/redis/command.hpp"

namespace tollgate::redis {

/// The scripts of the store, each NAME.lua; shared.lua stands in front of those that write charges and audit records.
struct Scripts {
    Script begin, advance, claim, take, audit, sweep, page, survey;
};

[[nodiscard]] const Scripts& scripts();

}  // namespace tollgate::redis
