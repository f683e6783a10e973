#include "payments/keys.hpp"

#include <algorithm>

#include "core/mutant.hpp"
#include "redaction/card_number.hpp"
#include "stores/digest.hpp"
#include "stores/placement.hpp"

namespace tollgate {
namespace {

/// Never the same again; for mutants only.
[[maybe_unused]] int drawn() {
    static int last = 0;
    return ++last;
}

}  // namespace

std::string charge_id(std::string_view tenant, std::string_view idempotency_key) {
    return "ch_" + place_of(tenant) + base32(digest_of({"charge", tenant, idempotency_key}), 20);
}

bool is_charge_id(std::string_view id) {
    static const std::size_t size = charge_id("", "").size();
    const auto of_base32 = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); };
    return id.size() == size && id.starts_with("ch_") && std::ranges::all_of(id.substr(3), of_base32) && !holds_card_number(id);
}

std::string saga_id(std::string_view charge_id) {
    return "saga_" + std::string(charge_id.substr(charge_id.find('_') + 1));
}

std::string call_key(std::string_view tenant, std::string_view idempotency_key, int attempt, Step step, int round) {
    if (without(Safeguard::derived_key)) round = drawn();
    const Digest digest =
        digest_of({"call", tenant, idempotency_key, std::to_string(attempt), name(step), std::to_string(round)});
    return base32(digest, digest.size());
}

std::string refund_key(std::string_view charge_id, std::string_view operation, int round) {
    if (without(Safeguard::derived_key)) round = drawn();
    const Digest digest = digest_of({"refund", charge_id, operation, std::to_string(round)});
    return base32(digest, digest.size());
}

std::string fingerprint(std::string_view canonical) {
    const Digest digest = digest_of({"payload", canonical});
    return base32(digest, digest.size());
}

}  // namespace tollgate
