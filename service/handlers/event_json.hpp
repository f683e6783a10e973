#pragma once

#include <string>

#include "stores/events.hpp"

namespace tollgate {

/// What an operator reads of an event, without its body.
[[nodiscard]] std::string to_event_json(const StoredEvent& stored);

/// The same with its body, as it was verified or is sent: card numbers are masked.
[[nodiscard]] std::string to_full_event_json(const StoredEvent& stored);

}  // namespace tollgate
