#pragma once

#include <optional>
#include <string_view>

#include "payments/charge.hpp"
#include "payments/hear.hpp"

/// What the shop is told (contract section 5), as events for `Transition::events`. Each has a derived id, so that a step that
/// is written twice tells once.
namespace tollgate {

/// The type of the event that a charge's status is told with; empty where the shop is told nothing: the charge goes on, or its
/// key was freed, so that the same request may still succeed, and nothing was told of it before.
[[nodiscard]] std::string_view told_of_status(const Charge& charge) noexcept;

/// `{"id","type","timestamp","data"}` (Standard Webhooks 1.0, "Payload structure"); data is the charge as clients see it.
[[nodiscard]] Event status_event(const Charge& charge, WallTime now);
[[nodiscard]] Event occurrence_event(const Charge& charge, const Occurrence& occurrence, WallTime now);

}  // namespace tollgate
