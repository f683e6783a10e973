#pragma once

#include <string>
#include <string_view>

#include "saga/intent.hpp"

/// Ids and keys are derived, never drawn: whoever asks again under the same key meets the same charge, at us and at the
/// gateway. All are SHA-256 over length-prefixed parts, written in lower-case base32 (RFC 4648 section 6 alphabet), which
/// holds no run of digits that could be taken for a card number.
namespace tollgate {

/// "ch_…", the same for the same tenant and key. Its first two characters are the tenant's, so that a store can keep what
/// belongs to one tenant in one place and find that place from the id alone.
[[nodiscard]] std::string charge_id(std::string_view tenant, std::string_view idempotency_key);

/// Whether a charge could have this id. What could not may be anything, a card number too: it is neither looked for nor written
/// down.
[[nodiscard]] bool is_charge_id(std::string_view id);

/// "saga_…": one a charge.
[[nodiscard]] std::string saga_id(std::string_view charge_id);

/// The Idempotency-Key of an outward call: 52 characters. A freed key's next attempt and an undo's next round have their own.
[[nodiscard]] std::string call_key(std::string_view tenant, std::string_view idempotency_key, int attempt, Step step,
                                   int round);

/// The same of a refund that an operation asked for.
[[nodiscard]] std::string refund_key(std::string_view charge_id, std::string_view operation, int round);

/// SHA-256 of a canonical payload.
[[nodiscard]] std::string fingerprint(std::string_view canonical);

}  // namespace tollgate
